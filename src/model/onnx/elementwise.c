/* SPDX-License-Identifier: MIT */
/* Nodes that work number by number: activations, arithmetic with pictures and with constants,
 * normalisation with fixed statistics. */
#include "model/onnx/folding.h"

#include <float.h>
#include <math.h>
#include <string.h>

static enum planche_status finish(planche_onnx_t *t, const struct planche_layer *layer,
                                  const struct planche_onnx_value *like)
{
    const struct planche_onnx_value made = planche_onnx_made(layer, like);
    planche_onnx_set(t, &made);
    return PLANCHE_OK;
}

static enum planche_status add_scalar(planche_onnx_t *t, enum planche_binary_op op, float scalar,
                                      int *blob)
{
    enum planche_status status = PLANCHE_OK;
    struct planche_layer *layer = planche_onnx_layer(t, PLANCHE_LAYER_BINARY, *blob, -1, &status);
    if (!layer)
        return status;
    layer->binary = op;
    layer->with_scalar = true;
    layer->scalar = scalar;
    *blob = layer->outputs[0];
    return status;
}

static enum planche_status add_activation(planche_onnx_t *t, enum planche_activation activation,
                                          float a, float b, int *blob)
{
    enum planche_status status = PLANCHE_OK;
    struct planche_layer *layer =
        planche_onnx_layer(t, PLANCHE_LAYER_ACTIVATION, *blob, -1, &status);
    if (!layer)
        return status;
    layer->activation = activation;
    layer->act[0] = a;
    layer->act[1] = b;
    *blob = layer->outputs[0];
    return status;
}

/* Types of nodes with one input and one output, and the numbers of their activations. */
static const struct {
    const char *type;
    enum planche_activation activation;
    const char *names[2]; /* of attributes that hold the numbers, or NULL */
    float numbers[2];
} plain[] = {
    {"Relu", PLANCHE_ACT_RELU, {NULL, NULL}, {0, 0}},
    {"LeakyRelu", PLANCHE_ACT_LEAKY, {"alpha", NULL}, {0.01f, 0}},
    {"Sigmoid", PLANCHE_ACT_SIGMOID, {NULL, NULL}, {0, 0}},
    {"Tanh", PLANCHE_ACT_TANH, {NULL, NULL}, {0, 0}},
    {"HardSigmoid", PLANCHE_ACT_HARDSIGMOID, {"alpha", "beta"}, {0.2f, 0.5f}},
    {"HardSwish", PLANCHE_ACT_HARDSWISH, {NULL, NULL}, {(float)(1.0 / 6), 0.5f}},
    {"Mish", PLANCHE_ACT_MISH, {NULL, NULL}, {0, 0}},
    {"Swish", PLANCHE_ACT_SILU, {NULL, NULL}, {0, 0}},
    {"GeluTanh", PLANCHE_ACT_GELU_TANH, {NULL, NULL}, {0, 0}},
    {"Elu", PLANCHE_ACT_ELU, {"alpha", NULL}, {1, 0}},
};

static enum planche_status add_gelu(planche_onnx_t *t, int *blob)
{
    const char *mode = planche_onnx_text(t, "approximate", "none");
    bool tanh = strcmp(mode, "tanh") == 0;
    if (!tanh && strcmp(mode, "none") != 0)
        return planche_onnx_wrong(t, "approximate is '%.20s', which is none", mode);
    return add_activation(t, tanh ? PLANCHE_ACT_GELU_TANH : PLANCHE_ACT_GELU, 0, 0, blob);
}

enum planche_status planche_onnx_activation(planche_onnx_t *t)
{
    const char *type = t->node->type;
    struct planche_onnx_value value;
    int blob;
    enum planche_status status = planche_onnx_below(t, 0, &value, &blob);
    if (status == PLANCHE_OK && strcmp(type, "Neg") == 0)
        status = add_scalar(t, PLANCHE_BINARY_MUL, -1, &blob);
    if (status == PLANCHE_OK && strcmp(type, "Gelu") == 0)
        status = add_gelu(t, &blob);
    for (size_t i = 0; status == PLANCHE_OK && i < sizeof(plain) / sizeof(plain[0]); i++) {
        float numbers[2];
        if (strcmp(plain[i].type, type) != 0)
            continue;
        for (int j = 0; j < 2; j++)
            numbers[j] = plain[i].names[j]
                             ? planche_onnx_real(t, plain[i].names[j], plain[i].numbers[j])
                             : plain[i].numbers[j];
        if (plain[i].activation == PLANCHE_ACT_HARDSIGMOID && !(numbers[0] > 0))
            return planche_onnx_unsupported(t, "its alpha is not positive");
        status = add_activation(t, plain[i].activation, numbers[0], numbers[1], &blob);
    }
    value.blob = blob;
    planche_onnx_set(t, &value);
    return status;
}

static enum planche_status get_limit(planche_onnx_t *t, int index, const char *name, float *limit)
{
    enum planche_status status = PLANCHE_OK;
    const struct planche_onnx_tensor *tensor;
    if (planche_onnx_find_attribute(t->node, name)) {
        *limit = planche_onnx_real(t, name, *limit);
        return PLANCHE_OK;
    }
    if (!planche_onnx_input(t, index))
        return PLANCHE_OK;
    tensor = planche_onnx_operand(t, index, &status);
    if (!tensor)
        return status;
    if (tensor->count != 1 || !planche_onnx_is_constant(tensor->numbers[0]))
        return planche_onnx_unsupported(t, "its limits must be single numbers");
    *limit = (float)fmax(fmin(tensor->numbers[0].base, FLT_MAX), -FLT_MAX);
    return PLANCHE_OK;
}

enum planche_status planche_onnx_clip(planche_onnx_t *t)
{
    struct planche_onnx_value value;
    float low = -FLT_MAX, high = FLT_MAX;
    int blob;
    enum planche_status status = planche_onnx_below(t, 0, &value, &blob);
    if (status == PLANCHE_OK)
        status = get_limit(t, 1, "min", &low);
    if (status == PLANCHE_OK)
        status = get_limit(t, 2, "max", &high);
    if (status == PLANCHE_OK)
        status = add_activation(t, PLANCHE_ACT_CLIP, low, high, &blob);
    value.blob = blob;
    planche_onnx_set(t, &value);
    return status;
}

/* Whether a constant has one number, or one for each channel of a picture. */
static bool is_per_channel(const struct planche_onnx_tensor *tensor,
                           const struct planche_onnx_value *value)
{
    int rank, axis = planche_onnx_channel_axis(value, &rank);
    if (axis < 0 || tensor->rank > rank || tensor->count != (uint64_t)value->channels)
        return false;
    for (int i = 0; i < tensor->rank; i++) {
        bool channels = i + rank - tensor->rank == axis;
        if (tensor->dims[i] != (channels ? value->channels : 1))
            return false;
    }
    return true;
}

enum planche_status planche_onnx_prelu(planche_onnx_t *t)
{
    const struct planche_onnx_tensor *slopes = planche_onnx_constant(t, 1);
    struct planche_onnx_value value;
    struct planche_layer *layer;
    int blob;
    enum planche_status status = planche_onnx_picture(t, 0, &value, &blob);
    if (status != PLANCHE_OK)
        return status;
    if (!slopes)
        return planche_onnx_unsupported(t, "its slopes are computed from the page");
    if (slopes->count != 1 && !is_per_channel(slopes, &value))
        return planche_onnx_unsupported(t, "its slopes are not one for each of %d channels",
                                        value.channels);
    layer = planche_onnx_layer(t, PLANCHE_LAYER_PRELU, blob, -1, &status);
    if (!layer)
        return status;
    layer->data_count = (size_t)slopes->count;
    status = planche_onnx_values(t, slopes, &layer->data);
    finish(t, layer, &value);
    return status;
}

static enum planche_binary_op operation_of(const char *type, bool swapped)
{
    switch (type[0]) {
    case 'A':
        return PLANCHE_BINARY_ADD;
    case 'S':
        return swapped ? PLANCHE_BINARY_RSUB : PLANCHE_BINARY_SUB;
    case 'D':
        return swapped ? PLANCHE_BINARY_RDIV : PLANCHE_BINARY_DIV;
    default:
        break;
    }
    if (strcmp(type, "Max") == 0)
        return PLANCHE_BINARY_MAX;
    return strcmp(type, "Min") == 0 ? PLANCHE_BINARY_MIN : PLANCHE_BINARY_MUL;
}

/* A scale and an offset per channel, all 1 and 0 as yet. */
static struct planche_layer *add_scale(planche_onnx_t *t, int blob, int channels,
                                       enum planche_status *status)
{
    struct planche_layer *layer = planche_onnx_layer(t, PLANCHE_LAYER_SCALE, blob, -1, status);
    if (!layer)
        return NULL;
    layer->channels = channels;
    layer->has_bias = true;
    layer->data_count = (size_t)channels;
    layer->data = planche_calloc(t->graph->budget, (size_t)channels, sizeof(float));
    layer->bias = planche_calloc(t->graph->budget, (size_t)channels, sizeof(float));
    if (!layer->data || !layer->bias) {
        *status = planche_graph_no_memory(t->graph, t->model->error);
        return NULL;
    }
    for (int i = 0; i < channels; i++)
        layer->data[i] = 1;
    return layer;
}

static enum planche_status add_per_channel(planche_onnx_t *t, enum planche_binary_op op,
                                           const struct planche_onnx_tensor *tensor, int channels,
                                           int *blob)
{
    enum planche_status status = PLANCHE_OK;
    struct planche_layer *layer = add_scale(t, *blob, channels, &status);
    float *values;
    if (!layer)
        return status;
    status = planche_onnx_values(t, tensor, &values);
    for (int i = 0; status == PLANCHE_OK && i < channels; i++) {
        if (op == PLANCHE_BINARY_ADD || op == PLANCHE_BINARY_RSUB)
            layer->bias[i] = values[i];
        if (op == PLANCHE_BINARY_SUB)
            layer->bias[i] = -values[i];
        if (op == PLANCHE_BINARY_RSUB)
            layer->data[i] = -1;
        if (op == PLANCHE_BINARY_MUL)
            layer->data[i] = values[i];
        if (op == PLANCHE_BINARY_DIV)
            layer->data[i] = (float)(1.0 / values[i]);
        if (op == PLANCHE_BINARY_DIV && !isfinite(layer->data[i]))
            status = planche_onnx_wrong(t, "it divides by zero");
    }
    planche_free(values);
    *blob = layer->outputs[0];
    return status;
}

/* A picture and a constant, in either order. */
static enum planche_status with_constant(planche_onnx_t *t, int index)
{
    const struct planche_onnx_tensor *tensor = planche_onnx_constant(t, !index);
    enum planche_binary_op op = operation_of(t->node->type, index == 1);
    bool simple = op != PLANCHE_BINARY_MAX && op != PLANCHE_BINARY_MIN && op != PLANCHE_BINARY_RDIV;
    struct planche_onnx_value value;
    int blob;
    enum planche_status status = planche_onnx_below(t, index, &value, &blob);
    if (status != PLANCHE_OK)
        return status;
    if (tensor->count == 1 && tensor->rank <= 4) {
        const struct planche_onnx_tensor *known = planche_onnx_operand(t, !index, &status);
        if (!known)
            return status;
        if (!planche_onnx_is_constant(known->numbers[0]))
            return planche_onnx_sized(t, "the constant");
        if (!(fabs(known->numbers[0].base) <= FLT_MAX))
            return planche_onnx_wrong(t, "its constant is not finite");
        if (op == PLANCHE_BINARY_DIV && known->numbers[0].base == 0)
            return planche_onnx_wrong(t, "it divides by zero");
        status = add_scalar(t, op, (float)known->numbers[0].base, &blob);
    } else if (simple && is_per_channel(tensor, &value)) {
        status = add_per_channel(t, op, tensor, value.channels, &blob);
    } else {
        return planche_onnx_unsupported(t, "constants are supported as one number, or as one for "
                                           "each channel; this one has another shape");
    }
    value.blob = blob;
    planche_onnx_set(t, &value);
    return status;
}

/* Two pictures, or a picture and averages. */
static enum planche_status with_picture(planche_onnx_t *t)
{
    struct planche_onnx_value a = {0}, b = {0};
    struct planche_layer *layer;
    int first = -1, second = -1;
    bool below = planche_onnx_same_layout(planche_onnx_input(t, 0), planche_onnx_input(t, 1));
    enum planche_status status =
        (below ? planche_onnx_below : planche_onnx_picture)(t, 0, &a, &first);
    if (status == PLANCHE_OK)
        status = (below ? planche_onnx_below : planche_onnx_picture)(t, 1, &b, &second);
    if (status != PLANCHE_OK)
        return status;
    if (a.channels != b.channels)
        return planche_onnx_unsupported(t,
                                        "pictures of %d and %d channels: broadcasting is "
                                        "supported for constants and averages only",
                                        a.channels, b.channels);
    if (a.vector == b.vector &&
        !(planche_onnx_same(a.height, b.height) && planche_onnx_same(a.width, b.width)))
        return planche_onnx_sized(t, "whether its inputs are equally large");
    layer = planche_onnx_layer(t, PLANCHE_LAYER_BINARY, first, second, &status);
    if (!layer)
        return status;
    layer->binary = operation_of(t->node->type, false);
    if (below) {
        a.blob = layer->outputs[0];
        planche_onnx_set(t, &a);
        return PLANCHE_OK;
    }
    return finish(t, layer, a.vector || a.channels < b.channels ? &b : &a);
}

enum planche_status planche_onnx_binary(planche_onnx_t *t)
{
    if (t->node->input_count != 2 || !planche_onnx_input(t, 1))
        return planche_onnx_unsupported(t, "%d inputs instead of 2", t->node->input_count);
    if (planche_onnx_constant(t, 1))
        return with_constant(t, 0);
    if (planche_onnx_constant(t, 0))
        return with_constant(t, 1);
    return with_picture(t);
}

/* The mean and the variance of each pixel's channels: LayerNormalization of the last axis, which
 * must be the channels, or the same for the channels where they are. */
enum planche_status planche_onnx_norm(planche_onnx_t *t)
{
    bool named = strcmp(t->node->type, "LayerNormalization") == 0;
    const struct planche_onnx_tensor *lists[2] = {planche_onnx_constant(t, 1),
                                                  planche_onnx_constant(t, 2)};
    struct planche_onnx_value value;
    struct planche_layer *layer;
    int blob, rank, axis;
    enum planche_status status = planche_onnx_below(t, 0, &value, &blob);
    if (status != PLANCHE_OK)
        return status;
    int channels = planche_onnx_channel_axis(&value, &rank);
    if (value.vector || channels < 0 || (!named && channels != 1) ||
        (named && (!planche_onnx_axis(planche_onnx_integer(t, "axis", -1), rank, &axis) ||
                   axis != rank - 1 || channels != axis)))
        return planche_onnx_unsupported(t, "only the channels of each pixel can be normalised");
    if (named &&
        (!lists[0] || lists[0]->count != (uint64_t)value.channels ||
         (planche_onnx_input(t, 2) && (!lists[1] || lists[1]->count != (uint64_t)value.channels))))
        return planche_onnx_wrong(t, "its scales do not fit %d channels", value.channels);
    layer = planche_onnx_layer(t, PLANCHE_LAYER_NORM, blob, -1, &status);
    if (!layer)
        return status;
    layer->norm = PLANCHE_NORM_LAYER;
    layer->eps = planche_onnx_real(t, "epsilon", 1e-5f);
    if (!(layer->eps >= 0))
        return planche_onnx_wrong(t, "its epsilon is negative");
    if (named) {
        layer->channels = value.channels;
        layer->data_count = (size_t)value.channels;
        status = planche_onnx_values(t, lists[0], &layer->data);
    }
    if (status == PLANCHE_OK && named && lists[1])
        status = planche_onnx_values(t, lists[1], &layer->bias);
    layer->has_bias = layer->bias != NULL;
    value.blob = layer->outputs[0];
    planche_onnx_set(t, &value);
    return status;
}

static enum planche_status statistics(planche_onnx_t *t, int channels, float *lists[4])
{
    enum planche_status status = PLANCHE_OK;
    for (int i = 0; status == PLANCHE_OK && i < 4; i++) {
        const struct planche_onnx_tensor *tensor = planche_onnx_constant(t, 1 + i);
        if (!tensor)
            return planche_onnx_unsupported(t, "its statistics are not known at load");
        if (tensor->count != (uint64_t)channels)
            return planche_onnx_wrong(t, "its statistics do not fit %d channels", channels);
        status = planche_onnx_values(t, tensor, &lists[i]);
    }
    return status;
}

/* scale * (x - mean) / sqrt(variance + epsilon) + offset */
enum planche_status planche_onnx_batch_norm(planche_onnx_t *t)
{
    double epsilon = planche_onnx_real(t, "epsilon", 1e-5f);
    float *lists[4] = {NULL, NULL, NULL, NULL};
    struct planche_onnx_value value;
    struct planche_layer *layer = NULL;
    int blob;
    enum planche_status status = planche_onnx_picture(t, 0, &value, &blob);
    if (status == PLANCHE_OK && planche_onnx_integer(t, "training_mode", 0) != 0)
        status = planche_onnx_unsupported(t, "it is in training mode; export for inference");
    if (status == PLANCHE_OK)
        layer = add_scale(t, blob, value.channels, &status);
    if (layer)
        status = statistics(t, value.channels, lists);
    for (int i = 0; layer && status == PLANCHE_OK && i < value.channels; i++) {
        double scale = lists[0][i] / sqrt(lists[3][i] + epsilon);
        layer->data[i] = (float)scale;
        layer->bias[i] = (float)(lists[1][i] - lists[2][i] * scale);
        if (!isfinite(layer->data[i]) || !isfinite(layer->bias[i]))
            status = planche_onnx_wrong(t, "its statistics do not make finite numbers");
    }
    for (int i = 0; i < 4; i++)
        planche_free(lists[i]);
    return status == PLANCHE_OK ? finish(t, layer, &value) : status;
}

/* What changes nothing here: numbers of other types, training aids. */
enum planche_status planche_onnx_alias(planche_onnx_t *t)
{
    planche_onnx_set(t, planche_onnx_input(t, 0));
    return PLANCHE_OK;
}
