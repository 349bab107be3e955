/* SPDX-License-Identifier: MIT */
/* The set of pages as files, for tests that are not written in C:
 *   colour_pages write FOLDER        makes them all in an existing folder
 *   colour_pages check PAGE RESULT   prints how far RESULT's colours are from what PAGE (a name of
 *                                    the set) means; exit status 1 when that is too far */
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

static int check(const char *name, const char *path)
{
    struct bytes file = {NULL, 0, 0};
    size_t page = colour_page_find(name);
    if (page == colour_pages_count() || !read_file(path, &file)) {
        fprintf(stderr, "colour_pages: no page %s or no file %s\n", name, path);
        return 2;
    }
    double distance = colour_page_distance(page, &file);
    printf("%.3f\n", distance);
    bytes_free(&file);
    return distance < 0 || distance > COLOUR_LIMIT;
}

int main(int argc, char **argv)
{
    int failed = 0;
    if (argc == 4 && strcmp(argv[1], "check") == 0)
        return check(argv[2], argv[3]);
    if (argc != 3 || strcmp(argv[1], "write") != 0) {
        fprintf(stderr, "usage: colour_pages write FOLDER | check PAGE RESULT\n");
        return 2;
    }
    for (size_t page = 0; page < colour_pages_count(); page++)
        failed |= write_page(argv[2], page);
    return failed;
}
