/* SPDX-License-Identifier: MIT */
/* Colours and orientation of AVIF files, in Planche's terms. */
#include "base/status.h"
#include "codec/avif/avif.h"
#include "codec/metadata.h"
#include "image/icc.h"

/* The curve of a transfer characteristic (H.273); false: no page can be treated by it. */
static bool get_curve(avifTransferCharacteristics transfer, struct planche_icc_colours *colours)
{
    switch (transfer) {
    case AVIF_TRANSFER_CHARACTERISTICS_UNKNOWN:
    case AVIF_TRANSFER_CHARACTERISTICS_UNSPECIFIED:
    case AVIF_TRANSFER_CHARACTERISTICS_SRGB:
        return true;
    case AVIF_TRANSFER_CHARACTERISTICS_BT709:
    case AVIF_TRANSFER_CHARACTERISTICS_BT601:
    case AVIF_TRANSFER_CHARACTERISTICS_BT2020_10BIT:
    case AVIF_TRANSFER_CHARACTERISTICS_BT2020_12BIT:
        colours->video = true;
        return true;
    case AVIF_TRANSFER_CHARACTERISTICS_BT470M:
        colours->gamma = 2.2;
        return true;
    case AVIF_TRANSFER_CHARACTERISTICS_BT470BG:
        colours->gamma = 2.8;
        return true;
    case AVIF_TRANSFER_CHARACTERISTICS_LINEAR:
        colours->gamma = 1.0;
        return true;
    default:
        return false;
    }
}

static void get_primaries(avifColorPrimaries primaries, struct planche_icc_colours *colours)
{
    float xy[8];
    if (primaries == AVIF_COLOR_PRIMARIES_UNKNOWN || primaries == AVIF_COLOR_PRIMARIES_UNSPECIFIED)
        return;
    avifColorPrimariesGetValues(primaries, xy);
    colours->red_x = xy[0];
    colours->red_y = xy[1];
    colours->green_x = xy[2];
    colours->green_y = xy[3];
    colours->blue_x = xy[4];
    colours->blue_y = xy[5];
    colours->white_x = xy[6];
    colours->white_y = xy[7];
}

enum planche_status planche_avif_get_colours(struct planche_decoder *decoder,
                                             const avifImage *image, struct planche_error *error)
{
    struct planche_icc_colours colours = {0};
    struct planche_blob *icc = &decoder->metadata.icc;
    uint8_t *data;
    size_t size;
    if (image->icc.size)
        return planche_blob_set(icc, image->icc.data, image->icc.size, decoder->budget,
                                decoder->name, error);
    if (!get_curve(image->transferCharacteristics, &colours))
        return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                            "%s: AVIF images with transfer characteristics %u (high dynamic "
                            "range) are not supported",
                            decoder->name, (unsigned)image->transferCharacteristics);
    get_primaries(image->colorPrimaries, &colours);
    enum planche_status status =
        planche_icc_from_colours(decoder->budget, decoder->channels, &colours, &data, &size, error);
    if (status == PLANCHE_OK && data)
        status = planche_blob_set(icc, data, size, decoder->budget, decoder->name, error);
    planche_free(data);
    return status;
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
