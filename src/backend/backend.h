/* SPDX-License-Identifier: MIT */
/* What the engine and a backend say to each other while a page runs. */
#ifndef PLANCHE_BACKEND_BACKEND_H
#define PLANCHE_BACKEND_BACKEND_H

#include "base/cancel.h"

#include <planche/types.h>
#include <stddef.h>
#include <stdint.h>

/* Network inputs and outputs have three channels. */
#define PLANCHE_PLANES 3

/* The caller's side of a page. All calls come from the thread that runs the page. */
struct planche_page_io {
    void *user;
    /* Fills one row of the page, columns x .. x + count - 1, as network input values. Rows ascend
     * within a pass; a smaller y begins another pass. */
    enum planche_status (*fetch)(void *user, int64_t y, int64_t x, size_t count,
                                 float *const planes[PLANCHE_PLANES], struct planche_error *error);
    /* Takes one row of network output values for the enlarged page; every pixel comes once. Rows
     * ascend but where the page is cut into stripes. */
    enum planche_status (*emit)(void *user, int64_t y, int64_t x, size_t count,
                                const float *const planes[PLANCHE_PLANES],
                                struct planche_error *error);
    /* Called often, done in 0..1; may be NULL. */
    void (*progress)(void *user, double done);
    const struct planche_cancel_token *cancel; /* checked as often; may be NULL */
};

#endif
