/* SPDX-License-Identifier: MIT */
/* The rule. Levels were chosen by measurement: each row's is within 0.1 dB of the best one for
 * files of its qualities, on average over all kinds of pages (docs/auto.md;
 * training/eval/levels.py). */
#include "choice/auto_model.h"

#include <stdio.h>

/* A page with so many percent of screentone counts as toned: dots bear more cleaning than lines. */
#define TONED 20
/* An earlier JPEG file counts if it was so much worse than the one that is there. */
#define WORSE 4
/* Levels of a page and of its book that differ by no more are made the same: two halves. */
#define ALIKE 2

/* Levels are indices: 0 is -1 (the file is trusted), 2 is 0, 4 is 1, 8 is 3. */
struct row {
    unsigned quality; /* and better, up to the row before */
    unsigned level, toned;
};

/* By the quality of a JPEG file, as libjpeg counts. */
static const struct row of_jpeg[] = {
    {96, 0, 0}, {94, 1, 1}, {88, 1, 2}, {84, 3, 3}, {77, 4, 4},
    {65, 5, 5}, {54, 6, 6}, {40, 7, 7}, {0, 8, 8},
};

/* By that of a lossy WebP file: libwebp's numbers lose less. */
static const struct row of_webp[] = {
    {93, 0, 0}, {83, 1, 1}, {65, 1, 2}, {45, 3, 3}, {25, 4, 4}, {0, 5, 5},
};

static unsigned find_level(const struct row *row, unsigned quality, bool toned)
{
    while (quality < row->quality)
        row++;
    return toned ? row->toned : row->level;
}

/* By the file's own encoder; formats of which no quality is known are trusted. */
static unsigned level_of_file(const struct planche_signs *signs, bool toned)
{
    if (signs->file_quality && signs->format == PLANCHE_FORMAT_JPEG)
        return find_level(of_jpeg, signs->file_quality, toned);
    if (signs->file_quality && signs->format == PLANCHE_FORMAT_WEBP)
        return find_level(of_webp, signs->file_quality, toned);
    return 0;
}

static const char *name_format(const struct planche_signs *signs)
{
    return signs->format == PLANCHE_FORMAT_WEBP ? "WebP" : "JPEG";
}

/* "JPEG 80"; "JPEG 60, saved again as JPEG 95" */
static void explain(struct planche_auto_choice *choice, const struct planche_signs *signs,
                    bool past, bool toned)
{
    char file[32] = "without loss";
    if (signs->file_quality)
        snprintf(file, sizeof file, "as %s %u", name_format(signs), signs->file_quality);
    if (past)
        snprintf(choice->reason, sizeof choice->reason, "JPEG %u, saved again %s%s",
                 signs->past_quality, file, toned ? "; screentone" : "");
    else if (signs->file_quality)
        snprintf(choice->reason, sizeof choice->reason, "%s%s", file + 3,
                 toned ? "; screentone" : "");
    else
        snprintf(choice->reason, sizeof choice->reason, "%s",
                 signs->measured ? "no sign of loss" : "nothing is known");
}

void planche_auto_choose(struct planche_auto_choice *choice, const struct planche_signs *signs)
{
    bool toned = signs->screen >= TONED;
    bool past = signs->past_quality &&
                (!signs->file_quality || signs->past_quality + WORSE <= signs->file_quality);
    unsigned level = level_of_file(signs, toned);
    unsigned earlier = past ? find_level(of_jpeg, signs->past_quality, toned) : 0;
    past = past && earlier > level;
    choice->level = past ? earlier : level;
    /* Worth saying where it makes a difference. */
    bool differs = past ? earlier != find_level(of_jpeg, signs->past_quality, false)
                        : level != level_of_file(signs, false);
    explain(choice, signs, past, differs);
}

/* Levels are few: counting sorts them. */
unsigned planche_auto_usual(const unsigned *levels, size_t count)
{
    size_t pages[PLANCHE_AUTO_LEVELS] = {0}, below = 0;
    unsigned level = 0;
    for (size_t i = 0; i < count; i++)
        pages[levels[i]]++;
    while (count && level + 1 < PLANCHE_AUTO_LEVELS && 2 * (below + pages[level]) < count)
        below += pages[level++];
    return level;
}

void planche_auto_settle(struct planche_auto_choice *choice, unsigned usual)
{
    unsigned level = choice->level;
    unsigned apart = level > usual ? level - usual : usual - level;
    if (apart == 0 || apart > ALIKE)
        return;
    char own[sizeof choice->reason];
    snprintf(own, sizeof own, "%s", choice->reason);
    snprintf(choice->reason, sizeof choice->reason, "%.50s; as the book", own);
    choice->level = usual;
}

const char *planche_auto_kind(const struct planche_signs *signs)
{
    if (signs->screen >= TONED)
        return "screentone";
    if (signs->soft >= 40)
        return "painted";
    return signs->flat >= 60 ? "flat" : "drawn";
}
