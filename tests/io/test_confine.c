/* SPDX-License-Identifier: MIT */
/* The sandbox of the helper programs: what a process in it can and cannot do. A kernel or emulator
 * without seccomp is skipped, not passed. */
#include "child/limits.h"
#include "io/sandbox.h"
#include "support/sanitized.h"
#include "support/testing.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static bool is_denied(long result)
{
    return result == -1 && errno == EPERM;
}

/* The number of the first attempt that did not go as it should; 0: all did. */
static int attempt(int pipe_end)
{
    char byte = 'x';
    void *plain, *code;
    if (!is_denied(open("/dev/null", O_RDONLY)) || !is_denied(open("/etc/passwd", O_RDONLY)))
        return 1;
    if (!is_denied(socket(AF_INET, SOCK_STREAM, 0)) || !is_denied(socket(AF_UNIX, SOCK_STREAM, 0)))
        return 2;
    if (!is_denied(fork()) || !is_denied(execl("/bin/true", "true", (char *)NULL)))
        return 3;
    if (!is_denied(kill(getppid(), 0)) || !is_denied(unlink("/nowhere/file")))
        return 4;
    if (!is_denied(mkdir("/tmp/planche-never", 0700)) || !is_denied(dup(pipe_end)))
        return 5;
    plain = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (plain == MAP_FAILED || !is_denied(mprotect(plain, 4096, PROT_READ | PROT_EXEC)))
        return 6;
    code = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (code != MAP_FAILED || errno != EPERM)
        return 7;
    return write(pipe_end, &byte, 1) == 1 ? 0 : 8;
}

static void *say_yes(void *said)
{
    *(int *)said = 1;
    return NULL;
}

/* The same, but threads run. */
static int attempt_threads(int pipe_end)
{
    pthread_t thread;
    int said = 0;
    if (pthread_create(&thread, NULL, say_yes, &said) != 0 || pthread_join(thread, NULL) != 0)
        return 9;
    return said ? attempt(pipe_end) : 10;
}

static void check(bool threads, int (*attempts)(int pipe_end))
{
    int ends[2], how;
    char byte = 0;
    if (!planche_sandbox_has_network())
        skip();
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (!planche_sandbox_confine(threads))
            _exit(20);
        /* Sanitizers make calls of their own in _exit. */
        syscall(SYS_exit_group, attempts(ends[1]));
    }
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFEXITED(how));
    assert_int_equal(WEXITSTATUS(how), 0);
    assert_int_equal(read(ends[0], &byte, 1), 1);
    close(ends[0]);
    close(ends[1]);
}

static void test_confined(void **state)
{
    (void)state;
    check(false, attempt);
}

static void test_confined_with_threads(void **state)
{
    (void)state;
    if (SANITIZED)
        skip(); /* sanitizers start threads in their own way, with calls of their own */
    check(true, attempt_threads);
}

/* Landlock alone: what is open stays usable, all else of files is gone. */
static int attempt_files(int pipe_end)
{
    char byte = 'x';
    int open_before = open("/dev/null", O_WRONLY);
    if (open_before < 0 || !planche_sandbox_seal_files())
        return 1;
    if (open("/etc/passwd", O_RDONLY) != -1 || errno != EACCES)
        return 2;
    if (open("/dev/null", O_WRONLY) != -1 || errno != EACCES)
        return 3;
    if (mkdir("/tmp/planche-never", 0700) != -1 || errno != EACCES)
        return 4;
    if (execl("/bin/true", "true", (char *)NULL) != -1 || errno != EACCES)
        return 5;
    return write(open_before, &byte, 1) == 1 && write(pipe_end, &byte, 1) == 1 ? 0 : 6;
}

static void test_sealed_files(void **state)
{
    int how, ends[2];
    (void)state;
    if (!planche_sandbox_has_files())
        skip();
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        syscall(SYS_exit_group, attempt_files(ends[1]));
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFEXITED(how));
    assert_int_equal(WEXITSTATUS(how), 0);
    close(ends[0]);
    close(ends[1]);
}

/* Limits only get stricter. */
static int attempt_limits(void)
{
    struct rlimit seconds = {5, 20};
    if (setrlimit(RLIMIT_CPU, &seconds) < 0)
        return 1;
    child_limit(child_mapped() + ((uint64_t)1 << 30), 10);
    if (getrlimit(RLIMIT_CPU, &seconds) < 0 || seconds.rlim_cur != 5 || seconds.rlim_max != 11)
        return 2;
    child_limit((uint64_t)1 << 40, 100);
    if (getrlimit(RLIMIT_CPU, &seconds) < 0 || seconds.rlim_cur != 5 || seconds.rlim_max != 11)
        return 3;
    return open("/dev/null", O_RDONLY) == -1 && errno == EMFILE ? 0 : 4;
}

static void test_limits(void **state)
{
    int how;
    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(attempt_limits());
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFEXITED(how));
    assert_int_equal(WEXITSTATUS(how), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_confined),
        cmocka_unit_test(test_confined_with_threads),
        cmocka_unit_test(test_sealed_files),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
