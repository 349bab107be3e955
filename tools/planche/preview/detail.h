/* SPDX-License-Identifier: MIT */
/* The part of a page that shows most: where there is most detail. */
#ifndef PLANCHE_PREVIEW_DETAIL_H
#define PLANCHE_PREVIEW_DETAIL_H

#include "preview/picture.h"

/* Sets crop->x and crop->y, for its width and height, to where the steps between neighbours are
 * largest in sum, on a grid of a quarter of the crop. */
void planche_cli_detail_find(const struct planche_cli_picture *page, struct planche_cli_crop *crop);

#endif
