/* SPDX-License-Identifier: MIT */
/* The set of pages as files, for tests that are not written in C:
 *   colour_pages write FOLDER      makes them all in an existing folder
 *   colour_pages check RESULT...   prints how far each result's colours are from what the page of
 *                                  its name means, whatever the extension; exit status 1 when one
 *                                  is too far, or is no result */
#include "pages.h"

#include <stdio.h>
#include <string.h>

static int write_page(const char *folder, size_t page)
{
    char path[4096];
    struct bytes file = colour_page_make(page);
    snprintf(path, sizeof path, "%s/%s", folder, colour_page_name(page));
    FILE *out = fopen(path, "wb");
    bool written = out && fwrite(file.data, 1, file.size, out) == file.size;
    if (out && fclose(out) != 0)
        written = false;
    if (!written)
        perror(path);
    bytes_free(&file);
    return written ? 0 : 1;
}

static bool read_file(const char *path, struct bytes *file)
{
    uint8_t buffer[4096];
    size_t got;
    FILE *in = fopen(path, "rb");
    if (!in)
        return false;
    while ((got = fread(buffer, 1, sizeof buffer, in)) > 0)
        bytes_append(file, buffer, got);
    return fclose(in) == 0;
}

static int check(const char *path)
{
    struct bytes file = {NULL, 0, 0};
    size_t page = colour_page_find(path);
    double distance = -1;
    if (page < colour_pages_count() && read_file(path, &file))
        distance = colour_page_distance(page, &file);
    printf("%6.3f %s\n", distance, path);
    bytes_free(&file);
    return distance < 0 || distance > COLOUR_LIMIT;
}

int main(int argc, char **argv)
{
    int failed = 0;
    bool checking = argc > 2 && strcmp(argv[1], "check") == 0;
    if (!checking && (argc != 3 || strcmp(argv[1], "write") != 0)) {
        fprintf(stderr, "usage: colour_pages write FOLDER | check RESULT...\n");
        return 2;
    }
    for (int i = 2; checking && i < argc; i++)
        failed |= check(argv[i]);
    for (size_t page = 0; !checking && page < colour_pages_count(); page++)
        failed |= write_page(argv[2], page);
    return failed;
}
