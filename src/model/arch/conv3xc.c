/* SPDX-License-Identifier: MIT */
/* Folding of Conv3XC. The single convolution that files hold as well (eval_conv) may be older than
 * its factors, so it is not read. Zero padding comes before the whole, as at training's end. */
#include "model/arch/conv3xc.h"

#include "base/status.h"
#include "model/arch/builder.h"
#include "model/arch/keys.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Weights of the factors and what is computed of them, in doubles. */
struct fold {
    size_t in, out, wide_in, wide_out; /* channels */
    float *first, *first_bias, *middle, *middle_bias, *last, *last_bias, *beside, *beside_bias;
    double *kernel, *bias; /* of the first two: [wide_out][in][9] */
};

enum planche_status planche_arch_read_part(const struct planche_arch_builder *builder,
                                           const char *key, const char *part, size_t count,
                                           float **to)
{
    const struct planche_state_tensor *tensor =
        planche_arch_tensor(builder->state, "%s.%s", key, part);
    if (!tensor || tensor->count != count)
        return planche_fail(builder->error, PLANCHE_ERROR_MODEL,
                            "%s: the tensor '%.80s.%s' is missing or of another shape",
                            builder->graph->name, key, part);
    *to = planche_calloc(builder->graph->budget, count, sizeof(**to));
    if (!*to)
        return planche_graph_no_memory(builder->graph, builder->error);
    return planche_state_read(builder->state, tensor, *to, count, builder->error);
}

static enum planche_status read_parts(const struct planche_arch_builder *builder, const char *key,
                                      struct fold *f)
{
    const struct {
        const char *name;
        size_t count;
        float **to;
    } parts[] = {
        {"conv.0.weight", f->wide_in * f->in, &f->first},
        {"conv.0.bias", f->wide_in, &f->first_bias},
        {"conv.1.weight", f->wide_out * f->wide_in * 9, &f->middle},
        {"conv.1.bias", f->wide_out, &f->middle_bias},
        {"conv.2.weight", f->out * f->wide_out, &f->last},
        {"conv.2.bias", f->out, &f->last_bias},
        {"sk.weight", f->out * f->in, &f->beside},
        {"sk.bias", f->out, &f->beside_bias},
    };
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        enum planche_status status =
            planche_arch_read_part(builder, key, parts[i].name, parts[i].count, parts[i].to);
        if (status)
            return status;
    }
    f->kernel = planche_calloc(builder->graph->budget, f->wide_out * f->in * 9, sizeof(*f->kernel));
    f->bias = planche_calloc(builder->graph->budget, f->wide_out, sizeof(*f->bias));
    if (!f->kernel || !f->bias)
        return planche_graph_no_memory(builder->graph, builder->error);
    return PLANCHE_OK;
}

/* The first two convolutions as one. */
static void fold_two(struct fold *f)
{
    for (size_t p = 0; p < f->wide_out; p++) {
        f->bias[p] = f->middle_bias[p];
        for (size_t q = 0; q < f->wide_in; q++) {
            const float *taps = f->middle + (p * f->wide_in + q) * 9;
            for (size_t k = 0; k < 9; k++)
                f->bias[p] += (double)taps[k] * f->first_bias[q];
            for (size_t i = 0; i < f->in; i++)
                for (size_t k = 0; k < 9; k++)
                    f->kernel[(p * f->in + i) * 9 + k] += (double)taps[k] * f->first[q * f->in + i];
        }
    }
}

/* As spread_kernel of builder.c. */
size_t planche_arch_place(size_t in, size_t r, size_t o, size_t i, size_t k)
{
    size_t row = k / 3 * r + i % (r * r) / r, column = k % 3 * r + i % r;
    size_t channel = o * (in / (r * r)) + i / (r * r);
    return (channel * 3 * r + row) * 3 * r + column;
}

static void fold_three(const struct fold *f, size_t factor, float *weights, float *bias)
{
    for (size_t o = 0; o < f->out; o++) {
        double sum = (double)f->last_bias[o] + f->beside_bias[o];
        for (size_t p = 0; p < f->wide_out; p++)
            sum += f->last[o * f->wide_out + p] * f->bias[p];
        bias[o] = (float)sum;
        for (size_t i = 0; i < f->in; i++)
            for (size_t k = 0; k < 9; k++) {
                sum = k == 4 ? f->beside[o * f->in + i] : 0;
                for (size_t p = 0; p < f->wide_out; p++)
                    sum += f->last[o * f->wide_out + p] * f->kernel[(p * f->in + i) * 9 + k];
                weights[planche_arch_place(f->in, factor, o, i, k)] = (float)sum;
            }
    }
}

static void release(struct fold *f)
{
    planche_free(f->first);
    planche_free(f->first_bias);
    planche_free(f->middle);
    planche_free(f->middle_bias);
    planche_free(f->last);
    planche_free(f->last_bias);
    planche_free(f->beside);
    planche_free(f->beside_bias);
    planche_free(f->kernel);
    planche_free(f->bias);
}

enum planche_status planche_arch_fold_conv3xc(const struct planche_arch_builder *builder,
                                              const char *key, size_t factor, float *weights,
                                              float *bias)
{
    struct fold f = {
        .in = (size_t)planche_arch_size(builder->state, 1, "%s.sk.weight", key),
        .out = (size_t)planche_arch_size(builder->state, 0, "%s.sk.weight", key),
        .wide_in = (size_t)planche_arch_size(builder->state, 0, "%s.conv.0.weight", key),
        .wide_out = (size_t)planche_arch_size(builder->state, 0, "%s.conv.1.weight", key),
    };
    enum planche_status status = read_parts(builder, key, &f);
    if (!status) {
        fold_two(&f);
        fold_three(&f, factor, weights, bias);
    }
    release(&f);
    return status;
}

static enum planche_status fill(const struct planche_arch_builder *builder,
                                const struct planche_arch_source *source,
                                struct planche_layer *layer)
{
    return planche_arch_fold_conv3xc(builder, source->key, (size_t)source->number, layer->weights,
                                     layer->bias);
}

int planche_arch_conv3xc(struct planche_arch_builder *builder, int input, int factor,
                         const char *format, ...)
{
    char key[128], *kept;
    struct planche_layer *layer;
    va_list args;
    int blob;
    va_start(args, format);
    vsnprintf(key, sizeof(key), format, args);
    va_end(args);
    kept = planche_graph_alloc(builder->graph, 1, sizeof(key));
    /* The layer that the kernel of 1 makes, with a kernel of 3. */
    blob = planche_arch_unshuffled_conv(builder, input, factor, "%s.sk", key);
    layer = planche_arch_last_layer(builder);
    if (blob < 0)
        return -1;
    if (!kept) {
        builder->status = planche_graph_no_memory(builder->graph, builder->error);
        return -1;
    }
    memcpy(kept, key, sizeof(key));
    layer->kernel_w = layer->kernel_h = 3 * factor;
    layer->pad_top = layer->pad_bottom = layer->pad_left = layer->pad_right = factor;
    layer->has_bias = true;
    layer->weight_count *= 9;
    *planche_arch_last_source(builder) =
        (struct planche_arch_source){.key = kept, .number = factor, .fill = fill};
    return blob;
}
