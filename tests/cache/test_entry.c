/* SPDX-License-Identifier: MIT */
/* Entries: torn, damaged and foreign files are never taken for results. */
#include "cache_test.h"

#include "cache/entry.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SIZE 300

static void path_of(struct planche_cache *cache, unsigned number, char path[PLANCHE_CACHE_PATH])
{
    struct planche_cache_key key = cache_test_key(number);
    planche_cache_entry_path(cache, &key, path);
}

static size_t read_file(const char *path, uint8_t *data, size_t size)
{
    int fd = open(path, O_RDONLY);
    ssize_t got = read(fd, data, size);
    assert_true(fd >= 0 && got > 0);
    close(fd);
    return (size_t)got;
}

static void write_file(const char *path, const uint8_t *data, size_t size)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, size), size);
    close(fd);
}

/* Cut to every length, and grown. Another process has written it: this one has it not in its table
 * of sound files. */
static void test_torn(void **state)
{
    char path[PLANCHE_CACHE_PATH];
    uint8_t whole[1024];
    struct planche_cache *cache = cache_test_open(0);
    (void)state;
    assert_int_equal(cache_test_store(cache, 1, SIZE), PLANCHE_OK);
    path_of(cache, 1, path);
    size_t size = read_file(path, whole, sizeof whole);
    for (size_t length = 0; length < size; length++) {
        write_file(path, whole, length);
        assert_false(cache_test_has(cache, 1, SIZE));
        assert_false(cache_test_exists(cache, 1));
        assert_int_equal(cache_test_stats(cache).damaged, length + 1);
    }
    whole[size] = 0;
    write_file(path, whole, size + 1);
    assert_false(cache_test_has(cache, 1, SIZE));
    write_file(path, whole, size);
    assert_true(cache_test_has(cache, 1, SIZE));
    planche_cache_close(&cache);
}

/* Every byte changed; the same file under another key. */
static void test_damaged(void **state)
{
    char path[PLANCHE_CACHE_PATH], other[PLANCHE_CACHE_PATH];
    uint8_t whole[1024];
    struct planche_cache *cache = cache_test_open(0);
    (void)state;
    assert_int_equal(cache_test_store(cache, 1, SIZE), PLANCHE_OK);
    assert_int_equal(cache_test_store(cache, 2, SIZE), PLANCHE_OK);
    path_of(cache, 1, path);
    path_of(cache, 2, other);
    /* Past the granularity of the file system's times. */
    usleep(20000);
    size_t size = read_file(path, whole, sizeof whole);
    for (size_t at = 0; at < size; at++) {
        whole[at] ^= 0x10;
        write_file(path, whole, size);
        assert_false(cache_test_has(cache, 1, SIZE));
        assert_false(cache_test_exists(cache, 1));
        whole[at] ^= 0x10;
    }
    write_file(other, whole, size);
    assert_false(cache_test_has(cache, 2, SIZE));
    assert_false(cache_test_exists(cache, 2));
    planche_cache_close(&cache);
}

/* A change in place, of a file that was sound a moment ago. */
static void test_changed(void **state)
{
    char path[PLANCHE_CACHE_PATH];
    struct planche_cache *cache = cache_test_open(0);
    struct planche_cache_key key = cache_test_key(1);
    struct planche_cache_result *result;
    (void)state;
    assert_int_equal(cache_test_store(cache, 1, SIZE), PLANCHE_OK);
    assert_true(cache_test_has(cache, 1, SIZE));
    path_of(cache, 1, path);
    /* Past the granularity of the file system's times. */
    usleep(20000);
    int fd = open(path, O_WRONLY);
    assert_int_equal(pwrite(fd, "?", 1, SIZE), 1);
    close(fd);
    assert_int_equal(planche_cache_lookup(cache, &key, true, &result), PLANCHE_CACHE_UNSURE);
    assert_false(cache_test_has(cache, 1, SIZE));
    planche_cache_close(&cache);
}

/* What is no file: a folder, a link, a pipe of which a read would wait. */
static void test_foreign(void **state)
{
    char path[PLANCHE_CACHE_PATH];
    struct planche_cache *cache = cache_test_open(0);
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        assert_int_equal(cache_test_store(cache, 1, SIZE), PLANCHE_OK);
        path_of(cache, 1, path);
        assert_int_equal(unlink(path), 0);
        int made = kind == 0   ? mkdir(path, 0700)
                   : kind == 1 ? symlink("/etc/passwd", path)
                               : mkfifo(path, 0600);
        assert_int_equal(made, 0);
        assert_false(cache_test_has(cache, 1, SIZE));
        if (kind == 0)
            assert_int_equal(rmdir(path), 0);
    }
    /* A result takes its place. */
    assert_int_equal(cache_test_store(cache, 1, SIZE), PLANCHE_OK);
    assert_true(cache_test_has(cache, 1, SIZE));
    planche_cache_close(&cache);
}

static void test_sizes(void **state)
{
    static const size_t sizes[] = {0, 1, 65535, 65536, 65537, 200000};
    struct planche_cache *cache = cache_test_open(0);
    (void)state;
    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        assert_int_equal(cache_test_store(cache, i, sizes[i]), PLANCHE_OK);
        assert_true(cache_test_has(cache, i, sizes[i]));
    }
    planche_cache_close(&cache);
    /* And by another process, to which all are new. */
    cache = cache_test_open(0);
    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++)
        assert_true(cache_test_has(cache, i, sizes[i]));
    planche_cache_close(&cache);
}

static enum planche_status create(const char *type, const char *name, const char *value,
                                  size_t count)
{
    struct planche_cache_header headers[PLANCHE_CACHE_HEADERS + 1];
    const struct planche_cache_meta meta = {type, headers, count};
    struct planche_cache_result *result;
    struct planche_error error = {0};
    for (size_t i = 0; i < count; i++)
        headers[i] = (struct planche_cache_header){name, value};
    enum planche_status status =
        planche_cache_result_create(&result, NULL, "x", 1, NULL, &meta, &error);
    assert_int_equal(status == PLANCHE_OK, result != NULL);
    planche_cache_result_release(&result);
    return status;
}

/* Texts become heads of answers: none may bring a header of its own. */
static void test_meta(void **state)
{
    char large[PLANCHE_CACHE_TEXT_BYTES + 1];
    (void)state;
    memset(large, 'x', sizeof large);
    large[sizeof large - 1] = 0;
    assert_int_equal(create("image/png", "A", "", 0), PLANCHE_OK);
    assert_int_equal(create("image/png", "A", "é; b=\"c\"", PLANCHE_CACHE_HEADERS), PLANCHE_OK);
    assert_int_equal(create("image/png", "A", "b", PLANCHE_CACHE_HEADERS + 1),
                     PLANCHE_ERROR_ARGUMENT);
    assert_int_equal(create("", "A", "b", 1), PLANCHE_ERROR_ARGUMENT);
    assert_int_equal(create("image/png\r\nX: y", "A", "b", 1), PLANCHE_ERROR_ARGUMENT);
    assert_int_equal(create("image/png", "A", "b\n", 1), PLANCHE_ERROR_ARGUMENT);
    assert_int_equal(create("image/png", "", "b", 1), PLANCHE_ERROR_ARGUMENT);
    assert_int_equal(create("image/png", "A:", "b", 1), PLANCHE_ERROR_ARGUMENT);
    assert_int_equal(create("image/png", "A", large, 1), PLANCHE_ERROR_ARGUMENT);
    assert_int_equal(create(large, "A", "b", 0), PLANCHE_ERROR_ARGUMENT);
    large[PLANCHE_CACHE_TEXT_BYTES - 1] = 0;
    assert_int_equal(create(large, "A", "b", 0), PLANCHE_OK);
}

/* The layout that entry.h describes; others read it by that. */
static void test_layout(void **state)
{
    uint8_t head[PLANCHE_CACHE_HEAD_BYTES];
    struct planche_cache_result *result = cache_test_result(1, SIZE);
    struct planche_cache_key key = cache_test_key(1);
    static const char texts[] = "image/webp\0Width\0"
                                "1200\0Result\0";
    (void)state;
    size_t size = planche_cache_head_write(head, &key, result, INT64_C(0x0102030405060708));
    assert_int_equal(size, 100 + sizeof texts + 8);
    assert_memory_equal(head, "PLNCHRES\1\0\0\0", 12);
    assert_int_equal(head[12] | head[13] << 8, size);
    assert_memory_equal(head + 14, "\0\0\x2c\1\0\0\0\0\0\0\x8\7\6\5\4\3\2\1", 18);
    assert_memory_equal(head + 32, key.bytes, 32);
    assert_memory_equal(head + 64, result->digest, 32);
    assert_int_equal(head[96], sizeof texts);
    assert_memory_equal(head + 100, texts, sizeof texts);
    planche_cache_result_release(&result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_torn, cache_test_setup, cache_test_teardown),
        cmocka_unit_test_setup_teardown(test_damaged, cache_test_setup, cache_test_teardown),
        cmocka_unit_test_setup_teardown(test_changed, cache_test_setup, cache_test_teardown),
        cmocka_unit_test_setup_teardown(test_foreign, cache_test_setup, cache_test_teardown),
        cmocka_unit_test_setup_teardown(test_sizes, cache_test_setup, cache_test_teardown),
        cmocka_unit_test(test_meta),
        cmocka_unit_test(test_layout),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
