/* SPDX-License-Identifier: MIT */
/* Stale XMP: properties that speak of parts of a file that a result does not have. */
#ifndef PLANCHE_CODEC_STALE_XMP_H
#define PLANCHE_CODEC_STALE_XMP_H

#include "codec/codec.h"

/* Removes from a packet what speaks of gain maps, videos, depth maps, sound, thumbnails and other
 * pictures in the file; all other bytes stay as they are. *lost is added to: what the packet speaks
 * of, of enum planche_lost. A packet that is not in UTF-8 stays as it is. Errors: MEMORY, BUDGET.
 */
enum planche_status planche_stale_xmp_remove(struct planche_blob *xmp, unsigned *lost,
                                             struct planche_budget *budget, const char *name,
                                             struct planche_error *error);

#endif
