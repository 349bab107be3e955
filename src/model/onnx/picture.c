/* SPDX-License-Identifier: MIT */
/* Inputs as blobs: what is yet to be done to a picture becomes layers. */
#include "model/onnx/state.h"

/* Zeroes round a picture: a convolution with a kernel of one place and padding. */
enum planche_status planche_onnx_settle(planche_onnx_t *t, struct planche_onnx_value *value)
{
    const struct planche_onnx_edges *zeros = &value->zeros;
    enum planche_status status = PLANCHE_OK;
    struct planche_layer *layer;
    int *choice;
    if (!zeros->top && !zeros->left && !zeros->bottom && !zeros->right)
        return PLANCHE_OK;
    choice = planche_onnx_take(t, (size_t)value->channels, sizeof(*choice), &status);
    for (int i = 0; choice && i < value->channels; i++)
        choice[i] = i;
    layer = choice ? planche_onnx_choose(t, value->blob, value->channels, value->channels, 1,
                                         choice, &status)
                   : NULL;
    if (!layer)
        return status;
    layer->pad_top = zeros->top;
    layer->pad_left = zeros->left;
    layer->pad_bottom = zeros->bottom;
    layer->pad_right = zeros->right;
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
