/* SPDX-License-Identifier: MIT */
/* State dict: checks of tensors against their file, names. */
#include "model/weights/state.h"

#include "base/status.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

unsigned planche_dtype_bytes(enum planche_dtype dtype)
{
    static const unsigned char bytes[] = {
        [PLANCHE_DTYPE_F32] = 4, [PLANCHE_DTYPE_F16] = 2, [PLANCHE_DTYPE_BF16] = 2,
        [PLANCHE_DTYPE_F64] = 8, [PLANCHE_DTYPE_I64] = 8, [PLANCHE_DTYPE_I32] = 4,
        [PLANCHE_DTYPE_I16] = 2, [PLANCHE_DTYPE_I8] = 1,  [PLANCHE_DTYPE_U8] = 1,
        [PLANCHE_DTYPE_BOOL] = 1};
    return bytes[dtype];
}

void planche_state_pack(struct planche_state_tensor *tensor)
{
    uint64_t stride = 1;
    for (int i = tensor->rank; i-- > 0;) {
        tensor->strides[i] = (int64_t)stride;
        if (__builtin_mul_overflow(stride, (uint64_t)tensor->shape[i], &stride) ||
            stride > INT64_MAX)
            stride = INT64_MAX;
    }
}

/* A tensor has no more elements than memory that they lie in, so that none is read twice and what
 * is read is bounded by the file. */
const char *planche_state_measure(struct planche_state_tensor *tensor)
{
    uint64_t last = 0, count = 1;
    for (int i = 0; i < tensor->rank; i++) {
        uint64_t size = (uint64_t)tensor->shape[i], stride = (uint64_t)tensor->strides[i], reach;
        if (tensor->shape[i] < 0 || tensor->strides[i] < 0)
            return "its shape or its strides are negative";
        if (__builtin_mul_overflow(count, size, &count) || count > INT64_MAX)
            return "its shape is too large";
        if (size > 0 && (__builtin_mul_overflow(size - 1, stride, &reach) ||
                         __builtin_add_overflow(last, reach, &last) || last >= INT64_MAX))
            return "its strides are too large";
    }
    tensor->count = count;
    tensor->extent = count ? last + 1 : 0;
    if (count > tensor->extent)
        return "its elements lie on top of each other";
    return NULL;
}

static enum planche_status grow(struct planche_state *state, struct planche_error *error)
{
    int wanted = state->limit ? 2 * state->limit : 256;
    struct planche_state_tensor *tensors;
    if (state->count < state->limit)
        return PLANCHE_OK;
    if (state->count >= PLANCHE_STATE_TENSORS)
        return planche_fail(error, PLANCHE_ERROR_MODEL, "%s: has more than %d tensors",
                            state->file->name, PLANCHE_STATE_TENSORS);
    tensors =
        planche_realloc(state->graph->budget, state->tensors, (size_t)wanted * sizeof(*tensors));
    if (!tensors)
        return planche_graph_no_memory(state->graph, error);
    state->tensors = tensors;
    state->limit = wanted;
    return PLANCHE_OK;
}

enum planche_status planche_state_add(struct planche_state *state,
                                      const struct planche_state_tensor *tensor,
                                      struct planche_error *error)
{
    uint64_t bytes, size = state->file->size;
    if (__builtin_mul_overflow(tensor->extent, (uint64_t)planche_dtype_bytes(tensor->dtype),
                               &bytes) ||
        tensor->at > size || bytes > size - tensor->at)
        return planche_fail(error, PLANCHE_ERROR_MODEL,
                            "%s: the tensor '%.80s' does not lie in the file: the file is damaged "
                            "or was not fetched to its end",
                            state->file->name, tensor->name);
    enum planche_status status = grow(state, error);
    if (!status)
        state->tensors[state->count++] = *tensor;
    return status;
}

/* Takes a prefix from all names if all have it. */
static void drop_prefix(struct planche_state *state, const char *prefix)
{
    size_t length = strlen(prefix);
    for (int i = 0; i < state->count; i++)
        if (strncmp(state->tensors[i].name, prefix, length) != 0)
            return;
    for (int i = 0; i < state->count; i++)
        state->tensors[i].name += length;
}

static int compare(const void *a, const void *b)
{
    const struct planche_state_tensor *x = a, *y = b;
    return strcmp(x->name, y->name);
}

enum planche_status planche_state_close(struct planche_state *state, struct planche_error *error)
{
    if (state->count == 0)
        return planche_fail(error, PLANCHE_ERROR_MODEL, "%s: has no tensors", state->file->name);
    drop_prefix(state, "module.");
    drop_prefix(state, "netG.");
    qsort(state->tensors, (size_t)state->count, sizeof(*state->tensors), compare);
    for (int i = 1; i < state->count; i++)
        if (compare(&state->tensors[i - 1], &state->tensors[i]) == 0)
            return planche_fail(error, PLANCHE_ERROR_MODEL,
                                "%s: has two tensors with the name '%.80s'", state->file->name,
                                state->tensors[i].name);
    return PLANCHE_OK;
}

void planche_state_destroy(struct planche_state *state)
{
    planche_free(state->tensors);
    state->tensors = NULL;
    state->count = state->limit = 0;
}

const struct planche_state_tensor *planche_state_find(const struct planche_state *state,
                                                      const char *name)
{
    const struct planche_state_tensor key = {.name = name};
    if (state->count == 0)
        return NULL;
    return bsearch(&key, state->tensors, (size_t)state->count, sizeof(key), compare);
}
