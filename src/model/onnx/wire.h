/* SPDX-License-Identifier: MIT */
/* Reader of the protobuf wire format: fields one after another, straight from a file. What is large
 * (weights) is stepped over; only where it lies is kept. */
#ifndef PLANCHE_MODEL_ONNX_WIRE_H
#define PLANCHE_MODEL_ONNX_WIRE_H

#include "model/file.h"

enum planche_onnx_wire {
    PLANCHE_WIRE_VARINT = 0,
    PLANCHE_WIRE_FIXED64 = 1,
    PLANCHE_WIRE_BYTES = 2,
    PLANCHE_WIRE_FIXED32 = 5
};

#define PLANCHE_WIRE_WINDOW 4096

/* A file and the part of it that was read last. The first failure stays. */
struct planche_onnx_source {
    const struct planche_model_file *file;
    uint64_t start;
    size_t filled;
    enum planche_status status;
    struct planche_error *error;
    uint8_t window[PLANCHE_WIRE_WINDOW];
};

/* Bytes [at, end) of a file that are a message's fields, or packed numbers. */
struct planche_onnx_cursor {
    struct planche_onnx_source *source;
    uint64_t at, end;
};

struct planche_onnx_field {
    unsigned number;
    enum planche_onnx_wire wire;
    uint64_t value;    /* of numbers: the bits */
    uint64_t at, size; /* of bytes: where they lie */
};

/* All of a file. */
struct planche_onnx_cursor planche_onnx_all(struct planche_onnx_source *source);
/* What a field of bytes holds. */
struct planche_onnx_cursor planche_onnx_inside(struct planche_onnx_source *source,
                                               const struct planche_onnx_field *field);
/* The next field; false at the end and when source->status says so (MODEL, IO). */
bool planche_onnx_next(struct planche_onnx_cursor *cursor, struct planche_onnx_field *field);
/* The next of packed numbers: varints or 4 or 8 bytes each. False likewise. */
bool planche_onnx_packed(struct planche_onnx_cursor *cursor, enum planche_onnx_wire wire,
                         uint64_t *value);
/* The next byte. False likewise. */
bool planche_onnx_byte(struct planche_onnx_cursor *cursor, uint8_t *byte);
/* Exactly size bytes at an offset of the file. False: source->status. */
bool planche_onnx_read(struct planche_onnx_source *source, uint64_t at, void *out, size_t size);

#endif
