/* SPDX-License-Identifier: MIT */
/* Devices: the table of devices.def, and finding a name in it. */
#include "cli/devices.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#define NAME_SIZE 64

static const struct planche_cli_device devices[] = {
#define DEVICE(name, title, width, height) {name, title, width, height},
#include "cli/devices.def"
#undef DEVICE
};
#define COUNT (sizeof devices / sizeof *devices)

/* The letters and digits of a name, in lower case. False: it is too long for one. */
static bool reduce(const char *name, char reduced[NAME_SIZE])
{
    size_t length = 0;
    for (; *name != 0; name++) {
        if (strchr(" -_.", *name) != NULL)
            continue;
        if (length + 1 == NAME_SIZE)
            return false;
        reduced[length++] = (char)tolower((unsigned char)*name);
    }
    reduced[length] = 0;
    return length > 0;
}

const struct planche_cli_device *planche_cli_device_find(const char *name)
{
    const struct planche_cli_device *found = NULL;
    char wanted[NAME_SIZE], own[NAME_SIZE];
    bool several = false;
    if (!reduce(name, wanted))
        return NULL;
    for (size_t i = 0; i < COUNT; i++) {
        reduce(devices[i].name, own);
        if (strcmp(own, wanted) == 0)
            return &devices[i];
        if (strstr(own, wanted) == NULL)
            continue;
        several = several || found != NULL;
        found = &devices[i];
    }
    return several ? NULL : found;
}

void planche_cli_device_suggest(struct planche_cli_suggestion *suggestion)
{
    for (size_t i = 0; i < COUNT; i++)
        planche_cli_suggest(suggestion, devices[i].name);
}

const struct planche_cli_device *planche_cli_device_get(size_t index)
{
    return index < COUNT ? &devices[index] : NULL;
}
