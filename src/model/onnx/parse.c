/* SPDX-License-Identifier: MIT */
/* Parser of ONNX files: the messages of onnx.proto that a network consists of. Messages that hold
 * each other (attributes with graphs) are not followed, so that nothing here is deep. */
#include "model/onnx/format.h"

#include "base/checked.h"
#include "base/status.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define NAME_LIMIT 4096

typedef struct planche_onnx_cursor cursor_t;
typedef struct planche_onnx_field field_t;

enum planche_status planche_onnx_no_memory(const struct planche_onnx_model *model)
{
    return planche_graph_no_memory(&model->names, model->error);
}

enum planche_status planche_onnx_fail(const struct planche_onnx_model *model,
                                      const struct planche_onnx_node *node,
                                      enum planche_status status, const char *format, ...)
{
    char message[PLANCHE_ERROR_MESSAGE_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    return planche_fail(model->error, status, "%s: node '%.80s' (%.40s): %s", model->names.name,
                        node->name, node->type, message);
}

const char *planche_onnx_name(const struct planche_onnx_model *model, int value)
{
    return model->names.blobs[value].name;
}

const struct planche_onnx_attribute *
planche_onnx_find_attribute(const struct planche_onnx_node *node, const char *name)
{
    for (int i = 0; i < node->attribute_count; i++)
        if (strcmp(node->attributes[i].name, name) == 0)
            return &node->attributes[i];
    return NULL;
}

/* A failure that belongs to the file as a whole. */
static bool refuse(struct planche_onnx_model *model, enum planche_status status, const char *what)
{
    if (model->source.status == PLANCHE_OK)
        model->source.status =
            planche_fail(model->error, status, "%s: %s", model->names.name, what);
    return false;
}

static bool no_memory(struct planche_onnx_model *model)
{
    if (model->source.status == PLANCHE_OK)
        model->source.status = planche_onnx_no_memory(model);
    return false;
}

static void *take(struct planche_onnx_model *model, size_t count, size_t size)
{
    void *memory = planche_graph_alloc(&model->names, count ? count : 1, size);
    if (!memory)
        no_memory(model);
    return memory;
}

/* A text, up to a zero byte if it has one. */
static const char *text_of(struct planche_onnx_model *model, const field_t *field)
{
    char *text;
    if (field->wire != PLANCHE_WIRE_BYTES || field->size > NAME_LIMIT) {
        refuse(model, PLANCHE_ERROR_MODEL, "a name in it is too long, or none");
        return "";
    }
    text = take(model, (size_t)field->size + 1, 1);
    if (!text || !planche_onnx_read(&model->source, field->at, text, (size_t)field->size))
        return "";
    return text;
}

static bool equals(struct planche_onnx_model *model, const field_t *field, const char *text)
{
    char bytes[64];
    size_t size = strlen(text);
    return field->wire == PLANCHE_WIRE_BYTES && field->size == size && size <= sizeof(bytes) &&
           planche_onnx_read(&model->source, field->at, bytes, size) &&
           memcmp(bytes, text, size) == 0;
}

/* The index of a value's name; -1: the name is empty, or there is no memory. */
static int value_of(struct planche_onnx_model *model, const field_t *field)
{
    const char *name = text_of(model, field);
    int value = -1;
    if (*name)
        value = planche_graph_blob(&model->names, name);
    if (*name && value < 0)
        no_memory(model);
    return value;
}

/* How many fields of a number there are. */
static size_t count_fields(cursor_t cursor, unsigned number)
{
    field_t field;
    size_t count = 0;
    while (planche_onnx_next(&cursor, &field))
        count += field.number == number;
    return count;
}

/* How many numbers a repeated field holds, packed or one by one. */
static size_t count_numbers(cursor_t cursor, unsigned number)
{
    field_t field;
    uint64_t value;
    size_t count = 0;
    while (planche_onnx_next(&cursor, &field)) {
        if (field.number != number)
            continue;
        if (field.wire != PLANCHE_WIRE_BYTES) {
            count++;
            continue;
        }
        cursor_t packed = planche_onnx_inside(cursor.source, &field);
        enum planche_onnx_wire wire = number == 7 ? PLANCHE_WIRE_FIXED32 : PLANCHE_WIRE_VARINT;
        while (planche_onnx_packed(&packed, wire, &value))
            count++;
    }
    return count;
}

static float real_of(uint64_t bits)
{
    uint32_t low = (uint32_t)bits;
    float value;
    memcpy(&value, &low, sizeof(value));
    return value;
}

static void add_dim(struct planche_onnx_model *model, struct planche_onnx_tensor *tensor,
                    uint64_t value)
{
    if (tensor->rank == PLANCHE_ONNX_RANK || value > INT_MAX) {
        refuse(model, PLANCHE_ERROR_MODEL, "a tensor has too many or too large dimensions");
        return;
    }
    tensor->dims[tensor->rank++] = (int64_t)value;
}

static void add_dims(struct planche_onnx_model *model, struct planche_onnx_tensor *tensor,
                     const field_t *field)
{
    uint64_t value;
    if (field->wire != PLANCHE_WIRE_BYTES) {
        add_dim(model, tensor, field->value);
        return;
    }
    cursor_t packed = planche_onnx_inside(&model->source, field);
    while (planche_onnx_packed(&packed, PLANCHE_WIRE_VARINT, &value))
        add_dim(model, tensor, value);
}

static void set_data(struct planche_onnx_model *model, struct planche_onnx_tensor *tensor,
                     const field_t *field, bool raw)
{
    if (field->wire != PLANCHE_WIRE_BYTES || tensor->at) {
        refuse(model, PLANCHE_ERROR_UNSUPPORTED,
               "a tensor's numbers are not in one piece; only raw_data and packed fields are read");
        return;
    }
    tensor->at = field->at;
    tensor->size = field->size;
    tensor->raw = raw;
}

static void tensor_field(struct planche_onnx_model *model, struct planche_onnx_tensor *tensor,
                         const field_t *field)
{
    switch (field->number) {
    case 1:
        add_dims(model, tensor, field);
        break;
    case 2:
        tensor->type = (int)field->value;
        break;
    case 4:  /* float_data */
    case 5:  /* int32_data */
    case 7:  /* int64_data */
    case 10: /* double_data */
        set_data(model, tensor, field, false);
        break;
    case 8:
        tensor->name = text_of(model, field);
        break;
    case 9:
        set_data(model, tensor, field, true);
        break;
    case 13: /* external_data */
        tensor->external = true;
        break;
    case 14: /* data_location */
        tensor->external = tensor->external || field->value == 1;
        break;
    default:
        break;
    }
}

static bool parse_tensor(struct planche_onnx_model *model, cursor_t cursor,
                         struct planche_onnx_tensor *tensor)
{
    field_t field;
    size_t count = 1;
    bool empty = false;
    *tensor = (struct planche_onnx_tensor){.name = ""};
    while (planche_onnx_next(&cursor, &field))
        tensor_field(model, tensor, &field);
    /* Empty ones have to be small, too: products of their dimensions are computed. */
    for (int i = 0; i < tensor->rank; i++) {
        size_t dim = (size_t)tensor->dims[i];
        empty = empty || dim == 0;
        if (!planche_mul_size(count, dim ? dim : 1, &count) || count > INT_MAX)
            return refuse(model, PLANCHE_ERROR_MODEL, "a tensor is too large");
    }
    tensor->count = empty ? 0 : count;
    return model->source.status == PLANCHE_OK;
}

static void attribute_list(struct planche_onnx_model *model,
                           struct planche_onnx_attribute *attribute, const field_t *field,
                           int limit)
{
    bool real = field->number == 7;
    cursor_t packed = {&model->source, 0, 0};
    uint64_t value = field->value;
    bool more = field->wire != PLANCHE_WIRE_BYTES;
    if (real ? !attribute->reals : !attribute->integers)
        return;
    if (!more)
        packed = planche_onnx_inside(&model->source, field);
    while (attribute->count < limit &&
           (more || planche_onnx_packed(&packed, real ? PLANCHE_WIRE_FIXED32 : PLANCHE_WIRE_VARINT,
                                        &value))) {
        if (real)
            attribute->reals[attribute->count++] = real_of(value);
        else
            attribute->integers[attribute->count++] = (int64_t)value;
        if (more)
            break;
    }
}

static bool attribute_lists(struct planche_onnx_model *model, cursor_t cursor,
                            struct planche_onnx_attribute *attribute)
{
    field_t field;
    size_t reals = count_numbers(cursor, 7), integers = count_numbers(cursor, 8);
    if (reals > PLANCHE_ONNX_LIST || integers > PLANCHE_ONNX_LIST || (reals && integers))
        return refuse(model, PLANCHE_ERROR_MODEL, "a list of numbers in it is too long");
    attribute->reals = reals ? take(model, reals, sizeof(float)) : NULL;
    attribute->integers = integers ? take(model, integers, sizeof(int64_t)) : NULL;
    if ((reals && !attribute->reals) || (integers && !attribute->integers))
        return false;
    while ((reals || integers) && planche_onnx_next(&cursor, &field))
        if (field.number == 7 || field.number == 8)
            attribute_list(model, attribute, &field, (int)(reals + integers));
    return model->source.status == PLANCHE_OK;
}

static void attribute_field(struct planche_onnx_model *model,
                            struct planche_onnx_attribute *attribute, const field_t *field)
{
    struct planche_onnx_tensor *tensor;
    switch (field->number) {
    case 1:
        attribute->name = text_of(model, field);
        break;
    case 2:
        attribute->real = real_of(field->value);
        break;
    case 3:
        attribute->integer = (int64_t)field->value;
        break;
    case 4:
        if (field->size <= NAME_LIMIT)
            attribute->text = text_of(model, field);
        break;
    case 5:
        tensor = take(model, 1, sizeof(*tensor));
        if (tensor && parse_tensor(model, planche_onnx_inside(&model->source, field), tensor))
            attribute->tensor = tensor;
        break;
    default:
        break;
    }
}

static bool parse_attribute(struct planche_onnx_model *model, cursor_t cursor,
                            struct planche_onnx_attribute *attribute)
{
    field_t field;
    *attribute = (struct planche_onnx_attribute){.name = "", .text = ""};
    if (!attribute_lists(model, cursor, attribute))
        return false;
    while (planche_onnx_next(&cursor, &field))
        attribute_field(model, attribute, &field);
    return model->source.status == PLANCHE_OK;
}

static void node_field(struct planche_onnx_model *model, struct planche_onnx_node *node,
                       const field_t *field)
{
    switch (field->number) {
    case 1:
        node->inputs[node->input_count++] = value_of(model, field);
        break;
    case 2:
        node->outputs[node->output_count++] = value_of(model, field);
        break;
    case 3:
        node->name = text_of(model, field);
        break;
    case 4:
        node->type = text_of(model, field);
        break;
    case 5:
        parse_attribute(model, planche_onnx_inside(&model->source, field),
                        &node->attributes[node->attribute_count++]);
        break;
    case 7:
        node->domain = text_of(model, field);
        break;
    default:
        break;
    }
}

static bool note_outputs(struct planche_onnx_model *model, int index)
{
    struct planche_onnx_node *node = &model->nodes[index];
    if (!*node->name && node->output_count && node->outputs[0] >= 0)
        node->name = planche_onnx_name(model, node->outputs[0]);
    for (int i = 0; i < node->output_count; i++) {
        int value = node->outputs[i];
        if (value < 0)
            continue;
        if (model->producers[value] >= 0 || model->constants[value] ||
            value == model->input.value) {
            model->source.status = planche_onnx_fail(model, node, PLANCHE_ERROR_MODEL,
                                                     "its output '%.80s' has two producers",
                                                     planche_onnx_name(model, value));
            return false;
        }
        model->producers[value] = index;
    }
    return true;
}

static bool parse_node(struct planche_onnx_model *model, cursor_t cursor, int index)
{
    struct planche_onnx_node *node = &model->nodes[index];
    size_t inputs = count_fields(cursor, 1), outputs = count_fields(cursor, 2);
    size_t attributes = count_fields(cursor, 5);
    field_t field;
    if (inputs > PLANCHE_ONNX_LIST || outputs > PLANCHE_ONNX_LIST || attributes > PLANCHE_ONNX_LIST)
        return refuse(model, PLANCHE_ERROR_MODEL, "a node has too many inputs or outputs");
    *node = (struct planche_onnx_node){.type = "", .name = "", .domain = ""};
    node->inputs = take(model, inputs, sizeof(*node->inputs));
    node->outputs = take(model, outputs, sizeof(*node->outputs));
    node->attributes = take(model, attributes, sizeof(*node->attributes));
    if (!node->inputs || !node->outputs || !node->attributes)
        return false;
    while (planche_onnx_next(&cursor, &field))
        node_field(model, node, &field);
    return model->source.status == PLANCHE_OK && note_outputs(model, index);
}

/* TensorShapeProto.Dimension: a number, or a name. */
static int64_t dim_of(cursor_t cursor)
{
    field_t field;
    int64_t dim = -1;
    while (planche_onnx_next(&cursor, &field))
        if (field.number == 1 && field.wire == PLANCHE_WIRE_VARINT && field.value > 0 &&
            field.value < INT_MAX)
            dim = (int64_t)field.value;
    return dim;
}

static void parse_shape(cursor_t cursor, struct planche_onnx_port *port)
{
    field_t field;
    port->rank = 0;
    while (planche_onnx_next(&cursor, &field)) {
        if (field.number != 1)
            continue;
        int64_t dim = dim_of(planche_onnx_inside(cursor.source, &field));
        if (port->rank < PLANCHE_ONNX_RANK)
            port->dims[port->rank] = dim;
        port->rank++;
    }
}

/* TypeProto, of which only tensors are of interest. */
static void parse_type(cursor_t cursor, struct planche_onnx_port *port)
{
    field_t field, part;
    while (planche_onnx_next(&cursor, &field)) {
        if (field.number != 1)
            continue;
        cursor_t tensor = planche_onnx_inside(cursor.source, &field);
        while (planche_onnx_next(&tensor, &part)) {
            if (part.number == 1)
                port->type = (int)part.value;
            else if (part.number == 2)
                parse_shape(planche_onnx_inside(cursor.source, &part), port);
        }
    }
}

static void parse_port(struct planche_onnx_model *model, cursor_t cursor,
                       struct planche_onnx_port *port)
{
    field_t field;
    *port = (struct planche_onnx_port){.value = -1, .rank = -1};
    while (planche_onnx_next(&cursor, &field)) {
        if (field.number == 1)
            port->value = value_of(model, &field);
        else if (field.number == 2)
            parse_type(planche_onnx_inside(&model->source, &field), port);
    }
}

/* Initializers may be inputs, too, in old files. */
static void parse_input(struct planche_onnx_model *model, cursor_t cursor)
{
    struct planche_onnx_port port;
    parse_port(model, cursor, &port);
    if (port.value < 0 || model->constants[port.value])
        return;
    if (model->input.value >= 0)
        refuse(model, PLANCHE_ERROR_UNSUPPORTED,
               "networks with more than one input are not supported");
    model->input = port;
}

static void parse_output(struct planche_onnx_model *model, cursor_t cursor)
{
    struct planche_onnx_port port;
    parse_port(model, cursor, &port);
    if (model->output.value < 0)
        model->output = port;
}

static void parse_initializer(struct planche_onnx_model *model, cursor_t cursor)
{
    struct planche_onnx_tensor *tensor = take(model, 1, sizeof(*tensor));
    int value;
    if (!tensor || !parse_tensor(model, cursor, tensor))
        return;
    value = *tensor->name ? planche_graph_blob(&model->names, tensor->name) : -1;
    if (value >= 0)
        model->constants[value] = tensor;
}

/* Initializers come first here, wherever they lie: they tell inputs from weights. */
static bool parse_graph(struct planche_onnx_model *model, cursor_t graph)
{
    static const unsigned passes[] = {5, 11, 12, 1};
    int nodes = 0;
    for (size_t pass = 0; pass < 4; pass++) {
        cursor_t cursor = graph;
        field_t field;
        while (planche_onnx_next(&cursor, &field)) {
            if (field.number == 15)
                refuse(model, PLANCHE_ERROR_UNSUPPORTED, "sparse weights are not supported");
            if (field.number != passes[pass])
                continue;
            cursor_t inside = planche_onnx_inside(&model->source, &field);
            if (field.number == 5)
                parse_initializer(model, inside);
            else if (field.number == 11)
                parse_input(model, inside);
            else if (field.number == 12)
                parse_output(model, inside);
            else if (!parse_node(model, inside, nodes++))
                break;
        }
    }
    return model->source.status == PLANCHE_OK;
}

/* Names in a graph: no more than there are fields that can name something. */
static size_t count_names(struct planche_onnx_model *model, cursor_t graph)
{
    field_t field;
    size_t names = 4, nodes = 0;
    while (planche_onnx_next(&graph, &field)) {
        if (field.number == 5 || field.number == 11 || field.number == 12)
            names++;
        if (field.number != 1)
            continue;
        cursor_t node = planche_onnx_inside(&model->source, &field);
        names += count_fields(node, 1) + count_fields(node, 2);
        nodes++;
    }
    if (nodes > PLANCHE_ONNX_NODES)
        refuse(model, PLANCHE_ERROR_UNSUPPORTED, "the network has too many nodes");
    if (names > INT_MAX / 4)
        refuse(model, PLANCHE_ERROR_UNSUPPORTED, "the network has too many names");
    model->node_count = (int)nodes;
    return names;
}

static bool begin_graph(struct planche_onnx_model *model, cursor_t graph)
{
    size_t names = count_names(model, graph);
    if (model->source.status != PLANCHE_OK)
        return false;
    model->names.blob_limit = (int)names;
    model->nodes = take(model, (size_t)model->node_count, sizeof(*model->nodes));
    model->constants = take(model, names, sizeof(struct planche_onnx_tensor *));
    model->producers = take(model, names, sizeof(*model->producers));
    if (!model->nodes || !model->constants || !model->producers)
        return false;
    memset(model->producers, 0xFF, names * sizeof(*model->producers));
    return true;
}

static void parse_opset(struct planche_onnx_model *model, cursor_t cursor)
{
    field_t field;
    bool standard = true;
    int64_t version = 0;
    while (planche_onnx_next(&cursor, &field)) {
        if (field.number == 1)
            standard = equals(model, &field, "") || equals(model, &field, "ai.onnx");
        else if (field.number == 2)
            version = (int64_t)field.value;
    }
    if (standard)
        model->opset = version;
}

enum planche_status planche_onnx_parse(struct planche_onnx_model *model)
{
    cursor_t all = planche_onnx_all(&model->source);
    field_t field, graph = {.number = 0};
    model->input.value = model->output.value = -1;
    while (planche_onnx_next(&all, &field)) {
        if (field.number == 7 && graph.number)
            refuse(model, PLANCHE_ERROR_MODEL, "it has two graphs");
        if (field.number == 7)
            graph = field;
        else if (field.number == 8)
            parse_opset(model, planche_onnx_inside(&model->source, &field));
    }
    if (!graph.number)
        refuse(model, PLANCHE_ERROR_MODEL, "not an ONNX file: it has no graph");
    if (model->source.status == PLANCHE_OK) {
        cursor_t inside = planche_onnx_inside(&model->source, &graph);
        if (begin_graph(model, inside))
            parse_graph(model, inside);
    }
    return model->source.status;
}

void planche_onnx_destroy(struct planche_onnx_model *model)
{
    planche_graph_destroy(&model->names);
}
