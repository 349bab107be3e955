/* SPDX-License-Identifier: MIT */
/* Convolutions as matrix products, for devices with matrix contexts: rows are pixels, columns are
 * outputs. A 1 x 1 convolution, which a linear layer is too, is one as it stands.
 *
 * A deconvolution of stride n is a product that has the outputs of a square of n x n pixels, phase
 * after phase, as columns, and whose pixel p reads inputs p, p + 1, ... A 3 x 3 convolution of a
 * nearest enlargement by 2 is one with 2 x 2 phases and 2 x 2 taps: taps that meet the same pixel
 * of the small input are added up, and phase f reads inputs p - 1 + f, p + f. A network's first
 * layer has a pixel and its neighbours to the right as 16 inputs of one horizontal tap. */
#ifndef PLANCHE_BACKEND_VULKAN_CONV_MATMUL_H
#define PLANCHE_BACKEND_VULKAN_CONV_MATMUL_H

#include "backend/vulkan/program.h"

/* What a product's shader does besides, each of which a device may get wrong: see trial.h. */
enum planche_gpu_variant {
    PLANCHE_GPU_VARIANT_SCALED_INPUT = PLANCHE_FOLD_SCALED_INPUT,
    PLANCHE_GPU_VARIANT_SCALED_RESIDUAL = PLANCHE_FOLD_SCALED_RESIDUAL,
    PLANCHE_GPU_VARIANT_ENLARGED_INPUT = PLANCHE_FOLD_ENLARGED_INPUT,
    PLANCHE_GPU_VARIANT_SUMS = PLANCHE_FOLD_SUMS,
    PLANCHE_GPU_VARIANT_THIRDS, /* deconvolutions of stride 3 */
    PLANCHE_GPU_VARIANT_SINGLE, /* 1 x 1 convolutions */
    PLANCHE_GPU_VARIANT_PLAIN,  /* none of these */
    PLANCHE_GPU_VARIANT_WGMMA,  /* those by kernels, in the order of enum planche_gpu_kernel */
    PLANCHE_GPU_VARIANT_WGMMA_RESIDUAL,
    PLANCHE_GPU_VARIANT_WGMMA_RESIDUALS,
    PLANCHE_GPU_VARIANT_WGMMA_SUMS,
    PLANCHE_GPU_VARIANT_WGMMA_ENLARGED,
    PLANCHE_GPU_VARIANT_WGMMA_PAIRED,
    PLANCHE_GPU_VARIANT_WINOGRAD, /* see winograd.h */
    PLANCHE_GPU_VARIANT_COUNT
};
/* Those of a step's product by shaders/conv_khr.comp, winograd.comp or a kernel, one bit each; 0:
 * none of them makes it. */
unsigned planche_gpu_matrix_variants(const struct planche_gpu_program *program, int step);
/* Products of these variants are no longer made on the device, from the next program on; the log
 * says why. Thread-safe. */
void planche_gpu_matrix_refuse(struct planche_gpu_device *device, unsigned variants,
                               const char *reason);

/* Fills the step's product and its pipelines if a matrix shader can make it. False: *status is OK
 * and the plain shaders must, or it is what went wrong. A pipeline that the driver refuses is no
 * error: its variants are refused, and the step has none. */
bool planche_gpu_matrix_choose(const struct planche_gpu_program *program, int step,
                               enum planche_status *status, struct planche_error *error);

/* planche_fold_takes, of a program whose steps are not made yet: what its shaders fold in. */
bool planche_gpu_matrix_folds(const void *program, int step, enum planche_fold fold);

/* Values of a product's weights. False: too many. */
bool planche_gpu_matrix_count(const struct planche_gpu_product *product, size_t *count);
/* Of these, fragments. */
int32_t planche_gpu_matrix_fragments(const struct planche_gpu_product *product);
/* Writes them as halves, fragment after fragment: [16 inputs][tap x][tap y][columns], each
 * fragment row by row. On the device they may then be laid out as lanes hold them (shaders/pack_*).
 */
void planche_gpu_matrix_pack(const struct planche_gpu_program *program, int step, uint16_t *to);
/* Where a product's output n gets its bias and slope from: a channel, or -1. */
int planche_gpu_matrix_channel(const struct planche_gpu_product *product, int channels, int n);

#endif
