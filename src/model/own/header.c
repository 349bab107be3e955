/* SPDX-License-Identifier: MIT */
/* Header of a file of Planche's own networks. */
#include "model/own/format.h"

#include "base/status.h"

#include <string.h>

static const uint8_t magic[8] = "PLANCHE";

bool planche_own_recognise(const uint8_t *head, size_t size)
{
    return size >= sizeof(magic) && memcmp(head, magic, sizeof(magic)) == 0;
}

static unsigned load16(const uint8_t *bytes)
{
    return (unsigned)bytes[0] | (unsigned)bytes[1] << 8;
}

/* No field lets this overflow. */
static uint64_t size_of(const struct planche_own_shape *shape)
{
    uint64_t size = PLANCHE_OWN_HEADER;
    for (unsigned k = 0; k < planche_own_layers(shape); k++) {
        const struct planche_own_layer layer = planche_own_layer(shape, k);
        const uint64_t outputs = layer.outputs, weights = planche_own_weights(layer);
        size += planche_own_in_bytes(shape, k) ? 2 * outputs + weights : 2 * weights;
        size += 2 * (PLANCHE_OWN_LEVELS * outputs + (layer.last ? 0 : outputs));
    }
    return size;
}

static struct planche_own_shape shape_of(const uint8_t *head)
{
    struct planche_own_shape shape = {
        .channels = load16(head + 10),
        .depth = load16(head + 12),
        .scale = head[14],
        .colours = head[15],
    };
    if (load16(head + 8) > 1) {
        shape.bytes = head[17] == 1;
        shape.wide = load16(head + 18);
        shape.inner = load16(head + 20);
    }
    return shape;
}

/* The middle, and that nothing stands where nothing is to be. */
static bool is_end_sound(const uint8_t *head, const struct planche_own_shape *shape)
{
    static const uint8_t zeroes[7];
    if (load16(head + 8) == 1)
        return memcmp(head + 17, zeroes, sizeof(zeroes)) == 0;
    return head[17] <= 1 && head[22] == 0 && head[23] == 0 && shape->wide <= PLANCHE_OWN_CHANNELS &&
           shape->inner <= PLANCHE_OWN_DEPTH && (shape->wide == 0) == (shape->inner == 0);
}

static bool is_sound(const uint8_t *head, const struct planche_own_shape *shape)
{
    return shape->channels >= 1 && shape->channels <= PLANCHE_OWN_CHANNELS &&
           shape->depth <= PLANCHE_OWN_DEPTH && shape->scale >= 1 &&
           shape->scale <= PLANCHE_OWN_SCALE && (shape->colours == 1 || shape->colours == 3) &&
           head[16] == PLANCHE_OWN_LEVELS && is_end_sound(head, shape);
}

enum planche_status planche_own_read_header(struct planche_model_file *file,
                                            struct planche_own_shape *shape,
                                            struct planche_error *error)
{
    uint8_t head[PLANCHE_OWN_HEADER];
    enum planche_status status = planche_model_file_read(file, head, sizeof(head), error);
    if (status)
        return status;
    if (!planche_own_recognise(head, sizeof(head)))
        return planche_fail(error, PLANCHE_ERROR_MODEL, "%s: not a network of Planche's own",
                            file->name);
    const unsigned version = load16(head + 8);
    if (version < 1 || version > PLANCHE_OWN_VERSION)
        return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                            "%s: a network of version %u; this library reads versions 1 to %d",
                            file->name, version, PLANCHE_OWN_VERSION);
    *shape = shape_of(head);
    if (!is_sound(head, shape))
        return planche_fail(error, PLANCHE_ERROR_MODEL,
                            "%s: %u channels, %u layers, scale %u, %u colours, %u levels, a middle "
                            "of %u channels and %u layers: these are not all in their limits, or "
                            "the header's end is not as it should be",
                            file->name, shape->channels, shape->depth, shape->scale, shape->colours,
                            (unsigned)head[16], shape->wide, shape->inner);
    if (file->size == size_of(shape))
        return PLANCHE_OK;
    return planche_fail(error, PLANCHE_ERROR_MODEL, "%s: %llu bytes, where the header says %llu",
                        file->name, (unsigned long long)file->size,
                        (unsigned long long)size_of(shape));
}
