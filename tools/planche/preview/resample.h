/* SPDX-License-Identifier: MIT */
/* Resampling of pictures with Lanczos's kernel of three lobes: what every image program does, and
 * so what networks are to be compared with. */
#ifndef PLANCHE_PREVIEW_RESAMPLE_H
#define PLANCHE_PREVIEW_RESAMPLE_H

#include "preview/picture.h"

/* Makes *out of this size of a picture. To make it smaller the kernel is widened; light is not
 * linearised, as is usual. False: no memory. */
bool planche_cli_resample(struct planche_cli_picture *out, const struct planche_cli_picture *in,
                          uint32_t width, uint32_t height);

#endif
