/* SPDX-License-Identifier: MIT */
/* Maker: who makes pages in the place of this process's engines. */
#ifndef PLANCHE_PAGES_MAKER_H
#define PLANCHE_PAGES_MAKER_H

#include "pages/flight.h"

struct planche_pages_made {
    void *data; /* the page's file, to be freed */
    size_t size;
    bool here; /* it was not made: this process is to make it, between enter and leave */
};

struct planche_pages_maker {
    /* On a worker's thread: sets page, model, queued_ms, absent and error of the flight. */
    enum planche_status (*make)(void *user, struct planche_pages_flight *flight,
                                struct planche_cancel *cancel, struct planche_pages_made *made);
    /* Around a page that this process makes after all; enter waits, and is false if the page was
     * cancelled meanwhile. */
    bool (*enter)(void *user, const struct planche_cancel *cancel);
    void (*leave)(void *user);
    void *user;
};

#endif
