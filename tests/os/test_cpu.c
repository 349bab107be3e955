/* SPDX-License-Identifier: MIT */
/* CPU features under masks. */
#include "support/testing.h"

#include "os/cpu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __aarch64__
#include <sys/auxv.h>
#endif

static int forget_mask(void **state)
{
    (void)state;
    return unsetenv("PLANCHE_CPU_MASK");
}

#if defined(__x86_64__) || defined(__i386__)
/* Whether the machine's own list of flags has a word; -1: there is no list. */
static int kernel_says(const char *flag)
{
    static char line[1 << 16];
    char word[64];
    FILE *stream = fopen("/proc/cpuinfo", "re");
    int found = -1;
    snprintf(word, sizeof word, " %s ", flag);
    while (stream && found < 0 && fgets(line, sizeof line, stream)) {
        if (strncmp(line, "flags", 5) == 0) {
            line[strcspn(line, "\n")] = ' ';
            found = strstr(line, word) != NULL;
        }
    }
    if (stream)
        fclose(stream);
    return found;
}

static void test_features_agree_with_the_kernel(void **state)
{
    (void)state;
    uint32_t features = planche_cpu_detect();
    assert_int_equal(features & ~(PLANCHE_CPU_AVX2 | PLANCHE_CPU_AVX512 | PLANCHE_CPU_AVX512BF16 |
                                  PLANCHE_CPU_AMX | PLANCHE_CPU_AVXVNNI | PLANCHE_CPU_AVX512VNNI),
                     PLANCHE_CPU_PORTABLE);
    if (features & PLANCHE_CPU_AMX)
        assert_true(features & PLANCHE_CPU_AVX512BF16);
    if (features & PLANCHE_CPU_AVX512BF16)
        assert_true(features & PLANCHE_CPU_AVX512);
    if (features & PLANCHE_CPU_AVX512)
        assert_true(features & PLANCHE_CPU_AVX2);
    int avx2 = kernel_says("avx2"), fma = kernel_says("fma"), vl = kernel_says("avx512vl"),
        bw = kernel_says("avx512bw"), dq = kernel_says("avx512dq"),
        bf16 = kernel_says("avx512_bf16"), vnni = kernel_says("avx_vnni"),
        vnni512 = kernel_says("avx512_vnni"),
        amx = kernel_says("amx_tile") && kernel_says("amx_bf16");
    if (avx2 < 0) {
        print_message("the kernel lists no flags: not compared\n");
        return;
    }
    assert_int_equal((features & PLANCHE_CPU_AVX2) != 0, avx2 && fma);
    assert_int_equal((features & PLANCHE_CPU_AVX512) != 0, avx2 && fma && vl && bw && dq);
    assert_int_equal((features & PLANCHE_CPU_AVX512BF16) != 0,
                     avx2 && fma && vl && bw && dq && bf16);
    assert_int_equal((features & PLANCHE_CPU_AVXVNNI) != 0, avx2 && fma && vnni);
    assert_int_equal((features & PLANCHE_CPU_AVX512VNNI) != 0,
                     avx2 && fma && vl && bw && dq && vnni512);
    /* The kernel can have reasons to lend no tiles that its list does not show. */
    if (features & PLANCHE_CPU_AMX)
        assert_true(amx);
}
#elif defined(__aarch64__)
/* From the auxiliary vector: under an emulator /proc/cpuinfo describes the machine that emulates.
 */
static void test_features_agree_with_the_kernel(void **state)
{
    (void)state;
    assert_true(getauxval(AT_HWCAP) & HWCAP_ASIMD);
    assert_int_equal(planche_cpu_detect(), PLANCHE_CPU_PORTABLE | PLANCHE_CPU_NEON);
}
#else
static void test_features_agree_with_the_kernel(void **state)
{
    (void)state;
    assert_int_equal(planche_cpu_detect(), PLANCHE_CPU_PORTABLE);
}
#endif

static void test_masks_limit(void **state)
{
    (void)state;
    uint32_t all = planche_cpu_detect();
    uint32_t avx2 = all & PLANCHE_CPU_AVX2, avx512 = all & PLANCHE_CPU_AVX512;
    uint32_t neon = all & PLANCHE_CPU_NEON, bf16 = all & PLANCHE_CPU_AVX512BF16;
    uint32_t amx = all & PLANCHE_CPU_AMX, vnni = all & PLANCHE_CPU_AVXVNNI;
    uint32_t vnni512 = all & PLANCHE_CPU_AVX512VNNI;
    assert_int_equal(planche_cpu_select(0), all);
    assert_int_equal(planche_cpu_select(UINT32_MAX), all);
    assert_int_equal(planche_cpu_select(PLANCHE_CPU_PORTABLE), PLANCHE_CPU_PORTABLE);
    assert_int_equal(planche_cpu_select(0x80000000u), PLANCHE_CPU_PORTABLE);
    assert_int_equal(planche_cpu_select(PLANCHE_CPU_AVX2), PLANCHE_CPU_PORTABLE | avx2);
    assert_int_equal(planche_cpu_select(PLANCHE_CPU_AVX512), PLANCHE_CPU_PORTABLE | avx2 | avx512);
    assert_int_equal(planche_cpu_select(PLANCHE_CPU_AVX512BF16),
                     PLANCHE_CPU_PORTABLE | avx2 | avx512 | bf16);
    assert_int_equal(planche_cpu_select(PLANCHE_CPU_AMX),
                     PLANCHE_CPU_PORTABLE | avx2 | avx512 | bf16 | amx);
    assert_int_equal(planche_cpu_select(PLANCHE_CPU_AVXVNNI), PLANCHE_CPU_PORTABLE | avx2 | vnni);
    assert_int_equal(planche_cpu_select(PLANCHE_CPU_AVX512VNNI),
                     PLANCHE_CPU_PORTABLE | avx2 | avx512 | vnni512);
    assert_int_equal(planche_cpu_select(PLANCHE_CPU_NEON), PLANCHE_CPU_PORTABLE | neon);
}

/* A process gets tiles for the asking, or does without. */
static void test_permission(void **state)
{
    (void)state;
    uint32_t all = planche_cpu_detect(), without = all & ~PLANCHE_CPU_AMX;
    uint32_t permitted = planche_cpu_permit(all);
    assert_true(permitted == all || permitted == without);
    assert_int_equal(planche_cpu_permit(all), permitted);
    assert_int_equal(planche_cpu_permit(without), without);
}

static void test_environment_limits(void **state)
{
    (void)state;
    uint32_t all = planche_cpu_detect();
    setenv("PLANCHE_CPU_MASK", "0x1", 1);
    assert_int_equal(planche_cpu_select(0), PLANCHE_CPU_PORTABLE);
    setenv("PLANCHE_CPU_MASK", "3", 1);
    assert_int_equal(planche_cpu_select(0), PLANCHE_CPU_PORTABLE | (all & PLANCHE_CPU_AVX2));
    assert_int_equal(planche_cpu_select(PLANCHE_CPU_AVX512),
                     PLANCHE_CPU_PORTABLE | (all & PLANCHE_CPU_AVX2));
    setenv("PLANCHE_CPU_MASK", "0", 1);
    assert_int_equal(planche_cpu_select(0), all);
    setenv("PLANCHE_CPU_MASK", "", 1);
    assert_int_equal(planche_cpu_select(0), all);
}

static void test_names(void **state)
{
    (void)state;
    const uint32_t base = PLANCHE_CPU_PORTABLE;
    assert_string_equal(planche_cpu_isa_name(base), "portable");
    assert_string_equal(planche_cpu_isa_name(base | PLANCHE_CPU_AVX2), "avx2");
    assert_string_equal(planche_cpu_isa_name(base | PLANCHE_CPU_NEON), "neon");
    assert_string_equal(planche_cpu_isa_name(base | PLANCHE_CPU_AVX2 | PLANCHE_CPU_AVX512),
                        "avx512");
    assert_string_equal(planche_cpu_isa_name(base | PLANCHE_CPU_AVX2 | PLANCHE_CPU_AVX512 |
                                             PLANCHE_CPU_AVX512BF16 | PLANCHE_CPU_AMX),
                        "amx");
}

static void test_l2_is_plausible(void **state)
{
    (void)state;
    assert_in_range(planche_cpu_l2_bytes(), 32 << 10, 256 << 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_features_agree_with_the_kernel, forget_mask, NULL),
        cmocka_unit_test_setup_teardown(test_masks_limit, forget_mask, NULL),
        cmocka_unit_test_setup_teardown(test_environment_limits, forget_mask, forget_mask),
        cmocka_unit_test(test_permission),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_l2_is_plausible),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
