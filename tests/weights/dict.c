/* SPDX-License-Identifier: MIT */
/* State dicts of tests, and writers of their files: .safetensors, torch.save's ZIP and its older
 * form. */
#include "dict.h"

#include "support/random.h"
#include "support/testing.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void dict_free(struct dict *dict)
{
    for (int i = 0; i < dict->count; i++)
        free(dict->tensors[i].values);
    free(dict->tensors);
    *dict = (struct dict){0};
}

/* The nearest number of a type with `bits` bits behind the leading one; all are in its range. */
static double round_to(double value, int bits)
{
    int exponent;
    double fraction = frexp(value, &exponent);
    return ldexp(nearbyint(ldexp(fraction, bits + 1)), exponent - bits - 1);
}

static double round_value(enum dict_type type, double value)
{
    switch (type) {
    case DICT_F16: /* smallest: 2 to the power of -24 */
        return fabs(value) < 0x1p-14 ? nearbyint(value * 0x1p24) * 0x1p-24 : round_to(value, 10);
    case DICT_BF16:
        return round_to(value, 7);
    default:
        return (float)value;
    }
}

struct dict_tensor *dict_add(struct dict *dict, const char *name, double low, double high,
                             const int *shape)
{
    if (dict->count == dict->room) {
        dict->room = dict->room ? 2 * dict->room : 64;
        dict->tensors = realloc(dict->tensors, (size_t)dict->room * sizeof(*dict->tensors));
    }
    struct dict_tensor *tensor = &dict->tensors[dict->count++];
    *tensor = (struct dict_tensor){.type = dict->type, .count = 1};
    snprintf(tensor->name, sizeof(tensor->name), "%s", name);
    for (; *shape; shape++) {
        tensor->shape[tensor->rank++] = *shape;
        tensor->count *= (size_t)*shape;
    }
    tensor->values = calloc(tensor->count, sizeof(double));
    for (size_t i = 0; i < tensor->count; i++)
        tensor->values[i] = round_value(dict->type, test_random_real(&dict->random, low, high));
    return tensor;
}

static void add_conv(struct dict *dict, int out, int in, int kernel, const char *name, bool bias)
{
    double size = sqrt(3.0 / (in * kernel * kernel));
    char key[160];
    snprintf(key, sizeof(key), "%s.weight", name);
    dict_add(dict, key, -size, size, (int[]){out, in, kernel, kernel, 0});
    snprintf(key, sizeof(key), "%s.bias", name);
    if (bias)
        dict_add(dict, key, -0.1, 0.1, (int[]){out, 0});
}

void dict_conv(struct dict *dict, int out, int in, int kernel, const char *format, ...)
{
    char name[128];
    va_list args;
    va_start(args, format);
    vsnprintf(name, sizeof(name), format, args);
    va_end(args);
    add_conv(dict, out, in, kernel, name, true);
}

void dict_conv_only(struct dict *dict, int out, int in, int kernel, const char *format, ...)
{
    char name[128];
    va_list args;
    va_start(args, format);
    vsnprintf(name, sizeof(name), format, args);
    va_end(args);
    add_conv(dict, out, in, kernel, name, false);
}

const struct dict_tensor *dict_find(const struct dict *dict, const char *name)
{
    for (int i = 0; i < dict->count; i++)
        if (strcmp(dict->tensors[i].name, name) == 0)
            return &dict->tensors[i];
    return NULL;
}

void file_put(struct file *file, const void *data, size_t size)
{
    if (file->size + size > file->room) {
        file->room = 2 * (file->size + size) + 256;
        file->data = realloc(file->data, file->room);
    }
    memcpy(file->data + file->size, data, size);
    file->size += size;
}

void file_number(struct file *file, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        file_put(file, &(uint8_t){(uint8_t)(value >> (8 * i))}, 1);
}

static void file_text(struct file *file, const char *text)
{
    file_put(file, text, strlen(text));
}

static uint16_t half_bits(double value)
{
    uint16_t sign = signbit(value) ? 0x8000 : 0;
    int exponent;
    double fraction = frexp(fabs(value), &exponent);
    if (fabs(value) < 0x1p-14)
        return (uint16_t)(sign | (unsigned)(fabs(value) * 0x1p24));
    return (uint16_t)(sign | ((unsigned)(exponent + 14) << 10) |
                      ((unsigned)(fraction * 0x1p11) & 0x3ff));
}

static void put_value(struct file *file, enum dict_type type, double value)
{
    float single = (float)value;
    uint32_t bits;
    memcpy(&bits, &single, sizeof(bits));
    if (type == DICT_F16)
        file_number(file, half_bits(value), 2);
    else if (type == DICT_BF16)
        file_number(file, bits >> 16, 2);
    else if (type == DICT_F64)
        file_put(file, &value, sizeof(value));
    else
        file_number(file, bits, 4);
}

/* Element i of the order in which a tensor is stored. */
static size_t stored_index(const struct dict_tensor *tensor, size_t i)
{
    size_t index[DICT_RANK], at = 0;
    if (!tensor->turned)
        return i;
    for (int axis = 0; axis < tensor->rank; axis++) {
        index[axis] = i % (size_t)tensor->shape[axis];
        i /= (size_t)tensor->shape[axis];
    }
    for (int axis = 0; axis < tensor->rank; axis++)
        at = at * (size_t)tensor->shape[axis] + index[axis];
    return at;
}

static void put_values(struct file *file, const struct dict_tensor *tensor)
{
    for (size_t i = 0; i < tensor->count; i++)
        put_value(file, tensor->type, tensor->values[stored_index(tensor, i)]);
}

static const size_t widths[] = {4, 2, 2, 8};

struct file dict_safetensors(const struct dict *dict)
{
    static const char *const types[] = {"F32", "F16", "BF16", "F64"};
    struct file text = {0}, file = {0};
    size_t at = 0;
    char line[256];
    file_text(&text, "{\"__metadata__\":{\"format\":\"pt\",\"license\":\"CC0-1.0\"");
    if (dict->network) {
        snprintf(line, sizeof(line), ",\"modelspec.architecture\":\"%s\"", dict->network);
        file_text(&text, line);
    }
    file_text(&text, "}");
    for (int i = 0; i < dict->count; i++) {
        const struct dict_tensor *tensor = &dict->tensors[i];
        size_t end = at + tensor->count * widths[tensor->type];
        snprintf(line, sizeof(line), ",\n \"%s%s\": {\"dtype\":\"%s\",\"shape\":[",
                 dict->prefix ? dict->prefix : "", tensor->name, types[tensor->type]);
        file_text(&text, line);
        for (int axis = 0; axis < tensor->rank; axis++) {
            snprintf(line, sizeof(line), "%s%d", axis ? "," : "", tensor->shape[axis]);
            file_text(&text, line);
        }
        snprintf(line, sizeof(line), "],\"data_offsets\":[%zu,%zu]}", at, end);
        file_text(&text, line);
        at = end;
    }
    file_text(&text, "}");
    file_number(&file, text.size, 8);
    file_put(&file, text.data, text.size);
    for (int i = 0; i < dict->count; i++) {
        assert_false(dict->tensors[i].turned); /* the format has no strides */
        put_values(&file, &dict->tensors[i]);
    }
    free(text.data);
    return file;
}

static void pickle_text(struct file *file, const char *text)
{
    file_put(file, "X", 1);
    file_number(file, strlen(text), 4);
    file_text(file, text);
}

static void pickle_int(struct file *file, size_t value)
{
    if (value < 256) {
        file_put(file, "K", 1);
        file_number(file, value, 1);
    } else {
        file_put(file, value < 65536 ? "M" : "J", 1);
        file_number(file, value, value < 65536 ? 2 : 4);
    }
}

/* Sizes or strides as a tuple. */
static void pickle_shape(struct file *file, const struct dict_tensor *tensor, bool strides)
{
    file_put(file, "(", 1);
    for (int axis = 0; axis < tensor->rank; axis++) {
        size_t stride = 1;
        if (tensor->turned)
            for (int i = 0; i < axis; i++)
                stride *= (size_t)tensor->shape[i];
        else
            for (int i = axis + 1; i < tensor->rank; i++)
                stride *= (size_t)tensor->shape[i];
        pickle_int(file, strides ? stride : (size_t)tensor->shape[axis]);
    }
    file_put(file, "t", 1);
}

static void pickle_tensor(struct file *file, const struct dict_tensor *tensor, const char *key,
                          bool legacy)
{
    static const char *const storages[] = {"FloatStorage", "HalfStorage", "BFloat16Storage",
                                           "DoubleStorage"};
    file_text(file, "ctorch._utils\n_rebuild_tensor_v2\n((");
    pickle_text(file, "storage");
    file_text(file, "ctorch\n");
    file_text(file, storages[tensor->type]);
    file_put(file, "\n", 1);
    pickle_text(file, key);
    pickle_text(file, "cpu");
    pickle_int(file, tensor->count);
    file_text(file, legacy ? "NtQK" : "tQK");
    file_number(file, 0, 1);
    pickle_shape(file, tensor, false);
    pickle_shape(file, tensor, true);
    /* No gradient; hooks: an OrderedDict. */
    file_text(file, "\x89"
                    "ccollections\nOrderedDict\n)RtR");
}

/* What nunif's files say before the weights. */
static void pickle_network(struct file *file, const struct dict *dict)
{
    pickle_text(file, "nunif_model");
    pickle_int(file, 1);
    pickle_text(file, "name");
    pickle_text(file, dict->network);
    pickle_text(file, "kwargs");
    file_text(file, "}(");
    pickle_text(file, "in_channels");
    pickle_int(file, 3);
    pickle_text(file, "no_clip");
    file_text(file, dict->unclipped ? "\x88" : "\x89");
    pickle_text(file, "pre_antialias");
    file_text(file, dict->antialiased ? "\x88u" : "\x89u");
}

/* An OrderedDict with its attributes, in a dictionary if there is a wrapper. */
static struct file pickle_dict(const struct dict *dict, bool legacy)
{
    struct file file = {0};
    char text[160];
    file_put(&file, "\x80\x02", 2);
    if (dict->wrapper) {
        file_text(&file, "}q\x01(");
        pickle_text(&file, "iter");
        pickle_int(&file, 400000);
        if (dict->network)
            pickle_network(&file, dict);
        pickle_text(&file, dict->wrapper);
    }
    file_text(&file, "ccollections\nOrderedDict\n)Rq\x02(");
    for (int i = 0; i < dict->count; i++) {
        snprintf(text, sizeof(text), "%s%s", dict->prefix ? dict->prefix : "",
                 dict->tensors[i].name);
        pickle_text(&file, text);
        snprintf(text, sizeof(text), "%d", i);
        pickle_tensor(&file, &dict->tensors[i], text, legacy);
    }
    file_text(&file, "u}q\x03");
    pickle_text(&file, "_metadata");
    file_text(&file, "}sb");
    file_text(&file, dict->wrapper ? "u." : ".");
    return file;
}

/* A ZIP of files that are not compressed. Checksums are zero: nobody looks at them. */
struct zip {
    struct file file, directory;
    int count;
};

static void zip_add(struct zip *zip, const char *name, const struct file *content)
{
    static const uint8_t fill[64] = {0};
    size_t start = zip->file.size, pad;
    for (int central = 0; central <= 1; central++) {
        struct file *to = central ? &zip->directory : &zip->file;
        file_number(to, central ? 0x02014b50 : 0x04034b50, 4);
        file_number(to, 0, central ? 6 : 4);
        file_number(to, 0, 2); /* stored */
        file_number(to, 0, 8); /* time, checksum */
        file_number(to, content->size, 4);
        file_number(to, content->size, 4);
        file_number(to, strlen(name), 2);
        /* PyTorch fills up to a boundary of 64 bytes with an extra field. */
        pad = central ? 0 : (64 - (start + 30 + strlen(name)) % 64) % 64;
        file_number(to, pad, 2);
        if (central) {
            file_number(to, 0, 6);
            file_number(to, 0, 4);
            file_number(to, 0, 0);
            file_number(to, start, 4);
        }
        file_text(to, name);
        file_put(to, fill, pad);
    }
    file_put(&zip->file, content->data, content->size);
    zip->count++;
}

static struct file zip_end(struct zip *zip)
{
    size_t start = zip->file.size;
    file_put(&zip->file, zip->directory.data, zip->directory.size);
    file_number(&zip->file, 0x06054b50, 4);
    file_number(&zip->file, 0, 4);
    file_number(&zip->file, (uint64_t)zip->count, 2);
    file_number(&zip->file, (uint64_t)zip->count, 2);
    file_number(&zip->file, zip->directory.size, 4);
    file_number(&zip->file, start, 4);
    file_number(&zip->file, 0, 2);
    free(zip->directory.data);
    return zip->file;
}

struct file dict_zip(const struct dict *dict)
{
    struct zip zip = {0};
    struct file content = pickle_dict(dict, false);
    zip_add(&zip, "archive/data.pkl", &content);
    for (int i = 0; i < dict->count; i++) {
        char name[64];
        snprintf(name, sizeof(name), "archive/data/%d", i);
        content.size = 0;
        put_values(&content, &dict->tensors[i]);
        zip_add(&zip, name, &content);
    }
    content.size = 0;
    file_text(&content, "little");
    zip_add(&zip, "archive/byteorder", &content);
    free(content.data);
    return zip_end(&zip);
}

struct file dict_legacy(const struct dict *dict)
{
    static const uint8_t magic[] = {0x80, 2,    0x8a, 10,   0x6c, 0xfc, 0x9c, 0x46,
                                    0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, '.'};
    struct file file = {0}, object = pickle_dict(dict, true);
    char key[16];
    file_put(&file, magic, sizeof(magic));
    file_put(&file, "\x80\x02M\xe9\x03.", 6);
    file_text(&file, "\x80\x02}q\x01(");
    pickle_text(&file, "little_endian");
    file_text(&file, "\x88u.");
    file_put(&file, object.data, object.size);
    free(object.data);
    file_text(&file, "\x80\x02]q\x01(");
    for (int i = 0; i < dict->count; i++) {
        snprintf(key, sizeof(key), "%d", i);
        pickle_text(&file, key);
    }
    file_text(&file, "e.");
    for (int i = 0; i < dict->count; i++) {
        file_number(&file, dict->tensors[i].count, 8);
        put_values(&file, &dict->tensors[i]);
    }
    return file;
}
