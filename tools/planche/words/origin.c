/* SPDX-License-Identifier: MIT */
/* Origins of values. */
#include "words/origin.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

static struct origin {
    const char *option;
    char place[PATH_MAX + 16];
} origins[] = {{.option = "model"}, {.option = "scale"}, {.option = "denoise"}};

#define COUNT (sizeof origins / sizeof *origins)

void planche_cli_origin_clear(void)
{
    for (size_t i = 0; i < COUNT; i++)
        origins[i].place[0] = 0;
}

void planche_cli_origin_note(const char *option, const char *place)
{
    for (size_t i = 0; i < COUNT; i++) {
        if (strcmp(origins[i].option, option) == 0)
            snprintf(origins[i].place, sizeof origins[i].place, "%s", place);
    }
}

const char *planche_cli_origin_of(const char *option)
{
    for (size_t i = 0; i < COUNT; i++) {
        if (strcmp(origins[i].option, option) == 0)
            return origins[i].place;
    }
    return "";
}
