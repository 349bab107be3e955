/* SPDX-License-Identifier: MIT */
/* A pool of threads that share loops.
 *
 * A loop (struct run) lives on its caller's stack and is listed in the pool while it has indices
 * left to claim. Threads join it under the lock, claim indices and leave; the caller takes it off
 * the list and waits until all have left. The indices are divided into shares, one for every
 * thread: a thread claims from its own share first and then helps with the others, so that in loop
 * after loop a thread meets the same part of the data, which its cache may still hold. Loops follow
 * each other within microseconds, so idle threads watch the pool for a moment before they sleep. */
#include "base/pool.h"

#include "base/status.h"
#include "os/clock.h"
#include "os/system.h"
#include "os/thread.h"

#include <string.h>

/* How long an idle thread watches before it sleeps, and a caller before it waits for the last
 * helper: several times the cost of waking a thread. */
#define SPIN_MS 0.2

/* Beyond this many threads, some have a share in common. */
#define MAX_SHARES 16

/* Indices next..end - 1 are left to claim; alone in its cache line. */
struct share {
    _Alignas(64) _Atomic size_t next;
    size_t end;
};

struct run {
    struct run *next;
    planche_pool_fn fn;
    void *user;
    size_t count;
    bool can_wait;            /* a task: anything else goes before it */
    _Atomic size_t claimed;   /* of all shares */
    _Atomic unsigned helpers; /* joined and not left; the last access of a helper is to lower it */
    unsigned share_count;
    struct share shares[MAX_SHARES];
};

struct planche_pool {
    unsigned threads; /* the caller's included */
    bool spin;        /* watching pays only when every thread has a CPU */
    struct planche_mutex lock;
    struct planche_cond work; /* runs were listed, or stop was set */
    struct planche_cond left; /* a run's last helper left */
    struct planche_cond room; /* there are fewer callers, or stop was set */
    struct run *runs;         /* under lock */
    unsigned sleepers;        /* under lock: threads that wait for work */
    unsigned callers;         /* under lock: threads that said so */
    bool stop;                /* under lock */
    _Atomic unsigned posts;   /* changes when runs are listed or stop is set */
    _Atomic unsigned waiters; /* callers that wait for left */
    unsigned started;
    struct worker {
        struct planche_thread thread;
        struct planche_pool *pool;
        unsigned number;
    } * workers; /* [threads - 1] */
};

static inline void cpu_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb");
#endif
}

/* Watches a counter until it differs from (or, with until_equal, equals) value or the time is up;
 * returns whether that came true. */
static bool watch(const struct planche_pool *pool, _Atomic unsigned *counter, unsigned value,
                  bool until_equal)
{
    if (!pool->spin)
        return (atomic_load(counter) == value) == until_equal;
    double end = planche_clock_ms() + SPIN_MS;
    do {
        for (int i = 0; i < 32; i++) {
            if ((atomic_load(counter) == value) == until_equal)
                return true;
            cpu_relax();
        }
    } while (planche_clock_ms() < end);
    return false;
}

static void divide(struct run *run, unsigned threads)
{
    run->share_count = threads < MAX_SHARES ? threads : MAX_SHARES;
    for (unsigned s = 0; s < run->share_count; s++) {
        atomic_init(&run->shares[s].next, run->count * s / run->share_count);
        run->shares[s].end = run->count * (s + 1) / run->share_count;
    }
}

/* Claims and runs indices until none is left, those of the worker's own share first. */
static void work_on(struct run *run, unsigned worker)
{
    for (unsigned s = 0; s < run->share_count; s++) {
        struct share *share = &run->shares[(worker + s) % run->share_count];
        for (;;) {
            size_t index = atomic_fetch_add(&share->next, 1);
            if (index >= share->end)
                break;
            atomic_fetch_add(&run->claimed, 1);
            run->fn(run->user, index, worker);
        }
    }
}

static bool goes_before(struct run *run, struct run *other)
{
    if (run->can_wait != other->can_wait)
        return other->can_wait;
    return atomic_load(&run->helpers) < atomic_load(&other->helpers);
}

/* Joins the listed loop with the fewest helpers that has indices left, or else a task. Lock held.
 */
static struct run *join_run(struct planche_pool *pool)
{
    struct run *best = NULL;
    for (struct run *run = pool->runs; run; run = run->next) {
        if (atomic_load(&run->claimed) < run->count && (!best || goes_before(run, best)))
            best = run;
    }
    if (best)
        atomic_fetch_add(&best->helpers, 1);
    return best;
}

/* The run is its caller's again once its helpers are 0: it must not be touched after that. */
static void leave_run(struct planche_pool *pool, struct run *run)
{
    if (atomic_fetch_sub(&run->helpers, 1) > 1 || atomic_load(&pool->waiters) == 0)
        return;
    planche_mutex_lock(&pool->lock);
    planche_cond_broadcast(&pool->left);
    planche_mutex_unlock(&pool->lock);
}

/* Callers beyond the first take the places of the last workers: more threads than CPUs would keep
 * each other from finishing what the rest waits for. Lock held. */
static void make_room(struct planche_pool *pool, unsigned number)
{
    bool waited = false;
    while (number + pool->callers > pool->threads && !pool->stop) {
        if (!waited)
            planche_cond_signal(&pool->work); /* what may have been for this one is another's */
        waited = true;
        planche_cond_wait(&pool->room, &pool->lock);
    }
}

/* Waits until worker `number` can join a run; NULL: the pool stops. */
static struct run *next_run(struct planche_pool *pool, unsigned number)
{
    struct run *run;
    bool watched = false;
    planche_mutex_lock(&pool->lock);
    for (;;) {
        make_room(pool, number);
        run = join_run(pool);
        if (run || pool->stop)
            break;
        if (watched) {
            pool->sleepers++;
            planche_cond_wait(&pool->work, &pool->lock);
            pool->sleepers--;
            watched = false;
            continue;
        }
        unsigned seen = atomic_load(&pool->posts);
        planche_mutex_unlock(&pool->lock);
        watched = !watch(pool, &pool->posts, seen, false);
        planche_mutex_lock(&pool->lock);
    }
    planche_mutex_unlock(&pool->lock);
    return run;
}

static void worker_main(void *argument)
{
    struct worker *worker = argument;
    struct run *run;
    while ((run = next_run(worker->pool, worker->number))) {
        work_on(run, worker->number);
        leave_run(worker->pool, run);
    }
}

/* Lists a run and wakes as many sleepers as it can use. */
static void post_run(struct planche_pool *pool, struct run *run, size_t helpers)
{
    planche_mutex_lock(&pool->lock);
    run->next = pool->runs;
    pool->runs = run;
    atomic_fetch_add(&pool->posts, 1);
    unsigned sleepers = pool->sleepers;
    planche_mutex_unlock(&pool->lock);
    if (sleepers <= helpers) {
        if (sleepers > 0)
            planche_cond_broadcast(&pool->work);
        return;
    }
    for (size_t i = 0; i < helpers; i++)
        planche_cond_signal(&pool->work);
}

/* Takes a run off the list and waits for its helpers. */
static void finish_run(struct planche_pool *pool, struct run *run)
{
    planche_mutex_lock(&pool->lock);
    struct run **link = &pool->runs;
    while (*link != run)
        link = &(*link)->next;
    *link = run->next;
    planche_mutex_unlock(&pool->lock);
    if (watch(pool, &run->helpers, 0, true))
        return;
    atomic_fetch_add(&pool->waiters, 1);
    planche_mutex_lock(&pool->lock);
    while (atomic_load(&run->helpers) > 0)
        planche_cond_wait(&pool->left, &pool->lock);
    planche_mutex_unlock(&pool->lock);
    atomic_fetch_sub(&pool->waiters, 1);
}

void planche_pool_run(struct planche_pool *pool, size_t count, planche_pool_fn fn, void *user)
{
    struct run run;
    run.fn = fn;
    run.user = user;
    run.count = count;
    run.can_wait = false;
    atomic_init(&run.claimed, 0);
    atomic_init(&run.helpers, 0);
    divide(&run, pool->threads);
    bool shared = count > 1 && pool->threads > 1;
    if (shared)
        post_run(pool, &run, count - 1);
    work_on(&run, 0);
    if (shared)
        finish_run(pool, &run);
}

void planche_pool_enter(struct planche_pool *pool)
{
    planche_mutex_lock(&pool->lock);
    pool->callers++;
    planche_mutex_unlock(&pool->lock);
}

void planche_pool_leave(struct planche_pool *pool)
{
    planche_mutex_lock(&pool->lock);
    pool->callers--;
    planche_mutex_unlock(&pool->lock);
    planche_cond_broadcast(&pool->room);
}

unsigned planche_pool_spare(struct planche_pool *pool)
{
    planche_mutex_lock(&pool->lock);
    unsigned others = pool->callers ? pool->callers - 1 : 0;
    planche_mutex_unlock(&pool->lock);
    return others < pool->threads ? pool->threads - others : 1;
}

struct planche_pool_task {
    struct planche_pool *pool;
    struct run run;
};

struct planche_pool_task *planche_pool_task_create(struct planche_pool *pool,
                                                   struct planche_budget *budget)
{
    struct planche_pool_task *task = planche_calloc(budget, 1, sizeof(*task));
    if (task)
        task->pool = pool;
    return task;
}

void planche_pool_task_destroy(struct planche_pool_task **task)
{
    planche_free(*task);
    *task = NULL;
}

void planche_pool_task_begin(struct planche_pool_task *task, planche_pool_fn fn, void *user)
{
    task->run = (struct run){.fn = fn, .user = user, .count = 1, .can_wait = true};
    divide(&task->run, 1);
    if (task->pool->threads > 1)
        post_run(task->pool, &task->run, 1);
}

bool planche_pool_task_is_done(struct planche_pool_task *task)
{
    return atomic_load(&task->run.claimed) == task->run.count &&
           atomic_load(&task->run.helpers) == 0;
}

void planche_pool_task_end(struct planche_pool_task *task)
{
    work_on(&task->run, 0);
    if (task->pool->threads > 1)
        finish_run(task->pool, &task->run);
}

unsigned planche_pool_threads(const struct planche_pool *pool)
{
    return pool->threads;
}

static bool start_workers(struct planche_pool *pool)
{
    for (; pool->started < pool->threads - 1; pool->started++) {
        struct worker *worker = &pool->workers[pool->started];
        worker->pool = pool;
        worker->number = pool->started + 1;
        if (!planche_thread_start(&worker->thread, worker_main, worker))
            break;
    }
    return pool->started == pool->threads - 1;
}

enum planche_status planche_pool_create(struct planche_pool **out, unsigned threads,
                                        struct planche_budget *budget, struct planche_error *error)
{
    *out = NULL;
    if (threads < 1)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "a thread pool needs a thread");
    struct planche_pool *pool = planche_calloc(budget, 1, sizeof *pool);
    struct worker *workers = planche_calloc(budget, threads, sizeof *workers);
    if (!pool || !workers) {
        planche_free(workers);
        planche_free(pool);
        return planche_fail_memory(error, budget, sizeof *pool + threads * sizeof *workers,
                                   "thread pool");
    }
    pool->threads = threads;
    pool->workers = workers;
    pool->spin = threads <= planche_system_cpus();
    planche_mutex_init(&pool->lock);
    planche_cond_init(&pool->work);
    planche_cond_init(&pool->left);
    planche_cond_init(&pool->room);
    *out = pool;
    if (start_workers(pool))
        return PLANCHE_OK;
    planche_pool_destroy(out);
    return planche_fail(error, PLANCHE_ERROR_MEMORY,
                        "the system cannot start %u threads; ask for fewer", threads);
}

void planche_pool_destroy(struct planche_pool **pool_pointer)
{
    struct planche_pool *pool = *pool_pointer;
    *pool_pointer = NULL;
    if (!pool)
        return;
    planche_mutex_lock(&pool->lock);
    pool->stop = true;
    atomic_fetch_add(&pool->posts, 1);
    planche_mutex_unlock(&pool->lock);
    planche_cond_broadcast(&pool->work);
    planche_cond_broadcast(&pool->room);
    for (unsigned i = 0; i < pool->started; i++)
        planche_thread_join(&pool->workers[i].thread);
    planche_cond_destroy(&pool->left);
    planche_cond_destroy(&pool->room);
    planche_cond_destroy(&pool->work);
    planche_mutex_destroy(&pool->lock);
    planche_free(pool->workers);
    planche_free(pool);
}
