/* SPDX-License-Identifier: MIT */
/* Convolutions in groups as several convolutions. */
#ifndef PLANCHE_MODEL_LOWER_GROUPS_H
#define PLANCHE_MODEL_LOWER_GROUPS_H

#include "model/lower/builder.h"

/* How a convolution is divided: each part is so many groups, with so many channels. */
struct planche_groups {
    int parts, joined, inputs, outputs;
};

/* Whether it pays to divide a convolution, or deconvolution, of so many input channels. */
bool planche_groups_find(const struct planche_layer *layer, int inputs,
                         struct planche_groups *groups);

/* Makes outputs [begin, begin + count) of a layer. It takes the weights. */
typedef enum planche_status
planche_groups_add_fn(struct planche_builder *builder, struct planche_layer *layer,
                      enum planche_step_op op, const struct planche_value *input, int begin,
                      int count, float *weights, struct planche_view *made);
enum planche_status planche_groups_add(struct planche_builder *builder, struct planche_layer *layer,
                                       enum planche_step_op op, const struct planche_value *input,
                                       const struct planche_groups *groups,
                                       planche_groups_add_fn *add);

#endif
