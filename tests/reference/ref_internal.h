/* SPDX-License-Identifier: MIT */
/* How the reference keeps a network. */
#ifndef PLANCHE_TESTS_REF_INTERNAL_H
#define PLANCHE_TESTS_REF_INTERNAL_H

#include "reference.h"

#include <stdio.h>

#define REF_IDS 32

struct ref_tensor {
    int c, h, w;
    bool vector;
    double *data; /* [c][h][w]; NULL when only sizes are followed */
    int readers;  /* that have not read it yet */
};

struct ref_layer {
    char type[32], name[256];
    int nin, nout;
    int *in, *out; /* blobs */
    bool has[REF_IDS];
    int count[REF_IDS]; /* of an array; 0 for a number */
    double *value[REF_IDS];
    double *weights, *bias, *extra; /* extra: slopes, scales */
    int weight_count;
};

struct ref_net {
    int layer_count, blob_count;
    struct ref_layer *layers;
    char (*blobs)[256];
    int *producer, *readers;
    int input, output;
};

/* A parameter of a layer as a number. */
double ref_get(const struct ref_layer *layer, int id, double fallback);

/* Computes one layer: ins are its inputs, out its only output. */
bool ref_compute(const struct ref_layer *layer, const struct ref_tensor *const *ins,
                 struct ref_tensor *out);

bool ref_kernel(const struct ref_layer *layer, const struct ref_tensor *in, struct ref_tensor *out);
bool ref_interp(const struct ref_layer *layer, const struct ref_tensor *in, struct ref_tensor *out);
bool ref_unshuffle(const struct ref_layer *layer, const struct ref_tensor *in,
                   struct ref_tensor *out);
bool ref_part(const struct ref_layer *layer, const struct ref_tensor *in, struct ref_tensor *out);
bool ref_constant(const struct ref_layer *layer, struct ref_tensor *out);
bool ref_norm(const struct ref_layer *layer, const struct ref_tensor *in, struct ref_tensor *out);
bool ref_padding(const struct ref_layer *layer, const struct ref_tensor *in,
                 struct ref_tensor *out);
/* What is added to the sides of a tensor: 0 zeros, 1 the edge, 2 its reflection. */
struct ref_sides {
    int top, bottom, left, right;
};
void ref_pad(struct ref_sides sides, int mode, const struct ref_tensor *in, struct ref_tensor *out);
double ref_activate(const struct ref_layer *layer, double v);

/* Sets the shape and, unless in has none, gives zeroed memory. */
bool ref_shape(struct ref_tensor *out, const struct ref_tensor *in, int c, int h, int w);

bool ref_complain(const struct ref_layer *layer, const char *what);

#endif
