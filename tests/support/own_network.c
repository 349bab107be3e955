/* SPDX-License-Identifier: MIT */
/* Files of Planche's own networks for tests. */
#include "support/own_network.h"

#include "support/random.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER 24
#define LEVELS 5

static unsigned get16(const uint8_t *bytes)
{
    return bytes[0] + 256u * bytes[1];
}

/* Of what is not too small for a normal number; cut, not rounded. */
static void put_half(uint8_t **at, double value)
{
    int exponent;
    double fraction = frexp(fabs(value), &exponent);
    unsigned bits = 0;
    if (fraction > 0 && exponent >= -13)
        bits = (unsigned)((exponent + 14) * 1024 + (int)(fraction * 2048 - 1024));
    bits |= value < 0 ? 0x8000u : 0;
    *(*at)++ = (uint8_t)bits;
    *(*at)++ = (uint8_t)(bits >> 8);
}

static double get_half(const uint8_t *bytes)
{
    unsigned bits = get16(bytes), exponent = bits >> 10 & 31;
    double mantissa = bits & 1023;
    double value = exponent ? ldexp(1024 + mantissa, (int)exponent - 25) : ldexp(mantissa, -24);
    return bits & 0x8000 ? -value : value;
}

/* A layer: from how many channels to how many, the side of its kernel, and whether it enlarges. */
struct layer {
    size_t in, out, side, taps;
    bool up, last, bytes;
};

static unsigned layer_count(const struct own_form *form)
{
    return form->depth + 2 + (form->inner ? form->inner + 2 : 0);
}

/* The middle stands behind the first convolution and half of the others. */
static struct layer layer_of(const struct own_form *form, unsigned k)
{
    const unsigned count = layer_count(form), first = form->depth / 2 + 1;
    struct layer layer = {.in = form->channels, .out = form->channels, .side = 3};
    if (form->inner && k >= first && k <= first + form->inner + 1) {
        const bool down = k == first, up = k == first + form->inner + 1;
        layer = (struct layer){.in = down ? form->channels : form->wide,
                               .out = up ? form->channels : form->wide,
                               .side = down || up ? 2 : 3,
                               .up = up};
    }
    if (k == 0)
        layer.in = form->colours;
    layer.last = k + 1 == count;
    if (layer.last)
        layer.out = (size_t)form->colours * form->scale * form->scale;
    layer.taps = layer.side * layer.side;
    layer.bytes = form->bytes && k > 0 && !layer.last;
    return layer;
}

static void put16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
}

static void put_head(uint8_t *head, const struct own_form *form)
{
    memcpy(head, "PLANCHE", 8);
    put16(head + 8, form->inner || form->bytes ? 2 : 1);
    put16(head + 10, form->channels);
    put16(head + 12, form->depth);
    head[14] = (uint8_t)form->scale;
    head[15] = (uint8_t)form->colours;
    head[16] = LEVELS;
    head[17] = form->bytes;
    put16(head + 18, form->wide);
    put16(head + 20, form->inner);
}

static void put_bytes(uint8_t **at, const struct layer *layer, double range, uint64_t *seed)
{
    for (size_t o = 0; o < layer->out; o++)
        put_half(at, test_random_real(seed, range / 2, range));
    for (size_t i = 0; i < layer->out * layer->in * layer->taps; i++)
        *(*at)++ = (uint8_t)(int8_t)test_random_int(seed, -127, 127);
}

static void put_random(uint8_t **at, size_t count, double low, double high, uint64_t *seed)
{
    for (size_t i = 0; i < count; i++)
        put_half(at, test_random_real(seed, low, high));
}

struct own_file own_file_make_form(const struct own_form *form, uint64_t seed)
{
    struct own_file file = {.size = HEADER};
    for (unsigned k = 0; k < layer_count(form); k++) {
        const struct layer layer = layer_of(form, k);
        const size_t weights = layer.out * layer.in * layer.taps;
        file.size += layer.bytes ? 2 * layer.out + weights : 2 * weights;
        file.size += 2 * (LEVELS + !layer.last) * layer.out;
    }
    file.data = calloc(1, file.size);
    put_head(file.data, form);
    uint8_t *at = file.data + HEADER;
    for (unsigned k = 0; k < layer_count(form); k++) {
        const struct layer layer = layer_of(form, k);
        /* Of a deconvolution without overlap each result has one tap. */
        const double inputs = (double)(layer.in * (layer.up ? 1 : layer.taps));
        const double range = (layer.last ? 0.3 : 1.5) / sqrt(inputs);
        if (layer.bytes)
            put_bytes(&at, &layer, range, &seed);
        else
            put_random(&at, layer.out * layer.in * layer.taps, -range, range, &seed);
        put_random(&at, LEVELS * layer.out, -0.05, 0.05, &seed);
        put_random(&at, layer.last ? 0 : layer.out, -0.2, 0.4, &seed);
    }
    return file;
}

struct own_file own_file_make(unsigned channels, unsigned depth, unsigned scale, unsigned colours,
                              uint64_t seed)
{
    const struct own_form form = {
        .channels = channels, .depth = depth, .scale = scale, .colours = colours};
    return own_file_make_form(&form, seed);
}

bool own_file_write(const struct own_file *file, const char *path)
{
    FILE *stream = fopen(path, "wb");
    bool written = stream && fwrite(file->data, 1, file->size, stream) == file->size;
    return stream && fclose(stream) == 0 && written;
}

/* What is read and made. */
struct translation {
    struct own_form form;
    bool grey, clean;
    double level;
    const uint8_t *from;
    float *to;
    char *at; /* of the description */
};

static double take(struct translation *t)
{
    double value = get_half(t->from);
    t->from += 2;
    return value;
}

/* The kernel of a layer: halves, or ranges and bytes of which 127 is the range. */
static void take_kernel(struct translation *t, const struct layer *layer, double *kernel)
{
    const size_t each = layer->in * layer->taps;
    const uint8_t *bytes = t->from + 2 * layer->out;
    for (size_t o = 0; layer->bytes && o < layer->out; o++) {
        const double range = take(t);
        for (size_t i = 0; i < each; i++)
            kernel[o * each + i] = (float)(range * (int8_t)bytes[o * each + i] / 127);
    }
    if (layer->bytes)
        t->from += each * layer->out;
    for (size_t i = 0; !layer->bytes && i < each * layer->out; i++)
        kernel[i] = take(t);
}

/* Weight of the stored last layer's output `from` in the output `to` of what is wanted. */
static double weight(const struct translation *t, unsigned to, unsigned from)
{
    static const double luma[] = {0.299, 0.587, 0.114};
    unsigned square = t->form.scale * t->form.scale, colour = from / square, part = from % square;
    unsigned own = t->clean ? 1 : square;
    double w = t->grey ? luma[colour] : (colour == to / own);
    return t->clean ? w / square : part == to % own ? w : 0;
}

/* Outputs of `size` numbers each of the last layer. */
static void put_last(struct translation *t, const double *all, size_t size, size_t outputs)
{
    const size_t stored = (size_t)t->form.colours * t->form.scale * t->form.scale;
    for (unsigned o = 0; o < outputs; o++)
        for (size_t i = 0; i < size; i++) {
            double sum = 0;
            for (unsigned s = 0; s < stored; s++)
                sum += weight(t, o, s) * all[s * size + i];
            *t->to++ = (float)sum;
        }
}

/* Kernel and biases of a layer that stays as it is, or whose inputs are summed. */
static void put_plain(struct translation *t, const struct layer *layer, const double *kernel,
                      const double *biases, bool sums)
{
    for (size_t o = 0; o < layer->out; o++)
        for (size_t i = 0; i < (sums ? 1 : layer->in) * layer->taps; i++) {
            const double *from = kernel + o * layer->in * layer->taps + i;
            *t->to++ = (float)(sums ? from[0] + from[9] + from[18] : from[0]);
        }
    for (size_t o = 0; o < layer->out; o++)
        *t->to++ = (float)biases[o];
}

static void put_layer(struct translation *t, const struct layer *layer, bool first, size_t outputs)
{
    double *kernel = calloc(layer->out * layer->in * layer->taps, sizeof(*kernel));
    double *biases = calloc(LEVELS * layer->out, sizeof(*biases));
    take_kernel(t, layer, kernel);
    for (size_t i = 0; i < LEVELS * layer->out; i++)
        biases[i] = take(t);
    size_t low = t->level >= 2 ? 3 : (size_t)(t->level + 1);
    double part = t->level + 1 - (double)low;
    for (size_t i = 0; i < layer->out; i++)
        biases[i] =
            biases[low * layer->out + i] * (1 - part) + biases[(low + 1) * layer->out + i] * part;
    *t->to++ = 0; /* the tag of single precision */
    if (layer->last && (t->grey || t->clean)) {
        put_last(t, kernel, layer->in * layer->taps, outputs);
        put_last(t, biases, 1, outputs);
    } else {
        put_plain(t, layer, kernel, biases, first && t->grey);
    }
    for (size_t i = 0; !layer->last && i < layer->out; i++)
        *t->to++ = (float)take(t);
    free(kernel);
    free(biases);
}

/* Describes layer k, which reads the blob `below`, and what stands around it; returns its result.
 */
static const char *describe(struct translation *t, unsigned k, const struct layer *layer,
                            const char *below, size_t inputs, size_t outputs)
{
    static char name[16];
    const bool square = layer->side == 3;
    if (!square && !layer->up) {
        t->at += sprintf(t->at, "Split fork 1 2 %s half kept\n", below);
        below = "half";
    }
    t->at += sprintf(t->at, "%s c%u 1 1 %s c%u 0=%zu 1=%zu 3=%d 4=%d 5=1 6=%zu\n",
                     layer->up ? "Deconvolution" : "Convolution", k, below, k, outputs, layer->side,
                     square ? 1 : 2, square, outputs * inputs * layer->taps);
    if (!layer->last)
        t->at += sprintf(t->at, "PReLU a%u 1 1 c%u a%u 0=%zu\n", k, k, k, outputs);
    if (layer->up)
        t->at += sprintf(t->at, "BinaryOp join 2 1 a%u kept joined 0=0\n", k);
    snprintf(name, sizeof name, "%c%u", layer->last ? 'c' : 'a', k);
    return layer->up ? "joined" : name;
}

static struct own_form form_of(const uint8_t *data)
{
    struct own_form form = {.channels = get16(data + 10),
                            .depth = get16(data + 12),
                            .scale = data[14],
                            .colours = data[15]};
    if (get16(data + 8) == 2) {
        form.bytes = data[17];
        form.wide = get16(data + 18);
        form.inner = get16(data + 20);
    }
    return form;
}

struct own_ncnn own_file_to_ncnn(const uint8_t *data, double level, bool grey, bool clean)
{
    struct translation t = {
        .form = form_of(data), .clean = clean, .level = level, .from = data + HEADER};
    t.grey = grey && t.form.colours == 3;
    const unsigned scale = clean ? 1 : t.form.scale, colours = grey ? 1 : t.form.colours;
    const unsigned layers = layer_count(&t.form), more = t.form.inner ? 2 : 0;
    struct own_ncnn model = {.param = calloc(1, 1 << 16)};
    size_t floats = 0;
    for (unsigned k = 0; k < layers; k++) {
        const struct layer layer = layer_of(&t.form, k);
        floats += layer.out * (layer.in * layer.taps + 2) + 1;
    }
    model.bin = calloc(floats, sizeof(float)); /* enough: nothing becomes larger */
    t.to = model.bin;
    t.at = model.param;
    const char *below = "deep";
    t.at += sprintf(t.at, "7767517\n%u %u\nInput in 0 1 page 2=%u\nSplit s 1 2 page deep flat\n",
                    2 * layers + 4 + more, 2 * layers + 5 + 3 * more / 2, colours);
    for (unsigned k = 0; k < layers; k++) {
        const struct layer layer = layer_of(&t.form, k);
        const size_t outputs = layer.last ? (size_t)colours * scale * scale : layer.out;
        below = describe(&t, k, &layer, below, k ? layer.in : colours, outputs);
        put_layer(&t, &layer, k == 0, outputs);
    }
    t.at += sprintf(t.at,
                    "PixelShuffle sh 1 1 %s shuffled 0=%u\n"
                    "Interp re 1 1 flat repeated 0=1 1=%u.0 2=%u.0\n"
                    "BinaryOp sum 2 1 shuffled repeated output 0=0\n",
                    below, scale, scale, scale);
    model.param_size = (size_t)(t.at - model.param);
    model.bin_size = (size_t)(t.to - model.bin) * sizeof(float);
    return model;
}

void own_ncnn_free(struct own_ncnn *model)
{
    free(model->param);
    free(model->bin);
    *model = (struct own_ncnn){0};
}
