/* SPDX-License-Identifier: MIT */
/* Folding of RepConv and OmniShift. The single convolutions that files hold as well may be older
 * than their factors, so they are read only if the factors are missing. Sources: the-database/
 * traiNNer-redux, traiNNer/archs/rtmosr_arch.py. */
#include "model/arch/repconv.h"

#include "base/status.h"
#include "model/arch/conv3xc.h"
#include "model/arch/keys.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define KEY 112

struct rep {
    size_t in, out, middle;
    float *alpha, *first, *first_bias, *second, *second_bias, *plain, *plain_bias;
};

static enum planche_status read_rep(const struct planche_arch_builder *builder, const char *key,
                                    struct rep *r)
{
    const struct {
        const char *name;
        size_t count;
        float **to;
    } parts[] = {
        {"alpha", 3, &r->alpha},
        {"conv1.k0", r->middle * r->in, &r->first},
        {"conv1.b0", r->middle, &r->first_bias},
        {"conv1.k1", r->out * r->middle * 9, &r->second},
        {"conv1.b1", r->out, &r->second_bias},
        {"conv2.weight", r->out * r->in * 9, &r->plain},
        {"conv2.bias", r->out, &r->plain_bias},
    };
    enum planche_status status = PLANCHE_OK;
    for (size_t i = 0; !status && i < sizeof(parts) / sizeof(parts[0]); i++)
        status = planche_arch_read_part(builder, key, parts[i].name, parts[i].count, parts[i].to);
    return status;
}

static void release_rep(struct rep *r)
{
    planche_free(r->alpha);
    planche_free(r->first);
    planche_free(r->first_bias);
    planche_free(r->second);
    planche_free(r->second_bias);
    planche_free(r->plain);
    planche_free(r->plain_bias);
}

/* Adds the first two to the third, which is there already. */
static void fold_rep(const struct rep *r, size_t factor, float *weights, float *bias)
{
    for (size_t o = 0; o < r->out; o++) {
        double shift = r->second_bias[o];
        for (size_t m = 0; m < r->middle; m++)
            for (size_t k = 0; k < 9; k++)
                shift += (double)r->second[(o * r->middle + m) * 9 + k] * r->first_bias[m];
        bias[o] = (float)(r->alpha[0] * shift + (double)r->alpha[1] * r->plain_bias[o] +
                          (double)r->alpha[2] * bias[o]);
        for (size_t i = 0; i < r->in; i++)
            for (size_t k = 0; k < 9; k++) {
                float *to = &weights[planche_arch_place(r->in, factor, o, i, k)];
                double sum = 0;
                for (size_t m = 0; m < r->middle; m++)
                    sum += (double)r->second[(o * r->middle + m) * 9 + k] * r->first[m * r->in + i];
                *to = (float)(r->alpha[0] * sum +
                              (double)r->alpha[1] * r->plain[(o * r->in + i) * 9 + k] +
                              (double)r->alpha[2] * *to);
            }
    }
}

static enum planche_status fill_rep(const struct planche_arch_builder *builder,
                                    const struct planche_arch_source *source,
                                    struct planche_layer *layer)
{
    struct rep r = {
        .in = (size_t)planche_arch_size(builder->state, 1, "%s.conv2.weight", source->key),
        .out = (size_t)planche_arch_size(builder->state, 0, "%s.conv2.weight", source->key),
        .middle = (size_t)planche_arch_size(builder->state, 0, "%s.conv1.k0", source->key),
    };
    char key[KEY + 16];
    enum planche_status status = read_rep(builder, source->key, &r);
    snprintf(key, sizeof(key), "%s.conv3", source->key);
    if (!status)
        status = planche_arch_fold_conv3xc(builder, key, (size_t)source->number, layer->weights,
                                           layer->bias);
    if (!status)
        fold_rep(&r, (size_t)source->number, layer->weights, layer->bias);
    release_rep(&r);
    return status;
}

/* The layer that was added last gets its numbers from fill and a copy of the key. */
static int fill_by(struct planche_arch_builder *builder, int blob, const char *key, int number,
                   enum planche_status (*fill)(const struct planche_arch_builder *,
                                               const struct planche_arch_source *,
                                               struct planche_layer *))
{
    char *kept = planche_graph_alloc(builder->graph, 1, KEY);
    if (blob < 0)
        return -1;
    if (!kept) {
        builder->status = planche_graph_no_memory(builder->graph, builder->error);
        return -1;
    }
    snprintf(kept, KEY, "%s", key);
    planche_arch_last_layer(builder)->has_bias = true;
    *planche_arch_last_source(builder) =
        (struct planche_arch_source){.key = kept, .number = number, .fill = fill};
    return blob;
}

int planche_arch_repconv_size(const struct planche_state *state, int axis, const char *key)
{
    int size = planche_arch_size(state, axis, "%s.conv2.weight", key);
    return size ? size : planche_arch_size(state, axis, "%s.conv_3x3_rep.weight", key);
}

int planche_arch_repconv(struct planche_arch_builder *builder, int input, int factor,
                         const char *format, ...)
{
    const struct planche_state *state = builder->state;
    char key[KEY];
    va_list args;
    va_start(args, format);
    vsnprintf(key, sizeof(key), format, args);
    va_end(args);
    if (!planche_arch_tensor(state, "%s.conv1.k0", key))
        return planche_arch_unshuffled_conv(builder, input, factor, "%s.conv_3x3_rep", key);
    int blob = planche_arch_unshuffled_conv(builder, input, factor, "%s.conv2", key);
    /* The memory is that of conv2; conv3 fills it, too. */
    for (int axis = 0; axis < 2; axis++)
        if (planche_arch_size(state, axis, "%s.conv3.sk.weight", key) !=
            planche_arch_size(state, axis, "%s.conv2.weight", key))
            planche_arch_fail(builder, PLANCHE_ERROR_MODEL,
                              "the convolutions of '%.80s' do not fit", key);
    if (planche_arch_size(state, 2, "%s.conv2.weight", key) != 3 ||
        planche_arch_size(state, 3, "%s.conv2.weight", key) != 3)
        planche_arch_fail(builder, PLANCHE_ERROR_MODEL, "the kernel of '%.80s.conv2' is not 3x3",
                          key);
    return fill_by(builder, builder->status ? -1 : blob, key, factor, fill_rep);
}

struct shift {
    size_t channels;
    float *alpha[4], *weights[3], *bias[3];
};

static enum planche_status read_shift(const struct planche_arch_builder *builder, const char *key,
                                      struct shift *s)
{
    static const char *const alphas[] = {"alpha1", "alpha2", "alpha3", "alpha4"};
    enum planche_status status = PLANCHE_OK;
    for (size_t i = 0; !status && i < 4; i++)
        status = planche_arch_read_part(builder, key, alphas[i], s->channels, &s->alpha[i]);
    for (size_t i = 0; !status && i < 3; i++) {
        size_t side = 2 * i + 1;
        char name[32];
        snprintf(name, sizeof(name), "conv%zux%zu.weight", side, side);
        status =
            planche_arch_read_part(builder, key, name, s->channels * side * side, &s->weights[i]);
        snprintf(name, sizeof(name), "conv%zux%zu.bias", side, side);
        if (!status)
            status = planche_arch_read_part(builder, key, name, s->channels, &s->bias[i]);
    }
    return status;
}

static void fold_shift(const struct shift *s, float *weights, float *bias)
{
    for (size_t c = 0; c < s->channels; c++) {
        double sums[25] = {0}, shift = 0;
        sums[12] = s->alpha[0][c];
        for (size_t i = 0; i < 3; i++) {
            size_t side = 2 * i + 1;
            shift += (double)s->alpha[i + 1][c] * s->bias[i][c];
            for (size_t k = 0; k < side * side; k++)
                sums[(k / side + 2 - i) * 5 + k % side + 2 - i] +=
                    (double)s->alpha[i + 1][c] * s->weights[i][c * side * side + k];
        }
        bias[c] = (float)shift;
        for (size_t k = 0; k < 25; k++)
            weights[c * 25 + k] = (float)sums[k];
    }
}

static enum planche_status fill_shift(const struct planche_arch_builder *builder,
                                      const struct planche_arch_source *source,
                                      struct planche_layer *layer)
{
    struct shift s = {.channels = (size_t)layer->channels};
    enum planche_status status = read_shift(builder, source->key, &s);
    if (!status)
        fold_shift(&s, layer->weights, layer->bias);
    for (size_t i = 0; i < 4; i++)
        planche_free(s.alpha[i]);
    for (size_t i = 0; i < 3; i++) {
        planche_free(s.weights[i]);
        planche_free(s.bias[i]);
    }
    return status;
}

int planche_arch_omnishift(struct planche_arch_builder *builder, int input, const char *format, ...)
{
    char key[KEY];
    va_list args;
    va_start(args, format);
    vsnprintf(key, sizeof(key), format, args);
    va_end(args);
    bool apart = planche_arch_tensor(builder->state, "%s.conv5x5.weight", key);
    int blob =
        planche_arch_conv(builder, input, "%s.%s", key, apart ? "conv5x5" : "conv5x5_reparam");
    struct planche_layer *layer = planche_arch_last_layer(builder);
    layer->groups = layer->channels;
    if (layer->kernel_w != 5 || layer->kernel_h != 5 ||
        layer->weight_count != (size_t)layer->channels * 25)
        planche_arch_fail(builder, PLANCHE_ERROR_MODEL, "the kernels of '%.80s' are not 5x5", key);
    if (!apart || builder->status)
        return builder->status ? -1 : blob;
    return fill_by(builder, blob, key, 1, fill_shift);
}
