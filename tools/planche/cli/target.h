/* SPDX-License-Identifier: MIT */
/* Target of pages: the size that they are to have, and the scale that follows from it. */
#ifndef PLANCHE_CLI_TARGET_H
#define PLANCHE_CLI_TARGET_H

#include <planche/planche.h>
#include <stdbool.h>

/* WIDTHxHEIGHT, with x, X or the multiplication sign, spaces around it or not. */
bool planche_cli_parse_size(const char *text, uint32_t most, uint32_t *width, uint32_t *height);
/* --fit and --device: the screen that pages are made for. */
bool planche_cli_target_fit(struct planche_page_options *page, const char *text);
bool planche_cli_target_device(struct planche_page_options *page, const char *name);
/* Once all options are known: with a target and no scale of its own (`scale` is 0), pages are made
 * as large as the target. False: the scale is to follow from a target, and there is none. */
bool planche_cli_target_settle(struct planche_page_options *page, unsigned scale);

#endif
