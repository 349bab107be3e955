/* SPDX-License-Identifier: MIT */
/* Multi-pass enlargement: a page through the same engine several times. */
#include "ncnn/multi_pass.h"

#include "base/status.h"
#include "io/folder_lock.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A hidden folder beside an output for intermediate files. Its name depends only on the output, so
 * that a run removes the files of one that was killed. */
struct work_folder {
    char *path;
    struct planche_folder_lock lock; /* held while the folder is in use */
};

/* "FOLDER/.planche-HASH" for FOLDER/NAME; NULL: no memory. */
static char *work_folder_name(const char *output)
{
    const char *slash = strrchr(output, '/');
    int folder = slash != NULL ? (int)(slash + 1 - output) : 0;
    uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
    char *name;
    for (const char *at = output + folder; *at != 0; at++)
        hash = (hash ^ (unsigned char)*at) * UINT64_C(0x100000001b3);
    return asprintf(&name, "%.*s.planche-%016" PRIx64, folder, output, hash) < 0 ? NULL : name;
}

static void clear(const struct work_folder *folder)
{
    DIR *entries = opendir(folder->path);
    if (entries == NULL)
        return;
    for (const struct dirent *entry; (entry = readdir(entries)) != NULL;)
        unlinkat(dirfd(entries), entry->d_name, 0); /* fails for . and .. */
    closedir(entries);
}

static void close_work_folder(struct work_folder *folder)
{
    if (folder->lock.fd >= 0) {
        clear(folder);
        rmdir(folder->path);
        planche_folder_lock_release(&folder->lock);
    }
    free(folder->path);
}

static enum planche_status open_work_folder(struct work_folder *folder, const char *output,
                                            struct planche_error *error)
{
    *folder = (struct work_folder){work_folder_name(output), PLANCHE_FOLDER_LOCK_NONE};
    const char *reason = strerror(ENOMEM);
    if (folder->path != NULL) {
        switch (planche_folder_lock_take(&folder->lock, folder->path)) {
        case PLANCHE_FOLDER_LOCK_TAKEN:
        case PLANCHE_FOLDER_LOCK_UNKNOWN:
            clear(folder);
            return PLANCHE_OK;
        case PLANCHE_FOLDER_LOCK_BUSY:
            reason = "another run is making it";
            break;
        case PLANCHE_FOLDER_LOCK_UNTRUSTED:
            reason = strerror(EEXIST);
            break;
        default:
            reason = strerror(errno);
        }
    }
    return planche_fail(error, PLANCHE_ERROR_IO, "%s: cannot make a folder beside it: %s", output,
                        reason);
}

static bool copy_bytes(FILE *from, FILE *to)
{
    char bytes[1 << 16];
    size_t size;
    while ((size = fread(bytes, 1, sizeof bytes, from)) > 0) {
        if (fwrite(bytes, 1, size, to) != size)
            return false;
    }
    return ferror(from) == 0 && fflush(to) == 0 && fsync(fileno(to)) == 0;
}

static enum planche_status copy_file(const struct work_folder *folder, const char *input,
                                     const char *output, struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    char *name = NULL;
    FILE *from = fopen(input, "rbe"), *to = NULL;
    if (from == NULL)
        return planche_fail(error, PLANCHE_ERROR_IO, "%s: %s", input, strerror(errno));
    if (asprintf(&name, "%s/copy", folder->path) < 0)
        name = NULL;
    to = name != NULL ? fopen(name, "wbxe") : NULL;
    if (to == NULL || !copy_bytes(from, to) || rename(name, output) != 0)
        status =
            planche_fail(error, PLANCHE_ERROR_IO, "%s: cannot write: %s", output, strerror(errno));
    if (to != NULL)
        fclose(to);
    fclose(from);
    free(name);
    return status;
}

/* Path of the intermediate image after a run. False: the folder's name is too long. */
static bool name_step(char *path, size_t size, const char *folder, unsigned run)
{
    int length = snprintf(path, size, "%s/%u.png", folder, run);
    return length > 0 && (size_t)length < size;
}

static enum planche_status run_between(const struct planche_engine *engine, unsigned runs,
                                       const char *folder, const char *input, const char *output,
                                       const struct planche_page_options *options,
                                       struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    struct planche_page_options between = *options;
    char from[4096], to[4096];
    between.format = PLANCHE_FORMAT_PNG;
    between.png_level = 1;
    for (unsigned run = 1; run <= runs && status == PLANCHE_OK; run++) {
        bool first = run == 1, last = run == runs;
        if (!name_step(from, sizeof from, folder, run - 1) ||
            !name_step(to, sizeof to, folder, run))
            return planche_fail(error, PLANCHE_ERROR_IO, "%s: the name is too long", folder);
        status = planche_engine_run_file(engine, first ? input : from, last ? output : to,
                                         last ? options : &between, NULL, error);
        unlink(from);
    }
    return status;
}

enum planche_status planche_cli_multi_pass(const struct planche_engine *engine, unsigned runs,
                                           const char *input, const char *output,
                                           const struct planche_page_options *options,
                                           struct planche_error *error)
{
    if (runs == 1)
        return planche_engine_run_file(engine, input, output, options, NULL, error);
    if (runs == 0 && planche_format_from_name(input) != options->format)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                            "at scale 1 without noise removal there is nothing to do, and "
                            "formats are not converted; give the result the page's format");
    struct work_folder folder;
    enum planche_status status = open_work_folder(&folder, output, error);
    if (status == PLANCHE_OK && runs == 0)
        status = copy_file(&folder, input, output, error);
    else if (status == PLANCHE_OK)
        status = run_between(engine, runs, folder.path, input, output, options, error);
    close_work_folder(&folder);
    return status;
}
