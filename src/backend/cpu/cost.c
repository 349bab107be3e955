/* SPDX-License-Identifier: MIT */
/* Cost model of layers. */
#include "backend/cpu/cost.h"

/* The kernels reach the peak; what is left over goes with the outputs. */
#define DIRECT_OUT 18.0
/* Layers without products: a value read, a value written. */
#define VALUE 20.0

/* Winograd: products at 0.8 (6 x 6) and 0.9 (4 x 4) of the peak, and the transforms. */
struct winograd_cost {
    double product, in, out;
};
static const struct winograd_cost tile4 = {1.12 * 36.0 / 16.0, 29.0, 22.0};
static const struct winograd_cost tile6 = {1.25 * 64.0 / 36.0, 6.0, 22.0};

/* With AMX: tiles make 16 at a time, memory leaves a third of that. */
#define TILE_PRODUCT 0.2

/* bf16 makes two products at a time, but not faster on the CPUs that have AMX. */
static double product_cost(enum planche_precision precision, uint32_t features)
{
    return precision == PLANCHE_PRECISION_BF16 && !(features & PLANCHE_CPU_AMX) ? 0.5 : 1.0;
}

double planche_cost_direct(double taps, enum planche_precision precision, uint32_t features,
                           double in_channels, double out_channels)
{
    bool tiles = precision == PLANCHE_PRECISION_BF16 && features & PLANCHE_CPU_AMX;
    double product = tiles ? TILE_PRODUCT : product_cost(precision, features);
    return (product * taps * in_channels + DIRECT_OUT) * out_channels;
}

double planche_cost_winograd(unsigned tile, enum planche_precision precision, uint32_t features,
                             double in_channels, double out_channels)
{
    const struct winograd_cost *cost = tile == 4 ? &tile4 : &tile6;
    return product_cost(precision, features) * cost->product * in_channels * out_channels +
           cost->in * in_channels + cost->out * out_channels;
}

/* Multiply-adds per second: lanes of a vector, times vectors a clock, at 3 to 4 GHz. */
#define RATE_AVX512   1.1e11
#define RATE_AVX2     5e10
#define RATE_NEON     2.5e10
#define RATE_PORTABLE 1e10
/* Seconds for a byte: the kernel's fault and its zeroes, mostly in small pages; and in a virtual
 * machine whose host takes back what its guests do not use, the host's as well (measured: 1.2 to
 * 2.4 s for 1 GB, by one thread or two, in huge pages or small ones). */
#define NEW_BYTE         0.3e-9
#define NEW_BYTE_VIRTUAL 2e-9

struct planche_cost_machine planche_cost_machine_of(uint32_t features, bool virtual_machine)
{
    double rate = features & PLANCHE_CPU_AVX512 ? RATE_AVX512
                  : features & PLANCHE_CPU_AVX2 ? RATE_AVX2
                  : features & PLANCHE_CPU_NEON ? RATE_NEON
                                                : RATE_PORTABLE;
    return (struct planche_cost_machine){rate, virtual_machine ? NEW_BYTE_VIRTUAL : NEW_BYTE};
}

double planche_cost_node(const struct planche_program *program,
                         const struct planche_geometry *geometry, const struct planche_node *node)
{
    struct planche_shape shape = planche_node_shape(program, geometry, node);
    double pixels = (double)shape.height * (double)shape.width;
    double out = node->output >= 0 ? program->tensors[node->output].channels : 1;
    if (!node->conv)
        return VALUE * out * pixels +
               (node->step ? planche_step_macs(program->net, node->step, geometry->shapes) : 0);
    /* Deconvolutions have fewer taps for a pixel than their kernels have. */
    double taps_in = planche_step_macs(program->net, node->step, geometry->shapes) / (out * pixels);
    enum planche_precision precision = node->conv->precision;
    double cost = node->kind == PLANCHE_NODE_WINOGRAD
                      ? planche_cost_winograd((unsigned)node->tile, precision, program->features,
                                              taps_in / 9.0, out)
                      : planche_cost_direct(1.0, precision, program->features, taps_in, out);
    return cost * pixels;
}
