/* SPDX-License-Identifier: MIT */
/* Views become crops, input lists concatenations, residuals weighted sums. */
#include "net_export.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE 2048

struct exporter {
    const struct planche_net *net;
    struct random_graph *files;
    char *text;
    size_t text_size;
    int layers, temporaries;
};

__attribute__((format(printf, 2, 3))) static void put(struct exporter *exporter, const char *format,
                                                      ...)
{
    va_list args;
    exporter->text = realloc(exporter->text, exporter->text_size + LINE);
    va_start(args, format);
    exporter->text_size +=
        (size_t)vsnprintf(exporter->text + exporter->text_size, LINE, format, args);
    va_end(args);
}

/* Begins a layer's line: type, a name, the numbers of inputs and outputs. */
static void put_head(struct exporter *exporter, const char *type, int inputs)
{
    put(exporter, "%s l%d %d 1", type, exporter->layers++, inputs);
}

static void put_floats(struct exporter *exporter, const float *values, size_t count)
{
    struct random_graph *files = exporter->files;
    files->bin = realloc(files->bin, files->bin_size + count * 4 + 4);
    memcpy(files->bin + files->bin_size, values, count * 4);
    files->bin_size += count * 4;
}

static void put_tagged(struct exporter *exporter, const float *values, size_t count)
{
    const float tag = 0;
    put_floats(exporter, &tag, 1);
    put_floats(exporter, values, count);
}

/* A blob's name: tensors are t0, t1 ...; what lies between is x0, x1 ... */
struct name {
    char text[16];
};

static struct name tensor_name(int tensor)
{
    struct name name;
    snprintf(name.text, sizeof(name.text), "t%d", tensor);
    return name;
}

static struct name temporary(struct exporter *exporter)
{
    struct name name;
    snprintf(name.text, sizeof(name.text), "x%d", exporter->temporaries++);
    return name;
}

static struct name put_view(struct exporter *exporter, const struct planche_view *view)
{
    struct name in = tensor_name(view->tensor), out;
    if (!view->top && !view->left && !view->bottom && !view->right)
        return in;
    out = temporary(exporter);
    put_head(exporter, "Crop", 1);
    put(exporter, " %s %s 0=%d 1=%d 3=-233 4=-233 6=%d 7=%d\n", in.text, out.text, view->left,
        view->top, view->right, view->bottom);
    return out;
}

static struct name put_inputs(struct exporter *exporter, const struct planche_step *step)
{
    struct name *names = calloc((size_t)step->input_count, sizeof(*names)), out;
    for (int i = 0; i < step->input_count; i++)
        names[i] = put_view(exporter, &step->inputs[i]);
    out = names[0];
    if (step->input_count > 1) {
        out = temporary(exporter);
        put_head(exporter, "Concat", step->input_count);
        for (int i = 0; i < step->input_count; i++)
            put(exporter, " %s", names[i].text);
        put(exporter, " %s\n", out.text);
    }
    free(names);
    return out;
}

/* The sum of two blobs under a name. */
static void put_sum(struct exporter *exporter, const char *a, float self, const char *b,
                    float other, const char *out)
{
    put_head(exporter, "Eltwise", 2);
    put(exporter, " %s %s %s 0=1 -23301=2,%.9e,%.9e\n", a, b, out, (double)self, (double)other);
}

static int channels_of(const struct exporter *exporter, const struct planche_step *step)
{
    int channels = 0;
    for (int i = 0; i < step->input_count; i++)
        channels += exporter->net->tensors[step->inputs[i].tensor].channels;
    return channels;
}

static void put_activation(struct exporter *exporter, const struct planche_step *step,
                           struct name in, struct name out)
{
    int channels = exporter->net->tensors[step->output].channels;
    switch (step->activation) {
    case PLANCHE_ACT_SLOPES:
        put_head(exporter, "PReLU", 1);
        put(exporter, " %s %s 0=%d\n", in.text, out.text, channels);
        put_floats(exporter, step->slope, (size_t)channels);
        return;
    case PLANCHE_ACT_CLIP:
        put_head(exporter, "Clip", 1);
        put(exporter, " %s %s 0=%.9e 1=%.9e\n", in.text, out.text, (double)step->act[0],
            (double)step->act[1]);
        return;
    case PLANCHE_ACT_SIGMOID:
        put_head(exporter, "Sigmoid", 1);
        put(exporter, " %s %s\n", in.text, out.text);
        return;
    case PLANCHE_ACT_MISH:
    case PLANCHE_ACT_HARDSWISH:
    case PLANCHE_ACT_SILU:
    case PLANCHE_ACT_GELU:
    case PLANCHE_ACT_GELU_TANH:
    case PLANCHE_ACT_TANH:
    case PLANCHE_ACT_HARDSIGMOID:
    case PLANCHE_ACT_ELU:
        /* A layer of the reference's own. */
        put_head(exporter, "Activation", 1);
        put(exporter, " %s %s 9=%d -23310=2,%.9e,%.9e\n", in.text, out.text, (int)step->activation,
            (double)step->act[0], (double)step->act[1]);
        return;
    default:
        put_head(exporter, "ReLU", 1);
        put(exporter, " %s %s 0=%.9e\n", in.text, out.text,
            step->activation == PLANCHE_ACT_NONE    ? 1.0
            : step->activation == PLANCHE_ACT_LEAKY ? (double)step->act[0]
                                                    : 0.0);
    }
}

static void put_kernel(struct exporter *exporter, const struct planche_step *step)
{
    struct name in = put_inputs(exporter, step), out = temporary(exporter);
    int channels = exporter->net->tensors[step->output].channels;
    int groups = step->op == PLANCHE_STEP_DEPTHWISE ? channels : 1;
    size_t count = (size_t)channels * (size_t)(channels_of(exporter, step) / groups) *
                   (size_t)step->kernel_w * (size_t)step->kernel_h;
    put_head(exporter, step->op == PLANCHE_STEP_DECONV ? "Deconvolution" : "Convolution", 1);
    put(exporter, " %s %s 0=%d 1=%d 11=%d 2=%d 12=%d 3=%d 13=%d 4=%d 14=%d 15=%d 16=%d 5=%d 6=%zu",
        in.text, out.text, channels, step->kernel_w, step->kernel_h, step->dilation_w,
        step->dilation_h, step->stride_w, step->stride_h, step->pad_left, step->pad_top,
        step->pad_right, step->pad_bottom, step->bias != NULL, count);
    put(exporter, groups > 1 ? " 7=%d\n" : "\n", groups);
    put_tagged(exporter, step->weights, count);
    if (step->bias)
        put_floats(exporter, step->bias, (size_t)channels);
    for (int i = -1; i < step->residual_count; i++) {
        bool last = i + 1 == step->residual_count;
        struct name to = last ? tensor_name(step->output) : temporary(exporter);
        if (i < 0) {
            put_activation(exporter, step, out, to);
        } else {
            struct name other = put_view(exporter, &step->residuals[i].view);
            put_sum(exporter, out.text, step->residuals[i].self, other.text,
                    step->residuals[i].other, to.text);
        }
        out = to;
    }
}

static void put_inner(struct exporter *exporter, const struct planche_step *step)
{
    int channels = exporter->net->tensors[step->output].channels;
    size_t count = (size_t)channels * (size_t)channels_of(exporter, step);
    put_head(exporter, "InnerProduct", 1);
    put(exporter, " %s %s 0=%d 1=%d 2=%zu 9=%d -23310=2,%.9e,%.9e\n",
        tensor_name(step->inputs[0].tensor).text, tensor_name(step->output).text, channels,
        step->bias != NULL, count, (int)step->activation, (double)step->act[0],
        (double)step->act[1]);
    put_tagged(exporter, step->weights, count);
    if (step->bias)
        put_floats(exporter, step->bias, (size_t)channels);
}

static void put_channel(struct exporter *exporter, const struct planche_step *step)
{
    struct name in = put_inputs(exporter, step), out = tensor_name(step->output);
    size_t channels = (size_t)exporter->net->tensors[step->output].channels;
    if (step->scale || step->bias) {
        struct name scaled = temporary(exporter);
        put_head(exporter, "Scale", 1);
        put(exporter, " %s %s 0=%zu 1=%d\n", in.text, scaled.text, channels, step->bias != NULL);
        put_floats(exporter, step->scale, channels);
        if (step->bias)
            put_floats(exporter, step->bias, channels);
        in = scaled;
    }
    put_activation(exporter, step, in, out);
}

static void put_binary(struct exporter *exporter, const struct planche_step *step)
{
    struct name out = tensor_name(step->output), a = put_view(exporter, &step->inputs[0]), b;
    if (step->op == PLANCHE_STEP_BINARY_SCALAR) {
        put_head(exporter, "BinaryOp", 1);
        put(exporter, " %s %s 0=%d 1=1 2=%.9e\n", a.text, out.text, (int)step->binary,
            (double)step->scalar);
        return;
    }
    b = step->op == PLANCHE_STEP_BINARY ? put_view(exporter, &step->inputs[1])
                                        : tensor_name(step->vector);
    if (step->self != 1 || step->other != 1) {
        put_sum(exporter, a.text, step->self, b.text, step->other, out.text);
        return;
    }
    put_head(exporter, "BinaryOp", 2);
    put(exporter, " %s %s %s 0=%d\n", a.text, b.text, out.text, (int)step->binary);
}

static void put_norm(struct exporter *exporter, const struct planche_step *step, struct name in,
                     struct name out)
{
    size_t channels = (size_t)exporter->net->tensors[step->output].channels;
    float *scale = calloc(channels, sizeof(float)), *bias = calloc(channels, sizeof(float));
    for (size_t i = 0; i < channels; i++) {
        scale[i] = step->scale ? step->scale[i] : 1;
        bias[i] = step->bias ? step->bias[i] : 0;
    }
    put_head(exporter, "Norm", 1);
    put(exporter, " %s %s 0=%zu 1=%.9e 2=%d\n", in.text, out.text, channels, (double)step->eps,
        (int)step->norm);
    put_floats(exporter, scale, channels);
    put_floats(exporter, bias, channels);
    free(scale);
    free(bias);
}

static void put_step(struct exporter *exporter, const struct planche_step *step)
{
    struct name in, out = tensor_name(step->output);
    switch (step->op) {
    case PLANCHE_STEP_CONV:
    case PLANCHE_STEP_DECONV:
    case PLANCHE_STEP_DEPTHWISE:
        put_kernel(exporter, step);
        return;
    case PLANCHE_STEP_INNER:
        put_inner(exporter, step);
        return;
    case PLANCHE_STEP_CHANNEL:
        put_channel(exporter, step);
        return;
    case PLANCHE_STEP_BINARY:
    case PLANCHE_STEP_BINARY_SCALAR:
    case PLANCHE_STEP_BINARY_VECTOR:
        put_binary(exporter, step);
        return;
    default:
        break;
    }
    in = put_inputs(exporter, step);
    if (step->op == PLANCHE_STEP_CONCAT) {
        put_head(exporter, "Concat", 1);
        put(exporter, " %s %s\n", in.text, out.text);
    } else if (step->op == PLANCHE_STEP_INTERP) {
        put_head(exporter, "Interp", 1);
        put(exporter, " %s %s 0=%d 1=%.9e 2=%.9e 7=%d 8=%.9e\n", in.text, out.text,
            (int)step->interp, (double)step->factor_h, (double)step->factor_w, (int)step->place,
            (double)step->cubic);
    } else if (step->op == PLANCHE_STEP_PAD) {
        static const int modes[] = {0, 2, 1}; /* of zeroes, reflected, of the edge */
        put_head(exporter, "Padding", 1);
        put(exporter, " %s %s 0=%d 1=%d 2=%d 3=%d 4=%d\n", in.text, out.text, step->pad_top,
            step->pad_bottom, step->pad_left, step->pad_right, modes[step->pad_mode]);
    } else if (step->op == PLANCHE_STEP_NORM) {
        put_norm(exporter, step, in, out);
    } else if (step->op == PLANCHE_STEP_SHUFFLE) {
        put_head(exporter, "PixelShuffle", 1);
        put(exporter, " %s %s 0=%d\n", in.text, out.text, step->shuffle);
    } else {
        put_head(exporter, "Pooling", 1);
        put(exporter, " %s %s 0=1 4=1\n", in.text, out.text);
    }
}

void net_export(const struct planche_net *net, struct random_graph *files)
{
    struct exporter exporter = {.net = net, .files = files};
    struct name last;
    char head[64];
    size_t head_size;
    *files = (struct random_graph){0};
    put_head(&exporter, "Input", 0);
    put(&exporter, " t0\n");
    for (int i = 0; i < net->step_count; i++)
        put_step(&exporter, &net->steps[i]);
    last = put_view(&exporter, &net->output);
    put_head(&exporter, "Concat", 1);
    put(&exporter, " %s output\n", last.text);
    head_size =
        (size_t)snprintf(head, sizeof(head), "7767517\n%d %d\n", exporter.layers, exporter.layers);
    files->param_size = head_size + exporter.text_size;
    files->param = malloc(files->param_size + 1);
    memcpy(files->param, head, head_size);
    memcpy(files->param + head_size, exporter.text, exporter.text_size + 1);
    free(exporter.text);
}
