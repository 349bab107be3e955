/* SPDX-License-Identifier: MIT */
/* Reader of PDFs by poppler's programs: its state. */
#ifndef PLANCHE_ARCHIVE_PDF_STATE_H
#define PLANCHE_ARCHIVE_PDF_STATE_H

#include "archive/entry.h"
#include "archive/pdf_listing.h"
#include "archive/pdf_svg.h"
#include "archive/ppm_png.h"
#include "io/process.h"

#define PLANCHE_PDF_PIECE_BYTES ((size_t)64 << 10)
/* Pages that are listed by one run of a program: its start, and reading the PDF's table of objects,
 * is shared by so many. */
#define PLANCHE_PDF_LISTED      64u
#define PLANCHE_PDF_LISTED_TEXT "64"

#define PLANCHE_PDF_MAX_PIXELS 1e8

/* State of the reader. */
struct planche_pdf {
    struct planche_process child;
    char *path; /* as an argument: not to be mistaken for an option */
    uint64_t pages, page;
    struct planche_archive_note *notes, note; /* of all pages or NULL; of this one */
    struct planche_archive_notes own;         /* for who keeps none */

    struct planche_pdf_page listed[PLANCHE_PDF_LISTED];
    uint64_t listed_first, listed_count, list_at_once;
    bool sized; /* sizes of the first of them were told with the number of pages */

    struct planche_pdf_svg drawing;
    struct planche_drawn_data data;
    uint8_t *image; /* the JPEG of the page that is looked at */
    size_t image_size, image_room;

    struct planche_ppm_png png;
    char name[32];
    char piece[PLANCHE_PDF_PIECE_BYTES];
    const uint8_t *piece_at;
    size_t piece_left;
    uint8_t decoded[PLANCHE_PDF_PIECE_BYTES];
    const uint8_t *decoded_at;
    size_t decoded_left;
    bool reading;
};

#endif
