/* SPDX-License-Identifier: MIT */
/* Layout: what the axes of a reshaped picture consist of. */
#ifndef PLANCHE_MODEL_ONNX_LAYOUT_H
#define PLANCHE_MODEL_ONNX_LAYOUT_H

#include "model/onnx/folding.h"

#define PLANCHE_ONNX_PARTS 16

enum planche_onnx_origin { PLANCHE_ONNX_CHANNEL, PLANCHE_ONNX_ROW, PLANCHE_ONNX_COLUMN };

/* Places that lie stride apart in the channels, rows or columns. */
struct planche_onnx_part {
    enum planche_onnx_origin source;
    struct planche_onnx_number size;
    int64_t stride;
};

struct planche_onnx_axis {
    int count;
    struct planche_onnx_part parts[PLANCHE_ONNX_PARTS];
};

struct planche_onnx_layout {
    int rank;
    struct planche_onnx_axis axes[PLANCHE_ONNX_RANK];
};

/* That of a picture as it is. */
struct planche_onnx_layout planche_onnx_plain_layout(const struct planche_onnx_value *value);
/* How many places an axis has; NAN where that is no number of ours. */
struct planche_onnx_number planche_onnx_axis_size(const struct planche_onnx_axis *axis);

#endif
