/* SPDX-License-Identifier: MIT */
/* A child process between clone and exec, as posix_spawn makes one: it shares the parent's memory,
 * so that nothing is copied however large the parent is, on a stack of its own, while the parent's
 * thread waits. Limits, descriptors, signals and the sandbox are set here, before the program's
 * first instruction. Other threads go on meanwhile, and may hold any lock: only plain system calls,
 * not even those of the C library, which sanitizers watch. */
#include "io/process_child.h"

#include "io/sandbox.h"
#include "io/unsanitized.h"
#include "os/mapping.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#define STACK_BYTES ((size_t)64 << 10)
/* Of the kernel's signal set. */
#define SET_BYTES 8
/* Of the exit status; nobody sees it: the report comes first. */
#define NOT_STARTED 127
/* ThreadSanitizer takes clone for fork: its child's state would be the parent's, whose thread would
 * not be watched any more. The C library has the function by another name, too. */
#if defined(__SANITIZE_THREAD__)
#define WATCHED_BY_THREADS 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define WATCHED_BY_THREADS 1
#endif
#endif
#ifdef WATCHED_BY_THREADS
extern int __clone(int (*run)(void *), void *stack, int flags, void *user, ...);
#define clone __clone
#endif

/* Where close_range is missing: most processes have fewer open. */
#define MAX_OPEN 65536

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

/* The kernel's struct sigaction for the default action is all zeroes. */
struct default_action {
    unsigned long words[8];
};

PLANCHE_UNSANITIZED static bool is_ignored(int number)
{
    struct default_action action = {{0}};
    return syscall(SYS_rt_sigaction, number, NULL, &action, SET_BYTES) == 0 &&
           action.words[0] == (unsigned long)SIG_IGN;
}

/* In the parent's group, what the parent ignores on purpose (nohup) is ignored too; a broken pipe
 * never is. Handlers are reset by exec, but run until then: they are the parent's. */
PLANCHE_UNSANITIZED static void reset_signals(const struct planche_child *child)
{
    const struct default_action action = {{0}};
    for (int number = 1; number < NSIG; number++)
        if (child->own_group || number == SIGPIPE || !is_ignored(number))
            (void)syscall(SYS_rt_sigaction, number, &action, NULL, SET_BYTES);
}

PLANCHE_UNSANITIZED static void unblock_signals(void)
{
    const unsigned long none[SET_BYTES / sizeof(unsigned long)] = {0};
    (void)syscall(SYS_rt_sigprocmask, SIG_SETMASK, none, NULL, SET_BYTES);
}

/* A copy of a descriptor that no target's number is. */
PLANCHE_UNSANITIZED static int move_up(int fd, int first)
{
    return (int)syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, first);
}

/* Everything from there on is closed by exec. */
PLANCHE_UNSANITIZED static void close_rest(unsigned first)
{
#ifdef SYS_close_range
    if (syscall(SYS_close_range, first, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
        return;
#endif
    for (unsigned fd = first; fd < MAX_OPEN; fd++)
        (void)syscall(SYS_fcntl, fd, F_SETFD, FD_CLOEXEC);
}

/* Gives descriptors the numbers that the program expects; the report and the rules get others. */
PLANCHE_UNSANITIZED static bool place_descriptors(const struct planche_child *child, int *report,
                                                  int *rules)
{
    int from[3 + PLANCHE_CHILD_INHERITED];
    const int count = 3 + (int)child->inherited_count;
    const int moved = move_up(*report, count);
    if (moved < 0)
        return false;
    *report = moved;
    *rules = *rules < 0 ? -1 : move_up(*rules, count);
    for (int i = 0; i < count; i++) {
        from[i] = move_up(i < 3 ? child->standard[i] : child->inherited[i - 3], count);
        if (from[i] < 0)
            return false;
    }
    for (int i = 0; i < count; i++)
        if (syscall(SYS_dup3, from[i], i, 0) < 0)
            return false;
    close_rest((unsigned)count);
    return true;
}

/* A limit that cannot be set would let the program do what it must not. */
PLANCHE_UNSANITIZED static bool set_limits(const struct planche_child *child)
{
    for (size_t i = 0; i < child->limit_count; i++) {
        const struct planche_child_limit *limit = &child->limits[i];
        if (syscall(SYS_prlimit64, 0, limit->resource, &limit->value, NULL) != 0)
            return false;
    }
    return true;
}

PLANCHE_UNSANITIZED static int run(void *user)
{
    const struct planche_child *child = user;
    int report = child->report, rules = child->rules;
    reset_signals(child);
    if (child->own_group)
        (void)syscall(SYS_setpgid, 0, 0);
    if (place_descriptors(child, &report, &rules) && set_limits(child)) {
        planche_sandbox_enter(rules, child->no_network);
        unblock_signals();
        (void)syscall(SYS_execve, child->program, child->arguments, child->environment);
    }
    int reason = errno;
    (void)!syscall(SYS_write, report, &reason, sizeof reason);
    return NOT_STARTED;
}

int planche_child_start(const struct planche_child *child)
{
    sigset_t all, before;
    char *stack = planche_mapping_create(STACK_BYTES);
    if (!stack) {
        errno = ENOMEM;
        return -1;
    }
    /* No handler of the parent may run in the child, where its memory is. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int pid =
        clone(run, stack + STACK_BYTES, CLONE_VM | CLONE_VFORK | SIGCHLD, (void *)(uintptr_t)child);
    int reason = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    planche_mapping_destroy(stack, STACK_BYTES);
    errno = reason;
    return pid;
}
