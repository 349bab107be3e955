/* SPDX-License-Identifier: MIT */
/* Layers that architectures are made of. The functions give the blob of the result. Once something
 * is wrong they do nothing and give -1, and take -1, so that nobody asks between two of them. */
#ifndef PLANCHE_MODEL_ARCH_BUILDER_H
#define PLANCHE_MODEL_ARCH_BUILDER_H

#include "model/arch/arch.h"

/* Says that the network cannot be built; the first to do so is heard. */
__attribute__((format(printf, 3, 4))) void planche_arch_fail(struct planche_arch_builder *builder,
                                                             enum planche_status status,
                                                             const char *format, ...);
/* A layer as it was added last, to set what is unusual of it; a spare one after a failure. */
struct planche_layer *planche_arch_last_layer(struct planche_arch_builder *builder);
struct planche_arch_source *planche_arch_last_source(struct planche_arch_builder *builder);

/* The page. */
int planche_arch_input(struct planche_arch_builder *builder, int channels);
/* A layer without weights of its own, with one or two inputs (b: -1). */
int planche_arch_add(struct planche_arch_builder *builder, enum planche_layer_type type, int a,
                     int b);
/* A convolution by KEY.weight [out][in][rows][columns], or of single pixels [out][in], and
 * KEY.bias, if there is one, that leaves the size as it is. */
__attribute__((format(printf, 3, 4))) int planche_arch_conv(struct planche_arch_builder *builder,
                                                            int input, const char *format, ...);
/* Takes its padding from the convolution that was added last. */
void planche_arch_bare(struct planche_arch_builder *builder);
/* A slope for each channel, or one for all, in the tensor of the name. */
__attribute__((format(printf, 3, 4))) int planche_arch_prelu(struct planche_arch_builder *builder,
                                                             int input, const char *format, ...);
int planche_arch_leaky(struct planche_arch_builder *builder, int input, float slope);
int planche_arch_act(struct planche_arch_builder *builder, int input,
                     enum planche_activation activation);
/* a * fa + b * fb */
int planche_arch_sum(struct planche_arch_builder *builder, int a, float fa, int b, float fb);
int planche_arch_concat(struct planche_arch_builder *builder, const int *blobs, int count);
/* Pixel shuffle, and repetition of pixels; a factor of 1 is nothing. */
int planche_arch_shuffle(struct planche_arch_builder *builder, int input, int factor);
int planche_arch_nearest(struct planche_arch_builder *builder, int input, int factor);
/* A convolution over pixels that are taken apart: as pixel unshuffle and planche_arch_conv. */
__attribute__((format(printf, 4, 5))) int
planche_arch_unshuffled_conv(struct planche_arch_builder *builder, int input, int factor,
                             const char *format, ...);

/* A transposed convolution by KEY.weight [in][out][rows][columns]; `cut` is cut off all round. */
__attribute__((format(printf, 5, 6))) int planche_arch_deconv(struct planche_arch_builder *builder,
                                                              int input, int stride, int cut,
                                                              const char *format, ...);
/* Without `cut` rows and columns at each edge. */
int planche_arch_crop(struct planche_arch_builder *builder, int input, int cut);
int planche_arch_mul(struct planche_arch_builder *builder, int a, int b);
/* input + value */
int planche_arch_plus(struct planche_arch_builder *builder, int input, float value);
int planche_arch_slice(struct planche_arch_builder *builder, int input, int begin, int count);
/* input * factor + shift[channel] */
int planche_arch_shift(struct planche_arch_builder *builder, int input, float factor,
                       const float *shift, int channels);

/* Times the values in the tensor of the name. */
__attribute__((format(printf, 3, 4))) int planche_arch_scale(struct planche_arch_builder *builder,
                                                             int input, const char *format, ...);
/* Each pixel over its channels, by KEY.weight and KEY.bias, if there is one, or, RMS, KEY.scale and
 * KEY.offset. */
__attribute__((format(printf, 5, 6))) int planche_arch_norm(struct planche_arch_builder *builder,
                                                            int input, enum planche_norm norm,
                                                            float eps, const char *format, ...);
/* Attention within windows of queries, keys and values, by the tensor of the name, which has a
 * number for how pixels lie to each other [2 * window - 1, squared][heads]. shift: windows begin
 * half of one later. */
__attribute__((format(printf, 4, 5))) int
planche_arch_attention(struct planche_arch_builder *builder, int input, int shift,
                       const char *format, ...);

#endif
