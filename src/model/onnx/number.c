/* SPDX-License-Identifier: MIT */
/* Numbers that depend on the size of the input linearly, or not at all. */
#include "model/onnx/state.h"

#include <math.h>

struct planche_onnx_number planche_onnx_plain(double value)
{
    return (struct planche_onnx_number){.base = value};
}

bool planche_onnx_is_constant(struct planche_onnx_number a)
{
    return a.rows == 0 && a.columns == 0;
}

bool planche_onnx_is_whole(struct planche_onnx_number a)
{
    return floor(a.base) == a.base && floor(a.rows) == a.rows && floor(a.columns) == a.columns &&
           fabs(a.base) < 0x1p53;
}

bool planche_onnx_same(struct planche_onnx_number a, struct planche_onnx_number b)
{
    return a.base == b.base && a.rows == b.rows && a.columns == b.columns;
}

struct planche_onnx_number planche_onnx_plus(struct planche_onnx_number a, double b)
{
    a.base += b;
    return a;
}

struct planche_onnx_number planche_onnx_times(struct planche_onnx_number a, double b)
{
    return (struct planche_onnx_number){a.base * b, a.rows * b, a.columns * b};
}

struct planche_onnx_number planche_onnx_minus(struct planche_onnx_number a,
                                              struct planche_onnx_number b)
{
    return (struct planche_onnx_number){a.base - b.base, a.rows - b.rows, a.columns - b.columns};
}

bool planche_onnx_sign(struct planche_onnx_number a, int *sign)
{
    if (planche_onnx_is_constant(a)) {
        *sign = (a.base > 0) - (a.base < 0);
        return true;
    }
    *sign = a.rows > 0 || a.columns > 0 ? 1 : -1;
    return *sign > 0 ? a.rows >= 0 && a.columns >= 0 : a.rows <= 0 && a.columns <= 0;
}

bool planche_onnx_floor_div(struct planche_onnx_number a, double b, struct planche_onnx_number *out)
{
    if (b == 0)
        return false;
    *out = (struct planche_onnx_number){floor(a.base / b), a.rows / b, a.columns / b};
    return floor(out->rows) == out->rows && floor(out->columns) == out->columns;
}
