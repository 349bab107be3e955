/* SPDX-License-Identifier: MIT */
/* Parts of the constant folding. */
#ifndef PLANCHE_MODEL_ONNX_FOLDING_H
#define PLANCHE_MODEL_ONNX_FOLDING_H

#include "model/onnx/state.h"

/* The numbers of a known input. NULL: *status says why. */
const struct planche_onnx_tensor *planche_onnx_operand(planche_onnx_t *t, int index,
                                                       enum planche_status *status);
void planche_onnx_set_tensor(planche_onnx_t *t, const struct planche_onnx_tensor *tensor);
bool planche_onnx_is_integer(int type);
/* The shape of a value; returns how many axes it has. */
int planche_onnx_dims(const planche_onnx_t *t, const struct planche_onnx_value *value,
                      struct planche_onnx_number dims[PLANCHE_ONNX_RANK]);

/* Number by number. */
bool planche_onnx_is_arithmetic(const char *type);
enum planche_status planche_onnx_fold_arithmetic(planche_onnx_t *t);
enum planche_status planche_onnx_fold_where(planche_onnx_t *t);

/* Moving numbers. */
enum planche_status planche_onnx_fold_reshape(planche_onnx_t *t);
enum planche_status planche_onnx_fold_squeeze(planche_onnx_t *t);
enum planche_status planche_onnx_fold_unsqueeze(planche_onnx_t *t);
enum planche_status planche_onnx_fold_transpose(planche_onnx_t *t);
enum planche_status planche_onnx_fold_concat(planche_onnx_t *t);
enum planche_status planche_onnx_fold_slice(planche_onnx_t *t);
enum planche_status planche_onnx_fold_gather(planche_onnx_t *t);
enum planche_status planche_onnx_fold_expand(planche_onnx_t *t);
enum planche_status planche_onnx_fold_split(planche_onnx_t *t);

#endif
