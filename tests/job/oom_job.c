/* SPDX-License-Identifier: MIT */
/* The job queue under failing allocations. */
#include "support/oom.h"

#include "support/testing.h"

#include <planche/job.h>

struct count {
    int accepted, runs, dones;
};

static enum planche_status run(void *user, struct planche_cancel *cancel)
{
    struct count *count = user;
    (void)cancel;
    count->runs++;
    return PLANCHE_OK;
}

static void done(void *user, enum planche_status status)
{
    struct count *count = user;
    (void)status;
    count->dones++;
}

static enum planche_status scenario(void *user, struct planche_budget *budget,
                                    struct planche_error *error)
{
    (void)user;
    (void)budget;
    struct count count = {0};
    struct planche_job_queue *queue;
    const struct planche_job job = {
        .struct_size = sizeof job, .run = run, .done = done, .user = &count, .key = "key"};
    enum planche_status status = planche_job_queue_create(&queue, NULL, error);
    for (int i = 0; i < 3 && !status; i++) {
        status = planche_job_submit(queue, &job, NULL, NULL, error);
        count.accepted += !status;
    }
    planche_job_queue_shutdown(queue);
    assert_int_equal(count.dones, count.accepted);
    planche_job_queue_destroy(&queue);
    return status;
}

static void test_job(void **state)
{
    (void)state;
    assert_int_equal(oom_run("job queue", scenario, NULL, 1), 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_job)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
