/* SPDX-License-Identifier: MIT */
/* Sixel: pictures as the terminals of DEC have them, by libsixel. */
#ifndef PLANCHE_PREVIEW_SIXEL_H
#define PLANCHE_PREVIEW_SIXEL_H

#include "preview/picture.h"

/* Whether this build has it. */
bool planche_cli_sixel_is_built(void);
/* Writes a picture to standard output, in 256 colours of its own. False: no memory, or the build is
 * without it. */
bool planche_cli_sixel_write(const struct planche_cli_picture *picture);

#endif
