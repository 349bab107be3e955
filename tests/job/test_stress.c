/* SPDX-License-Identifier: MIT */
/* The job queue under several threads that submit and cancel at random: every accepted job ends
 * once, and nothing exceeds its bounds. Also run under ThreadSanitizer. */
#include "support/quick.h"
#include "support/random.h"
#include "support/testing.h"

#include "job/queue.h"

#include <stdatomic.h>
#include <stdio.h>

#define SUBMITTERS 4
#define WORKERS    3
#define CAPACITY   5
#define KEYS       3
#define JOBS       1500
#define SEED       11

struct shared {
    struct planche_job_queue *queue;
    atomic_int running, most_running, same_key[KEYS], twins;
    atomic_ullong last_id;
    atomic_uint ends[16]; /* by status */
};

struct piece {
    struct shared *shared;
    int key; /* -1: none */
    unsigned spins;
    bool accepted;
    atomic_int runs, dones;
};

struct submitter {
    struct shared *shared;
    struct planche_thread thread;
    uint64_t seed;
    unsigned refused;
    struct piece pieces[JOBS];
};

static enum planche_status run(void *user, struct planche_cancel *cancel)
{
    struct piece *piece = user;
    struct shared *shared = piece->shared;
    int now = atomic_fetch_add(&shared->running, 1) + 1;
    int most = shared->most_running;
    while (now > most && !atomic_compare_exchange_weak(&shared->most_running, &most, now))
        ;
    if (piece->key >= 0 && atomic_fetch_add(&shared->same_key[piece->key], 1) > 0)
        shared->twins++;
    piece->runs++;
    enum planche_status status = PLANCHE_OK;
    for (unsigned i = 0; i < piece->spins && !status; i++)
        if (planche_cancel_requested(cancel))
            status = PLANCHE_ERROR_CANCELLED;
    if (piece->key >= 0)
        shared->same_key[piece->key]--;
    shared->running--;
    return status;
}

static void done(void *user, enum planche_status status)
{
    struct piece *piece = user;
    piece->dones++;
    piece->shared->ends[status]++;
}

static void submit_one(struct submitter *submitter, struct piece *piece)
{
    static const char *const keys[KEYS] = {"red", "green", "blue"};
    uint64_t *seed = &submitter->seed;
    struct shared *shared = submitter->shared;
    uint64_t id = 0;
    struct planche_job job = PLANCHE_JOB_INIT;
    piece->shared = shared;
    piece->key = test_random_int(seed, -2, KEYS - 1);
    piece->key = piece->key < 0 ? -1 : piece->key;
    piece->spins = (unsigned)test_random_int(seed, 0, 2000);
    job.run = run;
    job.done = done;
    job.user = piece;
    job.key = piece->key < 0 ? NULL : keys[piece->key];
    job.priority = (enum planche_priority)test_random_int(seed, 0, 2);
    job.deadline_ms = test_random_int(seed, 0, 3) ? 0 : (uint64_t)test_random_int(seed, 1, 3);
    enum planche_status status = test_random_int(seed, 0, 3)
                                     ? planche_job_submit(shared->queue, &job, NULL, &id, NULL)
                                     : planche_job_try_submit(shared->queue, &job, &id, NULL);
    piece->accepted = status == PLANCHE_OK;
    submitter->refused += !piece->accepted;
    if (piece->accepted)
        shared->last_id = id;
    else if (status != PLANCHE_ERROR_LIMIT && status != PLANCHE_ERROR_DEADLINE)
        shared->twins += 1000; /* must not be */
}

static void submit(void *user)
{
    struct submitter *submitter = user;
    struct shared *shared = submitter->shared;
    int count = test_quick() ? JOBS / 5 : JOBS;
    for (int i = 0; i < count; i++) {
        submit_one(submitter, &submitter->pieces[i]);
        if (test_random_int(&submitter->seed, 0, 2) == 0)
            planche_job_cancel(shared->queue,
                               shared->last_id - (uint64_t)test_random_int(&submitter->seed, 0, 9));
        planche_mutex_lock(&shared->queue->mutex);
        if (shared->queue->waiting_count > CAPACITY)
            shared->twins += 1000;
        planche_mutex_unlock(&shared->queue->mutex);
    }
}

static void check(const struct submitter *submitter)
{
    for (int i = 0; i < JOBS; i++) {
        const struct piece *piece = &submitter->pieces[i];
        assert_int_equal(piece->dones, piece->accepted);
        assert_true(piece->runs <= piece->accepted);
    }
}

static void stress(bool drain)
{
    static struct submitter submitters[SUBMITTERS];
    struct shared shared = {0};
    const struct planche_job_queue_options options = {
        .struct_size = sizeof options,
        .workers = WORKERS,
        .capacity = CAPACITY,
        .aging_ms = 1,
    };
    assert_int_equal(planche_job_queue_create(&shared.queue, &options, NULL), PLANCHE_OK);
    for (unsigned i = 0; i < SUBMITTERS; i++) {
        submitters[i] = (struct submitter){.shared = &shared, .seed = SEED + i};
        assert_true(planche_thread_start(&submitters[i].thread, submit, &submitters[i]));
    }
    for (unsigned i = 0; i < SUBMITTERS; i++)
        planche_thread_join(&submitters[i].thread);
    if (drain)
        assert_int_equal(planche_job_queue_drain(shared.queue, NULL, NULL), PLANCHE_OK);
    planche_job_queue_destroy(&shared.queue);
    for (unsigned i = 0; i < SUBMITTERS; i++)
        check(&submitters[i]);
    assert_int_equal(shared.twins, 0);
    assert_true(shared.most_running <= WORKERS);
    assert_true(shared.ends[PLANCHE_OK] > 0);
    printf("seed %d: %u ok, %u cancelled, %u too late\n", SEED, shared.ends[PLANCHE_OK],
           shared.ends[PLANCHE_ERROR_CANCELLED], shared.ends[PLANCHE_ERROR_DEADLINE]);
}

static void test_drained(void **state)
{
    (void)state;
    stress(true);
}

static void test_destroyed(void **state)
{
    (void)state;
    stress(false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_drained),
        cmocka_unit_test(test_destroyed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
