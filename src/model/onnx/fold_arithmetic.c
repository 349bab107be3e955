/* SPDX-License-Identifier: MIT */
/* Arithmetic on numbers that are known at load, with broadcasting. */
#include "model/onnx/folding.h"

#include <math.h>
#include <string.h>

typedef struct planche_onnx_number number_t;

/* False: the result depends on the size in another way than linearly. */
typedef bool operation_t(number_t a, number_t b, bool whole, number_t *out);

static bool both_constant(number_t a, number_t b)
{
    return planche_onnx_is_constant(a) && planche_onnx_is_constant(b);
}

static bool add(number_t a, number_t b, bool whole, number_t *out)
{
    (void)whole;
    *out = (number_t){a.base + b.base, a.rows + b.rows, a.columns + b.columns};
    return true;
}

static bool subtract(number_t a, number_t b, bool whole, number_t *out)
{
    (void)whole;
    *out = planche_onnx_minus(a, b);
    return true;
}

static bool multiply(number_t a, number_t b, bool whole, number_t *out)
{
    (void)whole;
    if (planche_onnx_is_constant(b)) {
        *out = planche_onnx_times(a, b.base);
        return true;
    }
    *out = planche_onnx_times(b, a.base);
    return planche_onnx_is_constant(a);
}

/* a is so many times b, in all its parts. */
static bool ratio(number_t a, number_t b, double *value)
{
    double by = b.rows != 0 ? b.rows : b.columns;
    *value = (b.rows != 0 ? a.rows : a.columns) / by;
    return by != 0 && planche_onnx_same(a, planche_onnx_times(b, *value));
}

static bool divide(number_t a, number_t b, bool whole, number_t *out)
{
    double quotient;
    int sign;
    if (!planche_onnx_is_constant(b)) {
        bool same = ratio(a, b, &quotient);
        *out = planche_onnx_plain(quotient);
        return same && (!whole || floor(quotient) == quotient);
    }
    if (b.base == 0)
        return false;
    if (!whole) {
        *out = planche_onnx_times(a, 1 / b.base);
        if (planche_onnx_is_constant(a))
            out->base = a.base / b.base;
        return true;
    }
    if (planche_onnx_is_constant(a)) {
        *out = planche_onnx_plain(trunc(a.base / b.base));
        return true;
    }
    return planche_onnx_sign(a, &sign) && sign > 0 && b.base > 0 &&
           planche_onnx_floor_div(a, b.base, out);
}

/* As the sign of the divisor. */
static bool modulo(number_t a, number_t b, bool whole, number_t *out)
{
    number_t quotient;
    (void)whole;
    if (!planche_onnx_is_constant(b) || b.base == 0 ||
        !planche_onnx_floor_div(a, b.base, &quotient))
        return false;
    *out = planche_onnx_plain(a.base - floor(a.base / b.base) * b.base);
    return true;
}

static bool power(number_t a, number_t b, bool whole, number_t *out)
{
    (void)whole;
    *out = planche_onnx_plain(pow(a.base, b.base));
    return both_constant(a, b);
}

static bool compare(number_t a, number_t b, int *sign)
{
    return planche_onnx_sign(planche_onnx_minus(a, b), sign);
}

static bool maximum(number_t a, number_t b, bool whole, number_t *out)
{
    int sign = 0;
    bool known = compare(a, b, &sign);
    (void)whole;
    *out = sign >= 0 ? a : b;
    return known;
}

static bool minimum(number_t a, number_t b, bool whole, number_t *out)
{
    return maximum(planche_onnx_times(a, -1), planche_onnx_times(b, -1), whole, out) &&
           (*out = planche_onnx_times(*out, -1), true);
}

static bool equal(number_t a, number_t b, bool whole, number_t *out)
{
    (void)whole;
    *out = planche_onnx_plain(planche_onnx_same(a, b));
    return true;
}

static bool greater(number_t a, number_t b, bool whole, number_t *out)
{
    int sign = 0;
    bool known = compare(a, b, &sign);
    (void)whole;
    *out = planche_onnx_plain(sign > 0);
    return known;
}

static bool less(number_t a, number_t b, bool whole, number_t *out)
{
    return greater(b, a, whole, out);
}

static bool greater_equal(number_t a, number_t b, bool whole, number_t *out)
{
    bool known = greater(b, a, whole, out);
    *out = planche_onnx_plain(out->base == 0);
    return known;
}

static bool less_equal(number_t a, number_t b, bool whole, number_t *out)
{
    return greater_equal(b, a, whole, out);
}

static bool both(number_t a, number_t b, bool whole, number_t *out)
{
    (void)whole;
    *out = planche_onnx_plain(a.base != 0 && b.base != 0);
    return both_constant(a, b);
}

static bool either(number_t a, number_t b, bool whole, number_t *out)
{
    (void)whole;
    *out = planche_onnx_plain(a.base != 0 || b.base != 0);
    return both_constant(a, b);
}

/* Of one number: the second is the first. */
static bool negate(number_t a, number_t b, bool whole, number_t *out)
{
    (void)b;
    (void)whole;
    *out = planche_onnx_times(a, -1);
    return true;
}

static bool negation(number_t a, number_t b, bool whole, number_t *out)
{
    (void)whole;
    *out = planche_onnx_plain(a.base == 0);
    return both_constant(a, b);
}

static bool absolute(number_t a, number_t b, bool whole, number_t *out)
{
    int sign;
    (void)b;
    (void)whole;
    if (!planche_onnx_sign(a, &sign))
        return false;
    *out = sign < 0 ? planche_onnx_times(a, -1) : a;
    return true;
}

static bool round_down(number_t a, number_t b, bool whole, number_t *out)
{
    (void)b;
    (void)whole;
    return planche_onnx_floor_div(a, 1, out);
}

static bool round_up(number_t a, number_t b, bool whole, number_t *out)
{
    bool known = round_down(planche_onnx_times(a, -1), b, whole, out);
    *out = planche_onnx_times(*out, -1);
    return known;
}

/* To the even number in the middle. */
static bool round_near(number_t a, number_t b, bool whole, number_t *out)
{
    bool known = round_down(a, b, whole, out);
    out->base = rint(a.base);
    return known;
}

static bool root(number_t a, number_t b, bool whole, number_t *out)
{
    (void)whole;
    *out = planche_onnx_plain(sqrt(a.base));
    return both_constant(a, b) && a.base >= 0;
}

static bool invert(number_t a, number_t b, bool whole, number_t *out)
{
    (void)whole;
    *out = planche_onnx_plain(1 / a.base);
    return both_constant(a, b) && a.base != 0;
}

static const struct {
    const char *type;
    operation_t *operation;
    int inputs;
    bool logical;
} operations[] = {
    {"Add", add, 2, false},
    {"Sub", subtract, 2, false},
    {"Mul", multiply, 2, false},
    {"Div", divide, 2, false},
    {"Mod", modulo, 2, false},
    {"Pow", power, 2, false},
    {"Max", maximum, 2, false},
    {"Min", minimum, 2, false},
    {"Equal", equal, 2, true},
    {"Greater", greater, 2, true},
    {"Less", less, 2, true},
    {"GreaterOrEqual", greater_equal, 2, true},
    {"LessOrEqual", less_equal, 2, true},
    {"And", both, 2, true},
    {"Or", either, 2, true},
    {"Not", negation, 1, true},
    {"Neg", negate, 1, false},
    {"Abs", absolute, 1, false},
    {"Floor", round_down, 1, false},
    {"Ceil", round_up, 1, false},
    {"Round", round_near, 1, false},
    {"Sqrt", root, 1, false},
    {"Reciprocal", invert, 1, false},
};
#define OPERATIONS (sizeof(operations) / sizeof(operations[0]))

static size_t find(const char *type)
{
    size_t i = 0;
    while (i < OPERATIONS && strcmp(operations[i].type, type) != 0)
        i++;
    return i;
}

bool planche_onnx_is_arithmetic(const char *type)
{
    return find(type) < OPERATIONS;
}

/* The shape of what several shapes make together; false if they do not fit. */
static bool join_shapes(const struct planche_onnx_tensor *a, int *rank, int64_t *dims)
{
    int64_t joined[PLANCHE_ONNX_RANK] = {0};
    int most = a->rank > *rank ? a->rank : *rank;
    for (int i = 0; i < most; i++) {
        int at_a = i - (most - a->rank), at_b = i - (most - *rank);
        int64_t one = at_a < 0 ? 1 : a->dims[at_a], other = at_b < 0 ? 1 : dims[at_b];
        if (one != other && one != 1 && other != 1)
            return false;
        joined[i] = one == 1 ? other : one;
    }
    *rank = most;
    memcpy(dims, joined, (size_t)most * sizeof(*dims));
    return true;
}

/* The number of an operand that stands at a place of the result. */
static number_t number_at(const struct planche_onnx_tensor *tensor,
                          const struct planche_onnx_tensor *result, uint64_t index)
{
    uint64_t at = 0, step = 1;
    for (int i = result->rank - 1; i >= 0; i--) {
        int own = i - (result->rank - tensor->rank);
        uint64_t dim = (uint64_t)result->dims[i], place = index % dim;
        index /= dim;
        if (own < 0)
            break;
        at += tensor->dims[own] == 1 ? 0 : place * step;
        step *= (uint64_t)tensor->dims[own];
    }
    return tensor->numbers[at];
}

enum planche_status planche_onnx_fold_arithmetic(planche_onnx_t *t)
{
    size_t which = find(t->node->type);
    int inputs = operations[which].inputs, rank = 0;
    int64_t dims[PLANCHE_ONNX_RANK] = {0};
    enum planche_status status = PLANCHE_OK;
    const struct planche_onnx_tensor *a = planche_onnx_operand(t, 0, &status), *b = a;
    struct planche_onnx_tensor *made;
    if (a && t->node->input_count != inputs)
        return planche_onnx_unsupported(t, "%d inputs", t->node->input_count);
    if (a && inputs == 2)
        b = planche_onnx_operand(t, 1, &status);
    if (!a || !b)
        return status;
    if (!join_shapes(a, &rank, dims) || !join_shapes(b, &rank, dims))
        return planche_onnx_wrong(t, "the shapes of its inputs do not fit");
    bool whole = planche_onnx_is_integer(a->type) && planche_onnx_is_integer(b->type);
    made = planche_onnx_make(t, operations[which].logical ? PLANCHE_ONNX_BOOL : a->type, rank, dims,
                             &status);
    for (uint64_t i = 0; made && i < made->count; i++)
        if (!operations[which].operation(number_at(a, made, i), number_at(b, made, i), whole,
                                         &made->numbers[i]))
            return planche_onnx_sized(t, "the result");
    if (made)
        planche_onnx_set_tensor(t, made);
    return status;
}

enum planche_status planche_onnx_fold_where(planche_onnx_t *t)
{
    const struct planche_onnx_tensor *parts[3];
    int64_t dims[PLANCHE_ONNX_RANK] = {0};
    enum planche_status status = PLANCHE_OK;
    struct planche_onnx_tensor *made;
    int rank = 0;
    for (int i = 0; i < 3; i++) {
        parts[i] = planche_onnx_operand(t, i, &status);
        if (!parts[i])
            return status;
        if (!join_shapes(parts[i], &rank, dims))
            return planche_onnx_wrong(t, "the shapes of its inputs do not fit");
    }
    made = planche_onnx_make(t, parts[1]->type, rank, dims, &status);
    for (uint64_t i = 0; made && i < made->count; i++) {
        bool first = number_at(parts[0], made, i).base != 0;
        made->numbers[i] = number_at(parts[first ? 1 : 2], made, i);
    }
    if (made)
        planche_onnx_set_tensor(t, made);
    return status;
}
