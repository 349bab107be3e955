/* SPDX-License-Identifier: MIT */
/* Chores: work on the disk that the loop does not wait for. */
#include "books/chore.h"

#include <planche/job.h>

static void on_done(void *user)
{
    struct planche_books_chore *chore = user;
    chore->done(chore->user, chore->ok);
}

static enum planche_status run_chore(void *user, struct planche_cancel *cancel)
{
    struct planche_books_chore *chore = user;
    (void)cancel;
    chore->ok = chore->run(chore->user);
    return PLANCHE_OK;
}

static void chore_done(void *user, enum planche_status status)
{
    struct planche_books_chore *chore = user;
    (void)status;
    planche_http_loop_post(chore->loop, &chore->task);
}

void planche_books_chore_begin(struct planche_books_chore *chore, struct planche_job_queue *queue,
                               struct planche_http_loop *loop)
{
    struct planche_job job = PLANCHE_JOB_INIT;
    chore->ok = false;
    chore->loop = loop;
    chore->task = (struct planche_http_task){.run = on_done, .user = chore};
    job.run = run_chore;
    job.done = chore_done;
    job.user = chore;
    if (planche_job_try_submit(queue, &job, NULL, NULL) == PLANCHE_OK)
        return;
    /* The queue is full, or takes no more because the process ends. */
    chore->ok = chore->run(chore->user);
    planche_http_loop_post(loop, &chore->task);
}
