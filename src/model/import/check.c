/* SPDX-License-Identifier: MIT */
/* Checks of an import. */
#include "model/import/check.h"

#include "archive/name.h"
#include "base/file_names.h"
#include "base/status.h"
#include "base/text.h"
#include "model/catalogue.h"
#include "model/import/sums.h"
#include "model/load.h"
#include "net/net.h"
#include "os/fd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct planche_import_file *planche_import_find(const struct planche_import_stage *stage,
                                                const char *sha256, uint64_t size)
{
    for (size_t i = 0; i < stage->count; i++) {
        if (stage->files[i].size == size && strcmp(stage->files[i].sha256, sha256) == 0)
            return stage->files + i;
    }
    return NULL;
}

static struct planche_import_file *find_name(const struct planche_import_stage *stage,
                                             const char *name, size_t length)
{
    for (size_t i = 0; i < stage->count; i++) {
        const char *other = stage->files[i].name;
        if (strlen(other) == length && memcmp(other, name, length) == 0)
            return stage->files + i;
    }
    return NULL;
}

static bool is_sums(const struct planche_import_file *file)
{
    return strcmp(file->base, PLANCHE_IMPORT_SUMS) == 0;
}

static int compare_names(const void *left, const void *right)
{
    const char *const *a = left, *const *b = right;
    return strcmp(*a, *b);
}

/* A name of an archive, which need not end with 0. */
struct name {
    const char *text;
    size_t length;
};

static int compare_with_name(const void *key, const void *element)
{
    const struct name *name = key;
    const char *const *other = element;
    int order = strncmp(name->text, *other, name->length);
    return order == 0 && (*other)[name->length] != 0 ? -1 : order;
}

/* Whether a file with this name was there, but is of no model. The names are sorted. */
static bool was_passed(const struct planche_import_stage *stage, const char *text, size_t length)
{
    const struct name name = {text, length};
    return stage->passed_count > 0 && bsearch(&name, stage->passed, stage->passed_count,
                                              sizeof(*stage->passed), compare_with_name) != NULL;
}

static enum planche_status check_sum(struct planche_import_stage *stage,
                                     const struct planche_import_sum *sum,
                                     struct planche_error *error)
{
    struct planche_import_file *file = find_name(stage, sum->name, sum->name_length);
    if (!file && was_passed(stage, sum->name, sum->name_length))
        return PLANCHE_OK;
    if (!file)
        return planche_fail(error, PLANCHE_ERROR_DATA,
                            "%s: lacks %.*s, which its " PLANCHE_IMPORT_SUMS " names: it was cut "
                            "short, or made by something else",
                            stage->source, (int)sum->name_length, sum->name);
    if (strncmp(file->sha256, sum->sha256, PLANCHE_IMPORT_HEX - 1) != 0)
        return planche_fail(
            error, PLANCHE_ERROR_DATA,
            "%s: %s is damaged: its sha256 is %s, not the one in " PLANCHE_IMPORT_SUMS,
            stage->source, file->name, file->sha256);
    file->used = true; /* for now: it is in the list */
    return PLANCHE_OK;
}

static enum planche_status check_list(struct planche_import_stage *stage, const char *text,
                                      size_t size, struct planche_error *error)
{
    struct planche_import_sum sum;
    size_t at = 0;
    enum planche_status status = PLANCHE_OK;
    if (stage->passed_count > 0)
        qsort(stage->passed, stage->passed_count, sizeof(*stage->passed), compare_names);
    while (status == PLANCHE_OK && planche_import_sums_next(text, size, &at, &sum))
        status = check_sum(stage, &sum, error);
    if (status == PLANCHE_OK && at < size)
        status = planche_fail(error, PLANCHE_ERROR_DATA,
                              "%s: its " PLANCHE_IMPORT_SUMS " is no list of sums", stage->source);
    for (size_t i = 0; i < stage->count; i++) {
        struct planche_import_file *file = stage->files + i;
        if (status == PLANCHE_OK && !file->used && !is_sums(file) && !file->licence)
            status =
                planche_fail(error, PLANCHE_ERROR_DATA, "%s: %s is not in its " PLANCHE_IMPORT_SUMS,
                             stage->source, file->name);
        file->used = false;
    }
    return status;
}

enum planche_status planche_import_check_sums(struct planche_import_stage *stage,
                                              struct planche_error *error)
{
    const struct planche_import_file *list =
        find_name(stage, PLANCHE_IMPORT_SUMS, strlen(PLANCHE_IMPORT_SUMS));
    if (!list)
        return PLANCHE_OK;
    if (list->size > PLANCHE_IMPORT_SUMS_BYTES)
        return planche_fail(error, PLANCHE_ERROR_LIMIT,
                            "%s: its " PLANCHE_IMPORT_SUMS " has more than %zu bytes",
                            stage->source, PLANCHE_IMPORT_SUMS_BYTES);
    char *text = planche_alloc(stage->budget, (size_t)list->size);
    if (!text)
        return planche_fail_memory(error, stage->budget, list->size, stage->source);
    int fd = planche_fd_open(list->path, PLANCHE_FD_NO_LINK, NULL);
    int64_t got = fd < 0 ? -1 : planche_fd_read_all(fd, text, (size_t)list->size);
    enum planche_status status =
        got == (int64_t)list->size
            ? check_list(stage, text, (size_t)list->size, error)
            : planche_fail(error, PLANCHE_ERROR_IO, "%s: reading failed", list->path);
    planche_fd_close(&fd);
    planche_free(text);
    return status;
}

const struct planche_import_file *
planche_import_find_licence(const struct planche_import_stage *stage, const char *name)
{
    const struct planche_import_file *file = find_name(stage, name, strlen(name));
    return file && file->licence ? file : NULL;
}

enum planche_status planche_import_find_partner(const struct planche_import_stage *stage,
                                                const struct planche_import_file *file,
                                                struct planche_import_file **partner,
                                                struct planche_error *error)
{
    char name[PLANCHE_ENTRY_NAME_BYTES + 1];
    *partner = NULL;
    if (!planche_text_ends(file->name, ".param"))
        return PLANCHE_OK;
    size_t length = planche_name_partner(file->name, name, sizeof(name));
    if (length < sizeof(name))
        *partner = find_name(stage, name, length);
    if (*partner)
        return PLANCHE_OK;
    bool itself = strcmp(stage->source, file->name) == 0; /* a file that was named, in no archive */
    return planche_fail(error, PLANCHE_ERROR_NOT_FOUND,
                        "%s%s%s: %s, which has the weights, is missing or empty", stage->source,
                        itself ? "" : ": ", itself ? "" : file->name, name);
}

/* Whether a file has the name of one of the catalogue, but for its folders. */
static bool has_known_name(const struct planche_import_file *file)
{
    for (size_t i = 0; i < planche_catalogue_count(); i++) {
        const struct planche_model_variant *variant = planche_catalogue_get(i);
        const char *slash = strrchr(variant->file, '/');
        const char *base = slash ? slash + 1 : variant->file;
        size_t length = strlen(base);
        if (variant->package && strncmp(file->base, base, length) == 0 &&
            strcmp(file->base + length, ".param") == 0)
            return true;
    }
    return false;
}

/* The message of a loader without the path of the copy, which nobody else sees. */
static enum planche_status fail_load(const struct planche_import_stage *stage,
                                     const struct planche_import_file *file,
                                     struct planche_error *error)
{
    char message[PLANCHE_ERROR_MESSAGE_SIZE];
    const char *text = message;
    size_t length = strlen(file->path);
    memcpy(message, error->message, sizeof(message));
    if (strncmp(text, file->path, length) == 0 && strncmp(text + length, ": ", 2) == 0)
        text += length + 2;
    return planche_import_refuse(stage, file->name, error->status, text, error);
}

enum planche_status planche_import_check_model(const struct planche_import_stage *stage,
                                               const struct planche_import_file *file,
                                               const struct planche_import_file *partner,
                                               struct planche_error *error)
{
    const struct planche_model_source source = {.param_path = file->path,
                                                .bin_path = partner ? partner->path : NULL};
    struct planche_net *net;
    if (has_known_name(file))
        return planche_fail(error, PLANCHE_ERROR_MODEL,
                            "%s: %s has the name of a model that Planche knows, and is damaged or "
                            "another version; rename it if it is a model of its own",
                            stage->source, file->name);
    enum planche_status status = planche_model_load(&net, &source, NULL, stage->budget, error);
    planche_net_destroy(&net);
    return status ? fail_load(stage, file, error) : PLANCHE_OK;
}
