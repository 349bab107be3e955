/* SPDX-License-Identifier: MIT */
/* How libjpeg is told to encode, for a whole picture and for bands of one. */
#include "base/status.h"
#include "codec/jpeg/jpeg.h"

/* Pictures of fewer pixels take a few milliseconds. */
#define LEAST_PIXELS ((uint64_t)2 << 20)
/* Rows of MCUs of an interval. At the largest width they are 32,752 MCUs; intervals have 65,535 at
 * most. Markers and whole DC values take 0.03 % of the file. */
#define RESTART_ROWS 4

uint64_t planche_jpeg_lines_memory(const struct planche_image_info *info)
{
    /* Samples of an iMCU row (16 lines), twice: as they come, and with context rows; blocks. */
    const uint64_t lines = 64;
    return ((uint64_t)info->width + 32) * info->channels * lines;
}

int planche_jpeg_restarts(const struct planche_image_info *info,
                          const struct planche_writer_options *options)
{
    bool large = (uint64_t)info->width * info->height >= LEAST_PIXELS;
    return large && options->effort < PLANCHE_JPEG_OPTIMISED_EFFORT ? RESTART_ROWS : 0;
}

void planche_jpeg_take_row(struct planche_jpeg *jpeg, struct jpeg_compress_struct *cinfo,
                           const uint8_t *row)
{
    JSAMPROW given = (JSAMPROW)row; /* libjpeg does not write to it */
    if (jpeg_write_scanlines(cinfo, &given, 1) != 1)
        planche_jpeg_leave((j_common_ptr)cinfo,
                           planche_fail(jpeg->trap.error, PLANCHE_ERROR_INTERNAL,
                                        "%s: libjpeg does not take a row", jpeg->name));
}

void planche_jpeg_set_parameters(struct jpeg_compress_struct *cinfo,
                                 const struct planche_encoder *encoder, uint32_t rows)
{
    int quality = encoder->options.quality;
    cinfo->image_width = encoder->info.width;
    cinfo->image_height = rows;
    cinfo->input_components = (int)encoder->info.channels;
    cinfo->in_color_space = encoder->info.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(cinfo);
    jpeg_set_quality(cinfo, quality, TRUE);
    if (quality >= PLANCHE_JPEG_FULL_COLOUR_QUALITY) {
        cinfo->comp_info[0].h_samp_factor = 1;
        cinfo->comp_info[0].v_samp_factor = 1;
    }
    cinfo->dct_method = JDCT_ISLOW;
    cinfo->restart_in_rows = planche_jpeg_restarts(&encoder->info, &encoder->options);
    cinfo->optimize_coding = encoder->options.effort >= PLANCHE_JPEG_OPTIMISED_EFFORT;
    if (encoder->options.effort >= PLANCHE_JPEG_PROGRESSIVE_EFFORT)
        jpeg_simple_progression(cinfo);
    planche_jpeg_set_density(cinfo, &encoder->metadata);
}
