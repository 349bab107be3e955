/* SPDX-License-Identifier: MIT */
/* Page I/O of executors: rows of the page, as values or as pixels, turned as test-time augmentation
 * has them, and rows of the result into the output. */
#ifndef PLANCHE_ENGINE_NETWORK_IO_H
#define PLANCHE_ENGINE_NETWORK_IO_H

#include "engine/engine.h"
#include "engine/output.h"
#include "engine/tta.h"

/* Set by its owner, for one page; nothing is owned. */
struct planche_network_io {
    const struct planche_kernels *kernels; /* the engine's */
    const struct planche_net *net;
    struct planche_input *input;
    struct planche_output *output;
    struct planche_tta *tta; /* NULL: the page as it is */
    int turn;                /* of tta, that runs */
    /* Called often, done in 0..1. */
    void (*progress)(void *user, double done);
    void *user;
    const struct planche_cancel_token *cancel;
    const struct planche_trace *trace;
};

/* The functions for an executor; network must stay. */
struct planche_page_io planche_network_io_make(struct planche_network_io *network);

#endif
