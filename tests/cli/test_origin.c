/* SPDX-License-Identifier: MIT */
/* What a source was is known when its output has been made, and nothing waits for what is not
 * wanted. */
#include "support/testing.h"

#include "enlarge/origin.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static char path[] = "/tmp/planche-test-XXXXXX";

static int make_file(void **state)
{
    (void)state;
    int fd = mkstemp(path);
    return fd >= 0 && write(fd, "abc", 3) == 3 ? close(fd) : -1;
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

static void test_digest(void **state)
{
    (void)state;
    for (int beside = 0; beside < 2; beside++) {
        struct planche_cli_origin origin;
        planche_cli_origin_begin(&origin, path, beside, NULL);
        planche_cli_origin_end(&origin, true);
        assert_true(origin.known);
        assert_int_equal(origin.stamp.bytes, 3);
        assert_string_equal(origin.digest, ABC);
    }
}

/* The digest may be of either content then. */
static void test_changed(void **state)
{
    (void)state;
    for (int beside = 0; beside < 2; beside++) {
        struct planche_cli_origin origin;
        planche_cli_origin_begin(&origin, path, beside, NULL);
        assert_int_equal(truncate(path, 4 + beside), 0);
        planche_cli_origin_end(&origin, true);
        assert_true(origin.known);
        assert_string_equal(origin.digest, "");
    }
}

static void test_missing(void **state)
{
    struct planche_cli_origin origin;
    (void)state;
    planche_cli_origin_begin(&origin, "/tmp/planche-test-none", true, NULL);
    planche_cli_origin_end(&origin, true);
    assert_false(origin.known);
    assert_string_equal(origin.digest, "");
}

/* A book that failed is not read to its end: this one takes an hour. */
static void test_given_up(void **state)
{
    struct planche_cli_origin origin;
    (void)state;
    assert_int_equal(truncate(path, (off_t)1 << 42), 0);
    planche_cli_origin_begin(&origin, path, true, NULL);
    planche_cli_origin_end(&origin, false);
    assert_string_equal(origin.digest, "");
}

static void *cancel_soon(void *user)
{
    usleep(20000);
    planche_cancel_set(user);
    return NULL;
}

/* Ctrl-C when all pages are made, and only the digest is waited for. */
static void test_cancelled(void **state)
{
    (void)state;
    assert_int_equal(truncate(path, (off_t)1 << 42), 0);
    for (int beside = 0; beside < 2; beside++) {
        struct planche_cli_origin origin;
        struct planche_cancel cancel = {0};
        pthread_t thread;
        planche_cli_origin_begin(&origin, path, beside, &cancel);
        assert_int_equal(pthread_create(&thread, NULL, cancel_soon, &cancel), 0);
        planche_cli_origin_end(&origin, true);
        assert_string_equal(origin.digest, "");
        assert_int_equal(pthread_join(thread, NULL), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_digest),    cmocka_unit_test(test_changed),
        cmocka_unit_test(test_missing),   cmocka_unit_test(test_given_up),
        cmocka_unit_test(test_cancelled),
    };
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
