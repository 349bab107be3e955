/* SPDX-License-Identifier: MIT */
/* Tests every version of every kernel that kernels.def lists and the CPU has.
 *
 *   kernels [--seed N]         run the tests; versions for other CPUs are skipped
 *   kernels --bench [OP [ISA]] measure instead
 *   kernels --errors           print errors against double precision instead */
#include "kernel_test.h"

#include "kernels/list.h"
#include "os/cpu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KERNEL(op, type, isa)                                                                      \
    static void use_##op##_##type##_##isa(struct planche_kernels *kernels)                         \
    {                                                                                              \
        kernels->PLANCHE_KERNEL_MEMBER(op, type) = planche_##op##_##type##_##isa;                  \
    }
#include "kernels/kernels.def"
#undef KERNEL

const struct version kernel_versions[] = {
#define KERNEL(op, type, isa)                                                                      \
    {#op, #type, #isa, PLANCHE_ISA_##isa, use_##op##_##type##_##isa, check_##op##_##type},
#include "kernels/kernels.def"
#undef KERNEL
};
const size_t kernel_version_count = sizeof kernel_versions / sizeof *kernel_versions;

static uint64_t seed = 20240607;
static uint32_t features; /* of this CPU */

static void test_version(void **state)
{
    const struct version *version = *state;
    if (!(features & version->feature))
        skip();
    struct planche_kernels kernels;
    planche_kernels_init(&kernels, 0);
    version->use(&kernels);
    version->check(&kernels, &(struct random){seed});
}

static void test_dispatch(void **state)
{
    (void)state;
    struct planche_kernels expected, kernels;
    for (uint32_t mask = 0; mask < 256; mask++) {
        memset(&expected, 0, sizeof expected);
        memset(&kernels, 0, sizeof kernels);
        for (size_t i = 0; i < kernel_version_count; i++)
            if (kernel_versions[i].feature & (mask | 1) & features)
                kernel_versions[i].use(&expected);
        planche_kernels_init(&kernels, mask & features);
        assert_memory_equal(&kernels, &expected, sizeof kernels);
    }
}

static int run_all(void)
{
    static char names[sizeof kernel_versions / sizeof *kernel_versions][64];
    static struct CMUnitTest tests[sizeof kernel_versions / sizeof *kernel_versions + 1];
    tests[0] = (struct CMUnitTest)cmocka_unit_test(test_dispatch);
    for (size_t i = 0; i < kernel_version_count; i++) {
        const struct version *version = &kernel_versions[i];
        snprintf(names[i], sizeof names[i], "%s_%s_%s", version->op, version->type, version->isa);
        tests[i + 1] = (struct CMUnitTest){.name = names[i],
                                           .test_func = test_version,
                                           .initial_state = (void *)(uintptr_t)version};
    }
    printf("seed %llu\n", (unsigned long long)seed);
    return cmocka_run_group_tests_name("kernels", tests, NULL, NULL);
}

int main(int argc, char **argv)
{
    features = planche_cpu_permit(planche_cpu_select(0));
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc == 3 && strcmp(argv[1], "--seed") == 0)
        seed = strtoull(argv[2], NULL, 0);
    else if (argc >= 2 && argc <= 4 && strcmp(argv[1], "--bench") == 0) {
        bench_kernels(features, argc >= 3 ? argv[2] : NULL, argc == 4 ? argv[3] : NULL);
        bench_values(features, argc >= 3 ? argv[2] : NULL, argc == 4 ? argv[3] : NULL);
        return EXIT_SUCCESS;
    } else if (argc == 2 && strcmp(argv[1], "--errors") == 0) {
        print_errors(features);
        return EXIT_SUCCESS;
    } else if (argc != 1) {
        fprintf(stderr, "usage: %s [--seed N | --bench [OP [ISA]] | --errors]\n", argv[0]);
        return 2;
    }
    return run_all();
}
