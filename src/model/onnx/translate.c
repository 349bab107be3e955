/* SPDX-License-Identifier: MIT */
/* Translation of the nodes that the output needs, in their order: what is known is folded, the rest
 * becomes layers. */
#include "model/onnx/state.h"

#include "base/status.h"

#include <string.h>

/* Nodes that compute something of the page. */
static const struct {
    const char *type;
    planche_onnx_handler *handler;
} handlers[] = {
    {"Conv", planche_onnx_conv},
    {"ConvTranspose", planche_onnx_conv_transpose},
    {"Gemm", planche_onnx_gemm},
    {"MatMul", planche_onnx_gemm},
    {"PRelu", planche_onnx_prelu},
    {"Relu", planche_onnx_activation},
    {"LeakyRelu", planche_onnx_activation},
    {"Sigmoid", planche_onnx_activation},
    {"Tanh", planche_onnx_activation},
    {"HardSigmoid", planche_onnx_activation},
    {"HardSwish", planche_onnx_activation},
    {"Mish", planche_onnx_activation},
    {"Neg", planche_onnx_activation},
    {"Swish", planche_onnx_activation},
    {"Elu", planche_onnx_activation},
    {"Gelu", planche_onnx_activation},
    {"GeluTanh", planche_onnx_activation},
    {"Clip", planche_onnx_clip},
    {"Add", planche_onnx_binary},
    {"Sub", planche_onnx_binary},
    {"Mul", planche_onnx_binary},
    {"Div", planche_onnx_binary},
    {"Max", planche_onnx_binary},
    {"Min", planche_onnx_binary},
    {"BatchNormalization", planche_onnx_batch_norm},
    {"LayerNormalization", planche_onnx_norm},
    {"ChannelNormalization", planche_onnx_norm},
    {"Concat", planche_onnx_concat},
    {"Split", planche_onnx_split},
    {"Slice", planche_onnx_slice},
    {"DepthToSpace", planche_onnx_depth_to_space},
    {"SpaceToDepth", planche_onnx_space_to_depth},
    {"Resize", planche_onnx_resize},
    {"Pad", planche_onnx_pad},
    {"GlobalAveragePool", planche_onnx_average},
    {"ReduceMean", planche_onnx_average},
    {"Identity", planche_onnx_alias},
    {"Cast", planche_onnx_alias},
    {"Dropout", planche_onnx_alias},
    {"Reshape", planche_onnx_reshape},
    {"Transpose", planche_onnx_reshape},
    {"Flatten", planche_onnx_reshape},
    {"Squeeze", planche_onnx_reshape},
    {"Unsqueeze", planche_onnx_reshape},
};

/* Nodes that are known but not built, with the reason. */
static const struct {
    const char *type, *why;
} refusals[] = {
    {"InstanceNormalization",
     "it needs the mean and the variance of the whole page, which is not supported"},
    {"GroupNormalization",
     "it needs the mean and the variance of the whole page, which is not supported"},
    {"Softmax", "attention is not supported"},
    {"MaxPool", "pooling other than the global average is not supported"},
    {"AveragePool", "pooling other than the global average is not supported"},
    {"GlobalMaxPool", "pooling other than the global average is not supported"},
    {"If", "branches and loops are not supported; export for inference, or simplify the model"},
    {"Loop", "branches and loops are not supported; export for inference, or simplify the model"},
    {"Scan", "branches and loops are not supported; export for inference, or simplify the model"},
    {"QuantizeLinear", "quantised networks are not supported; use the FLOAT or FLOAT16 model"},
    {"DequantizeLinear", "quantised networks are not supported; use the FLOAT or FLOAT16 model"},
    {"QLinearConv", "quantised networks are not supported; use the FLOAT or FLOAT16 model"},
    {"ConvInteger", "quantised networks are not supported; use the FLOAT or FLOAT16 model"},
};

static enum planche_status refuse(planche_onnx_t *t)
{
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
        if (strcmp(refusals[i].type, t->node->type) == 0)
            return planche_onnx_unsupported(t, "%s", refusals[i].why);
    return planche_onnx_unsupported(t, "nodes of this type are not supported");
}

static enum planche_status check_node(planche_onnx_t *t)
{
    const struct planche_onnx_node *node = t->node;
    if (*node->domain && strcmp(node->domain, "ai.onnx") != 0)
        return planche_onnx_unsupported(t, "nodes of the domain '%.60s' are not supported",
                                        node->domain);
    if (node->output_count < 1 || node->outputs[0] < 0)
        return planche_onnx_wrong(t, "it has no output");
    for (int i = 0; i < node->input_count; i++)
        if (node->inputs[i] >= 0 && t->values[node->inputs[i]].kind == PLANCHE_ONNX_NOTHING)
            return planche_onnx_wrong(t, "its input '%.80s' is made by nothing before it",
                                      planche_onnx_name(t->model, node->inputs[i]));
    return PLANCHE_OK;
}

static enum planche_status translate_node(planche_onnx_t *t)
{
    bool known = false;
    enum planche_status status = check_node(t);
    if (status == PLANCHE_OK && t->node->passes) {
        planche_onnx_set(t, planche_onnx_input(t, t->node->passes - 1));
        return PLANCHE_OK;
    }
    if (status == PLANCHE_OK)
        status = planche_onnx_fold(t, &known);
    if (status != PLANCHE_OK || known)
        return status;
    for (size_t i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++)
        if (strcmp(handlers[i].type, t->node->type) == 0) {
            const struct planche_onnx_value *first = planche_onnx_input(t, 0);
            if (!first)
                return planche_onnx_wrong(t, "it has no input");
            return handlers[i].handler(t);
        }
    return refuse(t);
}

/* What the output needs, against the arrows. Nodes stand after what they read. */
static void mark_live(planche_onnx_t *t)
{
    struct planche_onnx_model *model = t->model;
    t->uses[model->output.value] = 1;
    for (int i = model->node_count - 1; i >= 0; i--) {
        struct planche_onnx_node *node = &model->nodes[i];
        node->live = false;
        for (int j = 0; j < node->output_count; j++)
            node->live = node->live || (node->outputs[j] >= 0 && t->uses[node->outputs[j]]);
        for (int j = 0; node->live && j < node->input_count; j++)
            if (node->inputs[j] >= 0)
                t->uses[node->inputs[j]]++;
    }
}

/* An axis of the input: fixed, or a multiple of what is yet unknown. */
static struct planche_onnx_number axis_of(const planche_onnx_t *t, int64_t dim, bool rows)
{
    double multiple = t->multiple;
    if (dim > 0)
        return (struct planche_onnx_number){.base = (double)dim};
    return (struct planche_onnx_number){
        .base = 0, .rows = rows ? multiple : 0, .columns = rows ? 0 : multiple};
}

static enum planche_status add_input(planche_onnx_t *t)
{
    const struct planche_onnx_port *port = &t->model->input;
    enum planche_status status = PLANCHE_OK;
    struct planche_layer *layer;
    int channels = port->rank == 4 && port->dims[1] > 0 ? (int)port->dims[1] : 3;
    int value = port->value;
    t->end_value = value;
    t->end = (struct planche_onnx_node){.type = "Input",
                                        .name = planche_onnx_name(t->model, value),
                                        .output_count = 1,
                                        .outputs = &t->end_value};
    t->node = &t->end;
    if (port->rank == 4 && port->dims[1] > 4 && port->dims[3] > 0 && port->dims[3] <= 4)
        return planche_onnx_unsupported(t, "its channels come last (NHWC); only networks with the "
                                           "channels before the rows (NCHW) are supported");
    if (port->rank >= 0 && port->rank != 4)
        return planche_onnx_unsupported(t, "it has %d axes, not 4 (NCHW)", port->rank);
    if (port->rank == 4 && port->dims[0] > 1)
        return planche_onnx_unsupported(t, "it takes %lld pages at once, not one",
                                        (long long)port->dims[0]);
    layer = planche_onnx_layer(t, PLANCHE_LAYER_INPUT, -1, -1, &status);
    if (!layer)
        return status;
    layer->channels = channels;
    t->values[value] = (struct planche_onnx_value){
        .kind = PLANCHE_ONNX_PICTURE,
        .blob = layer->outputs[0],
        .channels = channels,
        .height = axis_of(t, port->rank == 4 ? port->dims[2] : -1, true),
        .width = axis_of(t, port->rank == 4 ? port->dims[3] : -1, false)};
    t->node = NULL;
    return PLANCHE_OK;
}

/* The output's blob is one that nothing reads. */
static enum planche_status add_output(planche_onnx_t *t)
{
    struct planche_onnx_value *value = &t->values[t->model->output.value];
    enum planche_status status = PLANCHE_OK;
    const char **names;
    int blob;
    t->end = (struct planche_onnx_node){
        .type = "Output", .name = planche_onnx_name(t->model, t->model->output.value)};
    t->node = &t->end;
    if (value->kind != PLANCHE_ONNX_PICTURE)
        return planche_onnx_unsupported(t, "it does not depend on the page");
    status = planche_onnx_blob(t, value, &blob);
    if (status != PLANCHE_OK)
        return status;
    names = planche_onnx_take(t, 2, sizeof(*names), &status);
    if (!names)
        return status;
    struct planche_layer *layer = planche_onnx_layer(t, PLANCHE_LAYER_SPLIT, blob, -1, &status);
    if (!layer)
        return status;
    names[0] = t->graph->blobs[layer->outputs[0]].name;
    t->graph->output_names = names;
    return PLANCHE_OK;
}

static enum planche_status begin(planche_onnx_t *t)
{
    enum planche_status status = PLANCHE_OK;
    size_t values = (size_t)t->model->names.blob_limit, layers;
    t->layer_limit = t->model->node_count * 8 + 8;
    if (t->layer_limit > PLANCHE_GRAPH_LAYERS)
        t->layer_limit = PLANCHE_GRAPH_LAYERS;
    layers = (size_t)t->layer_limit;
    t->graph->blob_limit = t->layer_limit + 1;
    t->graph->layers = planche_onnx_take(t, layers, sizeof(*t->graph->layers), &status);
    t->values = planche_onnx_take(t, values, sizeof(*t->values), &status);
    t->uses = planche_onnx_take(t, values, sizeof(*t->uses), &status);
    t->kernels = planche_onnx_take(t, layers, sizeof(*t->kernels), &status);
    return status;
}

enum planche_status planche_onnx_translate(planche_onnx_t *t)
{
    struct planche_onnx_model *model = t->model;
    enum planche_status status = begin(t);
    if (status != PLANCHE_OK)
        return status;
    if (model->input.value < 0 || model->output.value < 0)
        return planche_fail(model->error, PLANCHE_ERROR_MODEL, "%s: the network has no %s",
                            model->names.name, model->input.value < 0 ? "input" : "output");
    mark_live(t);
    planche_onnx_find_range(t);
    for (int i = 0; i < model->names.blob_count; i++)
        if (model->constants[i])
            t->values[i] = (struct planche_onnx_value){.kind = PLANCHE_ONNX_TENSOR,
                                                       .tensor = model->constants[i]};
    status = add_input(t);
    for (int i = 0; status == PLANCHE_OK && i < model->node_count; i++) {
        t->node = &model->nodes[i];
        if (t->node->live)
            status = translate_node(t);
    }
    return status == PLANCHE_OK ? add_output(t) : status;
}
