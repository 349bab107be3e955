/* SPDX-License-Identifier: MIT */
/* Clocks that jump, by LD_PRELOAD. The file that PLANCHE_TEST_CLOCK names has the nanoseconds that
 * the wall clock is off by, and those that the monotonic one is ahead, as two of int64_t; they may
 * change at any time, the second one upwards. Waits until a time of the wall clock end by it, as
 * the kernel's do; waits of the other one are as long as they were to be when they began. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SECOND    INT64_C(1000000000)
#define SLICE_NS  INT64_C(20000000)
#define MAX_CONDS 4096

static const _Atomic int64_t *offset;
static int (*real_gettime)(clockid_t, struct timespec *);
static int (*real_wait)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
static int (*real_init)(pthread_cond_t *, const pthread_condattr_t *);

/* Conditions whose times are of another clock. Few are ever destroyed. */
static pthread_cond_t *_Atomic others[MAX_CONDS];
static atomic_uint count;

static void *next(const char *name)
{
    void *function = dlsym(RTLD_NEXT, name);
    if (function == NULL)
        abort();
    return function;
}

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("PLANCHE_TEST_CLOCK");
    int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *map = fd >= 0 ? mmap(NULL, 2 * sizeof *offset, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;
    if (fd >= 0)
        close(fd);
    offset = map != MAP_FAILED ? map : NULL;
}

static int64_t wall(int64_t real)
{
    return real + (offset != NULL ? atomic_load(offset) : 0);
}

static int64_t ahead(void)
{
    return offset != NULL ? atomic_load(&offset[1]) : 0;
}

static int64_t to_ns(const struct timespec *time)
{
    return time->tv_sec * SECOND + time->tv_nsec;
}

static struct timespec from_ns(int64_t ns)
{
    return (struct timespec){.tv_sec = ns / SECOND, .tv_nsec = ns % SECOND};
}

static int64_t real_now(void)
{
    struct timespec now;
    if (real_gettime == NULL)
        *(void **)&real_gettime = next("clock_gettime");
    real_gettime(CLOCK_REALTIME, &now);
    return to_ns(&now);
}

int clock_gettime(clockid_t clock, struct timespec *out)
{
    if (real_gettime == NULL)
        *(void **)&real_gettime = next("clock_gettime");
    int status = real_gettime(clock, out);
    if (status == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        *out = from_ns(wall(to_ns(out)));
    else if (status == 0 && clock == CLOCK_MONOTONIC)
        *out = from_ns(to_ns(out) + ahead());
    return status;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
    int64_t now = wall(real_now());
    (void)zone;
    *out = (struct timeval){.tv_sec = now / SECOND, .tv_usec = now % SECOND / 1000};
    return 0;
}

time_t time(time_t *out)
{
    time_t now = wall(real_now()) / SECOND;
    if (out != NULL)
        *out = now;
    return now;
}

int pthread_cond_init(pthread_cond_t *restrict cond, const pthread_condattr_t *restrict attributes)
{
    clockid_t clock = CLOCK_REALTIME;
    if (real_init == NULL)
        *(void **)&real_init = next("pthread_cond_init");
    if (attributes != NULL)
        pthread_condattr_getclock(attributes, &clock);
    if (clock != CLOCK_REALTIME) {
        unsigned index = atomic_fetch_add(&count, 1);
        if (index >= MAX_CONDS)
            abort();
        atomic_store(&others[index], cond);
    }
    return real_init(cond, attributes);
}

static bool is_other(const pthread_cond_t *cond)
{
    unsigned end = atomic_load(&count);
    for (unsigned i = 0; i < end; i++) {
        if (atomic_load(&others[i]) == cond)
            return true;
    }
    return false;
}

int pthread_cond_timedwait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex,
                           const struct timespec *restrict until)
{
    if (real_wait == NULL)
        *(void **)&real_wait = next("pthread_cond_timedwait");
    if (is_other(cond)) {
        struct timespec real = from_ns(to_ns(until) - ahead());
        return real_wait(cond, mutex, &real);
    }
    for (;;) {
        int64_t now = real_now(), left = to_ns(until) - wall(now);
        struct timespec slice = from_ns(now + (left < SLICE_NS ? left : SLICE_NS));
        int status = real_wait(cond, mutex, &slice);
        if (status != ETIMEDOUT || left <= SLICE_NS)
            return status;
    }
}
