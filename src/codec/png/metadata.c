/* SPDX-License-Identifier: MIT */
/* Colour, resolution, EXIF and XMP of PNG files. */
#include "codec/metadata.h"

#include "base/status.h"
#include "codec/cicp.h"
#include "codec/png/png.h"
#include "image/icc.h"

#include <math.h>
#include <string.h>

/* gAMA and cHRM become an ICC profile, so that only ICC profiles travel. */
static enum planche_status get_colours(struct planche_png *png, struct planche_decoder *decoder,
                                       struct planche_error *error)
{
    struct planche_icc_colours c = {0};
    double file_gamma;
    uint8_t *data;
    size_t size;
    if (png_get_valid(png->png, png->info, PNG_INFO_sRGB))
        return PLANCHE_OK;
    if (png_get_gAMA(png->png, png->info, &file_gamma) && file_gamma > 0)
        c.gamma = 1 / file_gamma;
    png_get_cHRM(png->png, png->info, &c.white_x, &c.white_y, &c.red_x, &c.red_y, &c.green_x,
                 &c.green_y, &c.blue_x, &c.blue_y);
    enum planche_status status =
        planche_icc_from_colours(decoder->budget, decoder->channels, &c, &data, &size, error);
    if (status == PLANCHE_OK && data)
        status =
            planche_blob_set(&decoder->metadata.icc, data, size, decoder->budget, png->name, error);
    planche_free(data);
    return status;
}

static enum planche_status get_colour_profile(struct planche_png *png,
                                              struct planche_decoder *decoder, const uint8_t *cicp,
                                              struct planche_error *error)
{
    png_charp profile_name;
    png_bytep data;
    png_uint_32 size;
    int compression;
    if (cicp)
        return planche_cicp_get_colours(decoder, cicp[0], cicp[1], error);
    if (png_get_iCCP(png->png, png->info, &profile_name, &compression, &data, &size))
        return planche_blob_set(&decoder->metadata.icc, data, size, decoder->budget, png->name,
                                error);
    return get_colours(png, decoder, error);
}

static enum planche_status get_xmp(struct planche_png *png, struct planche_decoder *decoder,
                                   struct planche_error *error)
{
    png_textp texts;
    int count = 0;
    png_get_text(png->png, png->info, &texts, &count);
    for (int i = 0; i < count; i++)
        if (strcmp(texts[i].key, PLANCHE_PNG_XMP_KEYWORD) == 0 && texts[i].itxt_length)
            return planche_blob_set_xmp(&decoder->metadata.xmp, texts[i].text, texts[i].itxt_length,
                                        decoder->budget, png->name, error);
    return PLANCHE_OK;
}

enum planche_status planche_png_get_metadata(struct planche_png *png,
                                             struct planche_decoder *decoder, const uint8_t *cicp,
                                             struct planche_error *error)
{
    png_uint_32 x, y, exif_size;
    png_bytep exif;
    int unit;
    enum planche_status status = get_colour_profile(png, decoder, cicp, error);
    if (status == PLANCHE_OK)
        status = get_xmp(png, decoder, error);
    if (status == PLANCHE_OK && png_get_eXIf_1(png->png, png->info, &exif_size, &exif))
        status = planche_blob_set(&decoder->metadata.exif, exif, exif_size, decoder->budget,
                                  png->name, error);
    if (png_get_pHYs(png->png, png->info, &x, &y, &unit) && unit == PNG_RESOLUTION_METER) {
        decoder->metadata.x_density = x;
        decoder->metadata.y_density = y;
    }
    return status;
}

static png_uint_32 whole_density(double density)
{
    return density < PNG_UINT_31_MAX ? (png_uint_32)lround(density) : PNG_UINT_31_MAX;
}

void planche_png_set_metadata(struct planche_png *png, const struct planche_metadata *metadata)
{
    if (metadata->icc.size && metadata->icc.size <= PNG_UINT_31_MAX)
        png_set_iCCP(png->png, png->info, "ICC profile", PNG_COMPRESSION_TYPE_BASE,
                     metadata->icc.data, (png_uint_32)metadata->icc.size);
    if (metadata->x_density > 0 && metadata->y_density > 0)
        png_set_pHYs(png->png, png->info, whole_density(metadata->x_density),
                     whole_density(metadata->y_density), PNG_RESOLUTION_METER);
    if (metadata->exif.size && metadata->exif.size <= PNG_UINT_31_MAX)
        png_set_eXIf_1(png->png, png->info, (png_uint_32)metadata->exif.size, metadata->exif.data);
    if (metadata->xmp.size) {
        png_text text = {
            .compression = PNG_ITXT_COMPRESSION_NONE,
            .key = PLANCHE_PNG_XMP_KEYWORD,
            .text = (char *)metadata->xmp.data,
            .itxt_length = metadata->xmp.size,
            .lang = "",
            .lang_key = "",
        };
        png_set_text(png->png, png->info, &text, 1);
    }
}
