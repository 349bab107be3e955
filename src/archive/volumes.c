/* SPDX-License-Identifier: MIT */
/* Volumes: "x.part2.rar", "x.rar" and "x.r00", "x.7z.001", "x.z01" and "x.zip". */
#include "archive/volumes.h"

#include "os/file_info.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DIGITS "0123456789"
/* Names with larger numbers mean something else. */
#define MAX_VOLUMES 9999u

/* How a set of volumes is called: text, a number of so many digits, text. */
struct naming {
    const char *path;
    size_t before, digits; /* bytes before the number, and of it */
    const char *after;
    unsigned number, first; /* of this volume, and of the first that has one */
    bool plain;             /* it has no number */
    const char *marker;     /* between `before` and the number in names that are not this one's */
};

bool planche_volumes_is_piece(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot && strlen(dot) == 4 && strspn(dot + 1, DIGITS) == 3;
}

/* "x.part02.rar" */
static bool take_part(struct naming *naming, const char *base)
{
    static const char mark[] = ".part";
    for (const char *at = base; *at; at++) {
        size_t digits =
            strncasecmp(at, mark, sizeof mark - 1) == 0 ? strspn(at + sizeof mark - 1, DIGITS) : 0;
        const char *after = at + sizeof mark - 1 + digits;
        if (digits == 0 || digits > 4 || *after != '.')
            continue;
        *naming = (struct naming){.path = naming->path,
                                  .before = (size_t)(after - naming->path) - digits,
                                  .digits = digits,
                                  .after = after,
                                  .number = (unsigned)strtoul(after - digits, NULL, 10),
                                  .first = 1,
                                  .marker = ""};
        return true;
    }
    return false;
}

/* By the extension: ".002", ".r01", ".z01", or the volume whose name has no number. */
static bool take_extension(struct naming *naming, const char *base)
{
    const char *dot = strrchr(base, '.');
    size_t length = dot ? strlen(dot + 1) : 0;
    size_t before = dot ? (size_t)(dot + 1 - naming->path) : 0;
    if (dot && planche_volumes_is_piece(base)) {
        *naming = (struct naming){.path = naming->path,
                                  .before = before,
                                  .digits = 3,
                                  .after = "",
                                  .number = (unsigned)strtoul(dot + 1, NULL, 10),
                                  .first = 1,
                                  .marker = ""};
        return true;
    }
    if (length != 3)
        return false;
    bool numbered = strspn(dot + 2, DIGITS) == 2;
    unsigned number = numbered ? (unsigned)strtoul(dot + 2, NULL, 10) : 0;
    bool rar = strcasecmp(dot, ".rar") == 0 || strcasecmp(dot, ".cbr") == 0;
    bool zip = strcasecmp(dot, ".zip") == 0 || strcasecmp(dot, ".cbz") == 0;
    bool r = rar || (numbered && (dot[1] == 'r' || dot[1] == 'R'));
    bool z = zip || (numbered && (dot[1] == 'z' || dot[1] == 'Z'));
    *naming = (struct naming){.path = naming->path,
                              .before = before,
                              .digits = 2,
                              .after = "",
                              .number = number,
                              .first = z ? 1 : 0,
                              .plain = !numbered,
                              .marker = z ? "z" : "r"};
    return r || z;
}

static bool is_missing(const struct naming *naming, unsigned number, char path[PATH_MAX])
{
    int length = snprintf(path, PATH_MAX, "%.*s%s%0*u%s", (int)naming->before, naming->path,
                          naming->marker, (int)naming->digits, number, naming->after);
    return length > 0 && length < PATH_MAX && planche_file_find(path, NULL) == PLANCHE_FILE_ABSENT;
}

bool planche_volumes_find_missing(const char *path, char missing[PATH_MAX])
{
    struct naming naming = {.path = path};
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    if ((!take_part(&naming, base) && !take_extension(&naming, base)) ||
        naming.number > MAX_VOLUMES)
        return false;
    for (unsigned number = naming.first; number < naming.number; number++)
        if (is_missing(&naming, number, missing))
            return true;
    /* The first has a second behind it; one without a number has all others before or behind it. */
    if (!naming.plain && naming.number != naming.first)
        return false;
    return is_missing(&naming, naming.plain ? naming.first : naming.number + 1, missing);
}
