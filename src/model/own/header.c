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
    uint64_t numbers = 0;
    for (unsigned k = 0; k < planche_own_layers(shape); k++) {
        uint64_t outputs = planche_own_outputs(shape, k);
        numbers += outputs * planche_own_inputs(shape, k) * 9 + PLANCHE_OWN_LEVELS * outputs;
        numbers += k <= shape->depth ? outputs : 0;
    }
    return PLANCHE_OWN_HEADER + 2 * numbers;
}

static bool is_sound(const uint8_t *head, const struct planche_own_shape *shape)
{
    static const uint8_t zeroes[7];
    return shape->channels >= 1 && shape->channels <= PLANCHE_OWN_CHANNELS &&
           shape->depth <= PLANCHE_OWN_DEPTH && shape->scale >= 1 &&
           shape->scale <= PLANCHE_OWN_SCALE && (shape->colours == 1 || shape->colours == 3) &&
           head[16] == PLANCHE_OWN_LEVELS && memcmp(head + 17, zeroes, sizeof(zeroes)) == 0;
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
    if (load16(head + 8) != PLANCHE_OWN_VERSION)
        return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                            "%s: a network of version %u; this library reads version %d",
                            file->name, load16(head + 8), PLANCHE_OWN_VERSION);
    *shape = (struct planche_own_shape){
        .channels = load16(head + 10),
        .depth = load16(head + 12),
        .scale = head[14],
        .colours = head[15],
    };
    if (!is_sound(head, shape))
        return planche_fail(error, PLANCHE_ERROR_MODEL,
                            "%s: %u channels, %u layers, scale %u, %u colours, %u levels: these "
                            "are not all in their limits, or the header's end is not zero",
                            file->name, shape->channels, shape->depth, shape->scale, shape->colours,
                            (unsigned)head[16]);
    if (file->size == size_of(shape))
        return PLANCHE_OK;
    return planche_fail(error, PLANCHE_ERROR_MODEL, "%s: %llu bytes, where the header says %llu",
                        file->name, (unsigned long long)file->size,
                        (unsigned long long)size_of(shape));
}
