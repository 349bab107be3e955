/* SPDX-License-Identifier: MIT */
/* Estimate of the time left, from work done and the time it took. */
#include "enlarge/estimate.h"

#include <math.h>

/* Time constant in seconds, and the least number of pages that it holds. */
#define FADE_SECONDS 120.0
#define FADE_PAGES   6.0
/* Earlier estimates jump about. */
#define FIRST_SECONDS 1.0

void planche_cli_estimate_start(struct planche_cli_estimate *estimate, double now)
{
    *estimate = (struct planche_cli_estimate){.now = now};
}

/* Work per second; 0: not known. */
static double speed(const struct planche_cli_estimate *estimate)
{
    return estimate->seconds > 0.0 ? estimate->work / estimate->seconds : 0.0;
}

static double mean_work(const struct planche_cli_estimate *estimate)
{
    return estimate->pages > 0 ? estimate->page_work / (double)estimate->pages : 0.0;
}

void planche_cli_estimate_update(struct planche_cli_estimate *estimate, double now, double done,
                                 bool computing)
{
    double seconds = now - estimate->now, work = done - estimate->done;
    if (seconds < 0.0)
        return;
    estimate->now = now;
    estimate->done = done;
    if (!computing && work <= 0.0) {
        estimate->idle += seconds;
        return;
    }
    double pages = FADE_PAGES * planche_cli_estimate_page_seconds(estimate);
    double kept = exp(-seconds / (pages > FADE_SECONDS ? pages : FADE_SECONDS));
    estimate->work = estimate->work * kept + (work > 0.0 ? work : 0.0);
    estimate->seconds = estimate->seconds * kept + seconds;
}

void planche_cli_estimate_page(struct planche_cli_estimate *estimate, double work)
{
    estimate->page_work += work;
    estimate->pages++;
}

void planche_cli_estimate_book(struct planche_cli_estimate *estimate)
{
    estimate->books++;
}

void planche_cli_estimate_restart(struct planche_cli_estimate *estimate, double now, double done)
{
    estimate->now = now;
    estimate->done = done;
}

double planche_cli_estimate_left(const struct planche_cli_estimate *estimate, double work,
                                 size_t books)
{
    if (work > 0.0 && (estimate->seconds < FIRST_SECONDS || speed(estimate) <= 0.0))
        return -1.0;
    double pages = work > 0.0 ? work / speed(estimate) : 0.0;
    /* The book that runs has spent some of its own idle time: its share is small. */
    double a_book = estimate->books > 0 ? estimate->idle / (double)estimate->books : 0.0;
    return pages + a_book * (double)books;
}

double planche_cli_estimate_page_seconds(const struct planche_cli_estimate *estimate)
{
    double rate = speed(estimate);
    return estimate->pages > 0 && rate > 0.0 ? mean_work(estimate) / rate : -1.0;
}
