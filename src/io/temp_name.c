/* SPDX-License-Identifier: MIT */
/* Hidden names beside an output for what is not finished. */
#include "io/temp_name.h"
#include "base/text.h"

#include <inttypes.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <string.h>

/* With what is added, 255 bytes at most. */
#define MAX_NAME_PART 200
#define DIGEST_BYTES  8

size_t planche_temp_name_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? (size_t)(slash - path) + 1 : 0;
}

static void format_digest(char text[2 * DIGEST_BYTES + 1], const char *name, size_t length)
{
    uint8_t digest[DIGEST_BYTES];
    struct sha256_ctx context;
    sha256_init(&context);
    sha256_update(&context, length, (const uint8_t *)name);
    sha256_digest(&context, sizeof digest, digest);
    planche_text_hex(text, digest, sizeof digest);
}

static size_t format_name(char *to, size_t size, const char *path, const char *more)
{
    size_t folder = planche_temp_name_folder(path), length = strlen(path + folder), part = length;
    char digest[2 * DIGEST_BYTES + 1] = "";
    if (length > MAX_NAME_PART) {
        format_digest(digest, path + folder, length);
        part = MAX_NAME_PART;
        /* Not within a character: some file systems take none that are cut. */
        while (part > MAX_NAME_PART - 4 && ((unsigned char)path[folder + part] & 0xc0) == 0x80)
            part--;
    }
    int written = snprintf(to, size, "%.*s.%.*s%s.planche%s", (int)folder, path, (int)part,
                           path + folder, digest, more);
    return written > 0 ? (size_t)written : SIZE_MAX;
}

size_t planche_temp_name(char *to, size_t size, const char *path)
{
    return format_name(to, size, path, "");
}

size_t planche_temp_name_numbered(char *to, size_t size, const char *path, uint64_t number)
{
    char more[18];
    snprintf(more, sizeof more, "-%016" PRIx64, number);
    return format_name(to, size, path, more);
}
