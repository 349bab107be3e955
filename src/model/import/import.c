/* SPDX-License-Identifier: MIT */
/* Import of models: what was staged is checked as a whole, and then gets its names. Files of the
 * catalogue are told by their sha256, whatever they are called and wherever they lie; so a package
 * of npm, a pack, a folder and a copy of somebody's cache are all the same. */
#include "model/import/import.h"

#include "base/file_names.h"
#include "base/status.h"
#include "base/text.h"
#include "io/atomic_file.h"
#include "io/digest.h"
#include "model/catalogue.h"
#include "model/import/check.h"
#include "os/fd.h"
#include "os/file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MAX_BYTES    (UINT64_C(8) << 30)
#define MAX_PATH     4096
#define OTHERS       PLANCHE_NAME_IMPORTED
#define COPIED_BYTES ((size_t)256 << 10)

struct import {
    struct planche_import_stage stage;
    const struct planche_model_import_options *options;
    size_t models;
};

static void report(struct import *import, const char *path,
                   const struct planche_model_variant *variant, bool there)
{
    const struct planche_model_imported model = {
        .struct_size = sizeof(model), .path = path, .variant = variant, .there = there};
    import->models++;
    if (import->options->imported)
        import->options->imported(import->options->user, &model);
}

static enum planche_status copy(struct import *import, struct planche_atomic_file *to, int from,
                                struct planche_error *error)
{
    int64_t got;
    while ((got = planche_fd_read(from, import->stage.buffer, COPIED_BYTES)) > 0) {
        enum planche_status status = planche_cancel_fail(import->stage.cancel, error);
        if (status == PLANCHE_OK)
            status = planche_atomic_file_write(to, import->stage.buffer, (size_t)got, error);
        if (status)
            return status;
    }
    return got == 0 ? PLANCHE_OK
                    : planche_fail(error, PLANCHE_ERROR_IO, "%s: reading failed: %s",
                                   import->stage.source, strerror(errno));
}

/* Gives a copy of a staged file its name. One file may be part of several models. */
static enum planche_status place(struct import *import, const struct planche_import_file *file,
                                 const char *path, struct planche_error *error)
{
    struct planche_atomic_file *to = NULL;
    if (!planche_folder_make_parents(path, 0777))
        return planche_fail(
            error, planche_status_of(errno),
            "%s: cannot make a folder for it: %s; choose another (option model_directory)", path,
            strerror(errno));
    int from = planche_fd_open(file->path, PLANCHE_FD_NO_LINK, NULL);
    if (from < 0)
        return planche_fail(error, PLANCHE_ERROR_IO, "%s: %s", file->path, strerror(errno));
    enum planche_status status =
        planche_atomic_file_create(&to, path, true, import->stage.budget, error);
    if (status == PLANCHE_OK)
        status = copy(import, to, from, error);
    if (status == PLANCHE_OK)
        status = planche_atomic_file_commit(to, error);
    planche_atomic_file_destroy(&to);
    planche_fd_close(&from);
    return status;
}

static enum planche_status join(char *path, const char *directory, const char *name,
                                const char *ending, struct planche_error *error)
{
    int length = snprintf(path, MAX_PATH, "%s/%s%s", directory, name, ending);
    return length >= 0 && length < MAX_PATH
               ? PLANCHE_OK
               : planche_fail(error, PLANCHE_ERROR_ARGUMENT, "%s: the path is too long", directory);
}

/* The two files of a variant among those that were staged. */
static bool find_variant(struct import *import, const struct planche_model_variant *variant,
                         struct planche_import_file *files[2])
{
    if (!variant->package)
        return false;
    files[0] = planche_import_find(&import->stage, variant->param_sha256, variant->param_size);
    files[1] = planche_import_find(&import->stage, variant->bin_sha256, variant->bin_size);
    return files[0] && files[1];
}

/* Files that are the same, too: variants of a model may differ in their weights alone. */
static void mark_all(struct planche_import_stage *stage, const char *sha256)
{
    for (size_t i = 0; i < stage->count; i++) {
        if (strcmp(stage->files[i].sha256, sha256) == 0)
            stage->files[i].used = true;
    }
}

/* True: there are some. */
static bool mark_variants(struct import *import)
{
    struct planche_import_file *files[2];
    bool any = false;
    for (size_t i = 0; i < planche_catalogue_count(); i++) {
        const struct planche_model_variant *variant = planche_catalogue_get(i);
        if (!find_variant(import, variant, files))
            continue;
        mark_all(&import->stage, variant->param_sha256);
        mark_all(&import->stage, variant->bin_sha256);
        any = true;
    }
    return any;
}

static enum planche_status place_variant(struct import *import,
                                         const struct planche_model_variant *variant,
                                         struct planche_error *error)
{
    const char *directory = import->stage.directory;
    struct planche_import_file *files[2];
    char path[MAX_PATH];
    struct planche_error ignored;
    if (!find_variant(import, variant, files))
        return PLANCHE_OK;
    bool there = planche_catalogue_check(variant, directory, 1, &ignored) == PLANCHE_OK;
    enum planche_status status = join(path, directory, variant->file, ".bin", error);
    if (status == PLANCHE_OK && !there)
        status = place(import, files[1], path, error);
    if (status == PLANCHE_OK)
        status = join(path, directory, variant->file, ".param", error);
    if (status == PLANCHE_OK && !there)
        status = place(import, files[0], path, error);
    if (status == PLANCHE_OK)
        report(import, path, variant, there);
    return status;
}

static enum planche_status place_variants(struct import *import, struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    for (size_t i = 0; status == PLANCHE_OK && i < planche_catalogue_count(); i++)
        status = place_variant(import, planche_catalogue_get(i), error);
    return status;
}

/* *there: the same file has that name already. Error: EXISTS: another one has it. */
static enum planche_status look_at_place(const struct planche_import_file *file, const char *path,
                                         bool *there, struct planche_error *error)
{
    struct planche_file_info info;
    uint8_t digest[PLANCHE_IO_DIGEST_BYTES];
    char sha256[PLANCHE_IMPORT_HEX] = "";
    int fd = planche_fd_open(path, 0, &info);
    *there = false;
    if (fd < 0 && planche_file_is_absent(errno))
        return PLANCHE_OK;
    if (fd >= 0 && info.kind == PLANCHE_FILE_REGULAR && planche_fd_digest(fd, digest))
        planche_text_hex(sha256, digest, sizeof(digest));
    planche_fd_close(&fd);
    *there = strcmp(sha256, file->sha256) == 0;
    return *there ? PLANCHE_OK
                  : planche_fail(error, PLANCHE_ERROR_EXISTS,
                                 "%s: another model has this name: remove it, or rename %s", path,
                                 file->base);
}

#define FOLDER   "models-"
#define MAX_NAME 200

/* Behind what readers of folders and archives take for a drive or a folder: one file by itself gets
 * the same name as in its folder. */
static const char *skip_root(const char *name)
{
    const char *slash = strrchr(name, '\\'), *from = slash ? slash + 1 : name;
    while (((*from >= 'a' && *from <= 'z') || (*from >= 'A' && *from <= 'Z')) && from[1] == ':' &&
           from[2] != '.')
        from += 2;
    return *from && *from != '.' ? from : name;
}

/* Makes a name one that means the model where a model's name is read: what stands between models
 * and before them in such a text becomes "_", and so does what would hide the file or make its name
 * an option. */
static void make_plain(char *name)
{
    const char *rest = skip_root(name);
    memmove(name, rest, strlen(rest) + 1);
    if (*name == '.' || *name == '-')
        *name = '_';
    for (char *at = name; (at = strpbrk(at, ":+|,= ")) != NULL;)
        *at = '_';
}

/* The name of a model that is in no catalogue: its own, made plain. Of a folder that is called as
 * those of ncnn's programs are (models-pro) the rest stands before it: the same names lie in
 * several, and Real-CUGAN's colours are told by it. */
static const char *other_name(const struct planche_import_file *file, char *name)
{
    const char *end = file->base > file->name ? file->base - 1 : file->name, *from = end;
    while (from > file->name && from[-1] != '/')
        from--;
    size_t length = (size_t)(end - from), skip = strlen(FOLDER);
    if (length <= skip || strncmp(from, FOLDER, skip) != 0 ||
        length - skip + strlen(file->base) >= MAX_NAME)
        snprintf(name, MAX_NAME + 1, "%s", file->base);
    else
        snprintf(name, MAX_NAME + 1, "%.*s-%s", (int)(length - skip), from + skip, file->base);
    make_plain(name);
    return name;
}

/* Keeps a file that may tell the licence of the model at `path` under the model's name, unless
 * there is something already: that of its folder goes behind its own. */
static enum planche_status place_licence(struct import *import,
                                         const struct planche_import_file *file, bool own,
                                         const char *path, struct planche_error *error)
{
    char place_of[MAX_PATH];
    const char *ending = own ? strrchr(file->base, '.') : PLANCHE_NAME_LICENCE;
    const char *dot = strrchr(path, '.');
    int length = snprintf(place_of, sizeof(place_of), "%.*s%s", (int)(dot - path), path, ending);
    if (length < 0 || (size_t)length >= sizeof(place_of) ||
        planche_file_find_link(place_of, NULL) != PLANCHE_FILE_ABSENT)
        return PLANCHE_OK;
    return place(import, file, place_of, error);
}

static enum planche_status place_licences(struct import *import,
                                          const struct planche_import_file *model, const char *path,
                                          struct planche_error *error)
{
    char name[MAX_PATH];
    bool own;
    size_t length;
    enum planche_status status = PLANCHE_OK;
    for (size_t i = 0;
         !status && (length = planche_name_licence(model->name, i, name, sizeof(name), &own)) > 0;
         i++) {
        const struct planche_import_file *file =
            length < sizeof(name) ? planche_import_find_licence(&import->stage, name) : NULL;
        if (file)
            status = place_licence(import, file, own, path, error);
    }
    return status;
}

/* A model that is in no catalogue, with the file beside it if it has one: looks where it is to go,
 * and, if `now`, brings it there. */
static enum planche_status place_other(struct import *import, struct planche_import_file *file,
                                       bool now, struct planche_error *error)
{
    char path[MAX_PATH], second[MAX_PATH], name[MAX_NAME + 1];
    struct planche_import_file *partner;
    bool there = false, second_there = true;
    enum planche_status status = planche_import_find_partner(&import->stage, file, &partner, error);
    if (status == PLANCHE_OK && !now)
        status = planche_import_check_model(&import->stage, file, partner, error);
    if (status == PLANCHE_OK)
        status = join(path, import->stage.directory, OTHERS "/", other_name(file, name), error);
    if (status == PLANCHE_OK)
        status = look_at_place(file, path, &there, error);
    if (status == PLANCHE_OK && partner)
        status =
            join(second, import->stage.directory, OTHERS "/", other_name(partner, name), error);
    if (status == PLANCHE_OK && partner)
        status = look_at_place(partner, second, &second_there, error);
    if (status || !now)
        return status;
    status = place_licences(import, file, path, error);
    if (status == PLANCHE_OK && !second_there)
        status = place(import, partner, second, error);
    if (status == PLANCHE_OK && !there)
        status = place(import, file, path, error);
    if (status == PLANCHE_OK)
        report(import, path, NULL, there && second_there);
    return status;
}

/* Error: DATA: an earlier file would have the same name. */
static enum planche_status check_name(const struct import *import,
                                      const struct planche_import_file *file,
                                      struct planche_error *error)
{
    char names[2][MAX_NAME + 1];
    for (const struct planche_import_file *other = import->stage.files; other < file; other++) {
        if (other->model && !other->used &&
            strcmp(other_name(other, names[0]), other_name(file, names[1])) == 0)
            return planche_fail(error, PLANCHE_ERROR_DATA,
                                "%s: %s and %s have one name: rename one", import->stage.source,
                                other->name, file->name);
    }
    return PLANCHE_OK;
}

static enum planche_status place_others(struct import *import, bool now,
                                        struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    for (size_t i = 0; status == PLANCHE_OK && i < import->stage.count; i++) {
        struct planche_import_file *file = import->stage.files + i;
        if (!file->model || file->used)
            continue;
        status = check_name(import, file, error);
        if (status == PLANCHE_OK)
            status = place_other(import, file, now, error);
    }
    return status;
}

/* Nothing gets a name before everything was checked. */
static enum planche_status run(struct import *import, struct planche_error *error)
{
    uint64_t most = import->options->max_bytes ? import->options->max_bytes : MAX_BYTES;
    enum planche_status status = planche_import_read(&import->stage, most, error);
    if (status == PLANCHE_OK)
        status = planche_import_check_sums(&import->stage, error);
    if (status)
        return status;
    /* Of a package that the catalogue knows, the rest is not what anybody asked for. */
    bool known = mark_variants(import), others = !(known && import->stage.package);
    if (others)
        status = place_others(import, false, error);
    if (status == PLANCHE_OK)
        status = place_variants(import, error);
    if (status == PLANCHE_OK && others)
        status = place_others(import, true, error);
    if (status == PLANCHE_OK && import->models == 0)
        status =
            planche_fail(error, PLANCHE_ERROR_DATA,
                         "%s: has no model that Planche knows or can load", import->stage.source);
    return status;
}

enum planche_status planche_import_run(const char *path,
                                       const struct planche_model_import_options *options,
                                       struct planche_error *error)
{
    char directory[MAX_PATH];
    struct planche_budget budget;
    const struct planche_cancel_token cancel = {.handle = options->cancel};
    struct import import = {.stage = {.source = path,
                                      .directory = options->directory,
                                      .cancel = &cancel,
                                      .budget = &budget},
                            .options = options};
    enum planche_status status = PLANCHE_OK;
    planche_budget_init(&budget, options->memory);
    if (!options->directory) {
        status = planche_catalogue_directory(directory, sizeof(directory), error);
        import.stage.directory = directory;
    }
    if (status == PLANCHE_OK)
        status = run(&import, error);
    planche_import_stage_free(&import.stage);
    return status;
}
