/* SPDX-License-Identifier: MIT */
/* Engines: a model made ready to run, and the pages that go through it. */
#ifndef PLANCHE_ENGINE_H
#define PLANCHE_ENGINE_H

#include <planche/error.h>
#include <planche/gpu.h>
#include <planche/model.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Where the page-wide averages of squeeze-and-excitation layers (Real-CUGAN, waifu2x cunet) come
 * from. */
enum planche_se {
    PLANCHE_SE_EXACT = 0,  /* from the whole page: what the model's definition says */
    PLANCHE_SE_SAMPLED = 1 /* from a fixed subset of the page: faster, one value for the whole page.
                              GPUs take exact averages either way: they cost them nothing. */
};

/* What the convolutions multiply in; sums are float in any case. */
enum planche_precision {
    PLANCHE_PRECISION_AUTO = 0, /* CPU: F32; GPUs: F16 where the device has it */
    PLANCHE_PRECISION_F32 = 1,
    PLANCHE_PRECISION_BF16 = 2, /* CPU: factors rounded to bf16, 8 significant bits: faster, visibly
                                   the same, not within a level; needs PLANCHE_CPU_AVX512BF16 */
    PLANCHE_PRECISION_F16 = 3   /* GPUs: tensors and factors in half precision, 11 significant bits:
                                   nearly always within a level of F32 */
};

enum planche_log_level {
    PLANCHE_LOG_DEBUG,
    PLANCHE_LOG_INFO,
    PLANCHE_LOG_WARNING,
    PLANCHE_LOG_ERROR
};

/* Receives one line (no newline) from any thread that runs a page. */
typedef void (*planche_log_fn)(void *user, enum planche_log_level level, const char *message);

struct planche_engine_options {
    size_t struct_size; /* set by PLANCHE_ENGINE_OPTIONS_INIT */
    const char *model;  /* catalogue name, or a path that ends in ".param"; NULL: "realcugan" */
    unsigned scale;     /* 0: the model's default */
    enum planche_denoise denoise;
    enum planche_se se;
    uint64_t memory;     /* budget in bytes for weights and all pages in flight; 0: a quarter of
                            the machine's memory (cgroup limits respected) */
    unsigned threads;    /* threads that compute; 0: the CPUs this process may use */
    unsigned jobs;       /* pages in flight at once, each with an equal part of the memory; more
                            callers wait. 0: as many as keep the threads busy, each with what it
                            needs; a page that the others leave too little waits */
    uint64_t max_pixels; /* most pixels of a page that the network makes; 0: 500,000,000 */
    uint32_t cpu_mask;   /* PLANCHE_CPU_* features that may be used; 0: all */
    const char *model_directory; /* NULL: planche_model_directory() */
    planche_log_fn log;          /* NULL: silent */
    void *log_user;
    int profile; /* not 0: time every layer, for planche_engine_get_profile */
    enum planche_precision precision;
    /* What pages run on. NULL or "auto": on all GPUs that are no software, if there are some that
     * can hold the model, else on the CPU; "cpu"; "vulkan": all GPUs that are no software;
     * "vulkan:N" or "vulkan:N,M...": those, numbered as planche_gpu_get_info has them. Pages that
     * GPUs fail to make are made on the CPU, whose part of the engine is prepared only then. */
    const char *backend;
    uint64_t
        gpu_memory; /* most bytes to take of each GPU's memory; 0: four fifths of what is free */
    unsigned
        tile; /* GPUs: side of the squares that a page is cut into, in its pixels: a multiple of
                 4, at least 16; the bytes do not depend on it. 0: as large as memory allows */
    enum planche_gpu_path gpu_path; /* AUTO: the fastest that fits precision */
};
#define PLANCHE_ENGINE_OPTIONS_INIT PLANCHE_STRUCT_INIT(struct planche_engine_options)

/* CPU features for cpu_mask. Portable C is always allowed: a mask of PLANCHE_CPU_PORTABLE uses only
 * it. */
#define PLANCHE_CPU_PORTABLE 0x1u
#define PLANCHE_CPU_AVX2     0x2u /* AVX2 and FMA */
#define PLANCHE_CPU_AVX512   0x4u /* AVX-512 F, BW, DQ, VL */
#define PLANCHE_CPU_NEON     0x8u
#define PLANCHE_CPU_AVX512BF16                                                                     \
    0x10u /* AVX-512 as above and BF16: used for PLANCHE_PRECISION_BF16 */
#define PLANCHE_CPU_AMX                                                                            \
    0x20u /* AVX-512 and BF16 as above, and AMX-BF16: used for PLANCHE_PRECISION_BF16 */

/* The features this machine has, of those above. */
PLANCHE_API uint32_t planche_cpu_features(void);

/* What 0 means here for memory (bytes) and threads in planche_engine_options. Each may be NULL. */
PLANCHE_API void planche_engine_defaults(uint64_t *memory, unsigned *threads);

struct planche_engine;

/* Makes an engine: loads and checks the model, prepares its weights. The engine is immutable and
 * may be used by any number of threads at once until it is destroyed. options may be NULL. A GPU
 * that backend "auto" finds but cannot use is a warning in the log. Errors: NOT_FOUND, ARGUMENT,
 * MODEL, UNSUPPORTED, MEMORY, BUDGET, IO; DEVICE of GPUs that were asked for. */
PLANCHE_API enum planche_status planche_engine_create(struct planche_engine **out,
                                                      const struct planche_engine_options *options,
                                                      struct planche_error *error);

/* Destroys *engine and sets it to NULL; NULL is fine. No page may be running. */
PLANCHE_API void planche_engine_destroy(struct planche_engine **engine);

struct planche_engine_info {
    size_t struct_size;
    unsigned scale;
    const char *model;   /* name or path, owned by the engine */
    const char *variant; /* file name without extension, owned by the engine */
    const char *backend; /* "cpu" or "vulkan" */
    const char *isa; /* what the CPU computes with: "avx512", "avx2", "portable", "neon"; "amx" in
                        bf16 */
    unsigned threads;
    unsigned jobs;         /* most pages in flight at once */
    uint64_t memory;       /* budget, bytes */
    uint64_t weight_bytes; /* prepared weights, bytes */
    uint64_t peak_bytes;   /* most of the budget that was in use so far */
    double macs_per_pixel; /* multiply-adds per input pixel, of the plain convolutions */
    const char *precision; /* "f32", "bf16", "f16" */
    const char *device; /* names of the GPUs in use, joined by " + ", owned by the engine; NULL: the
                           CPU */
    const char *gpu_path; /* of the first of them: planche_gpu_path_name; NULL: the CPU */
};
#define PLANCHE_ENGINE_INFO_INIT PLANCHE_STRUCT_INIT(struct planche_engine_info)
PLANCHE_API void planche_engine_get_info(const struct planche_engine *engine,
                                         struct planche_engine_info *info);

/* Where the time went: one entry per step of the simplified network, in order. */
struct planche_layer_profile {
    const char *name; /* of the ncnn layer, or "page", "pad", "output"; owned by the engine */
    const char *kind; /* "winograd", "conv", "deconv", "interp", ...; static */
    double ms;        /* wall time, on GPUs theirs, summed over all pages and passes so far */
    double macs;      /* multiply-adds of the plain convolutions done in that time */
};

/* Fills up to count entries (entries may be NULL) and returns how many there are; 0 unless the
 * engine was made with options.profile. Thread-safe; pages in flight count as far as they are. */
PLANCHE_API size_t planche_engine_get_profile(const struct planche_engine *engine,
                                              struct planche_layer_profile *entries, size_t count);

enum planche_format {
    PLANCHE_FORMAT_AUTO = 0, /* from the output's extension; WebP when there is none */
    PLANCHE_FORMAT_PNG = 1,
    PLANCHE_FORMAT_JPEG = 2,
    PLANCHE_FORMAT_WEBP = 3,
    PLANCHE_FORMAT_AVIF = 4,
    PLANCHE_FORMAT_JXL = 5
};

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

/* Called now and then from the thread that runs the page, done in 0..1; not 0 cancels the page.
 * While the page waits for others to end, done is 0. */
typedef int (*planche_progress_fn)(void *user, double done);

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
    int mark;                       /* files and bytes: the result's XMP says what it was made from:
                                       planche_provenance_read */
    enum planche_grey grey;         /* files and bytes */
    enum planche_on_limit on_limit; /* files and bytes; bytes are not split: LIMIT */
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
 * result may be NULL. Errors: IO, DATA, LIMIT, BUDGET, MEMORY, EXISTS, CANCELLED, NOT_FOUND,
 * UNSUPPORTED. */
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

/* What a page that was made with planche_page_options.mark says in its XMP (namespace
 * "urn:planche:1"). */
struct planche_provenance {
    size_t struct_size;
    char source[65];  /* sha256 of the file it was made from, hexadecimal; "": it says nothing */
    char model[64];   /* variant and scale: "up2x-conservative 2x" */
    char version[16]; /* of Planche */
    uint32_t width, height; /* of the image, whether it has a mark or not */
};
#define PLANCHE_PROVENANCE_INIT PLANCHE_STRUCT_INIT(struct planche_provenance)

/* Reads the mark of the image file at path; its pixels are not decoded. Errors: NOT_FOUND, IO,
 * DATA, UNSUPPORTED, LIMIT, MEMORY. */
PLANCHE_API enum planche_status planche_provenance_read(const char *path,
                                                        struct planche_provenance *mark,
                                                        struct planche_error *error);

/* Pixels as they lie in memory, interleaved; 16-bit samples in the machine's byte order. */
enum planche_pixel_format {
    PLANCHE_PIXELS_GREY8 = 1,
    PLANCHE_PIXELS_GREY_ALPHA8 = 2,
    PLANCHE_PIXELS_RGB8 = 3,
    PLANCHE_PIXELS_RGBA8 = 4,
    PLANCHE_PIXELS_GREY16 = 5,
    PLANCHE_PIXELS_GREY_ALPHA16 = 6,
    PLANCHE_PIXELS_RGB16 = 7,
    PLANCHE_PIXELS_RGBA16 = 8
};

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
 * (not premultiplied). Errors: ARGUMENT, LIMIT, BUDGET, MEMORY, CANCELLED. */
PLANCHE_API enum planche_status
planche_engine_run_pixels(const struct planche_engine *engine, const struct planche_pixels *in,
                          const struct planche_pixels *out,
                          const struct planche_page_options *options,
                          struct planche_page_result *result, struct planche_error *error);

/* The format that a file name's extension means, or PLANCHE_FORMAT_AUTO. Case does not matter. */
PLANCHE_API enum planche_format planche_format_from_name(const char *file_name);
/* "png", "jpg", "webp", "avif", "jxl"; "" for AUTO. */
PLANCHE_API const char *planche_format_extension(enum planche_format format);

#ifdef __cplusplus
}
#endif
#endif
