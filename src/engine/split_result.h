/* SPDX-License-Identifier: MIT */
/* Split of a result: its files, one, or several that follow each other down the page, for a format
 * that cannot hold it as a whole. */
#ifndef PLANCHE_ENGINE_SPLIT_RESULT_H
#define PLANCHE_ENGINE_SPLIT_RESULT_H

#include "codec/codec.h"

/* Files of a result, written one after the other. */
struct planche_split_result {
    /* The owner's. */
    struct planche_image_info info; /* of the whole */
    struct planche_writer_options options;
    planche_sink_fn sink;
    void *sink_user;
    /* Called before the first byte of a part (0 ..) goes to sink; may be NULL. */
    enum planche_status (*begin)(void *user, struct planche_budget *budget, unsigned part,
                                 struct planche_error *error);
    uint32_t *ends; /* [count] the row behind each part */
    unsigned count;

    struct planche_writer *writer;
    unsigned part;
    uint32_t row;
};

/* Most parts of a page. */
#define PLANCHE_MAX_PARTS 1000

/* Sizes and rows that decide where a result is cut. */
struct planche_split_options {
    uint32_t in_height, out_height; /* rows of the page and of the result */
    uint32_t max_rows;              /* of a part */
    const uint8_t *variation;       /* of the page's rows: see prescan.h; NULL: all in one part */
};

/* Sets parts->ends and count: cuts through rows of one colour, as few as such rows allow, else
 * through rows in which least happens. ends is to be planche_free()d. Errors: LIMIT, MEMORY,
 * BUDGET. */
enum planche_status planche_split_choose(struct planche_split_result *parts,
                                         const struct planche_split_options *options,
                                         struct planche_error *error);
/* Rows of the tallest part. */
uint32_t planche_split_tallest(const struct planche_split_result *parts);

enum planche_status planche_split_open(struct planche_split_result *parts,
                                       struct planche_error *error);
enum planche_status planche_split_write(struct planche_split_result *parts, const void *row,
                                        size_t bytes, struct planche_error *error);
/* After the last row. */
enum planche_status planche_split_finish(struct planche_split_result *parts,
                                         struct planche_error *error);
/* Frees what belongs to writing; ends stays. */
void planche_split_close(struct planche_split_result *parts);

#endif
