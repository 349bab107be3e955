/* SPDX-License-Identifier: MIT */
/* Quality of a JPEG file: the number for which libjpeg makes quantisation steps as coarse as the
 * file's. Other encoders have tables of other shapes: the steps of low frequencies count, which
 * make what is seen; Photoshop's are coarse there and fine in high ones. */
#include "codec/jpeg/jpeg.h"

/* Places of low frequencies in a table of rows, and libjpeg's luminance steps there at quality 50
 * (ITU-T T.81, table K.1). */
static const struct {
    uint8_t place, step;
} low[] = {{0, 16},  {1, 11},  {8, 12},  {16, 14}, {9, 12},  {2, 10},  {3, 16}, {10, 14},
           {17, 13}, {24, 14}, {32, 18}, {25, 17}, {18, 16}, {11, 19}, {4, 24}};
#define LOW (sizeof low / sizeof *low)

/* Sum of the steps that libjpeg makes for a quality. */
static unsigned sum_of(unsigned quality)
{
    unsigned percent = quality < 50 ? 5000 / quality : 200 - 2 * quality, sum = 0;
    for (size_t i = 0; i < LOW; i++) {
        unsigned step = (low[i].step * percent + 50) / 100;
        sum += step < 1 ? 1 : step;
    }
    return sum;
}

/* The highest quality whose steps are no finer. */
static unsigned quality_of(const JQUANT_TBL *table)
{
    unsigned sum = 0, quality = 100;
    for (size_t i = 0; i < LOW; i++)
        sum += table->quantval[low[i].place];
    while (quality > 1 && sum_of(quality) < sum)
        quality--;
    return quality;
}

struct planche_encoding planche_jpeg_get_encoding(const struct jpeg_decompress_struct *cinfo)
{
    struct planche_encoding encoding = {0};
    const jpeg_component_info *luma = &cinfo->comp_info[0];
    if (luma->quant_tbl_no >= 0 && luma->quant_tbl_no < NUM_QUANT_TBLS &&
        cinfo->quant_tbl_ptrs[luma->quant_tbl_no])
        encoding.quality = quality_of(cinfo->quant_tbl_ptrs[luma->quant_tbl_no]);
    if (cinfo->num_components >= 3) {
        const jpeg_component_info *chroma = &cinfo->comp_info[1];
        int across = luma->h_samp_factor / chroma->h_samp_factor;
        int down = luma->v_samp_factor / chroma->v_samp_factor;
        encoding.chroma = across > 0 && down > 0 ? (unsigned)(across * down) : 1;
    }
    return encoding;
}
