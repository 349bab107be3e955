/* SPDX-License-Identifier: MIT */
/* Child processes: what they inherit and what they do not, how they end, and that whoever waits for
 * one need not wait on. */
#include "io/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "support/quick.h"
#include "support/testing.h"

/* Only a child that is not ended makes a test last so long. */
#define ASLEEP "sleep 1000"

static struct planche_process start_with(const char *script, struct planche_process_options options)
{
    struct planche_process child;
    const char *const arguments[] = {"sh", "-c", script, NULL};
    options.arguments = arguments;
    if (!planche_process_start(&child, &options))
        fail_msg("sh: %s", strerror(errno));
    return child;
}

static struct planche_process start(const char *script)
{
    return start_with(script, (struct planche_process_options){0});
}

/* What a script says, and how it ends. */
static int run(char *text, size_t size, const char *script, struct planche_process_options options)
{
    int status;
    struct planche_process child = start_with(script, options);
    assert_true(planche_process_read_text(&child, text, size));
    assert_true(planche_process_wait(&child, &status));
    return status;
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
    int status;
    struct planche_process child = start("printf abc");
    assert_int_equal(planche_process_read(&child, text, sizeof text), 3);
    assert_memory_equal(text, "abc", 3);
    assert_int_equal(planche_process_read(&child, text, sizeof text), 0);
    assert_true(planche_process_wait(&child, &status));
    assert_int_equal(status, 0);
    assert_int_equal(
        run(text, sizeof text, "printf 123456789; exit 3", (struct planche_process_options){0}), 3);
    assert_string_equal(text, "1234567");
    assert_int_equal(run(text, sizeof text, "kill -KILL $$", (struct planche_process_options){0}),
                     -SIGKILL);
    assert_int_equal(
        run(text, sizeof text, "printf no >&2; cat", (struct planche_process_options){0}), 0);
    assert_string_equal(text, "");
    run(text, sizeof text, "printf yes >&2",
        (struct planche_process_options){.flags = PLANCHE_PROCESS_READ_MESSAGES});
    assert_string_equal(text, "yes");
}

/* Messages come apart from the output, however many there are, and do not block the program. */
static void test_messages(void **state)
{
    (void)state;
    const struct planche_process_options keep = {.flags = PLANCHE_PROCESS_KEEP_MESSAGES};
    char text[64];
    int status;
    struct planche_process child =
        start_with("echo one >&2; printf out; echo two >&2; exit 4", keep);
    assert_true(planche_process_read_text(&child, text, sizeof text));
    assert_string_equal(text, "out");
    assert_true(planche_process_wait(&child, &status));
    assert_int_equal(status, 4);
    assert_string_equal(child.messages, "one\ntwo\n");
    child =
        start_with("i=0; while [ $i -lt 20000 ]; do echo $i; i=$((i+1)); done >&2; printf x", keep);
    assert_true(planche_process_read_text(&child, text, sizeof text));
    assert_string_equal(text, "x");
    assert_true(planche_process_wait(&child, &status));
    assert_int_equal(child.message_bytes, PLANCHE_PROCESS_MESSAGE_BYTES - 1);
    assert_memory_equal(child.messages, "0\n1\n2\n", 6);
    /* Also while it is only waited for. */
    child = start_with("exec 1>&-; head -c 1000000 /dev/zero >&2", keep);
    assert_true(planche_process_wait(&child, &status));
    assert_int_equal(status, 0);
    child = start_with("echo said >&2; printf x; " ASLEEP, keep);
    assert_int_equal(planche_process_read(&child, text, 1), 1);
    planche_process_kill(&child);
    assert_int_equal(child.messages_fd, -1);
}

static void test_bounded_output(void **state)
{
    (void)state;
    char text[64];
    int64_t got, total = 0;
    struct planche_process child = start_with(
        "while :; do echo y; done", (struct planche_process_options){.output_bytes = 999});
    while ((got = planche_process_read(&child, text, sizeof text)) > 0)
        total += got;
    assert_int_equal(got, -1);
    assert_int_equal(errno, EFBIG);
    assert_in_range(total, 999 - (int)sizeof text, 999);
    planche_process_kill(&child);
    assert_int_equal(child.fd, -1);
    planche_process_kill(&child);
}

static void test_missing(void **state)
{
    (void)state;
    const char *const names[] = {"planche-no-such-program", "/nonexistent/sh", "/dev/null", "/"};
    const int reasons[] = {ENOENT, ENOENT, EACCES, EACCES};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct planche_process child;
        const char *const arguments[] = {names[i], NULL};
        const struct planche_process_options options = {.arguments = arguments};
        errno = 0;
        assert_false(planche_process_start(&child, &options));
        assert_int_equal(errno, reasons[i]);
        assert_int_equal(child.pid, 0);
        assert_int_equal(child.fd, -1);
        planche_process_kill(&child);
    }
}

/* Descriptors that are open here, also one without O_CLOEXEC, are not open there. */
static void test_descriptors(void **state)
{
    (void)state;
    char text[128];
    int leak = open("/dev/null", O_RDONLY), pipe_ends[2];
    assert_int_equal(pipe(pipe_ends), 0);
    int high = fcntl(leak, F_DUPFD, 200);
    assert_true(high >= 200);
    /* The shell lists what it has itself; the glob opens the folder besides. */
    static const char list[] = "for f in 0 1 2 3 4 5 6 7 8 9 20 200 201; do "
                               "[ -e /proc/self/fd/$f ] && printf '%s ' $f; done; :";
    run(text, sizeof text, list, (struct planche_process_options){0});
    assert_string_equal(text, "0 1 2 ");
    /* The first listed has a number that another of the list is to get. */
    const int inherited[] = {pipe_ends[0], leak < 4 ? leak : 0, pipe_ends[1]};
    run(text, sizeof text, list,
        (struct planche_process_options){.inherited = inherited, .inherited_count = 3});
    assert_string_equal(text, "0 1 2 3 4 5 ");
    run(text, sizeof text, "echo through >&5",
        (struct planche_process_options){.inherited = inherited, .inherited_count = 3});
    assert_int_equal(read(pipe_ends[0], text, sizeof text), 8);
    assert_memory_equal(text, "through\n", 8);
    close(leak);
    close(high);
    close(pipe_ends[0]);
    close(pipe_ends[1]);
}

static void on_signal(int number)
{
    (void)number;
}

/* What this process blocks, ignores or handles is as usual there. */
/* The signals that this process ignores, also those that nobody but the C library may change. */
static unsigned long long ignored_signals(void)
{
    char line[128];
    unsigned long long set = 0;
    FILE *file = fopen("/proc/self/status", "re");
    assert_non_null(file);
    while (fgets(line, sizeof line, file))
        if (sscanf(line, "SigIgn: %llx", &set) == 1)
            break;
    fclose(file);
    assert_true(set & 1ull << (SIGHUP - 1));
    return set;
}

static void test_signals(void **state)
{
    (void)state;
    char text[256], expected[64];
    sigset_t blocked, before;
    sigfillset(&blocked);
    /* Who started the test may ignore some: a shell does in its background jobs. */
    for (int number = 1; number < 32; number++)
        if (number != SIGKILL && number != SIGSTOP)
            signal(number, SIG_DFL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGUSR1, on_signal);
    pthread_sigmask(SIG_SETMASK, &blocked, &before);
    static const char list[] = "while read name set; do case $name in SigBlk:|SigIgn:) "
                               "printf '%s ' $set;; esac; done </proc/self/status";
    run(text, sizeof text, list, (struct planche_process_options){0});
    assert_string_equal(text, "0000000000000000 0000000000000000 ");
    run(text, sizeof text, list,
        (struct planche_process_options){.flags = PLANCHE_PROCESS_FOREGROUND});
    snprintf(expected, sizeof expected, "0000000000000000 %016llx ",
             ignored_signals() & ~(1ull << (SIGPIPE - 1)));
    assert_string_equal(text, expected);
    /* Nothing has changed here. */
    sigset_t now;
    struct sigaction action;
    pthread_sigmask(SIG_SETMASK, &before, &now);
    assert_true(sigismember(&now, SIGUSR1));
    assert_int_equal(sigaction(SIGUSR1, NULL, &action), 0);
    assert_ptr_equal(action.sa_handler, on_signal);
    assert_int_equal(sigaction(SIGHUP, NULL, &action), 0);
    assert_ptr_equal(action.sa_handler, SIG_IGN);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
    signal(SIGUSR1, SIG_DFL);
}

static void test_group(void **state)
{
    (void)state;
    char text[64];
    /* The fifth field of stat is the group. */
    static const char group[] = "read p c s q g rest </proc/self/stat; printf '%s %s' $p $g";
    long pid, number;
    run(text, sizeof text, group, (struct planche_process_options){0});
    assert_int_equal(sscanf(text, "%ld %ld", &pid, &number), 2);
    assert_int_equal(pid, number);
    run(text, sizeof text, group,
        (struct planche_process_options){.flags = PLANCHE_PROCESS_FOREGROUND});
    assert_int_equal(sscanf(text, "%ld %ld", &pid, &number), 2);
    assert_int_equal(number, getpgrp());
}

/* Limits are there when the first instruction runs: what asks for its own sees them. */
static void test_limits(void **state)
{
    (void)state;
    char text[128];
    const struct planche_process_options options = {.limits = {.memory_bytes = (uint64_t)512 << 20,
                                                               .cpu_seconds = 7,
                                                               .file_bytes = (uint64_t)4 << 20,
                                                               .open_files = 40}};
    run(text, sizeof text, "ulimit -t; ulimit -n; ulimit -c", options);
    assert_string_equal(text, "7\n40\n0\n");
    run(text, sizeof text, "ulimit -H -t; ulimit -H -f", options);
    assert_string_equal(text, "7\n8192\n"); /* blocks of 512 bytes */
    struct rlimit own;
    assert_int_equal(getrlimit(RLIMIT_CPU, &own), 0);
    assert_true(own.rlim_cur != 7); /* they are the child's */
    if (test_quickest())
        return; /* an emulator sets no limit of memory */
    run(text, sizeof text, "ulimit -v", options);
    assert_string_equal(text, "524288\n");
}

/* A program that does not fit never runs: as fast as it is, it could not print a word. */
static void test_memory(void **state)
{
    (void)state;
    char text[64];
    if (test_quickest())
        skip();
    for (int i = 0; i < 20; i++) {
        struct planche_process child;
        const char *const arguments[] = {"sh", "-c", "echo ran", NULL};
        const struct planche_process_options options = {.arguments = arguments,
                                                        .limits = {.memory_bytes = 300 << 10}};
        int status = 0;
        if (!planche_process_start(&child, &options))
            continue; /* the system told at once */
        assert_true(planche_process_read_text(&child, text, sizeof text));
        assert_true(planche_process_wait(&child, &status));
        assert_string_equal(text, "");
        assert_int_not_equal(status, 0);
    }
}

static void test_cpu(void **state)
{
    (void)state;
    char text[8];
    int status = run(text, sizeof text, "while :; do :; done",
                     (struct planche_process_options){.limits = {.cpu_seconds = 1}});
    assert_int_equal(status, -SIGKILL);
}

/* A sanitizer needs address space: its programs run without that limit, all others with it. */
static void test_ours(void **state)
{
    (void)state;
    char text[32];
    const struct planche_process_options options = {
        .flags = PLANCHE_PROCESS_OURS,
        .limits = {.memory_bytes = (uint64_t)512 << 20, .cpu_seconds = 7}};
    run(text, sizeof text, "ulimit -t; ulimit -v", options);
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    const bool sanitized = true;
#elif defined(__has_feature)
    const bool sanitized = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
    const bool sanitized = false;
#endif
    if (!test_quickest())
        assert_string_equal(text, sanitized ? "7\nunlimited\n" : "7\n524288\n");
}

static void test_silence(void **state)
{
    (void)state;
    char byte;
    struct planche_process child =
        start_with(ASLEEP, (struct planche_process_options){.patience_ms = 50});
    pid_t pid = child.pid;
    assert_int_equal(planche_process_read(&child, &byte, 1), -1);
    assert_int_equal(errno, ETIMEDOUT);
    planche_process_kill(&child);
    expect_gone(pid);
}

static void test_cancel(void **state)
{
    (void)state;
    char byte;
    struct planche_cancel handle = {false};
    const struct planche_cancel_token token = {.handle = &handle};
    struct planche_process child =
        start_with("printf x; " ASLEEP, (struct planche_process_options){.cancel = &token});
    pid_t pid = child.pid;
    assert_int_equal(planche_process_read(&child, &byte, 1), 1);
    atomic_store(&handle.requested, true);
    assert_int_equal(planche_process_read(&child, &byte, 1), -1);
    assert_int_equal(errno, ECANCELED);
    planche_process_kill(&child);
    expect_gone(pid);
}

static void test_deadline(void **state)
{
    (void)state;
    char byte;
    const struct planche_cancel_token token = {.deadline = planche_cancel_deadline(50)};
    struct planche_process child =
        start_with(ASLEEP, (struct planche_process_options){.cancel = &token});
    assert_int_equal(planche_process_read(&child, &byte, 1), -1);
    assert_int_equal(errno, ECANCELED);
    planche_process_kill(&child);
}

/* It has closed its output, and goes on. */
static void test_no_end(void **state)
{
    (void)state;
    char byte;
    int status;
    struct planche_cancel handle = {true};
    const struct planche_cancel_token token = {.handle = &handle};
    for (int stopping = 0; stopping < 2; stopping++) {
        struct planche_process child = start("exec 1>&-; " ASLEEP);
        pid_t pid = child.pid;
        assert_int_equal(planche_process_read(&child, &byte, 1), 0);
        child.patience_ms = stopping ? 0 : 50;
        child.cancel = stopping ? &token : NULL;
        assert_false(planche_process_wait(&child, &status));
        assert_int_equal(errno, stopping ? ECANCELED : ETIMEDOUT);
        expect_gone(pid);
    }
}

/* What belongs to the terminal is asked first, and what does not listen is killed with the rest. */
static void test_grace(void **state)
{
    (void)state;
    char text[16];
    int out[2];
    assert_int_equal(pipe(out), 0);
    struct planche_process child = start_with(
        "trap 'echo asked >&3; exit 0' TERM; printf x; while :; do sleep 0.05; done",
        (struct planche_process_options){
            .flags = PLANCHE_PROCESS_FOREGROUND, .inherited = &out[1], .inherited_count = 1});
    assert_int_equal(planche_process_read(&child, text, 1), 1);
    planche_process_kill(&child);
    close(out[1]);
    assert_int_equal(read(out[0], text, sizeof text), 6);
    assert_memory_equal(text, "asked\n", 6);
    close(out[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_output),      cmocka_unit_test(test_bounded_output),
        cmocka_unit_test(test_messages),    cmocka_unit_test(test_missing),
        cmocka_unit_test(test_descriptors), cmocka_unit_test(test_signals),
        cmocka_unit_test(test_group),       cmocka_unit_test(test_limits),
        cmocka_unit_test(test_memory),      cmocka_unit_test(test_cpu),
        cmocka_unit_test(test_ours),        cmocka_unit_test(test_silence),
        cmocka_unit_test(test_cancel),      cmocka_unit_test(test_deadline),
        cmocka_unit_test(test_no_end),      cmocka_unit_test(test_grace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
