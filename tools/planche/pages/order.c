/* SPDX-License-Identifier: MIT */
/* Order: which of the pages that wait is next. */
#include "pages/order.h"

#include <stddef.h>

/* The session, or the place of the one that was heard of longest ago, emptied. */
static struct planche_pages_session *find(struct planche_pages_order *order, uint64_t id)
{
    struct planche_pages_session *oldest = &order->sessions[0];
    for (size_t i = 0; i < PLANCHE_PAGES_SESSIONS; i++) {
        struct planche_pages_session *session = &order->sessions[i];
        if (session->id == id && session->arrival != 0)
            return session;
        if (session->arrival < oldest->arrival)
            oldest = session;
    }
    *oldest = (struct planche_pages_session){.id = id};
    return oldest;
}

void planche_pages_order_arrive(struct planche_pages_order *order,
                                struct planche_pages_flight *flight)
{
    struct planche_pages_session *session = find(order, flight->wish.session);
    if (session->arrival == 0 || flight->arrival - session->arrival > PLANCHE_PAGES_BURST_NS)
        session->burst = ++order->bursts;
    session->arrival = flight->arrival;
    flight->burst = session->burst;
}

static uint64_t turn_of(const struct planche_pages_order *order, uint64_t id)
{
    for (size_t i = 0; i < PLANCHE_PAGES_SESSIONS; i++) {
        if (order->sessions[i].id == id)
            return order->sessions[i].served;
    }
    return 0;
}

static bool is_before(const struct planche_pages_order *order, const struct planche_pages_flight *a,
                      const struct planche_pages_flight *b)
{
    if (a->wish.class != b->wish.class)
        return a->wish.class < b->wish.class;
    if (a->wish.session != b->wish.session) {
        uint64_t mine = turn_of(order, a->wish.session), other = turn_of(order, b->wish.session);
        if (mine != other)
            return mine < other;
    } else if (a->burst != b->burst) {
        return a->burst > b->burst;
    }
    return a->arrival < b->arrival;
}

struct planche_pages_flight *planche_pages_order_next(struct planche_pages_order *order,
                                                      struct planche_pages_flight *list)
{
    struct planche_pages_flight *best = list;
    for (struct planche_pages_flight *flight = list; flight != NULL; flight = flight->next) {
        if (is_before(order, flight, best))
            best = flight;
    }
    for (size_t i = 0; best != NULL && i < PLANCHE_PAGES_SESSIONS; i++) {
        if (order->sessions[i].id == best->wish.session)
            order->sessions[i].served = ++order->turns;
    }
    return best;
}
