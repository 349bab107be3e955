/* SPDX-License-Identifier: MIT */
/* Nodes that move places and channels: joining, splitting, cutting, padding, pixel shuffles,
 * averages of the page. */
#include "model/onnx/folding.h"

#include <limits.h>
#include <math.h>
#include <string.h>

/* As picture, but averages are refused. */
static enum planche_status spatial(planche_onnx_t *t, int index, struct planche_onnx_value *value,
                                   int *blob)
{
    enum planche_status status = planche_onnx_picture(t, index, value, blob);
    if (status == PLANCHE_OK && value->vector)
        return planche_onnx_unsupported(t, "it is not supported for averages of the page");
    return status;
}

static bool same_size(const struct planche_onnx_value *a, const struct planche_onnx_value *b)
{
    return planche_onnx_same(a->height, b->height) && planche_onnx_same(a->width, b->width);
}

enum planche_status planche_onnx_concat(planche_onnx_t *t)
{
    int count = t->node->input_count, axis, *blobs;
    enum planche_status status = PLANCHE_OK;
    struct planche_onnx_value all, value;
    struct planche_layer *layer;
    if (!planche_onnx_axis(planche_onnx_integer(t, "axis", 1), 4, &axis) || axis != 1)
        return planche_onnx_unsupported(t, "pictures are joined along their channels only");
    if (count > PLANCHE_GRAPH_INPUTS)
        return planche_onnx_unsupported(t, "%d inputs are too many (at most %d)", count,
                                        PLANCHE_GRAPH_INPUTS);
    blobs = planche_onnx_take(t, (size_t)count, sizeof(*blobs), &status);
    for (int i = 0; status == PLANCHE_OK && i < count; i++) {
        status = spatial(t, i, &value, &blobs[i]);
        if (status != PLANCHE_OK)
            return status;
        if (i > 0 && !same_size(&value, &all))
            return planche_onnx_sized(t, "whether its inputs are equally large");
        if (i > 0)
            value.channels += all.channels;
        if (value.channels > PLANCHE_GRAPH_CHANNELS)
            return planche_onnx_unsupported(t, "the result has too many channels");
        all = value;
    }
    layer = status == PLANCHE_OK
                ? planche_onnx_layers(t, PLANCHE_LAYER_CONCAT, blobs, count, &status)
                : NULL;
    if (!layer)
        return status;
    const struct planche_onnx_value made = planche_onnx_made(layer, &all);
    planche_onnx_set(t, &made);
    return status;
}

/* Channels [from, from + count) of a picture. */
static enum planche_status take_channels(planche_onnx_t *t, struct planche_onnx_value *value,
                                         int64_t from, int64_t count)
{
    enum planche_status status = PLANCHE_OK;
    struct planche_layer *layer;
    if (from < 0 || count < 1 || count > value->channels - from)
        return planche_onnx_wrong(t, "there are no channels %lld to %lld of %d", (long long)from,
                                  (long long)(from + count - 1), value->channels);
    if (count == value->channels)
        return PLANCHE_OK;
    layer = planche_onnx_layer(t, PLANCHE_LAYER_SLICE, value->blob, -1, &status);
    if (!layer)
        return status;
    layer->slice_begin = (int)from;
    layer->channels = (int)count;
    *value = planche_onnx_made(layer, value);
    value->channels = (int)count;
    return status;
}

enum planche_status planche_onnx_split(planche_onnx_t *t)
{
    int outputs = t->node->output_count, axis, count, blob;
    struct planche_onnx_value value;
    int64_t *parts, from = 0;
    enum planche_status status = planche_onnx_integers(t, "split", 1, &parts, &count);
    if (status == PLANCHE_OK)
        status = spatial(t, 0, &value, &blob);
    if (status != PLANCHE_OK)
        return status;
    if (!planche_onnx_axis(planche_onnx_integer(t, "axis", 0), 4, &axis) || axis != 1)
        return planche_onnx_unsupported(t, "pictures are split along their channels only");
    if (parts && count != outputs)
        return planche_onnx_wrong(t, "%d parts do not fit %d outputs", count, outputs);
    for (int i = 0; status == PLANCHE_OK && i < outputs; i++) {
        struct planche_onnx_value part = value, *out = planche_onnx_output(t, i);
        int64_t even = (value.channels + outputs - 1) / outputs;
        int64_t channels = parts ? parts[i] : even;
        if (!parts && channels > value.channels - from)
            channels = value.channels - from;
        if (out && t->uses[t->node->outputs[i]])
            status = take_channels(t, &part, from, channels);
        if (out)
            *out = part;
        if (channels < 0 || channels > value.channels - from)
            return planche_onnx_wrong(t, "its parts are more than %d channels", value.channels);
        from += channels;
    }
    return status;
}

/* A place along an axis as so many places before the end or after the start; false if that depends
 * on the size. */
static bool find_edge(struct planche_onnx_number at, struct planche_onnx_number size, bool end,
                      int64_t *cut)
{
    struct planche_onnx_number rest = planche_onnx_minus(size, at);
    int sign;
    /* Negative ones count from the end, those beyond it are the end. */
    if (planche_onnx_is_constant(at) && at.base < 0) {
        rest = (struct planche_onnx_number){.base = -at.base};
        at = planche_onnx_minus(size, rest);
    }
    if (end && planche_onnx_is_constant(at) && at.base >= INT_MAX)
        rest = (struct planche_onnx_number){.base = 0};
    if (end && planche_onnx_sign(rest, &sign) && sign < 0)
        rest = (struct planche_onnx_number){.base = 0};
    if (!end && planche_onnx_sign(at, &sign) && sign < 0)
        at = (struct planche_onnx_number){.base = 0};
    if (!planche_onnx_is_constant(end ? rest : at))
        return false;
    *cut = (int64_t)(end ? rest.base : at.base);
    return true;
}

/* One axis of a slice: channels are taken at once, rows and columns noted. */
static enum planche_status slice_axis(planche_onnx_t *t, int axis, struct planche_onnx_number start,
                                      struct planche_onnx_number end,
                                      struct planche_onnx_value *value,
                                      struct planche_crop_axis crops[2])
{
    struct planche_onnx_number size = axis == 1
                                          ? (struct planche_onnx_number){value->channels, 0, 0}
                                      : axis == 2 ? value->height
                                                  : value->width;
    int64_t before, after;
    if (axis == 0)
        size = (struct planche_onnx_number){1, 0, 0};
    if (!find_edge(start, size, false, &before) || !find_edge(end, size, true, &after))
        return planche_onnx_sized(t, "what it cuts away");
    if (axis == 0)
        return before || after ? planche_onnx_unsupported(t, "it leaves no page") : PLANCHE_OK;
    if (axis == 1)
        return take_channels(t, value, before, value->channels - before - after);
    if (before > INT_MAX / 4 || after > INT_MAX / 4)
        return planche_onnx_wrong(t, "it cuts away too much");
    crops[axis - 2].start = (int)before;
    crops[axis - 2].end = -(int)after;
    size = planche_onnx_plus(size, -(double)(before + after));
    *(axis == 2 ? &value->height : &value->width) = size;
    return PLANCHE_OK;
}

static enum planche_status add_crop(planche_onnx_t *t, struct planche_onnx_value *value,
                                    const struct planche_crop_axis crops[2])
{
    enum planche_status status = PLANCHE_OK;
    struct planche_layer *layer;
    if (!crops[0].start && !crops[0].end && !crops[1].start && !crops[1].end)
        return PLANCHE_OK;
    layer = planche_onnx_layer(t, PLANCHE_LAYER_CROP, value->blob, -1, &status);
    if (!layer)
        return status;
    layer->crop_y = crops[0];
    layer->crop_x = crops[1];
    *value = planche_onnx_made(layer, value);
    return status;
}

enum planche_status planche_onnx_slice(planche_onnx_t *t)
{
    struct planche_crop_axis crops[2] = {{0, 0, 0}, {0, 0, 0}};
    const struct planche_onnx_tensor *starts, *ends;
    struct planche_onnx_value value;
    int64_t *axes, *steps;
    int axis_count, step_count, blob;
    enum planche_status status = spatial(t, 0, &value, &blob);
    if (status == PLANCHE_OK)
        status = planche_onnx_integers(t, "axes", 3, &axes, &axis_count);
    if (status == PLANCHE_OK)
        status = planche_onnx_integers(t, "steps", 4, &steps, &step_count);
    if (status != PLANCHE_OK)
        return status;
    starts = planche_onnx_operand(t, 1, &status);
    ends = starts ? planche_onnx_operand(t, 2, &status) : NULL;
    if (!ends)
        return status;
    if (starts->count != ends->count || starts->count > 4 ||
        (axes && axis_count != (int)starts->count) || (steps && step_count != (int)starts->count))
        return planche_onnx_wrong(t, "its starts, ends, axes and steps do not fit");
    for (int i = 0; status == PLANCHE_OK && i < (int)starts->count; i++) {
        int axis;
        if (!planche_onnx_axis(axes ? axes[i] : i, 4, &axis))
            return planche_onnx_wrong(t, "its axes are out of range");
        if (steps && steps[i] != 1)
            return planche_onnx_unsupported(t, "steps other than 1 are not supported");
        status = slice_axis(t, axis, starts->numbers[i], ends->numbers[i], &value, crops);
    }
    if (status == PLANCHE_OK)
        status = add_crop(t, &value, crops);
    planche_onnx_set(t, &value);
    return status;
}

static enum planche_status block_size(planche_onnx_t *t, int *size)
{
    int64_t value = planche_onnx_integer(t, "blocksize", 0);
    *size = (int)value;
    if (value < 1 || value > 16)
        return planche_onnx_unsupported(t, "a blocksize of %lld is not supported (1 to 16)",
                                        (long long)value);
    return PLANCHE_OK;
}

enum planche_status planche_onnx_depth_to_space(planche_onnx_t *t)
{
    const char *mode = planche_onnx_text(t, "mode", "DCR");
    struct planche_onnx_value value;
    struct planche_layer *layer;
    int blob, size;
    enum planche_status status = block_size(t, &size);
    if (status == PLANCHE_OK)
        status = spatial(t, 0, &value, &blob);
    if (status != PLANCHE_OK)
        return status;
    if (value.channels % (size * size) != 0)
        return planche_onnx_wrong(t, "%d channels cannot be divided by %d", value.channels,
                                  size * size);
    if (strcmp(mode, "CRD") != 0 && strcmp(mode, "DCR") != 0)
        return planche_onnx_wrong(t, "its mode is '%.20s', which is none", mode);
    layer = planche_onnx_layer(t, PLANCHE_LAYER_SHUFFLE, blob, -1, &status);
    if (!layer)
        return status;
    layer->shuffle = size;
    layer->position_major = strcmp(mode, "DCR") == 0;
    value = planche_onnx_made(layer, &value);
    value.channels /= size * size;
    value.height = planche_onnx_times(value.height, size);
    value.width = planche_onnx_times(value.width, size);
    planche_onnx_set(t, &value);
    return status;
}

/* Position-major: channel (row * size + column) * channels + channel. */
enum planche_status planche_onnx_space_to_depth(planche_onnx_t *t)
{
    struct planche_onnx_value value;
    struct planche_layer *layer;
    int blob, size;
    enum planche_status status = block_size(t, &size);
    if (status == PLANCHE_OK)
        status = spatial(t, 0, &value, &blob);
    if (status != PLANCHE_OK)
        return status;
    int square = size * size, channels = value.channels * square;
    if (channels > PLANCHE_GRAPH_CHANNELS)
        return planche_onnx_unsupported(t, "the result has too many channels");
    if (!planche_onnx_floor_div(value.height, size, &value.height) ||
        !planche_onnx_floor_div(value.width, size, &value.width))
        return planche_onnx_sized(t, "the size of its result");
    layer = planche_onnx_layer(t, PLANCHE_LAYER_UNSHUFFLE, blob, -1, &status);
    if (!layer)
        return status;
    layer->shuffle = size;
    layer->position_major = true;
    value = planche_onnx_made(layer, &value);
    value.channels = channels;
    planche_onnx_set(t, &value);
    return status;
}

/* Reads how much is put round a picture, by edge: before and after for rows and columns. */
static enum planche_status get_edges(planche_onnx_t *t, int64_t edges[4])
{
    int64_t *list, *axes;
    int count, axis_count, axis;
    enum planche_status status = planche_onnx_integers(t, "pads", 1, &list, &count);
    if (status == PLANCHE_OK)
        status = planche_onnx_integers(t, "axes", 3, &axes, &axis_count);
    if (status != PLANCHE_OK)
        return status;
    int half = axes ? axis_count : 4;
    if (!list || count != 2 * half)
        return planche_onnx_wrong(t, "its pads do not fit the axes");
    for (int i = 0; i < half; i++) {
        if (!planche_onnx_axis(axes ? axes[i] : i, 4, &axis))
            return planche_onnx_wrong(t, "its axes are out of range");
        if (axis < 2 && (list[i] || list[half + i]))
            return planche_onnx_unsupported(t, "only rows and columns can be padded");
        if (axis >= 2) {
            edges[axis - 2] = list[i];
            edges[axis] = list[half + i];
        }
    }
    for (int i = 0; i < 4; i++)
        if (edges[i] > 1024 || edges[i] < -INT_MAX / 4)
            return planche_onnx_unsupported(t, "a padding of %lld is not supported (at most 1024)",
                                            (long long)edges[i]);
    return PLANCHE_OK;
}

static enum planche_status get_mode(planche_onnx_t *t, enum planche_pad_mode *border)
{
    const char *mode = planche_onnx_text(t, "mode", "constant");
    enum planche_status status = PLANCHE_OK;
    const struct planche_onnx_tensor *value;
    *border = strcmp(mode, "reflect") == 0 ? PLANCHE_PAD_REFLECT : PLANCHE_PAD_EDGE;
    if (strcmp(mode, "reflect") == 0 || strcmp(mode, "edge") == 0)
        return PLANCHE_OK;
    *border = PLANCHE_PAD_ZERO;
    if (strcmp(mode, "constant") != 0)
        return planche_onnx_unsupported(t, "padding in mode '%.20s' is not supported", mode);
    if (!planche_onnx_input(t, 2))
        return PLANCHE_OK;
    value = planche_onnx_operand(t, 2, &status);
    if (value && (value->count > 1 || (value->count == 1 && value->numbers[0].base != 0)))
        return planche_onnx_unsupported(t, "padding with a constant other than 0 is not supported");
    return status;
}

enum planche_status planche_onnx_pad(planche_onnx_t *t)
{
    struct planche_crop_axis crops[2] = {{0, 0, 0}, {0, 0, 0}};
    int64_t edges[4] = {0, 0, 0, 0};
    struct planche_onnx_value value;
    int blob, puts = 0;
    enum planche_status status = spatial(t, 0, &value, &blob);
    if (status == PLANCHE_OK)
        status = get_edges(t, edges);
    if (status != PLANCHE_OK)
        return status;
    for (int i = 0; i < 4; i++) {
        struct planche_onnx_number *size = i % 2 ? &value.width : &value.height;
        *size = planche_onnx_plus(*size, (double)edges[i]);
        puts += edges[i] > 0;
        if (i < 2 && edges[i] < 0)
            crops[i].start = (int)-edges[i];
        else if (edges[i] < 0)
            crops[i - 2].end = (int)edges[i];
    }
    status = add_crop(t, &value, crops);
    if (status == PLANCHE_OK && puts)
        status = get_mode(t, &value.border);
    value.edges = (struct planche_onnx_edges){
        edges[0] > 0 ? (int)edges[0] : 0, edges[1] > 0 ? (int)edges[1] : 0,
        edges[2] > 0 ? (int)edges[2] : 0, edges[3] > 0 ? (int)edges[3] : 0};
    planche_onnx_set(t, &value);
    return status;
}

/* Whether a node's axes are the rows and the columns, neither more nor less. */
static enum planche_status check_average(planche_onnx_t *t)
{
    int64_t *axes;
    int count, axis, seen = 0;
    enum planche_status status = planche_onnx_integers(t, "axes", 1, &axes, &count);
    for (int i = 0; status == PLANCHE_OK && i < count; i++)
        if (planche_onnx_axis(axes[i], 4, &axis))
            seen |= 1 << axis;
    if (status == PLANCHE_OK && seen != (1 << 2 | 1 << 3))
        return planche_onnx_unsupported(t, "only averages over all rows and columns are supported");
    return status;
}

enum planche_status planche_onnx_average(planche_onnx_t *t)
{
    bool reduce = strcmp(t->node->type, "ReduceMean") == 0;
    struct planche_onnx_value value;
    struct planche_layer *layer;
    int blob;
    enum planche_status status = reduce ? check_average(t) : PLANCHE_OK;
    if (status == PLANCHE_OK)
        status = spatial(t, 0, &value, &blob);
    layer = status == PLANCHE_OK ? planche_onnx_layer(t, PLANCHE_LAYER_POOLING, blob, -1, &status)
                                 : NULL;
    if (!layer)
        return status;
    value = planche_onnx_made(layer, &value);
    value.vector = true;
    value.rank = !reduce || planche_onnx_integer(t, "keepdims", 1) ? 4 : 2;
    value.height = value.width = (struct planche_onnx_number){1, 0, 0};
    planche_onnx_set(t, &value);
    return status;
}
