/* SPDX-License-Identifier: MIT */
/* Any bytes as the lists and pixels that poppler's programs send, in pieces of two sizes. */
#include "archive/pdf_listing.h"
#include "archive/ppm_png.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PAGES 4

static void read_lists(const char *text, size_t size, size_t piece, struct planche_pdf_page *pages)
{
    struct planche_pdf_listing info = {.pages = pages, .first = 1, .count = PAGES}, images = info;
    for (size_t at = 0; at < size; at += piece) {
        size_t length = size - at < piece ? size - at : piece;
        planche_pdf_listing_info(&info, text + at, length);
        planche_pdf_listing_images(&images, text + at, length);
    }
    for (size_t i = 0; i < PAGES; i++)
        if (pages[i].images > 2 || planche_pdf_page_density(&pages[i]) < 0)
            abort();
}

/* Bytes of PNG; SIZE_MAX: it is no picture. */
static size_t read_pixels(const uint8_t *ppm, size_t size, size_t piece)
{
    static struct planche_ppm_png png;
    enum planche_ppm_png_state state;
    size_t at = 0, left = 0, made = 0;
    png = (struct planche_ppm_png){.max_pixels = 100000};
    do {
        if (left == 0) {
            left = size - at < piece ? size - at : piece;
            at += left;
        }
        const uint8_t *data = ppm + at - left;
        state = planche_ppm_png_step(&png, &data, &left);
        made += png.out_size;
    } while (state == PLANCHE_PPM_PNG_READY || state == PLANCHE_PPM_PNG_MORE);
    planche_ppm_png_end(&png);
    return state == PLANCHE_PPM_PNG_DONE ? made : SIZE_MAX;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct planche_pdf_page whole[PAGES], parts[PAGES];
    memset(whole, 0, sizeof whole);
    memset(parts, 0, sizeof parts);
    read_lists((const char *)data, size, size + 1, whole);
    read_lists((const char *)data, size, 13, parts);
    for (size_t i = 0; i < PAGES; i++)
        if (whole[i].width != parts[i].width || whole[i].height != parts[i].height ||
            whole[i].images != parts[i].images || whole[i].jpeg != parts[i].jpeg ||
            planche_pdf_page_density(&whole[i]) != planche_pdf_page_density(&parts[i]))
            abort();
    if (read_pixels(data, size, size + 1) != read_pixels(data, size, 7))
        abort();
    return 0;
}
