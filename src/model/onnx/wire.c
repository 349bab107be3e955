/* SPDX-License-Identifier: MIT */
/* Protobuf's wire format ("Encoding" in its documentation): tags, varints, lengths. */
#include "model/onnx/wire.h"

#include "base/little_endian.h"
#include "base/status.h"

#include <string.h>

static bool damaged(struct planche_onnx_source *source, uint64_t at, const char *what)
{
    if (source->status == PLANCHE_OK)
        source->status = planche_fail(source->error, PLANCHE_ERROR_MODEL,
                                      "%s: not an ONNX file, or a damaged one: %s at byte %llu",
                                      source->file->name, what, (unsigned long long)at);
    return false;
}

bool planche_onnx_read(struct planche_onnx_source *source, uint64_t at, void *out, size_t size)
{
    if (at > source->file->size || size > source->file->size - at)
        return damaged(source, at, "it ends too early");
    if (source->status == PLANCHE_OK)
        source->status = planche_model_file_read_at(source->file, out, size, at, source->error);
    return source->status == PLANCHE_OK;
}

struct planche_onnx_cursor planche_onnx_all(struct planche_onnx_source *source)
{
    return (struct planche_onnx_cursor){source, 0, source->file->size};
}

struct planche_onnx_cursor planche_onnx_inside(struct planche_onnx_source *source,
                                               const struct planche_onnx_field *field)
{
    if (field->wire != PLANCHE_WIRE_BYTES) {
        damaged(source, field->at, "a number where a message is expected");
        return (struct planche_onnx_cursor){source, 0, 0};
    }
    return (struct planche_onnx_cursor){source, field->at, field->at + field->size};
}

/* The byte at a place, which lies in the file. */
static bool byte_at(struct planche_onnx_source *source, uint64_t at, uint8_t *byte)
{
    if (at < source->start || at - source->start >= source->filled) {
        uint64_t left = source->file->size - at;
        size_t size = left < PLANCHE_WIRE_WINDOW ? (size_t)left : PLANCHE_WIRE_WINDOW;
        source->filled = 0;
        if (!planche_onnx_read(source, at, source->window, size))
            return false;
        source->start = at;
        source->filled = size;
    }
    *byte = source->window[at - source->start];
    return true;
}

static bool get_varint(struct planche_onnx_cursor *cursor, uint64_t *value)
{
    uint64_t from = cursor->at;
    uint8_t byte;
    *value = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        if (cursor->at >= cursor->end)
            return damaged(cursor->source, from, "a number that is cut off");
        if (!byte_at(cursor->source, cursor->at++, &byte))
            return false;
        *value |= shift < 64 ? (uint64_t)(byte & 0x7F) << shift : 0;
        if (!(byte & 0x80))
            return true;
    }
    return damaged(cursor->source, from, "a number that is too long");
}

static bool get_fixed(struct planche_onnx_cursor *cursor, unsigned size, uint64_t *value)
{
    uint64_t from = cursor->at;
    uint8_t byte;
    *value = 0;
    if (cursor->end - cursor->at < size)
        return damaged(cursor->source, from, "a number that is cut off");
    for (unsigned i = 0; i < size; i++) {
        if (!byte_at(cursor->source, cursor->at++, &byte))
            return false;
        *value |= (uint64_t)byte << 8 * i;
    }
    return true;
}

static bool get_bytes(struct planche_onnx_cursor *cursor, struct planche_onnx_field *field)
{
    uint64_t from = cursor->at;
    if (!get_varint(cursor, &field->size))
        return false;
    if (field->size > cursor->end - cursor->at)
        return damaged(cursor->source, from, "a field that is longer than what holds it");
    field->at = cursor->at;
    cursor->at += field->size;
    return true;
}

bool planche_onnx_next(struct planche_onnx_cursor *cursor, struct planche_onnx_field *field)
{
    uint64_t tag, from = cursor->at;
    *field = (struct planche_onnx_field){.at = from};
    if (cursor->source->status != PLANCHE_OK || cursor->at >= cursor->end ||
        !get_varint(cursor, &tag))
        return false;
    if (tag >> 3 == 0 || tag >> 3 > 0x1FFFFFFF)
        return damaged(cursor->source, from, "a field without a number");
    field->number = (unsigned)(tag >> 3);
    field->wire = (enum planche_onnx_wire)(tag & 7);
    switch (field->wire) {
    case PLANCHE_WIRE_VARINT:
        return get_varint(cursor, &field->value);
    case PLANCHE_WIRE_FIXED64:
        return get_fixed(cursor, 8, &field->value);
    case PLANCHE_WIRE_FIXED32:
        return get_fixed(cursor, 4, &field->value);
    case PLANCHE_WIRE_BYTES:
        return get_bytes(cursor, field);
    }
    return damaged(cursor->source, from, "a field of an unknown kind");
}

bool planche_onnx_packed(struct planche_onnx_cursor *cursor, enum planche_onnx_wire wire,
                         uint64_t *value)
{
    if (cursor->source->status != PLANCHE_OK || cursor->at >= cursor->end)
        return false;
    if (wire == PLANCHE_WIRE_VARINT)
        return get_varint(cursor, value);
    return get_fixed(cursor, wire == PLANCHE_WIRE_FIXED64 ? 8 : 4, value);
}

bool planche_onnx_byte(struct planche_onnx_cursor *cursor, uint8_t *byte)
{
    return cursor->source->status == PLANCHE_OK && cursor->at < cursor->end &&
           byte_at(cursor->source, cursor->at++, byte);
}
