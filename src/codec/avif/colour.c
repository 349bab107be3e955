/* SPDX-License-Identifier: MIT */
/* Colours and orientation of AVIF files, in Planche's terms. */
#include "codec/avif/avif.h"
#include "codec/cicp.h"
#include "codec/metadata.h"

enum planche_status planche_avif_get_colours(struct planche_decoder *decoder,
                                             const avifImage *image, struct planche_error *error)
{
    if (image->icc.size)
        return planche_blob_set(&decoder->metadata.icc, image->icc.data, image->icc.size,
                                decoder->budget, decoder->name, error);
    return planche_cicp_get_colours(decoder, (unsigned)image->colorPrimaries,
                                    (unsigned)image->transferCharacteristics, error);
}

unsigned planche_avif_orientation(const avifImage *image)
{
    /* By quarter turns against the clock: not mirrored; then top and bottom exchanged; then left
     * and right. */
    static const uint8_t plain[4] = {1, 8, 3, 6}, upside[4] = {4, 5, 2, 7}, side[4] = {2, 7, 4, 5};
    unsigned turns = image->transformFlags & AVIF_TRANSFORM_IROT ? image->irot.angle & 3 : 0;
    if (!(image->transformFlags & AVIF_TRANSFORM_IMIR))
        return plain[turns];
#if AVIF_VERSION >= 1000000
    bool sideways = image->imir.axis != 0;
#else
    bool sideways = image->imir.mode != 0;
#endif
    return sideways ? side[turns] : upside[turns];
}
