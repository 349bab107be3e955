/* SPDX-License-Identifier: MIT */
/* Printing of facts: a name and a value, wrapped where a terminal of 80 columns ends. */
#include "cli/fact.h"

#include <stdio.h>
#include <string.h>

#define NAME_COLUMNS  13
#define VALUE_COLUMNS 65

/* Bytes of the next line: up to the last space that fits, or a word that is longer alone. */
static size_t next_line(const char *text, size_t columns)
{
    size_t fits = 0, at = strcspn(text, " ");
    while (at <= columns || fits == 0) {
        fits = at;
        if (!text[at])
            break;
        at += 1 + strcspn(text + at + 1, " ");
    }
    return fits;
}

void planche_cli_print_fact_from(unsigned indent, const char *name, const char *value)
{
    unsigned before = 0; /* the first line has begun */
    do {
        size_t length = next_line(value, VALUE_COLUMNS - indent);
        printf("%*s%-*s %.*s\n", (int)before, "", NAME_COLUMNS, name, (int)length, value);
        value += length;
        value += strspn(value, " ");
        name = "";
        before = indent;
    } while (*value);
}

void planche_cli_print_fact(const char *name, const char *value)
{
    planche_cli_print_fact_from(0, name, value);
}
