/* SPDX-License-Identifier: MIT */
/* Words that are known: the one of a table, and the one that is nearest to a misspelt one. */
#ifndef PLANCHE_WORDS_SUGGEST_H
#define PLANCHE_WORDS_SUGGEST_H

#include <stddef.h>

/* The item of that name in a table of count items of size bytes, which begin with their names
 * (const char *); NULL: there is none. */
const void *planche_cli_find_named(const void *table, size_t count, size_t size, const char *name);
#define PLANCHE_CLI_FIND_NAMED(table, name)                                                        \
    planche_cli_find_named(table, sizeof(table) / sizeof *(table), sizeof *(table), name)

/* Distance of two words: letters that must be put in, left out, changed, or exchanged with their
 * neighbour (Damerau, "A technique for computer detection and correction of spelling errors", 1964,
 * without a second change of the same letters). Large and small letters are the same. Words of more
 * than 255 bytes are far from everything. */
unsigned planche_cli_distance(const char *a, const char *b);

/* A search for the nearest word; begin with {.word = WORD}. */
struct planche_cli_suggestion {
    const char *word, *best; /* best: NULL: none is near enough */
    unsigned distance;
};
/* Takes candidate if it is nearer than what was found before: one letter in three may be wrong, and
 * a beginning of at least three letters counts as one mistake. */
void planche_cli_suggest(struct planche_cli_suggestion *suggestion, const char *candidate);
/* The same for all words of "one|two|three", which stay where they are: copied into buffer. */
void planche_cli_suggest_list(struct planche_cli_suggestion *suggestion, const char *list,
                              char *buffer, size_t size);

#endif
