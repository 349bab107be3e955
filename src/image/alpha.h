/* SPDX-License-Identifier: MIT */
/* Enlarges a plane of alpha by a whole factor, row by row, while the network enlarges the colours.
 *
 * Bicubic (Keys 1981, a = -1/2: Catmull-Rom), half-pixel centres, edges repeated. The weights of a
 * whole factor are fractions, so all is integer arithmetic with one rounding at the end: results
 * do not depend on how rows are grouped, and constant alpha stays exactly constant. */
#ifndef PLANCHE_IMAGE_ALPHA_H
#define PLANCHE_IMAGE_ALPHA_H

#include "base/alloc.h"

#include <planche/error.h>

#define PLANCHE_ALPHA_MAX_SCALE 64

struct planche_alpha;

struct planche_alpha_options {
    uint32_t width, height; /* of the input, pixels */
    unsigned scale;         /* 1..PLANCHE_ALPHA_MAX_SCALE */
    unsigned depth;         /* 8 or 16 */
    uint32_t ahead;         /* input rows that may wait before the output rows they serve are pulled
                               (0: every row that is ready is pulled before the next push) */
};

/* Bytes that planche_alpha_create takes from the budget; UINT64_MAX when they cannot be counted. */
uint64_t planche_alpha_memory(const struct planche_alpha_options *options);

/* Errors: ARGUMENT, MEMORY, BUDGET. */
enum planche_status planche_alpha_create(struct planche_alpha **out,
                                         const struct planche_alpha_options *options,
                                         struct planche_budget *budget,
                                         struct planche_error *error);
void planche_alpha_destroy(struct planche_alpha **alpha);

/* The next input row: width samples, step samples apart (alpha of RGBA: row + 3 samples, step 4).
 * False: there is no room before rows are pulled, or all rows were pushed; nothing happened. */
bool planche_alpha_push(struct planche_alpha *alpha, const void *row, size_t step);
/* Output rows that can be pulled now. */
uint32_t planche_alpha_ready(const struct planche_alpha *alpha);
/* The next output row: width * scale samples, step samples apart. False: none is ready. */
bool planche_alpha_pull(struct planche_alpha *alpha, void *row, size_t step);

#endif
