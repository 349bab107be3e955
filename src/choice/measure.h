/* SPDX-License-Identifier: MIT */
/* Measurement of a page: its rows once, from the top, in a few rows of memory. What comes out is
 * the same on every machine: everything is counted in integers, by one thread. */
#ifndef PLANCHE_CHOICE_MEASURE_H
#define PLANCHE_CHOICE_MEASURE_H

#include "choice/blocks.h"
#include "codec/codec.h"

/* What is known of a page before it runs. */
struct planche_signs {
    uint32_t width, height;
    enum planche_format format;
    bool measured;               /* rows were seen; else what follows is zero but for the file's */
    bool grey;                   /* it has no colours */
    unsigned file_quality;       /* of its own encoder, 1..100; 0: not known, or nothing was lost */
    unsigned chroma;             /* as in struct planche_encoding */
    unsigned past_quality;       /* of a JPEG file that its pixels come from; 0: no trace of one */
    unsigned flat, screen, soft; /* percent of the blocks that were seen: of one colour; dots of
                                    screentone; soft as in paintings */
};

/* Of one page, for its thread. */
struct planche_measure {
    struct planche_image_info info; /* its metadata is not looked at */
    struct planche_encoding encoding;
    struct planche_blocks blocks;
    uint8_t *luma; /* a row */
};

/* For pages like this. False: no memory; nothing is to be stopped then. */
bool planche_measure_start(struct planche_measure *measure, const struct planche_image_info *info,
                           const struct planche_encoding *encoding, struct planche_budget *budget);
void planche_measure_stop(struct planche_measure *measure);
void planche_measure_add(struct planche_measure *measure, const void *row);
/* Whether the rest of the page is not worth reading. */
bool planche_measure_is_enough(const struct planche_measure *measure);
/* What was found. grey: what the caller knows. */
struct planche_signs planche_measure_signs(const struct planche_measure *measure, bool grey);

#endif
