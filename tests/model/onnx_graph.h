/* SPDX-License-Identifier: MIT */
/* ONNX files for tests: a graph is put together from texts, written as protobuf, and computed in
 * double precision by loops that share no code with src/. */
#ifndef PLANCHE_TESTS_ONNX_GRAPH_H
#define PLANCHE_TESTS_ONNX_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ONNX_RANK  8
#define ONNX_NODES 96
#define ONNX_PARTS 12

enum onnx_type { ONNX_FLOAT = 1, ONNX_UINT8 = 2, ONNX_INT64 = 7, ONNX_HALF = 10 };

struct onnx_array {
    char name[64];
    enum onnx_type type;
    int rank;
    int64_t dims[ONNX_RANK];
    size_t count;
    double *values;
    bool packed; /* written as float_data or int64_data, not raw */
};

struct onnx_setting {
    char name[40];
    char kind; /* 'i', 'f', 's', 'l' (list of integers), 't' */
    double number;
    char text[40];
    int count;
    int64_t list[16];
    const struct onnx_array *array;
};

struct onnx_step {
    char type[40];
    int inputs, outputs, settings;
    char input[ONNX_PARTS][64], output[ONNX_PARTS][64];
    struct onnx_setting setting[ONNX_PARTS];
};

struct onnx_graph {
    uint64_t seed;
    int opset;
    int64_t channels, height, width; /* of the input; 0: not stated */
    enum onnx_type io;               /* type of input and output */
    bool external;                   /* weights lie elsewhere */
    int steps, arrays;
    struct onnx_step step[ONNX_NODES];
    struct onnx_array array[ONNX_NODES];
    char output[64];
};

void onnx_begin(struct onnx_graph *graph, uint64_t seed);
void onnx_free(struct onnx_graph *graph);
/* An initializer "name" of dims "8,3,3,3" with random numbers in [low, high). */
struct onnx_array *onnx_random(struct onnx_graph *graph, const char *name, const char *dims,
                               double low, double high);
/* One with these numbers, "1,0.5"; dims "" for a single number without axes. */
struct onnx_array *onnx_values(struct onnx_graph *graph, enum onnx_type type, const char *name,
                               const char *dims, const char *numbers);
/* A node: names of inputs and outputs between blanks ("-": left out), settings
 * "pads=1,1,1,1 alpha=f:0.2 mode=s:CRD group=2"; "value=t:name" takes an initializer's tensor. */
void onnx_add(struct onnx_graph *graph, const char *type, const char *inputs, const char *outputs,
              const char *settings);
/* Adds what lines say: "r NAME DIMS LOW HIGH" random floats, "f NAME DIMS NUMBERS" and "i NAME DIMS
 * NUMBERS" floats and integers (DIMS "." for a single number), "TYPE INPUTS > OUTPUTS SETTINGS" a
 * node, whose settings have a = each. */
void onnx_lines(struct onnx_graph *graph, const char *lines);
/* The file; free(). */
uint8_t *onnx_write(const struct onnx_graph *graph, size_t *size);
/* Computes in [channels][h][w]; *out is [*c][*h][*w]; free(). False: some node cannot be computed,
 * and its type has been printed. */
bool onnx_compute(const struct onnx_graph *graph, const double *in, int h, int w, double **out,
                  int *oc, int *oh, int *ow);

#endif
