/* SPDX-License-Identifier: MIT */
/* The layers of a file of Planche's own networks. */
#include "model/own/format.h"

unsigned planche_own_layers(const struct planche_own_shape *shape)
{
    return shape->depth + 2 + (shape->inner ? shape->inner + 2 : 0);
}

struct planche_own_layer planche_own_layer(const struct planche_own_shape *shape, unsigned k)
{
    const unsigned down = 1 + shape->depth / 2, up = down + shape->inner + 1;
    const bool middle = shape->inner > 0;
    struct planche_own_layer layer = {.inputs = shape->channels, .outputs = shape->channels};
    layer.last = k + 1 == planche_own_layers(shape);
    if (k == 0)
        layer.inputs = shape->colours;
    if (layer.last)
        layer.outputs = shape->colours * shape->scale * shape->scale;
    if (middle && k > down && k <= up)
        layer.inputs = shape->wide;
    if (middle && k >= down && k < up)
        layer.outputs = shape->wide;
    if (middle && (k == down || k == up))
        layer.kind = k == down ? PLANCHE_OWN_DOWN : PLANCHE_OWN_UP;
    return layer;
}

unsigned planche_own_side(struct planche_own_layer layer)
{
    return layer.kind == PLANCHE_OWN_SQUARE ? 3 : 2;
}

size_t planche_own_weights(struct planche_own_layer layer)
{
    return (size_t)layer.outputs * layer.inputs * planche_own_side(layer) * planche_own_side(layer);
}

bool planche_own_in_bytes(const struct planche_own_shape *shape, unsigned k)
{
    return shape->bytes && k > 0 && k + 1 < planche_own_layers(shape);
}
