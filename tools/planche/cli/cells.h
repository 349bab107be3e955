/* SPDX-License-Identifier: MIT */
/* Cells of a terminal: how wide a text is on the screen, and cutting it to a width. Text is UTF-8
 * whatever the locale; widths and the borders of characters come from libunistring. Where terminals
 * disagree (emoji of several code points), the widest drawing counts: a line is then too short on
 * some, but wraps on none. */
#ifndef PLANCHE_CLI_CELLS_H
#define PLANCHE_CLI_CELLS_H

#include <stddef.h>

/* Cells that text takes. A byte that is not UTF-8, or a control character, counts as one. */
size_t planche_cli_cells(const char *text);
/* Bytes of the longest beginning of text that takes at most so many cells, and splits neither a
 * UTF-8 sequence nor a character from its combining marks. */
size_t planche_cli_cells_length(const char *text, size_t cells);
/* Copies text into out, cut in the middle ("Vol...3.cbz") if it takes more than so many cells;
 * names differ at their ends. Returns out. */
const char *planche_cli_cut_middle(const char *text, size_t cells, char *out, size_t size);

#endif
