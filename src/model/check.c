/* SPDX-License-Identifier: MIT */
/* Model cache: its directory, and the check that its files are the expected ones. */
#include "model/catalogue.h"

#include "base/status.h"
#include "base/text.h"
#include "io/cache_dir.h"
#include "model/own/networks.h"
#include "os/fd.h"

#include <errno.h>
#include <limits.h>
#include <nettle/sha2.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum planche_status planche_catalogue_directory(char *path, size_t size,
                                                struct planche_error *error)
{
    const char *directory = planche_environment("PLANCHE_MODEL_DIR");
    if (!directory) {
        enum planche_status status = planche_cache_path(path, size, "models", error);
        if (status == PLANCHE_ERROR_NOT_FOUND)
            return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                                "there is no home directory to look for models in: set "
                                "PLANCHE_MODEL_DIR");
        if (status == PLANCHE_OK)
            return PLANCHE_OK;
    }
    int length = directory ? snprintf(path, size, "%s", directory) : -1;
    if (length < 0 || (size_t)length >= size)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "the path of the models is too long");
    return PLANCHE_OK;
}

/* A variant, as MODEL[:SCALE[:LEVEL]]. */
struct spec {
    char text[80];
};

static struct spec name_variant(const struct planche_model_variant *variant)
{
    struct spec spec;
    const struct planche_model_variant *strongest;
    struct planche_error none;
    /* Models without levels have one variant a scale. */
    if (planche_catalogue_find(variant->model, variant->scale, PLANCHE_DENOISE_3, &strongest,
                               &none) == PLANCHE_OK)
        snprintf(spec.text, sizeof(spec.text), "%s:%u:%d", variant->model, variant->scale,
                 planche_catalogue_level(variant->model, variant->denoise));
    else
        snprintf(spec.text, sizeof(spec.text), "%s:%u", variant->model, variant->scale);
    return spec;
}

/* One of a variant's two files. */
struct expected {
    const struct planche_model_variant *variant;
    const char *extension, *sha256;
    uint64_t size;
    char path[PATH_MAX];
};

static enum planche_status hash_file(const struct expected *file, int fd,
                                     struct planche_error *error)
{
    struct sha256_ctx context;
    uint8_t buffer[16384], digest[SHA256_DIGEST_SIZE];
    char text[2 * SHA256_DIGEST_SIZE + 1];
    int64_t got;
    sha256_init(&context);
    while ((got = planche_fd_read(fd, buffer, sizeof(buffer))) != 0) {
        if (got < 0)
            return planche_fail(error, PLANCHE_ERROR_IO, "%s: reading failed: %s", file->path,
                                strerror(errno));
        sha256_update(&context, (size_t)got, buffer);
    }
    sha256_digest(&context, sizeof(digest), digest);
    planche_text_hex(text, digest, sizeof(digest));
    if (strcmp(text, file->sha256) != 0)
        return planche_fail(error, PLANCHE_ERROR_MODEL,
                            "%s is damaged (its sha256 is %s): delete it and fetch "
                            "the model %s again",
                            file->path, text, name_variant(file->variant).text);
    return PLANCHE_OK;
}

static enum planche_status check_open_file(const struct expected *file, int fd,
                                           const struct planche_file_info *info, int verify,
                                           struct planche_error *error)
{
    if (info->kind != PLANCHE_FILE_REGULAR || info->size != file->size)
        return planche_fail(error, PLANCHE_ERROR_MODEL,
                            "%s has %llu bytes instead of %llu: delete it and fetch "
                            "the model %s again",
                            file->path, (unsigned long long)info->size,
                            (unsigned long long)file->size, name_variant(file->variant).text);
    return verify ? hash_file(file, fd, error) : PLANCHE_OK;
}

static enum planche_status check_file(struct expected *file, const char *stem, int verify,
                                      struct planche_error *error)
{
    enum planche_status status;
    struct planche_file_info info;
    int fd, length = snprintf(file->path, sizeof(file->path), "%s.%s", stem, file->extension);
    if (length < 0 || (size_t)length >= sizeof(file->path))
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "the path of the models is too long");
    fd = planche_fd_open(file->path, 0, &info);
    if (fd < 0 && planche_file_is_absent(errno))
        return planche_fail(error, PLANCHE_ERROR_NOT_FOUND,
                            "%s is missing: fetch the model %s, or set "
                            "PLANCHE_MODEL_DIR to where the models are",
                            file->path, name_variant(file->variant).text);
    if (fd < 0)
        return planche_fail(error, PLANCHE_ERROR_IO, "%s: %s", file->path, strerror(errno));
    status = check_open_file(file, fd, &info, verify, error);
    planche_fd_close(&fd);
    return status;
}

static enum planche_status check_files(const struct planche_model_variant *variant,
                                       const char *stem, int verify, struct planche_error *error)
{
    struct expected param = {.variant = variant,
                             .extension = "param",
                             .sha256 = variant->param_sha256,
                             .size = variant->param_size};
    struct expected bin = {.variant = variant,
                           .extension = "bin",
                           .sha256 = variant->bin_sha256,
                           .size = variant->bin_size};
    enum planche_status status = check_file(&param, stem, verify, error);
    return status ? status : check_file(&bin, stem, verify, error);
}

/* The part of a path behind its last slash but `folders` ones: "models-se/up2x" of
 * "real-cugan/models-se/up2x" with one. */
static const char *tail(const char *path, unsigned folders)
{
    const char *at = path + strlen(path);
    while (at > path && (at[-1] != '/' || folders-- > 0))
        at--;
    return at;
}

/* Where a variant's files may lie in a folder: as in the cache; as the ncnn programs and the npm
 * packages have them, in their folder or without it. */
#define LAYOUTS 3

static const char *name_in_layout(const struct planche_model_variant *variant, unsigned layout)
{
    switch (layout) {
    case 1:
        return tail(variant->package_path, 1);
    case 2:
        return tail(variant->package_path, 0);
    default:
        return variant->file;
    }
}

enum planche_status planche_catalogue_locate(const struct planche_model_variant *variant,
                                             const char *directory, char *stem, size_t size,
                                             struct planche_error *error)
{
    char cache[PATH_MAX];
    struct planche_error ignored;
    enum planche_status status = PLANCHE_OK;
    if (planche_own_has(variant))
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                            "%s is built into the library: it has no files", variant->model);
    if (!directory)
        status = planche_catalogue_directory(cache, sizeof(cache), error);
    if (status)
        return status;
    /* Once more with the cache's layout: what is missing is missing there. */
    for (unsigned i = 0; i <= LAYOUTS; i++) {
        int length = snprintf(stem, size, "%s/%s", directory ? directory : cache,
                              name_in_layout(variant, i % LAYOUTS));
        if (length < 0 || (size_t)length >= size)
            return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                                "the path of the models is too long");
        if (check_files(variant, stem, 0, &ignored) == PLANCHE_OK)
            break;
    }
    return PLANCHE_OK;
}

enum planche_status planche_catalogue_check(const struct planche_model_variant *variant,
                                            const char *directory, int verify,
                                            struct planche_error *error)
{
    char stem[PATH_MAX];
    if (planche_own_has(variant))
        return PLANCHE_OK;
    enum planche_status status =
        planche_catalogue_locate(variant, directory, stem, sizeof(stem), error);
    return status ? status : check_files(variant, stem, verify, error);
}
