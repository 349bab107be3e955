/* SPDX-License-Identifier: MIT */
/* The enlarged page: network values become pixels, get their alpha and go to a writer or to memory,
 * row after row. A page that is to be smaller than the network made it is collected as it is, in
 * float, and rounded once, after the reduction. The writer gets its rows in batches, from whichever
 * thread has time, while the network makes the next ones. */
#ifndef PLANCHE_ENGINE_OUTPUT_H
#define PLANCHE_ENGINE_OUTPUT_H

#include "backend/executor.h"
#include "base/pool.h"
#include "base/trace.h"
#include "engine/input.h"
#include "engine/passes/relay.h"
#include "engine/split_result.h"
#include "image/alpha.h"
#include "image/downscale.h"
#include "kernels/kernels.h"

/* Output of a page: a band of the network's rows, and what finishes them and passes them
 * on. It owns its buffers; all else that it points to is the page's or the engine's. */
struct planche_output {
    struct planche_input *input;
    const struct planche_kernels *kernels;
    unsigned scale; /* of all networks: of the alpha */
    struct planche_budget *budget;
    const struct planche_trace *trace;
    struct planche_pool *pool;
    const struct planche_pixels *pixels; /* target; NULL: parts */
    struct planche_relay *relay;         /* takes the rows in the place of pixels; NULL */
    struct planche_split_result *parts;
    enum planche_pixel_format format;    /* rows as they are collected: the input's */
    enum planche_pixel_format target;    /* as the writer takes them */
    int64_t width, height;               /* as the network makes it */
    uint32_t out_width, out_height;      /* as it is delivered: as large or smaller */
    const struct planche_transfer *tone; /* of the page, if that is smaller */
    float value_scale, value_bias;       /* from what is put to 0..1 */
    bool takes_values; /* planes of floats are put; else pixels with their alpha */
    size_t row_bytes, out_row_bytes, target_row_bytes;
    uint8_t *band; /* band_rows rows: those that are not complete, and those that wait */
    uint8_t *reduced, *converted;
    int64_t *filled;                  /* [band_rows] pixels that have come */
    int64_t band_rows, next;          /* the row that is to be finished next */
    int64_t begun, written;           /* rows that the writer was given; that it has done with */
    struct planche_pool_task *task;   /* runs while written < begun */
    enum planche_status write_status; /* of the last batch, with its error */
    struct planche_error write_error;
    struct planche_alpha *alpha;
    uint16_t *alpha_row; /* of a page that is made smaller */
    struct planche_downscale *reduce;
    int64_t delivered; /* rows that pixels have */
    double ms,
        waited_ms; /* spent encoding; spent by the page's thread on that, or waiting for it */
};

/* Takes rows for an input enlarged by scale; format, target, sizes, tone, how values come and one
 * of pixels and parts are set by the caller beforehand, as are the first six fields. band_rows: see
 * planche_plan; with all rows of the result nobody waits for the writer before
 * planche_output_flush. */
enum planche_status planche_output_start(struct planche_output *output, int64_t band_rows,
                                         struct planche_error *error);
/* Bytes that everything but the band takes, and a row of the band (0: there is none). */
uint64_t planche_output_memory(const struct planche_output *output);
uint64_t planche_output_band_row(const struct planche_output *output);
void planche_output_close(struct planche_output *output);

/* Takes `count` pixels of row y from column x on, one of the band_rows rows from `next` on. Several
 * threads may do so at the same time, for different pixels. */
void planche_output_put(struct planche_output *output, int64_t y, int64_t x, size_t count,
                        const float *const planes[PLANCHE_PLANES]);
/* `count` more pixels of row y have been put. */
enum planche_status planche_output_add(struct planche_output *output, int64_t y, size_t count,
                                       struct planche_error *error);
/* Takes row y, the next one, as a whole: `colours` planes of values in 0..1 before clamping if it
 * takes values, else pixels as the input has them, with their alpha. */
enum planche_status planche_output_put_row(struct planche_output *output, int64_t y,
                                           const void *row, struct planche_error *error);
/* After the last row: the writer has them all when this returns. */
enum planche_status planche_output_flush(struct planche_output *output,
                                         struct planche_error *error);

#endif
