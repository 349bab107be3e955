/* SPDX-License-Identifier: MIT */
/* Decoder of layers: what ncnn's types, numbered parameters and numbers of operations mean (ncnn's
 * "operators" documentation), as the graph's neutral attributes. */
#include "model/ncnn/format.h"

#include "base/status.h"

#include <float.h>
#include <limits.h>
#include <math.h>
#include <string.h>

#define CROP_ALL (-233) /* ncnn's "all there is" */

struct decoder {
    const struct planche_graph *graph;
    struct planche_layer *layer;
    const struct planche_ncnn_params *params;
    struct planche_error *error;
    enum planche_status status; /* the first failure */
};

static const struct planche_ncnn_param *find(const struct decoder *decoder, int id)
{
    const struct planche_ncnn_params *params = decoder->params;
    for (int i = 0; i < params->count; i++)
        if (params->list[i].id == id)
            return &params->list[i];
    return NULL;
}

static void bad_param(struct decoder *decoder, enum planche_status status, int id, const char *what)
{
    if (decoder->status == PLANCHE_OK)
        decoder->status = planche_layer_fail(decoder->graph, decoder->layer, status, decoder->error,
                                             "parameter %d %s", id, what);
}

static void unsupported(struct decoder *decoder, const char *what)
{
    if (decoder->status == PLANCHE_OK)
        decoder->status =
            planche_layer_fail(decoder->graph, decoder->layer, PLANCHE_ERROR_UNSUPPORTED,
                               decoder->error, "%s is not supported", what);
}

static int get_int(struct decoder *decoder, int id, int fallback, int min, int max)
{
    const struct planche_ncnn_param *param = find(decoder, id);
    if (param && (param->array || !param->integer))
        bad_param(decoder, PLANCHE_ERROR_MODEL, id, "must be an integer");
    else if (param && (param->values[0] < min || param->values[0] > max))
        bad_param(decoder, PLANCHE_ERROR_MODEL, id, "is out of range");
    else if (param)
        return (int)param->values[0];
    else if (fallback < min || fallback > max)
        bad_param(decoder, PLANCHE_ERROR_MODEL, id, "is missing");
    return fallback;
}

static float get_float(struct decoder *decoder, int id, float fallback)
{
    const struct planche_ncnn_param *param = find(decoder, id);
    if (!param)
        return fallback;
    if (param->array)
        bad_param(decoder, PLANCHE_ERROR_MODEL, id, "must be a number");
    else if (fabs(param->values[0]) > FLT_MAX)
        bad_param(decoder, PLANCHE_ERROR_MODEL, id, "is out of range");
    else
        return (float)param->values[0];
    return fallback;
}

/* The values of an array parameter and how many; NULL and 0 if it is not there. */
static const double *get_array(struct decoder *decoder, int id, int *count)
{
    const struct planche_ncnn_param *param = find(decoder, id);
    *count = 0;
    if (!param)
        return NULL;
    if (!param->array)
        bad_param(decoder, PLANCHE_ERROR_MODEL, id, "must be an array");
    *count = param->count;
    for (int i = 0; i < param->count; i++)
        if (fabs(param->values[i]) > FLT_MAX)
            bad_param(decoder, PLANCHE_ERROR_MODEL, id, "is out of range");
    return param->values;
}

/* By ncnn's number: the activation, and how many numbers it takes. */
static const struct {
    enum planche_activation activation;
    int needed;
} activations[] = {
    {PLANCHE_ACT_NONE, 0},      {PLANCHE_ACT_RELU, 0},    {PLANCHE_ACT_LEAKY, 1},
    {PLANCHE_ACT_CLIP, 2},      {PLANCHE_ACT_SIGMOID, 0}, {PLANCHE_ACT_MISH, 0},
    {PLANCHE_ACT_HARDSWISH, 2},
};
#define ACTIVATIONS ((int)(sizeof(activations) / sizeof(activations[0])))

static void get_activation(struct decoder *decoder)
{
    struct planche_layer *layer = decoder->layer;
    int count, type = get_int(decoder, 9, 0, 0, INT_MAX);
    const double *values = get_array(decoder, 10, &count);
    if (type >= ACTIVATIONS) {
        unsupported(decoder, "this activation (parameter 9)");
        return;
    }
    if (count < activations[type].needed)
        bad_param(decoder, PLANCHE_ERROR_MODEL, 10, "lacks the activation's numbers");
    layer->activation = activations[type].activation;
    for (int i = 0; decoder->status == PLANCHE_OK && i < activations[type].needed; i++)
        layer->act[i] = (float)values[i];
    if (layer->activation == PLANCHE_ACT_HARDSWISH && layer->act[0] == 0)
        bad_param(decoder, PLANCHE_ERROR_MODEL, 10, "makes the activation divide by zero");
}

static void get_kernel(struct decoder *decoder)
{
    struct planche_layer *layer = decoder->layer;
    layer->channels = get_int(decoder, 0, 0, 1, PLANCHE_GRAPH_CHANNELS);
    layer->kernel_w = get_int(decoder, 1, 0, 1, PLANCHE_GRAPH_KERNEL);
    layer->kernel_h = get_int(decoder, 11, layer->kernel_w, 1, PLANCHE_GRAPH_KERNEL);
    layer->dilation_w = get_int(decoder, 2, 1, 1, PLANCHE_GRAPH_KERNEL);
    layer->dilation_h = get_int(decoder, 12, layer->dilation_w, 1, PLANCHE_GRAPH_KERNEL);
    layer->stride_w = get_int(decoder, 3, 1, 1, PLANCHE_GRAPH_KERNEL);
    layer->stride_h = get_int(decoder, 13, layer->stride_w, 1, PLANCHE_GRAPH_KERNEL);
    layer->has_bias = get_int(decoder, 5, 0, 0, 1);
    layer->weight_count = (size_t)get_int(decoder, 6, 0, 1, INT_MAX);
    get_activation(decoder);
}

/* A padding; ncnn's negative numbers mean "same", which depends on the size. */
static int get_pad(struct decoder *decoder, int id, int fallback)
{
    int pad = get_int(decoder, id, fallback, INT_MIN, 1024);
    if (pad == -233 || pad == -234)
        unsupported(decoder, "automatic padding");
    else if (pad < 0)
        bad_param(decoder, PLANCHE_ERROR_MODEL, id, "is out of range");
    return pad;
}

static void get_pads(struct decoder *decoder)
{
    struct planche_layer *layer = decoder->layer;
    layer->pad_left = get_pad(decoder, 4, 0);
    layer->pad_top = get_pad(decoder, 14, layer->pad_left);
    layer->pad_right = get_pad(decoder, 15, layer->pad_left);
    layer->pad_bottom = get_pad(decoder, 16, layer->pad_top);
}

static void decode_input(struct decoder *decoder)
{
    /* The width and height of an Input are hints. */
    decoder->layer->channels = get_int(decoder, 2, 0, 0, PLANCHE_GRAPH_CHANNELS);
}

static void decode_nothing(struct decoder *decoder)
{
    (void)decoder;
}

static void decode_convolution(struct decoder *decoder)
{
    get_kernel(decoder);
    get_pads(decoder);
    if (get_int(decoder, 8, 0, INT_MIN, INT_MAX) != 0)
        unsupported(decoder, "an int8 layer");
    if (get_float(decoder, 18, 0) != 0)
        unsupported(decoder, "padding with anything but zero");
    if (get_int(decoder, 19, 0, INT_MIN, INT_MAX) != 0)
        unsupported(decoder, "a kernel that is computed");
}

/* A kernel in groups; with as many as channels, each of them by itself. */
static void decode_groups(struct decoder *decoder)
{
    decoder->layer->groups = get_int(decoder, 7, 1, 1, PLANCHE_GRAPH_CHANNELS);
}

static void decode_depthwise(struct decoder *decoder)
{
    decode_convolution(decoder);
    decode_groups(decoder);
}

static void decode_deconvolution(struct decoder *decoder)
{
    struct planche_layer *layer = decoder->layer;
    int right = get_int(decoder, 18, 0, 0, 1024);
    int bottom = get_int(decoder, 19, right, 0, 1024);
    get_kernel(decoder);
    get_pads(decoder);
    if (get_int(decoder, 20, 0, INT_MIN, INT_MAX) || get_int(decoder, 21, 0, INT_MIN, INT_MAX))
        unsupported(decoder, "a fixed output size");
    if (get_int(decoder, 28, 0, INT_MIN, INT_MAX) != 0)
        unsupported(decoder, "a kernel that is computed");
    /* Output padding gives back what the padding at the far edges cut away. */
    layer->pad_right -= right;
    layer->pad_bottom -= bottom;
    if (layer->pad_right < 0 || layer->pad_bottom < 0)
        unsupported(decoder, "output padding beyond the padding");
}

static void decode_depthwise_deconvolution(struct decoder *decoder)
{
    decode_deconvolution(decoder);
    decode_groups(decoder);
}

/* Numbers of one page: one for all pixels, or one for each channel. Sizes count only if they are
 * those. */
static void decode_memory(struct decoder *decoder)
{
    struct planche_layer *layer = decoder->layer;
    int width = get_int(decoder, 0, 0, 0, PLANCHE_GRAPH_CHANNELS);
    int height = get_int(decoder, 1, 0, 0, INT_MAX);
    int channels = get_int(decoder, 2, 0, 0, PLANCHE_GRAPH_CHANNELS);
    bool list = height == 0 && channels == 0;
    if (get_int(decoder, 11, 0, 0, INT_MAX) > 1 || (!list && (width != 1 || height != 1)))
        unsupported(decoder, "a constant with rows and columns");
    if (get_int(decoder, 21, 1, INT_MIN, INT_MAX) != 1)
        unsupported(decoder, "a constant that is not of plain floats (parameter 21)");
    layer->channels = list ? width : channels;
    if (layer->channels < 1)
        bad_param(decoder, PLANCHE_ERROR_MODEL, 2, "is out of range");
    layer->data_count = (size_t)layer->channels;
}

static void decode_prelu(struct decoder *decoder)
{
    decoder->layer->data_count = (size_t)get_int(decoder, 0, 0, 1, PLANCHE_GRAPH_CHANNELS);
}

/* By ncnn's number; -1: not supported (the power). */
static const int binary_ops[] = {
    PLANCHE_BINARY_ADD,
    PLANCHE_BINARY_SUB,
    PLANCHE_BINARY_MUL,
    PLANCHE_BINARY_DIV,
    PLANCHE_BINARY_MAX,
    PLANCHE_BINARY_MIN,
    -1,
    PLANCHE_BINARY_RSUB,
    PLANCHE_BINARY_RDIV,
};
#define BINARY_OPS ((int)(sizeof(binary_ops) / sizeof(binary_ops[0])))

static void decode_binary(struct decoder *decoder)
{
    struct planche_layer *layer = decoder->layer;
    int op = get_int(decoder, 0, 0, 0, INT_MAX);
    layer->with_scalar = get_int(decoder, 1, 0, 0, 1);
    layer->scalar = get_float(decoder, 2, 0);
    if (op >= BINARY_OPS || binary_ops[op] < 0)
        unsupported(decoder, "this operation (parameter 0)");
    else
        layer->binary = (enum planche_binary_op)binary_ops[op];
    if (layer->input_count != (layer->with_scalar ? 1 : 2))
        bad_param(decoder, PLANCHE_ERROR_MODEL, 1, "does not fit the number of inputs");
}

static void decode_eltwise(struct decoder *decoder)
{
    static const enum planche_binary_op ops[] = {PLANCHE_BINARY_MUL, PLANCHE_BINARY_ADD,
                                                 PLANCHE_BINARY_MAX};
    struct planche_layer *layer = decoder->layer;
    int count;
    layer->binary = ops[get_int(decoder, 0, 0, 0, 2)];
    layer->coefficients = get_array(decoder, 1, &count);
    if (count == 0)
        layer->coefficients = NULL;
    else if (layer->binary == PLANCHE_BINARY_ADD && count != layer->input_count)
        bad_param(decoder, PLANCHE_ERROR_MODEL, 1, "must have one coefficient per input");
}

static void decode_concat(struct decoder *decoder)
{
    int axis = get_int(decoder, 0, 0, INT_MIN, INT_MAX);
    if (axis != 0 && axis != -3)
        unsupported(decoder, "joining along another axis than the channels");
}

static void decode_slices(struct decoder *decoder, const double *starts, const double *ends,
                          const double *axes, int count)
{
    for (int i = 0; i < count; i++) {
        int axis = axes ? (int)fmax(fmin(axes[i], 99), -99) : i;
        struct planche_crop_axis slice = {.start = (int)fmax(fmin(starts[i], INT_MAX), -INT_MAX),
                                          .end = (int)fmax(fmin(ends[i], INT_MAX), -INT_MAX)};
        if (slice.start == CROP_ALL)
            slice.start = 0;
        if (slice.end == CROP_ALL)
            slice.end = 0;
        axis += axis < 0 ? 3 : 0;
        if (axis < 0 || axis > 2)
            bad_param(decoder, PLANCHE_ERROR_MODEL, 11, "is not an axis");
        else if (axis == 0 && (slice.start != 0 || slice.end != 0))
            unsupported(decoder, "cropping channels");
        else if (axis > 0)
            *(axis == 1 ? &decoder->layer->crop_y : &decoder->layer->crop_x) = slice;
    }
}

static void decode_crop_offsets(struct decoder *decoder)
{
    struct planche_layer *layer = decoder->layer;
    int width = get_int(decoder, 3, 0, CROP_ALL, INT_MAX);
    int height = get_int(decoder, 4, 0, CROP_ALL, INT_MAX);
    int channels = get_int(decoder, 5, 0, CROP_ALL, INT_MAX);
    layer->crop_x = (struct planche_crop_axis){.start = get_int(decoder, 0, 0, 0, INT_MAX),
                                               .end = -get_int(decoder, 6, 0, 0, INT_MAX),
                                               .size = width > 0 ? width : 0};
    layer->crop_y = (struct planche_crop_axis){.start = get_int(decoder, 1, 0, 0, INT_MAX),
                                               .end = -get_int(decoder, 7, 0, 0, INT_MAX),
                                               .size = height > 0 ? height : 0};
    if (get_int(decoder, 2, 0, INT_MIN, INT_MAX) || get_int(decoder, 8, 0, INT_MIN, INT_MAX))
        unsupported(decoder, "cropping channels");
    layer->crop_to_reference = layer->input_count == 2;
    if (layer->crop_to_reference)
        return;
    if (channels > 0)
        unsupported(decoder, "cropping channels");
    if (!width || !height || (width < 0 && width != CROP_ALL) || (height < 0 && height != CROP_ALL))
        bad_param(decoder, PLANCHE_ERROR_MODEL, width ? 4 : 3,
                  "must be a size or -233 (up to the edge)");
}

static void decode_crop(struct decoder *decoder)
{
    int starts_count, ends_count, axes_count;
    const double *starts = get_array(decoder, 9, &starts_count);
    const double *ends = get_array(decoder, 10, &ends_count);
    const double *axes = get_array(decoder, 11, &axes_count);
    if (!starts_count || !ends_count) {
        decode_crop_offsets(decoder);
        return;
    }
    if (decoder->layer->input_count != 1)
        bad_param(decoder, PLANCHE_ERROR_MODEL, 9, "does not go with a second input");
    if (starts_count != ends_count || (axes_count ? axes_count : 3) != starts_count)
        bad_param(decoder, PLANCHE_ERROR_MODEL, 9,
                  "must have as many elements as parameters 10 and 11");
    else
        decode_slices(decoder, starts, ends, axes_count ? axes : NULL, starts_count);
}

static void decode_interp(struct decoder *decoder)
{
    static const enum planche_interp_mode modes[] = {
        PLANCHE_INTERP_NEAREST, PLANCHE_INTERP_BILINEAR, PLANCHE_INTERP_BICUBIC};
    struct planche_layer *layer = decoder->layer;
    int mode = get_int(decoder, 0, 0, INT_MIN, INT_MAX);
    layer->factor_h = get_float(decoder, 1, 1);
    layer->factor_w = get_float(decoder, 2, 1);
    if (mode < 1 || mode > 3)
        unsupported(decoder, "this interpolation (parameter 0)");
    else
        layer->interp = modes[mode - 1];
    if (get_int(decoder, 3, 0, INT_MIN, INT_MAX) || get_int(decoder, 4, 0, INT_MIN, INT_MAX))
        unsupported(decoder, "a fixed output size");
    if (get_int(decoder, 5, 0, INT_MIN, INT_MAX))
        unsupported(decoder, "a size that is computed");
    if (get_int(decoder, 6, 0, 0, 1))
        layer->place = PLANCHE_INTERP_ALIGN_CORNERS;
    if (layer->place && mode == 1)
        unsupported(decoder, "aligning corners of the nearest pixel");
    if (!(layer->factor_h >= 0.0625f && layer->factor_h <= 16 && layer->factor_w >= 0.0625f &&
          layer->factor_w <= 16))
        bad_param(decoder, PLANCHE_ERROR_MODEL, 1, "or 2 is out of range (1/16 to 16)");
}

static void decode_shuffle(struct decoder *decoder)
{
    decoder->layer->shuffle = get_int(decoder, 0, 1, 1, 16);
    decoder->layer->position_major = get_int(decoder, 1, 0, 0, 1);
}

static void decode_pooling(struct decoder *decoder)
{
    if (get_int(decoder, 0, 0, INT_MIN, INT_MAX) != 1 || get_int(decoder, 4, 0, 0, 1) != 1)
        unsupported(decoder, "pooling other than the global average");
}

static void decode_inner(struct decoder *decoder)
{
    struct planche_layer *layer = decoder->layer;
    layer->channels = get_int(decoder, 0, 0, 1, PLANCHE_GRAPH_CHANNELS);
    layer->has_bias = get_int(decoder, 1, 0, 0, 1);
    layer->weight_count = (size_t)get_int(decoder, 2, 0, 1, INT_MAX);
    if (get_int(decoder, 8, 0, INT_MIN, INT_MAX) != 0)
        unsupported(decoder, "an int8 layer");
    get_activation(decoder);
}

static void decode_scale(struct decoder *decoder)
{
    struct planche_layer *layer = decoder->layer;
    int size = get_int(decoder, 0, 0, CROP_ALL, PLANCHE_GRAPH_CHANNELS);
    layer->has_bias = get_int(decoder, 1, 0, 0, 1);
    if (layer->input_count == 2) {
        if (size != CROP_ALL)
            bad_param(decoder, PLANCHE_ERROR_MODEL, 0, "must be -233 with a second input");
        if (layer->has_bias)
            unsupported(decoder, "a bias with a second input");
    } else if (size < 1) {
        bad_param(decoder, PLANCHE_ERROR_MODEL, 0, "is out of range");
    } else {
        layer->data_count = (size_t)size;
        layer->channels = size;
    }
}

static void decode_relu(struct decoder *decoder)
{
    struct planche_layer *layer = decoder->layer;
    layer->act[0] = get_float(decoder, 0, 0);
    layer->activation = layer->act[0] == 0 ? PLANCHE_ACT_RELU : PLANCHE_ACT_LEAKY;
}

static void decode_clip(struct decoder *decoder)
{
    decoder->layer->activation = PLANCHE_ACT_CLIP;
    decoder->layer->act[0] = get_float(decoder, 0, -FLT_MAX);
    decoder->layer->act[1] = get_float(decoder, 1, FLT_MAX);
}

static void decode_sigmoid(struct decoder *decoder)
{
    decoder->layer->activation = PLANCHE_ACT_SIGMOID;
}

static void decode_swish(struct decoder *decoder)
{
    decoder->layer->activation = PLANCHE_ACT_SILU;
}

static void decode_mish(struct decoder *decoder)
{
    decoder->layer->activation = PLANCHE_ACT_MISH;
}

static void decode_tanh(struct decoder *decoder)
{
    decoder->layer->activation = PLANCHE_ACT_TANH;
}

static void decode_gelu(struct decoder *decoder)
{
    bool fast = get_int(decoder, 0, 0, 0, 1);
    decoder->layer->activation = fast ? PLANCHE_ACT_GELU_TANH : PLANCHE_ACT_GELU;
}

static void decode_elu(struct decoder *decoder)
{
    decoder->layer->activation = PLANCHE_ACT_ELU;
    decoder->layer->act[0] = get_float(decoder, 0, 0.1f);
}

/* Slope and offset of what is cut at 0 and 1. */
static void decode_hard(struct decoder *decoder)
{
    struct planche_layer *layer = decoder->layer;
    bool swish = strcmp(layer->type_name, "HardSwish") == 0;
    layer->activation = swish ? PLANCHE_ACT_HARDSWISH : PLANCHE_ACT_HARDSIGMOID;
    layer->act[0] = get_float(decoder, 0, 0.2f);
    layer->act[1] = get_float(decoder, 1, 0.5f);
    if (!(layer->act[0] > 0))
        bad_param(decoder, PLANCHE_ERROR_MODEL, 0, "is out of range");
}

static void decode_padding(struct decoder *decoder)
{
    static const enum planche_pad_mode modes[] = {PLANCHE_PAD_ZERO, PLANCHE_PAD_EDGE,
                                                  PLANCHE_PAD_REFLECT};
    struct planche_layer *layer = decoder->layer;
    layer->pad_top = get_int(decoder, 0, 0, 0, 1024);
    layer->pad_bottom = get_int(decoder, 1, 0, 0, 1024);
    layer->pad_left = get_int(decoder, 2, 0, 0, 1024);
    layer->pad_right = get_int(decoder, 3, 0, 0, 1024);
    layer->pad_mode = modes[get_int(decoder, 4, 0, 0, 2)];
    if (get_float(decoder, 5, 0) != 0)
        unsupported(decoder, "padding with anything but zero");
}

/* The last output may have all channels that are left. A layer for each output is made of it
 * (param.c). */
static void decode_slice(struct decoder *decoder)
{
    const struct planche_layer *layer = decoder->layer;
    int count, axis = get_int(decoder, 1, 0, -3, 3);
    const double *channels = get_array(decoder, 0, &count);
    if (axis != 0 && axis != -3)
        unsupported(decoder, "a slice of rows or columns");
    if (!channels || count != layer->output_count)
        bad_param(decoder, PLANCHE_ERROR_MODEL, 0, "must have the channels of each output");
    for (int i = 0; channels && decoder->status == PLANCHE_OK && i < count; i++)
        if (!(channels[i] >= 1 && channels[i] <= PLANCHE_GRAPH_CHANNELS) &&
            (channels[i] != CROP_ALL || i + 1 < count))
            bad_param(decoder, PLANCHE_ERROR_MODEL, 0, "has a number of channels that is none");
}

static void decode_layer_norm(struct decoder *decoder)
{
    struct planche_layer *layer = decoder->layer;
    layer->norm = PLANCHE_NORM_LAYER;
    layer->channels = get_int(decoder, 0, 0, 1, PLANCHE_GRAPH_CHANNELS);
    layer->eps = get_float(decoder, 1, 0.001f);
    layer->has_bias = get_int(decoder, 2, 1, 0, 1);
    layer->data_count = layer->has_bias ? (size_t)layer->channels : 0;
    if (!(layer->eps > 0))
        bad_param(decoder, PLANCHE_ERROR_MODEL, 1, "must be greater than zero");
}

/* How a picture's axes lie, by the number of the Permute that has turned them. */
enum {
    PLAIN = 0,
    TURNED_CWH = 3, /* channels are columns, columns rows, rows channels */
    TURNED_BACK = 4,
    TURNED_CHW = 5, /* channels and columns are exchanged, which undoes itself */
    NORMED = 8      /* added: the columns have been normalised */
};

static int turn_of(const struct planche_graph *graph, int blob)
{
    int producer = graph->blobs[blob].producer;
    return producer < 0 ? PLAIN : graph->layers[producer].turned;
}

/* The channels of a pixel lie along the rows only for a LayerNorm, which is then over them. */
static void decode_permute(struct decoder *decoder)
{
    struct planche_layer *layer = decoder->layer;
    int order = get_int(decoder, 0, 0, 0, 5), turned = turn_of(decoder->graph, layer->inputs[0]);
    if (turned == PLAIN && (order == TURNED_CWH || order == TURNED_CHW))
        layer->turned = order;
    else if (!(turned == NORMED + TURNED_CWH && order == TURNED_BACK) &&
             !(turned == NORMED + TURNED_CHW && order == TURNED_CHW))
        unsupported(decoder, "an order of axes other than before and behind a LayerNorm");
}

/* All others read pictures that are as they were, or are again. */
static void check_turned(struct decoder *decoder)
{
    struct planche_layer *layer = decoder->layer;
    bool norm = strcmp(layer->type_name, "LayerNorm") == 0;
    if (strcmp(layer->type_name, "Permute") == 0)
        return;
    for (int i = 0; i < layer->input_count; i++) {
        int turned = turn_of(decoder->graph, layer->inputs[i]);
        if (norm && (turned == TURNED_CWH || turned == TURNED_CHW))
            layer->turned = NORMED + turned;
        else if (norm)
            unsupported(decoder, "normalisation of rows");
        else if (turned != PLAIN)
            unsupported(decoder, "reading a picture whose axes a Permute has exchanged");
    }
}

#define ID(id) (UINT32_C(1) << (id))
/* Hints that later versions of ncnn write: the shapes of blobs, and features not to be used. */
#define HINTS (ID(30) | ID(31))
#define CONV_IDS                                                                                   \
    (ID(0) | ID(1) | ID(2) | ID(3) | ID(4) | ID(5) | ID(6) | ID(9) | ID(10) | ID(11) | ID(12) |    \
     ID(13) | ID(14) | ID(15) | ID(16) | ID(18) | ID(19))

/* A layer type: which parameter ids it knows, and its numbers of inputs and outputs. */
struct kind {
    const char *name;
    enum planche_layer_type type;
    uint32_t ids;
    int min_inputs, max_inputs;
    void (*decode)(struct decoder *decoder);
};

static const struct kind kinds[] = {
    {"Input", PLANCHE_LAYER_INPUT, ID(0) | ID(1) | ID(2), 0, 0, decode_input},
    {"Split", PLANCHE_LAYER_SPLIT, 0, 1, 1, decode_nothing},
    {"Convolution", PLANCHE_LAYER_CONVOLUTION, CONV_IDS | ID(8) | ID(17), 1, 1, decode_convolution},
    {"Deconvolution", PLANCHE_LAYER_DECONVOLUTION, CONV_IDS | ID(20) | ID(21) | ID(28), 1, 1,
     decode_deconvolution},
    {"ConvolutionDepthWise", PLANCHE_LAYER_CONVOLUTION, CONV_IDS | ID(7) | ID(8) | ID(17), 1, 1,
     decode_depthwise},
    {"DeconvolutionDepthWise", PLANCHE_LAYER_DECONVOLUTION,
     CONV_IDS | ID(7) | ID(20) | ID(21) | ID(28), 1, 1, decode_depthwise_deconvolution},
    {"MemoryData", PLANCHE_LAYER_CONSTANT, ID(0) | ID(1) | ID(2) | ID(11) | ID(21), 0, 0,
     decode_memory},
    {"Padding", PLANCHE_LAYER_PAD, ID(0) | ID(1) | ID(2) | ID(3) | ID(4) | ID(5), 1, 1,
     decode_padding},
    {"Reorg", PLANCHE_LAYER_UNSHUFFLE, ID(0) | ID(1), 1, 1, decode_shuffle},
    {"Slice", PLANCHE_LAYER_SLICE, ID(0) | ID(1), 1, 1, decode_slice},
    {"LayerNorm", PLANCHE_LAYER_NORM, ID(0) | ID(1) | ID(2), 1, 1, decode_layer_norm},
    {"Permute", PLANCHE_LAYER_SPLIT, ID(0), 1, 1, decode_permute},
    {"PReLU", PLANCHE_LAYER_PRELU, ID(0), 1, 1, decode_prelu},
    {"BinaryOp", PLANCHE_LAYER_BINARY, ID(0) | ID(1) | ID(2), 1, 2, decode_binary},
    {"Eltwise", PLANCHE_LAYER_ELTWISE, ID(0) | ID(1), 2, PLANCHE_GRAPH_INPUTS, decode_eltwise},
    {"Concat", PLANCHE_LAYER_CONCAT, ID(0), 1, PLANCHE_GRAPH_INPUTS, decode_concat},
    {"Crop", PLANCHE_LAYER_CROP, ID(12) - 1, 1, 2, decode_crop},
    {"Interp", PLANCHE_LAYER_INTERP, ID(7) - 1, 1, 1, decode_interp},
    {"PixelShuffle", PLANCHE_LAYER_SHUFFLE, ID(0) | ID(1), 1, 1, decode_shuffle},
    /* A global pooling ignores the window's parameters. */
    {"Pooling", PLANCHE_LAYER_POOLING, ID(19) - 1, 1, 1, decode_pooling},
    {"InnerProduct", PLANCHE_LAYER_INNER, ID(0) | ID(1) | ID(2) | ID(8) | ID(9) | ID(10), 1, 1,
     decode_inner},
    {"Scale", PLANCHE_LAYER_SCALE, ID(0) | ID(1), 1, 2, decode_scale},
    {"ReLU", PLANCHE_LAYER_ACTIVATION, ID(0), 1, 1, decode_relu},
    {"Clip", PLANCHE_LAYER_ACTIVATION, ID(0) | ID(1), 1, 1, decode_clip},
    {"Sigmoid", PLANCHE_LAYER_ACTIVATION, 0, 1, 1, decode_sigmoid},
    {"Swish", PLANCHE_LAYER_ACTIVATION, 0, 1, 1, decode_swish},
    {"Mish", PLANCHE_LAYER_ACTIVATION, 0, 1, 1, decode_mish},
    {"TanH", PLANCHE_LAYER_ACTIVATION, 0, 1, 1, decode_tanh},
    {"GELU", PLANCHE_LAYER_ACTIVATION, ID(0), 1, 1, decode_gelu},
    {"ELU", PLANCHE_LAYER_ACTIVATION, ID(0), 1, 1, decode_elu},
    {"HardSigmoid", PLANCHE_LAYER_ACTIVATION, ID(0) | ID(1), 1, 1, decode_hard},
    {"HardSwish", PLANCHE_LAYER_ACTIVATION, ID(0) | ID(1), 1, 1, decode_hard},
};

/* A parameter that we do not know could change what the layer means, unless it is off. */
static void check_ids(struct decoder *decoder, const struct kind *kind)
{
    for (int i = 0; i < decoder->params->count; i++) {
        const struct planche_ncnn_param *param = &decoder->params->list[i];
        bool known = ((kind->ids | HINTS) & ID(param->id)) != 0;
        if (!known && (param->array || param->values[0] != 0))
            bad_param(decoder, PLANCHE_ERROR_UNSUPPORTED, param->id,
                      "is not supported for this type of layer");
    }
}

static void check_counts(struct decoder *decoder, const struct kind *kind)
{
    const struct planche_layer *layer = decoder->layer;
    bool split = kind->decode == decode_nothing || kind->decode == decode_slice;
    if (layer->input_count < kind->min_inputs || layer->input_count > kind->max_inputs ||
        (!split && layer->output_count != 1))
        decoder->status =
            planche_layer_fail(decoder->graph, layer, PLANCHE_ERROR_MODEL, decoder->error,
                               "%d inputs and %d outputs do not fit this type of layer",
                               layer->input_count, layer->output_count);
}

enum planche_status planche_ncnn_decode(const struct planche_graph *graph,
                                        struct planche_layer *layer,
                                        const struct planche_ncnn_params *params,
                                        struct planche_error *error)
{
    struct decoder decoder = {.graph = graph, .layer = layer, .params = params, .error = error};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(kinds[i].name, layer->type_name) != 0)
            continue;
        layer->type = kinds[i].type;
        check_counts(&decoder, &kinds[i]);
        check_ids(&decoder, &kinds[i]);
        if (decoder.status == PLANCHE_OK)
            check_turned(&decoder);
        kinds[i].decode(&decoder);
        return decoder.status;
    }
    return planche_layer_fail(graph, layer, PLANCHE_ERROR_UNSUPPORTED, error,
                              "layers of this type are not supported");
}
