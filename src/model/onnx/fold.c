/* SPDX-License-Identifier: MIT */
/* Constant folding: arithmetic on what is known at load, above all on shapes. Sizes of the page
 * stay in it as unknowns (number.c). */
#include "model/onnx/folding.h"

#include <limits.h>
#include <math.h>
#include <string.h>

static enum planche_status fold_constant(planche_onnx_t *t)
{
    const struct planche_onnx_attribute *attribute;
    enum planche_status status = PLANCHE_OK;
    struct planche_onnx_tensor *made = NULL;
    int64_t count;
    if (t->node->attribute_count != 1)
        return planche_onnx_wrong(t, "it must have one attribute");
    attribute = &t->node->attributes[0];
    if (attribute->tensor) {
        planche_onnx_set_tensor(t, attribute->tensor);
        return PLANCHE_OK;
    }
    count = attribute->count;
    if (strcmp(attribute->name, "value_int") == 0 || strcmp(attribute->name, "value_ints") == 0)
        made =
            planche_onnx_make(t, PLANCHE_ONNX_INT64, attribute->integers != NULL, &count, &status);
    else if (strcmp(attribute->name, "value_float") == 0 ||
             strcmp(attribute->name, "value_floats") == 0)
        made = planche_onnx_make(t, PLANCHE_ONNX_FLOAT, attribute->reals != NULL, &count, &status);
    else
        return planche_onnx_unsupported(t, "constants other than tensors and numbers");
    for (uint64_t i = 0; made && i < made->count; i++) {
        if (made->type == PLANCHE_ONNX_INT64)
            made->numbers[i].base =
                (double)(attribute->integers ? attribute->integers[i] : attribute->integer);
        else
            made->numbers[i].base = attribute->reals ? attribute->reals[i] : attribute->real;
    }
    if (made)
        planche_onnx_set_tensor(t, made);
    return status;
}

/* The page is one; a picture's axes as they were cut are in its layout. */
static enum planche_status fold_shape(planche_onnx_t *t)
{
    const struct planche_onnx_value *value = planche_onnx_input(t, 0);
    struct planche_onnx_number dims[PLANCHE_ONNX_RANK];
    enum planche_status status = PLANCHE_OK;
    int rank = planche_onnx_dims(t, value, dims);
    int64_t start = planche_onnx_integer(t, "start", 0);
    int64_t end = planche_onnx_integer(t, "end", INT_MAX), count;
    struct planche_onnx_tensor *made;
    start += start < 0 ? rank : 0;
    end += end < 0 ? rank : 0;
    start = start < 0 ? 0 : start > rank ? rank : start;
    end = end > rank ? rank : end;
    count = end > start ? end - start : 0;
    made = planche_onnx_make(t, PLANCHE_ONNX_INT64, 1, &count, &status);
    if (!made)
        return status;
    memcpy(made->numbers, dims + start, (size_t)count * sizeof(*dims));
    planche_onnx_set_tensor(t, made);
    return status;
}

static enum planche_status fold_fill(planche_onnx_t *t)
{
    const struct planche_onnx_attribute *attribute = planche_onnx_find_attribute(t->node, "value");
    struct planche_onnx_number value = {.base = 0};
    enum planche_status status;
    struct planche_onnx_tensor *made;
    int64_t *dims;
    int rank, type = PLANCHE_ONNX_FLOAT;
    status = planche_onnx_integers(t, "", 0, &dims, &rank);
    if (status != PLANCHE_OK)
        return status;
    if (rank > PLANCHE_ONNX_RANK)
        return planche_onnx_unsupported(t, "%d axes are too many", rank);
    if (attribute && attribute->tensor) {
        if (attribute->tensor->count != 1 || planche_onnx_unreadable(attribute->tensor))
            return planche_onnx_wrong(t, "its value must be one number");
        type = attribute->tensor->type;
        status = planche_onnx_numbers(t->model, attribute->tensor, &value);
    }
    made = status == PLANCHE_OK ? planche_onnx_make(t, type, rank, dims, &status) : NULL;
    for (uint64_t i = 0; made && i < made->count; i++)
        made->numbers[i] = value;
    if (made)
        planche_onnx_set_tensor(t, made);
    return status;
}

static enum planche_status fold_range(planche_onnx_t *t)
{
    enum planche_status status = PLANCHE_OK;
    const struct planche_onnx_tensor *parts[3];
    struct planche_onnx_tensor *made;
    double start, step;
    int64_t count;
    for (int i = 0; i < 3; i++) {
        parts[i] = planche_onnx_operand(t, i, &status);
        if (!parts[i])
            return status;
        if (parts[i]->count != 1)
            return planche_onnx_wrong(t, "its inputs must be single numbers");
        if (!planche_onnx_is_constant(parts[i]->numbers[0]))
            return planche_onnx_sized(t, "its length");
    }
    start = parts[0]->numbers[0].base;
    step = parts[2]->numbers[0].base;
    if (step == 0)
        return planche_onnx_wrong(t, "its step is 0");
    double length = ceil((parts[1]->numbers[0].base - start) / step);
    count = length > 0 ? (int64_t)fmin(length, 1e9) : 0;
    made = planche_onnx_make(t, parts[0]->type, 1, &count, &status);
    for (int64_t i = 0; made && i < count; i++)
        made->numbers[i].base = start + (double)i * step;
    if (made)
        planche_onnx_set_tensor(t, made);
    return status;
}

static enum planche_status cut_number(planche_onnx_t *t, struct planche_onnx_number *number)
{
    int sign;
    if (floor(number->rows) != number->rows || floor(number->columns) != number->columns ||
        !planche_onnx_sign(*number, &sign))
        return planche_onnx_sized(t, "a number that it rounds");
    number->base = sign < 0 ? ceil(number->base) : floor(number->base);
    return PLANCHE_OK;
}

static enum planche_status fold_cast(planche_onnx_t *t)
{
    int to = (int)planche_onnx_integer(t, "to", PLANCHE_ONNX_FLOAT);
    const struct planche_onnx_tensor *from = planche_onnx_constant(t, 0);
    enum planche_status status = PLANCHE_OK;
    struct planche_onnx_tensor *made;
    if (planche_onnx_is_integer(from->type) == planche_onnx_is_integer(to) &&
        to != PLANCHE_ONNX_BOOL && !from->numbers) {
        planche_onnx_set_tensor(t, from);
        return PLANCHE_OK;
    }
    from = planche_onnx_operand(t, 0, &status);
    made = from ? planche_onnx_make(t, to, from->rank, from->dims, &status) : NULL;
    for (uint64_t i = 0; made && status == PLANCHE_OK && i < made->count; i++) {
        made->numbers[i] = from->numbers[i];
        if (to == PLANCHE_ONNX_BOOL)
            made->numbers[i] = (struct planche_onnx_number){
                .base = !planche_onnx_same(from->numbers[i], (struct planche_onnx_number){0})};
        else if (planche_onnx_is_integer(to))
            status = cut_number(t, &made->numbers[i]);
        else if (to != PLANCHE_ONNX_DOUBLE && planche_onnx_is_constant(made->numbers[i]))
            made->numbers[i].base = (float)made->numbers[i].base;
    }
    if (made && status == PLANCHE_OK)
        planche_onnx_set_tensor(t, made);
    return status;
}

static enum planche_status fold_same(planche_onnx_t *t)
{
    planche_onnx_set_tensor(t, planche_onnx_constant(t, 0));
    return PLANCHE_OK;
}

static const struct {
    const char *type;
    enum planche_status (*fold)(planche_onnx_t *t);
} folds[] = {
    {"ConstantOfShape", fold_fill},
    {"Range", fold_range},
    {"Cast", fold_cast},
    {"Identity", fold_same},
    {"Dropout", fold_same},
    {"Reshape", planche_onnx_fold_reshape},
    {"Flatten", planche_onnx_fold_reshape},
    {"Squeeze", planche_onnx_fold_squeeze},
    {"Unsqueeze", planche_onnx_fold_unsqueeze},
    {"Transpose", planche_onnx_fold_transpose},
    {"Concat", planche_onnx_fold_concat},
    {"Slice", planche_onnx_fold_slice},
    {"Gather", planche_onnx_fold_gather},
    {"Expand", planche_onnx_fold_expand},
    {"Split", planche_onnx_fold_split},
    {"Where", planche_onnx_fold_where},
};

static bool all_known(const planche_onnx_t *t)
{
    for (int i = 0; i < t->node->input_count; i++) {
        const struct planche_onnx_value *value = planche_onnx_input(t, i);
        if (value && value->kind != PLANCHE_ONNX_TENSOR)
            return false;
    }
    return t->node->input_count > 0 && planche_onnx_input(t, 0);
}

enum planche_status planche_onnx_fold(planche_onnx_t *t, bool *known)
{
    const char *type = t->node->type;
    *known = true;
    if (strcmp(type, "Constant") == 0)
        return fold_constant(t);
    if (strcmp(type, "Shape") == 0 && planche_onnx_input(t, 0))
        return fold_shape(t);
    *known = all_known(t);
    if (!*known)
        return PLANCHE_OK;
    for (size_t i = 0; i < sizeof(folds) / sizeof(folds[0]); i++)
        if (strcmp(folds[i].type, type) == 0)
            return folds[i].fold(t);
    if (planche_onnx_is_arithmetic(type))
        return planche_onnx_fold_arithmetic(t);
    return planche_onnx_unsupported(t, "it is not computed of constants at load");
}
