/* SPDX-License-Identifier: MIT */
/* Tensors of numbers that are known at load. */
#include "model/onnx/folding.h"

#include "base/checked.h"

struct planche_onnx_tensor *planche_onnx_make(planche_onnx_t *t, int type, int rank,
                                              const int64_t *dims, enum planche_status *status)
{
    struct planche_onnx_tensor *tensor = planche_onnx_take(t, 1, sizeof(*tensor), status);
    size_t count = 1;
    bool empty = false;
    if (!tensor)
        return NULL;
    *tensor = (struct planche_onnx_tensor){.name = "", .type = type, .rank = rank};
    for (int i = 0; i < rank; i++) {
        tensor->dims[i] = dims[i];
        empty = empty || dims[i] == 0;
        if (dims[i] < 0 || !planche_mul_size(count, dims[i] ? (size_t)dims[i] : 1, &count))
            count = SIZE_MAX / 2;
    }
    tensor->count = empty ? 0 : count;
    if (count > PLANCHE_ONNX_FOLD || t->folded + count > PLANCHE_ONNX_FOLD) {
        *status = planche_onnx_unsupported(
            t, "too many numbers would be computed at load; simplify the model");
        return NULL;
    }
    t->folded += count;
    tensor->numbers = planche_onnx_take(t, count, sizeof(*tensor->numbers), status);
    return tensor->numbers ? tensor : NULL;
}

const struct planche_onnx_tensor *planche_onnx_operand(planche_onnx_t *t, int index,
                                                       enum planche_status *status)
{
    const struct planche_onnx_tensor *tensor = planche_onnx_constant(t, index);
    struct planche_onnx_tensor *loaded;
    const char *why;
    if (!tensor) {
        *status = planche_onnx_wrong(t, "its input %d is not there", index);
        return NULL;
    }
    if (tensor->numbers)
        return tensor;
    why = planche_onnx_unreadable(tensor);
    if (why) {
        *status = planche_onnx_unsupported(t, "the tensor '%.80s' %s", tensor->name, why);
        return NULL;
    }
    loaded = planche_onnx_make(t, tensor->type, tensor->rank, tensor->dims, status);
    if (!loaded)
        return NULL;
    *status = planche_onnx_numbers(t->model, tensor, loaded->numbers);
    return *status == PLANCHE_OK ? loaded : NULL;
}

void planche_onnx_set_tensor(planche_onnx_t *t, const struct planche_onnx_tensor *tensor)
{
    const struct planche_onnx_value value = {.kind = PLANCHE_ONNX_TENSOR, .tensor = tensor};
    planche_onnx_set(t, &value);
}

/* Types of whole numbers. */
bool planche_onnx_is_integer(int type)
{
    return type != PLANCHE_ONNX_FLOAT && type != PLANCHE_ONNX_FLOAT16 &&
           type != PLANCHE_ONNX_DOUBLE;
}
