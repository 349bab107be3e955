/* SPDX-License-Identifier: MIT */
/* Reads ncnn's .param and .bin in the most direct way. */
#include "ref_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

double ref_get(const struct ref_layer *layer, int id, double fallback)
{
    return layer->has[id] && layer->count[id] == 0 ? layer->value[id][0] : fallback;
}

bool ref_complain(const struct ref_layer *layer, const char *what)
{
    fprintf(stderr, "reference: %s '%s': %s\n", layer->type, layer->name, what);
    return false;
}

static int find_blob(struct ref_net *net, const char *name)
{
    for (int i = 0; i < net->blob_count; i++)
        if (strcmp(net->blobs[i], name) == 0)
            return i;
    net->blobs = realloc(net->blobs, sizeof(*net->blobs) * (size_t)(net->blob_count + 1));
    net->producer = realloc(net->producer, sizeof(int) * (size_t)(net->blob_count + 1));
    net->readers = realloc(net->readers, sizeof(int) * (size_t)(net->blob_count + 1));
    snprintf(net->blobs[net->blob_count], sizeof(net->blobs[0]), "%s", name);
    net->producer[net->blob_count] = -1;
    net->readers[net->blob_count] = 0;
    return net->blob_count++;
}

/* ncnn keeps parameters in single precision. */
static void read_param(struct ref_layer *layer, char *word)
{
    int id = atoi(word), count = 0;
    char *at = strchr(word, '=') + 1;
    if (id <= -23300) {
        id = -id - 23300;
        count = (int)strtol(at, &at, 10);
        at += *at == ',';
    }
    layer->has[id] = true;
    layer->count[id] = count;
    layer->value[id] = calloc((size_t)count + 1, sizeof(double));
    for (int i = 0; i < count || i == 0; i++) {
        layer->value[id][i] = (float)strtod(at, &at);
        at += *at == ',';
    }
    if (count == 0 && strcspn(word, ".eE") == strlen(word))
        layer->value[id][0] = strtod(strchr(word, '=') + 1, NULL);
}

static void read_layer(struct ref_net *net, struct ref_layer *layer, int index, char *line)
{
    char *rest = NULL, *word = strtok_r(line, " \t\r", &rest);
    snprintf(layer->type, sizeof(layer->type), "%s", word);
    snprintf(layer->name, sizeof(layer->name), "%s", strtok_r(NULL, " \t\r", &rest));
    layer->nin = atoi(strtok_r(NULL, " \t\r", &rest));
    layer->nout = atoi(strtok_r(NULL, " \t\r", &rest));
    layer->in = calloc((size_t)layer->nin + 1, sizeof(int));
    layer->out = calloc((size_t)layer->nout + 1, sizeof(int));
    for (int i = 0; i < layer->nin; i++) {
        layer->in[i] = find_blob(net, strtok_r(NULL, " \t\r", &rest));
        net->readers[layer->in[i]]++;
    }
    for (int i = 0; i < layer->nout; i++) {
        layer->out[i] = find_blob(net, strtok_r(NULL, " \t\r", &rest));
        net->producer[layer->out[i]] = index;
    }
    while ((word = strtok_r(NULL, " \t\r", &rest)))
        read_param(layer, word);
}

static bool read_text(struct ref_net *net, char *text)
{
    char *rest = NULL, *line = strtok_r(text, "\n", &rest);
    int index = 0;
    if (!line || atoi(line) != 7767517)
        return false;
    line = strtok_r(NULL, "\n", &rest);
    net->layer_count = atoi(line);
    net->layers = calloc((size_t)net->layer_count, sizeof(*net->layers));
    while ((line = strtok_r(NULL, "\n", &rest)))
        if (line[strspn(line, " \t\r")] && index < net->layer_count) {
            read_layer(net, &net->layers[index], index, line);
            index++;
        }
    return index == net->layer_count;
}

struct bytes {
    const uint8_t *at;
    size_t left;
};

static uint32_t take(struct bytes *bytes, int width)
{
    uint32_t value = 0;
    if (bytes->left < (size_t)width) {
        bytes->left = 0;
        return 0;
    }
    for (int i = 0; i < width; i++)
        value |= (uint32_t)bytes->at[i] << (8 * i);
    bytes->at += width;
    bytes->left -= (size_t)width;
    return value;
}

static double half(uint32_t bits)
{
    double sign = bits & 0x8000 ? -1 : 1, mantissa = (bits & 0x3ff) / 1024.0;
    int exponent = (int)(bits >> 10 & 31);
    return exponent ? sign * (1 + mantissa) * pow(2, exponent - 15) : sign * mantissa * pow(2, -14);
}

static double *take_floats(struct bytes *bytes, int count)
{
    double *values = calloc((size_t)count + 1, sizeof(double));
    for (int i = 0; i < count; i++) {
        uint32_t bits = take(bytes, 4);
        float value;
        memcpy(&value, &bits, 4);
        values[i] = value;
    }
    return values;
}

static double *take_weights(struct bytes *bytes, int count)
{
    double *values;
    uint32_t tag = take(bytes, 4);
    if (tag == 0)
        return take_floats(bytes, count);
    if (tag != 0x01306B47)
        return NULL;
    values = calloc((size_t)count + 1, sizeof(double));
    for (int i = 0; i < count; i++)
        values[i] = half(take(bytes, 2));
    if (count % 2)
        take(bytes, 2);
    return values;
}

static bool read_weights(struct ref_net *net, struct bytes *bytes)
{
    for (int i = 0; i < net->layer_count; i++) {
        struct ref_layer *layer = &net->layers[i];
        bool inner = strcmp(layer->type, "InnerProduct") == 0;
        double first = ref_get(layer, 0, 0);
        int outputs =
            fabs(first) < 1e9 ? (int)first : 0; /* a limit of Clip is not a number of them */
        if (inner || strcmp(layer->type, "Convolution") == 0 ||
            strcmp(layer->type, "Deconvolution") == 0) {
            layer->weight_count = (int)ref_get(layer, inner ? 2 : 6, 0);
            layer->weights = take_weights(bytes, layer->weight_count);
            if (!layer->weights)
                return ref_complain(layer, "weights of an unknown type");
            if (ref_get(layer, inner ? 1 : 5, 0) != 0)
                layer->bias = take_floats(bytes, outputs);
        } else if (strcmp(layer->type, "Norm") == 0) {
            layer->extra = take_floats(bytes, outputs);
            layer->bias = take_floats(bytes, outputs);
        } else if (strcmp(layer->type, "PReLU") == 0 || strcmp(layer->type, "MemoryData") == 0) {
            layer->extra = take_floats(bytes, outputs);
        } else if (strcmp(layer->type, "Scale") == 0 && outputs != -233) {
            layer->extra = take_floats(bytes, outputs);
            if (ref_get(layer, 1, 0) != 0)
                layer->bias = take_floats(bytes, outputs);
        }
    }
    return bytes->left == 0;
}

static void find_ends(struct ref_net *net)
{
    static const char *const usual[] = {"out0", "output", "Eltwise4"};
    for (int i = 0; i < net->layer_count; i++) {
        const struct ref_layer *layer = &net->layers[i];
        if (strcmp(layer->type, "Input") == 0)
            net->input = layer->out[0];
        for (int j = 0; j < layer->nout; j++)
            if (net->readers[layer->out[j]] == 0)
                net->output = layer->out[j];
    }
    for (int i = 0; i < net->blob_count; i++)
        for (int j = 0; j < 3; j++)
            if (net->readers[i] == 0 && strcmp(net->blobs[i], usual[j]) == 0)
                net->output = i;
}

struct ref_net *ref_load_memory(const void *param, size_t param_size, const void *bin,
                                size_t bin_size)
{
    struct ref_net *net = calloc(1, sizeof(*net));
    struct bytes bytes = {bin, bin_size};
    char *text = malloc(param_size + 1);
    memcpy(text, param, param_size);
    text[param_size] = '\0';
    if (!read_text(net, text) || !read_weights(net, &bytes)) {
        fprintf(stderr, "reference: the files are not a network\n");
        ref_destroy(&net);
    } else {
        find_ends(net);
    }
    free(text);
    return net;
}

static uint8_t *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = NULL;
    long length;
    if (file && fseek(file, 0, SEEK_END) == 0 && (length = ftell(file)) >= 0) {
        rewind(file);
        data = malloc((size_t)length + 1);
        *size = fread(data, 1, (size_t)length, file);
    }
    if (file)
        fclose(file);
    return data;
}

struct ref_net *ref_load(const char *param_path, const char *bin_path)
{
    size_t param_size = 0, bin_size = 0;
    uint8_t *param = read_file(param_path, &param_size), *bin = read_file(bin_path, &bin_size);
    struct ref_net *net = NULL;
    if (param && bin)
        net = ref_load_memory(param, param_size, bin, bin_size);
    else
        fprintf(stderr, "reference: cannot read %s and %s\n", param_path, bin_path);
    free(param);
    free(bin);
    return net;
}

int ref_colours(const struct ref_net *net)
{
    return (int)ref_get(&net->layers[net->producer[net->input]], 2, 0);
}

void ref_destroy(struct ref_net **net)
{
    for (int i = 0; *net && i < (*net)->layer_count; i++) {
        struct ref_layer *layer = &(*net)->layers[i];
        for (int j = 0; j < REF_IDS; j++)
            free(layer->value[j]);
        free(layer->in);
        free(layer->out);
        free(layer->weights);
        free(layer->bias);
        free(layer->extra);
    }
    if (*net) {
        free((*net)->layers);
        free((*net)->blobs);
        free((*net)->producer);
        free((*net)->readers);
    }
    free(*net);
    *net = NULL;
}
