/* SPDX-License-Identifier: MIT */
/* Pages: options, results, and the functions that run one image through an engine. */
#ifndef PLANCHE_PAGE_H
#define PLANCHE_PAGE_H

#include <planche/cancel.h>
#include <planche/error.h>
#include <planche/types.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct planche_engine;

/* What becomes of files with colour channels in which nothing has a colour. */
enum planche_grey {
    PLANCHE_GREY_KEEP = 0, /* they are run and stored with the channels they have */
    PLANCHE_GREY_AUTO = 1  /* pages whose pixels' channels are all within a level are run as grey,
                              and stored so where the format and the profile allow */
};

/* What becomes of results that are larger than their format can hold. */
enum planche_on_limit {
    PLANCHE_ON_LIMIT_FAIL = 0,   /* LIMIT, before any work is done */
    PLANCHE_ON_LIMIT_SWITCH = 1, /* another format: JPEG in the place of lossy WebP and AVIF if it
                                    holds all there is, else PNG; the output's extension follows */
    PLANCHE_ON_LIMIT_SPLIT = 2   /* files: several parts down the page, cut where it is blank, or
                                    where least happens; see planche_page_result.parts */
};

/* Called now and then from the thread that runs the page, done in 0..1, never less than before. */
typedef void (*planche_progress_fn)(void *user, double done);

struct planche_page_options {
    size_t struct_size;
    enum planche_format format;
    int quality;   /* 1..100; 0: 90; not of PNG and of what is lossless */
    int lossless;  /* WebP, AVIF, JPEG XL */
    int png_level; /* zlib level 1..9; 0: default */
    int overwrite; /* planche_engine_run_file: replace an existing output */
    planche_progress_fn progress;
    void *progress_user;
    int tta; /* not 0: run the page in its 8 orientations and average the results: 8 times the
                arithmetic, and memory for the whole page and 4 bytes for each sample of the result
                (12 bytes a pixel, grey 4) */
    /* Most pixels a side of the result; 0: any number. The network enlarges by the model's scale,
     * and what it made is then reduced in proportion, in linear light. A result that is smaller
     * than this stays so: see output_width and output_height. */
    uint32_t width, height;
    int provenance;                 /* files and bytes: the result's XMP says what it was made from:
                                                       planche_provenance_read */
    enum planche_grey grey;         /* files and bytes */
    enum planche_on_limit on_limit; /* files and bytes; bytes are not split: LIMIT */
    struct planche_cancel *cancel;  /* of the caller, ends the page as CANCELLED; NULL: nothing */
    /* Of a page that waits for others: the more urgent one runs first, with equal urgency the one
     * with the earlier deadline, then the one that came first. A page that has waited for ten
     * seconds counts as one of the next class. */
    enum planche_priority priority;
    uint64_t deadline_ms; /* from the call on; a page that takes longer ends as DEADLINE; 0: none */
};
#define PLANCHE_PAGE_OPTIONS_INIT PLANCHE_STRUCT_INIT(struct planche_page_options)

/* What happened to a page. Times are wall clock; rows are encoded while the network makes more, so
 * that they may add up to more than the page took. */
struct planche_page_result {
    size_t struct_size;
    uint32_t input_width, input_height, output_width, output_height;
    enum planche_format format; /* of the output */
    double decode_ms, network_ms, encode_ms;
    uint64_t peak_bytes;     /* most of the budget in use while the page ran */
    unsigned parts;          /* files the result was split into; 1: it was not */
    int switched;            /* the format is another than was asked for */
    const char *backend;     /* "cpu" or "vulkan": what made it; static; NULL: nothing has */
    double gpu_ms;           /* time the GPU took, of network_ms; 0: the CPU made it */
    unsigned tiles;          /* that the GPU computed */
    int redone;              /* GPUs failed, and the page was made on the CPU from its beginning */
    char redone_reason[128]; /* why; "" otherwise */
};
#define PLANCHE_PAGE_RESULT_INIT PLANCHE_STRUCT_INIT(struct planche_page_result)

/* Enlarges the image file at input into the file at output. The output appears complete under its
 * name (written to a temporary file in the same folder, synced, renamed) or not at all. options and
 * result may be NULL. Errors: IO, DATA, LIMIT, BUDGET, MEMORY, EXISTS, CANCELLED, DEADLINE,
 * NOT_FOUND, UNSUPPORTED. */
PLANCHE_API enum planche_status planche_engine_run_file(const struct planche_engine *engine,
                                                        const char *input, const char *output,
                                                        const struct planche_page_options *options,
                                                        struct planche_page_result *result,
                                                        struct planche_error *error);

/* The name of a file that planche_engine_run_file has made for `output`: part 1..result->parts of a
 * result that was split is NAME-PART.EXT, and a format that was switched has its own extension.
 * Like snprintf: fills name with at most size bytes and returns the length there is. */
PLANCHE_API size_t planche_page_file_name(char *name, size_t size, const char *output,
                                          const struct planche_page_result *result, unsigned part);

/* What planche_engine_run_file would make of a page of this size without transparency, found
 * without an engine from its model's scale and its max_pixels (0: the default): the sizes, format
 * (AUTO: WebP), switched and, as parts, the least there would be. options may be NULL. Errors:
 * LIMIT, UNSUPPORTED, ARGUMENT. */
PLANCHE_API enum planche_status planche_page_predict(uint32_t width, uint32_t height,
                                                     unsigned scale, uint64_t max_pixels,
                                                     const struct planche_page_options *options,
                                                     struct planche_page_result *result,
                                                     struct planche_error *error);

/* Encoded bytes in, encoded bytes out. *out_data is allocated here, to be freed with
 * planche_free_bytes(). options->format AUTO means WebP. Counts against the engine's budget only
 * while the call runs. */
PLANCHE_API enum planche_status planche_engine_run_bytes(const struct planche_engine *engine,
                                                         const void *data, size_t size,
                                                         void **out_data, size_t *out_size,
                                                         const struct planche_page_options *options,
                                                         struct planche_page_result *result,
                                                         struct planche_error *error);
PLANCHE_API void planche_free_bytes(void *data);

/* What a page that was made with planche_page_options.provenance says in its XMP (namespace
 * "urn:planche:1"). */
struct planche_provenance {
    size_t struct_size;
    char source[65];  /* sha256 of the file it was made from, hexadecimal; "": it says nothing */
    char model[64];   /* variant and scale: "up2x-conservative 2x" */
    char version[16]; /* of Planche */
    uint32_t width, height; /* of the image, whether it says anything or not */
};
#define PLANCHE_PROVENANCE_INIT PLANCHE_STRUCT_INIT(struct planche_provenance)

/* Reads the provenance of the image file at path; its pixels are not decoded. Errors: NOT_FOUND,
 * IO, DATA, UNSUPPORTED, LIMIT, MEMORY. */
PLANCHE_API enum planche_status planche_provenance_read(const char *path,
                                                        struct planche_provenance *provenance,
                                                        struct planche_error *error);

/* stride: bytes from one row to the next, at least width times the size of a pixel. Rows of 16-bit
 * samples begin at even addresses: data and stride are even. */
struct planche_pixels {
    enum planche_pixel_format format;
    uint32_t width, height;
    size_t stride;
    void *data;
};

/* Pixels in, pixels out: out must have the format of in and scale times its width and height, or
 * what the options' width and height make of that; its memory is the caller's. Alpha is straight
 * (not premultiplied). Errors: ARGUMENT, LIMIT, BUDGET, MEMORY, CANCELLED, DEADLINE. */
PLANCHE_API enum planche_status
planche_engine_run_pixels(const struct planche_engine *engine, const struct planche_pixels *in,
                          const struct planche_pixels *out,
                          const struct planche_page_options *options,
                          struct planche_page_result *result, struct planche_error *error);

#ifdef __cplusplus
}
#endif
#endif
