/* SPDX-License-Identifier: MIT */
/* Graphs of all operators that the ONNX loader reads, as texts for onnx_lines(). Between HEAD,
 * which makes 8 channels "a" of the page, and TAIL, which makes the result of 8 channels "z". */
#ifndef PLANCHE_TESTS_ONNX_CASES_H
#define PLANCHE_TESTS_ONNX_CASES_H

#include <stddef.h>

struct onnx_case {
    const char *name, *lines;
    int opset; /* 0: 17 */
};

extern const struct onnx_case onnx_cases[];
extern const size_t onnx_case_count;

#endif
