/* SPDX-License-Identifier: MIT */
/* Programs that sleep, or fail: whoever waits for them need not wait on. */
#include "io/process.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>

#include "support/testing.h"

/* Only a child that is not ended makes a test last so long. */
#define ASLEEP "sleep 1000"

static struct planche_process start(const char *script)
{
    struct planche_process child = PLANCHE_PROCESS_NONE;
    const char *const arguments[] = {"sh", "-c", script, NULL};
    assert_true(planche_process_start(&child, arguments, false));
    return child;
}

static bool stop(void *user)
{
    return ++*(int *)user > 1;
}

static void expect_gone(pid_t pid)
{
    assert_int_equal(kill(pid, 0), -1);
    assert_int_equal(errno, ESRCH);
}

static void test_output(void **state)
{
    (void)state;
    char text[8];
    struct planche_process child = start("printf abc");
    assert_int_equal(planche_process_read(&child, text, sizeof text), 3);
    assert_memory_equal(text, "abc", 3);
    assert_int_equal(planche_process_read(&child, text, sizeof text), 0);
    assert_true(planche_process_wait(&child));
    child = start("exit 1");
    assert_int_equal(planche_process_read(&child, text, sizeof text), 0);
    assert_false(planche_process_wait(&child));
    assert_int_equal(errno, 0);
}

static void test_silence(void **state)
{
    (void)state;
    char byte;
    struct planche_process child = start(ASLEEP);
    pid_t pid = child.pid;
    child.patience = 50;
    assert_int_equal(planche_process_read(&child, &byte, 1), -1);
    assert_int_equal(errno, ETIMEDOUT);
    planche_process_kill(&child);
    expect_gone(pid);
}

static void test_stop(void **state)
{
    (void)state;
    char byte;
    int asked = 0;
    struct planche_process child = start(ASLEEP);
    pid_t pid = child.pid;
    child.stop = stop;
    child.user = &asked;
    assert_int_equal(planche_process_read(&child, &byte, 1), -1);
    assert_int_equal(errno, ECANCELED);
    planche_process_kill(&child);
    expect_gone(pid);
}

/* It has closed its output, and goes on. */
static void test_no_end(void **state)
{
    (void)state;
    char byte;
    int asked = 0;
    for (int stopping = 0; stopping < 2; stopping++) {
        struct planche_process child = start("exec 1>&-; " ASLEEP);
        pid_t pid = child.pid;
        assert_int_equal(planche_process_read(&child, &byte, 1), 0);
        child.patience = stopping ? child.patience : 50;
        child.stop = stopping ? stop : NULL;
        child.user = &asked;
        assert_false(planche_process_wait(&child));
        assert_int_equal(errno, stopping ? ECANCELED : ETIMEDOUT);
        expect_gone(pid);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_output),
        cmocka_unit_test(test_silence),
        cmocka_unit_test(test_stop),
        cmocka_unit_test(test_no_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
