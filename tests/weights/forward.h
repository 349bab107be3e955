/* SPDX-License-Identifier: MIT */
/* Forward passes in double precision: whole pictures, direct loops, tensors of a state dict by
 * their names, as the architectures' own sources in Python read. Shares no code with src/. */
#ifndef PLANCHE_TESTS_WEIGHTS_FORWARD_H
#define PLANCHE_TESTS_WEIGHTS_FORWARD_H

#include "dict.h"

/* A picture [c][h][w], freed with its pass. */
struct picture {
    int c, h, w;
    double *v;
};

struct forward {
    const struct dict *dict;
    void **blocks;
    int count;
};

void forward_free(struct forward *f);
struct picture f_new(struct forward *f, int c, int h, int w);

/* KEY.weight and, if there is one, KEY.bias. */
struct picture f_conv(struct forward *f, struct picture x, int pad, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
struct picture f_conv_as(struct forward *f, struct picture x, const char *key, int pad_h, int pad_w,
                         int stride, int groups);
/* ConvTranspose2d, of which `pad` is cut off all round. */
struct picture f_deconv(struct forward *f, struct picture x, int stride, int pad,
                        const char *format, ...) __attribute__((format(printf, 5, 6)));
struct picture f_prelu(struct forward *f, struct picture x, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
struct picture f_map(struct forward *f, struct picture x, double (*function)(double));
struct picture f_leaky(struct forward *f, struct picture x, double slope);
/* a * fa + b * fb */
struct picture f_add(struct forward *f, struct picture a, double fa, struct picture b, double fb);
struct picture f_mul(struct forward *f, struct picture a, struct picture b);
struct picture f_cat(struct forward *f, int count, const struct picture *list);
struct picture f_slice(struct forward *f, struct picture x, int first, int count);
struct picture f_shuffle(struct forward *f, struct picture x, int r);
struct picture f_unshuffle(struct forward *f, struct picture x, int r);
struct picture f_nearest(struct forward *f, struct picture x, int r);
struct picture f_crop(struct forward *f, struct picture x, int edge);
/* Averages of the channels, 1x1. */
struct picture f_mean(struct forward *f, struct picture x);
double f_sigmoid(double v);
double f_silu(double v);
double f_relu(double v);

#endif
