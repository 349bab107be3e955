/* SPDX-License-Identifier: MIT */
/* Building graphs and writing them as ONNX files. */
#include "onnx_graph.h"

#include "support/random.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void onnx_begin(struct onnx_graph *graph, uint64_t seed)
{
    memset(graph, 0, sizeof(*graph));
    graph->seed = seed;
    graph->opset = 17;
    graph->channels = 3;
    graph->io = ONNX_FLOAT;
    strcpy(graph->output, "out");
}

void onnx_free(struct onnx_graph *graph)
{
    for (int i = 0; i < graph->arrays; i++)
        free(graph->array[i].values);
    graph->arrays = 0;
}

static int split_numbers(const char *text, double *numbers, int limit)
{
    int count = 0;
    while (*text && count < limit) {
        char *end;
        numbers[count++] = strtod(text, &end);
        text = *end == ',' ? end + 1 : end;
    }
    return count;
}

static struct onnx_array *add_array(struct onnx_graph *graph, enum onnx_type type, const char *name,
                                    const char *dims)
{
    struct onnx_array *array = &graph->array[graph->arrays++];
    double numbers[ONNX_RANK];
    *array = (struct onnx_array){.type = type, .count = 1};
    snprintf(array->name, sizeof(array->name), "%s", name);
    array->rank = split_numbers(dims, numbers, ONNX_RANK);
    for (int i = 0; i < array->rank; i++) {
        array->dims[i] = (int64_t)numbers[i];
        array->count *= (size_t)numbers[i];
    }
    array->values = calloc(array->count + 1, sizeof(double));
    return array;
}

struct onnx_array *onnx_random(struct onnx_graph *graph, const char *name, const char *dims,
                               double low, double high)
{
    struct onnx_array *array = add_array(graph, ONNX_FLOAT, name, dims);
    /* Multiples of 1/1024, which are the same in half precision. */
    for (size_t i = 0; i < array->count; i++)
        array->values[i] = rint(test_random_real(&graph->seed, low, high) * 1024) / 1024;
    return array;
}

struct onnx_array *onnx_values(struct onnx_graph *graph, enum onnx_type type, const char *name,
                               const char *dims, const char *numbers)
{
    struct onnx_array *array = add_array(graph, type, name, dims);
    split_numbers(numbers, array->values, (int)array->count);
    return array;
}

/* Words between blanks. */
static int split_words(const char *text, char (*words)[64], int limit)
{
    int count = 0, used;
    while (count < limit && sscanf(text, " %63s%n", words[count], &used) == 1) {
        if (strcmp(words[count], "-") == 0)
            words[count][0] = 0;
        text += used;
        count++;
    }
    return count;
}

static void read_setting(const struct onnx_graph *graph, struct onnx_setting *setting,
                         const char *word)
{
    const char *value = strchr(word, '=') + 1;
    double numbers[16] = {0};
    snprintf(setting->name, sizeof(setting->name), "%.*s", (int)(value - word - 1), word);
    if (value[0] && value[1] == ':') {
        setting->kind = value[0];
        snprintf(setting->text, sizeof(setting->text), "%s", value + 2);
        setting->number = strtod(value + 2, NULL);
        for (int i = 0; i < graph->arrays && setting->kind == 't'; i++)
            if (strcmp(graph->array[i].name, setting->text) == 0)
                setting->array = &graph->array[i];
        if (setting->kind != 'l')
            return;
        value += 2;
    }
    setting->count = split_numbers(value, numbers, 16);
    for (int i = 0; i < setting->count; i++)
        setting->list[i] = (int64_t)numbers[i];
    setting->number = numbers[0];
    if (setting->kind != 'l')
        setting->kind = setting->count == 1 ? 'i' : 'l';
}

void onnx_add(struct onnx_graph *graph, const char *type, const char *inputs, const char *outputs,
              const char *settings)
{
    struct onnx_step *step = &graph->step[graph->steps++];
    char words[ONNX_PARTS][64];
    snprintf(step->type, sizeof(step->type), "%s", type);
    step->inputs = split_words(inputs, step->input, ONNX_PARTS);
    step->outputs = split_words(outputs, step->output, ONNX_PARTS);
    step->settings = split_words(settings, words, ONNX_PARTS);
    for (int i = 0; i < step->settings; i++)
        read_setting(graph, &step->setting[i], words[i]);
}

static void add_line(struct onnx_graph *graph, const char *line)
{
    char first[64], name[64], dims[64], numbers[256] = "";
    const char *arrow = strstr(line, " > "), *settings;
    double low = 0, high = 0;
    if (sscanf(line, "r %63s %63s %lf %lf", name, dims, &low, &high) == 4)
        onnx_random(graph, name, dims[0] == '.' ? "" : dims, low, high);
    else if (!arrow && sscanf(line, "%1[fi] %63s %63s %255s", first, name, dims, numbers) >= 3)
        onnx_values(graph, first[0] == 'f' ? ONNX_FLOAT : ONNX_INT64, name,
                    dims[0] == '.' ? "" : dims, numbers);
    else if (arrow && sscanf(line, "%63s", first) == 1) {
        char inputs[256], outputs[256];
        snprintf(inputs, sizeof(inputs), "%.*s", (int)(arrow - line - (int)strlen(first)),
                 line + strlen(first));
        settings = strchr(arrow, '=');
        while (settings && settings[-1] != ' ')
            settings--;
        int length = settings ? (int)(settings - arrow) - 3 : (int)strlen(arrow) - 3;
        snprintf(outputs, sizeof(outputs), "%.*s", length, arrow + 3);
        onnx_add(graph, first, inputs, outputs, settings ? settings : "");
    }
}

void onnx_lines(struct onnx_graph *graph, const char *lines)
{
    while (*lines) {
        char line[512];
        size_t length = strcspn(lines, "\n");
        snprintf(line, sizeof(line), "%.*s", (int)length, lines);
        add_line(graph, line);
        lines += length + (lines[length] != 0);
    }
}

/* Bytes that grow. */
struct bytes {
    uint8_t *data;
    size_t size;
};

static void put(struct bytes *to, const void *data, size_t size)
{
    to->data = realloc(to->data, to->size + size + 1);
    if (size)
        memcpy(to->data + to->size, data, size);
    to->size += size;
}

static void put_varint(struct bytes *to, uint64_t value)
{
    do {
        uint8_t byte = (uint8_t)((value & 127) | (value > 127 ? 128 : 0));
        put(to, &byte, 1);
        value >>= 7;
    } while (value);
}

static void put_number(struct bytes *to, unsigned field, int64_t value)
{
    put_varint(to, field << 3);
    put_varint(to, (uint64_t)value);
}

static void put_field(struct bytes *to, unsigned field, const void *data, size_t size)
{
    put_varint(to, field << 3 | 2);
    put_varint(to, size);
    put(to, data, size);
}

static void put_text(struct bytes *to, unsigned field, const char *text)
{
    put_field(to, field, text, strlen(text));
}

/* A message, which is freed. */
static void put_message(struct bytes *to, unsigned field, struct bytes *message)
{
    put_field(to, field, message->data, message->size);
    free(message->data);
    *message = (struct bytes){NULL, 0};
}

static void put_float(struct bytes *to, double value)
{
    float single = (float)value;
    put(to, &single, 4);
}

/* Of what is exact in half precision and not too small. */
static unsigned half_of(double value)
{
    int exponent;
    double fraction = frexp(fabs(value), &exponent);
    unsigned bits = value < 0 ? 0x8000 : 0;
    return fraction > 0 ? bits | (unsigned)((exponent + 14) * 1024 + (int)(fraction * 2048 - 1024))
                        : bits;
}

static void put_values(struct bytes *to, const struct onnx_array *array)
{
    struct bytes data = {NULL, 0};
    for (size_t i = 0; i < array->count; i++) {
        bool real = array->type == ONNX_FLOAT || array->type == ONNX_HALF;
        int64_t whole = real ? 0 : (int64_t)array->values[i];
        unsigned half = array->type == ONNX_HALF ? half_of(array->values[i]) : 0;
        uint8_t bytes[2] = {(uint8_t)half, (uint8_t)(half >> 8)};
        if (array->type == ONNX_FLOAT)
            put_float(&data, array->values[i]);
        else if (array->type == ONNX_HALF && array->packed)
            put_varint(&data, half);
        else if (array->type == ONNX_HALF)
            put(&data, bytes, 2);
        else if (array->packed)
            put_varint(&data, (uint64_t)whole);
        else
            put(&data, &whole, array->type == ONNX_UINT8 ? 1 : 8);
    }
    unsigned field = array->type == ONNX_FLOAT ? 4 : array->type == ONNX_HALF ? 5 : 7;
    put_message(to, array->packed ? field : 9, &data);
}

static struct bytes array_message(const struct onnx_array *array, bool external)
{
    struct bytes message = {NULL, 0};
    for (int i = 0; i < array->rank; i++)
        put_number(&message, 1, array->dims[i]);
    put_number(&message, 2, array->type);
    put_text(&message, 8, array->name);
    if (external)
        put_number(&message, 14, 1);
    else
        put_values(&message, array);
    return message;
}

static struct bytes setting_message(const struct onnx_setting *setting)
{
    struct bytes message = {NULL, 0}, inner;
    put_text(&message, 1, setting->name);
    if (setting->kind == 'f') {
        put_varint(&message, 2 << 3 | 5);
        put_float(&message, setting->number);
    } else if (setting->kind == 's') {
        put_text(&message, 4, setting->text);
    } else if (setting->kind == 't') {
        inner = array_message(setting->array, false);
        put_message(&message, 5, &inner);
    } else if (setting->kind == 'i') {
        put_number(&message, 3, setting->list[0]);
    }
    for (int i = 0; setting->kind == 'l' && i < setting->count; i++)
        put_number(&message, 8, setting->list[i]);
    static const char kinds[] = "fist??l";
    put_number(&message, 20, strchr(kinds, setting->kind) - kinds + 1);
    return message;
}

static struct bytes step_message(const struct onnx_step *step, int index)
{
    struct bytes message = {NULL, 0}, inner;
    char name[64];
    snprintf(name, sizeof(name), "%s_%d", step->type, index);
    for (int i = 0; i < step->inputs; i++)
        put_text(&message, 1, step->input[i]);
    for (int i = 0; i < step->outputs; i++)
        put_text(&message, 2, step->output[i]);
    put_text(&message, 3, name);
    put_text(&message, 4, step->type);
    for (int i = 0; i < step->settings; i++) {
        inner = setting_message(&step->setting[i]);
        put_message(&message, 5, &inner);
    }
    return message;
}

static void put_dim(struct bytes *to, int64_t dim, const char *name)
{
    struct bytes message = {NULL, 0};
    if (dim)
        put_number(&message, 1, dim);
    else
        put_text(&message, 2, name);
    put_message(to, 1, &message);
}

static struct bytes port_message(const struct onnx_graph *graph, const char *name, bool input)
{
    struct bytes message = {NULL, 0}, type = {NULL, 0}, tensor = {NULL, 0}, shape = {NULL, 0};
    put_text(&message, 1, name);
    put_dim(&shape, 1, "batch");
    put_dim(&shape, graph->channels, "channels");
    put_dim(&shape, input ? graph->height : 0, "height");
    put_dim(&shape, input ? graph->width : 0, "width");
    put_number(&tensor, 1, graph->io);
    put_message(&tensor, 2, &shape);
    put_message(&type, 1, &tensor);
    put_message(&message, 2, &type);
    return message;
}

uint8_t *onnx_write(const struct onnx_graph *graph, size_t *size)
{
    struct bytes file = {NULL, 0}, body = {NULL, 0}, inner = {NULL, 0};
    for (int i = 0; i < graph->steps; i++) {
        inner = step_message(&graph->step[i], i);
        put_message(&body, 1, &inner);
    }
    put_text(&body, 2, "test");
    for (int i = 0; i < graph->arrays; i++) {
        inner = array_message(&graph->array[i], graph->external);
        put_message(&body, 5, &inner);
    }
    inner = port_message(graph, "x", true);
    put_message(&body, 11, &inner);
    inner = port_message(graph, graph->output, false);
    put_message(&body, 12, &inner);
    put_number(&file, 1, 8);
    put_text(&file, 2, "planche tests");
    put_message(&file, 7, &body);
    put_text(&inner, 1, "");
    put_number(&inner, 2, graph->opset);
    put_message(&file, 8, &inner);
    *size = file.size;
    return file.data;
}
