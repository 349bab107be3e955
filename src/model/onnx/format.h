/* SPDX-License-Identifier: MIT */
/* What an ONNX file says: nodes, tensors, the input and the output. Names are numbers: indices of
 * values. */
#ifndef PLANCHE_MODEL_ONNX_FORMAT_H
#define PLANCHE_MODEL_ONNX_FORMAT_H

#include "model/graph.h"
#include "model/onnx/wire.h"

#define PLANCHE_ONNX_RANK  8
#define PLANCHE_ONNX_NODES PLANCHE_GRAPH_LAYERS
#define PLANCHE_ONNX_LIST  4096 /* numbers of an attribute, inputs of a node */

/* Numbers of the format. */
enum planche_onnx_type {
    PLANCHE_ONNX_FLOAT = 1,
    PLANCHE_ONNX_UINT8 = 2,
    PLANCHE_ONNX_INT8 = 3,
    PLANCHE_ONNX_INT32 = 6,
    PLANCHE_ONNX_INT64 = 7,
    PLANCHE_ONNX_BOOL = 9,
    PLANCHE_ONNX_FLOAT16 = 10,
    PLANCHE_ONNX_DOUBLE = 11
};

/* A number that may depend on the input's size: base + rows * u + columns * v for an input of
 * multiple * u rows and multiple * v columns. */
struct planche_onnx_number {
    double base, rows, columns;
};

/* Numbers with a shape: in the file, or made at load. */
struct planche_onnx_tensor {
    const char *name;
    int type; /* a planche_onnx_type, or one that is not supported */
    int rank;
    int64_t dims[PLANCHE_ONNX_RANK];
    uint64_t count;
    bool external;
    /* In the file: raw numbers, or packed ones. */
    uint64_t at, size;
    bool raw;
    struct planche_onnx_number *numbers; /* made at load: [count]; else NULL */
};

struct planche_onnx_attribute {
    const char *name;
    int64_t integer;
    float real;
    const char *text;
    const struct planche_onnx_tensor *tensor;
    int count;         /* of the list */
    int64_t *integers; /* a list of one kind */
    float *reals;
};

struct planche_onnx_node {
    const char *type, *name, *domain;
    int input_count, output_count, attribute_count;
    int *inputs, *outputs; /* values; -1: left out */
    struct planche_onnx_attribute *attributes;
    bool live;  /* the output needs it */
    int passes; /* the node does nothing but give input passes - 1 on; 0: it does something */
};

/* An axis of a stated shape: -1 if it is a name or not stated. */
struct planche_onnx_port {
    int value; /* -1: there is none */
    int type, rank;
    int64_t dims[PLANCHE_ONNX_RANK];
};

struct planche_onnx_model {
    /* Memory for all of this, and the table of names: a blob is a value's name. */
    struct planche_graph names;
    struct planche_onnx_source source;
    struct planche_error *error;
    int64_t opset;
    int node_count, tensor_count;
    struct planche_onnx_node *nodes;
    const struct planche_onnx_tensor **constants; /* by value: an initializer, or NULL */
    int *producers;                               /* by value: a node, or -1 */
    struct planche_onnx_port input, output;
};

/* Reads all but the numbers of tensors. Errors: MODEL, UNSUPPORTED, IO, MEMORY, BUDGET. */
enum planche_status planche_onnx_parse(struct planche_onnx_model *model);
void planche_onnx_destroy(struct planche_onnx_model *model);

/* "FILE: node 'NAME' (TYPE): ..." */
__attribute__((format(printf, 4, 5))) enum planche_status
planche_onnx_fail(const struct planche_onnx_model *model, const struct planche_onnx_node *node,
                  enum planche_status status, const char *format, ...);
enum planche_status planche_onnx_no_memory(const struct planche_onnx_model *model);

/* NULL if the node does not have it. */
const struct planche_onnx_attribute *
planche_onnx_find_attribute(const struct planche_onnx_node *node, const char *name);
/* The name of a value. */
const char *planche_onnx_name(const struct planche_onnx_model *model, int value);

/* Whether the numbers of a tensor can be read; the reason if not. */
const char *planche_onnx_unreadable(const struct planche_onnx_tensor *tensor);
/* All numbers of a tensor of floats as such, converted. Errors: MODEL (one is not finite), IO. */
enum planche_status planche_onnx_floats(struct planche_onnx_model *model,
                                        const struct planche_onnx_tensor *tensor, float *values);
/* All numbers of any tensor. Errors: likewise. */
enum planche_status planche_onnx_numbers(struct planche_onnx_model *model,
                                         const struct planche_onnx_tensor *tensor,
                                         struct planche_onnx_number *numbers);

/* The single number that a value is in the file; false if it is none. */
bool planche_onnx_stated(struct planche_onnx_model *model, int value, double *number);

#endif
