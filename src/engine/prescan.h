/* SPDX-License-Identifier: MIT */
/* Prescan of a page's file before the network runs: whether it has any colour, and how much its
 * rows vary, and what else is measured. */
#ifndef PLANCHE_ENGINE_PRESCAN_H
#define PLANCHE_ENGINE_PRESCAN_H

#include "choice/measure.h"
#include "engine/input.h"

struct planche_prescan {
    bool grey;          /* in: whether to ask; out: no visible pixel's colours are more than a level
                           apart */
    uint8_t *variation; /* NULL, or a number for each row: how far apart its samples are in
                           the channel in which they are farthest, 0..255; 0: of one colour */
    struct planche_measure *measure; /* NULL, or what is to see the rows */
    struct planche_greys *greys;     /* NULL, or counts the samples of all rows of a page without
                                        colours;     of another it has some */
};

/* Reads a file's rows, as far as there is something left to learn, and goes back to the first. */
enum planche_status planche_prescan_run(struct planche_prescan *prescan,
                                        struct planche_input *input, struct planche_error *error);

#endif
