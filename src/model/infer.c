/* SPDX-License-Identifier: MIT */
/* Shape inference: channels of all blobs (once) and sizes (for one size of the input). */
#include "model/graph.h"

#include "base/status.h"
#include "net/layout.h"

#include <assert.h>

#define SIZE_LIMIT ((int64_t)1 << 31)

struct checker {
    const struct planche_graph *graph;
    const struct planche_layer *layer;
    struct planche_graph_blob *in, *out; /* the first input and output */
    struct planche_error *error;
};

static enum planche_status fail(const struct checker *checker, enum planche_status status,
                                const char *what)
{
    return planche_layer_fail(checker->graph, checker->layer, status, checker->error, "%s", what);
}

static enum planche_status check_weights(const struct checker *checker, int kernel)
{
    const struct planche_layer *layer = checker->layer;
    int groups = layer->groups > 1 ? layer->groups : 1;
    size_t wanted =
        (size_t)layer->channels * (size_t)(checker->in->channels / groups) * (size_t)kernel;
    if (checker->in->channels % groups != 0 || layer->channels % groups != 0)
        return planche_layer_fail(
            checker->graph, layer, PLANCHE_ERROR_MODEL, checker->error,
            "%d input and %d output channels cannot be divided into %d groups",
            checker->in->channels, layer->channels, groups);
    if (layer->weight_count != wanted)
        return planche_layer_fail(checker->graph, layer, PLANCHE_ERROR_MODEL, checker->error,
                                  "%zu weights do not fit %d input channels, %d output channels "
                                  "and a kernel of %d (%zu wanted)",
                                  layer->weight_count, checker->in->channels, layer->channels,
                                  kernel, wanted);
    return PLANCHE_OK;
}

static enum planche_status kernel_channels(const struct checker *checker)
{
    const struct planche_layer *layer = checker->layer;
    int kernel = layer->kernel_w * layer->kernel_h;
    checker->out->channels = layer->channels;
    checker->out->vector = checker->in->vector;
    /* A 1x1 convolution of a vector is a dense layer. */
    if (checker->in->vector && (kernel != 1 || layer->type != PLANCHE_LAYER_CONVOLUTION))
        return fail(checker, PLANCHE_ERROR_UNSUPPORTED,
                    "a kernel on a pooled vector is not supported");
    return check_weights(checker, kernel);
}

static enum planche_status inner_channels(const struct checker *checker)
{
    if (!checker->in->vector)
        return fail(checker, PLANCHE_ERROR_UNSUPPORTED,
                    "a dense layer on a picture is not supported: it would fix the size");
    checker->out->channels = checker->layer->channels;
    checker->out->vector = true;
    return check_weights(checker, 1);
}

/* Whether a BINARY's operand has one channel that stands for all. */
static bool is_broadcast(const struct checker *checker, const struct planche_graph_blob *in)
{
    const struct planche_layer *layer = checker->layer;
    if (layer->type != PLANCHE_LAYER_BINARY || in->channels != 1)
        return false;
    for (int i = 0; i < layer->input_count; i++) {
        const struct planche_graph_blob *any = &checker->graph->blobs[layer->inputs[i]];
        if (any->vector && !any->constant)
            return false;
    }
    return true;
}

/* Operands alike, or one of a BINARY's a vector that holds a value per channel. */
static enum planche_status binary_channels(const struct checker *checker)
{
    const struct planche_layer *layer = checker->layer;
    int vectors = 0, channels = checker->in->channels;
    for (int i = 0; i < layer->input_count; i++) {
        const struct planche_graph_blob *in = &checker->graph->blobs[layer->inputs[i]];
        vectors += in->vector;
        channels = in->channels > channels ? in->channels : channels;
    }
    for (int i = 0; i < layer->input_count; i++) {
        const struct planche_graph_blob *in = &checker->graph->blobs[layer->inputs[i]];
        if (in->channels != channels && !is_broadcast(checker, in))
            return planche_layer_fail(checker->graph, layer, PLANCHE_ERROR_MODEL, checker->error,
                                      "its inputs have %d and %d channels", checker->in->channels,
                                      in == checker->in ? channels : in->channels);
    }
    if (vectors == layer->input_count || (vectors && layer->type == PLANCHE_LAYER_ELTWISE))
        return fail(checker, PLANCHE_ERROR_UNSUPPORTED,
                    "this arithmetic on pooled vectors is not supported");
    checker->out->channels = channels;
    return PLANCHE_OK;
}

/* One value per channel; a PRELU may have one for all. */
static enum planche_status per_channel(const struct checker *checker)
{
    const struct planche_layer *layer = checker->layer;
    checker->out->channels = checker->in->channels;
    checker->out->vector = checker->in->vector;
    if (layer->type == PLANCHE_LAYER_SCALE && layer->input_count == 2) {
        const struct planche_graph_blob *scale = &checker->graph->blobs[layer->inputs[1]];
        if (!scale->vector || checker->in->vector)
            return fail(checker, PLANCHE_ERROR_UNSUPPORTED,
                        "scaling by anything but a pooled vector is not supported");
        if (scale->channels != checker->in->channels)
            return fail(checker, PLANCHE_ERROR_MODEL, "its inputs have different channels");
        return PLANCHE_OK;
    }
    if (layer->data_count && layer->data_count != (size_t)checker->in->channels &&
        (layer->type != PLANCHE_LAYER_PRELU || layer->data_count != 1))
        return planche_layer_fail(checker->graph, layer, PLANCHE_ERROR_MODEL, checker->error,
                                  "%zu values do not fit %d channels", layer->data_count,
                                  checker->in->channels);
    return PLANCHE_OK;
}

static enum planche_status concat_channels(const struct checker *checker)
{
    const struct planche_layer *layer = checker->layer;
    int channels = 0;
    for (int i = 0; i < layer->input_count; i++) {
        const struct planche_graph_blob *in = &checker->graph->blobs[layer->inputs[i]];
        if (in->vector)
            return fail(checker, PLANCHE_ERROR_UNSUPPORTED,
                        "joining pooled vectors is not supported");
        channels += in->channels;
    }
    if (channels > PLANCHE_GRAPH_CHANNELS)
        return fail(checker, PLANCHE_ERROR_MODEL, "the result has too many channels");
    checker->out->channels = channels;
    return PLANCHE_OK;
}

static enum planche_status shuffle_channels(const struct checker *checker)
{
    int square = checker->layer->shuffle * checker->layer->shuffle;
    if (checker->in->channels % square != 0)
        return planche_layer_fail(checker->graph, checker->layer, PLANCHE_ERROR_MODEL,
                                  checker->error, "%d channels cannot be divided by %d",
                                  checker->in->channels, square);
    checker->out->channels = checker->in->channels / square;
    return PLANCHE_OK;
}

static enum planche_status unshuffle_channels(const struct checker *checker)
{
    int square = checker->layer->shuffle * checker->layer->shuffle;
    if (checker->in->channels > PLANCHE_GRAPH_CHANNELS / square)
        return fail(checker, PLANCHE_ERROR_MODEL, "the result has too many channels");
    checker->out->channels = checker->in->channels * square;
    return PLANCHE_OK;
}

static enum planche_status slice_channels(const struct checker *checker)
{
    const struct planche_layer *layer = checker->layer;
    int rest = checker->in->channels - layer->slice_begin;
    if (layer->slice_begin < 0 || rest < 1 || layer->channels < 0 || layer->channels > rest)
        return planche_layer_fail(checker->graph, layer, PLANCHE_ERROR_MODEL, checker->error,
                                  "channels %d to %d are not among %d", layer->slice_begin,
                                  layer->slice_begin + layer->channels - 1, checker->in->channels);
    checker->out->channels = layer->channels ? layer->channels : rest;
    return PLANCHE_OK;
}

static enum planche_status constant_channels(const struct checker *checker)
{
    checker->out->channels = checker->layer->channels;
    checker->out->vector = checker->out->constant = true;
    return PLANCHE_OK;
}

static enum planche_status norm_channels(const struct checker *checker)
{
    const struct planche_layer *layer = checker->layer;
    if (layer->data_count && layer->data_count != (size_t)checker->in->channels)
        return planche_layer_fail(checker->graph, layer, PLANCHE_ERROR_MODEL, checker->error,
                                  "%zu values do not fit %d channels", layer->data_count,
                                  checker->in->channels);
    checker->out->channels = checker->in->channels;
    return PLANCHE_OK;
}

static enum planche_status attention_channels(const struct checker *checker)
{
    const struct planche_layer *layer = checker->layer;
    int channels = checker->in->channels / 3, side = 2 * layer->window - 1;
    if (layer->window < 2 || layer->window > PLANCHE_ATTENTION_WINDOW || layer->shift < 0 ||
        layer->shift >= layer->window)
        return planche_layer_fail(checker->graph, layer, PLANCHE_ERROR_UNSUPPORTED, checker->error,
                                  "windows of %d pixels that begin at %d are not supported",
                                  layer->window, layer->shift);
    if (checker->in->channels % 3 != 0 || layer->heads < 1 || channels % layer->heads != 0 ||
        channels / layer->heads % PLANCHE_LANES != 0 ||
        channels / layer->heads > PLANCHE_ATTENTION_BLOCKS * PLANCHE_LANES)
        return planche_layer_fail(checker->graph, layer, PLANCHE_ERROR_UNSUPPORTED, checker->error,
                                  "%d channels for %d heads are not supported: a head has a "
                                  "multiple of %d, up to %d",
                                  channels, layer->heads, PLANCHE_LANES,
                                  PLANCHE_ATTENTION_BLOCKS * PLANCHE_LANES);
    if (layer->data_count != (size_t)(side * side) * (size_t)layer->heads)
        return planche_layer_fail(checker->graph, layer, PLANCHE_ERROR_MODEL, checker->error,
                                  "%zu offsets do not fit %d heads and windows of %d pixels",
                                  layer->data_count, layer->heads, layer->window);
    checker->out->channels = channels;
    return PLANCHE_OK;
}

/* Layers that read a picture only. */
static enum planche_status spatial_channels(const struct checker *checker)
{
    switch (checker->layer->type) {
    case PLANCHE_LAYER_SHUFFLE:
        return shuffle_channels(checker);
    case PLANCHE_LAYER_UNSHUFFLE:
        return unshuffle_channels(checker);
    case PLANCHE_LAYER_SLICE:
        return slice_channels(checker);
    case PLANCHE_LAYER_NORM:
        return norm_channels(checker);
    case PLANCHE_LAYER_ATTENTION:
        return attention_channels(checker);
    default:
        checker->out->channels = checker->in->channels;
        return PLANCHE_OK;
    }
}

static enum planche_status input_channels(const struct checker *checker)
{
    checker->out->channels = checker->layer->channels ? checker->layer->channels : 3;
    if (checker->out->channels != 3 && checker->out->channels != 1 && checker->out->channels != 4)
        return fail(checker, PLANCHE_ERROR_UNSUPPORTED,
                    "only networks with 3 input channels, 1 for grey, or 4 with alpha, are "
                    "supported");
    return PLANCHE_OK;
}

static enum planche_status check_layer(const struct checker *checker)
{
    const struct planche_layer *layer = checker->layer;
    assert(checker->in || layer->type == PLANCHE_LAYER_INPUT ||
           layer->type == PLANCHE_LAYER_CONSTANT);
    for (int i = 0; i < layer->input_count; i++)
        if (checker->graph->blobs[layer->inputs[i]].constant &&
            layer->type != PLANCHE_LAYER_SPLIT && layer->type != PLANCHE_LAYER_BINARY)
            return fail(checker, PLANCHE_ERROR_UNSUPPORTED,
                        "this layer on a constant is not supported");
    switch (layer->type) {
    case PLANCHE_LAYER_INPUT:
        return input_channels(checker);
    case PLANCHE_LAYER_SPLIT:
        for (int i = 0; i < layer->output_count; i++) {
            checker->graph->blobs[layer->outputs[i]].channels = checker->in->channels;
            checker->graph->blobs[layer->outputs[i]].vector = checker->in->vector;
            checker->graph->blobs[layer->outputs[i]].constant = checker->in->constant;
        }
        return PLANCHE_OK;
    case PLANCHE_LAYER_CONVOLUTION:
    case PLANCHE_LAYER_DECONVOLUTION:
        return kernel_channels(checker);
    case PLANCHE_LAYER_INNER:
        return inner_channels(checker);
    case PLANCHE_LAYER_PRELU:
    case PLANCHE_LAYER_SCALE:
    case PLANCHE_LAYER_ACTIVATION:
        return per_channel(checker);
    case PLANCHE_LAYER_BINARY:
    case PLANCHE_LAYER_ELTWISE:
        return binary_channels(checker);
    case PLANCHE_LAYER_CONCAT:
        return concat_channels(checker);
    case PLANCHE_LAYER_CONSTANT:
        return constant_channels(checker);
    default:
        break;
    }
    if (checker->in->vector)
        return fail(checker, PLANCHE_ERROR_UNSUPPORTED,
                    "this layer on a pooled vector is not supported");
    enum planche_status status = spatial_channels(checker);
    if (status != PLANCHE_OK)
        return status;
    checker->out->vector = layer->type == PLANCHE_LAYER_POOLING;
    if (layer->type == PLANCHE_LAYER_CROP && layer->crop_to_reference) {
        const struct planche_graph_blob *reference = &checker->graph->blobs[layer->inputs[1]];
        if (reference->vector || reference->channels != checker->in->channels)
            return fail(checker, PLANCHE_ERROR_UNSUPPORTED,
                        "cropping to a reference with other channels is not supported");
    }
    return PLANCHE_OK;
}

enum planche_status planche_graph_channels(struct planche_graph *graph, struct planche_error *error)
{
    const struct planche_graph_blob *output = &graph->blobs[graph->output];
    for (int i = 0; i < graph->order_count; i++) {
        struct planche_layer *layer = &graph->layers[graph->order[i]];
        struct checker checker = {
            .graph = graph,
            .layer = layer,
            .in = layer->input_count ? &graph->blobs[layer->inputs[0]] : NULL,
            .out = &graph->blobs[layer->outputs[0]],
            .error = error,
        };
        enum planche_status status = check_layer(&checker);
        if (status != PLANCHE_OK)
            return status;
    }
    int wanted = graph->blobs[graph->input].channels;
    if (output->vector || output->channels != wanted)
        return planche_layer_fail(
            graph, &graph->layers[output->producer], PLANCHE_ERROR_UNSUPPORTED, error,
            "the network's output '%.80s' must be a picture of %d channel%s, as its input is",
            output->name, wanted, wanted == 1 ? "" : "s");
    return PLANCHE_OK;
}

/* The part of an axis that stays, as two cuts; false if nothing stays. reference: the size to keep,
 * or -1. */
static bool crop_axis(const struct planche_crop_axis *axis, int64_t size, int64_t reference,
                      int *before, int *after)
{
    int64_t start = axis->start, end = axis->end > 0 ? axis->end : size + axis->end;
    start += start < 0 ? size : 0;
    end = end < size ? end : size;
    if (axis->size > 0 && axis->size < end - start)
        end = start + axis->size;
    if (reference >= 0)
        end = start + reference;
    if (start < 0 || end > size || start >= end)
        return false;
    *before = (int)start;
    *after = (int)(size - end);
    return true;
}

struct sizer {
    const struct planche_graph *graph;
    const struct planche_layer *layer;
    struct planche_shape *shapes;
    const char *why;
};

static bool crop_size(struct sizer *sizer, struct planche_crop *cut, struct planche_shape *out)
{
    const struct planche_layer *layer = sizer->layer;
    struct planche_shape in = sizer->shapes[layer->inputs[0]];
    struct planche_shape reference = {-1, -1};
    if (layer->crop_to_reference)
        reference = sizer->shapes[layer->inputs[1]];
    sizer->why = "there is nothing left after the crop";
    if (!crop_axis(&layer->crop_y, in.height, reference.height, &cut->top, &cut->bottom) ||
        !crop_axis(&layer->crop_x, in.width, reference.width, &cut->left, &cut->right))
        return false;
    out->height = in.height - cut->top - cut->bottom;
    out->width = in.width - cut->left - cut->right;
    return true;
}

static bool joined_size(struct sizer *sizer, struct planche_shape *out)
{
    const struct planche_layer *layer = sizer->layer;
    bool known = false;
    sizer->why = "the sizes of its inputs differ";
    for (int i = 0; i < layer->input_count; i++) {
        const struct planche_shape *in = &sizer->shapes[layer->inputs[i]];
        if (sizer->graph->blobs[layer->inputs[i]].vector)
            continue;
        if (known && (in->height != out->height || in->width != out->width))
            return false;
        *out = *in;
        known = true;
    }
    return true;
}

static bool interp_size(struct sizer *sizer, struct planche_shape *out)
{
    const struct planche_layer *layer = sizer->layer;
    struct planche_shape in = *out;
    sizer->why = "the factor does not give whole sizes";
    return planche_interp_size(in.height, layer->factor_h, &out->height) &&
           planche_interp_size(in.width, layer->factor_w, &out->width);
}

static bool unshuffle_size(struct sizer *sizer, struct planche_shape *out)
{
    int factor = sizer->layer->shuffle;
    sizer->why = "its input's size is not a multiple of its factor";
    if (out->height % factor != 0 || out->width % factor != 0)
        return false;
    out->height /= factor;
    out->width /= factor;
    return true;
}

static bool pad_size(struct sizer *sizer, struct planche_shape *out)
{
    const struct planche_layer *layer = sizer->layer;
    out->height += layer->pad_top + layer->pad_bottom;
    out->width += layer->pad_left + layer->pad_right;
    return true;
}

static bool layer_size(struct sizer *sizer, struct planche_crop *cut, struct planche_shape *out)
{
    const struct planche_layer *layer = sizer->layer;
    *out = sizer->shapes[layer->inputs[0]];
    switch (layer->type) {
    case PLANCHE_LAYER_CONVOLUTION:
        out->height = planche_conv_size(out->height, layer->kernel_h, layer->stride_h,
                                        layer->dilation_h, layer->pad_top + layer->pad_bottom);
        out->width = planche_conv_size(out->width, layer->kernel_w, layer->stride_w,
                                       layer->dilation_w, layer->pad_left + layer->pad_right);
        return true;
    case PLANCHE_LAYER_DECONVOLUTION:
        out->height = planche_deconv_size(out->height, layer->kernel_h, layer->stride_h,
                                          layer->dilation_h, layer->pad_top + layer->pad_bottom);
        out->width = planche_deconv_size(out->width, layer->kernel_w, layer->stride_w,
                                         layer->dilation_w, layer->pad_left + layer->pad_right);
        return true;
    case PLANCHE_LAYER_SHUFFLE:
        out->height *= layer->shuffle;
        out->width *= layer->shuffle;
        return true;
    case PLANCHE_LAYER_UNSHUFFLE:
        return unshuffle_size(sizer, out);
    case PLANCHE_LAYER_PAD:
        return pad_size(sizer, out);
    case PLANCHE_LAYER_INTERP:
        return interp_size(sizer, out);
    case PLANCHE_LAYER_CROP:
        return crop_size(sizer, cut, out);
    case PLANCHE_LAYER_ATTENTION:
        sizer->why = "its windows do not divide its input";
        return planche_windows_fit(*out, layer->window);
    default:
        return joined_size(sizer, out);
    }
}

bool planche_graph_sizes(const struct planche_graph *graph, struct planche_shape input,
                         struct planche_shape *shapes, struct planche_crop *cuts, int *culprit,
                         const char **why)
{
    for (int i = 0; i < graph->order_count; i++) {
        const struct planche_layer *layer = &graph->layers[graph->order[i]];
        struct sizer sizer = {.graph = graph, .layer = layer, .shapes = shapes};
        struct planche_shape out = input;
        bool ok = true;
        if (graph->blobs[layer->outputs[0]].vector)
            continue;
        if (layer->type != PLANCHE_LAYER_INPUT)
            ok = layer_size(&sizer, &cuts[graph->order[i]], &out);
        if (ok && (out.height < 1 || out.width < 1 || out.height >= SIZE_LIMIT ||
                   out.width >= SIZE_LIMIT)) {
            sizer.why = "its result would be empty or too large";
            ok = false;
        }
        *culprit = graph->order[i];
        *why = sizer.why;
        if (!ok)
            return false;
        for (int j = 0; j < layer->output_count; j++)
            shapes[layer->outputs[j]] = out;
    }
    return true;
}
