/* SPDX-License-Identifier: MIT */
/* What readers and writers do alike with metadata. */
#ifndef PLANCHE_CODEC_METADATA_H
#define PLANCHE_CODEC_METADATA_H

#include "codec/blob.h"
#include "image/exif.h"

struct planche_decoder;

/* What a reader does with what its format found: drops a profile that does not fit the channels or
 * is damaged (with a warning), strips EXIF's prefix and thumbnail, fills in a missing density from
 * EXIF, takes the orientation out of EXIF and XMP, and out of XMP what speaks of parts of the file
 * that are not kept (with one warning for all of them). decoder->orientation, 1..8, is EXIF's
 * unless the format has stated one already; 0: it has not. Errors: MEMORY, BUDGET. */
enum planche_status planche_metadata_complete(struct planche_decoder *decoder,
                                              struct planche_error *error);

/* What a writer without another place for a resolution writes as EXIF: the page's own, or one made
 * in room that states the resolution; empty: there is none. */
struct planche_blob planche_metadata_exif(const struct planche_metadata *metadata,
                                          uint8_t room[PLANCHE_EXIF_DENSITY_SIZE]);

/* Makes *icc a profile of a page's metadata for pixels of so many channels: the same, one made from
 * a grey profile for RGB pixels, or none. Errors: MEMORY, BUDGET. */
enum planche_status planche_metadata_fit_icc(struct planche_blob *icc,
                                             const struct planche_metadata *metadata,
                                             unsigned channels, struct planche_budget *budget,
                                             struct planche_error *error);

#endif
