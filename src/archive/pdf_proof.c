/* SPDX-License-Identifier: MIT */
/* Proof that an image may stand for a page of a PDF: both are looked at from afar. No rule about
 * what a drawing or a list says foresees all that a PDF can do to an image (colour spaces, decode
 * arrays, colour transforms, profiles, what only readers on a screen show); this does not need to.
 */
#include "archive/pdf_proof.h"

#include "archive/pdf_program.h"
#include "image/cells.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Differences that stem from making pictures smaller, not from what they show; measured:
 * docs/books.md. */
#define MAX_MEAN 4.0
#define MAX_MOST 40.0

/* The page is drawn with so many pixels on its long side, or, if it is a strip, on its short side.
 */
#define LONG_PIXELS  576.0
#define SHORT_PIXELS 192.0
#define MOST_PIXELS  4096

/* A drawing of the page that is read. */
struct view {
    struct planche_ppm ppm;
    struct planche_cells cells;
    uint8_t row[3 * MOST_PIXELS];
    size_t filled;
    uint32_t rows;
};

/* Not finer than the image: what its pixels become when they are enlarged is another matter. */
static double choose_resolution(const struct planche_pdf_page *page)
{
    double shorter = fmin(page->width, page->height), longer = fmax(page->width, page->height);
    double pixels = fmax(LONG_PIXELS / longer, fmin(SHORT_PIXELS / shorter, MOST_PIXELS / longer));
    return fmin(72 * pixels, planche_pdf_page_density(page)) * (1 - 1e-6);
}

/* poppler draws an image onto whole pixels: those that it touches. The rest is for the numbers of
 * the drawing, which are rounded. */
static void snap(double *begin, double *size, double page_pixels)
{
    double first = floor(*begin * page_pixels + 0.01);
    double end = floor((*begin + *size) * page_pixels - 0.01) + 1;
    *begin = first / ceil(page_pixels);
    *size = (end - first) / ceil(page_pixels);
}

static struct planche_cells_place find_place(const struct planche_pdf_page *page,
                                             const struct planche_pdf_svg *drawing)
{
    struct planche_cells_place place = drawing->place;
    const double scale = choose_resolution(page) / 72;
    snap(&place.left, &place.width, page->width * scale);
    snap(&place.top, &place.height, page->height * scale);
    return place;
}

static void take_pixels(struct view *view, const uint8_t *data, size_t size)
{
    static const struct planche_cells_place whole = {0, 0, 1, 1};
    size_t used = planche_ppm_read(&view->ppm, data, size);
    const size_t row_bytes = (size_t)view->ppm.width * 3;
    if (view->ppm.fields < 4 || view->ppm.width > MOST_PIXELS)
        return;
    while (used < size && view->rows < view->ppm.height) {
        size_t wanted = row_bytes - view->filled, left = size - used;
        size_t taken = left < wanted ? left : wanted;
        memcpy(view->row + view->filled, data + used, taken);
        used += taken;
        view->filled += taken;
        if (view->filled < row_bytes)
            return;
        planche_cells_add(&view->cells, &whole, view->row, 3, view->rows++, view->ppm.width,
                          view->ppm.height);
        view->filled = 0;
    }
}

/* *seen: the page could be drawn. */
static enum planche_status draw(struct planche_archive *archive,
                                const struct planche_pdf_page *page, struct view *view, bool *seen,
                                struct planche_error *error)
{
    struct planche_pdf *pdf = archive->state;
    char number[32], resolution[PLANCHE_PDF_RESOLUTION_BYTES];
    int64_t got;
    snprintf(number, sizeof number, "%" PRIu64, pdf->page);
    planche_pdf_format_resolution(resolution, choose_resolution(page));
    const char *const arguments[] = {"pdftoppm", "-f",       number,     "-l",      number,
                                     "-r",       resolution, "-cropbox", pdf->path, NULL};
    enum planche_status status = planche_pdf_start(archive, arguments, error);
    if (status)
        return status;
    while ((got = planche_process_read(&pdf->child, pdf->piece, sizeof pdf->piece)) > 0)
        take_pixels(view, (const uint8_t *)pdf->piece, (size_t)got);
    *seen = got == 0 && planche_pdf_ends_well(pdf) && view->rows && view->rows == view->ppm.height;
    return *seen || errno != ECANCELED ? PLANCHE_OK
                                       : planche_pdf_fail_work(archive, arguments[0], error);
}

static enum planche_status compare(struct planche_archive *archive,
                                   const struct planche_pdf_page *page, struct view *view,
                                   struct planche_cells *cells, bool *same,
                                   struct planche_error *error)
{
    const struct planche_pdf *pdf = archive->state;
    const struct planche_archive_picture picture = {
        .name = archive->path,
        .data = pdf->image,
        .size = pdf->image_size,
        .place = find_place(page, &pdf->drawing),
        .budget = archive->budget,
    };
    struct planche_error why;
    bool seen = false;
    if (pdf->image_size < 2 || memcmp(pdf->image, "\xff\xd8", 2) != 0)
        return PLANCHE_OK; /* of a PDF that lies about it */
    enum planche_status status = archive->help.look(&picture, cells, &why);
    /* What is no image by itself is told as such, when it is made a page. */
    *same = status == PLANCHE_ERROR_DATA;
    if (status == PLANCHE_ERROR_MEMORY || status == PLANCHE_ERROR_CANCELLED) {
        *error = why;
        return status;
    }
    if (status)
        return PLANCHE_OK;
    status = draw(archive, page, view, &seen, error);
    if (status || !seen)
        return status;
    struct planche_cells_difference apart = planche_cells_compare(cells, &view->cells);
    *same = apart.mean <= MAX_MEAN && apart.most <= MAX_MOST;
    planche_log_write(archive->log, PLANCHE_LOG_DEBUG,
                      "%s: page %" PRIu64 " and its image differ by %.2f levels, at most %.1f",
                      archive->path, pdf->page, apart.mean, apart.most);
    return PLANCHE_OK;
}

enum planche_status planche_pdf_prove(struct planche_archive *archive,
                                      const struct planche_pdf_page *page, bool *same,
                                      struct planche_error *error)
{
    *same = false;
    if (!archive->help.look || !(page->width > 0) || !(page->height > 0))
        return PLANCHE_OK;
    struct view *view = planche_calloc(archive->budget, 1, sizeof *view);
    struct planche_cells *cells = planche_calloc(archive->budget, 1, sizeof *cells);
    enum planche_status status =
        view && cells ? compare(archive, page, view, cells, same, error)
                      : planche_fail_memory(error, archive->budget, sizeof *view + sizeof *cells,
                                            archive->path);
    planche_free(view);
    planche_free(cells);
    return status;
}
