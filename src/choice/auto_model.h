/* SPDX-License-Identifier: MIT */
/* Rule by which a page, or a book, decides how it is cleaned: auto_model.c has it as a table.
 *
 * The network is the same for all pages (planche_catalogue_name): none of Planche's own is better
 * than the others at pages of one kind. Whether a page runs in colour or in grey follows from its
 * pixels alone. */
#ifndef PLANCHE_CHOICE_AUTO_MODEL_H
#define PLANCHE_CHOICE_AUTO_MODEL_H

#include "choice/measure.h"

#include <stddef.h>

/* Changes when the rule, or what is measured, would make other bytes of some page. */
#define PLANCHE_AUTO_VERSION 1

/* Levels of cleaning that the rule knows: -1 to 3 in steps of a half. */
#define PLANCHE_AUTO_LEVELS 9
static inline double planche_auto_level(unsigned index)
{
    return -1 + 0.5 * (double)index;
}

struct planche_auto_choice {
    unsigned level;  /* index */
    char reason[72]; /* "JPEG 80" */
};

/* What is right for a page by itself. Signs of which nothing is known: the file is trusted. */
void planche_auto_choose(struct planche_auto_choice *choice, const struct planche_signs *signs);
/* What is right for a book, by what was chosen for some of its pages: their median, the lower one
 * of two. count 0: the file is trusted. */
unsigned planche_auto_usual(const unsigned *levels, size_t count);
/* Makes a page as its book is, unless it is clearly different. */
void planche_auto_settle(struct planche_auto_choice *choice, unsigned usual);

/* What a page mostly is, by its texture: "screentone", "painted", "flat", "drawn". */
const char *planche_auto_kind(const struct planche_signs *signs);

#endif
