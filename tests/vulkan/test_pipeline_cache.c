/* SPDX-License-Identifier: MIT */
/* The pipeline cache's file: written and read again; whatever else lies in its place is ignored. */
#include "need_device.h"

#include "backend/vulkan/pipeline.h"
#include "backend/vulkan/pipeline_cache.h"
#include "support/remove_tree.h"
#include "support/testing.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of calls whose status is enough. */
static _Thread_local struct planche_error ignored;

/* A head of 24 bytes and the driver's of 32 are in each. */
#define MAX_BYTES (1 << 20)

static char root[PATH_MAX];
static char last_line[1024];

static int make_root(void **state)
{
    (void)state;
    snprintf(root, sizeof root, "%s/planche-cache-XXXXXX",
             getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    last_line[0] = 0;
    return mkdtemp(root) && setenv("XDG_CACHE_HOME", root, 1) == 0 ? 0 : 1;
}

/* The only file of the cache's folder; false: there is none. */
static bool cache_file(char path[PATH_MAX])
{
    char folder[PATH_MAX];
    int count = 0;
    snprintf(folder, sizeof folder, "%.*s/planche", PATH_MAX - 16, root);
    DIR *stream = opendir(folder);
    const struct dirent *entry;
    while (stream && (entry = readdir(stream))) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        assert_true(snprintf(path, PATH_MAX, "%.2000s/%s", folder, entry->d_name) < PATH_MAX);
        count++;
    }
    if (stream)
        closedir(stream);
    assert_true(count <= 1);
    return count == 1;
}

/* Drivers may have put files of their own into it. */
static int remove_root(void **state)
{
    (void)state;
    return remove_tree(root);
}

static void take_line(void *user, enum planche_log_level level, const char *line)
{
    (void)user;
    (void)level;
    snprintf(last_line, sizeof last_line, "%s", line);
}

/* Opens the device and makes a pipeline; returns how many bytes the file had for it. */
static uint64_t use_device(const struct planche_vk *vk)
{
    struct planche_gpu_device *device;
    struct planche_error error;
    struct planche_log log = {.fn = take_line, .user = NULL};
    struct planche_budget budget;
    VkPipeline pipeline;
    planche_budget_init(&budget, 0);
    if (planche_gpu_device_open(&device, vk, test_device_index(), PLANCHE_GPU_PATH_F32, &log,
                                &budget, &error) != PLANCHE_OK)
        fail_msg("%s", error.message);
    uint64_t loaded = device->cache_size;
    assert_int_equal(
        planche_gpu_pipeline_get(device, PLANCHE_SHADER_COPY, NULL, 0, &pipeline, &ignored),
        PLANCHE_OK);
    planche_gpu_device_close(&device);
    assert_int_equal(atomic_load(&budget.used), 0);
    return loaded;
}

static size_t read_bytes(uint8_t *bytes)
{
    char path[PATH_MAX];
    assert_true(cache_file(path));
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t size = fread(bytes, 1, MAX_BYTES, file);
    fclose(file);
    return size;
}

static void write_bytes(const uint8_t *bytes, size_t size)
{
    char path[PATH_MAX];
    assert_true(cache_file(path));
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void test_kept(void **state)
{
    (void)state;
    char path[PATH_MAX];
    struct stat info;
    struct planche_vk *vk = test_need_vulkan();
    assert_int_equal(use_device(vk), 0);
    assert_true(cache_file(path) && stat(path, &info) == 0);
    assert_int_equal(use_device(vk), info.st_size - 24);
    assert_string_equal(last_line, "");
    planche_vk_destroy(&vk);
}

/* While the device is open: a process that is killed later leaves it behind. */
static void test_saved_early(void **state)
{
    (void)state;
    char path[PATH_MAX];
    VkPipeline pipeline;
    struct planche_vk *vk = test_need_vulkan();
    struct planche_gpu_device *device = test_need_device(vk, PLANCHE_GPU_PATH_F32, NULL);
    planche_gpu_cache_save(device);
    assert_false(cache_file(path)); /* nothing is in it yet */
    assert_int_equal(
        planche_gpu_pipeline_get(device, PLANCHE_SHADER_COPY, NULL, 0, &pipeline, &ignored),
        PLANCHE_OK);
    planche_gpu_cache_save(device);
    assert_true(cache_file(path) && remove(path) == 0);
    planche_gpu_cache_save(device); /* the disk has it, as far as the device knows */
    planche_gpu_device_close(&device);
    assert_false(cache_file(path));
    planche_vk_destroy(&vk);
}

/* A file that is not used, why, and a good one in its place afterwards. */
static void check_ignored(const struct planche_vk *vk, const char *why)
{
    last_line[0] = 0;
    assert_int_equal(use_device(vk), 0);
    if (!strstr(last_line, why))
        fail_msg("'%s' instead of '%s'", last_line, why);
    last_line[0] = 0;
    assert_true(use_device(vk) > 0);
    assert_string_equal(last_line, "");
}

static void test_damaged(void **state)
{
    (void)state;
    static uint8_t good[MAX_BYTES], bad[MAX_BYTES];
    struct planche_vk *vk = test_need_vulkan();
    use_device(vk);
    size_t size = read_bytes(good);
    const struct {
        size_t at;
        const char *why;
    } flips[] = {{0, "no file of Planche's"},
                 {8, "cut short"},
                 {15, "too large"},
                 {16, "damaged"},
                 {24, "damaged"},
                 {size - 1, "damaged"}};
    for (size_t i = 0; i < sizeof flips / sizeof *flips; i++) {
        memcpy(bad, good, size);
        bad[flips[i].at] ^= 0x81;
        write_bytes(bad, size);
        check_ignored(vk, flips[i].why);
    }
    const size_t cuts[] = {0, 10, 24, 40, size - 1};
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        write_bytes(good, cuts[i]);
        check_ignored(vk, cuts[i] < 24 ? "no file of Planche's" : "cut short");
    }
    memcpy(bad, good, size);
    bad[size] = 0;
    write_bytes(bad, size + 1);
    check_ignored(vk, "cut short");
    planche_vk_destroy(&vk);
}

/* CRC-32, bit by bit. */
static uint32_t crc_of(const uint8_t *bytes, size_t size)
{
    uint32_t crc = 0xFFFFFFFF;
    for (size_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320 : 0);
    }
    return ~crc;
}

/* Whole, but what a driver of another version has made. */
static void test_foreign(void **state)
{
    (void)state;
    static uint8_t bytes[MAX_BYTES];
    struct planche_vk *vk = test_need_vulkan();
    use_device(vk);
    size_t size = read_bytes(bytes);
    bytes[24 + 16] ^= 1; /* its UUID */
    uint64_t checksum = crc_of(bytes + 24, size - 24);
    memcpy(bytes + 16, &checksum, sizeof checksum);
    write_bytes(bytes, size);
    check_ignored(vk, "another driver's");
    planche_vk_destroy(&vk);
}

/* Nobody will ever write to it. */
static void test_pipe_in_its_place(void **state)
{
    (void)state;
    char path[PATH_MAX];
    struct planche_vk *vk = test_need_vulkan();
    use_device(vk);
    assert_true(cache_file(path) && remove(path) == 0 && mkfifo(path, 0600) == 0);
    check_ignored(vk, "no file of Planche's");
    planche_vk_destroy(&vk);
}

static void test_folder_in_its_place(void **state)
{
    (void)state;
    char path[PATH_MAX];
    struct planche_vk *vk = test_need_vulkan();
    use_device(vk);
    assert_true(cache_file(path) && remove(path) == 0 && mkdir(path, 0700) == 0);
    assert_int_equal(use_device(vk), 0);
    assert_non_null(strstr(last_line, "not written"));
    assert_true(cache_file(path)); /* and no temporary file beside it */
    planche_vk_destroy(&vk);
}

static void test_nowhere(void **state)
{
    (void)state;
    struct planche_vk *vk = test_need_vulkan();
    setenv("XDG_CACHE_HOME", "/dev/null/nowhere", 1);
    assert_int_equal(use_device(vk), 0);
    assert_non_null(strstr(last_line, "not written"));
    char *home = getenv("HOME") ? strdup(getenv("HOME")) : NULL;
    unsetenv("XDG_CACHE_HOME");
    unsetenv("HOME");
    last_line[0] = 0;
    assert_int_equal(use_device(vk), 0);
    assert_string_equal(last_line, "");
    if (home)
        setenv("HOME", home, 1);
    free(home);
    planche_vk_destroy(&vk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_kept, make_root, remove_root),
        cmocka_unit_test_setup_teardown(test_saved_early, make_root, remove_root),
        cmocka_unit_test_setup_teardown(test_damaged, make_root, remove_root),
        cmocka_unit_test_setup_teardown(test_foreign, make_root, remove_root),
        cmocka_unit_test_setup_teardown(test_pipe_in_its_place, make_root, remove_root),
        cmocka_unit_test_setup_teardown(test_folder_in_its_place, make_root, remove_root),
        cmocka_unit_test_setup_teardown(test_nowhere, make_root, remove_root),
    };
    return test_exit_status(cmocka_run_group_tests(tests, NULL, NULL));
}
