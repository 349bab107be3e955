/* SPDX-License-Identifier: MIT */
/* The reference: ncnn networks in double precision, whole tensors, direct loops. Shares no code
 * with src/: what both compute alike was understood twice. Only for tests: mistakes in files or
 * sizes print a message and return NULL or false. */
#ifndef PLANCHE_TESTS_REFERENCE_H
#define PLANCHE_TESTS_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ref_net;

struct ref_net *ref_load(const char *param_path, const char *bin_path);
struct ref_net *ref_load_memory(const void *param, size_t param_size, const void *bin,
                                size_t bin_size);
/* Channels that its Input states; 0: none. */
int ref_colours(const struct ref_net *net);
void ref_destroy(struct ref_net **net);

/* Runs the network on in[c][h][w]. *out is [*oc][*oh][*ow], to be freed with free(). */
bool ref_run(const struct ref_net *net, const double *in, int c, int h, int w, double **out,
             int *oc, int *oh, int *ow);

/* The shape of the network's output for an input size, without computing it. False when the sizes
 * do not agree. */
bool ref_sizes(const struct ref_net *net, int h, int w, int *oc, int *oh, int *ow);

/* What happens to a page before and after the network. */
struct ref_recipe {
    int scale, multiple, pad, crop;
    double in_scale, in_bias, out_scale, out_bias;
    bool add_enlarged; /* Real-CUGAN 4x: the nearest-neighbour enlargement is added */
    int colours; /* 1: the network has one channel, and sees a page's first; 0 is 3; 4: with alpha,
                    which is 1 */
};

/* The recipes of the known models by their catalogue names; scale 0 in the result if unknown. */
struct ref_recipe ref_recipe_for(const char *model, int scale);

/* Samples as they lie in memory (1: grey, 3: RGB; 8 or 16 bits) to [h][w][3] in 0..1; free(). */
double *ref_pixels(const void *samples, int channels, int depth, int h, int w);

/* A page [h][w][3] in 0..1 to *out [scale * h][scale * w][3], not clamped, not rounded; free(). */
bool ref_page(const struct ref_net *net, const struct ref_recipe *recipe, const double *page, int h,
              int w, double **out);

/* The largest difference relative to the largest value of a, at least 1. */
double ref_difference(const double *a, const double *b, size_t count);

/* Peak signal to noise ratio in dB for a peak of 1; infinity for equal arrays. */
double ref_psnr(const double *a, const double *b, size_t count);

#endif
