/* SPDX-License-Identifier: MIT */
/* Keys of pages. */
#include "cache/page_key.h"

#include "base/file_names.h"
#include "base/status.h"
#include "base/text.h"
#include "io/cache_dir.h"
#include "io/digest.h"
#include "os/thread.h"
#include "profile/parts.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* To be raised when results change although nothing else of a key does. */
#define GENERATION 1

#define DEFAULT_MODEL "auto"

/* Fails to compile when an option was added: whoever adds one says here whether results depend on
 * it, by adding it to the key or not, and then names it as the last. */
#define ENDS_WITH(type, field)                                                                     \
    (sizeof(type) - offsetof(type, field) - sizeof(((type *)0)->field) < _Alignof(type))
_Static_assert(ENDS_WITH(struct planche_engine_options, isolate), "is a new option in the key?");
_Static_assert(ENDS_WITH(struct planche_page_options, usual), "is a new option in the key?");

static void add_build(struct planche_cache_hash *hash, const char *commit)
{
    char fact[512];
    planche_cache_hash_number(hash, "generation", GENERATION);
    planche_cache_hash_text(hash, "version", planche_version());
    planche_cache_hash_text(hash, "commit", commit);
    for (size_t i = 0; planche_build_info(i, fact, sizeof fact); i++)
        planche_cache_hash_text(hash, "build", fact);
}

static void add_gpus(struct planche_cache_hash *hash, const struct planche_engine_options *options)
{
    struct planche_gpu_info gpu = PLANCHE_GPU_INFO_INIT;
    planche_cache_hash_text(hash, "backend", options->backend);
    planche_cache_hash_number(hash, "gpu_path", options->gpu_path);
    if (options->backend && strcmp(options->backend, "cpu") == 0)
        return;
    for (unsigned i = 0; planche_gpu_get_info(i, &gpu, NULL) == PLANCHE_OK; i++) {
        planche_cache_hash_text(hash, "gpu", gpu.name);
        planche_cache_hash_text(hash, "driver", gpu.driver);
        planche_cache_hash_number(hash, "path", gpu.path);
        gpu = (struct planche_gpu_info)PLANCHE_GPU_INFO_INIT;
    }
}

static void add_cpu(struct planche_cache_hash *hash, const struct planche_engine_options *options)
{
    uint32_t features = planche_cpu_features();
    if (options->cpu_mask)
        features &= options->cpu_mask;
    planche_cache_hash_number(hash, "cpu", features);
    planche_cache_hash_text(hash, "cpu_mask", planche_environment("PLANCHE_CPU_MASK"));
}

/* Model files that were read: their content is not read again for each page while their size and
 * time are the same. */
#define FILES 64
static struct planche_mutex file_mutex = PLANCHE_MUTEX_INIT;
static struct read_file {
    char path[PATH_MAX];
    struct planche_stamp stamp;
    uint8_t digest[PLANCHE_IO_DIGEST_BYTES];
} files[FILES];
static unsigned next_file;

/* Whether the content of a file with this stamp is known. */
static bool find_digest(const char *path, const struct planche_stamp *stamp,
                        uint8_t digest[PLANCHE_IO_DIGEST_BYTES])
{
    bool found = false;
    planche_mutex_lock(&file_mutex);
    for (size_t i = 0; i < FILES && !found; i++) {
        const struct read_file *file = &files[i];
        found = strcmp(file->path, path) == 0 && file->stamp.bytes == stamp->bytes &&
                file->stamp.time == stamp->time;
        if (found)
            memcpy(digest, file->digest, sizeof file->digest);
    }
    planche_mutex_unlock(&file_mutex);
    return found;
}

static void note_digest(const char *path, const struct planche_stamp *stamp,
                        const uint8_t digest[PLANCHE_IO_DIGEST_BYTES])
{
    struct read_file *file = NULL;
    planche_mutex_lock(&file_mutex);
    for (size_t i = 0; i < FILES; i++) {
        if (strcmp(files[i].path, path) == 0)
            file = &files[i];
    }
    file = file ? file : &files[next_file++ % FILES];
    file->stamp = *stamp;
    snprintf(file->path, sizeof file->path, "%s", path);
    memcpy(file->digest, digest, sizeof file->digest);
    planche_mutex_unlock(&file_mutex);
}

/* False: errno says why it cannot be read. Others are not kept waiting while it is. */
static bool digest_file(const char *path, uint8_t digest[PLANCHE_IO_DIGEST_BYTES])
{
    struct planche_stamp stamp;
    if (!planche_stamp_take(&stamp, path))
        return false;
    if (find_digest(path, &stamp, digest))
        return true;
    if (!planche_content_digest(path, NULL, digest))
        return false;
    note_digest(path, &stamp, digest);
    return true;
}

static enum planche_status add_file(struct planche_cache_hash *hash, const char *path,
                                    struct planche_error *error)
{
    uint8_t digest[PLANCHE_IO_DIGEST_BYTES];
    bool known = digest_file(path, digest);
    int reason = errno;
    planche_cache_hash_add(hash, "file", digest, known ? sizeof digest : 0);
    if (known)
        return PLANCHE_OK;
    return planche_fail(error, reason == ENOENT ? PLANCHE_ERROR_NOT_FOUND : PLANCHE_ERROR_IO,
                        "%s: this model file cannot be read: %s", path, strerror(reason));
}

static bool is_path(const char *model)
{
    return planche_model_is_file(model);
}

/* The file beside FILE.param, FILE.bin; "": there is none. False: the path is too long. */
static bool find_weights(const char *path, char bin[PATH_MAX])
{
    *bin = 0;
    return !planche_text_ends(path, ".param") ||
           planche_name_partner(path, bin, PATH_MAX) < PATH_MAX;
}

/* A model file: of ncnn's format with FILE.bin beside it. */
static enum planche_status add_model_files(struct planche_cache_hash *hash, const char *path,
                                           struct planche_error *error)
{
    char bin[PATH_MAX];
    enum planche_status status = add_file(hash, path, error);
    if (status != PLANCHE_OK)
        return status;
    if (!find_weights(path, bin))
        return planche_fail(error, PLANCHE_ERROR_IO, "%s: the path is too long", path);
    return *bin ? add_file(hash, bin, error) : PLANCHE_OK;
}

static bool file_is_read(const char *path)
{
    uint8_t digest[PLANCHE_IO_DIGEST_BYTES];
    struct planche_stamp stamp;
    return planche_stamp_take(&stamp, path) && find_digest(path, &stamp, digest);
}

bool planche_cache_model_is_read(const char *model)
{
    char bin[PATH_MAX];
    char name[PATH_MAX];
    bool read = true;
    if (planche_parts_are_several(model)) {
        for (size_t i = 0; read && planche_parts_name(model, i, name, sizeof name); i++)
            read = planche_cache_model_is_read(name);
        return read;
    }
    if (!model || !is_path(model))
        return true;
    return find_weights(model, bin) && file_is_read(model) && (!*bin || file_is_read(bin));
}

/* All of a model's networks, since pages may run through chains of them; of a name that stands for
 * no model of the catalogue (one that is chosen page by page), those of all models. */
static void add_catalogue(struct planche_cache_hash *hash, const char *model)
{
    const struct planche_model_variant *variant;
    bool known = false;
    for (size_t i = 0; (variant = planche_model_variant_get(i)) != NULL; i++)
        known = known || strcmp(variant->model, model) == 0;
    for (size_t i = 0; (variant = planche_model_variant_get(i)) != NULL; i++) {
        if (known && strcmp(variant->model, model) != 0)
            continue;
        planche_cache_hash_text(hash, "network", variant->file);
        planche_cache_hash_text(hash, "param", variant->param_sha256);
        planche_cache_hash_text(hash, "bin", variant->bin_sha256);
    }
}

/* A model of a chain or a choice, with the pages that it is for. */
static enum planche_status add_part(void *user, const char *name,
                                    const struct planche_model_part *part,
                                    struct planche_error *error)
{
    struct planche_cache_hash *hash = user;
    if (!*name)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "the model's path is too long");
    planche_cache_hash_number(hash, "alternative", part->alternative);
    planche_cache_hash_number(hash, "grey", part->grey);
    planche_cache_hash_number(hash, "colour", part->colour);
    planche_cache_hash_number(hash, "height", part->height);
    planche_cache_hash_number(hash, "levels", part->levels);
    if (is_path(name))
        return add_model_files(hash, name, error);
    planche_cache_hash_text(hash, "model", name);
    add_catalogue(hash, name);
    return PLANCHE_OK;
}

void planche_cache_machine_key(struct planche_cache_key *machine,
                               const struct planche_engine_options *options, const char *commit)
{
    struct planche_cache_hash hash;
    planche_cache_hash_begin(&hash);
    add_build(&hash, commit);
    planche_cache_hash_number(&hash, "se", options->se);
    planche_cache_hash_number(&hash, "precision", options->precision);
    add_cpu(&hash, options);
    add_gpus(&hash, options);
    planche_cache_hash_end(&hash, machine);
}

void planche_cache_shared_key(struct planche_cache_key *machine,
                              const struct planche_engine_options *options)
{
    struct planche_cache_hash hash;
    planche_cache_hash_begin(&hash);
    planche_cache_hash_number(&hash, "generation", GENERATION);
    planche_cache_hash_text(&hash, "version", planche_version());
    planche_cache_hash_text(&hash, "made", "by any machine");
    planche_cache_hash_number(&hash, "se", options->se);
    planche_cache_hash_end(&hash, machine);
}

enum planche_status planche_cache_engine_key(struct planche_cache_key *engine,
                                             const struct planche_cache_key *machine,
                                             const struct planche_engine_options *options,
                                             struct planche_error *error)
{
    struct planche_cache_hash hash;
    const char *model = options->model ? options->model : DEFAULT_MODEL;
    enum planche_status status = PLANCHE_OK;
    planche_cache_hash_begin(&hash);
    planche_cache_hash_add(&hash, "machine", machine, sizeof *machine);
    planche_cache_hash_number(&hash, "scale", options->scale);
    /* A level stands in the place of denoise. */
    planche_cache_hash_number(&hash, "denoise", options->has_level ? 0 : options->denoise);
    planche_cache_hash_add(&hash, "level", &options->level,
                           options->has_level ? sizeof options->level : 0);
    if (planche_parts_are_several(model)) {
        status = planche_parts_each(model, add_part, &hash, error);
    } else if (is_path(model)) {
        status = add_model_files(&hash, model, error);
    } else {
        planche_cache_hash_text(&hash, "model", model);
        add_catalogue(&hash, model);
    }
    planche_cache_hash_end(&hash, engine);
    return status;
}

void planche_cache_page_key(struct planche_cache_key *key, const struct planche_cache_key *engine,
                            const uint8_t digest[PLANCHE_CACHE_KEY_BYTES],
                            const struct planche_page_options *options)
{
    struct planche_cache_hash hash;
    enum planche_format format = options->format ? options->format : PLANCHE_FORMAT_WEBP;
    planche_cache_hash_begin(&hash);
    planche_cache_hash_add(&hash, "engine", engine, sizeof *engine);
    planche_cache_hash_add(&hash, "input", digest, PLANCHE_CACHE_KEY_BYTES);
    planche_cache_hash_number(&hash, "format", format);
    planche_cache_hash_number(&hash, "quality", (uint64_t)options->quality);
    planche_cache_hash_number(&hash, "lossless", options->lossless != 0);
    planche_cache_hash_number(&hash, "effort", (uint64_t)options->effort);
    planche_cache_hash_number(&hash, "tta", options->tta != 0);
    planche_cache_hash_number(&hash, "width", options->width);
    planche_cache_hash_number(&hash, "height", options->height);
    planche_cache_hash_number(&hash, "fit", options->fit);
    planche_cache_hash_number(&hash, "scale", options->scale);
    planche_cache_hash_number(&hash, "usual", options->usual);
    planche_cache_hash_number(&hash, "provenance", options->provenance != 0);
    planche_cache_hash_number(&hash, "grey", options->grey);
    planche_cache_hash_number(&hash, "on_limit", options->on_limit);
    planche_cache_hash_end(&hash, key);
}
