/* SPDX-License-Identifier: MIT */
/* Printing of facts: a name and a value, wrapped where a terminal of 80 columns ends. */
#include "cli/fact.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
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

static void print_clean(unsigned indent, const char *name, const char *value)
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

/* Configurations, variables, drivers and paths say what they like: none of it is for the terminal.
 */
void planche_cli_print_fact_from(unsigned indent, const char *name, const char *value)
{
    char *clean_name = strdup(name), *clean_value = strdup(value);
    if (clean_name != NULL && clean_value != NULL) {
        planche_text_show(clean_name);
        planche_text_show(clean_value);
        print_clean(indent, clean_name, clean_value);
    } else {
        print_clean(indent, "", "out of memory");
    }
    free(clean_name);
    free(clean_value);
}

void planche_cli_print_fact(const char *name, const char *value)
{
    planche_cli_print_fact_from(0, name, value);
}
