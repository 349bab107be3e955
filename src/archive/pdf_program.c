/* SPDX-License-Identifier: MIT */
/* Poppler's programs: starting them, what they say, and how they fail. */
#include "archive/pdf_program.h"

#include "base/status.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* No page of a book takes so much of poppler, nor is it silent so long. */
#define MAX_MEMORY_BYTES ((uint64_t)4 << 30)
#define MAX_CPU_SECONDS  600
#define MAX_OPEN_FILES   256
#define PATIENCE_MS      120000

static enum planche_status fail_start(const struct planche_archive *archive, const char *program,
                                      struct planche_error *error)
{
    if (errno == ENOENT)
        return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                            "%s: PDFs, and only they, take the program %s, which is not there: "
                            "please install poppler-utils",
                            archive->path, program);
    return planche_fail(error, planche_status_of(errno), "%s: %s cannot be started: %s",
                        archive->path, program, strerror(errno));
}

enum planche_status planche_pdf_start(struct planche_archive *archive, const char *const *arguments,
                                      struct planche_error *error)
{
    struct planche_pdf *pdf = archive->state;
    const struct planche_process_options options = {
        .arguments = arguments,
        .flags = PLANCHE_PROCESS_NO_NETWORK | PLANCHE_PROCESS_NO_FILE_WRITES |
                 PLANCHE_PROCESS_KEEP_MESSAGES,
        .limits = {.memory_bytes = MAX_MEMORY_BYTES,
                   .cpu_seconds = MAX_CPU_SECONDS,
                   .open_files = MAX_OPEN_FILES},
        .patience_ms = PATIENCE_MS,
        .cancel = archive->help.cancel,
    };
    planche_process_kill(&pdf->child);
    return planche_process_start(&pdf->child, &options) ? PLANCHE_OK
                                                        : fail_start(archive, arguments[0], error);
}

bool planche_pdf_ends_well(struct planche_pdf *pdf)
{
    int exit_status = -1;
    bool ended = planche_process_wait(&pdf->child, &exit_status);
    if (ended)
        errno = 0;
    return ended && exit_status == 0;
}

enum planche_status planche_pdf_fail_work(const struct planche_archive *archive,
                                          const char *program, struct planche_error *error)
{
    int reason = errno;
    if (reason == ECANCELED)
        return planche_cancel_fail(archive->help.cancel, error);
    return planche_fail(error, reason == ETIMEDOUT ? PLANCHE_ERROR_DATA : PLANCHE_ERROR_IO,
                        "%s: %s%s%s: %s", archive->path, archive->name,
                        archive->name[0] ? ": " : "", program,
                        reason == ETIMEDOUT ? "takes too long" : strerror(reason));
}

/* FNV-1a. */
static uint64_t hash_line(const char *line)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *line; line++)
        hash = (hash ^ (uint8_t)*line) * UINT64_C(0x100000001b3);
    return hash;
}

/* Whether a line is told for the first time; remembers it. */
static bool is_new(struct planche_archive_notes *notes, const char *line)
{
    uint64_t hash = hash_line(line);
    for (size_t i = 0; i < notes->told_count; i++)
        if (notes->told[i] == hash)
            return false;
    if (notes->told_count == PLANCHE_ARCHIVE_TOLD)
        return false;
    notes->told[notes->told_count++] = hash;
    return true;
}

static void warn_line(struct planche_archive *archive, const char *line)
{
    struct planche_pdf *pdf = archive->state;
    struct planche_archive_notes *notes = archive->help.notes ? archive->help.notes : &pdf->own;
    const struct planche_log *log = archive->help.log ? archive->help.log : archive->log;
    if (!log || !is_new(notes, line))
        return;
    planche_log_write(log, PLANCHE_LOG_WARNING, "%s: %s%spoppler: %s", archive->path, pdf->name,
                      pdf->name[0] ? ": " : "", line);
    if (notes->told_count == PLANCHE_ARCHIVE_TOLD)
        planche_log_write(log, PLANCHE_LOG_WARNING, "%s: further messages of poppler are not shown",
                          archive->path);
}

/* The next line of the messages, each of which then ends with a 0; NULL: there is none. */
static char *next_line(struct planche_pdf *pdf, size_t *at)
{
    char *line = pdf->child.messages + *at;
    size_t length = strcspn(line, "\n");
    if (*at >= pdf->child.message_bytes)
        return NULL;
    *at += length + 1;
    line[length] = 0;
    return line;
}

void planche_pdf_warn(struct planche_archive *archive, const char *but)
{
    const char *line;
    for (size_t at = 0; (line = next_line(archive->state, &at));)
        if (line != but && line[0])
            warn_line(archive, line);
}

const char *planche_pdf_reason(struct planche_pdf *pdf)
{
    const char *line, *reason = NULL;
    for (size_t at = 0; (line = next_line(pdf, &at));)
        if (!reason && line[0] && !strstr(line, "Warning"))
            reason = line;
    return reason;
}

void planche_pdf_format_resolution(char text[PLANCHE_PDF_RESOLUTION_BYTES], double resolution)
{
    uint64_t millionths = (uint64_t)(resolution * 1e6);
    snprintf(text, PLANCHE_PDF_RESOLUTION_BYTES, "%" PRIu64 ".%06" PRIu64, millionths / 1000000,
             millionths % 1000000);
}
