/* SPDX-License-Identifier: MIT */
/* Engines: a model made ready to run, and the pages that go through it. */
#ifndef PLANCHE_ENGINE_H
#define PLANCHE_ENGINE_H

#include <planche/error.h>
#include <planche/gpu.h>
#include <planche/log.h>
#include <planche/model.h>
#include <planche/page.h>
#include <planche/types.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Options of an engine. Its strings are the caller's and are not needed after
 * planche_engine_create; log_user is needed until the engine is destroyed. */
struct planche_engine_options {
    size_t struct_size; /* set by PLANCHE_ENGINE_OPTIONS_INIT */
    const char *model;  /* catalogue name, or a path of a file (planche_model_is_file); "auto" is
                           the one of Planche's own networks that suits most ("medium"). NULL:
                           "auto". Also several of these: "a+b", a chain, runs the page through a
                           and what that has made through b; "levels+a" sets the black and white
                           point of grey files first; "grey,height<=1250:a|colour:b|c" has each
                           page choose the first alternative whose conditions it meets. See
                           docs/profiles.md and planche_model_part_find */
    /* Scale of results, 1..64; 0: the model's default. One that no network of the model has is made
     * by a chain of them (waifu2x: 2 times 2 for 4), and reduced in linear light if the least that
     * a chain reaches is more (a model of 4 alone: 3). The first network of a chain has the denoise
     * level, the others remove no noise if the model has such. Pages may have scales of their own
     * (planche_page_options.scale). */
    unsigned scale;
    /* DEFAULT, and no level (see below): with "auto", small, medium and large every page that is
     * a file chooses its level by what its encoders have done to it (planche_page_result.level, and
     * docs/auto.md), and a book's pages choose together; other models have a default. */
    enum planche_denoise denoise;
    enum planche_se se;
    uint64_t memory;     /* budget in bytes for weights and all pages in flight; 0: a quarter of
                            the machine's memory (cgroup limits respected), of which a page on the
                            CPU that runs alone makes the process take more than 600 MB only if
                            that makes the page a fifth faster, or if it needs them; of several at
                            once each counts alone */
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
    /* What pages run on. NULL or "auto": all hardware GPUs that can hold the model, if there are
     * any, else the CPU. "cpu". "vulkan": all hardware GPUs. "vulkan:N" or "vulkan:N,M...": the
     * GPUs with these numbers, as planche_gpu_get_info counts. If GPUs fail to make a page, it is
     * made on the CPU, for which the engine is prepared only then. */
    const char *backend;
    uint64_t
        gpu_memory; /* most bytes to take of each GPU's memory; 0: four fifths of what is free */
    unsigned
        tile; /* GPUs: side of the squares that a page is cut into, in its pixels: a multiple of
                 4, at least 16; the bytes do not depend on it. 0: as large as memory allows */
    enum planche_gpu_path gpu_path; /* AUTO: the fastest that fits precision; others need a GPU */
    /* Pages that the engine is going to make, about: memory that many pages use is worth more than
     * what one page takes and gives back, and a network that the only page does not run on, such
     * as that for colours of a grey page, is given up for it. 0: not known, as many again as it
     * has made so far. The bytes do not depend on it. Books count their pages by themselves. */
    unsigned pages;
    /* How much noise is removed, as a number in the model's own terms, -1 (least) to 3 (most): if
     * has_level is not 0, it stands in the place of denoise, which is not looked at. Planche's own
     * networks (small, medium, files that end in ".planche") take fractions, other models
     * the whole numbers that they have levels for. */
    int has_level;
    double level;
    /* Not 0: no page is decoded in this process, whatever its format, but each in a program of its
     * own (planche-decode) that can open no files, make no sockets and take no more memory than is
     * left, and ends with the page: for pages of strangers, in programs that know secrets. Some
     * such programs are kept ready, so that it costs a few milliseconds of computing a page. The
     * bytes do not depend on it. See planche_isolation_check. */
    int isolate;
    /* The least level of lines that log is given, of enum planche_log_level; those below are not
     * even made, which saves what has to be found out for them. 0: all. TRACE does not depend on
     * it. */
    int log_level;
};
#define PLANCHE_ENGINE_OPTIONS_INIT PLANCHE_STRUCT_INIT(struct planche_engine_options)
/* The same for languages without macros: see PLANCHE_STRUCT_INIT. */
PLANCHE_API void planche_engine_options_init(struct planche_engine_options *out, size_t size);

/* The PLANCHE_CPU_* features that this machine has. */
PLANCHE_API uint32_t planche_cpu_features(void);

/* The defaults of memory (bytes at most) and threads in planche_engine_options on this machine,
 * used for 0. Each may be NULL. */
PLANCHE_API void planche_engine_defaults(uint64_t *memory, unsigned *threads);

/* Whether pages can be isolated here (see above), by starting such a program once: some
 * milliseconds. Thread-safe. Errors: UNSUPPORTED (the kernel has no filters for system calls, they
 * are forbidden here, or the program is missing), MEMORY, IO. */
PLANCHE_API enum planche_status planche_isolation_check(struct planche_error *error);

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

/* Description of an engine. Its strings live as long as the engine. */
struct planche_engine_info {
    size_t struct_size;
    unsigned scale;      /* of results, if pages do not say otherwise */
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
/* The same for languages without macros: see PLANCHE_STRUCT_INIT. */
PLANCHE_API void planche_engine_info_init(struct planche_engine_info *out, size_t size);
/* Describes an engine. Thread-safe. Errors: ARGUMENT. */
PLANCHE_API enum planche_status planche_engine_get_info(const struct planche_engine *engine,
                                                        struct planche_engine_info *info,
                                                        struct planche_error *error);

/* Profile of one step of the lowered network; entries are in the order of the steps. */
struct planche_layer_profile {
    const char *name;  /* of the ncnn layer, or "page", "pad", "output"; owned by the engine */
    const char *kind;  /* "winograd", "conv", "deconv", "interp", ...; static */
    double ms;         /* wall time, on GPUs theirs, summed over all pages and passes so far */
    double macs;       /* multiply-adds of the plain convolutions computed in that time */
    double longest_ms; /* on GPUs, the longest of its dispatches: what is on the device at once,
                          which the watchdog of a driver counts; on the CPU 0 */
};

/* Fills up to count entries (entries may be NULL) and returns how many there are; 0 unless the
 * engine was made with options.profile. entry_size: sizeof(struct planche_layer_profile), by which
 * the library knows which fields the caller has. Thread-safe; pages in flight count for what they
 * have done. */
PLANCHE_API size_t planche_engine_get_profile(const struct planche_engine *engine,
                                              struct planche_layer_profile *entries,
                                              size_t entry_size, size_t count);

#ifdef __cplusplus
}
#endif
#endif
