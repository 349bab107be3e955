/* SPDX-License-Identifier: MIT */
/* A page through a quantised network. */
#ifndef PLANCHE_BACKEND_CPU_INT8_PAGE_H
#define PLANCHE_BACKEND_CPU_INT8_PAGE_H

#include "backend/cpu/int8_network.h"
#include "backend/executor.h"
#include "net/net.h"

/* Rows that a layer makes at a time. */
#define PLANCHE_INT8_GROUP 8

/* Plan of a page: all rows at their full width, a few of each layer at a time. */
struct planche_int8_plan {
    const struct planche_int8_network *network;
    unsigned threads;
    int64_t width, height;      /* of the page */
    struct planche_shape shape; /* of the network's input */
    int64_t page_ring;          /* rows of the page that are kept for reflections */
    int64_t value_ring;         /* rows of the network's input */
    /* Where things lie in the slab. */
    size_t page, values, results, scratch, tensors;
    size_t bytes; /* of the slab */
    double macs;
};

/* Errors: LIMIT (sizes). */
enum planche_status planche_int8_plan(struct planche_int8_plan *plan,
                                      const struct planche_int8_network *network, int64_t width,
                                      int64_t height, unsigned threads,
                                      struct planche_error *error);
/* Errors: those of io, MEMORY, CANCELLED, DEADLINE. */
enum planche_status planche_int8_run(const struct planche_int8_plan *plan,
                                     struct planche_pool *pool, const struct planche_page_io *io,
                                     struct planche_budget *budget, struct planche_error *error);

#endif
