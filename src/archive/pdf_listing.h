/* SPDX-License-Identifier: MIT */
/* What poppler's pdfinfo and pdfimages list of a PDF's pages: sizes and images. */
#ifndef PLANCHE_ARCHIVE_PDF_LISTING_H
#define PLANCHE_ARCHIVE_PDF_LISTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Analysis of a page by the lists. */
struct planche_pdf_page {
    double width, height; /* points, of what is shown, upright; 0: not told */
    bool turned;          /* by a quarter, or three */
    bool uncropped;       /* its crop box is empty: what is shown is the media box */
    unsigned images;      /* that it draws, masks counted apart; 2 stands for more */
    bool jpeg;            /* the last of them is a JPEG of grey or RGB, no mask */
    /* The largest image: pixels, and pixels an inch on the page. */
    double image_width, image_height, x_density, y_density;
};

#define PLANCHE_PDF_LISTING_LINE 256

/* A reader of lines about pages first to first + count - 1. Zeroed but for these, it is at the
 * beginning. */
struct planche_pdf_listing {
    struct planche_pdf_page *pages;
    uint64_t first, count;
    uint64_t total; /* pages of the PDF; 0: not told */
    char line[PLANCHE_PDF_LISTING_LINE];
    size_t length;
};

/* The next bytes of what pdfinfo -box -enc Symbol prints. In that encoding a text of the PDF's
 * author has no line breaks: a line that begins like one of pdfinfo's own is one. */
void planche_pdf_listing_info(struct planche_pdf_listing *listing, const char *text, size_t size);
/* The next bytes of what pdfimages -list prints. */
void planche_pdf_listing_images(struct planche_pdf_listing *listing, const char *text, size_t size);

/* Pixels an inch at which the page's largest image keeps its pixels; 0: there is none. */
double planche_pdf_page_density(const struct planche_pdf_page *page);

#endif
