/* SPDX-License-Identifier: MIT */
/* What poppler's pdfinfo and pdfimages list of a PDF's pages. */
#include "archive/pdf_listing.h"

#include "archive/pdf_svg.h"

#include <math.h>
#include <string.h>

/* pdfimages rounds densities to whole numbers. */
#define ROUNDING 0.55

static const char *skip_spaces(const char *at)
{
    return at + strspn(at, " ");
}

/* A word of the line, which must be this. */
static bool take_word(const char **at, const char *word)
{
    const char *begin = skip_spaces(*at);
    size_t length = strlen(word);
    bool is_it = strncmp(begin, word, length) == 0 && (begin[length] == ' ' || begin[length] == 0);
    *at = is_it ? begin + length : *at;
    return is_it;
}

static void pass_word(const char **at)
{
    *at = skip_spaces(*at);
    *at += strcspn(*at, " ");
}

static bool starts_number(const char *at)
{
    at = skip_spaces(at);
    return *at >= '0' && *at <= '9';
}

static struct planche_pdf_page *find_page(const struct planche_pdf_listing *listing, double number)
{
    double index = number - (double)listing->first;
    return index >= 0 && index < (double)listing->count ? &listing->pages[(uint64_t)index] : NULL;
}

/* Four numbers: left, bottom, right, top. A page that is cropped to nothing is shown whole. */
static void take_media_box(struct planche_pdf_page *page, const char *at)
{
    double box[4];
    for (int i = 0; i < 4; i++)
        box[i] = planche_pdf_take_number(&at);
    if (page->width > 0 && page->height > 0)
        return;
    double width = fabs(box[2] - box[0]), height = fabs(box[3] - box[1]);
    page->width = page->turned ? height : width;
    page->height = page->turned ? width : height;
    page->uncropped = true;
}

/* "Page    2 size:  595.28 x 841.89 pts (A4)", then "Page    2 rot:   90", and at last
 * "Page    2 MediaBox:     0.00     0.00   595.28   841.89". */
static void take_size(struct planche_pdf_listing *listing, const char *at)
{
    struct planche_pdf_page *page = find_page(listing, planche_pdf_take_number(&at));
    if (page && take_word(&at, "size:") && starts_number(at)) {
        page->width = planche_pdf_take_number(&at);
        page->height = take_word(&at, "x") ? planche_pdf_take_number(&at) : 0;
    } else if (page && take_word(&at, "rot:")) {
        double turn = planche_pdf_take_number(&at), width = page->width;
        page->turned = turn == 90 || turn == 270;
        page->width = page->turned ? page->height : page->width;
        page->height = page->turned ? width : page->height;
    } else if (page && take_word(&at, "MediaBox:")) {
        take_media_box(page, at);
    }
}

static void take_info_line(struct planche_pdf_listing *listing)
{
    const char *at = listing->line;
    if (take_word(&at, "Pages:")) {
        double pages = starts_number(at) ? planche_pdf_take_number(&at) : 0;
        listing->total = pages < 1e15 ? (uint64_t)pages : UINT64_MAX;
    } else if (take_word(&at, "Page") && starts_number(at)) {
        take_size(listing, at);
    }
}

/* Page, number, type, width, height, colours, components, bits, encoding, interpolation, object
 * (two numbers, or one word), densities. */
static void take_image_line(struct planche_pdf_listing *listing)
{
    const char *at = listing->line;
    double number = starts_number(at) ? planche_pdf_take_number(&at) : 0;
    struct planche_pdf_page *page = find_page(listing, number);
    if (!page || !starts_number(at))
        return;
    pass_word(&at);
    bool picture = take_word(&at, "image");
    if (!picture)
        pass_word(&at);
    double width = planche_pdf_take_number(&at), height = planche_pdf_take_number(&at);
    bool grey = take_word(&at, "gray"), rgb = take_word(&at, "rgb"), icc = take_word(&at, "icc");
    if (!grey && !rgb && !icc)
        pass_word(&at);
    double components = planche_pdf_take_number(&at);
    pass_word(&at);
    page->jpeg = take_word(&at, "jpeg") && picture &&
                 ((components == 1 && (grey || icc)) || (components == 3 && (rgb || icc)));
    page->images += page->images < 2;
    if (!page->jpeg)
        pass_word(&at);
    pass_word(&at);
    if (starts_number(at))
        pass_word(&at);
    pass_word(&at);
    double x = planche_pdf_take_number(&at), y = planche_pdf_take_number(&at);
    if (width * height <= page->image_width * page->image_height || !(x > 0) || !(y > 0))
        return;
    page->image_width = width;
    page->image_height = height;
    page->x_density = x;
    page->y_density = y;
}

/* Gives every line to take; of a long one only the beginning. */
static void read_lines(struct planche_pdf_listing *listing, const char *text, size_t size,
                       void (*take)(struct planche_pdf_listing *listing))
{
    for (size_t i = 0; i < size; i++) {
        if (text[i] != '\n' && listing->length < sizeof listing->line - 1)
            listing->line[listing->length++] = text[i];
        if (text[i] != '\n')
            continue;
        listing->line[listing->length] = 0;
        take(listing);
        listing->length = 0;
    }
}

void planche_pdf_listing_info(struct planche_pdf_listing *listing, const char *text, size_t size)
{
    read_lines(listing, text, size, take_info_line);
}

void planche_pdf_listing_images(struct planche_pdf_listing *listing, const char *text, size_t size)
{
    read_lines(listing, text, size, take_image_line);
}

/* The exact density if an image lies over the whole page, which the list says only roughly. */
static bool fills(const struct planche_pdf_page *page, double width, double height, double *density)
{
    double x = page->image_width * 72 / width, y = page->image_height * 72 / height;
    *density = fmax(x, y);
    return fabs(x - page->x_density) < ROUNDING && fabs(y - page->y_density) < ROUNDING;
}

double planche_pdf_page_density(const struct planche_pdf_page *page)
{
    double density;
    if (page->image_width <= 0 || page->image_height <= 0)
        return 0;
    if (page->width > 0 && page->height > 0 &&
        (fills(page, page->width, page->height, &density) ||
         fills(page, page->height, page->width, &density)))
        return density;
    return fmax(page->x_density, page->y_density);
}
