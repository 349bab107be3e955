/* SPDX-License-Identifier: MIT */
/* Inputs as blobs: what is yet to be done to a picture becomes layers. */
#include "model/onnx/state.h"

enum planche_status planche_onnx_settle(planche_onnx_t *t, struct planche_onnx_value *value)
{
    const struct planche_onnx_edges edges = value->edges;
    enum planche_status status = PLANCHE_OK;
    struct planche_layer *layer;
    if (!edges.top && !edges.left && !edges.bottom && !edges.right)
        return PLANCHE_OK;
    layer = planche_onnx_layer(t, PLANCHE_LAYER_PAD, value->blob, -1, &status);
    if (!layer)
        return status;
    layer->pad_mode = value->border;
    layer->pad_top = edges.top;
    layer->pad_left = edges.left;
    layer->pad_bottom = edges.bottom;
    layer->pad_right = edges.right;
    *value = planche_onnx_made(layer, value);
    return PLANCHE_OK;
}

enum planche_status planche_onnx_blob(planche_onnx_t *t, struct planche_onnx_value *value,
                                      int *blob)
{
    enum planche_status status = planche_onnx_settle(t, value);
    if (status == PLANCHE_OK && value->layout)
        status = planche_onnx_apply_layout(t, value);
    *blob = value->blob;
    return status;
}

enum planche_status planche_onnx_picture(planche_onnx_t *t, int index,
                                         struct planche_onnx_value *value, int *blob)
{
    const struct planche_onnx_value *in = planche_onnx_input(t, index);
    if (!in || in->kind != PLANCHE_ONNX_PICTURE)
        return planche_onnx_unsupported(t, "its input %d does not depend on the page", index);
    *value = *in;
    return planche_onnx_blob(t, value, blob);
}

enum planche_status planche_onnx_below(planche_onnx_t *t, int index,
                                       struct planche_onnx_value *value, int *blob)
{
    const struct planche_onnx_value *in = planche_onnx_input(t, index);
    enum planche_status status;
    if (!in || in->kind != PLANCHE_ONNX_PICTURE)
        return planche_onnx_unsupported(t, "its input %d does not depend on the page", index);
    *value = *in;
    status = planche_onnx_settle(t, value);
    *blob = value->blob;
    return status;
}
