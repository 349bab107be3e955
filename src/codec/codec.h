/* SPDX-License-Identifier: MIT */
/* Image files row by row: readers and writers behind one interface, whatever the format.
 *
 * A reader delivers upright pages (EXIF orientation applied) of 1 (grey), 2 (grey, alpha), 3 (RGB)
 * or 4 (RGB, alpha) channels, interleaved, 8 bits or 16 bits in the machine's byte order, alpha
 * straight. CMYK pages arrive as sRGB; palettes are expanded. What cannot be streamed (interlaced
 * PNG, progressive JPEG, WebP, AVIF, JPEG XL, rotated pages) is held whole, counted against the
 * budget before it is allocated. */
#ifndef PLANCHE_CODEC_CODEC_H
#define PLANCHE_CODEC_CODEC_H

#include "base/alloc.h"
#include "base/cancel.h"
#include "base/log.h"

#include <planche/page.h>

/* A block of bytes counted in a budget. */
struct planche_blob {
    uint8_t *data;
    size_t size;
};

/* What travels with the pixels. Owned by the reader that found it. */
struct planche_metadata {
    struct planche_blob
        icc; /* ICC profile that fits the delivered channels; empty: sRGB or unknown */
    struct planche_blob
        exif; /* TIFF structure without the "Exif\0\0" prefix, orientation reset to 1 */
    struct planche_blob xmp;
    double x_density, y_density; /* pixels per metre; 0: unknown */
};

struct planche_image_info {
    uint32_t width, height;
    unsigned channels;                       /* 1, 2, 3 or 4 */
    unsigned depth;                          /* 8 or 16 */
    enum planche_format format;              /* of the file it came from or goes to */
    const struct planche_metadata *metadata; /* may be NULL */
};

/* What an encoder that loses something did to a picture, as far as its file tells. Zeroes: the file
 * has lost nothing, or does not say. */
struct planche_encoding {
    unsigned quality; /* 1..100, as libjpeg and libwebp count; 0: not known */
    unsigned chroma;  /* pixels that share a sample of colour: 1, 2, 4; 0: not known, or grey */
};

/* Bytes of one pixel. */
static inline size_t planche_image_pixel_size(const struct planche_image_info *info)
{
    return (size_t)info->channels * (info->depth / 8);
}

/* Where encoded bytes come from: a file (path) or memory (data, size; the caller's, must outlive
 * the reader). name is used in messages. Exactly one of path and data is set. */
struct planche_source {
    const char *name;
    const char *path;
    const void *data;
    size_t size;
};

struct planche_reading_ops;
struct planche_isolation;

struct planche_reader_options {
    struct planche_budget *budget;
    const struct planche_log
        *log;         /* warnings: a CMYK page without a profile, a profile that does not fit */
    bool header_only; /* no row will be read */
    bool check_only;  /* nothing but planche_reader_check will be called */
    uint64_t max_input_pixels; /* LIMIT before anything of that size is allocated; 0: 500,000,000 */
    unsigned scale;            /* > 1: max_input_pixels follows from a limit of the result, which */
    uint64_t max_result_pixels; /* is that many times as wide and high: the message speaks of it */
    const struct planche_reading_ops *reading; /* in place of what the format has for this process;
                                                  NULL: that */
    struct planche_isolation *isolation; /* whose programs decode, whatever the format: a file is
                                            not read in this process, but for what recognises it;
                                            may be NULL; must outlive the reader */
    const struct planche_cancel_token *cancel; /* asked while a helper program decodes; may be NULL;
                                                  must outlive the reader */
};

struct planche_reader;

/* Recognises the format by its first bytes (not by its name) and reads the header. */
enum planche_status planche_reader_open(struct planche_reader **out,
                                        const struct planche_source *source,
                                        const struct planche_reader_options *options,
                                        struct planche_error *error);
const struct planche_image_info *planche_reader_info(const struct planche_reader *reader);
const struct planche_encoding *planche_reader_encoding(const struct planche_reader *reader);
/* The next count rows, stride bytes apart. Errors: DATA for a damaged or truncated image, IO,
 * MEMORY, BUDGET. A truncated image is an error: it is never filled up with grey. */
enum planche_status planche_reader_read(struct planche_reader *reader, void *rows, size_t stride,
                                        uint32_t count, struct planche_error *error);
/* Decodes all of the image, and keeps nothing: whether reading all rows would succeed. Once. */
enum planche_status planche_reader_check(struct planche_reader *reader,
                                         struct planche_error *error);
/* Back to row 0. Whole pictures in memory are kept, not decoded again. */
enum planche_status planche_reader_rewind(struct planche_reader *reader,
                                          struct planche_error *error);
void planche_reader_destroy(struct planche_reader **reader);

/* What a format can hold. */
struct planche_format_caps {
    bool grey, alpha, deep;         /* one-channel files; transparency; 16 bits */
    uint32_t max_width, max_height; /* pixels */
    uint64_t max_pixels;            /* 0: no limit of its own */
};
const struct planche_format_caps *planche_format_get_caps(enum planche_format format);
/* As planche_format_from_name, planche_format_extension and planche_format_is_written. */
enum planche_format planche_codec_format_of(const char *file_name);
const char *planche_codec_extension(enum planche_format format);
bool planche_codec_is_written(enum planche_format format);
/* What a page that is to keep its format is written as: the same, or, if that is only read, PNG for
 * formats that lose nothing and JPEG for the others. */
enum planche_format planche_codec_kept(enum planche_format format);

#define PLANCHE_DEFAULT_EFFORT 4
#define PLANCHE_MAX_EFFORT     9

struct planche_writer_options {
    struct planche_budget *budget;
    int quality;                  /* 1..100; 0: the format's own */
    int lossless;                 /* WebP, AVIF, JPEG XL */
    int effort;                   /* 1 (fast)..9 (small); 0: PLANCHE_DEFAULT_EFFORT */
    struct planche_pool *pool;    /* whose idle threads help to encode; NULL: none do */
    planche_progress_fn progress; /* called while a whole picture is encoded; may be NULL */
    void *progress_user;
    const struct planche_cancel_token *cancel; /* checked meanwhile; may be NULL */
    const struct planche_log *log; /* warnings: metadata that the format cannot hold; may be NULL */
};

/* Receives encoded bytes in order. What it returns, if it is not OK, stops the writer, which
 * returns the same status and error. */
typedef enum planche_status (*planche_sink_fn)(void *user, const void *data, size_t size,
                                               struct planche_error *error);

struct planche_writer;

/* Checks that the format can hold info (limits, quality partition limits known beforehand): LIMIT
 * or UNSUPPORTED with a message that says what to do. Called before the network runs. */
enum planche_status planche_writer_check(const struct planche_image_info *info,
                                         const struct planche_writer_options *options,
                                         struct planche_error *error);
/* Bytes the writer will take from the budget at most, for planning. */
uint64_t planche_writer_memory(const struct planche_image_info *info,
                               const struct planche_writer_options *options);
/* info->format says which; info must be something the format can hold (see caps): the caller
 * converts. info->metadata must stay until the writer is destroyed; a profile in it that does not
 * fit the channels is replaced (grey written as RGB) or left out. */
enum planche_status planche_writer_open(struct planche_writer **out,
                                        const struct planche_image_info *info,
                                        const struct planche_writer_options *options,
                                        planche_sink_fn sink, void *sink_user,
                                        struct planche_error *error);
enum planche_status planche_writer_write(struct planche_writer *writer, const void *rows,
                                         size_t stride, uint32_t count,
                                         struct planche_error *error);
/* After the last row: completes the file. */
enum planche_status planche_writer_finish(struct planche_writer *writer,
                                          struct planche_error *error);
void planche_writer_destroy(struct planche_writer **writer);

#endif
