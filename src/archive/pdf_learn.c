/* SPDX-License-Identifier: MIT */
/* What to do with each page of a PDF: take out its image, or render it, and how finely. Lists of
 * sizes and images are cheap and tell it for most pages; only a page with one JPEG alone, or with
 * coarse images, is drawn for it. */
#include "archive/pdf_learn.h"

#include "archive/pdf_program.h"
#include "archive/pdf_proof.h"
#include "base/status.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* More of an SVG, or of an image, than this is rendered. */
#define MAX_SVG_BYTES   ((uint64_t)512 << 20)
#define MAX_IMAGE_BYTES ((size_t)64 << 20)
#define MAX_LIST_BYTES  ((uint64_t)64 << 20)

/* Pixels an inch. */
#define MIN_RESOLUTION 150.0
#define MAX_RESOLUTION 600.0
/* An image that is coarser is one of colours, such as a gradient, not of things. */
#define MIN_IMAGE_RESOLUTION 36.0

typedef void (*listing_fn)(struct planche_pdf_listing *listing, const char *text, size_t size);

/* Reads a program's list to its end. True: it ended well; else errno says why, or is 0. */
static bool read_list(struct planche_pdf *pdf, struct planche_pdf_listing *listing, listing_fn take)
{
    uint64_t seen = 0;
    int64_t got;
    listing->length = 0;
    while ((got = planche_process_read(&pdf->child, pdf->piece, sizeof pdf->piece)) > 0 &&
           seen < MAX_LIST_BYTES) {
        take(listing, pdf->piece, (size_t)got);
        seen += (uint64_t)got;
    }
    if (got > 0)
        errno = EFBIG;
    return got == 0 && planche_pdf_ends_well(pdf);
}

static enum planche_status fail_open(struct planche_archive *archive, struct planche_error *error)
{
    const char *reason = planche_pdf_reason(archive->state);
    planche_pdf_warn(archive, reason);
    reason = reason ? reason : PLANCHE_PDF_NO_REASON;
    if (strstr(reason, "assword"))
        return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                            "%s: is encrypted and opens only with a password; please save a copy "
                            "without one",
                            archive->path);
    return planche_fail(error, PLANCHE_ERROR_DATA, "%s: is a PDF that cannot be read: %s",
                        archive->path, reason);
}

/* Asks for the number of pages, and, since most PDFs have few, for the first ones' sizes. *done: it
 * ended well. */
static enum planche_status ask_count(struct planche_archive *archive,
                                     struct planche_pdf_listing *listing, bool sizes, bool *done,
                                     struct planche_error *error)
{
    struct planche_pdf *pdf = archive->state;
    const char *const plain[] = {"pdfinfo", "-enc", "Symbol", pdf->path, NULL};
    const char *const sized[] = {"pdfinfo", "-f",   "1",      "-l",      PLANCHE_PDF_LISTED_TEXT,
                                 "-box",    "-enc", "Symbol", pdf->path, NULL};
    enum planche_status status = planche_pdf_start(archive, sizes ? sized : plain, error);
    if (status)
        return status;
    *done = read_list(pdf, listing, planche_pdf_listing_info);
    return !*done && errno ? planche_pdf_fail_work(archive, plain[0], error) : PLANCHE_OK;
}

enum planche_status planche_pdf_count(struct planche_archive *archive, struct planche_error *error)
{
    struct planche_pdf *pdf = archive->state;
    struct planche_pdf_listing listing = {
        .pages = pdf->listed, .first = 1, .count = PLANCHE_PDF_LISTED};
    bool done = false;
    enum planche_status status = ask_count(archive, &listing, true, &done, error);
    pdf->sized = done;
    /* It may have failed at one of the pages. */
    if (!status && !done)
        status = ask_count(archive, &listing, false, &done, error);
    if (status)
        return status;
    if (!done || !listing.total)
        return fail_open(archive, error);
    planche_pdf_warn(archive, NULL);
    pdf->pages = listing.total;
    pdf->list_at_once = PLANCHE_PDF_LISTED;
    if (pdf->pages <= archive->limits.entries)
        return PLANCHE_OK;
    return planche_fail(error, PLANCHE_ERROR_LIMIT,
                        "%s: has more than %" PRIu64 " entries (option max_entries)", archive->path,
                        archive->limits.entries);
}

/* Runs one of the lists over pages. *done: it ended well. Errors: those of starting, CANCELLED. */
static enum planche_status list(struct planche_archive *archive,
                                struct planche_pdf_listing *listing, bool sizes, bool *done,
                                struct planche_error *error)
{
    struct planche_pdf *pdf = archive->state;
    char first[32], last[32];
    snprintf(first, sizeof first, "%" PRIu64, listing->first);
    snprintf(last, sizeof last, "%" PRIu64, listing->first + listing->count - 1);
    const char *const arguments[] = {sizes ? "pdfinfo" : "pdfimages",
                                     "-f",
                                     first,
                                     "-l",
                                     last,
                                     sizes ? "-box" : "-list",
                                     sizes ? "-enc" : pdf->path,
                                     sizes ? "Symbol" : NULL,
                                     pdf->path,
                                     NULL};
    enum planche_status status = planche_pdf_start(archive, arguments, error);
    if (status)
        return status;
    *done = read_list(pdf, listing, sizes ? planche_pdf_listing_info : planche_pdf_listing_images);
    if (!*done && errno == ECANCELED)
        return planche_pdf_fail_work(archive, arguments[0], error);
    planche_pdf_warn(archive, NULL);
    return PLANCHE_OK;
}

/* Lists pages from the current one on, unless it was listed. A page at which a program fails must
 * not take others with it: after a failure pages are listed one by one. */
static enum planche_status list_page(struct planche_archive *archive, struct planche_error *error)
{
    struct planche_pdf *pdf = archive->state;
    enum planche_status status = PLANCHE_OK;
    bool sizes = false, images = false;
    while (pdf->page - pdf->listed_first >= pdf->listed_count && !status) {
        uint64_t left = pdf->pages - pdf->page + 1;
        struct planche_pdf_listing listing = {
            .pages = pdf->listed,
            .first = pdf->page,
            .count = left < pdf->list_at_once ? left : pdf->list_at_once,
        };
        pdf->listed_count = 0;
        sizes = pdf->sized && listing.first == 1;
        pdf->sized = false;
        if (!sizes) {
            memset(pdf->listed, 0, sizeof pdf->listed);
            status = list(archive, &listing, true, &sizes, error);
        }
        if (!status)
            status = list(archive, &listing, false, &images, error);
        if (!status && !(sizes && images) && pdf->list_at_once > 1) {
            pdf->list_at_once = 1;
            continue;
        }
        pdf->listed_first = listing.first;
        pdf->listed_count = status ? 0 : listing.count;
    }
    return status;
}

/* Bytes of the page's JPEG. False: no room for them, or too many. */
static bool keep_image(struct planche_archive *archive, const uint8_t *data, size_t size)
{
    struct planche_pdf *pdf = archive->state;
    if (size > MAX_IMAGE_BYTES - pdf->image_size)
        return false;
    if (pdf->image_size + size > pdf->image_room) {
        size_t room = pdf->image_room + pdf->image_room / 2 + PLANCHE_PDF_PIECE_BYTES;
        uint8_t *image = planche_realloc(archive->budget, pdf->image, room);
        if (!image)
            return false;
        pdf->image = image;
        pdf->image_room = room;
    }
    if (size > 0)
        memcpy(pdf->image + pdf->image_size, data, size);
    pdf->image_size += size;
    return true;
}

static void drop_image(struct planche_pdf *pdf)
{
    planche_free(pdf->image);
    pdf->image = NULL;
    pdf->image_size = pdf->image_room = 0;
}

/* What the page shows; with wanted, also the data of its image. Too much of it, or what cannot be
 * drawn so, is rendered with what is known so far: that may go better, or will say that it does
 * not. */
static enum planche_status look(struct planche_archive *archive, bool wanted,
                                struct planche_error *error)
{
    struct planche_pdf *pdf = archive->state;
    char page[32];
    uint64_t seen = 0;
    int64_t got = 1;
    snprintf(page, sizeof page, "%" PRIu64, pdf->page);
    const char *const arguments[] = PLANCHE_PDF_SVG_ARGUMENTS(page, pdf->path);
    planche_pdf_svg_init(&pdf->drawing);
    pdf->data = (struct planche_drawn_data){0};
    enum planche_status status = planche_pdf_start(archive, arguments, error);
    if (status)
        return status;
    bool fits = true;
    while (got > 0 && seen < MAX_SVG_BYTES && fits) {
        got = planche_process_read(&pdf->child, pdf->piece, sizeof pdf->piece);
        size_t size = got > 0 ? (size_t)got : 0;
        planche_pdf_svg_feed(&pdf->drawing, pdf->piece, size);
        if (wanted)
            fits = keep_image(archive, pdf->decoded,
                              planche_drawn_data_feed(&pdf->data, pdf->piece, size, pdf->decoded));
        seen += size;
    }
    bool whole = fits && got == 0 && planche_pdf_ends_well(pdf);
    if (!whole && got < 0 && errno == ECANCELED)
        return planche_pdf_fail_work(archive, arguments[0], error);
    planche_process_kill(&pdf->child);
    pdf->drawing.strange = pdf->drawing.strange || !whole;
    return PLANCHE_OK;
}

/* Pixels an inch: the largest image's where there are only images, so that none are made up;
 * letters need more. Not more than can be borne. */
static double choose_resolution(const struct planche_pdf_page *page, bool only_images)
{
    double resolution = planche_pdf_page_density(page);
    if (resolution < MIN_IMAGE_RESOLUTION || !only_images)
        resolution = fmax(resolution, MIN_RESOLUTION);
    double most = 72 * sqrt(PLANCHE_PDF_MAX_PIXELS / fmax(page->width * page->height, 1));
    return fmin(fmin(resolution, MAX_RESOLUTION), most);
}

/* Looks at the page in so far as the lists leave it open. */
static enum planche_status look_closer(struct planche_archive *archive,
                                       const struct planche_pdf_page *page, bool *alone,
                                       bool *only_images, struct planche_error *error)
{
    struct planche_pdf *pdf = archive->state;
    const struct planche_pdf_svg *drawing = &pdf->drawing;
    bool one = page->images == 1 && page->jpeg;
    double density = planche_pdf_page_density(page);
    *alone = *only_images = false;
    if (page->uncropped) /* drawings are cropped */
        return PLANCHE_OK;
    if (!one && (density < MIN_IMAGE_RESOLUTION || density >= MIN_RESOLUTION))
        return PLANCHE_OK;
    enum planche_status status = look(archive, one, error);
    *only_images = !drawing->others && !drawing->strange;
    if (!status && one && planche_pdf_svg_is_alone(drawing) && pdf->data.ended)
        status = planche_pdf_prove(archive, page, alone, error);
    drop_image(pdf);
    return status;
}

enum planche_status planche_pdf_learn(struct planche_archive *archive, struct planche_error *error)
{
    struct planche_pdf *pdf = archive->state;
    struct planche_archive_note *kept = pdf->notes ? &pdf->notes[pdf->page - 1] : NULL;
    bool alone = false, only_images = false;
    if (kept && kept->known) {
        pdf->note = *kept;
        return PLANCHE_OK;
    }
    enum planche_status status = list_page(archive, error);
    if (status)
        return status;
    const struct planche_pdf_page *page = &pdf->listed[pdf->page - pdf->listed_first];
    status = look_closer(archive, page, &alone, &only_images, error);
    if (status)
        return status;
    /* Rounded down: else a row could come from a page that is whole pixels. */
    double thousandths = floor(choose_resolution(page, only_images) * 1000) - 1;
    bool readable = page->width > 0 && page->height > 0;
    pdf->note = (struct planche_archive_note){
        .known = 1,
        .image = page->images > 0,
        .uncropped = page->uncropped,
        .alone = alone,
        .number = readable ? (uint32_t)fmax(thousandths, 1) & 0xffffff : 0,
    };
    if (kept)
        *kept = pdf->note;
    return PLANCHE_OK;
}
