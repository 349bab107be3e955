/* SPDX-License-Identifier: MIT */
/* Progress bar of pages: page, percent, time left. */
#include "enlarge/progress.h"

#include "cli/terminal.h"
#include "os/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BAR_WIDTH    24
#define NAME_WIDTH   30
#define ESTIMATE_MS  1000.0 /* earlier estimates jump about */
#define ESTIMATE_MIN 0.005

bool planche_cli_progress_start(struct planche_cli_progress *progress, size_t count,
                                const char *device, bool shown)
{
    *progress = (struct planche_cli_progress){.shown = shown, .count = count, .device = device};
    progress->start_ms = planche_clock_ms();
    pthread_mutex_init(&progress->lock, NULL);
    progress->done = calloc(count, sizeof *progress->done);
    return progress->done != NULL;
}

const char *planche_cli_format_time(double seconds, char *text, size_t size)
{
    text[0] = 0;
    if (!(seconds < 360000.0))
        return text;
    unsigned time = (unsigned)(seconds + 0.5);
    if (time >= 3600)
        snprintf(text, size, "%u:%02u:%02u", time / 3600, time / 60 % 60, time % 60);
    else
        snprintf(text, size, "%u:%02u", time / 60, time % 60);
    return text;
}

const char *planche_cli_format_bar(double fraction, char *text, size_t width)
{
    fraction = fraction < 0.0 ? 0.0 : fraction > 1.0 ? 1.0 : fraction;
    memset(text, '.', width);
    memset(text, '#', (size_t)(fraction * (double)width));
    text[width] = 0;
    return text;
}

static void format_left(char *text, size_t size, double elapsed_ms, double fraction)
{
    char time[32];
    text[0] = 0;
    if (elapsed_ms < ESTIMATE_MS || fraction < ESTIMATE_MIN)
        return;
    planche_cli_format_time(elapsed_ms / fraction * (1.0 - fraction) / 1e3, time, sizeof time);
    if (time[0] != 0)
        snprintf(text, size, "  %s left", time);
}

size_t planche_cli_utf8_length(const char *text, unsigned columns)
{
    size_t bytes = 0;
    for (unsigned seen = 0; text[bytes] != 0; bytes++) {
        bool starts = ((unsigned char)text[bytes] & 0xC0) != 0x80;
        if (starts && seen++ == columns)
            break;
    }
    return bytes;
}

static void draw(const struct planche_cli_progress *progress, const char *name, double now)
{
    double fraction = progress->total / (double)progress->count;
    fraction = fraction < 0.0 ? 0.0 : fraction > 1.0 ? 1.0 : fraction;
    const char *device = progress->device;
    char bar[BAR_WIDTH + 1], left[48], line[512];
    planche_cli_format_bar(fraction, bar, BAR_WIDTH);
    format_left(left, sizeof left, now - progress->start_ms, fraction);
    size_t current =
        progress->finished < progress->count ? progress->finished + 1 : progress->count;
    snprintf(line, sizeof line, "[%s] %3d%%  page %zu/%zu%s  %.*s%s%.*s", bar,
             (int)(fraction * 100.0), current, progress->count, left,
             (int)planche_cli_utf8_length(name, NAME_WIDTH), name, device != NULL ? "  on " : "",
             NAME_WIDTH, device != NULL ? device : "");
    /* A full line would wrap and scroll. */
    line[planche_cli_utf8_length(line, planche_cli_columns() - 1)] = 0;
    planche_cli_status_line(line);
}

void planche_cli_progress_update(struct planche_cli_progress *progress, size_t page,
                                 const char *name, double done)
{
    pthread_mutex_lock(&progress->lock);
    progress->total += done - progress->done[page];
    progress->done[page] = done;
    double now = planche_clock_ms();
    /* A page that waits to be admitted does not redraw the bar. */
    if (progress->shown && done > 0 && now - progress->drawn_ms >= PLANCHE_CLI_REDRAW_MS) {
        progress->drawn_ms = now;
        draw(progress, name, now);
    }
    pthread_mutex_unlock(&progress->lock);
}

void planche_cli_progress_page_end(struct planche_cli_progress *progress, size_t page,
                                   const char *name)
{
    pthread_mutex_lock(&progress->lock);
    progress->total += 1.0 - progress->done[page];
    progress->done[page] = 1.0;
    progress->finished++;
    if (progress->shown)
        draw(progress, name, planche_clock_ms());
    pthread_mutex_unlock(&progress->lock);
}

void planche_cli_progress_stop(struct planche_cli_progress *progress)
{
    if (progress->shown)
        planche_cli_status_line("");
    free(progress->done);
    progress->done = NULL;
    pthread_mutex_destroy(&progress->lock);
}
