/* SPDX-License-Identifier: MIT */
/* Reader of .safetensors files: the length of a JSON text, the text, which tells of each tensor
 * where it lies, and the numbers. */
#include "model/weights/format.h"

#include "base/little_endian.h"
#include "base/status.h"
#include "model/weights/json.h"

#include <stdlib.h>
#include <string.h>

#define LENGTH_BYTES 8u

static const struct {
    const char *name;
    enum planche_dtype dtype;
} dtypes[] = {{"F32", PLANCHE_DTYPE_F32},  {"F16", PLANCHE_DTYPE_F16}, {"BF16", PLANCHE_DTYPE_BF16},
              {"F64", PLANCHE_DTYPE_F64},  {"I64", PLANCHE_DTYPE_I64}, {"I32", PLANCHE_DTYPE_I32},
              {"I16", PLANCHE_DTYPE_I16},  {"I8", PLANCHE_DTYPE_I8},   {"U8", PLANCHE_DTYPE_U8},
              {"BOOL", PLANCHE_DTYPE_BOOL}};
#define DTYPES (sizeof(dtypes) / sizeof(dtypes[0]))

bool planche_safetensors_recognise(const uint8_t *head, size_t size)
{
    return size > LENGTH_BYTES && get64(head) <= PLANCHE_MODEL_FILE_LIMIT &&
           head[LENGTH_BYTES] == '{';
}

/* An entry of the text, as it states it. */
struct entry {
    const char *name, *dtype;
    struct planche_state_tensor tensor;
    uint64_t begin, end;
    bool shaped, placed;
};

struct reader {
    struct planche_state *state;
    struct planche_json json;
    uint64_t data; /* where the numbers begin */
    struct planche_error *error;
};

static enum planche_status damaged(const struct reader *reader, const char *what)
{
    return planche_fail(reader->error, PLANCHE_ERROR_MODEL, "%s: not a .safetensors file: %s",
                        reader->state->file->name, what);
}

static enum planche_status bad_tensor(const struct reader *reader, const struct entry *entry,
                                      enum planche_status status, const char *what)
{
    return planche_fail(reader->error, status, "%s: the tensor '%.80s': %s",
                        reader->state->file->name, entry->name, what);
}

/* "[1, 2, 3]", at most limit numbers. */
static bool take_counts(struct planche_json *json, uint64_t *counts, int limit, int *count)
{
    *count = 0;
    if (!planche_json_sign(json, '['))
        return false;
    if (planche_json_sign(json, ']'))
        return true;
    do {
        if (*count == limit || !planche_json_count(json, &counts[*count]))
            return false;
        ++*count;
    } while (planche_json_sign(json, ','));
    return planche_json_sign(json, ']');
}

static bool take_shape(struct reader *reader, struct entry *entry)
{
    uint64_t counts[PLANCHE_STATE_RANK];
    if (!take_counts(&reader->json, counts, PLANCHE_STATE_RANK, &entry->tensor.rank))
        return false;
    for (int i = 0; i < entry->tensor.rank; i++) {
        if (counts[i] > INT64_MAX)
            return false;
        entry->tensor.shape[i] = (int64_t)counts[i];
    }
    entry->shaped = true;
    return true;
}

static bool take_place(struct reader *reader, struct entry *entry)
{
    uint64_t counts[2];
    int count;
    if (!take_counts(&reader->json, counts, 2, &count) || count != 2)
        return false;
    entry->begin = counts[0];
    entry->end = counts[1];
    entry->placed = true;
    return true;
}

/* The value of one key of a tensor's object. */
static bool take_value(struct reader *reader, struct entry *entry, const char *key)
{
    char *text;
    if (strcmp(key, "shape") == 0)
        return take_shape(reader, entry);
    if (strcmp(key, "data_offsets") == 0)
        return take_place(reader, entry);
    if (strcmp(key, "dtype") != 0)
        return planche_json_skip(&reader->json);
    if (!planche_json_string(&reader->json, &text))
        return false;
    entry->dtype = text;
    return true;
}

/* The pairs of an object, up to its end. */
static bool take_entry(struct reader *reader, struct entry *entry)
{
    if (!planche_json_sign(&reader->json, '{'))
        return false;
    if (planche_json_sign(&reader->json, '}'))
        return true;
    do {
        char *key;
        if (!planche_json_string(&reader->json, &key) || !planche_json_sign(&reader->json, ':') ||
            !take_value(reader, entry, key))
            return false;
    } while (planche_json_sign(&reader->json, ','));
    return planche_json_sign(&reader->json, '}');
}

static enum planche_status add_entry(struct reader *reader, struct entry *entry)
{
    struct planche_state_tensor *tensor = &entry->tensor;
    uint64_t room = reader->state->file->size - reader->data, bytes;
    const char *why;
    size_t i = 0;
    if (!entry->shaped || !entry->placed || !entry->dtype)
        return bad_tensor(reader, entry, PLANCHE_ERROR_MODEL,
                          "its type, shape or place is not stated");
    while (i < DTYPES && strcmp(dtypes[i].name, entry->dtype) != 0)
        i++;
    if (i == DTYPES)
        return planche_fail(reader->error, PLANCHE_ERROR_UNSUPPORTED,
                            "%s: the tensor '%.80s' has numbers of type %.20s; F32, F16, BF16 and "
                            "F64 are read: convert the file to one of these",
                            reader->state->file->name, entry->name, entry->dtype);
    tensor->name = entry->name;
    tensor->dtype = dtypes[i].dtype;
    planche_state_pack(tensor);
    why = planche_state_measure(tensor);
    if (why)
        return bad_tensor(reader, entry, PLANCHE_ERROR_MODEL, why);
    if (entry->begin > entry->end || entry->end > room)
        return bad_tensor(reader, entry, PLANCHE_ERROR_MODEL,
                          "it does not lie in the file: the file is damaged or was not fetched to "
                          "its end");
    if (__builtin_mul_overflow(tensor->count, (uint64_t)planche_dtype_bytes(tensor->dtype),
                               &bytes) ||
        bytes != entry->end - entry->begin)
        return bad_tensor(reader, entry, PLANCHE_ERROR_MODEL,
                          "its shape does not fit the bytes that it has");
    tensor->at = reader->data + entry->begin;
    return planche_state_add(reader->state, tensor, reader->error);
}

/* What a file says of itself. Keys of the licence: those that programs are known to write. */
static bool take_metadata(struct reader *reader)
{
    static const char *const licences[] = {"license", "licence", "modelspec.license"};
    if (!planche_json_sign(&reader->json, '{'))
        return false;
    if (planche_json_sign(&reader->json, '}'))
        return true;
    do {
        char *key, *value;
        if (!planche_json_string(&reader->json, &key) || !planche_json_sign(&reader->json, ':') ||
            !planche_json_string(&reader->json, &value))
            return false;
        for (size_t i = 0; i < sizeof(licences) / sizeof(licences[0]); i++)
            if (strcmp(key, licences[i]) == 0)
                reader->state->licence = value;
        if (strcmp(key, "modelspec.architecture") == 0)
            reader->state->network = value;
    } while (planche_json_sign(&reader->json, ','));
    return planche_json_sign(&reader->json, '}');
}

static enum planche_status take_all(struct reader *reader)
{
    if (!planche_json_sign(&reader->json, '{'))
        return damaged(reader, "its text is not an object");
    if (planche_json_sign(&reader->json, '}'))
        return PLANCHE_OK;
    do {
        struct entry entry = {.dtype = NULL};
        enum planche_status status;
        char *name;
        if (!planche_json_string(&reader->json, &name) || !planche_json_sign(&reader->json, ':'))
            return damaged(reader, "the text before its numbers is not JSON");
        if (strcmp(name, "__metadata__") == 0) {
            if (!take_metadata(reader))
                return damaged(reader, "its metadata are not texts");
            continue;
        }
        entry.name = name;
        if (!take_entry(reader, &entry))
            return bad_tensor(reader, &entry, PLANCHE_ERROR_MODEL, "it is not described as JSON");
        status = add_entry(reader, &entry);
        if (status)
            return status;
    } while (planche_json_sign(&reader->json, ','));
    if (!planche_json_sign(&reader->json, '}') || !planche_json_ends(&reader->json))
        return damaged(reader, "the text before its numbers is not JSON");
    return PLANCHE_OK;
}

static int compare_places(const void *a, const void *b)
{
    const struct planche_state_tensor *x = a, *y = b;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    return (x->count > y->count) - (x->count < y->count);
}

/* The format allows neither holes nor overlaps. */
static enum planche_status check_places(struct reader *reader)
{
    struct planche_state *state = reader->state;
    uint64_t at = reader->data;
    if (state->count > 0)
        qsort(state->tensors, (size_t)state->count, sizeof(*state->tensors), compare_places);
    for (int i = 0; i < state->count; i++) {
        if (state->tensors[i].at != at)
            return damaged(reader, "its tensors overlap or leave holes");
        at += state->tensors[i].count * planche_dtype_bytes(state->tensors[i].dtype);
    }
    if (at != state->file->size)
        return damaged(reader, "bytes are left over behind its tensors");
    return PLANCHE_OK;
}

enum planche_status planche_safetensors_read(struct planche_state *state,
                                             struct planche_error *error)
{
    struct reader reader = {.state = state, .error = error};
    uint8_t head[LENGTH_BYTES];
    uint64_t length;
    char *text;
    enum planche_status status;
    if (state->file->size < LENGTH_BYTES)
        return damaged(&reader, "it is too short");
    status = planche_model_file_read_at(state->file, head, sizeof(head), 0, error);
    if (status)
        return status;
    length = get64(head);
    if (length > state->file->size - LENGTH_BYTES)
        return damaged(&reader, "it ends before its text does");
    if (length > PLANCHE_MODEL_TEXT_LIMIT)
        return planche_fail(error, PLANCHE_ERROR_MODEL,
                            "%s: describes its tensors in %llu bytes; %llu are the most",
                            state->file->name, (unsigned long long)length,
                            (unsigned long long)PLANCHE_MODEL_TEXT_LIMIT);
    text = planche_graph_alloc(state->graph, (size_t)length + 1, 1);
    if (!text)
        return planche_graph_no_memory(state->graph, error);
    status = planche_model_file_read_at(state->file, text, (size_t)length, LENGTH_BYTES, error);
    reader.json = (struct planche_json){text, text + length};
    reader.data = LENGTH_BYTES + length;
    if (!status)
        status = take_all(&reader);
    if (!status)
        status = check_places(&reader);
    return status ? status : planche_state_close(state, error);
}
