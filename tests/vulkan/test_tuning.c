/* SPDX-License-Identifier: MIT */
/* Tuning files: what is kept comes back, for the device and driver it was measured with; everything
 * else is passed over, and the log says why. Needs no device. */
#include "backend/vulkan/tune/tuning.h"

#include "backend/vulkan/pipeline_cache.h"
#include "support/remove_tree.h"
#include "support/testing.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

static char root[PATH_MAX], last_line[2 * PATH_MAX];
static struct planche_error ignored;

static const VkPhysicalDeviceProperties gpu = {
    .vendorID = 0x10de,
    .deviceID = 0x2335,
    .driverVersion = 0x91280000,
    .deviceType = VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU,
    .pipelineCacheUUID = {1, 2, 3},
};
static const struct planche_gpu_tuning measured = {
    .path = PLANCHE_GPU_PATH_NV2, .pages = 4, .transfer = 16, .rows = 2, .tile = 1024};

static void take_line(void *user, enum planche_log_level level, const char *line)
{
    (void)user;
    assert_int_equal(level, PLANCHE_LOG_INFO);
    snprintf(last_line, sizeof(last_line), "%s", line);
}
static const struct planche_log log_to = {.fn = take_line};

static int make_root(void **state)
{
    (void)state;
    snprintf(root, sizeof(root), "%s/planche-tuning-XXXXXX",
             getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    last_line[0] = 0;
    return mkdtemp(root) && setenv("XDG_CACHE_HOME", root, 1) == 0 ? 0 : 1;
}

static int remove_root(void **state)
{
    (void)state;
    return remove_tree(root);
}

static const char *file_of(const VkPhysicalDeviceProperties *properties)
{
    static char path[PATH_MAX];
    assert_int_equal(planche_gpu_cache_file(properties, "tuning", ".txt", path, &ignored),
                     PLANCHE_OK);
    return path;
}

static size_t read_text(char text[1024])
{
    FILE *file = fopen(file_of(&gpu), "rb");
    assert_non_null(file);
    size_t size = fread(text, 1, 1023, file);
    text[size] = 0;
    fclose(file);
    return size;
}

static void write_text(const char *path, const char *text, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static bool loads(const VkPhysicalDeviceProperties *properties, struct planche_gpu_tuning *tuning)
{
    last_line[0] = 0;
    return planche_gpu_tuning_load(tuning, properties, &log_to);
}

static void expect_ignored(const VkPhysicalDeviceProperties *properties, const char *reason)
{
    struct planche_gpu_tuning tuning;
    assert_false(loads(properties, &tuning));
    assert_non_null(strstr(last_line, "tuning-"));
    assert_non_null(strstr(last_line, reason));
    /* What is chosen is what a device begins with. */
    tuning = planche_gpu_tuning_choose(properties, NULL);
    const struct planche_gpu_tuning usual = planche_gpu_tuning_default(properties);
    assert_memory_equal(&tuning, &usual, sizeof(tuning));
}

static void test_kept(void **state)
{
    struct planche_gpu_tuning tuning;
    char text[PLANCHE_GPU_TUNING_TEXT];
    struct stat info;
    (void)state;
    assert_false(loads(&gpu, &tuning));
    assert_string_equal(last_line, ""); /* none is worth no word */
    assert_int_equal(planche_gpu_tuning_save(&measured, &gpu, &ignored), PLANCHE_OK);
    assert_true(loads(&gpu, &tuning));
    assert_memory_equal(&tuning, &measured, sizeof(tuning));
    tuning = planche_gpu_tuning_choose(&gpu, NULL);
    assert_memory_equal(&tuning, &measured, sizeof(tuning));
    assert_int_equal(stat(file_of(&gpu), &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    planche_gpu_tuning_describe(&tuning, text, sizeof(text));
    assert_string_equal(text,
                        "path nv2, 4 pages at once, transfers of 16 MiB, tiles of 1024, rows / 2");
    /* Another driver has a file of its own; numbers may have all their digits. */
    VkPhysicalDeviceProperties other = gpu;
    other.driverVersion++;
    assert_false(loads(&other, &tuning));
    other.vendorID = other.deviceID = other.driverVersion = UINT32_MAX;
    assert_int_equal(planche_gpu_tuning_save(&measured, &other, &ignored), PLANCHE_OK);
    assert_true(loads(&other, &tuning));
}

/* Any byte that is another one, and any end that is missing. */
static void test_damaged(void **state)
{
    char text[1024];
    (void)state;
    assert_int_equal(planche_gpu_tuning_save(&measured, &gpu, &ignored), PLANCHE_OK);
    size_t size = read_text(text);
    for (size_t i = 0; i < size; i++) {
        char spoilt[1024];
        memcpy(spoilt, text, size);
        for (int bit = 0; bit < 8; bit++) {
            spoilt[i] = (char)(text[i] ^ 1 << bit);
            write_text(file_of(&gpu), spoilt, size);
            expect_ignored(&gpu, "not used");
        }
        write_text(file_of(&gpu), text, i);
        expect_ignored(&gpu, "not used");
    }
    text[size] = '\n';
    write_text(file_of(&gpu), text, size + 1);
    expect_ignored(&gpu, "not used");
    memset(text, ' ', sizeof(text));
    write_text(file_of(&gpu), text, sizeof(text));
    expect_ignored(&gpu, "no tuning");
}

static void test_foreign(void **state)
{
    char text[1024];
    VkPhysicalDeviceProperties other = gpu;
    (void)state;
    assert_int_equal(planche_gpu_tuning_save(&measured, &gpu, &ignored), PLANCHE_OK);
    size_t size = read_text(text);
    other.driverVersion++;
    write_text(file_of(&other), text, size);
    expect_ignored(&other, "another device's");
    text[strcspn(text, "1")] = '2';
    write_text(file_of(&gpu), text, size);
    expect_ignored(&gpu, "another version's");
    assert_int_equal(unlink(file_of(&gpu)), 0);
    assert_int_equal(mkdir(file_of(&gpu), 0700), 0);
    expect_ignored(&gpu, "not used");
    assert_int_equal(planche_gpu_tuning_save(&measured, &gpu, &ignored), PLANCHE_ERROR_IO);
}

/* Values that nobody writes, with a sum that is right. */
static void test_values(void **state)
{
    static const char *const tails[] = {
        "path f32\npages 3\ntransfer 8\nrows 1\ntile 0\n",
        "path khr\npages 0\ntransfer 8\nrows 1\ntile 0\n",
        "path khr\npages 9\ntransfer 8\nrows 1\ntile 0\n",
        "path khr\npages 3\ntransfer 3\nrows 1\ntile 0\n",
        "path khr\npages 3\ntransfer 1\nrows 1\ntile 0\n",
        "path khr\npages 3\ntransfer 64\nrows 1\ntile 0\n",
        "path khr\npages 3\ntransfer 8\nrows 0\ntile 0\n",
        "path khr\npages 3\ntransfer 8\nrows 8\ntile 0\n",
        "path khr\npages 3\ntransfer 8\nrows 1\ntile 16\n",
        "path khr\npages 3\ntransfer 8\nrows 1\ntile 65536\n",
        "path khr\npages 99999999999999999999\ntransfer 8\nrows 1\ntile 0\n",
        "path khr\npages -3\ntransfer 8\nrows 1\ntile 0\n",
        "path best\npages 3\ntransfer 8\nrows 1\ntile 0\n",
        "path khr\npages 03\ntransfer 8\nrows 1\ntile 0\n",
        "",
    };
    (void)state;
    assert_int_equal(planche_gpu_tuning_save(&measured, &gpu, &ignored), PLANCHE_OK);
    for (size_t i = 0; i < sizeof(tails) / sizeof(*tails); i++) {
        char text[1024];
        int length =
            snprintf(text, sizeof(text), "planche tuning 1\ndevice %04x-%04x driver %08x\n%s",
                     gpu.vendorID, gpu.deviceID, gpu.driverVersion, tails[i]);
        unsigned long sum = crc32(0, (const unsigned char *)text, (unsigned)length);
        length += snprintf(text + length, sizeof(text) - (size_t)length, "check %08lx\n", sum);
        write_text(file_of(&gpu), text, (size_t)length);
        expect_ignored(&gpu, "not used");
    }
}

static void test_nowhere(void **state)
{
    struct planche_gpu_tuning tuning;
    (void)state;
    setenv("XDG_CACHE_HOME", "/dev/null/nowhere", 1);
    assert_int_equal(planche_gpu_tuning_save(&measured, &gpu, &ignored), PLANCHE_ERROR_IO);
    assert_false(loads(&gpu, &tuning));
    setenv("XDG_CACHE_HOME", root, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_kept, make_root, remove_root),
        cmocka_unit_test_setup_teardown(test_damaged, make_root, remove_root),
        cmocka_unit_test_setup_teardown(test_foreign, make_root, remove_root),
        cmocka_unit_test_setup_teardown(test_values, make_root, remove_root),
        cmocka_unit_test_setup_teardown(test_nowhere, make_root, remove_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
