/* SPDX-License-Identifier: MIT */
/* Arrays that the plain computation of ONNX graphs works on. */
#ifndef PLANCHE_TESTS_ONNX_COMPUTE_H
#define PLANCHE_TESTS_ONNX_COMPUTE_H

#include "onnx_graph.h"

struct run {
    const struct onnx_graph *graph;
    const struct onnx_step *step; /* in work */
    int count;
    struct onnx_array arrays[2 * ONNX_NODES + 1];
};

/* Input i of the step, or NULL. */
const struct onnx_array *run_input(const struct run *run, int i);
/* Output i of the step as a new array of zeroes. */
struct onnx_array *run_output(struct run *run, int i, enum onnx_type type, int rank,
                              const int64_t *dims);
const struct onnx_setting *run_setting(const struct run *run, const char *name);
int64_t run_integer(const struct run *run, const char *name, int64_t fallback);
double run_real(const struct run *run, const char *name, double fallback);
bool run_is(const struct run *run, const char *type);
/* A list of a setting or, if there is none, of input i; 0: there is neither. */
int run_list(const struct run *run, const char *name, int i, int64_t list[16]);

/* True: the step was of these and has been computed. */
bool run_elementwise(struct run *run);
bool run_window(struct run *run);
bool run_moving(struct run *run);

#endif
