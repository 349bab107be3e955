/* SPDX-License-Identifier: MIT */
/* Faults of the system. */
#include "faults.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static atomic_uint calls, kill_at, fail_at;
static atomic_int fail_reason;
static _Atomic int64_t room = -1; /* bytes; -1: any */
static _Atomic int64_t clock_step;

unsigned fault_calls(void)
{
    return calls;
}

void fault_reset(void)
{
    calls = kill_at = fail_at = 0;
    room = -1;
    clock_step = 0;
}

void fault_kill_at(unsigned n)
{
    calls = 0;
    kill_at = n;
}

void fault_fail_at(unsigned n, int reason)
{
    calls = 0;
    fail_reason = reason;
    fail_at = n;
}

void fault_full_after(uint64_t bytes)
{
    room = (int64_t)bytes;
}

void fault_step_clock(int64_t seconds)
{
    clock_step = seconds;
}

/* Counts a call. True: it is to fail, errno is set. */
static bool fails(void)
{
    unsigned n = atomic_fetch_add(&calls, 1) + 1;
    if (n == kill_at) {
        kill(getpid(), SIGKILL);
        for (;;)
            pause();
    }
    if (n != fail_at)
        return false;
    errno = fail_reason;
    return true;
}

#define WRAP_OPEN(name)                                                                            \
    int __real_##name(const char *path, int how, ...);                                             \
    int __wrap_##name(const char *path, int how, ...);                                             \
    int __wrap_##name(const char *path, int how, ...)                                              \
    {                                                                                              \
        va_list args;                                                                              \
        va_start(args, how);                                                                       \
        mode_t mode = how & O_CREAT ? va_arg(args, mode_t) : 0;                                    \
        va_end(args);                                                                              \
        return fails() ? -1 : __real_##name(path, how, mode);                                      \
    }
WRAP_OPEN(open)
WRAP_OPEN(open64)

#define WRAP_OPENAT(name)                                                                          \
    int __real_##name(int folder, const char *path, int how, ...);                                 \
    int __wrap_##name(int folder, const char *path, int how, ...);                                 \
    int __wrap_##name(int folder, const char *path, int how, ...)                                  \
    {                                                                                              \
        va_list args;                                                                              \
        va_start(args, how);                                                                       \
        mode_t mode = how & O_CREAT ? va_arg(args, mode_t) : 0;                                    \
        va_end(args);                                                                              \
        return fails() ? -1 : __real_##name(folder, path, how, mode);                              \
    }
WRAP_OPENAT(openat)
WRAP_OPENAT(openat64)

/* result name(one, two), and such. */
#define WRAP1(type, name, one)                                                                     \
    type __real_##name(one a);                                                                     \
    type __wrap_##name(one a);                                                                     \
    type __wrap_##name(one a)                                                                      \
    {                                                                                              \
        return fails() ? -1 : __real_##name(a);                                                    \
    }
#define WRAP2(type, name, one, two)                                                                \
    type __real_##name(one a, two b);                                                              \
    type __wrap_##name(one a, two b);                                                              \
    type __wrap_##name(one a, two b)                                                               \
    {                                                                                              \
        return fails() ? -1 : __real_##name(a, b);                                                 \
    }
#define WRAP4(type, name, one, two, three, four)                                                   \
    type __real_##name(one a, two b, three c, four d);                                             \
    type __wrap_##name(one a, two b, three c, four d);                                             \
    type __wrap_##name(one a, two b, three c, four d)                                              \
    {                                                                                              \
        return fails() ? -1 : __real_##name(a, b, c, d);                                           \
    }
WRAP2(int, fstat, int, struct stat *)
WRAP2(int, fstat64, int, struct stat *)
WRAP2(int, lstat, const char *, struct stat *)
WRAP2(int, lstat64, const char *, struct stat *)
WRAP4(ssize_t, pread, int, void *, size_t, off_t)
WRAP4(ssize_t, pread64, int, void *, size_t, off_t)
WRAP2(int, futimens, int, const struct timespec *)
WRAP2(int, flock, int, int)
WRAP2(int, rename, const char *, const char *)
WRAP1(int, unlink, const char *)
WRAP2(int, mkdir, const char *, mode_t)
WRAP1(int, fsync, int)

int __real_close(int fd);
int __wrap_close(int fd);
int __wrap_close(int fd)
{
    bool failed = fails();
    int reason = errno, result = __real_close(fd);
    errno = failed ? reason : errno;
    return failed ? -1 : result;
}

ssize_t __real_write(int fd, const void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size)
{
    int64_t left = room;
    if (fails())
        return -1;
    if (left < 0)
        return __real_write(fd, data, size);
    if (left == 0) {
        errno = ENOSPC;
        return -1;
    }
    ssize_t put = __real_write(fd, data, size < (size_t)left ? size : (size_t)left);
    room -= put > 0 ? put : 0;
    return put;
}

int __real_clock_gettime(clockid_t id, struct timespec *now);
int __wrap_clock_gettime(clockid_t id, struct timespec *now);
int __wrap_clock_gettime(clockid_t id, struct timespec *now)
{
    int result = __real_clock_gettime(id, now);
    if (id == CLOCK_REALTIME)
        now->tv_sec += (time_t)clock_step;
    return result;
}
