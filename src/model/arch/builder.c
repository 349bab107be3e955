/* SPDX-License-Identifier: MIT */
/* Layers that architectures are made of. */
#include "model/arch/builder.h"

#include "base/status.h"
#include "model/arch/keys.h"
#include "net/layout.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define NAME 128
/* Rows from one pixel of a window to another, in both directions. */
#define ATTENTION_SIDE (2 * PLANCHE_ATTENTION_WINDOW - 1)

void planche_arch_fail(struct planche_arch_builder *builder, enum planche_status status,
                       const char *format, ...)
{
    char message[PLANCHE_ERROR_MESSAGE_SIZE];
    va_list args;
    if (builder->status)
        return;
    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    builder->status = planche_fail(builder->error, status, "%s: %s", builder->graph->name, message);
}

static int no_memory(struct planche_arch_builder *builder)
{
    if (!builder->status)
        builder->status = planche_graph_no_memory(builder->graph, builder->error);
    return -1;
}

struct planche_layer *planche_arch_last_layer(struct planche_arch_builder *builder)
{
    int last = builder->graph->layer_count - 1;
    return &builder->graph->layers[builder->status || last < 0 ? builder->layer_limit : last];
}

struct planche_arch_source *planche_arch_last_source(struct planche_arch_builder *builder)
{
    int last = builder->graph->layer_count - 1;
    return &builder->sources[builder->status || last < 0 ? builder->layer_limit : last];
}

static const char *const type_names[] = {
    [PLANCHE_LAYER_INPUT] = "input",
    [PLANCHE_LAYER_CONVOLUTION] = "convolution",
    [PLANCHE_LAYER_DECONVOLUTION] = "deconvolution",
    [PLANCHE_LAYER_PRELU] = "prelu",
    [PLANCHE_LAYER_BINARY] = "binary",
    [PLANCHE_LAYER_ELTWISE] = "sum",
    [PLANCHE_LAYER_CONCAT] = "concat",
    [PLANCHE_LAYER_CROP] = "crop",
    [PLANCHE_LAYER_INTERP] = "interp",
    [PLANCHE_LAYER_SHUFFLE] = "shuffle",
    [PLANCHE_LAYER_POOLING] = "pooling",
    [PLANCHE_LAYER_SCALE] = "scale",
    [PLANCHE_LAYER_ACTIVATION] = "activation",
    [PLANCHE_LAYER_SLICE] = "slice",
    [PLANCHE_LAYER_UNSHUFFLE] = "unshuffle",
    [PLANCHE_LAYER_NORM] = "norm",
    [PLANCHE_LAYER_ATTENTION] = "attention",
};

/* Adds a layer with `count` inputs, named by its type and number unless a name is given. */
static int add_layer(struct planche_arch_builder *builder, enum planche_layer_type type,
                     const char *name, const int *inputs, int count)
{
    struct planche_graph *graph = builder->graph;
    for (int i = 0; i < count; i++)
        if (inputs[i] < 0)
            return -1;
    if (builder->status)
        return -1;
    if (graph->layer_count == builder->layer_limit) {
        planche_arch_fail(builder, PLANCHE_ERROR_UNSUPPORTED, "has too many layers");
        return -1;
    }
    char *own = planche_graph_alloc(graph, 1, NAME + 16);
    /* Two layers may read one tensor, so its name is not the blob's. */
    char *made = planche_graph_alloc(graph, 1, 32);
    if (!own || !made)
        return no_memory(builder);
    if (name)
        snprintf(own, NAME + 16, "%s", name);
    else
        snprintf(own, NAME + 16, "%s %d", type_names[type], graph->layer_count);
    snprintf(made, 32, "%s.%d", type_names[type], graph->layer_count);
    const struct planche_layer like = {.type = type, .type_name = type_names[type], .name = own};
    const int blob = planche_graph_blob(graph, made);
    return planche_graph_add(graph, &like, inputs, count, blob) ? blob : no_memory(builder);
}

int planche_arch_add(struct planche_arch_builder *builder, enum planche_layer_type type, int a,
                     int b)
{
    const int inputs[] = {a, b};
    return add_layer(builder, type, NULL, inputs, b >= 0 ? 2 : 1);
}

int planche_arch_input(struct planche_arch_builder *builder, int channels)
{
    int blob = add_layer(builder, PLANCHE_LAYER_INPUT, NULL, NULL, 0);
    planche_arch_last_layer(builder)->channels = channels;
    if (channels != 1 && channels != 3 && channels != 4)
        planche_arch_fail(builder, PLANCHE_ERROR_UNSUPPORTED,
                          "is a network that takes %d channels; those for colour (3), grey (1) and "
                          "colour with transparency (4) are supported",
                          channels);
    return blob;
}

/* The tensor KEY.PART. */
static const struct planche_state_tensor *part(const struct planche_arch_builder *builder,
                                               const char *key, const char *name)
{
    return planche_arch_tensor(builder->state, "%s.%s", key, name);
}

/* A layer with the kernel and the bias of a key. The weights' axis `out` counts its outputs; those
 * of a dense layer (nn.Linear) have two axes and are a kernel of one pixel. */
static bool check_kernel(struct planche_arch_builder *builder, const char *key, int out,
                         const struct planche_state_tensor *weights,
                         const struct planche_state_tensor *bias)
{
    bool fits = weights && (weights->rank == 4 || (weights->rank == 2 && out == 0));
    if (!weights)
        planche_arch_fail(builder, PLANCHE_ERROR_MODEL, "the tensor '%.80s.weight' is missing",
                          key);
    for (int i = 0; fits && i < weights->rank; i++)
        fits = weights->shape[i] >= 1 &&
               weights->shape[i] <= (i < 2 ? PLANCHE_GRAPH_CHANNELS : PLANCHE_GRAPH_KERNEL);
    if (weights && !fits)
        planche_arch_fail(builder, PLANCHE_ERROR_MODEL,
                          "the tensor '%.80s.weight' has not the shape of a convolution's kernel",
                          key);
    if (fits && bias && bias->count != (uint64_t)weights->shape[out]) {
        planche_arch_fail(builder, PLANCHE_ERROR_MODEL,
                          "the tensor '%.80s.bias' does not fit its kernel", key);
        fits = false;
    }
    return fits;
}

static int add_kernel(struct planche_arch_builder *builder, enum planche_layer_type type, int out,
                      int input, const char *key)
{
    const struct planche_state_tensor *weights = part(builder, key, "weight");
    const struct planche_state_tensor *bias = part(builder, key, "bias");
    struct planche_layer *layer;
    int blob;
    if (builder->status || !check_kernel(builder, key, out, weights, bias))
        return -1;
    blob = add_layer(builder, type, key, &input, 1);
    layer = planche_arch_last_layer(builder);
    layer->channels = (int)weights->shape[out];
    layer->kernel_h = weights->rank == 4 ? (int)weights->shape[2] : 1;
    layer->kernel_w = weights->rank == 4 ? (int)weights->shape[3] : 1;
    layer->stride_w = layer->stride_h = layer->dilation_w = layer->dilation_h = 1;
    layer->has_bias = bias != NULL;
    layer->weight_count = (size_t)weights->count;
    *planche_arch_last_source(builder) =
        (struct planche_arch_source){.weights = weights, .bias = bias};
    return blob;
}

static int add_conv(struct planche_arch_builder *builder, int input, const char *key)
{
    int blob = add_kernel(builder, PLANCHE_LAYER_CONVOLUTION, 0, input, key);
    struct planche_layer *layer = planche_arch_last_layer(builder);
    layer->pad_top = layer->pad_bottom = layer->kernel_h / 2;
    layer->pad_left = layer->pad_right = layer->kernel_w / 2;
    return blob;
}

int planche_arch_conv(struct planche_arch_builder *builder, int input, const char *format, ...)
{
    char key[NAME];
    va_list args;
    va_start(args, format);
    vsnprintf(key, sizeof(key), format, args);
    va_end(args);
    return add_conv(builder, input, key);
}

void planche_arch_bare(struct planche_arch_builder *builder)
{
    struct planche_layer *layer = planche_arch_last_layer(builder);
    layer->pad_top = layer->pad_bottom = layer->pad_left = layer->pad_right = 0;
}

/* A kernel over channels c * r * r + i * r + j of pixels that were taken apart as one over the
 * pixels (y * r + i, x * r + j) of channel c themselves. */
static enum planche_status spread_kernel(const struct planche_arch_builder *builder,
                                         const struct planche_arch_source *source,
                                         struct planche_layer *layer)
{
    const int64_t *shape = source->weights->shape;
    size_t r = (size_t)source->number, rows = (size_t)shape[2], columns = (size_t)shape[3];
    size_t outputs = (size_t)shape[0], inputs = (size_t)shape[1];
    float *from =
        planche_calloc(builder->graph->budget, (size_t)source->weights->count, sizeof(*from));
    if (!from)
        return planche_graph_no_memory(builder->graph, builder->error);
    enum planche_status status = planche_state_read(builder->state, source->weights, from,
                                                    (size_t)source->weights->count, builder->error);
    for (size_t o = 0, k = 0; !status && o < outputs; o++)
        for (size_t c = 0; c < inputs; c++)
            for (size_t y = 0; y < rows; y++)
                for (size_t x = 0; x < columns; x++, k++) {
                    size_t row = y * r + c % (r * r) / r, column = x * r + c % r;
                    size_t channel = o * (inputs / (r * r)) + c / (r * r);
                    layer->weights[(channel * rows * r + row) * columns * r + column] = from[k];
                }
    planche_free(from);
    return status;
}

int planche_arch_unshuffled_conv(struct planche_arch_builder *builder, int input, int factor,
                                 const char *format, ...)
{
    char key[NAME];
    struct planche_layer *layer;
    va_list args;
    int blob;
    va_start(args, format);
    vsnprintf(key, sizeof(key), format, args);
    va_end(args);
    blob = add_conv(builder, input, key);
    layer = planche_arch_last_layer(builder);
    if (builder->status || factor == 1)
        return blob;
    layer->kernel_w *= factor;
    layer->kernel_h *= factor;
    layer->stride_w = layer->stride_h = factor;
    layer->pad_top = layer->pad_bottom = layer->pad_top * factor;
    layer->pad_left = layer->pad_right = layer->pad_left * factor;
    planche_arch_last_source(builder)->fill = spread_kernel;
    planche_arch_last_source(builder)->number = factor;
    if (layer->kernel_w > PLANCHE_GRAPH_KERNEL || layer->kernel_h > PLANCHE_GRAPH_KERNEL ||
        planche_arch_last_source(builder)->weights->shape[1] % (factor * factor) != 0)
        planche_arch_fail(builder, PLANCHE_ERROR_UNSUPPORTED,
                          "takes pixels apart in a way that is not supported");
    return builder->status ? -1 : blob;
}

int planche_arch_prelu(struct planche_arch_builder *builder, int input, const char *format, ...)
{
    char key[NAME];
    const struct planche_state_tensor *slopes;
    va_list args;
    int blob;
    va_start(args, format);
    vsnprintf(key, sizeof(key), format, args);
    va_end(args);
    slopes = planche_state_find(builder->state, key);
    if (!slopes || slopes->count == 0 || slopes->count > PLANCHE_GRAPH_CHANNELS) {
        planche_arch_fail(builder, PLANCHE_ERROR_MODEL,
                          "the tensor '%.80s' is missing or holds no slopes", key);
        return -1;
    }
    blob = add_layer(builder, PLANCHE_LAYER_PRELU, key, &input, 1);
    planche_arch_last_layer(builder)->data_count = (size_t)slopes->count;
    *planche_arch_last_source(builder) = (struct planche_arch_source){.data = slopes};
    return blob;
}

int planche_arch_act(struct planche_arch_builder *builder, int input,
                     enum planche_activation activation)
{
    int blob = planche_arch_add(builder, PLANCHE_LAYER_ACTIVATION, input, -1);
    planche_arch_last_layer(builder)->activation = activation;
    return blob;
}

int planche_arch_leaky(struct planche_arch_builder *builder, int input, float slope)
{
    int blob = planche_arch_act(builder, input, PLANCHE_ACT_LEAKY);
    planche_arch_last_layer(builder)->act[0] = slope;
    return blob;
}

int planche_arch_sum(struct planche_arch_builder *builder, int a, float fa, int b, float fb)
{
    double *factors = planche_graph_alloc(builder->graph, 2, sizeof(*factors));
    int blob = -1;
    if (a >= 0 && b >= 0)
        blob = planche_arch_add(builder, PLANCHE_LAYER_ELTWISE, a, b);
    if (!factors)
        return no_memory(builder);
    factors[0] = fa;
    factors[1] = fb;
    planche_arch_last_layer(builder)->binary = PLANCHE_BINARY_ADD;
    planche_arch_last_layer(builder)->coefficients = factors;
    return blob;
}

int planche_arch_concat(struct planche_arch_builder *builder, const int *blobs, int count)
{
    return add_layer(builder, PLANCHE_LAYER_CONCAT, NULL, blobs, count);
}

int planche_arch_shuffle(struct planche_arch_builder *builder, int input, int factor)
{
    if (factor == 1)
        return input;
    int blob = planche_arch_add(builder, PLANCHE_LAYER_SHUFFLE, input, -1);
    planche_arch_last_layer(builder)->shuffle = factor;
    return blob;
}

int planche_arch_nearest(struct planche_arch_builder *builder, int input, int factor)
{
    if (factor == 1)
        return input;
    int blob = planche_arch_add(builder, PLANCHE_LAYER_INTERP, input, -1);
    struct planche_layer *layer = planche_arch_last_layer(builder);
    layer->interp = PLANCHE_INTERP_NEAREST;
    layer->factor_w = layer->factor_h = (float)factor;
    return blob;
}

/* [in][out] to [out][in]. */
static enum planche_status turn_kernel(const struct planche_arch_builder *builder,
                                       const struct planche_arch_source *source,
                                       struct planche_layer *layer)
{
    const int64_t *shape = source->weights->shape;
    size_t inputs = (size_t)shape[0], outputs = (size_t)shape[1];
    size_t taps = (size_t)shape[2] * (size_t)shape[3];
    float *from =
        planche_calloc(builder->graph->budget, (size_t)source->weights->count, sizeof(*from));
    if (!from)
        return planche_graph_no_memory(builder->graph, builder->error);
    enum planche_status status = planche_state_read(builder->state, source->weights, from,
                                                    (size_t)source->weights->count, builder->error);
    for (size_t i = 0; !status && i < inputs; i++)
        for (size_t o = 0; o < outputs; o++)
            memcpy(layer->weights + (o * inputs + i) * taps, from + (i * outputs + o) * taps,
                   taps * sizeof(*from));
    planche_free(from);
    return status;
}

int planche_arch_deconv(struct planche_arch_builder *builder, int input, int stride, int cut,
                        const char *format, ...)
{
    char key[NAME];
    struct planche_layer *layer;
    va_list args;
    int blob;
    va_start(args, format);
    vsnprintf(key, sizeof(key), format, args);
    va_end(args);
    blob = add_kernel(builder, PLANCHE_LAYER_DECONVOLUTION, 1, input, key);
    layer = planche_arch_last_layer(builder);
    layer->stride_w = layer->stride_h = stride;
    layer->pad_top = layer->pad_bottom = layer->pad_left = layer->pad_right = cut;
    planche_arch_last_source(builder)->fill = turn_kernel;
    return blob;
}

int planche_arch_crop(struct planche_arch_builder *builder, int input, int cut)
{
    int blob = planche_arch_add(builder, PLANCHE_LAYER_CROP, input, -1);
    struct planche_layer *layer = planche_arch_last_layer(builder);
    layer->crop_y = layer->crop_x = (struct planche_crop_axis){.start = cut, .end = -cut};
    return blob;
}

int planche_arch_mul(struct planche_arch_builder *builder, int a, int b)
{
    int blob = -1;
    if (a >= 0 && b >= 0)
        blob = planche_arch_add(builder, PLANCHE_LAYER_BINARY, a, b);
    planche_arch_last_layer(builder)->binary = PLANCHE_BINARY_MUL;
    return blob;
}

int planche_arch_plus(struct planche_arch_builder *builder, int input, float value)
{
    int blob = planche_arch_add(builder, PLANCHE_LAYER_BINARY, input, -1);
    struct planche_layer *layer = planche_arch_last_layer(builder);
    layer->binary = PLANCHE_BINARY_ADD;
    layer->with_scalar = true;
    layer->scalar = value;
    return blob;
}

int planche_arch_slice(struct planche_arch_builder *builder, int input, int begin, int count)
{
    int blob = planche_arch_add(builder, PLANCHE_LAYER_SLICE, input, -1);
    planche_arch_last_layer(builder)->slice_begin = begin;
    planche_arch_last_layer(builder)->channels = count;
    return blob;
}

int planche_arch_shift(struct planche_arch_builder *builder, int input, float factor,
                       const float *shift, int channels)
{
    int blob = planche_arch_add(builder, PLANCHE_LAYER_SCALE, input, -1);
    struct planche_layer *layer = planche_arch_last_layer(builder);
    if (blob < 0)
        return -1;
    layer->channels = channels;
    layer->data_count = (size_t)channels;
    layer->has_bias = true;
    layer->data = planche_calloc(builder->graph->budget, (size_t)channels, sizeof(float));
    layer->bias = planche_calloc(builder->graph->budget, (size_t)channels, sizeof(float));
    if (!layer->data || !layer->bias)
        return no_memory(builder);
    for (int c = 0; c < channels; c++) {
        layer->data[c] = factor;
        layer->bias[c] = shift[c];
    }
    return blob;
}

/* A tensor of values for the channels. */
static const struct planche_state_tensor *values(struct planche_arch_builder *builder,
                                                 const char *name)
{
    const struct planche_state_tensor *tensor = planche_state_find(builder->state, name);
    if (tensor && tensor->count > 0 && tensor->count <= PLANCHE_GRAPH_CHANNELS)
        return tensor;
    planche_arch_fail(builder, PLANCHE_ERROR_MODEL,
                      "the tensor '%.80s' is missing or of another shape", name);
    return NULL;
}

int planche_arch_scale(struct planche_arch_builder *builder, int input, const char *format, ...)
{
    char name[NAME];
    const struct planche_state_tensor *factors;
    struct planche_layer *layer;
    va_list args;
    int blob;
    va_start(args, format);
    vsnprintf(name, sizeof(name), format, args);
    va_end(args);
    factors = values(builder, name);
    blob = add_layer(builder, PLANCHE_LAYER_SCALE, name, &input, 1);
    if (!factors || blob < 0)
        return -1;
    layer = planche_arch_last_layer(builder);
    layer->channels = (int)factors->count;
    layer->data_count = (size_t)factors->count;
    planche_arch_last_source(builder)->data = factors;
    return blob;
}

int planche_arch_norm(struct planche_arch_builder *builder, int input, enum planche_norm norm,
                      float eps, const char *format, ...)
{
    const bool layer_norm = norm == PLANCHE_NORM_LAYER;
    char key[NAME], name[NAME + 16];
    const struct planche_state_tensor *factors, *shifts;
    struct planche_layer *layer;
    va_list args;
    int blob;
    va_start(args, format);
    vsnprintf(key, sizeof(key), format, args);
    va_end(args);
    snprintf(name, sizeof(name), "%s.%s", key, layer_norm ? "weight" : "scale");
    factors = values(builder, name);
    snprintf(name, sizeof(name), "%s.%s", key, layer_norm ? "bias" : "offset");
    shifts = planche_state_find(builder->state, name) ? values(builder, name) : NULL;
    blob = add_layer(builder, PLANCHE_LAYER_NORM, key, &input, 1);
    if (!factors || blob < 0)
        return -1;
    layer = planche_arch_last_layer(builder);
    layer->norm = norm;
    layer->eps = eps;
    layer->channels = shifts ? (int)shifts->count : 0;
    layer->data_count = (size_t)factors->count;
    layer->has_bias = shifts != NULL;
    planche_arch_last_source(builder)->data = factors;
    planche_arch_last_source(builder)->bias = shifts;
    if (shifts && factors->count != shifts->count)
        planche_arch_fail(builder, PLANCHE_ERROR_MODEL, "the tensors of '%.80s' do not fit", key);
    return builder->status ? -1 : blob;
}

int planche_arch_attention(struct planche_arch_builder *builder, int input, int shift,
                           const char *format, ...)
{
    char name[NAME];
    const struct planche_state_tensor *offsets;
    struct planche_layer *layer;
    int64_t side = 1;
    va_list args;
    int blob;
    va_start(args, format);
    vsnprintf(name, sizeof(name), format, args);
    va_end(args);
    offsets = planche_state_find(builder->state, name);
    while (offsets && offsets->rank == 2 && side <= ATTENTION_SIDE &&
           side * side != offsets->shape[0])
        side += 2;
    if (!offsets || offsets->rank != 2 || side > ATTENTION_SIDE ||
        offsets->shape[1] > PLANCHE_GRAPH_CHANNELS) {
        planche_arch_fail(builder, PLANCHE_ERROR_MODEL,
                          "the tensor '%.80s' is missing or not that of a square window", name);
        return -1;
    }
    blob = add_layer(builder, PLANCHE_LAYER_ATTENTION, name, &input, 1);
    layer = planche_arch_last_layer(builder);
    layer->heads = (int)offsets->shape[1];
    layer->window = (int)(side + 1) / 2;
    layer->shift = shift ? layer->window / 2 : 0;
    layer->data_count = (size_t)offsets->count;
    planche_arch_last_source(builder)->data = offsets;
    return blob;
}
