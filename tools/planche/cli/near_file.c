/* SPDX-License-Identifier: MIT */
/* Did you mean, for files: the name in a folder that is nearest to one that is not there. */
#include "cli/near_file.h"

#include "cli/paths.h"
#include "os/file.h"
#include "os/file_info.h"
#include "words/suggest.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAX_NAMES 5000 /* in a larger folder a guess is not worth its time */

/* Goes to the next number of a name; its first digit that is not 0, and how many follow. */
static bool take_number(const char **name, const char **digits, size_t *count)
{
    *name += strcspn(*name, "0123456789");
    bool found = **name != 0;
    *digits = *name + strspn(*name, "0");
    *count = strspn(*digits, "0123456789");
    *name = *digits + *count;
    return found;
}

/* Whether two names have the same numbers, in their order: page-1 and page-001 do. */
static bool same_numbers(const char *a, const char *b)
{
    const char *digits[2];
    size_t counts[2];
    for (;;) {
        bool more_a = take_number(&a, &digits[0], &counts[0]);
        bool more_b = take_number(&b, &digits[1], &counts[1]);
        if (!more_a || !more_b)
            return more_a == more_b;
        if (counts[0] != counts[1] || memcmp(digits[0], digits[1], counts[0]) != 0)
            return false;
    }
}

unsigned planche_cli_near_file_distance(const char *wanted, const char *name)
{
    size_t stem = planche_cli_stem_length(wanted);
    bool same_stem = stem == planche_cli_stem_length(name) && strncasecmp(wanted, name, stem) == 0;
    if (same_stem)
        return strcasecmp(wanted, name) == 0 ? 0 : 1;
    size_t length = strlen(wanted), own = strlen(name);
    size_t longer = length > own ? length - own : own - length;
    if ((*name == '.' && *wanted != '.') || longer > stem / 3 || !same_numbers(wanted, name))
        return UINT_MAX;
    unsigned distance = planche_cli_distance(wanted, name);
    return distance <= stem / 3 ? distance + 1 : UINT_MAX;
}

bool planche_cli_near_file(const char *path, char *text, size_t size)
{
    const char *wanted = planche_cli_base_name(path);
    char folder[PATH_MAX], best[NAME_MAX + 1] = "";
    struct planche_listing listing;
    unsigned least = UINT_MAX;
    const char *name;
    int length = snprintf(folder, sizeof folder, "%.*s", (int)(wanted - path), path);
    if (*wanted == 0 || length < 0 || (size_t)length >= sizeof folder ||
        planche_file_find_link(path, NULL) != PLANCHE_FILE_ABSENT ||
        !planche_listing_open(&listing, *folder ? folder : "."))
        return false;
    for (unsigned i = 0; i < MAX_NAMES && (name = planche_listing_next(&listing)) != NULL; i++) {
        unsigned distance = planche_cli_near_file_distance(wanted, name);
        if (distance > least || distance == UINT_MAX ||
            (distance == least && strcmp(name, best) > 0)) /* folders have no order */
            continue;
        least = distance;
        snprintf(best, sizeof best, "%s", name);
    }
    planche_listing_close(&listing);
    length = snprintf(text, size, "%s%s", folder, best);
    return least < UINT_MAX && length > 0 && (size_t)length < size;
}

void planche_cli_near_file_hint(const char *path, struct planche_error *error)
{
    char near[PATH_MAX];
    size_t used = strlen(error->message);
    if (path != NULL && planche_cli_near_file(path, near, sizeof near))
        snprintf(error->message + used, sizeof error->message - used, "; did you mean %s?", near);
}
