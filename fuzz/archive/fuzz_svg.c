/* SPDX-License-Identifier: MIT */
/* Any bytes as the SVG of a page: it is analysed, and its image decoded, in pieces of two sizes. */
#include "archive/pdf_svg.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t read_page(const char *svg, size_t size, size_t piece, uint8_t *out)
{
    static struct planche_pdf_svg page;
    struct planche_drawn_data data = {0};
    size_t made = 0;
    planche_pdf_svg_init(&page);
    for (size_t at = 0; at < size; at += piece) {
        size_t length = size - at < piece ? size - at : piece;
        planche_pdf_svg_feed(&page, svg + at, length);
        made += planche_drawn_data_feed(&data, svg + at, length, out + made);
    }
    if (page.alone != SIZE_MAX && page.alone >= PLANCHE_PDF_SVG_IMAGES)
        abort();
    return data.ended ? made : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *whole = malloc(size + 1), *parts = malloc(size + 1);
    size_t made = read_page((const char *)data, size, size + 1, whole);
    if (read_page((const char *)data, size, 13, parts) != made || memcmp(whole, parts, made) != 0)
        abort();
    free(whole);
    free(parts);
    return 0;
}
