/* SPDX-License-Identifier: MIT */
/* Numbers of a tensor: from its bytes in the file to floats in the order of its shape. */
#include "model/weights/state.h"

#include "base/checked.h"
#include "base/status.h"
#include "model/halves.h"

#include <string.h>

#define CHUNK 8192 /* numbers converted at once */

typedef bool (*convert_fn)(float *values, const uint8_t *bytes, size_t count);

static convert_fn find_conversion(enum planche_dtype dtype)
{
    switch (dtype) {
    case PLANCHE_DTYPE_F32:
        return planche_singles_to_floats;
    case PLANCHE_DTYPE_F16:
        return planche_halves_to_floats;
    case PLANCHE_DTYPE_BF16:
        return planche_bfloats_to_floats;
    case PLANCHE_DTYPE_F64:
        return planche_doubles_to_floats;
    default:
        return NULL;
    }
}

struct reader {
    const struct planche_state *state;
    const struct planche_state_tensor *tensor;
    convert_fn convert;
    unsigned width;
    struct planche_error *error;
};

/* count elements that lie one after the other, from an element of the tensor on. */
static enum planche_status read_run(const struct reader *reader, uint64_t first, float *to,
                                    uint64_t count)
{
    uint8_t bytes[CHUNK * 8];
    uint64_t at = reader->tensor->at + first * reader->width;
    while (count > 0) {
        size_t part = count < CHUNK ? (size_t)count : CHUNK, size = part * reader->width;
        enum planche_status status =
            planche_model_file_read_at(reader->state->file, bytes, size, at, reader->error);
        if (status)
            return status;
        if (!reader->convert(to, bytes, part))
            return planche_fail(reader->error, PLANCHE_ERROR_MODEL,
                                "%s: a number of the tensor '%.80s' is not finite",
                                reader->state->file->name, reader->tensor->name);
        to += part;
        at += size;
        count -= part;
    }
    return PLANCHE_OK;
}

static bool is_packed(const struct planche_state_tensor *tensor)
{
    int64_t stride = 1;
    for (int i = tensor->rank; i-- > 0; stride *= tensor->shape[i])
        if (tensor->shape[i] != 1 && tensor->strides[i] != stride)
            return false;
    return true;
}

static void gather(const struct planche_state_tensor *tensor, const float *from, float *to)
{
    int64_t index[PLANCHE_STATE_RANK] = {0}, place = 0;
    for (uint64_t i = 0; i < tensor->count; i++) {
        to[i] = from[place];
        for (int axis = tensor->rank; axis-- > 0;) {
            place += tensor->strides[axis];
            if (++index[axis] < tensor->shape[axis])
                break;
            place -= index[axis] * tensor->strides[axis];
            index[axis] = 0;
        }
    }
}

/* A view of other memory: all that it spans is read, then put in order. */
static enum planche_status read_strided(const struct reader *reader, float *to)
{
    const struct planche_graph *graph = reader->state->graph;
    float *all = planche_calloc(graph->budget, (size_t)reader->tensor->extent, sizeof(*all));
    if (!all)
        return planche_graph_no_memory(graph, reader->error);
    enum planche_status status = read_run(reader, 0, all, reader->tensor->extent);
    if (!status)
        gather(reader->tensor, all, to);
    planche_free(all);
    return status;
}

enum planche_status planche_state_read(const struct planche_state *state,
                                       const struct planche_state_tensor *tensor, float *to,
                                       size_t room, struct planche_error *error)
{
    const struct reader reader = {
        .state = state,
        .tensor = tensor,
        .convert = find_conversion(tensor->dtype),
        .width = planche_dtype_bytes(tensor->dtype),
        .error = error,
    };
    if (!reader.convert)
        return planche_fail(error, PLANCHE_ERROR_MODEL,
                            "%s: the tensor '%.80s' holds integers where weights should be",
                            state->file->name, tensor->name);
    if (tensor->count != room)
        return planche_fail(error, PLANCHE_ERROR_MODEL,
                            "%s: the tensor '%.80s' has %llu numbers where %zu are wanted",
                            state->file->name, tensor->name, (unsigned long long)tensor->count,
                            room);
    if (room == 0)
        return PLANCHE_OK;
    return is_packed(tensor) ? read_run(&reader, 0, to, tensor->count) : read_strided(&reader, to);
}
