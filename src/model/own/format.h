/* SPDX-License-Identifier: MIT */
/* File format of Planche's own networks (NAME.planche): one file has all levels of cleaning.
 *
 * Little-endian. A header of 24 bytes: "PLANCHE" and a zero byte; u16 version, channels, depth; u8
 * scale, colours, levels; 7 bytes of zero. Then, as binary16, for each of the depth + 2 layers of
 * 3x3 the kernel [outputs][inputs][3][3], biases [levels][outputs] and, but for the last, the
 * slopes [channels] of PReLU. The first layer has `colours` inputs, the last colours * scale^2
 * outputs, in the order of a pixel shuffle; the page's pixels, repeated, are added to the result.
 * training/stored.py writes it. */
#ifndef PLANCHE_MODEL_OWN_FORMAT_H
#define PLANCHE_MODEL_OWN_FORMAT_H

#include "model/file.h"
#include "model/graph.h"

#define PLANCHE_OWN_EXTENSION ".planche"
#define PLANCHE_OWN_VERSION   1
#define PLANCHE_OWN_HEADER    24
#define PLANCHE_OWN_LEVELS    5 /* -1, 0, 1, 2, 3 */
#define PLANCHE_OWN_CHANNELS  512
#define PLANCHE_OWN_DEPTH     64
#define PLANCHE_OWN_SCALE     4

/* What a network looks like. */
struct planche_own_shape {
    unsigned channels, depth, scale;
    unsigned colours; /* 1 or 3 */
};

/* Layers of 3x3, and the inputs and outputs of one of them. */
static inline unsigned planche_own_layers(const struct planche_own_shape *shape)
{
    return shape->depth + 2;
}

static inline unsigned planche_own_inputs(const struct planche_own_shape *shape, unsigned layer)
{
    return layer ? shape->channels : shape->colours;
}

static inline unsigned planche_own_outputs(const struct planche_own_shape *shape, unsigned layer)
{
    return layer == shape->depth + 1 ? shape->colours * shape->scale * shape->scale
                                     : shape->channels;
}

/* Whether a file begins as these do. */
bool planche_own_recognise(const uint8_t *head, size_t size);
/* Reads the header, and checks that the file has the size that follows from it. Errors: MODEL, IO;
 * UNSUPPORTED: another version. */
enum planche_status planche_own_read_header(struct planche_model_file *file,
                                            struct planche_own_shape *shape,
                                            struct planche_error *error);

/* Numbers behind the header: of a file with one shape, for a network that may be of fewer colours
 * or of scale 1. */
struct planche_own_reader {
    struct planche_graph *graph; /* its layers[i].weight_count have been checked */
    struct planche_model_file *file;
    struct planche_own_shape stored, wanted;
    double level; /* of cleaning, -1 to 3 */
    struct planche_error *error;
};
/* Reads layer k into a convolution of the graph and the activation behind it (NULL for the last).
 *
 * A network of one colour is made of one of three: the first kernel is summed over its inputs, and
 * the last layer's outputs are weighted as the luminance of Rec. 601. One that enlarges becomes one
 * that does not: the last layer's kernels of a pixel's parts are averaged. Both are what the whole
 * network does to a page without colours, and to the averages of its result.
 *
 * Errors: MODEL: a number is not finite; IO, MEMORY, BUDGET. */
enum planche_status planche_own_read_layer(struct planche_own_reader *reader, unsigned k,
                                           struct planche_layer *convolution,
                                           struct planche_layer *activation);

#endif
