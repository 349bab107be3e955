/* SPDX-License-Identifier: MIT */
/* Pictures on the terminal: the graphics protocol of kitty, and sixel. */
#ifndef PLANCHE_PREVIEW_SHOW_H
#define PLANCHE_PREVIEW_SHOW_H

#include "preview/picture.h"

/* What a wish becomes on this terminal: of AUTO the protocol that standard output shows, or NONE.
 * It follows from the environment, or else the terminal is asked, which takes a second
 * at most. */
enum planche_cli_show planche_cli_show_find(enum planche_cli_show wish);
/* Writes a picture to standard output, reduced if the terminal is narrower. False: no memory, or
 * SIXEL in a build without it. */
bool planche_cli_show_picture(const struct planche_cli_picture *picture, enum planche_cli_show how);

#endif
