/* SPDX-License-Identifier: MIT */
/* Which file each page becomes, decided before any work is done. */
#ifndef PLANCHE_CLI_PAGES_H
#define PLANCHE_CLI_PAGES_H

#include "options.h"

#include <stddef.h>

struct planche_cli_page {
    const char *input; /* the caller's */
    char *output;      /* own */
};

/* Names the outputs of count inputs: -o FILE, -o FOLDER/name.EXT, or beside the input as
 * name-2x.EXT, and sets options->page.format. Checks that no output is another's or an input.
 * scale goes into the names. On failure a message has been printed, the exit status is returned and
 * *pages is NULL. */
int planche_cli_pages_plan(struct planche_cli_page **pages, char **inputs, size_t count,
                           struct planche_cli_options *options, unsigned scale);
void planche_cli_pages_free(struct planche_cli_page *pages, size_t count);

/* True if both paths lead to one file, whatever their names. */
bool planche_cli_same_file(const char *left, const char *right);
/* True if -o names a folder (it ends in / or is one). */
bool planche_cli_output_is_folder(const char *output);
/* Makes a folder and those above it. False: errno says why not. */
bool planche_cli_make_folder(const char *path);

#endif
