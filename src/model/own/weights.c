/* SPDX-License-Identifier: MIT */
/* Weights of Planche's own networks: read, mixed for a level, made fewer for grey and scale 1. */
#include "model/own/format.h"

#include "base/status.h"
#include "model/halves.h"

#include <string.h>

#define CHUNK 4096 /* numbers converted at once */

static enum planche_status read_numbers(struct planche_own_reader *reader, float *to, size_t count)
{
    uint8_t bytes[2 * CHUNK];
    while (count > 0) {
        size_t part = count < CHUNK ? count : CHUNK;
        enum planche_status status =
            planche_model_file_read(reader->file, bytes, 2 * part, reader->error);
        if (status)
            return status;
        if (!planche_halves_to_floats(to, bytes, part))
            return planche_fail(reader->error, PLANCHE_ERROR_MODEL,
                                "%s: a number before byte %llu is not finite", reader->file->name,
                                (unsigned long long)reader->file->position);
        to += part;
        count -= part;
    }
    return PLANCHE_OK;
}

/* Kernels in bytes: an output's range, then its signed bytes, of which 127 stands for the range. */
static enum planche_status read_bytes(struct planche_own_reader *reader, float *to,
                                      struct planche_own_layer layer)
{
    const size_t each = planche_own_weights(layer) / layer.outputs;
    uint8_t bytes[CHUNK];
    float *ranges = planche_calloc(reader->graph->budget, layer.outputs, sizeof(*ranges));
    if (!ranges)
        return planche_graph_no_memory(reader->graph, reader->error);
    enum planche_status status = read_numbers(reader, ranges, layer.outputs);
    for (size_t done = 0; !status && done < each * layer.outputs;) {
        const size_t left = each * layer.outputs - done, part = left < CHUNK ? left : CHUNK;
        status = planche_model_file_read(reader->file, bytes, part, reader->error);
        for (size_t i = 0; !status && i < part; i++, done++)
            to[done] = (float)((double)ranges[done / each] * (int8_t)bytes[i] / 127);
    }
    planche_free(ranges);
    return status;
}

/* Part of an output of the stored last layer in an output of the wanted one. */
static double share(const struct planche_own_reader *reader, unsigned wanted, unsigned stored)
{
    static const double luma[3] = {0.299, 0.587, 0.114};
    unsigned from = reader->stored.scale * reader->stored.scale;
    unsigned to = reader->wanted.scale * reader->wanted.scale;
    double part = 1;
    if (reader->stored.colours != reader->wanted.colours)
        part = luma[stored / from];
    else if (stored / from != wanted / to)
        return 0;
    if (from != to)
        return part / from;
    return stored % from == wanted % to ? part : 0;
}

static bool mixes_outputs(const struct planche_own_reader *reader, unsigned k)
{
    return planche_own_layer(&reader->stored, k).last &&
           (reader->stored.colours != reader->wanted.colours ||
            reader->stored.scale != reader->wanted.scale);
}

static unsigned last_outputs(const struct planche_own_shape *shape)
{
    return planche_own_layer(shape, planche_own_layers(shape) - 1).outputs;
}

/* Rows of `size` numbers, one for each output, from stored to wanted. */
static void mix_outputs(const struct planche_own_reader *reader, float *to, const float *from,
                        size_t size)
{
    for (unsigned w = 0; w < last_outputs(&reader->wanted); w++)
        for (size_t i = 0; i < size; i++) {
            double sum = 0;
            for (unsigned s = 0; s < last_outputs(&reader->stored); s++)
                sum += share(reader, w, s) * from[s * size + i];
            to[w * size + i] = (float)sum;
        }
}

/* The first kernel for a page whose colours are one. */
static void sum_inputs(const struct planche_own_reader *reader, float *to, const float *from)
{
    unsigned inputs = reader->stored.colours;
    for (unsigned o = 0; o < reader->stored.channels; o++)
        for (unsigned tap = 0; tap < 9; tap++) {
            double sum = 0;
            for (unsigned i = 0; i < inputs; i++)
                sum += from[(o * inputs + i) * 9 + tap];
            to[o * 9 + tap] = (float)sum;
        }
}

static enum planche_status read_kernel(struct planche_own_reader *reader, unsigned k, float *to)
{
    const struct planche_own_layer layer = planche_own_layer(&reader->stored, k);
    const size_t count = planche_own_weights(layer);
    const bool sums = k == 0 && reader->stored.colours != reader->wanted.colours;
    if (planche_own_in_bytes(&reader->stored, k))
        return read_bytes(reader, to, layer);
    if (!sums && !mixes_outputs(reader, k))
        return read_numbers(reader, to, count);
    float *from = planche_calloc(reader->graph->budget, count, sizeof(*from));
    if (!from)
        return planche_graph_no_memory(reader->graph, reader->error);
    enum planche_status status = read_numbers(reader, from, count);
    if (!status && sums)
        sum_inputs(reader, to, from);
    else if (!status)
        mix_outputs(reader, to, from, count / layer.outputs);
    planche_free(from);
    return status;
}

/* Between the biases of the two levels beside this one. */
static void mix_levels(float *biases, size_t outputs, double level)
{
    double at = level + 1 > 0 ? level + 1 : 0;
    at = at < PLANCHE_OWN_LEVELS - 1 ? at : PLANCHE_OWN_LEVELS - 1;
    size_t low = at < PLANCHE_OWN_LEVELS - 2 ? (size_t)at : PLANCHE_OWN_LEVELS - 2;
    double part = at - (double)low;
    for (size_t o = 0; o < outputs; o++)
        biases[o] = (float)(biases[low * outputs + o] * (1 - part) +
                            biases[(low + 1) * outputs + o] * part);
}

static enum planche_status read_bias(struct planche_own_reader *reader, unsigned k, float *to)
{
    const size_t outputs = planche_own_layer(&reader->stored, k).outputs;
    float *biases =
        planche_calloc(reader->graph->budget, PLANCHE_OWN_LEVELS * outputs, sizeof(*biases));
    if (!biases)
        return planche_graph_no_memory(reader->graph, reader->error);
    enum planche_status status = read_numbers(reader, biases, PLANCHE_OWN_LEVELS * outputs);
    mix_levels(biases, outputs, reader->level);
    if (mixes_outputs(reader, k))
        mix_outputs(reader, to, biases, 1);
    else
        memcpy(to, biases, outputs * sizeof(*to));
    planche_free(biases);
    return status;
}

static float *take(struct planche_own_reader *reader, size_t count)
{
    return planche_calloc(reader->graph->budget, count, sizeof(float));
}

enum planche_status planche_own_read_layer(struct planche_own_reader *reader, unsigned k,
                                           struct planche_layer *convolution,
                                           struct planche_layer *activation)
{
    struct planche_graph *graph = reader->graph;
    const size_t slopes = planche_own_layer(&reader->stored, k).outputs;
    convolution->weights = graph->kernels + graph->kernel_floats;
    graph->kernel_floats += convolution->weight_count;
    convolution->bias = take(reader, (size_t)convolution->channels);
    if (activation)
        activation->data = take(reader, slopes);
    if (!convolution->bias || (activation && !activation->data))
        return planche_graph_no_memory(graph, reader->error);
    enum planche_status status = read_kernel(reader, k, convolution->weights);
    if (!status)
        status = read_bias(reader, k, convolution->bias);
    if (!status && activation)
        status = read_numbers(reader, activation->data, slopes);
    return status;
}
