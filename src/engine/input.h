/* SPDX-License-Identifier: MIT */
/* The page that goes in: rows of colour for the network, rows of alpha for the resizer, as often as
 * passes ask. */
#ifndef PLANCHE_ENGINE_INPUT_H
#define PLANCHE_ENGINE_INPUT_H

#include "base/pool.h"
#include "choice/points.h"
#include "codec/codec.h"
#include "engine/passes/relay.h"
#include "image/bleed.h"
#include "net/net.h"

/* Exactly one of source and pixels is set. */
struct planche_input_options {
    const struct planche_source *source;
    const struct planche_pixels *pixels;
    struct planche_reader_options reader;
    struct planche_pool *pool; /* whose idle threads read ahead; NULL: none do */
};

/* Rows that are read ahead while a page runs, of a page that is read so. */
struct planche_input_ahead {
    struct planche_pool *pool;
    struct planche_pool_task *task; /* NULL: none are */
    int64_t end;                /* of the rows that the task reads; rows before next are there */
    int64_t read;               /* the task's: rows before this are there, too */
    double ms;                  /* the task's: spent reading */
    enum planche_status status; /* the task's: why row `read` is not there, and never will be */
    struct planche_error error;
};

/* Input of a page: rows of its colours and its alpha, from a reader or from pixels in memory. It
 * owns its readers and rows, and belongs to the thread that runs the page. */
struct planche_input {
    struct planche_reader *reader;       /* NULL: pixels */
    struct planche_reader *alpha_reader; /* a second look at the same file, for its alpha */
    const struct planche_pixels *pixels;
    struct planche_relay *relay; /* has rows of such pixels, from the top, each once; NULL */
    struct planche_budget *budget;
    uint32_t width, height;
    enum planche_pixel_format stored; /* as the file has it */
    enum planche_pixel_format format; /* as it is run: the same, or grey */
    unsigned colours;                 /* 1 or 3 */
    size_t stored_row_bytes, row_bytes, colour_row_bytes;
    struct planche_bleed *bleed;           /* of a page with alpha */
    const struct planche_stretch *stretch; /* of a grey page whose samples are moved; not owned */
    uint8_t *stored_row;                   /* one row as the file has it, if it is run as another */
    uint8_t *raw;        /* one row of the page, for what needs its alpha taken off */
    uint8_t *window;     /* the last rows of colours, and those that are read ahead */
    int64_t window_rows; /* of those that stay */
    int64_t ring_rows;   /* that there is room for */
    int64_t next;        /* row that comes next */
    int64_t asked;       /* rows before this were asked for */
    int64_t raw_next, alpha_next;
    struct planche_input_ahead ahead;
    double ms;        /* spent reading, by all threads */
    double waited_ms; /* of the page's own thread: reading, or waiting for it */
};

/* Opens the page; input->width, height and format are known afterwards. */
enum planche_status planche_input_open(struct planche_input *input,
                                       const struct planche_input_options *options,
                                       struct planche_error *error);
/* The same for pixels of colours alone that are not there yet: only their size and format count
 * before start. */
void planche_input_expect(struct planche_input *input, const struct planche_pixels *pixels,
                          struct planche_budget *budget);
/* Whether all rows are in memory as they are wanted: none is held beside them. */
bool planche_input_is_whole(const struct planche_input *input);
/* Before start: the file's colours are none, and from now on there is one channel for them. */
void planche_input_make_grey(struct planche_input *input);
/* Holds the last window_rows rows (at least 1), so that going back that far does not mean to read
 * again. */
enum planche_status planche_input_start(struct planche_input *input, int64_t window_rows,
                                        struct planche_error *error);
/* No more rows: frees the window and what belongs to it. */
void planche_input_stop(struct planche_input *input);
/* Bytes that a window of one row and everything beside it take. */
uint64_t planche_input_memory(const struct planche_input *input);
void planche_input_close(struct planche_input *input);

/* Row y of the colours (1 or 3 samples a pixel), valid until the next call. */
enum planche_status planche_input_row(struct planche_input *input, int64_t y, const void **row,
                                      struct planche_error *error);
/* The next row of the page with its alpha, from the top, valid until the next call of either. */
enum planche_status planche_input_alpha_row(struct planche_input *input, const void **row,
                                            struct planche_error *error);
const struct planche_metadata *planche_input_metadata(const struct planche_input *input);

#endif
