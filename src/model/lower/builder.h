/* SPDX-License-Identifier: MIT */
/* State of the lowering: blobs become views of tensors while steps are added. */
#ifndef PLANCHE_MODEL_LOWER_BUILDER_H
#define PLANCHE_MODEL_LOWER_BUILDER_H

#include "model/graph.h"

#define PLANCHE_BUILDER_PARTS 256 /* views that a concatenation may consist of */

/* What a blob is: views one after another along the channels. */
struct planche_value {
    int count;
    struct planche_view *parts;
    bool sole;  /* nothing but one reader of this blob reads the tensor */
    bool apart; /* nothing but slices read the parts, each one its own */
    const struct planche_layer *unshuffle; /* still to be done to the one part; NULL: none */
};

struct planche_builder {
    struct planche_graph *graph;
    struct planche_net *net;
    const struct planche_crop *crops; /* by layer */
    struct planche_error *error;
    /* Makes the tensor of an unshuffle that has waited for a convolution to take it in. */
    enum planche_status (*unshuffle)(struct planche_builder *builder, int blob);
    int tensor_limit, step_limit;
    struct planche_value *values; /* by root blob */
    int *roots;     /* by blob: the blob that it is a Split of (of a Split ...), or itself */
    int *uses;      /* by root blob: live layers that read it, and the net's reader */
    int *producers; /* by tensor: step; grows with the tensors */
};

/* A tensor for a blob: its index, or -1 without memory. */
int planche_builder_tensor(struct planche_builder *builder, int blob);

struct planche_value *planche_builder_value(const struct planche_builder *builder, int blob);
bool planche_builder_set(struct planche_builder *builder, int blob, int tensor);
enum planche_status planche_builder_no_memory(const struct planche_builder *builder);
bool planche_view_is_cut(const struct planche_view *view);

/* A step that reads the views and writes a new tensor, the layer's output; NULL without memory.
 * Valid until the next step is added. */
struct planche_step *planche_builder_add(struct planche_builder *builder, enum planche_step_op op,
                                         const struct planche_layer *layer,
                                         const struct planche_view *inputs, int input_count);

/* Copies a blob's parts into a tensor of its own. */
enum planche_status planche_builder_copy(struct planche_builder *builder, int blob);

/* Makes sure that a blob is one view (or, whole, one tensor without cuts) by copying it together
 * if need be. */
enum planche_status planche_builder_single(struct planche_builder *builder, int blob,
                                           struct planche_view *view);
enum planche_status planche_builder_whole(struct planche_builder *builder, int blob,
                                          struct planche_view *view);

/* The step that alone produced a blob for one reader, if it is one of these kinds; else NULL. */
struct planche_step *planche_builder_host(const struct planche_builder *builder, int blob);

/* Folds a layer into the step that produced its input: true if that was possible. */
bool planche_fuse_activation(struct planche_builder *builder, struct planche_layer *layer);
bool planche_fuse_scale(struct planche_builder *builder, struct planche_layer *layer);
/* out = self * a + other * b */
bool planche_fuse_residual(struct planche_builder *builder, int a, float self, int b, float other,
                           int out);
void planche_fuse_set_activation(struct planche_step *step, struct planche_layer *layer);

/* Puts the steps into an order in which every tensor is produced before it is used. */
enum planche_status planche_builder_sort(struct planche_builder *builder);

#endif
