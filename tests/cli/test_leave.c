/* SPDX-License-Identifier: MIT */
/* A process whose child makes the pages ends as the child says, or as it does, and not later. */
#include "enlarge/leave.h"
#include "support/testing.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* There on every system. */
#define FILE_THAT_IS "/dev/null"

static int gate[2]; /* a child that waits does so until the test closes it */

static void wait_at_gate(void)
{
    char byte;
    while (read(gate[0], &byte, 1) < 0 && errno == EINTR)
        continue;
}

static struct planche_engine *some_engine(void)
{
    static int something;
    return (struct planche_engine *)(void *)&something;
}

static void tell_and_stay(void)
{
    planche_cli_leave_tell(5);
    wait_at_gate();
}

static void leave_open(void)
{
    struct planche_engine *engine = some_engine();
    planche_cli_leave_engine(&engine, true);
    if (engine == NULL)
        planche_cli_leave(3);
}

static void kill_itself(void)
{
    raise(SIGKILL);
}

static void exit_seven(int number)
{
    (void)number;
    _exit(7);
}

static void wait_for_signal(void)
{
    signal(SIGTERM, exit_seven);
    if (write(STDOUT_FILENO, "x", 1) == 1)
        wait_at_gate();
}

/* Starts a process that prepares to leave and whose child calls act, and then ends with 1; out:
 * what its standard output is, from which it is read. */
static pid_t start(void (*act)(void), const char *device_file, int *out)
{
    int output[2];
    assert_int_equal(pipe(gate), 0);
    assert_int_equal(pipe(output), 0);
    pid_t process = fork();
    assert_true(process >= 0);
    if (process == 0) {
        pid_t before = getpid();
        dup2(output[1], STDOUT_FILENO);
        close(output[0]);
        close(output[1]);
        close(gate[1]);
        planche_cli_leave_prepare(device_file);
        if (act)
            act();
        _exit(getpid() == before ? 0 : 1);
    }
    close(output[1]);
    close(gate[0]);
    *out = output[0];
    return process;
}

static int end_of(pid_t process)
{
    int status = 0;
    assert_int_equal(waitpid(process, &status, 0), process);
    return status;
}

/* The end of the output and of the process, while the child is still there. */
static void test_not_waited_for(void **state)
{
    int out;
    char byte;
    (void)state;
    pid_t process = start(tell_and_stay, FILE_THAT_IS, &out);
    assert_int_equal(read(out, &byte, 1), 0);
    int status = end_of(process);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 5);
    close(out);
    close(gate[1]);
}

static void expect_end(void (*act)(void), const char *device_file, int code)
{
    int out;
    pid_t process = start(act, device_file, &out);
    int status = end_of(process);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), code);
    close(out);
    close(gate[1]);
}

static void test_statuses(void **state)
{
    int out;
    (void)state;
    expect_end(leave_open, FILE_THAT_IS, 3);
    expect_end(leave_open, "/nowhere", 3);
    expect_end(NULL, FILE_THAT_IS, 1); /* a child that ends without a word */
    expect_end(NULL, "/nowhere", 0);   /* and none */
    pid_t process = start(kill_itself, FILE_THAT_IS, &out);
    int status = end_of(process);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGKILL);
    close(out);
    close(gate[1]);
}

/* A signal for the process is one for its child. */
static void test_signals(void **state)
{
    int out;
    char byte;
    (void)state;
    pid_t process = start(wait_for_signal, FILE_THAT_IS, &out);
    assert_int_equal(read(out, &byte, 1), 1); /* it listens */
    assert_int_equal(kill(process, SIGTERM), 0);
    int status = end_of(process);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 7);
    close(out);
    close(gate[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_not_waited_for),
                                       cmocka_unit_test(test_statuses),
                                       cmocka_unit_test(test_signals)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
