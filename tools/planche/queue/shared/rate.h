/* SPDX-License-Identifier: MIT */
/* Rate: pages a second that a worker makes while it has some. Time without a page does not count,
 * so that what it says of the time left is true at once when there is work again. */
#ifndef PLANCHE_QUEUE_RATE_H
#define PLANCHE_QUEUE_RATE_H

#include <stdint.h>

#define PLANCHE_QUEUE_RATE_PAGES 128

/* Zeroed: nothing was made. */
struct planche_queue_rate {
    int64_t busy;     /* time with pages, until since */
    int64_t since;    /* the clock then */
    unsigned running; /* pages, since then */
    uint64_t done;
    int64_t ends[PLANCHE_QUEUE_RATE_PAGES]; /* busy time at the ends of the last pages, in a ring */
};

/* So many pages run from now on. */
void planche_queue_rate_run(struct planche_queue_rate *rate, unsigned running, int64_t now);
/* A page was made. */
void planche_queue_rate_end(struct planche_queue_rate *rate, int64_t now);
/* By the last minute of work, or more where pages take longer; 0: none was made. */
double planche_queue_rate_get(const struct planche_queue_rate *rate, int64_t now);

#endif
