/* SPDX-License-Identifier: MIT */
/* Moving numbers that are known at load: reshaping, joining, cutting, picking. */
#include "model/onnx/folding.h"

#include <math.h>
#include <string.h>

typedef const struct planche_onnx_tensor tensor_t;

/* The same numbers in another shape; those in the file stay there. */
static enum planche_status set_shape(planche_onnx_t *t, int rank, const int64_t *dims)
{
    enum planche_status status = PLANCHE_OK;
    struct planche_onnx_tensor *made = planche_onnx_take(t, 1, sizeof(*made), &status);
    uint64_t count = 1;
    if (!made)
        return status;
    *made = *planche_onnx_constant(t, 0);
    made->rank = rank;
    for (int i = 0; i < rank; i++) {
        made->dims[i] = dims[i];
        count = dims[i] >= 0 && (uint64_t)dims[i] <= made->count + 1 && count <= made->count + 1
                    ? count * (uint64_t)dims[i]
                    : UINT64_MAX / 4;
    }
    if (count != made->count)
        return planche_onnx_wrong(t, "%llu numbers do not fit the new shape",
                                  (unsigned long long)made->count);
    planche_onnx_set_tensor(t, made);
    return status;
}

static enum planche_status flatten(planche_onnx_t *t, tensor_t *from)
{
    int64_t dims[2] = {1, 1};
    int axis;
    int64_t wanted = planche_onnx_integer(t, "axis", 1);
    if (!planche_onnx_axis(wanted, from->rank, &axis) && wanted != from->rank)
        return planche_onnx_wrong(t, "its axis is out of range");
    axis = wanted == from->rank ? from->rank : axis;
    for (int i = 0; i < from->rank; i++)
        dims[i >= axis] *= from->dims[i];
    return set_shape(t, 2, dims);
}

enum planche_status planche_onnx_fold_reshape(planche_onnx_t *t)
{
    tensor_t *from = planche_onnx_constant(t, 0);
    int64_t *dims, known = 1, rest = -1;
    int rank;
    enum planche_status status;
    if (strcmp(t->node->type, "Flatten") == 0)
        return flatten(t, from);
    status = planche_onnx_integers(t, "shape", 1, &dims, &rank);
    if (status != PLANCHE_OK)
        return status;
    if (rank > PLANCHE_ONNX_RANK)
        return planche_onnx_unsupported(t, "%d axes are too many", rank);
    int64_t shape[PLANCHE_ONNX_RANK] = {0};
    for (int i = 0; i < rank; i++) {
        shape[i] = dims[i];
        if (i < from->rank && dims[i] == 0 && !planche_onnx_integer(t, "allowzero", 0))
            shape[i] = from->dims[i];
        if (dims[i] == -1)
            rest = i;
        else if (shape[i] > 0 && known <= (int64_t)from->count)
            known *= shape[i] <= (int64_t)from->count ? shape[i] : (int64_t)from->count + 1;
    }
    if (rest >= 0)
        shape[rest] = known > 0 ? (int64_t)from->count / known : 0;
    return set_shape(t, rank, shape);
}

/* Marks the axes that a node names, of so many; *any: it names some. */
static enum planche_status mark_axes(planche_onnx_t *t, int rank, bool *marks, bool *any)
{
    int64_t *axes;
    int count, axis;
    enum planche_status status = planche_onnx_integers(t, "axes", 1, &axes, &count);
    *any = axes != NULL;
    for (int i = 0; status == PLANCHE_OK && axes && i < count; i++) {
        if (!planche_onnx_axis(axes[i], rank, &axis) || marks[axis])
            return planche_onnx_wrong(t, "its axes are out of range or double");
        marks[axis] = true;
    }
    return status;
}

enum planche_status planche_onnx_fold_squeeze(planche_onnx_t *t)
{
    tensor_t *from = planche_onnx_constant(t, 0);
    bool marks[PLANCHE_ONNX_RANK] = {false}, any;
    int64_t dims[PLANCHE_ONNX_RANK];
    enum planche_status status = mark_axes(t, from->rank, marks, &any);
    int rank = 0;
    if (status != PLANCHE_OK)
        return status;
    for (int i = 0; i < from->rank; i++)
        if (any ? !marks[i] : from->dims[i] != 1)
            dims[rank++] = from->dims[i];
    return set_shape(t, rank, dims);
}

enum planche_status planche_onnx_fold_unsqueeze(planche_onnx_t *t)
{
    tensor_t *from = planche_onnx_constant(t, 0);
    bool marks[PLANCHE_ONNX_RANK] = {false}, any;
    int64_t *axes, dims[PLANCHE_ONNX_RANK];
    int count, next = 0;
    enum planche_status status = planche_onnx_integers(t, "axes", 1, &axes, &count);
    if (status != PLANCHE_OK)
        return status;
    if (from->rank + count > PLANCHE_ONNX_RANK)
        return planche_onnx_unsupported(t, "%d axes are too many", from->rank + count);
    status = mark_axes(t, from->rank + count, marks, &any);
    if (status != PLANCHE_OK)
        return status;
    for (int i = 0; i < from->rank + count; i++)
        dims[i] = marks[i] ? 1 : from->dims[next++];
    return set_shape(t, from->rank + count, dims);
}

/* How far apart neighbours along each axis are. */
static void strides_of(tensor_t *tensor, int64_t *strides)
{
    int64_t step = 1;
    for (int i = tensor->rank - 1; i >= 0; i--) {
        strides[i] = step;
        step *= tensor->dims[i];
    }
}

/* Numbers of a tensor picked with a stride per axis of the result. */
static void pick(struct planche_onnx_tensor *made, tensor_t *from, int64_t first,
                 const int64_t *strides)
{
    for (uint64_t i = 0; i < made->count; i++) {
        uint64_t rest = i;
        int64_t at = first;
        for (int axis = made->rank - 1; axis >= 0; axis--) {
            at += (int64_t)(rest % (uint64_t)made->dims[axis]) * strides[axis];
            rest /= (uint64_t)made->dims[axis];
        }
        made->numbers[i] = from->numbers[at];
    }
}

enum planche_status planche_onnx_fold_transpose(planche_onnx_t *t)
{
    enum planche_status status = PLANCHE_OK;
    tensor_t *from = planche_onnx_operand(t, 0, &status);
    int64_t own[PLANCHE_ONNX_RANK] = {0}, strides[PLANCHE_ONNX_RANK] = {0}, dims[PLANCHE_ONNX_RANK],
            *order;
    bool seen[PLANCHE_ONNX_RANK] = {false};
    struct planche_onnx_tensor *made;
    int count;
    if (!from)
        return status;
    status = planche_onnx_integers(t, "perm", -1, &order, &count);
    if (status != PLANCHE_OK)
        return status;
    if (order && count != from->rank)
        return planche_onnx_wrong(t, "its order does not fit %d axes", from->rank);
    strides_of(from, own);
    for (int i = 0; i < from->rank; i++) {
        int64_t axis = order ? order[i] : from->rank - 1 - i;
        if (axis < 0 || axis >= from->rank || seen[axis])
            return planche_onnx_wrong(t, "its order is none");
        seen[axis] = true;
        dims[i] = from->dims[axis];
        strides[i] = own[axis];
    }
    made = planche_onnx_make(t, from->type, from->rank, dims, &status);
    if (!made)
        return status;
    pick(made, from, 0, strides);
    planche_onnx_set_tensor(t, made);
    return status;
}

/* Copies a part into the result, from a place of an axis on. */
static void place_part(struct planche_onnx_tensor *made, tensor_t *part, int axis, int64_t at)
{
    uint64_t inner = 1, outer = 1;
    for (int i = 0; i < part->rank; i++) {
        outer *= i < axis ? (uint64_t)part->dims[i] : 1;
        inner *= i > axis ? (uint64_t)part->dims[i] : 1;
    }
    uint64_t run = inner * (uint64_t)part->dims[axis];
    for (uint64_t i = 0; i < outer; i++)
        memcpy(made->numbers + (i * (uint64_t)made->dims[axis] + (uint64_t)at) * inner,
               part->numbers + i * run, (size_t)run * sizeof(*part->numbers));
}

enum planche_status planche_onnx_fold_concat(planche_onnx_t *t)
{
    enum planche_status status = PLANCHE_OK;
    struct planche_onnx_tensor shape = {.rank = 0}, *made;
    int64_t at = 0;
    int axis = 0;
    for (int i = 0; i < t->node->input_count; i++) {
        tensor_t *part = planche_onnx_operand(t, i, &status);
        if (!part)
            return status;
        if (i == 0)
            shape = *part;
        if (!planche_onnx_axis(planche_onnx_integer(t, "axis", 0), shape.rank, &axis) ||
            part->rank != shape.rank)
            return planche_onnx_wrong(t, "its inputs do not fit");
        for (int j = 0; j < shape.rank; j++)
            if (j != axis && part->dims[j] != shape.dims[j])
                return planche_onnx_wrong(t, "its inputs do not fit");
        if (i > 0)
            shape.dims[axis] += part->dims[axis];
    }
    made = planche_onnx_make(t, shape.type, shape.rank, shape.dims, &status);
    for (int i = 0; made && i < t->node->input_count; i++) {
        tensor_t *part = planche_onnx_operand(t, i, &status);
        if (!part)
            return status;
        if (part->count)
            place_part(made, part, axis, at);
        at += part->dims[axis];
    }
    if (made)
        planche_onnx_set_tensor(t, made);
    return status;
}

/* A slice's first place, step and count along an axis. */
static void slice_axis(int64_t start, int64_t end, int64_t step, int64_t dim, int64_t *first,
                       int64_t *count)
{
    int64_t low = step > 0 ? 0 : -1, high = step > 0 ? dim : dim - 1;
    start += start < 0 ? dim : 0;
    end += end < 0 && end > -(INT64_C(1) << 40) ? dim : 0;
    start = start < 0 ? 0 : start > high ? high : start;
    end = end < low ? low : end > dim ? dim : end;
    *first = start;
    int64_t way = step > 0 ? end - start : start - end, stride = step > 0 ? step : -step;
    *count = dim == 0 || way < 0 ? 0 : (way + stride - 1) / stride;
}

enum planche_status planche_onnx_fold_slice(planche_onnx_t *t)
{
    enum planche_status status = PLANCHE_OK;
    tensor_t *from = planche_onnx_operand(t, 0, &status);
    int64_t *lists[4], strides[PLANCHE_ONNX_RANK] = {0}, dims[PLANCHE_ONNX_RANK], first = 0;
    static const char *const names[] = {"starts", "ends", "axes", "steps"};
    struct planche_onnx_tensor *made;
    int counts[4];
    for (int i = 0; from && status == PLANCHE_OK && i < 4; i++)
        status = planche_onnx_integers(t, names[i], 1 + i, &lists[i], &counts[i]);
    if (!from || status != PLANCHE_OK)
        return status;
    strides_of(from, strides);
    memcpy(dims, from->dims, sizeof(dims));
    for (int i = 0; i < counts[0]; i++) {
        int axis;
        int64_t step = lists[3] && i < counts[3] ? lists[3][i] : 1, start;
        if (counts[1] != counts[0] || (lists[2] && counts[2] != counts[0]) || step == 0 ||
            step > (1 << 24) || step < -(1 << 24) ||
            !planche_onnx_axis(lists[2] ? lists[2][i] : i, from->rank, &axis))
            return planche_onnx_wrong(t, "its starts, ends, axes and steps do not fit");
        slice_axis(lists[0][i], lists[1][i], step, from->dims[axis], &start, &dims[axis]);
        first += start * strides[axis];
        strides[axis] *= step;
    }
    made = planche_onnx_make(t, from->type, from->rank, dims, &status);
    if (!made)
        return status;
    pick(made, from, first, strides);
    planche_onnx_set_tensor(t, made);
    return status;
}

enum planche_status planche_onnx_fold_gather(planche_onnx_t *t)
{
    enum planche_status status = PLANCHE_OK;
    tensor_t *from = planche_onnx_operand(t, 0, &status);
    tensor_t *which = from ? planche_onnx_operand(t, 1, &status) : NULL;
    int64_t dims[2 * PLANCHE_ONNX_RANK];
    struct planche_onnx_tensor *made;
    uint64_t inner = 1;
    int axis, rank = 0;
    if (!which)
        return status;
    if (!planche_onnx_axis(planche_onnx_integer(t, "axis", 0), from->rank, &axis) ||
        from->rank - 1 + which->rank > PLANCHE_ONNX_RANK)
        return planche_onnx_wrong(t, "its axis is out of range");
    for (int i = 0; i < axis; i++)
        dims[rank++] = from->dims[i];
    for (int i = 0; i < which->rank; i++)
        dims[rank++] = which->dims[i];
    for (int i = axis + 1; i < from->rank; i++) {
        dims[rank++] = from->dims[i];
        inner *= (uint64_t)from->dims[i];
    }
    made = planche_onnx_make(t, from->type, rank, dims, &status);
    for (uint64_t i = 0; made && i < made->count; i++) {
        struct planche_onnx_number index = which->numbers[i / inner % which->count];
        double at = index.base + (index.base < 0 ? (double)from->dims[axis] : 0);
        if (!planche_onnx_is_constant(index) || !(at >= 0) || at >= (double)from->dims[axis])
            return planche_onnx_wrong(t, "an index is out of range");
        uint64_t row = i / inner / which->count;
        made->numbers[i] =
            from->numbers[(row * (uint64_t)from->dims[axis] + (uint64_t)at) * inner + i % inner];
    }
    if (made)
        planche_onnx_set_tensor(t, made);
    return status;
}

enum planche_status planche_onnx_fold_expand(planche_onnx_t *t)
{
    enum planche_status status = PLANCHE_OK;
    tensor_t *from = planche_onnx_operand(t, 0, &status);
    int64_t own[PLANCHE_ONNX_RANK] = {0}, strides[PLANCHE_ONNX_RANK] = {0}, dims[PLANCHE_ONNX_RANK],
            *wanted;
    struct planche_onnx_tensor *made;
    int count, rank;
    if (from)
        status = planche_onnx_integers(t, "", 1, &wanted, &count);
    if (!from || status != PLANCHE_OK)
        return status;
    rank = count > from->rank ? count : from->rank;
    if (rank > PLANCHE_ONNX_RANK)
        return planche_onnx_unsupported(t, "%d axes are too many", rank);
    strides_of(from, own);
    for (int i = 0; i < rank; i++) {
        int a = i - (rank - from->rank), b = i - (rank - count);
        int64_t one = a < 0 ? 1 : from->dims[a], other = b < 0 ? 1 : wanted[b];
        if (one != other && one != 1 && other != 1)
            return planche_onnx_wrong(t, "the shapes do not fit");
        dims[i] = one == 1 ? other : one;
        strides[i] = a < 0 || one == 1 ? 0 : own[a];
    }
    made = planche_onnx_make(t, from->type, rank, dims, &status);
    if (!made)
        return status;
    pick(made, from, 0, strides);
    planche_onnx_set_tensor(t, made);
    return status;
}

enum planche_status planche_onnx_fold_split(planche_onnx_t *t)
{
    enum planche_status status = PLANCHE_OK;
    tensor_t *from = planche_onnx_operand(t, 0, &status);
    int64_t *parts, strides[PLANCHE_ONNX_RANK] = {0}, dims[PLANCHE_ONNX_RANK], at = 0;
    int count, axis, outputs = t->node->output_count;
    if (from)
        status = planche_onnx_integers(t, "split", 1, &parts, &count);
    if (!from || status != PLANCHE_OK)
        return status;
    if (!planche_onnx_axis(planche_onnx_integer(t, "axis", 0), from->rank, &axis) ||
        (parts && count != outputs))
        return planche_onnx_wrong(t, "its parts do not fit");
    strides_of(from, strides);
    memcpy(dims, from->dims, sizeof(dims));
    for (int i = 0; i < outputs; i++) {
        int64_t even = (from->dims[axis] + outputs - 1) / outputs;
        struct planche_onnx_value *out = planche_onnx_output(t, i);
        struct planche_onnx_tensor *made;
        dims[axis] = parts ? parts[i] : even < from->dims[axis] - at ? even : from->dims[axis] - at;
        if (dims[axis] < 0 || dims[axis] > from->dims[axis] - at)
            return planche_onnx_wrong(t, "its parts do not fit");
        made = planche_onnx_make(t, from->type, from->rank, dims, &status);
        if (!made)
            return status;
        pick(made, from, at * strides[axis], strides);
        at += dims[axis];
        if (out)
            *out = (struct planche_onnx_value){.kind = PLANCHE_ONNX_TENSOR, .tensor = made};
    }
    return status;
}
