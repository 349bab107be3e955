/* SPDX-License-Identifier: MIT */
/* Profiles made of H.273's code points. */
#include "codec/cicp.h"

#include "base/status.h"
#include "codec/blob.h"
#include "image/icc.h"

enum transfer {
    TRANSFER_BT709 = 1,
    TRANSFER_UNSPECIFIED = 2,
    TRANSFER_BT470M = 4,
    TRANSFER_BT470BG = 5,
    TRANSFER_BT601 = 6,
    TRANSFER_LINEAR = 8,
    TRANSFER_SRGB = 13,
    TRANSFER_BT2020_10 = 14,
    TRANSFER_BT2020_12 = 15,
    TRANSFER_PQ = 16,
    TRANSFER_HLG = 18
};

/* False: no page can be treated by it. */
static bool get_curve(unsigned transfer, struct planche_icc_colours *colours)
{
    switch (transfer) {
    case 0:
    case TRANSFER_UNSPECIFIED:
    case TRANSFER_SRGB:
        return true;
    case TRANSFER_BT709:
    case TRANSFER_BT601:
    case TRANSFER_BT2020_10:
    case TRANSFER_BT2020_12:
        colours->video = true;
        return true;
    case TRANSFER_BT470M:
        colours->gamma = 2.2;
        return true;
    case TRANSFER_BT470BG:
        colours->gamma = 2.8;
        return true;
    case TRANSFER_LINEAR:
        colours->gamma = 1.0;
        return true;
    default:
        return false;
    }
}

/* Table 2 of H.273: red, green, blue, white. What is not in it is taken for Rec. 709's, as libavif
 * does. */
static void get_primaries(unsigned primaries, struct planche_icc_colours *colours)
{
    static const struct {
        unsigned number;
        double xy[8];
    } spaces[] = {
        {1, {0.64, 0.33, 0.30, 0.60, 0.15, 0.06, 0.3127, 0.3290}},
        {4, {0.67, 0.33, 0.21, 0.71, 0.14, 0.08, 0.310, 0.316}},
        {5, {0.64, 0.33, 0.29, 0.60, 0.15, 0.06, 0.3127, 0.3290}},
        {6, {0.630, 0.340, 0.310, 0.595, 0.155, 0.070, 0.3127, 0.3290}},
        {7, {0.630, 0.340, 0.310, 0.595, 0.155, 0.070, 0.3127, 0.3290}},
        {8, {0.681, 0.319, 0.243, 0.692, 0.145, 0.049, 0.310, 0.316}},
        {9, {0.708, 0.292, 0.170, 0.797, 0.131, 0.046, 0.3127, 0.3290}},
        {10, {1, 0, 0, 1, 0, 0, 0.3333, 0.3333}},
        {11, {0.680, 0.320, 0.265, 0.690, 0.150, 0.060, 0.314, 0.351}},
        {12, {0.680, 0.320, 0.265, 0.690, 0.150, 0.060, 0.3127, 0.3290}},
        {22, {0.630, 0.340, 0.295, 0.605, 0.155, 0.077, 0.3127, 0.3290}},
    };
    const double *xy = spaces[0].xy;
    if (primaries == 0 || primaries == 2) /* unspecified */
        return;
    for (size_t i = 0; i < sizeof spaces / sizeof *spaces; i++)
        if (spaces[i].number == primaries)
            xy = spaces[i].xy;
    colours->red_x = xy[0];
    colours->red_y = xy[1];
    colours->green_x = xy[2];
    colours->green_y = xy[3];
    colours->blue_x = xy[4];
    colours->blue_y = xy[5];
    colours->white_x = xy[6];
    colours->white_y = xy[7];
}

enum planche_status planche_cicp_get_colours(struct planche_decoder *decoder, unsigned primaries,
                                             unsigned transfer, struct planche_error *error)
{
    struct planche_icc_colours colours = {0};
    uint8_t *data;
    size_t size;
    if (!get_curve(transfer, &colours))
        return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                            "%s: images with transfer characteristics %u%s are not supported",
                            decoder->name, transfer,
                            transfer == TRANSFER_PQ    ? " (PQ, high dynamic range)"
                            : transfer == TRANSFER_HLG ? " (HLG, high dynamic range)"
                                                       : "");
    get_primaries(primaries, &colours);
    enum planche_status status =
        planche_icc_from_colours(decoder->budget, decoder->channels, &colours, &data, &size, error);
    if (status == PLANCHE_OK && data)
        status = planche_blob_set(&decoder->metadata.icc, data, size, decoder->budget,
                                  decoder->name, error);
    planche_free(data);
    return status;
}
