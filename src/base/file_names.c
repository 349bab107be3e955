/* SPDX-License-Identifier: MIT */
/* File names with a meaning of their own. */
#include "base/file_names.h"

#include "base/text.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool is_one_of(const char *name, size_t length, const char *const *list)
{
    for (; *list; list++)
        if (strlen(*list) == length && strncasecmp(*list, name, length) == 0)
            return true;
    return false;
}

/* Windows; Macintosh computers, whose companions of files ("._page.jpg") carry their names;
 * Synology; viewers. */
static bool is_junk_part(const char *name, size_t length, bool folder)
{
    static const char *const files[] = {"Thumbs.db",   "ehthumbs.db", "ehthumbs_vista.db",
                                        "desktop.ini", ".DS_Store",   ".directory",
                                        NULL};
    static const char *const folders[] = {
        "__MACOSX", "@eaDir",          ".thumbs",    "thumbs",       ".thumbnails", ".AppleDouble",
        ".Trashes", ".Spotlight-V100", ".fseventsd", "$RECYCLE.BIN", "#recycle",    NULL,
    };
    if (folder && is_one_of(name, length, folders))
        return true;
    return (length > 2 && strncmp(name, "._", 2) == 0) ||
           (!folder && is_one_of(name, length, files));
}

bool planche_name_is_junk(const char *path)
{
    for (size_t length;; path += length + 1) {
        length = strcspn(path, "/");
        if (is_junk_part(path, length, path[length] == '/'))
            return true;
        if (!path[length])
            return false;
    }
}

bool planche_name_is_cover(const char *path)
{
    static const char *const stems[] = {"cover",  "folder", "poster",    "default",
                                        "series", "banner", "thumbnail", NULL};
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    const char *dot = strrchr(base, '.');
    return dot && is_one_of(base, (size_t)(dot - base), stems);
}

size_t planche_name_partner(const char *path, char *out, size_t size)
{
    static const char *const endings[] = {".param", ".bin"};
    for (size_t i = 0; i < 2; i++) {
        size_t length = strlen(path), end = strlen(endings[i]);
        const char *other = endings[1 - i];
        if (!planche_text_ends(path, endings[i]))
            continue;
        snprintf(out, size, "%.*s%s", (int)(length - end), path, other);
        return length - end + strlen(other);
    }
    return 0;
}

/* An ending of the model's own name, or a whole name. */
static const struct {
    const char *text;
    bool own;
} licences[] = {
    {".json", true},        {".txt", true},
    {".md", true},          {PLANCHE_NAME_LICENCE, true},
    {"LICENSE", false},     {"LICENSE.txt", false},
    {"LICENSE.md", false},  {"LICENCE", false},
    {"LICENCE.txt", false}, {"LICENCE.md", false},
    {"COPYING", false},     {"COPYING.txt", false},
    {"COPYING.md", false},
};
#define LICENCES (sizeof licences / sizeof *licences)

size_t planche_name_licence(const char *model, size_t index, char *out, size_t size, bool *own)
{
    if (index >= LICENCES)
        return 0;
    const char *slash = strrchr(model, '/'), *base = slash ? slash + 1 : model;
    const char *dot = strrchr(base, '.'), *text = licences[index].text;
    size_t stem = dot && dot > base ? (size_t)(dot - model) : strlen(model);
    size_t kept = licences[index].own ? stem : (size_t)(base - model);
    *own = licences[index].own;
    snprintf(out, size, "%.*s%s", (int)kept, model, text);
    return kept + strlen(text);
}

bool planche_name_is_licence(const char *path)
{
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    for (size_t i = 0; i < LICENCES; i++)
        if (licences[i].own ? planche_text_ends(base, licences[i].text)
                            : strcmp(base, licences[i].text) == 0)
            return true;
    return false;
}
