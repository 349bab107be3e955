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

struct own_file own_file_make(unsigned channels, unsigned depth, unsigned scale, unsigned colours,
                              uint64_t seed)
{
    size_t last = (size_t)colours * scale * scale, numbers = 0;
    for (unsigned k = 0; k < depth + 2; k++) {
        size_t in = k ? channels : colours, out = k <= depth ? channels : last;
        numbers += out * in * 9 + LEVELS * out + (k <= depth ? channels : 0);
    }
    struct own_file file = {.size = HEADER + 2 * numbers};
    file.data = calloc(1, file.size);
    const uint8_t head[17] = {'P',
                              'L',
                              'A',
                              'N',
                              'C',
                              'H',
                              'E',
                              0,
                              1,
                              0,
                              (uint8_t)channels,
                              (uint8_t)(channels >> 8),
                              (uint8_t)depth,
                              0,
                              (uint8_t)scale,
                              (uint8_t)colours,
                              LEVELS};
    memcpy(file.data, head, sizeof head);
    uint8_t *at = file.data + HEADER;
    for (unsigned k = 0; k < depth + 2; k++) {
        size_t in = k ? channels : colours, out = k <= depth ? channels : last;
        double range = (k <= depth ? 1.5 : 0.3) / sqrt((double)in * 9);
        for (size_t i = 0; i < out * in * 9; i++)
            put_half(&at, test_random_real(&seed, -range, range));
        for (size_t i = 0; i < LEVELS * out; i++)
            put_half(&at, test_random_real(&seed, -0.05, 0.05));
        for (size_t i = 0; k <= depth && i < channels; i++)
            put_half(&at, test_random_real(&seed, -0.2, 0.4));
    }
    return file;
}

bool own_file_write(const struct own_file *file, const char *path)
{
    FILE *stream = fopen(path, "wb");
    bool written = stream && fwrite(file->data, 1, file->size, stream) == file->size;
    return stream && fclose(stream) == 0 && written;
}

/* What is read and made. */
struct translation {
    unsigned channels, depth, scale, colours;
    bool grey, clean;
    double level;
    const uint8_t *from;
    float *to;
};

static double take(struct translation *t)
{
    double value = get_half(t->from);
    t->from += 2;
    return value;
}

/* Weight of the stored last layer's output `from` in the output `to` of what is wanted. */
static double weight(const struct translation *t, unsigned to, unsigned from)
{
    static const double luma[] = {0.299, 0.587, 0.114};
    unsigned square = t->scale * t->scale, colour = from / square, part = from % square;
    unsigned own = t->clean ? 1 : square;
    double w = t->grey ? luma[colour] : (colour == to / own);
    return t->clean ? w / square : part == to % own ? w : 0;
}

/* Outputs of `size` numbers each of the last layer. */
static void put_last(struct translation *t, const double *all, size_t size, unsigned outputs)
{
    unsigned stored = t->colours * t->scale * t->scale;
    for (unsigned o = 0; o < outputs; o++)
        for (size_t i = 0; i < size; i++) {
            double sum = 0;
            for (unsigned s = 0; s < stored; s++)
                sum += weight(t, o, s) * all[s * size + i];
            *t->to++ = (float)sum;
        }
}

static void put_layer(struct translation *t, unsigned k, unsigned outputs)
{
    size_t in = k ? t->channels : t->colours;
    size_t stored = k <= t->depth ? t->channels : (size_t)t->colours * t->scale * t->scale;
    double *kernel = calloc(stored * in * 9, sizeof(*kernel));
    double *biases = calloc(LEVELS * stored, sizeof(*biases));
    for (size_t i = 0; i < stored * in * 9; i++)
        kernel[i] = take(t);
    for (size_t i = 0; i < LEVELS * stored; i++)
        biases[i] = take(t);
    size_t low = t->level >= 2 ? 3 : (size_t)(t->level + 1);
    double part = t->level + 1 - (double)low;
    for (size_t i = 0; i < stored; i++)
        biases[i] = biases[low * stored + i] * (1 - part) + biases[(low + 1) * stored + i] * part;
    *t->to++ = 0; /* the tag of single precision */
    if (k == t->depth + 1 && (t->grey || t->clean)) {
        put_last(t, kernel, in * 9, outputs);
        put_last(t, biases, 1, outputs);
    } else {
        bool sums = k == 0 && t->grey;
        for (size_t o = 0; o < stored; o++)
            for (size_t i = 0; i < (sums ? 9 : in * 9); i++)
                *t->to++ = (float)(sums ? kernel[o * in * 9 + i] + kernel[(o * in + 1) * 9 + i] +
                                              kernel[(o * in + 2) * 9 + i]
                                        : kernel[o * in * 9 + i]);
        for (size_t o = 0; o < stored; o++)
            *t->to++ = (float)biases[o];
    }
    for (size_t i = 0; k <= t->depth && i < t->channels; i++)
        *t->to++ = (float)take(t);
    free(kernel);
    free(biases);
}

struct own_ncnn own_file_to_ncnn(const uint8_t *data, double level, bool grey, bool clean)
{
    struct translation t = {get16(data + 10),
                            get16(data + 12),
                            data[14],
                            data[15],
                            grey,
                            clean,
                            level,
                            data + HEADER,
                            NULL};
    unsigned scale = clean ? 1 : t.scale, colours = grey ? 1 : t.colours;
    struct own_ncnn model = {.param = calloc(1, 1 << 16)};
    /* More than enough: nothing becomes larger. */
    model.bin = calloc((size_t)(t.depth + 2) * (t.channels * 9 + 8) * (t.channels + 48) + 4096,
                       sizeof(float));
    t.to = model.bin;
    char *at = model.param;
    at += sprintf(at, "7767517\n%u %u\nInput in 0 1 page 2=%u\nSplit s 1 2 page deep flat\n",
                  2 * t.depth + 8, 2 * t.depth + 9, colours);
    char below[16] = "deep";
    for (unsigned k = 0; k < t.depth + 2; k++) {
        unsigned outputs = k <= t.depth ? t.channels : colours * scale * scale;
        unsigned inputs = k ? t.channels : colours;
        at += sprintf(at, "Convolution c%u 1 1 %s c%u 0=%u 1=3 4=1 5=1 6=%u\n", k, below, k,
                      outputs, outputs * inputs * 9);
        put_layer(&t, k, outputs);
        snprintf(below, sizeof below, "%c%u", k <= t.depth ? 'a' : 'c', k);
        if (k <= t.depth)
            at += sprintf(at, "PReLU a%u 1 1 c%u a%u 0=%u\n", k, k, k, t.channels);
    }
    at += sprintf(at,
                  "PixelShuffle sh 1 1 %s shuffled 0=%u\n"
                  "Interp re 1 1 flat repeated 0=1 1=%u.0 2=%u.0\n"
                  "BinaryOp sum 2 1 shuffled repeated output 0=0\n",
                  below, scale, scale, scale);
    model.param_size = (size_t)(at - model.param);
    model.bin_size = (size_t)(t.to - model.bin) * sizeof(float);
    return model;
}

void own_ncnn_free(struct own_ncnn *model)
{
    free(model->param);
    free(model->bin);
    *model = (struct own_ncnn){0};
}
