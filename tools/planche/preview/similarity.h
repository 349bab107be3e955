/* SPDX-License-Identifier: MIT */
/* Similarity of two pictures of one size: PSNR, SSIM, differences, colour shift. */
#ifndef PLANCHE_PREVIEW_SIMILARITY_H
#define PLANCHE_PREVIEW_SIMILARITY_H

#include "preview/picture.h"

struct planche_cli_similarity {
    double psnr;               /* dB, of all samples; infinity: the same */
    double ssim;               /* of the luma, mean over the picture, 1: the same */
    double mean_difference;    /* levels of 255 */
    unsigned max_difference;   /* levels of 255 */
    double cb_shift, cr_shift; /* mean absolute differences of the chroma (BT.601), levels */
};

/* Source of SSIM: Z. Wang et al., "Image Quality Assessment: From Error Visibility to Structural
 * Similarity", 2004: windows of 11 by 11 with Gaussian weights (1.5 pixels), K1 = 0.01, K2 = 0.03;
 * pictures that are smaller than a window have one window. False: no memory. */
bool planche_cli_similarity_measure(struct planche_cli_similarity *result,
                                    const struct planche_cli_picture *a,
                                    const struct planche_cli_picture *b);

#endif
