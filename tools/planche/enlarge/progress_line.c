/* SPDX-License-Identifier: MIT */
/* Progress of a run as text. */
#include "enlarge/progress_line.h"

#include "base/text.h"
#include "cli/cells.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define BAR_CELLS  10
#define LEAST_NAME 12 /* cells; a shorter name says nothing */

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

const char *planche_cli_format_pace(double page_seconds, char *text, size_t size)
{
    char time[32];
    text[0] = 0;
    if (page_seconds <= 0.0 || !(page_seconds < 360000.0))
        return text;
    if (page_seconds < 1.0)
        snprintf(text, size, "%.*f pages/s", page_seconds < 0.1 ? 0 : 1, 1.0 / page_seconds);
    else if (page_seconds < 99.5)
        snprintf(text, size, "%.*f s a page", page_seconds < 9.95 ? 1 : 0, page_seconds);
    else
        snprintf(text, size, "%s a page", planche_cli_format_time(page_seconds, time, sizeof time));
    return text;
}

/* Parts of the line in the order in which they stand. A line of level N has those whose number in
 * leaves_at is above N. */
enum part { BAR, PERCENT, BOOK, NAME, PAGE, PACE, LEFT, DEVICE, PARTS };
static const unsigned leaves_at[PARTS] = {
    [DEVICE] = 1, [BAR] = 2,  [PACE] = 3, [BOOK] = 4,
    [NAME] = 5,   [PAGE] = 6, [LEFT] = 7, [PERCENT] = 8,
};
#define LEVELS 8

struct parts {
    char text[PARTS][192];
};

static void describe(const struct planche_cli_snapshot *s, struct parts *parts)
{
    char meter[BAR_CELLS + 1], time[32];
    const size_t size = sizeof parts->text[0];
    memset(parts, 0, sizeof *parts);
    snprintf(parts->text[BAR], size, "[%s]", planche_cli_format_bar(s->fraction, meter, BAR_CELLS));
    snprintf(parts->text[PERCENT], size, "%3d%%", (int)(s->fraction * 100.0));
    if (s->books > 1)
        snprintf(parts->text[BOOK], size, "book %zu/%zu", s->book, s->books);
    if (s->writing)
        snprintf(parts->text[PAGE], size, "writing the book");
    else if (s->pages > 0)
        snprintf(parts->text[PAGE], size, "page %zu/%zu", s->page, s->pages);
    planche_cli_format_pace(s->page_seconds, parts->text[PACE], size);
    if (s->left >= 0.0 && *planche_cli_format_time(s->left, time, sizeof time))
        snprintf(parts->text[LEFT], size, "%s left", time);
    if (s->device != NULL)
        snprintf(parts->text[DEVICE], size, "on %s", s->device);
}

/* The percentage stands behind the bar, three digits wide; other parts have two spaces before them.
 */
static const char *separator(enum part part, bool first)
{
    return first || part == PERCENT ? "" : "  ";
}

/* Cells of a line of a level, as long as its name is empty. */
static size_t measure(const struct parts *parts, unsigned level)
{
    size_t cells = 0;
    for (int i = 0; i < PARTS; i++) {
        if (leaves_at[i] > level && parts->text[i][0])
            cells +=
                strlen(separator((enum part)i, cells == 0)) + planche_cli_cells(parts->text[i]);
    }
    return cells;
}

static void join(const struct parts *parts, unsigned level, char *line, size_t size)
{
    size_t used = 0;
    line[0] = 0;
    for (int i = 0; i < PARTS; i++) {
        if (leaves_at[i] <= level || !parts->text[i][0])
            continue;
        used += (size_t)snprintf(line + used, used < size ? size - used : 0, "%s%s",
                                 separator((enum part)i, used == 0), parts->text[i]);
        used = used < size ? used : size - 1;
    }
}

const char *planche_cli_progress_line(const struct planche_cli_snapshot *snapshot, size_t columns,
                                      char *line, size_t size)
{
    struct parts parts;
    size_t room = columns > 0 ? columns - 1 : 0; /* a full line would wrap and scroll */
    size_t name = planche_cli_cells(snapshot->name);
    size_t least = name < LEAST_NAME ? name : LEAST_NAME;
    unsigned level = 0;
    describe(snapshot, &parts);
    for (; level < LEVELS; level++) {
        size_t wanted = level < leaves_at[NAME] ? least + 2 : 0;
        if (measure(&parts, level) + wanted <= room)
            break;
    }
    if (level < leaves_at[NAME]) {
        size_t fixed = measure(&parts, level);
        planche_cli_cut_middle(snapshot->name, room - fixed - 2, parts.text[NAME],
                               sizeof parts.text[NAME]);
        planche_text_show(parts.text[NAME]);
    }
    join(&parts, level, line, size);
    line[planche_cli_cells_length(line, room)] = 0;
    return line;
}

const char *planche_cli_progress_plain(const struct planche_cli_snapshot *s, char *line,
                                       size_t size)
{
    char pace[48], time[32], book[64] = "", page[64] = "";
    if (s->books > 1)
        snprintf(book, sizeof book, ", book %zu of %zu", s->book, s->books);
    if (s->writing)
        snprintf(page, sizeof page, ", writing the book");
    else if (s->pages > 0)
        snprintf(page, sizeof page, ", page %zu of %zu", s->page, s->pages);
    planche_cli_format_pace(s->page_seconds, pace, sizeof pace);
    time[0] = 0;
    if (s->left >= 0.0)
        planche_cli_format_time(s->left, time, sizeof time);
    snprintf(line, size, "%d %%%s, %s%s%s%s%s%s%s", (int)(s->fraction * 100.0), book, s->name, page,
             *pace ? ", " : "", pace, *time ? ", " : "", time, *time ? " left" : "");
    return line;
}
