/* SPDX-License-Identifier: MIT */
/* Versions of nats-server. */
#include "queue/version.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* First of each line of versions that has the fixes of the server's advisories up to 2026-18
 * (advisories.nats.io); before them CVE-2025-30215, which lets one account use the streams of
 * another, and CVE-2026-33215 to 33249. */
static const struct {
    int minor, patch;
} fixed[] = {{11, 16}, {12, 7}};
#define ALL_FIXED 14 /* and every later one */

bool planche_queue_version_is_fixed(const char *version)
{
    int major = 0, minor = 0, patch = 0;
    if (sscanf(version, "%3d.%3d.%4d", &major, &minor, &patch) != 3)
        return false;
    if (major != 2 || minor >= ALL_FIXED)
        return major >= 2;
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) {
        if (fixed[i].minor == minor)
            return patch >= fixed[i].patch;
    }
    return false;
}

bool planche_queue_version_read(const char *line, size_t length, char *version, size_t size)
{
    static const char head[] = "INFO ";
    const size_t skip = sizeof head - 1;
    if (length <= skip || memcmp(line, head, skip) != 0)
        return false;
    json_t *info = json_loadb(line + skip, length - skip, JSON_DISABLE_EOF_CHECK, NULL);
    const char *text = json_string_value(json_object_get(info, "version"));
    bool found = text != NULL && strlen(text) < size;
    if (found)
        memcpy(version, text, strlen(text) + 1);
    json_decref(info);
    return found;
}
