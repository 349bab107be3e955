/* SPDX-License-Identifier: MIT */
/* Analysis of a PDF's page by the SVG that poppler makes of it: whether it shows one JPEG alone,
 * and the bytes of that. */
#ifndef PLANCHE_ARCHIVE_PDF_SVG_H
#define PLANCHE_ARCHIVE_PDF_SVG_H

#include "base/markup.h"
#include "image/cells.h"

#include <nettle/base64.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLANCHE_PDF_SVG_IMAGES 64u
#define PLANCHE_PDF_SVG_CLIPS  8u
#define PLANCHE_PDF_SVG_ID     32u

/* An image that the SVG defines. */
struct planche_drawn_image {
    char id[PLANCHE_PDF_SVG_ID];
    double width, height; /* pixels */
    bool jpeg;            /* and as upright outside of the PDF */
};

/* What is known of a page. Not thread-safe. */
struct planche_pdf_svg {
    struct planche_tag_reader reader;
    double width, height; /* of the page, in points */
    struct planche_drawn_image images[PLANCHE_PDF_SVG_IMAGES];
    size_t count;                     /* images, of which only the first are kept */
    size_t alone;                     /* the image that is all one sees, or SIZE_MAX */
    bool strange;                     /* masks, clips and the like: no image is alone */
    bool others;                      /* something else than images is painted */
    struct planche_cells_place place; /* of the image alone, in parts of the page */
    /* Clips that cut nothing off; the last one, behind them, is being defined. */
    char clips[PLANCHE_PDF_SVG_CLIPS + 1][PLANCHE_PDF_SVG_ID];
    size_t whole_clips;
    size_t clip_paths; /* of the one that is being defined, */
    bool clip_whole;   /* all of which are the page */
    bool defining, clipping;
};

/* How poppler is asked for it. It makes drawings for paper, onto which pages of odd sizes are
 * shrunk and centred unless told otherwise. page, path: texts. */
#define PLANCHE_PDF_SVG_ARGUMENTS(page, path)                                                      \
    {                                                                                              \
        "pdftocairo", "-svg", "-f", page, "-l", page, "-noshrink", "-nocenter", path, "-", NULL    \
    }

/* A number with a point, whatever the locale; *at moves behind it. At most 1e15, so that what is
 * computed of several is finite. */
double planche_pdf_take_number(const char **at);

void planche_pdf_svg_init(struct planche_pdf_svg *drawing);
/* The next bytes of the SVG. */
void planche_pdf_svg_feed(struct planche_pdf_svg *drawing, const char *svg, size_t size);

/* Whether the drawing shows one image and nothing else, which is the only one there is and a JPEG.
 */
bool planche_pdf_svg_is_alone(const struct planche_pdf_svg *drawing);

/* Decoder of the data of one image, the index-th, in the same SVG. Zeroed, but for the index, it is
 * at the beginning. */
struct planche_drawn_data {
    size_t index;
    size_t images;
    unsigned state; /* how much of the words before the data has come */
    struct base64_decode_ctx decoder;
    bool broken; /* it is no base64: no more of it is decoded */
    bool ended;  /* all has come */
};
/* Decodes what is in size bytes of SVG into out, which has room for as many bytes.
 * Returns the bytes. */
size_t planche_drawn_data_feed(struct planche_drawn_data *data, const char *svg, size_t size,
                               uint8_t *out);

#endif
