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

/* Grey detection: what happens to files that have colour channels but no colours. */
enum planche_grey {
    PLANCHE_GREY_KEEP = 0, /* run and store them with the channels that they have */
    PLANCHE_GREY_AUTO = 1  /* if in every pixel the channels differ by at most one level, run the
                              page as grey, and store it so if format and profile allow */
};

/* What happens to results that are larger than their format can hold. */
enum planche_on_limit {
    PLANCHE_ON_LIMIT_FAIL = 0,   /* the error LIMIT, before any work is done */
    PLANCHE_ON_LIMIT_SWITCH = 1, /* another format: JPEG instead of lossy WebP and AVIF if it can
                                    hold the result without loss of transparency, depth or size,
                                    else PNG; the output's extension is changed accordingly */
    PLANCHE_ON_LIMIT_SPLIT = 2   /* run_file only: several files, cut between rows, at rows of one
                                    colour if possible; see planche_page_result.parts */
};

/* Rule by which a page meets the target width and height. */
enum planche_fit {
    PLANCHE_FIT_BOX = 0,   /* in proportion, within both */
    PLANCHE_FIT_SCREEN = 1 /* as BOX, but what is read by scrolling or by turning the screen fills
                              it: a strip (higher than 3 times its width) is as wide as the target,
                              a spread (wider than high, at most 3 times; the target is higher than
                              wide) as high as the target */
};

/* planche_page_options.scale: the least scale that reaches the target. */
#define PLANCHE_SCALE_AUTO UINT32_MAX
/* Most networks that a page runs through, one after the other. */
#define PLANCHE_MAX_PASSES 6

/* Reports progress: done is 0..1 and never decreases. Called on the thread that runs the page,
 * after every few rows: hundreds of times for a large page. */
typedef void (*planche_progress_fn)(void *user, double done);

/* Options of a page. The caller owns all that they point to, until the call returns. */
struct planche_page_options {
    size_t struct_size;
    enum planche_format format;
    int quality;   /* 1..100, in the numbers of the format's library; 0: as good in every format as
                      WebP with 90, namely 90 for WebP and JPEG, 82 for AVIF, 87 for JPEG XL. Not
                      used by PNG and by lossless formats */
    int lossless;  /* not 0: lossless WebP, AVIF, JPEG XL */
    int effort;    /* of the encoder, all formats: 1 (fast) to 9 (small); 0: as 4. From 5 on JPEG
                      takes memory for the whole page */
    int overwrite; /* planche_engine_run_file: replace an existing output */
    planche_progress_fn progress;
    void *progress_user;
    int tta; /* not 0: run the page in its 8 orientations and average the results: 8 times the
                arithmetic, and memory for the whole page and 4 bytes for each sample of the result
                (12 bytes a pixel, grey 4) */
    /* Target: width and height of the result in pixels; 0: any. With a scale of its own or the
     * engine's (see scale), a result that is larger is reduced in proportion, in linear light, to
     * fit, and one that fits already is not changed. With PLANCHE_SCALE_AUTO every page is made as
     * large as the target. output_width and output_height tell the size. */
    uint32_t width, height;
    /* The next three are not used by planche_engine_run_pixels. */
    int provenance;                 /* not 0: the result's XMP says what it was made from; see
                                       planche_provenance_read */
    enum planche_grey grey;         /* grey detection */
    enum planche_on_limit on_limit; /* bytes are not split: SPLIT is FAIL for them */
    struct planche_cancel *cancel;  /* owned by the caller; requested, it ends the page with
                                       CANCELLED. NULL: the page cannot be cancelled */
    /* Order among pages that wait for the engine: by priority class, then by deadline, then by
     * arrival. A page that has waited for ten seconds is raised by one class. */
    enum planche_priority priority;
    uint64_t deadline_ms; /* milliseconds from the call on; a page that is not done by then ends
                             with DEADLINE. 0: none */
    enum planche_fit fit; /* how width and height are met */
    /* How many times larger. 0: as the engine's options say. PLANCHE_SCALE_AUTO: as many times as
     * it takes to reach the target (width, height: at least one must be set), by the shortest chain
     * of the model's networks that does, at most 16 times; the result is then reduced to the
     * target. A page that is as large already is not enlarged: it runs through a network of scale 1
     * if a denoise level was asked for and the model has one there, else through none. Else 1..64:
     * the least chain that enlarges so many times or more, reduced to this. */
    uint32_t scale;
    /* Of a page of a book, where the engine leaves the level of cleaning to its pages: the level
     * that most pages of the book need, from which the page only differs if it clearly has to: 1 is
     * -1, 2 is -0.5, and so on to 9, which is 3. 0: the page chooses alone. planche_engine_run_book
     * finds it by itself, and tells planche_book_options.make_page. */
    unsigned usual;
};
#define PLANCHE_PAGE_OPTIONS_INIT PLANCHE_STRUCT_INIT(struct planche_page_options)
/* The same for languages without macros: see PLANCHE_STRUCT_INIT. */
PLANCHE_API void planche_page_options_init(struct planche_page_options *out, size_t size);

/* Outcome of a page. Times are wall clock. Rows are decoded ahead and encoded by other threads
 * while the network runs, so the times may add up to more than the page took. */
struct planche_page_result {
    size_t struct_size;
    uint32_t input_width, input_height, output_width, output_height;
    enum planche_format format; /* of the output */
    double decode_ms, network_ms, encode_ms;
    uint64_t peak_bytes;     /* most of the engine's budget in use while the page ran */
    unsigned parts;          /* number of files that the result was split into; 1: not split */
    int switched;            /* not 0: the format is not the one that was asked for */
    const char *backend;     /* executor that made it, "cpu" or "vulkan"; static; NULL: none did */
    double gpu_ms;           /* computing time of the GPU, part of network_ms; 0: made on the CPU */
    unsigned tiles;          /* number of tiles that the GPU computed; 0: made on the CPU */
    int redone;              /* not 0: a GPU failed; `backend` says what made the page again */
    char redone_reason[128]; /* why it was; else "" */
    unsigned scale;          /* how many times the networks enlarged it, before it was reduced */
    unsigned passes;         /* number of networks that it ran through */
    unsigned pass_scale[PLANCHE_MAX_PASSES]; /* scale of each, in their order */
    char networks[64]; /* their names and scales, as in planche_provenance.model; "": not known */
    /* What a page has chosen whose engine leaves that to it (planche_engine_options.model), and
     * why; the rest is what was measured. Zeroes: it had nothing to choose, or was not looked at.
     */
    int chosen;
    int grey;              /* not 0: it ran without colours */
    double level;          /* of cleaning, -1 to 3 */
    char reason[72];       /* "JPEG 80", "JPEG 60, saved again as JPEG 95", "no sign of loss" */
    char kind[16];         /* "screentone", "painted", "flat", "drawn" */
    unsigned file_quality; /* of its file, as libjpeg and libwebp count; 0: not known, or it lost
                              nothing */
    unsigned past_quality; /* of a JPEG file that its pixels come from; 0: no trace of one */
    unsigned chroma;       /* pixels that share a sample of colour: 1, 2, 4; 0: not known */
    unsigned flat, screen, soft; /* percent of its area, as far as it was looked at: of one colour,
                                    screentone, soft as in paintings */
    /* Of an engine whose model is a choice (planche_engine_options.model): the alternative by which
     * the page ran, from 1, and its conditions ("grey, height <= 1250"; "": all other pages). 0:
     * there was nothing to choose. */
    unsigned alternative;
    char rule[48];
    unsigned black,
        white;          /* samples (of 255) that became black and white; zeroes: none were moved */
    const char *device; /* name of the GPU that made it, or its last pass; as long as the engine
                           lives; NULL: made on the CPU */
};
#define PLANCHE_PAGE_RESULT_INIT PLANCHE_STRUCT_INIT(struct planche_page_result)
/* The same for languages without macros: see PLANCHE_STRUCT_INIT. */
PLANCHE_API void planche_page_result_init(struct planche_page_result *out, size_t size);

/* Enlarges the image file at input into the file at output. The output appears complete under its
 * name (written to a temporary file in the same folder, synced, renamed) or not at all. With
 * overwrite it may be the input itself, which it then replaces. options and result may be NULL.
 * Errors: IO, DATA, LIMIT, BUDGET, MEMORY, EXISTS, CANCELLED, DEADLINE, NOT_FOUND, UNSUPPORTED. */
PLANCHE_API enum planche_status planche_engine_run_file(const struct planche_engine *engine,
                                                        const char *input, const char *output,
                                                        const struct planche_page_options *options,
                                                        struct planche_page_result *result,
                                                        struct planche_error *error);

/* Looks at an image file without running it: fills in of result what planche_engine_run_file would
 * choose for it with this engine and PLANCHE_GREY_AUTO (chosen, level, reason; grey), what was
 * measured, and the size of the input. It waits until no page is in the engine. Errors: IO, DATA,
 * LIMIT, BUDGET, MEMORY, ARGUMENT, UNSUPPORTED. */
PLANCHE_API enum planche_status planche_engine_look(const struct planche_engine *engine,
                                                    const char *input,
                                                    struct planche_page_result *result,
                                                    struct planche_error *error);

/* The name of a file that planche_engine_run_file has made for `output`: part 1..result->parts of a
 * result that was split is NAME-PART.EXT, and a format that was switched has its own extension.
 * Like snprintf: fills name with at most size bytes and returns the length there is. */
PLANCHE_API size_t planche_page_file_name(char *name, size_t size, const char *output,
                                          const struct planche_page_result *result, unsigned part);

/* Predicts the result of planche_engine_run_file for an opaque page of this size and 8 bits a
 * sample, without an engine. scale and max_pixels (0: the default) are the engine's, which is taken
 * for one whose model has this scale alone; planche_engine_predict knows the others. Fills in the
 * sizes, format (AUTO: WebP), switched, and, as parts, the smallest possible number. options may be
 * NULL. Errors: LIMIT, UNSUPPORTED, ARGUMENT. */
PLANCHE_API enum planche_status planche_page_predict(uint32_t width, uint32_t height,
                                                     unsigned scale, uint64_t max_pixels,
                                                     const struct planche_page_options *options,
                                                     struct planche_page_result *result,
                                                     struct planche_error *error);

struct planche_engine_options;

/* As planche_page_predict, with the scale and the passes, for the pages of this engine; or, if
 * engine is NULL, of one that would be made with these engine_options and a model of the catalogue
 * (whose files need not be there). Errors: those of planche_page_predict; NOT_FOUND: no such model;
 * UNSUPPORTED: without an engine, the scale of a model file is not known. */
PLANCHE_API enum planche_status
planche_engine_predict(const struct planche_engine *engine,
                       const struct planche_engine_options *engine_options, uint32_t width,
                       uint32_t height, const struct planche_page_options *options,
                       struct planche_page_result *result, struct planche_error *error);

/* Enlarges an image file in memory into another. *out_data is allocated by this function; the
 * caller frees it with planche_free_bytes(). options->format AUTO means WebP. The memory counts
 * against the engine's budget only while the call runs. Errors: ARGUMENT, DATA, LIMIT, BUDGET,
 * MEMORY, CANCELLED, DEADLINE, UNSUPPORTED. */
PLANCHE_API enum planche_status planche_engine_run_bytes(const struct planche_engine *engine,
                                                         const void *data, size_t size,
                                                         void **out_data, size_t *out_size,
                                                         const struct planche_page_options *options,
                                                         struct planche_page_result *result,
                                                         struct planche_error *error);
PLANCHE_API void planche_free_bytes(void *data);

/* Provenance of a page that was made with planche_page_options.provenance, from its XMP (namespace
 * "urn:planche:1"). */
struct planche_provenance {
    size_t struct_size;
    char source[65];  /* sha256 of the file it was made from, hexadecimal; "": no provenance */
    char model[64];   /* variant and scale of each pass: "up2x-conservative 2x", "scale2.0x_model 2x
                         (2 times)", "a 2x + b 2x"; "none": the page was only reduced */
    char version[16]; /* of Planche */
    uint32_t width, height; /* of the image, with or without provenance */
};
#define PLANCHE_PROVENANCE_INIT PLANCHE_STRUCT_INIT(struct planche_provenance)
/* The same for languages without macros: see PLANCHE_STRUCT_INIT. */
PLANCHE_API void planche_provenance_init(struct planche_provenance *out, size_t size);

/* Reads the provenance of the image file at path; its pixels are not decoded. It takes at most 64
 * MiB of memory, and usually less than one, however large the file is. Errors: NOT_FOUND, IO, DATA,
 * UNSUPPORTED, LIMIT, BUDGET, MEMORY. */
PLANCHE_API enum planche_status planche_provenance_read(const char *path,
                                                        struct planche_provenance *provenance,
                                                        struct planche_error *error);

/* The same within so many bytes of memory; 0: 64 MiB. What does not fit is BUDGET. */
PLANCHE_API enum planche_status
planche_provenance_read_within(const char *path, uint64_t memory,
                               struct planche_provenance *provenance, struct planche_error *error);

/* The same of an image file in memory, which is not copied. memory 0: 64 MiB. Errors: ARGUMENT,
 * DATA, UNSUPPORTED, LIMIT, BUDGET, MEMORY. */
PLANCHE_API enum planche_status planche_provenance_read_bytes(const void *data, size_t size,
                                                              uint64_t memory,
                                                              struct planche_provenance *provenance,
                                                              struct planche_error *error);

/* Image in memory. stride: bytes from one row to the next, at least width times the size of a
 * pixel. Of 16-bit samples, data and stride are even. */
struct planche_pixels {
    size_t struct_size; /* set by PLANCHE_PIXELS_INIT */
    enum planche_pixel_format format;
    uint32_t width, height;
    size_t stride;
    void *data;
};
#define PLANCHE_PIXELS_INIT PLANCHE_STRUCT_INIT(struct planche_pixels)
/* The same for languages without macros: see PLANCHE_STRUCT_INIT. */
PLANCHE_API void planche_pixels_init(struct planche_pixels *out, size_t size);

/* Enlarges pixels. out must have the format of in and scale times its width and height, reduced in
 * proportion if the options' width and height ask for it. Of pixels with colours a network of one
 * channel makes grey ones, in their format. Both memories are the caller's and must not overlap,
 * since rows of out are written while rows of in are still to be read; in is not changed. Samples
 * are encoded as in files without a profile: the networks were trained on sRGB values, and a
 * reduction computes in linear light by the sRGB curve, for grey, too. Alpha is straight (not
 * premultiplied). After an error the content of out is undefined. Errors: ARGUMENT, LIMIT, BUDGET,
 * MEMORY, CANCELLED, DEADLINE. */
PLANCHE_API enum planche_status
planche_engine_run_pixels(const struct planche_engine *engine, const struct planche_pixels *in,
                          const struct planche_pixels *out,
                          const struct planche_page_options *options,
                          struct planche_page_result *result, struct planche_error *error);

#ifdef __cplusplus
}
#endif
#endif
