/* SPDX-License-Identifier: MIT */
/* Parser of .param text: a magic number, a line of counts, then one line per layer:
 *   type name input_count output_count inputs... outputs... id=value ...
 * where an array is -(23300 + id)=count,value,value,... */
#include "model/ncnn/format.h"

#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ARRAY_BASE 23300

struct cursor {
    char *at;
    int line;
};

__attribute__((format(printf, 4, 5))) static enum planche_status
line_fail(const struct planche_graph *graph, int line, struct planche_error *error,
          const char *format, ...)
{
    char message[PLANCHE_ERROR_MESSAGE_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    return planche_fail(error, PLANCHE_ERROR_MODEL, "%s:%d: %s", graph->name, line, message);
}

/* The next line that is not blank, terminated; NULL at the end of the text. */
static char *next_line(struct cursor *cursor)
{
    while (*cursor->at) {
        char *line = cursor->at, *end = strchr(line, '\n');
        cursor->at = end ? end + 1 : line + strlen(line);
        cursor->line++;
        if (end)
            *end = '\0';
        if (line[strspn(line, " \t\r")])
            return line;
    }
    return NULL;
}

/* The next word of a line, terminated; NULL at its end. */
static char *next_word(char **line)
{
    char *word = *line + strspn(*line, " \t\r");
    size_t length = strcspn(word, " \t\r");
    if (!length)
        return NULL;
    *line = word + length + (word[length] != '\0');
    word[length] = '\0';
    return word;
}

static bool parse_int(const char *text, int min, int max, int *out)
{
    double value;
    bool integer;
    if (!text || !planche_ncnn_number(text, &value, &integer) || !integer)
        return false;
    if (value < min || value > max)
        return false;
    *out = (int)value;
    return true;
}

static enum planche_status parse_header(struct planche_graph *graph, struct cursor *cursor,
                                        struct planche_error *error)
{
    char *line = next_line(cursor);
    int magic = 0;
    if (!line || !parse_int(next_word(&line), PLANCHE_NCNN_MAGIC, PLANCHE_NCNN_MAGIC, &magic) ||
        next_word(&line))
        return planche_fail(error, PLANCHE_ERROR_MODEL,
                            "%s: not an ncnn .param text file (it does not begin with %d)",
                            graph->name, PLANCHE_NCNN_MAGIC);
    line = next_line(cursor);
    if (!line || !parse_int(next_word(&line), 1, PLANCHE_GRAPH_LAYERS, &graph->layer_count) ||
        !parse_int(next_word(&line), 1, PLANCHE_GRAPH_BLOBS, &graph->blob_limit) ||
        next_word(&line))
        return line_fail(graph, cursor->line, error,
                         "the second line must be the numbers of layers (at most 16384) and "
                         "blobs (at most 32768)");
    /* Of a slice each output becomes a layer. */
    graph->layers = planche_graph_alloc(
        graph, (size_t)graph->layer_count + (size_t)graph->blob_limit, sizeof(*graph->layers));
    return graph->layers ? PLANCHE_OK : planche_graph_no_memory(graph, error);
}

static enum planche_status parse_blob(struct planche_graph *graph, struct planche_layer *layer,
                                      const char *name, int *blob, struct planche_error *error)
{
    if (!name)
        return planche_layer_fail(graph, layer, PLANCHE_ERROR_MODEL, error,
                                  "the line names fewer blobs than it says");
    if (strlen(name) > PLANCHE_GRAPH_NAME || strchr(name, '='))
        return planche_layer_fail(graph, layer, PLANCHE_ERROR_MODEL, error,
                                  "'%.40s' is not a blob's name", name);
    *blob = planche_graph_blob(graph, name);
    if (*blob == -1)
        return planche_graph_no_memory(graph, error);
    if (*blob < 0)
        return planche_layer_fail(graph, layer, PLANCHE_ERROR_MODEL, error,
                                  "blob '%.80s' is one more than the %d that the file announces",
                                  name, graph->blob_limit);
    return PLANCHE_OK;
}

static enum planche_status parse_blobs(struct planche_graph *graph, struct planche_layer *layer,
                                       char **line, struct planche_error *error)
{
    int index = (int)(layer - graph->layers);
    for (int i = 0; i < layer->input_count; i++) {
        enum planche_status status =
            parse_blob(graph, layer, next_word(line), &layer->inputs[i], error);
        if (status != PLANCHE_OK)
            return status;
        if (!graph->blobs[layer->inputs[i]].consumed)
            graph->blobs[layer->inputs[i]].first_use_line = layer->line;
        graph->blobs[layer->inputs[i]].consumed = true;
    }
    for (int i = 0; i < layer->output_count; i++) {
        enum planche_status status =
            parse_blob(graph, layer, next_word(line), &layer->outputs[i], error);
        if (status != PLANCHE_OK)
            return status;
        if (graph->blobs[layer->outputs[i]].producer >= 0)
            return planche_layer_fail(graph, layer, PLANCHE_ERROR_MODEL, error,
                                      "blob '%.80s' is produced twice (also on line %d)",
                                      graph->blobs[layer->outputs[i]].name,
                                      graph->layers[graph->blobs[layer->outputs[i]].producer].line);
        graph->blobs[layer->outputs[i]].producer = index;
    }
    return PLANCHE_OK;
}

/* Splits "count,value,value" and checks the count. Leaves values NULL without memory. */
static bool parse_array(struct planche_graph *graph, struct planche_ncnn_param *param, char *text)
{
    char *next = strchr(text, ',');
    if (next)
        *next++ = '\0';
    if (!parse_int(text, 0, PLANCHE_NCNN_ARRAY, &param->count))
        return false;
    param->values = planche_graph_alloc(graph, (size_t)param->count, sizeof(*param->values));
    param->integer = true;
    for (int i = 0; param->values && i < param->count; i++) {
        bool integer;
        text = next;
        next = text ? strchr(text, ',') : NULL;
        if (next)
            *next++ = '\0';
        if (!text || !planche_ncnn_number(text, &param->values[i], &integer))
            return false;
        param->integer = param->integer && integer;
    }
    return !param->values || !next;
}

static bool parse_value(struct planche_graph *graph, struct planche_ncnn_param *param, char *text)
{
    if (param->array)
        return parse_array(graph, param, text);
    param->count = 1;
    param->values = planche_graph_alloc(graph, 1, sizeof(*param->values));
    return !param->values || planche_ncnn_number(text, param->values, &param->integer);
}

static bool parse_id(struct planche_ncnn_param *param, const char *text)
{
    int id;
    if (!parse_int(text, -ARRAY_BASE - PLANCHE_NCNN_IDS + 1, PLANCHE_NCNN_IDS - 1, &id))
        return false;
    param->array = id < 0;
    param->id = id < 0 ? -id - ARRAY_BASE : id;
    return param->id >= 0;
}

static size_t count_params(const char *line)
{
    size_t count = 0;
    for (; *line; line++)
        count += *line == '=';
    return count;
}

static enum planche_status parse_params(struct planche_graph *graph,
                                        const struct planche_layer *layer, char *line,
                                        struct planche_ncnn_params *params,
                                        struct planche_error *error)
{
    uint32_t seen = 0;
    char *word;
    params->list = planche_graph_alloc(graph, count_params(line), sizeof(*params->list));
    if (!params->list)
        return planche_graph_no_memory(graph, error);
    while ((word = next_word(&line))) {
        struct planche_ncnn_param *param = &params->list[params->count];
        char *equals = strchr(word, '=');
        if (!equals)
            return planche_layer_fail(graph, layer, PLANCHE_ERROR_MODEL, error,
                                      "'%.40s' is not a parameter (id=value)", word);
        *equals = '\0';
        if (!parse_id(param, word) || !parse_value(graph, param, equals + 1))
            return planche_layer_fail(graph, layer, PLANCHE_ERROR_MODEL, error,
                                      "parameter '%.40s' is not an id below %d with a number or "
                                      "an array of at most %d numbers",
                                      word, PLANCHE_NCNN_IDS, PLANCHE_NCNN_ARRAY);
        if (!param->values)
            return planche_graph_no_memory(graph, error);
        if (seen & (UINT32_C(1) << param->id))
            return planche_layer_fail(graph, layer, PLANCHE_ERROR_MODEL, error,
                                      "parameter %d is given twice", param->id);
        seen |= UINT32_C(1) << param->id;
        params->count++;
    }
    return PLANCHE_OK;
}

/* A slice that has been decoded: its first output stays, others become layers behind the file's, of
 * which there are *total with them. */
static void divide_slice(struct planche_graph *graph, struct planche_layer *layer,
                         const struct planche_ncnn_params *params, int *total)
{
    const double *channels = NULL;
    int begin = 0, count = layer->output_count;
    for (int i = 0; i < params->count; i++)
        if (params->list[i].id == 0)
            channels = params->list[i].values;
    layer->output_count = 1;
    for (int i = 0; channels && i < count; i++) {
        struct planche_layer *part = i ? &graph->layers[(*total)++] : layer;
        if (i)
            *part = *layer;
        part->outputs = layer->outputs + i;
        part->slice_begin = begin;
        part->channels = channels[i] > 0 ? (int)channels[i] : 0;
        begin += part->channels;
        graph->blobs[part->outputs[0]].producer = (int)(part - graph->layers);
    }
}

/* total: of the file's layers and those that slices have become. */
static enum planche_status parse_layer(struct planche_graph *graph, struct planche_layer *layer,
                                       char *line, int number, int *total,
                                       struct planche_error *error)
{
    struct planche_ncnn_params params = {0};
    enum planche_status status;
    layer->line = number;
    layer->type_name = next_word(&line);
    layer->name = next_word(&line);
    if (!layer->name ||
        !parse_int(next_word(&line), 0, PLANCHE_GRAPH_INPUTS, &layer->input_count) ||
        !parse_int(next_word(&line), 1, PLANCHE_GRAPH_BLOBS, &layer->output_count))
        return line_fail(graph, number, error,
                         "not a layer: type, name, number of inputs (at most 64), number of "
                         "outputs");
    if (layer->output_count > graph->blob_limit)
        return planche_layer_fail(graph, layer, PLANCHE_ERROR_MODEL, error,
                                  "more outputs than the file has blobs");
    layer->inputs = planche_graph_alloc(graph, (size_t)layer->input_count, sizeof(int));
    layer->outputs = planche_graph_alloc(graph, (size_t)layer->output_count, sizeof(int));
    if (!layer->inputs || !layer->outputs)
        return planche_graph_no_memory(graph, error);
    status = parse_blobs(graph, layer, &line, error);
    if (status == PLANCHE_OK)
        status = parse_params(graph, layer, line, &params, error);
    if (status == PLANCHE_OK)
        status = planche_ncnn_decode(graph, layer, &params, error);
    if (status == PLANCHE_OK && layer->type == PLANCHE_LAYER_SLICE)
        divide_slice(graph, layer, &params, total);
    return status;
}

static enum planche_status check_blobs(const struct planche_graph *graph,
                                       struct planche_error *error)
{
    for (int i = 0; i < graph->blob_count; i++)
        if (graph->blobs[i].producer < 0)
            return line_fail(graph, graph->blobs[i].first_use_line, error,
                             "blob '%.80s' is used but no layer produces it", graph->blobs[i].name);
    for (int i = 0; i < graph->layer_count; i++)
        if (graph->layers[i].turned && !graph->blobs[graph->layers[i].outputs[0]].consumed)
            return planche_layer_fail(graph, &graph->layers[i], PLANCHE_ERROR_UNSUPPORTED, error,
                                      "it makes a result whose axes are exchanged");
    return PLANCHE_OK;
}

enum planche_status planche_ncnn_parse(struct planche_graph *graph, char *text,
                                       struct planche_error *error)
{
    struct cursor cursor = {.at = text};
    enum planche_status status = parse_header(graph, &cursor, error);
    int count = graph->layer_count, total = count;
    for (int i = 0; status == PLANCHE_OK && i < count; i++) {
        char *line = next_line(&cursor);
        if (!line)
            return planche_fail(error, PLANCHE_ERROR_MODEL,
                                "%s: the file ends after %d of the %d layers that it announces",
                                graph->name, i, count);
        status = parse_layer(graph, &graph->layers[i], line, cursor.line, &total, error);
    }
    graph->layer_count = total;
    if (status == PLANCHE_OK && next_line(&cursor))
        return line_fail(graph, cursor.line, error, "more layers than the second line announces");
    return status == PLANCHE_OK ? check_blobs(graph, error) : status;
}
