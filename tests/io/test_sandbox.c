/* SPDX-License-Identifier: MIT */
/* Sandbox of a child process. What the kernel lacks is skipped, not passed. */
#include "io/process.h"
#include "io/sandbox.h"
#include "support/need_model.h"
#include "support/quick.h"
#include "support/testing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char folder[] = "/tmp/planche-test-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return chdir("/") == 0 && rmdir(folder) == 0 ? 0 : -1;
}

/* What this program says when it is run with the word "socket". */
static int say_sockets(void)
{
    int internet = socket(AF_INET, SOCK_STREAM, 0), here;
    printf("%s ", internet >= 0 ? "made" : strerror(errno));
    here = socket(AF_UNIX, SOCK_STREAM, 0);
    printf("%s", here >= 0 ? "made" : strerror(errno));
    return 0;
}

static int run(char *text, size_t size, struct planche_process_options options)
{
    int status;
    struct planche_process child;
    if (!planche_process_start(&child, &options))
        fail_msg("%s: %s", options.arguments[0], strerror(errno));
    assert_true(planche_process_read_text(&child, text, size));
    assert_true(planche_process_wait(&child, &status));
    return status;
}

static int run_script(const char *script, struct planche_process_options options)
{
    char text[64];
    const char *const arguments[] = {"sh", "-c", script, NULL};
    options.arguments = arguments;
    return run(text, sizeof text, options);
}

static void test_network(void **state)
{
    (void)state;
    char text[128], self[4096];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    assert_true(length > 0);
    self[length] = 0;
    const char *const arguments[] = {self, "socket", NULL};
    struct planche_process_options options = {.arguments = arguments};
    if (test_quickest())
        test_lack("PLANCHE_REQUIRE_SANDBOX", "running a program of the emulated machine");
    if (!planche_sandbox_has_network())
        test_lack("PLANCHE_REQUIRE_SANDBOX", "seccomp");
    assert_int_equal(run(text, sizeof text, options), 0);
    assert_non_null(strstr(text, "made"));
    options.flags = PLANCHE_PROCESS_NO_NETWORK;
    assert_int_equal(run(text, sizeof text, options), 0);
    assert_string_equal(text, "Operation not permitted Operation not permitted");
    int own = socket(AF_UNIX, SOCK_STREAM, 0); /* it is the child's alone */
    assert_true(own >= 0);
    close(own);
}

static void test_writes(void **state)
{
    (void)state;
    const struct planche_process_options contained = {.flags = PLANCHE_PROCESS_NO_FILE_WRITES};
    if (!planche_sandbox_has_files())
        test_lack("PLANCHE_REQUIRE_SANDBOX", "Landlock");
    assert_int_equal(run_script("echo text >page", (struct planche_process_options){0}), 0);
    assert_int_equal(run_script("cat page >/dev/null", contained), 0);
    assert_int_not_equal(run_script("echo more >>page", contained), 0);
    assert_int_not_equal(run_script("echo more >other", contained), 0);
    assert_int_not_equal(run_script("mkdir other", contained), 0);
    assert_int_not_equal(run_script("rm page", contained), 0);
    assert_int_equal(access("page", F_OK), 0);
    assert_int_equal(access("other", F_OK), -1);
    /* What it inherits it may write to. */
    int fd = open("page", O_WRONLY | O_CLOEXEC);
    struct planche_process_options with = contained;
    with.inherited = &fd;
    with.inherited_count = 1;
    assert_int_equal(run_script("echo more >&3", with), 0);
    close(fd);
    assert_int_equal(unlink("page"), 0); /* not in this process */
}

static void test_reads(void **state)
{
    (void)state;
    static const char *const system[] = {"/usr", "/bin", "/lib", "/lib64", "/etc", NULL};
    const char *const with_folder[] = {"/usr", "/bin", "/lib", "/lib64", "/etc", folder, NULL};
    if (!planche_sandbox_has_files())
        test_lack("PLANCHE_REQUIRE_SANDBOX", "Landlock");
    assert_int_equal(run_script("echo text >page", (struct planche_process_options){0}), 0);
    assert_int_not_equal(
        run_script("cat page", (struct planche_process_options){.readable = system}), 0);
    assert_int_equal(
        run_script("cat page", (struct planche_process_options){.readable = with_folder}), 0);
    assert_int_not_equal(
        run_script("echo >page", (struct planche_process_options){.readable = with_folder}), 0);
    unlink("page");
}

/* Where the kernel has neither, programs run without. */
static void test_runs(void **state)
{
    (void)state;
    assert_int_equal(
        run_script("exit 5",
                   (struct planche_process_options){.flags = PLANCHE_PROCESS_NO_NETWORK |
                                                             PLANCHE_PROCESS_NO_FILE_WRITES}),
        5);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_network),
        cmocka_unit_test(test_writes),
        cmocka_unit_test(test_reads),
        cmocka_unit_test(test_runs),
    };
    if (argc > 1 && strcmp(argv[1], "socket") == 0)
        return say_sockets();
    return test_exit_status(cmocka_run_group_tests(tests, make_folder, remove_folder));
}
