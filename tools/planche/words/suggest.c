/* SPDX-License-Identifier: MIT */
/* Did you mean: distances between words. */
#include "words/suggest.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define LONGEST 255
#define FAR     1000

static unsigned least(unsigned a, unsigned b, unsigned c)
{
    unsigned low = a < b ? a : b;
    return low < c ? low : c;
}

static bool same(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

unsigned planche_cli_distance(const char *a, const char *b)
{
    size_t rows = strlen(a), columns = strlen(b);
    unsigned cost[3][LONGEST + 1]; /* of the row, and of the two above it */
    if (rows > LONGEST || columns > LONGEST)
        return FAR;
    for (size_t j = 0; j <= columns; j++)
        cost[0][j] = (unsigned)j;
    for (size_t i = 1; i <= rows; i++) {
        unsigned *row = cost[i % 3], *above = cost[(i + 2) % 3];
        const unsigned *two = cost[(i + 1) % 3];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= columns; j++) {
            unsigned change = above[j - 1] + !same(a[i - 1], b[j - 1]);
            row[j] = least(above[j] + 1, row[j - 1] + 1, change);
            if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]) &&
                two[j - 2] + 1 < row[j])
                row[j] = two[j - 2] + 1;
        }
    }
    return cost[rows % 3][columns];
}

void planche_cli_suggest(struct planche_cli_suggestion *suggestion, const char *candidate)
{
    size_t length = strlen(suggestion->word);
    if (strspn(suggestion->word, "0123456789.,+-") == length)
        return; /* a number: one that is spelt alike means something else */
    unsigned distance = planche_cli_distance(suggestion->word, candidate);
    if (distance > 0 && length >= 3 && strncasecmp(suggestion->word, candidate, length) == 0)
        distance = 1;
    if (distance > (length + 2) / 3)
        return;
    if (suggestion->best == NULL || distance < suggestion->distance) {
        suggestion->best = candidate;
        suggestion->distance = distance;
    }
}

void planche_cli_suggest_list(struct planche_cli_suggestion *suggestion, const char *list,
                              char *buffer, size_t size)
{
    char word[LONGEST + 1];
    while (*list) {
        size_t length = strcspn(list, "|");
        const char *before = suggestion->best;
        snprintf(word, sizeof word, "%.*s", (int)length, list);
        planche_cli_suggest(suggestion, word);
        if (suggestion->best != before) {
            snprintf(buffer, size, "%s", word);
            suggestion->best = buffer;
        }
        list += length + (list[length] == '|');
    }
}

const void *planche_cli_find_named(const void *table, size_t count, size_t size, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        const char *const *item = (const void *)((const char *)table + i * size);
        if (strcmp(*item, name) == 0)
            return item;
    }
    return NULL;
}
