/* SPDX-License-Identifier: MIT */
/* Objects: what messages refer to. The bytes lie in the store (queue/store.h). */
#ifndef PLANCHE_QUEUE_OBJECT_H
#define PLANCHE_QUEUE_OBJECT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLANCHE_QUEUE_SHA256_TEXT 65
#define PLANCHE_QUEUE_MAX_CHUNKS  512
/* Most bytes of an object. */
#define PLANCHE_QUEUE_MAX_OBJECT ((uint64_t)1 << 29)

struct planche_queue_object {
    uint64_t size;
    char sha256[PLANCHE_QUEUE_SHA256_TEXT];
    uint64_t file;  /* in the folder: number of its file; 0: in the stream */
    unsigned count; /* of the chunks */
    uint64_t sequence[PLANCHE_QUEUE_MAX_CHUNKS];
};

/* {"size": N, "sha256": "...", "seq": [...]}, or "file" instead of "seq". NULL: no memory. */
json_t *planche_queue_object_json(const struct planche_queue_object *object);
/* False: it is none. */
bool planche_queue_object_parse(struct planche_queue_object *object, const json_t *json);

/* Whether a text is a sha256 in hexadecimal, in lower case. */
bool planche_queue_is_sha256(const char *text);

#endif
