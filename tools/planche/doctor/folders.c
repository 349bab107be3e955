/* SPDX-License-Identifier: MIT */
/* planche doctor: folders of the user. */
#include "doctor/checks.h"

#include "cli/number.h"
#include "io/cache_dir.h"
#include "os/file_info.h"

#include <errno.h>
#include <limits.h>
#include <planche/planche.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Less than a book's pages and their results take. */
#define LITTLE_ROOM ((uint64_t)512 << 20)

/* Cuts a path to what is there of it, or cannot be looked at: "." if that is nothing. */
static void cut_to_existing(char path[PATH_MAX])
{
    while (planche_file_find(path, NULL) == PLANCHE_FILE_ABSENT) {
        char *slash = strrchr(path, '/');
        if (slash == NULL) {
            snprintf(path, PATH_MAX, ".");
            return;
        }
        slash[slash == path && slash[1] ? 1 : 0] = 0;
    }
}

/* False: errno says why not. */
static bool can_write_to(const char *folder)
{
    struct planche_file_info info;
    if (planche_file_find(folder, &info) != PLANCHE_FILE_PRESENT)
        return false;
    if (info.kind != PLANCHE_FILE_FOLDER) {
        errno = ENOTDIR;
        return false;
    }
    return access(folder, W_OK | X_OK) == 0;
}

/* A folder, or the nearest above it that is there and would get it. */
static void check_folder(struct planche_doctor_findings *findings, const char *name,
                         const char *path, const char *loss, const char *remedy)
{
    char there[PATH_MAX], room[32];
    uint64_t bytes = 0;
    snprintf(there, sizeof there, "%s", path);
    cut_to_existing(there);
    if (!can_write_to(there)) {
        planche_doctor_add(findings, PLANCHE_DOCTOR_NOTE, name, remedy,
                           "%s cannot be written to (%s): %s", path, strerror(errno), loss);
        return;
    }
    bool known = planche_file_system_free(there, &bytes);
    if (known && bytes < LITTLE_ROOM)
        planche_doctor_add(findings, PLANCHE_DOCTOR_NOTE, name,
                           "make room, or name another folder; planche cache prune removes results "
                           "that are kept",
                           "%s: only %s are left on this disk", path,
                           planche_cli_format_bytes(bytes, room, sizeof room));
    else
        planche_doctor_add(findings, PLANCHE_DOCTOR_OK, name, "", "%s can be written to%s%s", path,
                           known ? "; left on this disk: " : "",
                           known ? planche_cli_format_bytes(bytes, room, sizeof room) : "");
}

static void check_state(struct planche_doctor_findings *findings)
{
    static const char loss[] = "planche does not remember what outputs were made from, beside what "
                               "stands in them";
    static const char remedy[] = "set HOME or XDG_STATE_HOME to a folder of yours";
    char path[PATH_MAX];
    struct planche_error error = {0};
    if (planche_state_path(path, sizeof path, "outputs", &error) == PLANCHE_OK)
        check_folder(findings, "state", path, loss, remedy);
    else
        planche_doctor_add(findings, PLANCHE_DOCTOR_NOTE, "state", remedy, "%s: %s", error.message,
                           loss);
}

static void check_cache(struct planche_doctor_findings *findings,
                        const struct planche_cli_options *options)
{
    static const char loss[] = "planche serve cannot keep results there";
    static const char remedy[] = "set HOME or XDG_CACHE_HOME to a folder of yours";
    char path[PATH_MAX];
    struct planche_error error = {0};
    if (options->cache != NULL)
        check_folder(findings, "cache", options->cache, loss, "name another folder with --cache");
    else if (planche_cache_path(path, sizeof path, "results", &error) == PLANCHE_OK)
        check_folder(findings, "cache", path, loss, remedy);
    else
        planche_doctor_add(findings, PLANCHE_DOCTOR_NOTE, "cache", remedy, "%s: %s", error.message,
                           loss);
}

void planche_doctor_check_folders(struct planche_doctor_findings *findings,
                                  const struct planche_cli_options *options)
{
    static const char loss[] = "models cannot be fetched into it";
    static const char remedy[] =
        "set PLANCHE_MODEL_DIR, HOME or XDG_CACHE_HOME to a folder of yours";
    char path[PATH_MAX];
    struct planche_error error = {0};
    if (options->engine.model_directory != NULL)
        check_folder(findings, "model folder", options->engine.model_directory, loss, remedy);
    else if (planche_model_directory(path, sizeof path, &error) == PLANCHE_OK)
        check_folder(findings, "model folder", path, loss, remedy);
    else
        planche_doctor_add(findings, PLANCHE_DOCTOR_NOTE, "model folder", remedy, "%s",
                           error.message);
    check_cache(findings, options);
    check_state(findings);
}
