/* SPDX-License-Identifier: MIT */
/* Reader of .bin files: the weights of the layers in the order of the .param file. Kernels and
 * dense matrices begin with a tag that tells their type; biases, slopes and scales are bare floats.
 */
#include "model/ncnn/format.h"

#include "base/little_endian.h"
#include "base/status.h"
#include "model/halves.h"

#define TAG_FLOAT16  0x01306B47u
#define TAG_INT8     0x000D4B38u
#define TAG_FLOAT32  0x00000000u
#define TAG_UNSCALED 0x0002C056u /* floats again */
#define CHUNK        8192        /* values converted at once */

struct reader {
    struct planche_graph *graph;
    struct planche_layer *layer;
    struct planche_model_file *file;
    struct planche_error *error;
};

static enum planche_status too_short(const struct reader *reader, uint64_t wanted)
{
    return planche_layer_fail(reader->graph, reader->layer, PLANCHE_ERROR_MODEL, reader->error,
                              "%s ends too early: %llu bytes of weights are wanted at byte %llu, "
                              "%llu are left",
                              reader->file->name, (unsigned long long)wanted,
                              (unsigned long long)reader->file->position,
                              (unsigned long long)planche_model_file_left(reader->file));
}

static enum planche_status not_finite(const struct reader *reader, uint64_t position)
{
    return planche_layer_fail(reader->graph, reader->layer, PLANCHE_ERROR_MODEL, reader->error,
                              "a weight in %s before byte %llu is not a finite number",
                              reader->file->name, (unsigned long long)position);
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
        if (!(width == 2 ? planche_halves_to_floats : planche_singles_to_floats)(values, bytes,
                                                                                 part))
            return not_finite(reader, reader->file->position);
        values += part;
        count -= part;
    }
    return PLANCHE_OK;
}

/* The kernels of convolutions have one block, with room for all whose bytes are there. */
static float *allocate(const struct reader *reader, size_t count, bool kernel)
{
    struct planche_graph *graph = reader->graph;
    float *place;
    if (!kernel)
        return planche_alloc(graph->budget, count * sizeof(float));
    place = graph->kernels + graph->kernel_floats;
    graph->kernel_floats += count;
    return place;
}

/* Checks that the bytes are there before memory is taken for them. */
static enum planche_status read_values(const struct reader *reader, float **values, size_t count,
                                       size_t width, bool kernel)
{
    uint64_t bytes = ((uint64_t)count * width + 3) & ~UINT64_C(3);
    uint8_t padding[4];
    enum planche_status status;
    if (bytes > planche_model_file_left(reader->file))
        return too_short(reader, bytes);
    *values = allocate(reader, count, kernel);
    if (!*values)
        return planche_graph_no_memory(reader->graph, reader->error);
    status = convert(reader, *values, count, width);
    if (status == PLANCHE_OK && bytes > (uint64_t)count * width)
        status = planche_model_file_read(reader->file, padding,
                                         (size_t)(bytes - (uint64_t)count * width), reader->error);
    return status;
}

static enum planche_status read_weights(const struct reader *reader)
{
    struct planche_layer *layer = reader->layer;
    bool kernel = planche_layer_has_kernel(reader->graph, layer);
    uint8_t bytes[4];
    uint32_t tag;
    enum planche_status status;
    if (planche_model_file_left(reader->file) < sizeof(bytes))
        return too_short(reader, sizeof(bytes));
    status = planche_model_file_read(reader->file, bytes, sizeof(bytes), reader->error);
    if (status != PLANCHE_OK)
        return status;
    tag = get32(bytes);
    if (tag == TAG_FLOAT16)
        return read_values(reader, &layer->weights, layer->weight_count, 2, kernel);
    if (tag == TAG_FLOAT32 || tag == TAG_UNSCALED)
        return read_values(reader, &layer->weights, layer->weight_count, 4, kernel);
    return planche_layer_fail(reader->graph, layer, PLANCHE_ERROR_UNSUPPORTED, reader->error,
                              "%s has weights of type 0x%08x (%s) at byte %llu; only fp32 and fp16 "
                              "are supported",
                              reader->file->name, (unsigned)tag,
                              tag == TAG_INT8 ? "int8" : "quantised or damaged",
                              (unsigned long long)reader->file->position - 4);
}

/* One block for the kernels of all convolutions. No more than the file can fill: what layers claim
 * to have is not to be trusted. */
static bool allocate_kernels(struct planche_graph *graph, const struct planche_model_file *file)
{
    uint64_t max = planche_model_file_left(file) / 2, floats = 0;
    for (int i = 0; i < graph->layer_count && floats < max; i++)
        if (planche_layer_has_kernel(graph, &graph->layers[i]))
            floats += graph->layers[i].weight_count;
    if (floats > max)
        floats = max;
    if (floats == 0)
        return true;
    graph->kernels = planche_alloc(graph->budget, (size_t)floats * sizeof(float));
    return graph->kernels;
}

enum planche_status planche_ncnn_read_weights(struct planche_graph *graph,
                                              struct planche_model_file *file,
                                              struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    if (!allocate_kernels(graph, file))
        return planche_graph_no_memory(graph, error);
    for (int i = 0; status == PLANCHE_OK && i < graph->layer_count; i++) {
        struct planche_layer *layer = &graph->layers[i];
        struct reader reader = {.graph = graph, .layer = layer, .file = file, .error = error};
        if (layer->weight_count)
            status = read_weights(&reader);
        if (status == PLANCHE_OK && layer->data_count)
            status = read_values(&reader, &layer->data, layer->data_count, 4, false);
        if (status == PLANCHE_OK && layer->has_bias)
            status = read_values(&reader, &layer->bias, (size_t)layer->channels, 4, false);
    }
    if (status == PLANCHE_OK && planche_model_file_left(file) > 0)
        status = planche_fail(error, PLANCHE_ERROR_MODEL,
                              "%s: %llu bytes are left over after the last layer of %s: the two "
                              "files do not belong together",
                              file->name, (unsigned long long)planche_model_file_left(file),
                              graph->name);
    return status;
}
