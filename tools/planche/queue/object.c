/* SPDX-License-Identifier: MIT */
/* Objects, as messages have them. */
#include "queue/object.h"

#include <string.h>

bool planche_queue_is_sha256(const char *text)
{
    return text != NULL && strspn(text, "0123456789abcdef") == PLANCHE_QUEUE_SHA256_TEXT - 1 &&
           strlen(text) == PLANCHE_QUEUE_SHA256_TEXT - 1;
}

json_t *planche_queue_object_json(const struct planche_queue_object *object)
{
    json_t *json = json_object(), *sequences = json_array();
    json_object_set_new(json, "size", json_integer((json_int_t)object->size));
    json_object_set_new(json, "sha256", json_string(object->sha256));
    for (unsigned i = 0; i < object->count; i++)
        json_array_append_new(sequences, json_integer((json_int_t)object->sequence[i]));
    if (object->file != 0) {
        json_decref(sequences);
        json_object_set_new(json, "file", json_integer((json_int_t)object->file));
    } else {
        json_object_set_new(json, "seq", sequences);
    }
    return json;
}

static bool take_positive(const json_t *json, uint64_t most, uint64_t *out)
{
    json_int_t value = json_integer_value(json);
    bool right = json_is_integer(json) && value > 0 && (uint64_t)value <= most;
    *out = right ? (uint64_t)value : 0;
    return right;
}

bool planche_queue_object_parse(struct planche_queue_object *object, const json_t *json)
{
    const char *sha256 = json_string_value(json_object_get(json, "sha256"));
    const json_t *sequences = json_object_get(json, "seq"), *file = json_object_get(json, "file");
    *object = (struct planche_queue_object){0};
    if (!planche_queue_is_sha256(sha256) ||
        !take_positive(json_object_get(json, "size"), PLANCHE_QUEUE_MAX_OBJECT, &object->size))
        return false;
    memcpy(object->sha256, sha256, sizeof object->sha256);
    if (file != NULL)
        return sequences == NULL && take_positive(file, INT64_MAX, &object->file);
    size_t count = json_array_size(sequences);
    if (count == 0 || count > PLANCHE_QUEUE_MAX_CHUNKS)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!take_positive(json_array_get(sequences, i), INT64_MAX, &object->sequence[i]))
            return false;
    }
    object->count = (unsigned)count;
    return true;
}
