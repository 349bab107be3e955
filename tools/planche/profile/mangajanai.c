/* SPDX-License-Identifier: MIT */
/* MangaJaNai: a profile by the names of its files. The thresholds are those of its own program
 * (MangaJaNaiConverterGui, the default workflow): a model for each height of a page. */
#include "profile/profile.h"

#include "base/status.h"
#include "profile/parts.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Models for grey pages, and the highest page of each; 0: all that are higher. */
static const struct {
    const char *name;
    uint32_t height;
} grey_models[] = {{"1200p", 1250}, {"1300p", 1350}, {"1400p", 1450}, {"1500p", 1550},
                   {"1600p", 1760}, {"1920p", 1984}, {"2048p", 0}};
#define GREY_MODELS (sizeof grey_models / sizeof *grey_models)

/* For pages in colour, the best first that streams. */
static const char *const colour_models[] = {"V3denoise", "V3detail", "V2standard", "V1"};
#define COLOUR_MODELS (sizeof colour_models / sizeof *colour_models)

/* Names of files that are there; NULL: not there. Owned. */
struct found {
    char *grey[GREY_MODELS], *colour[COLOUR_MODELS];
    bool failed; /* no memory for one of them */
};

static void keep(struct found *found, char **name, const char *file)
{
    if (!*name)
        *name = strdup(file);
    found->failed = found->failed || !*name;
}

/* Only what is known to stream is taken of those in colour: other architectures are refused. */
static void note(struct found *found, const char *file, unsigned scale)
{
    char begin[48];
    snprintf(begin, sizeof begin, "%ux_MangaJaNai_", scale);
    if (!planche_model_is_file(file) || strchr(file, '|'))
        return;
    for (size_t i = 0; strncmp(file, begin, strlen(begin)) == 0 && i < GREY_MODELS; i++)
        if (strncmp(file + strlen(begin), grey_models[i].name, 5) == 0)
            keep(found, &found->grey[i], file);
    snprintf(begin, sizeof begin, "%ux_IllustrationJaNai_", scale);
    bool streams = strstr(file, "ESRGAN") || strstr(file, "SPAN");
    for (size_t i = 0; streams && strncmp(file, begin, strlen(begin)) == 0 && i < COLOUR_MODELS;
         i++)
        if (strstr(file + strlen(begin), colour_models[i]))
            keep(found, &found->colour[i], file);
}

/* A folder that is not there has no files. */
static enum planche_status find(struct found *found, const char *folder, unsigned scale,
                                struct planche_error *error)
{
    struct dirent **names;
    int count = scandir(folder, &names, NULL, alphasort);
    if (count < 0 && errno != ENOENT && errno != ENOTDIR)
        return planche_fail(error, planche_status_of(errno), "%s: the folder cannot be read: %s",
                            folder, strerror(errno));
    for (int i = 0; i < count; i++) {
        note(found, names[i]->d_name, scale);
        free(names[i]);
    }
    if (count >= 0)
        free(names);
    return found->failed
               ? planche_fail(error, PLANCHE_ERROR_MEMORY, "%s: no memory for its files", folder)
               : PLANCHE_OK;
}

static void clear(struct found *found)
{
    for (size_t i = 0; i < GREY_MODELS; i++)
        free(found->grey[i]);
    for (size_t i = 0; i < COLOUR_MODELS; i++)
        free(found->colour[i]);
}

static enum planche_status write_file(FILE *text, const char *folder, const char *file,
                                      struct planche_error *error)
{
    char path[PATH_MAX];
    if ((size_t)snprintf(path, sizeof path, "%s/%s", folder, file) >= sizeof path)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "%.80s...: the path is too long",
                            folder);
    return planche_parts_write(text, path, error);
}

/* Pages for whose height a model is missing have the next one. */
static enum planche_status write_grey(FILE *text, const struct found *found, const char *folder,
                                      struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    size_t last = GREY_MODELS;
    for (size_t i = 0; i < GREY_MODELS; i++)
        if (found->grey[i])
            last = i;
    for (size_t i = 0; !status && i < GREY_MODELS && last < GREY_MODELS; i++) {
        if (!found->grey[i])
            continue;
        fputs("grey", text);
        if (i < last)
            fprintf(text, ",height<=%u", grey_models[i].height);
        fputs(":levels+", text);
        status = write_file(text, folder, found->grey[i], error);
        fputc('|', text);
    }
    return status;
}

static enum planche_status write_text(FILE *text, const struct found *found, const char *folder,
                                      struct planche_error *error)
{
    enum planche_status status = write_grey(text, found, folder, error);
    size_t best = 0;
    while (best < COLOUR_MODELS && !found->colour[best])
        best++;
    if (!status && best < COLOUR_MODELS)
        status = write_file(text, folder, found->colour[best], error);
    else if (!status)
        fputs("auto", text);
    return status;
}

static bool any(const struct found *found)
{
    for (size_t i = 0; i < GREY_MODELS; i++)
        if (found->grey[i])
            return true;
    for (size_t i = 0; i < COLOUR_MODELS; i++)
        if (found->colour[i])
            return true;
    return false;
}

static enum planche_status make_text(char **model, const struct found *found, const char *folder,
                                     struct planche_error *error)
{
    size_t size = 0;
    FILE *text = open_memstream(model, &size);
    enum planche_status status = text ? write_text(text, found, folder, error) : PLANCHE_OK;
    bool made = text && !ferror(text);
    made = text && fclose(text) == 0 && made;
    return status || made ? status
                          : planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for the profile");
}

enum planche_status planche_profile_make_mangajanai(struct planche_profile *profile,
                                                    const char *folder, unsigned scale,
                                                    struct planche_error *error)
{
    struct found found = {0};
    *profile = (struct planche_profile){.scale = scale ? scale : 2};
    enum planche_status status = find(&found, folder, profile->scale <= 2 ? 2 : 4, error);
    if (!status && !any(&found))
        status = planche_fail(
            error, PLANCHE_ERROR_NOT_FOUND,
            "%s: no file of MangaJaNai is in it (2x_MangaJaNai_1200p_V1_ESRGAN_70k.pth "
            "and others); give the folder that has them, or import them",
            folder);
    if (!status)
        status = make_text(&profile->model, &found, folder, error);
    clear(&found);
    if (status)
        planche_profile_free(profile);
    return status;
}
