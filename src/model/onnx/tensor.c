/* SPDX-License-Identifier: MIT */
/* Numbers of tensors: where they lie in the file and in which form. */
#include "model/onnx/format.h"

#include "base/little_endian.h"
#include "base/status.h"
#include "model/halves.h"

#include <math.h>
#include <string.h>

#define CHUNK 8192 /* numbers converted at once */

/* Bytes of a number in raw_data; 0: not a type that is read. */
static size_t width_of(int type)
{
    switch (type) {
    case PLANCHE_ONNX_DOUBLE:
    case PLANCHE_ONNX_INT64:
        return 8;
    case PLANCHE_ONNX_FLOAT:
    case PLANCHE_ONNX_INT32:
        return 4;
    case PLANCHE_ONNX_FLOAT16:
        return 2;
    case PLANCHE_ONNX_UINT8:
    case PLANCHE_ONNX_INT8:
    case PLANCHE_ONNX_BOOL:
        return 1;
    default:
        return 0;
    }
}

/* How numbers stand in the field of their type when they are not raw. */
static enum planche_onnx_wire packing_of(int type)
{
    if (type == PLANCHE_ONNX_FLOAT)
        return PLANCHE_WIRE_FIXED32;
    return type == PLANCHE_ONNX_DOUBLE ? PLANCHE_WIRE_FIXED64 : PLANCHE_WIRE_VARINT;
}

static bool fits(const struct planche_onnx_tensor *tensor)
{
    enum planche_onnx_wire wire = packing_of(tensor->type);
    if (tensor->raw)
        return tensor->size == tensor->count * width_of(tensor->type);
    if (wire == PLANCHE_WIRE_VARINT)
        return tensor->size >= tensor->count;
    return tensor->size == tensor->count * (wire == PLANCHE_WIRE_FIXED64 ? 8 : 4);
}

const char *planche_onnx_unreadable(const struct planche_onnx_tensor *tensor)
{
    if (tensor->external)
        return "has its numbers in another file (external data); save the model as one file";
    if (tensor->numbers)
        return NULL;
    if (!width_of(tensor->type))
        return "is not of a type that is read (FLOAT, FLOAT16, DOUBLE, INT32, INT64, INT8, UINT8, "
               "BOOL)";
    return fits(tensor) ? NULL : "has more or fewer numbers than its shape says";
}

static double real_of(uint64_t bits, int type)
{
    uint8_t half[2] = {(uint8_t)bits, (uint8_t)(bits >> 8)};
    uint32_t low = (uint32_t)bits;
    float single;
    double value;
    switch (type) {
    case PLANCHE_ONNX_DOUBLE:
        memcpy(&value, &bits, sizeof(value));
        return value;
    case PLANCHE_ONNX_FLOAT:
        memcpy(&single, &low, sizeof(single));
        return single;
    case PLANCHE_ONNX_FLOAT16:
        return planche_halves_to_floats(&single, half, 1) ? single : NAN;
    case PLANCHE_ONNX_INT64:
        return (double)(int64_t)bits;
    case PLANCHE_ONNX_INT32:
        return (int32_t)low;
    case PLANCHE_ONNX_INT8:
        return (int8_t)bits;
    default:
        return (uint8_t)bits;
    }
}

/* Numbers one by one, from either form. */
struct reader {
    struct planche_onnx_model *model;
    const struct planche_onnx_tensor *tensor;
    struct planche_onnx_cursor cursor;
};

static struct reader begin(struct planche_onnx_model *model,
                           const struct planche_onnx_tensor *tensor)
{
    return (struct reader){model, tensor, {&model->source, tensor->at, tensor->at + tensor->size}};
}

static bool next(struct reader *reader, double *value)
{
    size_t width = width_of(reader->tensor->type);
    uint8_t bytes[8] = {0};
    uint64_t bits = 0;
    if (reader->tensor->raw) {
        for (size_t i = 0; i < width; i++)
            if (!planche_onnx_byte(&reader->cursor, &bytes[i]))
                return false;
        bits = get64(bytes);
    } else if (!planche_onnx_packed(&reader->cursor, packing_of(reader->tensor->type), &bits)) {
        return false;
    }
    *value = real_of(bits, reader->tensor->type);
    return true;
}

static enum planche_status cut_off(struct planche_onnx_model *model,
                                   const struct planche_onnx_tensor *tensor)
{
    if (model->source.status != PLANCHE_OK)
        return model->source.status;
    return planche_fail(model->error, PLANCHE_ERROR_MODEL,
                        "%s: the tensor '%.80s' has fewer numbers than its shape says",
                        model->names.name, tensor->name);
}

static enum planche_status not_finite(struct planche_onnx_model *model,
                                      const struct planche_onnx_tensor *tensor)
{
    return planche_fail(model->error, PLANCHE_ERROR_MODEL,
                        "%s: a number of the tensor '%.80s' is not finite", model->names.name,
                        tensor->name);
}

enum planche_status planche_onnx_numbers(struct planche_onnx_model *model,
                                         const struct planche_onnx_tensor *tensor,
                                         struct planche_onnx_number *numbers)
{
    struct reader reader = begin(model, tensor);
    if (tensor->numbers) {
        memcpy(numbers, tensor->numbers, (size_t)tensor->count * sizeof(*numbers));
        return PLANCHE_OK;
    }
    for (uint64_t i = 0; i < tensor->count; i++) {
        numbers[i] = (struct planche_onnx_number){.base = 0};
        if (!next(&reader, &numbers[i].base))
            return cut_off(model, tensor);
        if (isnan(numbers[i].base))
            return not_finite(model, tensor);
    }
    return PLANCHE_OK;
}

static enum planche_status slow_floats(struct planche_onnx_model *model,
                                       const struct planche_onnx_tensor *tensor, float *values)
{
    struct reader reader = begin(model, tensor);
    for (uint64_t i = 0; i < tensor->count; i++) {
        double value = tensor->numbers ? tensor->numbers[i].base : 0;
        if (!tensor->numbers && !next(&reader, &value))
            return cut_off(model, tensor);
        if (!(fabs(value) <= 3.4028234663852886e38))
            return not_finite(model, tensor);
        values[i] = (float)value;
    }
    return PLANCHE_OK;
}

/* Floats in the order of their bytes. */
static bool convert(float *values, const uint8_t *bytes, size_t count)
{
    uint32_t special = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t bits = get32(bytes + 4 * i);
        special |= (bits & 0x7F800000) == 0x7F800000;
        memcpy(&values[i], &bits, sizeof(bits));
    }
    return !special;
}

static enum planche_status fast_floats(struct planche_onnx_model *model,
                                       const struct planche_onnx_tensor *tensor, float *values,
                                       size_t width)
{
    uint8_t bytes[CHUNK * 4];
    for (size_t done = 0; done < tensor->count;) {
        size_t part = (size_t)tensor->count - done < CHUNK ? (size_t)tensor->count - done : CHUNK;
        if (!planche_onnx_read(&model->source, tensor->at + done * width, bytes, part * width))
            return model->source.status;
        if (!(width == 2 ? planche_halves_to_floats : convert)(values + done, bytes, part))
            return not_finite(model, tensor);
        done += part;
    }
    return PLANCHE_OK;
}

enum planche_status planche_onnx_floats(struct planche_onnx_model *model,
                                        const struct planche_onnx_tensor *tensor, float *values)
{
    if (!tensor->numbers && tensor->type == PLANCHE_ONNX_FLOAT)
        return fast_floats(model, tensor, values, 4);
    if (!tensor->numbers && tensor->raw && tensor->type == PLANCHE_ONNX_FLOAT16)
        return fast_floats(model, tensor, values, 2);
    return slow_floats(model, tensor, values);
}

bool planche_onnx_stated(struct planche_onnx_model *model, int value, double *number)
{
    const struct planche_onnx_tensor *tensor;
    struct planche_onnx_number read;
    if (value < 0)
        return false;
    tensor = model->constants[value];
    if (!tensor && model->producers[value] >= 0) {
        const struct planche_onnx_node *node = &model->nodes[model->producers[value]];
        if (strcmp(node->type, "Constant") != 0 || node->attribute_count != 1)
            return false;
        *number = node->attributes[0].real;
        if (strcmp(node->attributes[0].name, "value_float") == 0)
            return true;
        tensor = node->attributes[0].tensor;
    }
    if (!tensor || tensor->count != 1 || planche_onnx_unreadable(tensor) ||
        planche_onnx_numbers(model, tensor, &read) != PLANCHE_OK)
        return false;
    *number = read.base;
    return true;
}
