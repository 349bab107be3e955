/* SPDX-License-Identifier: MIT */
/* Reshaping and transposing pictures, as exporters write pixel shuffles: axes are cut into parts,
 * swapped and joined again. */
#include "model/onnx/layout.h"

#include <math.h>
#include <string.h>

/* Parts that are yet to be given to axes: [first, last). */
struct supply {
    int first, last;
    struct planche_onnx_part parts[2 * PLANCHE_ONNX_PARTS];
};

static bool is_one(struct planche_onnx_number a)
{
    return planche_onnx_same(a, planche_onnx_plain(1));
}

/* a = b * quotient, all whole. */
static bool divide(struct planche_onnx_number a, struct planche_onnx_number b,
                   struct planche_onnx_number *quotient)
{
    double ratio;
    if (planche_onnx_is_constant(b)) {
        *quotient = planche_onnx_times(a, 1 / b.base);
        return b.base > 0 && planche_onnx_is_whole(*quotient);
    }
    ratio = b.rows != 0 ? a.rows / b.rows : a.columns / b.columns;
    *quotient = planche_onnx_plain(ratio);
    return ratio >= 1 && floor(ratio) == ratio &&
           planche_onnx_same(a, planche_onnx_times(b, ratio));
}

/* Gives an axis the parts that make its size, the outermost first (or, from the back, the innermost
 * last); a part that is too large is cut. */
static bool fill_axis(struct supply *supply, struct planche_onnx_number size, bool back,
                      struct planche_onnx_axis *axis)
{
    *axis = (struct planche_onnx_axis){.count = 0};
    while (!is_one(size)) {
        struct planche_onnx_part *part = &supply->parts[back ? supply->last - 1 : supply->first],
                                 taken;
        struct planche_onnx_number rest;
        if (supply->first == supply->last || axis->count == PLANCHE_ONNX_PARTS)
            return false;
        taken = *part;
        if (divide(size, part->size, &rest)) {
            size = rest;
            *(back ? &supply->last : &supply->first) += back ? -1 : 1;
        } else if (divide(part->size, size, &rest)) {
            struct planche_onnx_number inner = back ? size : rest;
            if (!planche_onnx_is_constant(inner))
                return false;
            taken.size = size;
            taken.stride = back ? part->stride : part->stride * (int64_t)inner.base;
            part->stride = back ? part->stride * (int64_t)inner.base : part->stride;
            part->size = rest;
            size = planche_onnx_plain(1);
        } else {
            return false;
        }
        if (back)
            memmove(axis->parts + 1, axis->parts, (size_t)axis->count * sizeof(*axis->parts));
        axis->parts[back ? 0 : axis->count] = taken;
        axis->count++;
    }
    return true;
}

/* sizes: one may be -1, for the rest. */
static bool regroup(struct planche_onnx_layout *layout, const struct planche_onnx_number *sizes,
                    int rank)
{
    struct supply supply = {.first = 0};
    int rest = -1;
    for (int i = 0; i < layout->rank; i++)
        for (int j = 0; j < layout->axes[i].count; j++) {
            if (supply.last == PLANCHE_ONNX_PARTS)
                return false;
            supply.parts[supply.last++] = layout->axes[i].parts[j];
        }
    for (int i = 0; i < rank && rest < 0; i++) {
        if (planche_onnx_same(sizes[i], planche_onnx_plain(-1)))
            rest = i;
        else if (!fill_axis(&supply, sizes[i], false, &layout->axes[i]))
            return false;
    }
    for (int i = rank - 1; rest >= 0 && i > rest; i--)
        if (!fill_axis(&supply, sizes[i], true, &layout->axes[i]))
            return false;
    layout->rank = rank;
    if (rest < 0)
        return supply.first == supply.last;
    layout->axes[rest].count = supply.last - supply.first;
    memcpy(layout->axes[rest].parts, supply.parts + supply.first,
           (size_t)layout->axes[rest].count * sizeof(struct planche_onnx_part));
    return true;
}

static enum planche_status reshape(planche_onnx_t *t, struct planche_onnx_layout *layout)
{
    struct planche_onnx_number sizes[PLANCHE_ONNX_RANK];
    enum planche_status status = PLANCHE_OK;
    const struct planche_onnx_tensor *shape =
        planche_onnx_constant(t, 1) ? planche_onnx_operand(t, 1, &status) : NULL;
    if (status != PLANCHE_OK)
        return status;
    if (!shape || shape->rank != 1 || shape->count > PLANCHE_ONNX_RANK)
        return planche_onnx_unsupported(t, "its shape is not known at load");
    for (int i = 0; i < (int)shape->count; i++) {
        sizes[i] = shape->numbers[i];
        if (i < layout->rank && planche_onnx_same(sizes[i], planche_onnx_plain(0)))
            sizes[i] = planche_onnx_axis_size(&layout->axes[i]);
    }
    if (!regroup(layout, sizes, (int)shape->count))
        return planche_onnx_sized(t, "a reshaping that is not a pixel shuffle, or one that");
    return PLANCHE_OK;
}

static enum planche_status transpose(planche_onnx_t *t, struct planche_onnx_layout *layout)
{
    struct planche_onnx_layout old = *layout;
    bool seen[PLANCHE_ONNX_RANK] = {false};
    int64_t *order;
    int count;
    enum planche_status status = planche_onnx_integers(t, "perm", -1, &order, &count);
    if (status != PLANCHE_OK)
        return status;
    if (order && count != old.rank)
        return planche_onnx_wrong(t, "its order does not fit %d axes", old.rank);
    for (int i = 0; i < old.rank; i++) {
        int64_t axis = order ? order[i] : old.rank - 1 - i;
        if (axis < 0 || axis >= old.rank || seen[axis])
            return planche_onnx_wrong(t, "its order is none");
        seen[axis] = true;
        layout->axes[i] = old.axes[axis];
    }
    return PLANCHE_OK;
}

/* Axes of one place come or go. */
static enum planche_status squeeze(planche_onnx_t *t, struct planche_onnx_layout *layout,
                                   bool insert)
{
    static const struct planche_onnx_axis one = {.count = 0};
    struct planche_onnx_layout old = *layout;
    bool marks[PLANCHE_ONNX_RANK] = {false};
    int64_t *axes;
    int count, axis, rank = 0, next = 0;
    enum planche_status status = planche_onnx_integers(t, "axes", 1, &axes, &count);
    if (status != PLANCHE_OK)
        return status;
    int all = insert ? old.rank + count : old.rank;
    if (all > PLANCHE_ONNX_RANK)
        return planche_onnx_unsupported(t, "%d axes are too many", all);
    for (int i = 0; i < count; i++) {
        if (!planche_onnx_axis(axes[i], all, &axis) || marks[axis])
            return planche_onnx_wrong(t, "its axes are out of range or double");
        marks[axis] = true;
    }
    for (int i = 0; i < all; i++) {
        bool go = axes ? marks[i] : old.axes[i].count == 0;
        if (insert && marks[i])
            layout->axes[rank++] = one;
        else if (insert)
            layout->axes[rank++] = old.axes[next++];
        else if (go && old.axes[i].count)
            return planche_onnx_wrong(t, "an axis of more than one place cannot go");
        else if (!go)
            layout->axes[rank++] = old.axes[i];
    }
    layout->rank = rank;
    return PLANCHE_OK;
}

static enum planche_status change(planche_onnx_t *t, struct planche_onnx_layout *layout)
{
    const char *type = t->node->type;
    if (strcmp(type, "Reshape") == 0)
        return reshape(t, layout);
    if (strcmp(type, "Transpose") == 0)
        return transpose(t, layout);
    if (strcmp(type, "Flatten") == 0) {
        const struct planche_onnx_number sizes[2] = {planche_onnx_axis_size(&layout->axes[0]),
                                                     planche_onnx_plain(-1)};
        if (planche_onnx_integer(t, "axis", 1) != 1 || !regroup(layout, sizes, 2))
            return planche_onnx_unsupported(t, "this flattening is not supported");
        return PLANCHE_OK;
    }
    return squeeze(t, layout, strcmp(type, "Unsqueeze") == 0);
}

/* A vector stays one if its channels are all of the second axis. */
static enum planche_status reshape_vector(planche_onnx_t *t, struct planche_onnx_value *value)
{
    struct planche_onnx_layout layout = planche_onnx_plain_layout(value);
    enum planche_status status;
    layout.rank = value->rank;
    status = change(t, &layout);
    if (status != PLANCHE_OK)
        return status;
    for (int i = 0; i < layout.rank; i++)
        if (i != 1 && layout.axes[i].count)
            return planche_onnx_unsupported(t, "this reshaping of averages is not supported");
    if (layout.rank != 2 && layout.rank != 4)
        return planche_onnx_unsupported(t, "this reshaping of averages is not supported");
    value->rank = layout.rank;
    planche_onnx_set(t, value);
    return PLANCHE_OK;
}

enum planche_status planche_onnx_reshape(planche_onnx_t *t)
{
    struct planche_onnx_value value = *planche_onnx_input(t, 0);
    enum planche_status status = PLANCHE_OK;
    struct planche_onnx_layout *layout;
    if (value.kind != PLANCHE_ONNX_PICTURE)
        return planche_onnx_unsupported(t, "its shape is computed from the page");
    if (value.vector)
        return reshape_vector(t, &value);
    status = planche_onnx_settle(t, &value);
    layout = status == PLANCHE_OK ? planche_onnx_take(t, 1, sizeof(*layout), &status) : NULL;
    if (!layout)
        return status;
    *layout = value.layout ? *value.layout : planche_onnx_plain_layout(&value);
    status = change(t, layout);
    if (status != PLANCHE_OK)
        return status;
    value.layout = layout;
    planche_onnx_set(t, &value);
    return PLANCHE_OK;
}
