/* SPDX-License-Identifier: MIT */
/* Nodes that work number by number, with broadcasting. */
#include "onnx_compute.h"

#include <math.h>
#include <string.h>

static double sigmoid(double v)
{
    return 1 / (1 + exp(-v));
}

static bool one(const struct run *run, double v, double *out)
{
    double alpha = run_real(run, "alpha", run_is(run, "LeakyRelu") ? 0.01f : 0.2f);
    double beta = run_real(run, "beta", 0.5);
    const struct onnx_setting *mode = run_setting(run, "approximate");
    double cube = v + 0.044715 * v * v * v;
    if (run_is(run, "Relu"))
        *out = fmax(v, 0);
    else if (run_is(run, "LeakyRelu"))
        *out = v < 0 ? alpha * v : v;
    else if (run_is(run, "Sigmoid"))
        *out = sigmoid(v);
    else if (run_is(run, "Tanh"))
        *out = tanh(v);
    else if (run_is(run, "HardSigmoid"))
        *out = fmin(fmax(alpha * v + beta, 0), 1);
    else if (run_is(run, "HardSwish"))
        *out = v * fmin(fmax(v / 6 + 0.5, 0), 1);
    else if (run_is(run, "Softplus"))
        *out = log1p(exp(v));
    else if (run_is(run, "Mish"))
        *out = v * tanh(log1p(exp(v)));
    else if (run_is(run, "Elu"))
        *out = v < 0 ? run_real(run, "alpha", 1) * expm1(v) : v;
    else if (run_is(run, "Erf"))
        *out = erf(v);
    else if (run_is(run, "Swish"))
        *out = v * sigmoid(v);
    else if (run_is(run, "Gelu") && mode && strcmp(mode->text, "tanh") == 0)
        *out = v * (1 + tanh(sqrt(2 / acos(-1)) * cube)) / 2;
    else if (run_is(run, "Gelu"))
        *out = v * (1 + erf(v / sqrt(2))) / 2;
    else if (run_is(run, "Floor"))
        *out = floor(v);
    else if (run_is(run, "Ceil"))
        *out = ceil(v);
    else if (run_is(run, "Sqrt"))
        *out = sqrt(v);
    else if (run_is(run, "Neg"))
        *out = -v;
    else if (run_is(run, "Reciprocal"))
        *out = 1 / v;
    else if (run_is(run, "Identity") || run_is(run, "Dropout"))
        *out = v;
    else if (run_is(run, "Cast"))
        *out = run_integer(run, "to", 1) == ONNX_INT64 ? trunc(v) : v;
    else
        return false;
    return true;
}

static bool two(const struct run *run, double a, double b, bool whole, double *out)
{
    if (run_is(run, "Add"))
        *out = a + b;
    else if (run_is(run, "Sub"))
        *out = a - b;
    else if (run_is(run, "Mul"))
        *out = a * b;
    else if (run_is(run, "Div"))
        *out = whole ? trunc(a / b) : a / b;
    else if (run_is(run, "Mod"))
        *out = a - floor(a / b) * b;
    else if (run_is(run, "Max"))
        *out = fmax(a, b);
    else if (run_is(run, "Min"))
        *out = fmin(a, b);
    else if (run_is(run, "Pow"))
        *out = pow(a, b);
    else if (run_is(run, "PRelu"))
        *out = a < 0 ? a * b : a;
    else if (run_is(run, "Equal"))
        *out = a == b;
    else if (run_is(run, "Greater"))
        *out = a > b;
    else
        return false;
    return true;
}

/* The number of an operand that stands at a place of the result. */
static double value_at(const struct onnx_array *array, const struct onnx_array *result, size_t at)
{
    size_t own = 0, step = 1;
    for (int i = 0; i < array->rank; i++) {
        int64_t dim = array->dims[array->rank - 1 - i], all = result->dims[result->rank - 1 - i];
        own += dim == 1 ? 0 : at % (size_t)all * step;
        at /= (size_t)all;
        step *= (size_t)dim;
    }
    return array->values[own];
}

static void join(const struct onnx_array *array, int *rank, int64_t *dims)
{
    int64_t joined[ONNX_RANK] = {0};
    int most = array->rank > *rank ? array->rank : *rank;
    for (int i = 0; i < most; i++) {
        int64_t a = i < array->rank ? array->dims[array->rank - 1 - i] : 1;
        int64_t b = i < *rank ? dims[*rank - 1 - i] : 1;
        joined[most - 1 - i] = a == 1 ? b : a;
    }
    *rank = most;
    memcpy(dims, joined, sizeof(joined));
}

static bool clip(struct run *run, const struct onnx_array *in)
{
    const struct onnx_array *low = run_input(run, 1), *high = run_input(run, 2);
    struct onnx_array *out = run_output(run, 0, in->type, in->rank, in->dims);
    for (size_t i = 0; i < out->count; i++) {
        double v = in->values[i];
        v = low && v < low->values[0] ? low->values[0] : v;
        out->values[i] = high && v > high->values[0] ? high->values[0] : v;
    }
    return true;
}

static bool where(struct run *run)
{
    const struct onnx_array *parts[3] = {run_input(run, 0), run_input(run, 1), run_input(run, 2)};
    int64_t dims[ONNX_RANK] = {0};
    int rank = 0;
    for (int i = 0; i < 3; i++)
        join(parts[i], &rank, dims);
    struct onnx_array *out = run_output(run, 0, parts[1]->type, rank, dims);
    for (size_t i = 0; i < out->count; i++)
        out->values[i] = value_at(parts[value_at(parts[0], out, i) != 0 ? 1 : 2], out, i);
    return true;
}

static bool batch_norm(struct run *run, const struct onnx_array *in)
{
    struct onnx_array *out = run_output(run, 0, in->type, in->rank, in->dims);
    size_t plane = (size_t)(in->dims[2] * in->dims[3]);
    double epsilon = run_real(run, "epsilon", 1e-5f);
    for (size_t i = 0; i < out->count; i++) {
        double p[4];
        for (int j = 0; j < 4; j++)
            p[j] = run_input(run, 1 + j)->values[i / plane % (size_t)in->dims[1]];
        out->values[i] = (in->values[i] - p[2]) / sqrt(p[3] + epsilon) * p[0] + p[1];
    }
    return true;
}

/* Over the last axes. */
static bool layer_norm(struct run *run, const struct onnx_array *in)
{
    struct onnx_array *out = run_output(run, 0, in->type, in->rank, in->dims);
    const struct onnx_array *scale = run_input(run, 1), *bias = run_input(run, 2);
    size_t size = scale->count;
    for (size_t row = 0; row < in->count / size; row++) {
        double mean = 0, squares = 0;
        for (size_t i = 0; i < size; i++)
            mean += in->values[row * size + i] / (double)size;
        for (size_t i = 0; i < size; i++)
            squares += pow(in->values[row * size + i] - mean, 2) / (double)size;
        for (size_t i = 0; i < size; i++)
            out->values[row * size + i] = (in->values[row * size + i] - mean) /
                                              sqrt(squares + run_real(run, "epsilon", 1e-5f)) *
                                              scale->values[i] +
                                          (bias ? bias->values[i] : 0);
    }
    return true;
}

bool run_elementwise(struct run *run)
{
    const struct onnx_array *a = run_input(run, 0), *b = run_input(run, 1);
    int64_t dims[ONNX_RANK] = {0};
    double probe;
    int rank = 0;
    if (run_is(run, "Clip"))
        return clip(run, a);
    if (run_is(run, "Where"))
        return where(run);
    if (run_is(run, "BatchNormalization"))
        return batch_norm(run, a);
    if (run_is(run, "LayerNormalization"))
        return layer_norm(run, a);
    if (!a)
        return false;
    bool single = one(run, 0, &probe);
    if (!single && (!b || !two(run, 0, 1, false, &probe)))
        return false;
    join(a, &rank, dims);
    if (!single)
        join(b, &rank, dims);
    enum onnx_type type = a->type;
    if (run_is(run, "Cast"))
        type = (enum onnx_type)run_integer(run, "to", 1);
    struct onnx_array *out = run_output(run, 0, type, rank, dims);
    for (size_t i = 0; i < out->count; i++)
        if (single)
            one(run, a->values[i], &out->values[i]);
        else
            two(run, value_at(a, out, i), value_at(b, out, i), a->type == ONNX_INT64,
                &out->values[i]);
    return true;
}
