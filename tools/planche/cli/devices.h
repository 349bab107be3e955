/* SPDX-License-Identifier: MIT */
/* Devices: names for the sizes of their screens (--device). */
#ifndef PLANCHE_CLI_DEVICES_H
#define PLANCHE_CLI_DEVICES_H

#include "words/suggest.h"

#include <stddef.h>
#include <stdint.h>

struct planche_cli_device {
    const char *name, *title;
    uint32_t width, height; /* pixels */
};

/* The device of a name, or of a part of a name that no other has. Case, spaces, hyphens and dots do
 * not matter. NULL: none, or several. */
const struct planche_cli_device *planche_cli_device_find(const char *name);
/* Looks for a misspelt name in the table. */
void planche_cli_device_suggest(struct planche_cli_suggestion *suggestion);
/* The devices in the table's order; NULL: there are no more. */
const struct planche_cli_device *planche_cli_device_get(size_t index);

#endif
