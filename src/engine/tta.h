/* SPDX-License-Identifier: MIT */
/* Test-time augmentation: the page goes through the network in its eight orientations (turned and
 * mirrored), the results are turned back and averaged before they are rounded.
 *
 * Holds the page's colours and the sum of the results whole. A pixel's sum is taken in the order of
 * the orientations, so it depends neither on threads nor on how the page is cut. */
#ifndef PLANCHE_ENGINE_TTA_H
#define PLANCHE_ENGINE_TTA_H

#include "backend/executor.h"
#include "engine/input.h"

#define PLANCHE_TTA_TURNS 8

struct planche_tta_options {
    uint32_t width, height; /* of the page */
    unsigned scale;
    unsigned colours; /* 1 or 3 */
    unsigned depth;   /* 8 or 16 */
};

struct planche_tta;

/* Whether rows become columns in this turn (0..PLANCHE_TTA_TURNS - 1); turn 0 is the page as it is.
 */
bool planche_tta_is_sideways(int turn);

/* Bytes that planche_tta_create takes from the budget; more than there can be when they cannot be
 * counted. */
uint64_t planche_tta_memory(const struct planche_tta_options *options);
/* Errors: MEMORY. */
enum planche_status planche_tta_create(struct planche_tta **out,
                                       const struct planche_tta_options *options,
                                       struct planche_budget *budget, struct planche_error *error);
void planche_tta_destroy(struct planche_tta **tta);

/* Reads the page's colours. */
enum planche_status planche_tta_fill(struct planche_tta *tta, struct planche_input *input,
                                     struct planche_error *error);
/* From now on rows are those of this turn. */
void planche_tta_turn(struct planche_tta *tta, int turn);
/* Pixels x .. x + count - 1 of row y of the turned page, valid until the next call. */
const void *planche_tta_row(struct planche_tta *tta, int64_t y, int64_t x, size_t count);
/* Adds a run of the turned result. */
void planche_tta_add(struct planche_tta *tta, int64_t y, int64_t x, size_t count,
                     const float *const planes[PLANCHE_PLANES]);
/* A row of the page's averages once all turns were added, valid until the next call. */
void planche_tta_mean(struct planche_tta *tta, int64_t y, const float *planes[PLANCHE_PLANES]);

#endif
