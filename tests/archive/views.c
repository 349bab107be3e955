/* SPDX-License-Identifier: MIT */
/* Compares the entries of a book with pictures of how they should look, for test_pdf.py:
 *   views BOOK PPM...
 * prints a line for every entry: its name, size in pixels, and the mean and largest difference of
 * both from afar (of cells of a grid), in levels. */
#include "archive/archive.h"
#include "archive/ppm_png.h"
#include "book/picture.h"
#include "codec/codec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct planche_cells_place whole = {0, 0, 1, 1};

/* All of a file or entry, on a heap that only grows. */
struct bytes {
    uint8_t *data;
    size_t size, room;
};

static uint8_t *make_room(struct bytes *bytes, size_t size)
{
    if (bytes->size + size > bytes->room) {
        bytes->room = 2 * (bytes->size + size);
        bytes->data = realloc(bytes->data, bytes->room);
        if (!bytes->data)
            exit(1);
    }
    return bytes->data + bytes->size;
}

static void read_ppm(const char *path, struct planche_cells *cells)
{
    struct bytes bytes = {0};
    struct planche_ppm ppm = {0};
    FILE *file = fopen(path, "rb");
    size_t got;
    while (file && (got = fread(make_room(&bytes, 65536), 1, 65536, file)) > 0)
        bytes.size += got;
    if (file)
        fclose(file);
    size_t at = planche_ppm_read(&ppm, bytes.data, bytes.size);
    if (ppm.fields < 4 || at + (size_t)ppm.width * ppm.height * 3 != bytes.size) {
        fprintf(stderr, "%s: is no PPM\n", path);
        exit(1);
    }
    for (uint32_t y = 0; y < ppm.height; y++)
        planche_cells_add(cells, &whole, bytes.data + at + (size_t)y * ppm.width * 3, 3, y,
                          ppm.width, ppm.height);
    free(bytes.data);
}

static void fail(const struct planche_error *error)
{
    printf("status %d %s\n", error->status, error->message);
    exit(0);
}

static void compare(const char *name, const struct bytes *bytes, const char *path)
{
    static struct planche_cells page, expected;
    struct planche_error error;
    struct planche_reader *reader;
    const struct planche_source source = {.name = name, .data = bytes->data, .size = bytes->size};
    const struct planche_reader_options options = {.header_only = true};
    const struct planche_archive_picture picture = {
        .name = name, .data = bytes->data, .size = bytes->size, .place = whole};
    page = expected = (struct planche_cells){0};
    if (planche_reader_open(&reader, &source, &options, &error))
        fail(&error);
    const struct planche_image_info info = *planche_reader_info(reader);
    planche_reader_destroy(&reader);
    if (planche_book_look(&picture, &page, &error))
        fail(&error);
    read_ppm(path, &expected);
    struct planche_cells_difference apart = planche_cells_compare(&page, &expected);
    printf("%s %u %u %.2f %.2f\n", name, info.width, info.height, apart.mean, apart.most);
}

int main(int argc, char **argv)
{
    const struct planche_archive_limits limits = {1000, 1 << 30, 1 << 30, 1000};
    const struct planche_archive_help help = {.look = planche_book_look};
    struct planche_archive_entry entry;
    struct planche_archive *archive = NULL;
    struct planche_error error = {.message = ""};
    struct bytes bytes = {0};
    bool end = false;
    if (argc < 2 || planche_archive_open(&archive, argv[1], &limits, NULL, NULL, &help, &error))
        fail(&error);
    for (int i = 2; !planche_archive_next(archive, &entry, &end, &error) && !end; i++) {
        size_t got = 1;
        enum planche_status status = PLANCHE_OK;
        for (bytes.size = 0; got && !status; bytes.size += got) {
            uint8_t *room = make_room(&bytes, 65536);
            status = planche_archive_read(archive, room, 65536, &got, &error);
        }
        if (status)
            printf("%s status %d %s\n", entry.name, error.status, error.message);
        else if (i < argc)
            compare(entry.name, &bytes, argv[i]);
    }
    if (!end)
        fail(&error);
    planche_archive_close(&archive);
    free(bytes.data);
    printf("end\n");
    return 0;
}
