/* SPDX-License-Identifier: MIT */
/* Reads .bin files: the weights of the layers in the order of the .param file. Kernels and dense
 * matrices begin with a tag that tells their type; biases, slopes and scales are bare floats. */
#include "model/graph.h"

#include "base/status.h"

#include <math.h>
#include <string.h>

#define TAG_FLOAT16  0x01306B47u
#define TAG_INT8     0x000D4B38u
#define TAG_FLOAT32  0x00000000u
#define TAG_UNSCALED 0x0002C056u /* floats again */
#define CHUNK        2048        /* values converted at once */

struct reader {
    struct planche_graph *graph;
    const struct planche_layer *layer;
    struct planche_model_file *file;
    struct planche_error *error;
};

static uint32_t load32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
}

static float from_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

/* Infinity and NaN alike become infinity: neither is a weight. */
static float load_half(const uint8_t *bytes)
{
    uint32_t bits = (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8;
    uint32_t exponent = bits >> 10 & 31, mantissa = bits & 1023;
    float value = exponent == 31  ? INFINITY
                  : exponent == 0 ? (float)mantissa * 0x1p-24f
                                  : from_bits((exponent + 112) << 23 | mantissa << 13);
    return bits & 0x8000 ? -value : value;
}

static enum planche_status too_short(const struct reader *reader, uint64_t wanted)
{
    return planche_layer_fail(reader->graph, reader->layer, PLANCHE_ERROR_MODEL, reader->error,
                              "%s ends too early: %llu bytes of weights are wanted at byte %llu, "
                              "%llu are left",
                              reader->graph->bin_name, (unsigned long long)wanted,
                              (unsigned long long)reader->file->position,
                              (unsigned long long)planche_model_file_left(reader->file));
}

static enum planche_status not_finite(const struct reader *reader, uint64_t position)
{
    return planche_layer_fail(reader->graph, reader->layer, PLANCHE_ERROR_MODEL, reader->error,
                              "a weight in %s before byte %llu is not a finite number",
                              reader->graph->bin_name, (unsigned long long)position);
}

static enum planche_status convert(const struct reader *reader, float *values, size_t count,
                                   size_t width)
{
    uint8_t bytes[CHUNK * 4];
    while (count > 0) {
        size_t part = count < CHUNK ? count : CHUNK;
        enum planche_status status =
            planche_model_file_read(reader->file, bytes, part * width, reader->error);
        if (status != PLANCHE_OK)
            return status;
        for (size_t i = 0; i < part; i++) {
            values[i] = width == 2 ? load_half(bytes + 2 * i) : from_bits(load32(bytes + 4 * i));
            if (!isfinite(values[i]))
                return not_finite(reader, reader->file->position);
        }
        values += part;
        count -= part;
    }
    return PLANCHE_OK;
}

/* Checks that the bytes are there before memory is taken for them. */
static enum planche_status read_values(const struct reader *reader, float **values, size_t count,
                                       size_t width)
{
    uint64_t bytes = ((uint64_t)count * width + 3) & ~UINT64_C(3);
    uint8_t padding[4];
    enum planche_status status;
    if (bytes > planche_model_file_left(reader->file))
        return too_short(reader, bytes);
    *values = planche_alloc(reader->graph->budget, count * sizeof(float));
    if (!*values)
        return planche_graph_no_memory(reader->graph, reader->error);
    status = convert(reader, *values, count, width);
    if (status == PLANCHE_OK && bytes > (uint64_t)count * width)
        status = planche_model_file_read(reader->file, padding,
                                         (size_t)(bytes - (uint64_t)count * width), reader->error);
    return status;
}

static enum planche_status read_tagged(const struct reader *reader, float **values, size_t count)
{
    uint8_t bytes[4];
    uint32_t tag;
    enum planche_status status;
    if (planche_model_file_left(reader->file) < sizeof(bytes))
        return too_short(reader, sizeof(bytes));
    status = planche_model_file_read(reader->file, bytes, sizeof(bytes), reader->error);
    if (status != PLANCHE_OK)
        return status;
    tag = load32(bytes);
    if (tag == TAG_FLOAT16)
        return read_values(reader, values, count, 2);
    if (tag == TAG_FLOAT32 || tag == TAG_UNSCALED)
        return read_values(reader, values, count, 4);
    return planche_layer_fail(
        reader->graph, reader->layer, PLANCHE_ERROR_UNSUPPORTED, reader->error,
        "%s has weights of type 0x%08x (%s) at byte %llu; only fp32 and fp16 "
        "are supported",
        reader->graph->bin_name, (unsigned)tag, tag == TAG_INT8 ? "int8" : "quantised or damaged",
        (unsigned long long)reader->file->position - 4);
}

enum planche_status planche_graph_read_weights(struct planche_graph *graph,
                                               struct planche_model_file *file,
                                               struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    for (int i = 0; status == PLANCHE_OK && i < graph->layer_count; i++) {
        struct planche_layer *layer = &graph->layers[i];
        struct reader reader = {.graph = graph, .layer = layer, .file = file, .error = error};
        if (layer->weight_count)
            status = read_tagged(&reader, &layer->weights, layer->weight_count);
        if (status == PLANCHE_OK && layer->data_count)
            status = read_values(&reader, &layer->data, layer->data_count, 4);
        if (status == PLANCHE_OK && layer->has_bias)
            status = read_values(&reader, &layer->bias, (size_t)layer->channels, 4);
    }
    if (status == PLANCHE_OK && planche_model_file_left(file) > 0)
        status = planche_fail(error, PLANCHE_ERROR_MODEL,
                              "%s: %llu bytes are left over after the last layer of %s: the two "
                              "files do not belong together",
                              file->name, (unsigned long long)planche_model_file_left(file),
                              graph->param_name);
    return status;
}
