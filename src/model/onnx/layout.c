/* SPDX-License-Identifier: MIT */
/* Layouts of reshaped pictures, and the layers that they become when a picture is wanted again:
 * blocks of places to channels, channels in another order, channels to places. Others are refused.
 */
#include "model/onnx/layout.h"

#include <math.h>

static struct planche_onnx_axis whole_axis(enum planche_onnx_origin source,
                                           struct planche_onnx_number size)
{
    struct planche_onnx_axis axis = {.count =
                                         planche_onnx_same(size, planche_onnx_plain(1)) ? 0 : 1};
    axis.parts[0] = (struct planche_onnx_part){source, size, 1};
    return axis;
}

struct planche_onnx_layout planche_onnx_plain_layout(const struct planche_onnx_value *value)
{
    struct planche_onnx_layout layout = {.rank = 4};
    layout.axes[1] = whole_axis(PLANCHE_ONNX_CHANNEL, planche_onnx_plain(value->channels));
    layout.axes[2] = whole_axis(PLANCHE_ONNX_ROW, value->height);
    layout.axes[3] = whole_axis(PLANCHE_ONNX_COLUMN, value->width);
    return layout;
}

struct planche_onnx_number planche_onnx_axis_size(const struct planche_onnx_axis *axis)
{
    struct planche_onnx_number size = planche_onnx_plain(1);
    for (int i = 0; i < axis->count; i++) {
        struct planche_onnx_number part = axis->parts[i].size;
        if (planche_onnx_is_constant(part))
            size = planche_onnx_times(size, part.base);
        else if (planche_onnx_is_constant(size))
            size = planche_onnx_times(part, size.base);
        else
            return (struct planche_onnx_number){NAN, NAN, NAN};
    }
    return size;
}

int planche_onnx_dims(const planche_onnx_t *t, const struct planche_onnx_value *value,
                      struct planche_onnx_number dims[PLANCHE_ONNX_RANK])
{
    struct planche_onnx_layout layout;
    (void)t;
    if (value->kind == PLANCHE_ONNX_TENSOR) {
        for (int i = 0; i < value->tensor->rank; i++)
            dims[i] = planche_onnx_plain((double)value->tensor->dims[i]);
        return value->tensor->rank;
    }
    layout = value->layout ? *value->layout : planche_onnx_plain_layout(value);
    layout.rank = value->vector ? value->rank : layout.rank;
    for (int i = 0; i < layout.rank; i++)
        dims[i] = planche_onnx_axis_size(&layout.axes[i]);
    return layout.rank;
}

int planche_onnx_channel_axis(const struct planche_onnx_value *value, int *rank)
{
    const struct planche_onnx_layout *layout = value->layout;
    *rank = layout ? layout->rank : value->vector ? value->rank : 4;
    if (!layout)
        return 1;
    for (int i = 0; i < layout->rank; i++) {
        const struct planche_onnx_part *part = &layout->axes[i].parts[0];
        if (layout->axes[i].count == 1 && part->source == PLANCHE_ONNX_CHANNEL &&
            part->stride == 1 && planche_onnx_same(part->size, planche_onnx_plain(value->channels)))
            return i;
    }
    return -1;
}

static bool same_axis(const struct planche_onnx_axis *a, const struct planche_onnx_axis *b)
{
    if (a->count != b->count)
        return false;
    for (int i = 0; i < a->count; i++)
        if (a->parts[i].source != b->parts[i].source || a->parts[i].stride != b->parts[i].stride ||
            !planche_onnx_same(a->parts[i].size, b->parts[i].size))
            return false;
    return true;
}

bool planche_onnx_same_layout(const struct planche_onnx_value *a,
                              const struct planche_onnx_value *b)
{
    if (!a->layout || !b->layout || a->layout->rank != b->layout->rank)
        return false;
    for (int i = 0; i < a->layout->rank; i++)
        if (!same_axis(&a->layout->axes[i], &b->layout->axes[i]))
            return false;
    return true;
}

enum planche_status planche_onnx_resize_layout(planche_onnx_t *t, struct planche_onnx_value *value)
{
    enum planche_status status = PLANCHE_OK;
    struct planche_onnx_layout *layout = planche_onnx_take(t, 1, sizeof(*layout), &status);
    if (!layout)
        return status;
    *layout = *value->layout;
    for (int i = 0; i < layout->rank; i++)
        for (int j = 0; j < layout->axes[i].count; j++)
            if (layout->axes[i].parts[j].source == PLANCHE_ONNX_CHANNEL)
                layout->axes[i].parts[j].size = planche_onnx_plain(value->channels);
    value->layout = layout;
    return status;
}

/* What a layout with four axes does: blocks of side x side places become channels, then factor x
 * factor channels become places. */
struct meaning {
    int side, factor;
    struct planche_onnx_part row_part, column_part; /* of the channels, if factor > 1 */
};

/* An axis of rows or columns: every stride-th of them, then perhaps a part of the channels. */
static bool read_axis(const struct planche_onnx_axis *axis, enum planche_onnx_origin source,
                      struct planche_onnx_number size, int *side, int *factor,
                      struct planche_onnx_part *part)
{
    const struct planche_onnx_part *places = &axis->parts[0];
    if (axis->count < 1 || axis->count > 2 || places->source != source || places->stride < 1 ||
        places->stride > 16 ||
        !planche_onnx_same(planche_onnx_times(places->size, (double)places->stride), size))
        return false;
    *side = (int)places->stride;
    *factor = 1;
    *part = (struct planche_onnx_part){PLANCHE_ONNX_CHANNEL, planche_onnx_plain(1), 0};
    if (axis->count == 1)
        return true;
    *part = axis->parts[1];
    *factor = (int)part->size.base;
    return part->source == PLANCHE_ONNX_CHANNEL && part->size.base >= 2 && part->size.base <= 16;
}

static bool read_layout(const struct planche_onnx_value *value, struct meaning *meaning)
{
    const struct planche_onnx_layout *layout = value->layout;
    int side, factor;
    if (layout->rank != 4 || layout->axes[0].count)
        return false;
    if (!read_axis(&layout->axes[2], PLANCHE_ONNX_ROW, value->height, &meaning->side,
                   &meaning->factor, &meaning->row_part) ||
        !read_axis(&layout->axes[3], PLANCHE_ONNX_COLUMN, value->width, &side, &factor,
                   &meaning->column_part))
        return false;
    return side == meaning->side && factor == meaning->factor;
}

/* Which [channel][row][column] of a block the parts of an axis mean at one of their places. */
static void add_place(const struct planche_onnx_axis *axis, int64_t place, int64_t at[3])
{
    for (int i = axis->count - 1; i >= 0; i--) {
        int64_t size = (int64_t)axis->parts[i].size.base;
        at[axis->parts[i].source] += place % size * axis->parts[i].stride;
        place /= size;
    }
}

static bool all_constant(const struct planche_onnx_axis *axis)
{
    for (int i = 0; i < axis->count; i++)
        if (!planche_onnx_is_constant(axis->parts[i].size))
            return false;
    return true;
}

/* By channel before the shuffling: which weight of the block is 1. *same: it is its own place. */
static int *make_choice(planche_onnx_t *t, const struct planche_onnx_value *value,
                        const struct meaning *meaning, int outputs, bool *same,
                        enum planche_status *status)
{
    const struct planche_onnx_axis *channels = &value->layout->axes[1];
    int side = meaning->side, square = meaning->factor * meaning->factor;
    int *choice = planche_onnx_take(t, (size_t)outputs, sizeof(*choice), status);
    *same = side == 1 && outputs == value->channels;
    for (int i = 0; choice && i < outputs; i++) {
        int64_t at[3] = {0, 0, 0};
        add_place(channels, i / square, at);
        at[PLANCHE_ONNX_CHANNEL] += i % square / meaning->factor * meaning->row_part.stride +
                                    i % meaning->factor * meaning->column_part.stride;
        choice[i] = (int)((at[PLANCHE_ONNX_CHANNEL] * side + at[PLANCHE_ONNX_ROW]) * side +
                          at[PLANCHE_ONNX_COLUMN]);
        if (at[PLANCHE_ONNX_CHANNEL] >= value->channels || at[PLANCHE_ONNX_ROW] >= side ||
            at[PLANCHE_ONNX_COLUMN] >= side) {
            *status = planche_onnx_unsupported(t, "this reshaping is not supported");
            return NULL;
        }
        *same = *same && choice[i] == i;
    }
    return choice;
}

enum planche_status planche_onnx_apply_layout(planche_onnx_t *t, struct planche_onnx_value *value)
{
    enum planche_status status = PLANCHE_OK;
    struct meaning meaning;
    struct planche_layer *layer;
    int *choice;
    bool same;
    if (!read_layout(value, &meaning) || !all_constant(&value->layout->axes[1]))
        return planche_onnx_unsupported(t, "the reshaping before it is no pixel shuffle or "
                                           "unshuffle, and nothing else is supported");
    double channels = planche_onnx_axis_size(&value->layout->axes[1]).base;
    int square = meaning.factor * meaning.factor;
    if (channels * square > PLANCHE_GRAPH_CHANNELS)
        return planche_onnx_unsupported(t, "too many channels");
    choice = make_choice(t, value, &meaning, (int)channels * square, &same, &status);
    if (!choice)
        return status;
    if (!same) {
        layer = planche_onnx_choose(t, value->blob, value->channels, (int)channels * square,
                                    meaning.side, choice, &status);
        if (!layer)
            return status;
        value->blob = layer->outputs[0];
    }
    if (meaning.factor > 1) {
        layer = planche_onnx_layer(t, PLANCHE_LAYER_SHUFFLE, value->blob, -1, &status);
        if (!layer)
            return status;
        layer->shuffle = meaning.factor;
        value->blob = layer->outputs[0];
    }
    value->channels = (int)channels;
    value->height = planche_onnx_axis_size(&value->layout->axes[2]);
    value->width = planche_onnx_axis_size(&value->layout->axes[3]);
    value->layout = NULL;
    return status;
}
