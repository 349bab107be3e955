/* SPDX-License-Identifier: MIT */
/* Chores: work on the disk that the loop does not wait for. */
#ifndef PLANCHE_BOOKS_CHORE_H
#define PLANCHE_BOOKS_CHORE_H

#include "http/loop.h"

#include <stdbool.h>

struct planche_job_queue;

/* Owned by who has it done, until done is called. */
struct planche_books_chore {
    bool (*run)(void *user);           /* on the thread of chores, one after the other */
    void (*done)(void *user, bool ok); /* on the loop's; false also if it was cancelled */
    void *user;
    struct planche_http_loop *loop; /* the rest is its own */
    struct planche_http_task task;
    bool ok;
};

/* Has a chore done. */
void planche_books_chore_begin(struct planche_books_chore *chore, struct planche_job_queue *queue,
                               struct planche_http_loop *loop);

#endif
