/* SPDX-License-Identifier: MIT */
/* PDFs through poppler's programs, a page at a time: keeps code that reads hostile files, and its
 * licence, out of this process. A page that shows one JPEG and nothing else is that JPEG, byte for
 * byte; any other is rendered. */
#include "archive/format.h"
#include "archive/pdf_learn.h"
#include "archive/pdf_program.h"
#include "base/status.h"
#include "os/file_info.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Levels that lie between the samples of a page on which nothing is seen. */
#define EMPTY_LEVELS 3

static enum planche_status next(struct planche_archive *archive, struct planche_raw_entry *entry,
                                bool *end, struct planche_error *error)
{
    struct planche_pdf *pdf = archive->state;
    *end = pdf->page == pdf->pages;
    pdf->reading = false;
    pdf->name[0] = 0;
    if (*end)
        return PLANCHE_OK;
    pdf->page++;
    enum planche_status status = planche_pdf_learn(archive, error);
    if (status)
        return status;
    snprintf(pdf->name, sizeof pdf->name, "%0*" PRIu64 ".%s", pdf->pages < 10000 ? 4 : 8, pdf->page,
             pdf->note.alone ? "jpg" : "png");
    *entry = (struct planche_raw_entry){.name = pdf->name, .size = PLANCHE_SIZE_UNKNOWN};
    return PLANCHE_OK;
}

/* The program that has the current page: its SVG, or its pixels. */
static enum planche_status begin(struct planche_archive *archive, struct planche_error *error)
{
    struct planche_pdf *pdf = archive->state;
    char page[32], resolution[PLANCHE_PDF_RESOLUTION_BYTES];
    const double density = pdf->note.number / 1000.0;
    if (!pdf->note.number)
        return planche_entry_fail(archive, error, PLANCHE_ERROR_DATA,
                                  "poppler finds no page there: it is damaged");
    snprintf(page, sizeof page, "%" PRIu64, pdf->page);
    planche_pdf_format_resolution(resolution, density);
    const char *const svg[] = PLANCHE_PDF_SVG_ARGUMENTS(page, pdf->path);
    const char *const ppm[] = {"pdftoppm",
                               "-f",
                               page,
                               "-l",
                               page,
                               "-r",
                               resolution,
                               pdf->note.uncropped ? pdf->path : "-cropbox",
                               pdf->note.uncropped ? NULL : pdf->path,
                               NULL};
    pdf->data = (struct planche_drawn_data){0};
    planche_ppm_png_end(&pdf->png);
    pdf->png = (struct planche_ppm_png){
        .density = (uint32_t)(density / 0.0254 + 0.5),
        .max_pixels = (uint64_t)(PLANCHE_PDF_MAX_PIXELS * 1.1), /* sides are rounded up */
        .budget = archive->budget,
    };
    pdf->piece_left = pdf->decoded_left = 0;
    pdf->reading = true;
    return planche_pdf_start(archive, pdf->note.alone ? svg : ppm, error);
}

static const char *program_of(const struct planche_pdf *pdf)
{
    return pdf->note.alone ? "pdftocairo" : "pdftoppm";
}

/* Behind the last byte, or where there should be more: complete says which. */
static enum planche_status finish(struct planche_archive *archive, bool complete,
                                  struct planche_error *error)
{
    struct planche_pdf *pdf = archive->state;
    bool ended_well = planche_pdf_ends_well(pdf);
    if (!ended_well && errno)
        return planche_pdf_fail_work(archive, program_of(pdf), error);
    const char *reason = planche_pdf_reason(pdf);
    /* Most errors leave the page as it should be, but for a letter; an image that cannot be
     * unpacked leaves nothing. */
    bool empty = reason && !pdf->note.alone && pdf->note.image &&
                 pdf->png.highest - pdf->png.lowest <= EMPTY_LEVELS;
    if (ended_well && complete && !empty) {
        planche_pdf_warn(archive, NULL);
        return PLANCHE_OK;
    }
    planche_pdf_warn(archive, reason);
    return planche_fail(error, PLANCHE_ERROR_DATA, "%s: %s: poppler cannot draw the page: %s",
                        archive->path, archive->name, reason ? reason : PLANCHE_PDF_NO_REASON);
}

/* More of what the program writes; 0: its end. */
static int64_t fill(struct planche_pdf *pdf)
{
    int64_t got = planche_process_read(&pdf->child, pdf->piece, sizeof pdf->piece);
    pdf->piece_at = (const uint8_t *)pdf->piece;
    pdf->piece_left = got > 0 ? (size_t)got : 0;
    return got;
}

/* The next bytes of the image in the SVG in decoded; none at its end. */
static enum planche_status take_image(struct planche_archive *archive, struct planche_error *error)
{
    struct planche_pdf *pdf = archive->state;
    while (!pdf->decoded_left) {
        int64_t got = fill(pdf);
        if (got < 0)
            return planche_pdf_fail_work(archive, program_of(pdf), error);
        if (got == 0)
            return finish(archive, pdf->data.ended, error);
        pdf->decoded_at = pdf->decoded;
        pdf->decoded_left =
            planche_drawn_data_feed(&pdf->data, pdf->piece, pdf->piece_left, pdf->decoded);
    }
    return PLANCHE_OK;
}

/* The next bytes of the rendered page as a PNG, likewise. */
static enum planche_status take_png(struct planche_archive *archive, struct planche_error *error)
{
    struct planche_pdf *pdf = archive->state;
    while (!pdf->decoded_left) {
        int64_t got = pdf->piece_left || pdf->png.ended ? 1 : fill(pdf);
        if (got < 0)
            return planche_pdf_fail_work(archive, program_of(pdf), error);
        enum planche_ppm_png_state state =
            planche_ppm_png_step(&pdf->png, &pdf->piece_at, &pdf->piece_left);
        if (state == PLANCHE_PPM_PNG_MEMORY)
            return planche_fail_memory(error, archive->budget, sizeof pdf->png, archive->path);
        if (state == PLANCHE_PPM_PNG_DONE || state == PLANCHE_PPM_PNG_BROKEN)
            return finish(archive, state == PLANCHE_PPM_PNG_DONE, error);
        pdf->decoded_at = pdf->png.out;
        pdf->decoded_left = pdf->png.out_size;
    }
    return PLANCHE_OK;
}

static enum planche_status read_entry(struct planche_archive *archive, void *data, size_t size,
                                      size_t *got, struct planche_error *error)
{
    struct planche_pdf *pdf = archive->state;
    enum planche_status status = pdf->reading ? PLANCHE_OK : begin(archive, error);
    if (!status && !pdf->decoded_left)
        status = pdf->note.alone ? take_image(archive, error) : take_png(archive, error);
    if (status)
        return status;
    *got = pdf->decoded_left < size ? pdf->decoded_left : size;
    if (*got)
        memcpy(data, pdf->decoded_at, *got);
    pdf->decoded_at += *got;
    pdf->decoded_left -= *got;
    return PLANCHE_OK;
}

static void close_pdf(struct planche_archive *archive)
{
    struct planche_pdf *pdf = archive->state;
    if (!pdf)
        return;
    planche_process_kill(&pdf->child);
    planche_ppm_png_end(&pdf->png);
    planche_free(pdf->image);
    planche_free(pdf->path);
    planche_free(pdf);
    archive->state = NULL;
}

static const struct planche_archive_ops ops = {
    .next = next, .read = read_entry, .close = close_pdf};

/* Notes of an earlier reading are those of this file, or new ones begin. */
static enum planche_status open_notes(struct planche_archive *archive, struct planche_error *error)
{
    struct planche_pdf *pdf = archive->state;
    struct planche_archive_notes *notes = archive->help.notes;
    struct planche_file_info info;
    if (!notes || !planche_fd_info(archive->fd, &info))
        return PLANCHE_OK;
    bool same =
        notes->list && notes->count == pdf->pages && notes->file_size == archive->file_size &&
        notes->changed.tv_sec == info.mtime.tv_sec && notes->changed.tv_nsec == info.mtime.tv_nsec;
    if (!same) {
        planche_free(notes->list);
        *notes = (struct planche_archive_notes){
            .count = pdf->pages, .file_size = archive->file_size, .changed = info.mtime};
        notes->list = planche_calloc(archive->budget, pdf->pages + 1, sizeof *notes->list);
    }
    pdf->notes = notes->list;
    return notes->list ? PLANCHE_OK
                       : planche_fail_memory(error, archive->budget,
                                             pdf->pages * sizeof *notes->list, archive->path);
}

enum planche_status planche_pdf_open(struct planche_archive *archive, struct planche_error *error)
{
    struct planche_pdf *pdf = planche_calloc(archive->budget, 1, sizeof *pdf);
    archive->ops = &ops;
    archive->state = pdf;
    if (!pdf)
        return planche_fail_memory(error, archive->budget, sizeof *pdf, archive->path);
    pdf->child = (struct planche_process)PLANCHE_PROCESS_NONE;
    size_t size = strlen(archive->path) + 3;
    pdf->path = planche_alloc(archive->budget, size);
    if (!pdf->path)
        return planche_fail_memory(error, archive->budget, size, archive->path);
    snprintf(pdf->path, size, "%s%s", archive->path[0] == '/' ? "" : "./", archive->path);
    enum planche_status status = planche_pdf_count(archive, error);
    return status ? status : open_notes(archive, error);
}
