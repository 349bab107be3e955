/* SPDX-License-Identifier: MIT */
/* PDFs through poppler's programs, a page at a time: keeps code that reads hostile files, and its
 * licence, out of this process. A page that shows one image and nothing else is that image, a JPEG
 * byte for byte; any other is rendered. */
#include "archive/format.h"
#include "archive/pdf_svg.h"
#include "base/status.h"
#include "io/process.h"
#include "os/file_info.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PIECE_BYTES ((size_t)64 << 10)
/* More of an SVG than this is not one image. */
#define MAX_SVG_BYTES  ((uint64_t)512 << 20)
#define MIN_RESOLUTION 150.0
#define MAX_RESOLUTION 600.0
#define MAX_PIXELS     1e8
#define MESSAGE_BYTES  1024

/* No page of a book takes so much of poppler, nor is it silent so long. */
#define MAX_MEMORY_BYTES ((uint64_t)4 << 30)
#define MAX_CPU_SECONDS  600
#define MAX_OPEN_FILES   256
#define PATIENCE_MS      120000

struct pdf {
    struct planche_process child;
    char *path; /* as an argument: not to be mistaken for an option */
    uint64_t pages, page;
    struct planche_archive_note *notes, note; /* of all pages or NULL; of this one */
    struct planche_pdf_svg drawing;
    struct planche_drawn_data data;
    char name[32];
    char piece[PIECE_BYTES];
    uint8_t decoded[PIECE_BYTES];
    size_t decoded_size, decoded_at;
    bool reading;
};

/* Starts one of poppler's programs, contained: what it reads is hostile. */
static bool start_program(struct planche_archive *archive, const char *const *arguments,
                          bool messages)
{
    struct pdf *pdf = archive->state;
    const struct planche_process_options options = {
        .arguments = arguments,
        .flags = PLANCHE_PROCESS_NO_NETWORK | PLANCHE_PROCESS_NO_FILE_WRITES |
                 (messages ? PLANCHE_PROCESS_READ_MESSAGES : 0),
        .limits = {.memory_bytes = MAX_MEMORY_BYTES,
                   .cpu_seconds = MAX_CPU_SECONDS,
                   .open_files = MAX_OPEN_FILES},
        .patience_ms = PATIENCE_MS,
        .cancel = archive->help.cancel,
    };
    planche_process_kill(&pdf->child);
    return planche_process_start(&pdf->child, &options);
}

/* Waits for its end. False: errno says why it was not waited for, or is 0: it failed. */
static bool ends_well(struct pdf *pdf)
{
    int exit_status = -1;
    bool ended = planche_process_wait(&pdf->child, &exit_status);
    if (ended)
        errno = 0;
    return ended && exit_status == 0;
}

static enum planche_status fail_start(const struct planche_archive *archive, const char *program,
                                      struct planche_error *error)
{
    if (errno == ENOENT)
        return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                            "%s: PDFs take the program %s, which is not there: please install "
                            "poppler-utils",
                            archive->path, program);
    return planche_fail(error, errno == ENOMEM ? PLANCHE_ERROR_MEMORY : PLANCHE_ERROR_IO,
                        "%s: %s cannot be started: %s", archive->path, program, strerror(errno));
}

/* That a program did not do its work; errno says why. */
static enum planche_status fail_work(const struct planche_archive *archive, const char *program,
                                     struct planche_error *error)
{
    int reason = errno;
    if (reason == ECANCELED)
        return planche_cancel_fail(archive->help.cancel, error);
    return planche_fail(error, reason == ETIMEDOUT ? PLANCHE_ERROR_DATA : PLANCHE_ERROR_IO,
                        "%s: %s%s%s: %s", archive->path, archive->name,
                        archive->name[0] ? ": " : "", program,
                        reason == ETIMEDOUT ? "takes too long" : strerror(reason));
}

/* What pdfinfo says. */
struct info {
    char first[MESSAGE_BYTES]; /* its beginning: of one that fails, the reason */
    size_t filled;
    char line[32]; /* as much of one as is looked at */
    size_t length;
    uint64_t pages; /* UINT64_MAX: it has not told */
};

static void take_info(struct info *info, const char *text, size_t size)
{
    static const char word[] = "Pages:";
    size_t room = sizeof info->first - 1 - info->filled, taken = size < room ? size : room;
    memcpy(info->first + info->filled, text, taken);
    info->filled += taken;
    for (size_t i = 0; i < size; i++) {
        if (text[i] != '\n' && info->length < sizeof info->line - 1)
            info->line[info->length++] = text[i];
        if (text[i] != '\n')
            continue;
        info->line[info->length] = 0;
        if (strncmp(info->line, word, sizeof word - 1) == 0)
            info->pages = strtoull(info->line + sizeof word - 1, NULL, 10);
        info->length = 0;
    }
}

/* True: it ended well; else errno says why, or is 0. */
static bool collect(struct pdf *pdf, struct info *info)
{
    int64_t got;
    while ((got = planche_process_read(&pdf->child, pdf->piece, sizeof pdf->piece)) > 0)
        take_info(info, pdf->piece, (size_t)got);
    return got == 0 && ends_well(pdf);
}

static enum planche_status count_pages(struct planche_archive *archive, struct planche_error *error)
{
    struct pdf *pdf = archive->state;
    struct info info = {.pages = UINT64_MAX};
    /* The PDF's author writes some of what it prints, before and behind the pages; in this encoding
     * there is no end of a line. */
    const char *const arguments[] = {"pdfinfo", "-enc", "Symbol", pdf->path, NULL};
    if (!start_program(archive, arguments, true))
        return fail_start(archive, arguments[0], error);
    errno = 0;
    bool ended_well = collect(pdf, &info);
    if (!ended_well && errno)
        return fail_work(archive, arguments[0], error);
    if (ended_well && info.pages != UINT64_MAX) {
        pdf->pages = info.pages;
        if (pdf->pages <= archive->limits.entries)
            return PLANCHE_OK;
        return planche_fail(error, PLANCHE_ERROR_LIMIT,
                            "%s: has more than %" PRIu64 " entries (option max_entries)",
                            archive->path, archive->limits.entries);
    }
    if (strstr(info.first, "assword"))
        return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED, "%s: is encrypted", archive->path);
    info.first[strcspn(info.first, "\n")] = 0;
    return planche_fail(error, PLANCHE_ERROR_DATA, "%s: is a PDF that cannot be read: %s",
                        archive->path, info.first);
}

/* pdftocairo on the current page, its result to be read. A drawing is made for paper, onto which
 * pages of odd sizes are shrunk and centred unless told otherwise. resolution: in thousandths. */
static enum planche_status start(struct planche_archive *archive, const char *kind,
                                 unsigned resolution, struct planche_error *error)
{
    struct pdf *pdf = archive->state;
    char page[32], fineness[32];
    bool png = strcmp(kind, "-png") == 0;
    snprintf(page, sizeof page, "%" PRIu64, pdf->page);
    snprintf(fineness, sizeof fineness, "%u.%03u", resolution / 1000, resolution % 1000);
    const char *const arguments[] = {"pdftocairo",
                                     kind,
                                     "-f",
                                     page,
                                     "-l",
                                     page,
                                     "-r",
                                     fineness,
                                     png ? "-singlefile" : "-noshrink",
                                     png ? "-cropbox" : "-nocenter",
                                     "-q",
                                     pdf->path,
                                     "-",
                                     NULL};
    return start_program(archive, arguments, false) ? PLANCHE_OK
                                                    : fail_start(archive, arguments[0], error);
}

/* What the page shows. Too much of it is rendered with what is known so far. */
static enum planche_status look(struct planche_archive *archive, struct planche_error *error)
{
    struct pdf *pdf = archive->state;
    uint64_t seen = 0;
    int64_t got = 1;
    planche_pdf_svg_init(&pdf->drawing);
    enum planche_status status = start(archive, "-svg", 72000, error);
    if (status)
        return status;
    while (got > 0 && seen < MAX_SVG_BYTES) {
        got = planche_process_read(&pdf->child, pdf->piece, sizeof pdf->piece);
        planche_pdf_svg_feed(&pdf->drawing, pdf->piece, got > 0 ? (size_t)got : 0);
        seen += got > 0 ? (uint64_t)got : 0;
    }
    if (got > 0) {
        planche_process_kill(&pdf->child);
        pdf->drawing.strange = true;
        return PLANCHE_OK;
    }
    if (got == 0 && ends_well(pdf))
        return PLANCHE_OK;
    /* Rendering it may go better, or will say that it does not. */
    pdf->drawing.strange = true;
    return errno ? fail_work(archive, "pdftocairo", error) : PLANCHE_OK;
}

static bool is_alone(const struct planche_pdf_svg *drawing)
{
    return drawing->alone != SIZE_MAX && !drawing->strange;
}

/* Thousandths of pixels an inch: the largest image's where there are only images, so that none are
 * made up; letters need more. Not more than can be borne. */
static unsigned choose_resolution(const struct planche_pdf_svg *drawing)
{
    double resolution = drawing->resolution;
    double most = 72 * sqrt(MAX_PIXELS / fmax(drawing->width * drawing->height, 1));
    if (resolution <= 0 || drawing->others || drawing->strange)
        resolution = fmax(resolution, MIN_RESOLUTION);
    /* Rounded down: else a row could come from a page that is whole pixels. */
    resolution = fmin(fmin(resolution, MAX_RESOLUTION), most);
    return (unsigned)fmax(resolution * 1000 - 1, 1);
}

/* Learns what the page shows, unless it is known. */
static enum planche_status learn(struct planche_archive *archive, struct planche_error *error)
{
    struct pdf *pdf = archive->state;
    const struct planche_pdf_svg *drawing = &pdf->drawing;
    struct planche_archive_note *kept = pdf->notes ? &pdf->notes[pdf->page - 1] : NULL;
    if (kept && kept->known) {
        pdf->note = *kept;
        return PLANCHE_OK;
    }
    enum planche_status status = look(archive, error);
    if (status)
        return status;
    bool alone = is_alone(drawing);
    pdf->note = (struct planche_archive_note){
        .known = 1,
        .alone = alone,
        .jpeg = alone && drawing->images[drawing->alone].jpeg,
        .number = (alone ? (uint32_t)drawing->alone : choose_resolution(drawing)) & 0xffffff,
    };
    if (kept)
        *kept = pdf->note;
    return PLANCHE_OK;
}

static enum planche_status next(struct planche_archive *archive, struct planche_raw_entry *entry,
                                bool *end, struct planche_error *error)
{
    struct pdf *pdf = archive->state;
    *end = pdf->page == pdf->pages;
    pdf->reading = false;
    if (*end)
        return PLANCHE_OK;
    pdf->page++;
    enum planche_status status = learn(archive, error);
    if (status)
        return status;
    snprintf(pdf->name, sizeof pdf->name, "%0*" PRIu64 ".%s", pdf->pages < 10000 ? 4 : 8, pdf->page,
             pdf->note.jpeg ? "jpg" : "png");
    *entry = (struct planche_raw_entry){.name = pdf->name, .size = PLANCHE_SIZE_UNKNOWN};
    return PLANCHE_OK;
}

static enum planche_status begin(struct planche_archive *archive, struct planche_error *error)
{
    struct pdf *pdf = archive->state;
    pdf->data = (struct planche_drawn_data){.index = pdf->note.number};
    pdf->decoded_size = pdf->decoded_at = 0;
    pdf->reading = true;
    return pdf->note.alone ? start(archive, "-svg", 72000, error)
                           : start(archive, "-png", pdf->note.number, error);
}

static enum planche_status finish(struct planche_archive *archive, struct planche_error *error)
{
    struct pdf *pdf = archive->state;
    bool complete = !pdf->note.alone || pdf->data.ended;
    errno = 0;
    if (ends_well(pdf) && complete)
        return PLANCHE_OK;
    return errno ? fail_work(archive, "pdftocairo", error)
                 : planche_entry_fail(archive, error, PLANCHE_ERROR_DATA,
                                      "pdftocairo cannot render the page");
}

/* Bytes of the image in the SVG; none at its end. */
static int64_t read_image(struct pdf *pdf, void *data, size_t size)
{
    while (pdf->decoded_at == pdf->decoded_size) {
        int64_t got = planche_process_read(&pdf->child, pdf->piece, sizeof pdf->piece);
        if (got <= 0)
            return got;
        pdf->decoded_at = 0;
        pdf->decoded_size =
            planche_drawn_data_feed(&pdf->data, pdf->piece, (size_t)got, pdf->decoded);
    }
    size_t left = pdf->decoded_size - pdf->decoded_at, taken = left < size ? left : size;
    memcpy(data, pdf->decoded + pdf->decoded_at, taken);
    pdf->decoded_at += taken;
    return (int64_t)taken;
}

static enum planche_status read_entry(struct planche_archive *archive, void *data, size_t size,
                                      size_t *got, struct planche_error *error)
{
    struct pdf *pdf = archive->state;
    enum planche_status status = pdf->reading ? PLANCHE_OK : begin(archive, error);
    if (status)
        return status;
    int64_t done = pdf->note.alone ? read_image(pdf, data, size)
                                   : planche_process_read(&pdf->child, data, size);
    if (done < 0)
        return fail_work(archive, "pdftocairo", error);
    *got = (size_t)done;
    return done ? PLANCHE_OK : finish(archive, error);
}

static void close_pdf(struct planche_archive *archive)
{
    struct pdf *pdf = archive->state;
    if (!pdf)
        return;
    planche_process_kill(&pdf->child);
    planche_free(pdf->path);
    planche_free(pdf);
    archive->state = NULL;
}

static const struct planche_archive_ops ops = {
    .next = next, .read = read_entry, .close = close_pdf};

/* Notes of an earlier reading are those of this file, or new ones begin. */
static enum planche_status open_notes(struct planche_archive *archive, struct planche_error *error)
{
    struct pdf *pdf = archive->state;
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
    struct pdf *pdf = planche_calloc(archive->budget, 1, sizeof *pdf);
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
    enum planche_status status = count_pages(archive, error);
    return status ? status : open_notes(archive, error);
}
