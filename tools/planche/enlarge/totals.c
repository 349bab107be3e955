/* SPDX-License-Identifier: MIT */
/* Totals of a dry run: books, pages, pixels, and what they will take. */
#include "enlarge/totals.h"

#include "cli/number.h"
#include "os/file_info.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

/* Of a page whose size is not known, as long as no other is: a scan of a manga, made twice as
 * large.
 */
#define USUAL_PIXELS 1.5e6
#define USUAL_BYTES  1.0e6

/* Bits for each pixel of a result of the default quality: means of the sample pages of
 * bench/quality.py (docs/limits.md), which lie within a factor of two of each. */
static double bits_per_pixel(enum planche_format format, bool lossless)
{
    switch (format) {
    case PLANCHE_FORMAT_JPEG:
        return 2.3;
    case PLANCHE_FORMAT_PNG:
        return 7.6;
    case PLANCHE_FORMAT_AVIF:
        return lossless ? 7.0 : 1.2;
    case PLANCHE_FORMAT_JXL:
        return lossless ? 6.5 : 1.1;
    default:
        return lossless ? 6.0 : 1.4;
    }
}

void planche_cli_totals_add(struct planche_cli_totals *totals,
                            const struct planche_page_result *result, bool lossless)
{
    double in = (double)result->input_width * result->input_height;
    double out = (double)result->output_width * result->output_height;
    totals->pages++;
    if (in <= 0.0) {
        totals->unsized++;
        return;
    }
    totals->in_pixels += in;
    totals->result_bytes += out * bits_per_pixel(result->format, lossless) / 8;
}

/* The nearest folder above a path that is there already. */
static uint64_t free_above(const char *path)
{
    char folder[PATH_MAX];
    uint64_t bytes;
    int length = snprintf(folder, sizeof folder, "%s", path);
    while (length > 0 && (size_t)length < sizeof folder && folder[0] != 0) {
        if (planche_file_system_free(folder, &bytes))
            return bytes;
        char *slash = strrchr(folder, '/');
        if (slash == NULL)
            break;
        slash[slash == folder] = 0;
        if (slash == folder && strcmp(path, "/") == 0)
            break;
    }
    return planche_file_system_free(path[0] == '/' ? "/" : ".", &bytes) ? bytes : 0;
}

void planche_cli_totals_judge(const struct planche_cli_totals *totals, double speed,
                              const char *output, struct planche_cli_prospect *prospect)
{
    size_t sized = totals->pages - totals->unsized;
    double pixels = sized ? totals->in_pixels / (double)sized : USUAL_PIXELS;
    double bytes = sized ? totals->result_bytes / (double)sized : USUAL_BYTES;
    prospect->pixels = totals->in_pixels + pixels * (double)totals->unsized;
    prospect->bytes = totals->result_bytes + bytes * (double)totals->unsized + totals->copied_bytes;
    prospect->seconds = speed > 0.0 ? prospect->pixels / speed : -1.0;
    prospect->free_bytes = free_above(output);
}

/* "45 s", "12 min", "2 h 10 min", "3 days" */
static const char *format_long_time(double seconds, char *text, size_t size)
{
    if (seconds < 100)
        snprintf(text, size, "%.0f s", seconds < 1 ? 1.0 : seconds);
    else if (seconds < 3600)
        snprintf(text, size, "%.0f min", seconds / 60);
    else if (seconds < 2 * 86400.0)
        snprintf(text, size, "%d h %d min", (int)(seconds / 3600), (int)(seconds / 60) % 60);
    else
        snprintf(text, size, "%.0f days", seconds / 86400);
    return text;
}

const char *planche_cli_totals_text(const struct planche_cli_totals *totals,
                                    const struct planche_cli_prospect *prospect, char *text,
                                    size_t size)
{
    char books[48] = "", bytes[32], left[32], time[32], about[64] = "", room[80] = "";
    char inner[80] = "";
    if (totals->books > 0)
        snprintf(books, sizeof books, "%zu book%s, ", totals->books, totals->books == 1 ? "" : "s");
    if (prospect->seconds >= 0.0)
        snprintf(about, sizeof about, "%s and ",
                 format_long_time(prospect->seconds, time, sizeof time));
    if (prospect->free_bytes > 0)
        snprintf(room, sizeof room, "; %s are free there",
                 planche_cli_format_bytes(prospect->free_bytes, left, sizeof left));
    if (totals->inner > 0)
        snprintf(inner, sizeof inner, "; books inside of archives (%zu) are not counted",
                 totals->inner);
    snprintf(text, size, "%s%zu page%s, %.*f megapixels: about %s%s%s%s", books, totals->pages,
             totals->pages == 1 ? "" : "s", prospect->pixels < 1e7 ? 1 : 0, prospect->pixels / 1e6,
             about, planche_cli_format_bytes((uint64_t)prospect->bytes, bytes, sizeof bytes), room,
             inner);
    return text;
}

json_t *planche_cli_totals_json(const struct planche_cli_totals *totals,
                                const struct planche_cli_prospect *prospect)
{
    json_t *object = json_object();
    json_object_set_new(object, "type", json_string("totals"));
    json_object_set_new(object, "dry_run", json_true());
    json_object_set_new(object, "books", json_integer((json_int_t)totals->books));
    json_object_set_new(object, "pages", json_integer((json_int_t)totals->pages));
    json_object_set_new(object, "inner_books", json_integer((json_int_t)totals->inner));
    json_object_set_new(object, "input_pixels", json_integer((json_int_t)prospect->pixels));
    json_object_set_new(object, "output_bytes", json_integer((json_int_t)prospect->bytes));
    json_object_set_new(object, "seconds",
                        prospect->seconds >= 0.0 ? json_real(prospect->seconds) : json_null());
    json_object_set_new(object, "free_bytes",
                        prospect->free_bytes ? json_integer((json_int_t)prospect->free_bytes)
                                             : json_null());
    return object;
}
