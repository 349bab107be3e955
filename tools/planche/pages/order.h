/* SPDX-License-Identifier: MIT */
/* Order: which of the pages that wait is next.
 *
 * A class goes before the next one, always. Within a class sessions take turns, so that one reader
 * with fifty pages does not keep another waiting. Within a session the newest burst is first: pages
 * that came within half a second of each other, as a reader's program asks for them when a chapter
 * is opened or somebody jumps. Within a burst the oldest is first: what is on the screen was asked
 * for before what follows it. */
#ifndef PLANCHE_PAGES_ORDER_H
#define PLANCHE_PAGES_ORDER_H

#include "pages/flight.h"

#define PLANCHE_PAGES_SESSIONS 64 /* that are remembered */
#define PLANCHE_PAGES_BURST_NS INT64_C(500000000)

struct planche_pages_session {
    uint64_t id, burst;
    uint64_t served; /* the turn that it had last */
    int64_t arrival; /* of its last page */
};

/* Zeroed, nobody has come yet. */
struct planche_pages_order {
    struct planche_pages_session sessions[PLANCHE_PAGES_SESSIONS];
    uint64_t turns, bursts;
};

/* Notes that a page has come, and sets its burst. */
void planche_pages_order_arrive(struct planche_pages_order *order,
                                struct planche_pages_flight *flight);
/* The next of a list, NULL of an empty one; its session has had its turn. */
struct planche_pages_flight *planche_pages_order_next(struct planche_pages_order *order,
                                                      struct planche_pages_flight *list);

#endif
