/* SPDX-License-Identifier: MIT */
/* Rate of a worker. */
#include "queue/shared/rate.h"

#include <stdbool.h>

#define WINDOW_NS INT64_C(60000000000)
#define FEWEST    4 /* pages that the rate is of, however long they take */

static int64_t busy_at(const struct planche_queue_rate *rate, int64_t now)
{
    return rate->busy + (rate->running > 0 && now > rate->since ? now - rate->since : 0);
}

void planche_queue_rate_run(struct planche_queue_rate *rate, unsigned running, int64_t now)
{
    rate->busy = busy_at(rate, now);
    rate->since = now;
    rate->running = running;
}

void planche_queue_rate_end(struct planche_queue_rate *rate, int64_t now)
{
    rate->ends[rate->done++ % PLANCHE_QUEUE_RATE_PAGES] = busy_at(rate, now);
}

double planche_queue_rate_get(const struct planche_queue_rate *rate, int64_t now)
{
    int64_t busy = busy_at(rate, now), from = 0;
    uint64_t count = 0;
    /* From the end of a page that is before all that count, or from the beginning. */
    while (count < rate->done) {
        uint64_t before = rate->done - count - 1;
        int64_t end = rate->ends[before % PLANCHE_QUEUE_RATE_PAGES];
        bool full = count + 1 >= PLANCHE_QUEUE_RATE_PAGES;
        if (count > 0 && (full || (count >= FEWEST && busy - end > WINDOW_NS))) {
            from = end;
            break;
        }
        count++;
    }
    return busy > from ? (double)count * 1e9 / (double)(busy - from) : 0.0;
}
