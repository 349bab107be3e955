/* SPDX-License-Identifier: MIT */
/* File format of Planche's own networks (NAME.planche): one file has all levels of cleaning.
 *
 * Little-endian. A header of 24 bytes: "PLANCHE" and a zero byte; u16 version, channels, depth; u8
 * scale, colours, levels. Behind them version 1 has 7 bytes of zero, version 2 a u8 of 0, or 1 for
 * kernels in bytes; u16 wide, inner, both zero if the network has no middle; u16 zero.
 *
 * The layers: a first convolution of 3x3, `depth` more, a last one; the first has `colours` inputs,
 * the last colours * scale^2 outputs, in the order of a pixel shuffle, and the page's pixels,
 * repeated, are added to the result; between, there are `channels`. With a middle, behind the first
 * 1 + depth / 2 of them: a convolution of 2x2 that halves the sides, to `wide` channels; `inner` of
 * 3x3; a deconvolution of 2x2 that doubles them, to `channels`. What was there before the middle is
 * added behind it.
 *
 * For each layer, as binary16: the kernel [outputs][inputs][side][side], biases [levels][outputs]
 * and, but for the last, the slopes [outputs] of PReLU, which come before the addition. In bytes, a
 * kernel between the first and the last is: ranges [outputs], as binary16; then the kernel, as
 * signed bytes, of which 127 stands for the range. training/stored.py writes all of it. */
#ifndef PLANCHE_MODEL_OWN_FORMAT_H
#define PLANCHE_MODEL_OWN_FORMAT_H

#include "model/file.h"
#include "model/graph.h"

#define PLANCHE_OWN_EXTENSION ".planche"
#define PLANCHE_OWN_VERSION   2 /* the newest; all before it are read */
#define PLANCHE_OWN_HEADER    24
#define PLANCHE_OWN_LEVELS    5 /* -1, 0, 1, 2, 3 */
#define PLANCHE_OWN_CHANNELS  512
#define PLANCHE_OWN_DEPTH     64
#define PLANCHE_OWN_SCALE     4

/* What a network looks like. */
struct planche_own_shape {
    unsigned channels, depth, scale;
    unsigned colours;     /* 1 or 3 */
    unsigned wide, inner; /* of the middle at half the size; 0: there is none */
    bool bytes;           /* kernels between the first and the last are in bytes */
};

enum planche_own_kind {
    PLANCHE_OWN_SQUARE, /* 3x3, of the same size */
    PLANCHE_OWN_DOWN,   /* 2x2, halves the sides */
    PLANCHE_OWN_UP      /* 2x2, doubles them; the layer before the middle is added behind it */
};

/* A layer with a kernel. */
struct planche_own_layer {
    enum planche_own_kind kind;
    unsigned inputs, outputs;
    bool last; /* which has no slopes */
};

unsigned planche_own_layers(const struct planche_own_shape *shape);
struct planche_own_layer planche_own_layer(const struct planche_own_shape *shape, unsigned k);
unsigned planche_own_side(struct planche_own_layer layer);
/* Numbers of its kernel. */
size_t planche_own_weights(struct planche_own_layer layer);
/* Whether the file has the kernel of layer k in bytes. */
bool planche_own_in_bytes(const struct planche_own_shape *shape, unsigned k);

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
