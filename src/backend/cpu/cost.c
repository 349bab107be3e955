/* SPDX-License-Identifier: MIT */
/* What layers cost. */
#include "backend/cpu/cost.h"

/* The kernels reach the peak; what is left over goes with the outputs. */
#define DIRECT_OUT 18.0
/* 64 products for 36 pixels at 0.8 of the peak, and the transforms. */
#define WINOGRAD_PRODUCT (1.25 * 64.0 / 36.0)
#define WINOGRAD_IN      6.0
#define WINOGRAD_OUT     22.0
/* Layers without products: a value read, a value written. */
#define VALUE 20.0

double planche_cost_direct(double taps, double in_channels, double out_channels)
{
    return (taps * in_channels + DIRECT_OUT) * out_channels;
}

double planche_cost_winograd(double in_channels, double out_channels)
{
    return WINOGRAD_PRODUCT * in_channels * out_channels + WINOGRAD_IN * in_channels +
           WINOGRAD_OUT * out_channels;
}

double planche_cost_node(const struct planche_program *program,
                         const struct planche_geometry *geometry, const struct planche_node *node)
{
    struct planche_shape shape = planche_node_shape(program, geometry, node);
    double pixels = (double)shape.height * (double)shape.width;
    double out = node->output >= 0 ? program->tensors[node->output].channels : 1;
    if (!node->conv)
        return VALUE * out * pixels;
    /* Deconvolutions have fewer taps for a pixel than their kernels have. */
    double taps_in = planche_step_macs(program->net, node->step, geometry->shapes) / (out * pixels);
    double cost = node->kind == PLANCHE_NODE_WINOGRAD ? planche_cost_winograd(taps_in / 9.0, out)
                                                      : planche_cost_direct(1.0, taps_in, out);
    return cost * pixels;
}
