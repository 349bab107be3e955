/* SPDX-License-Identifier: MIT */
/* Files of PyTorch before version 1.6: five pickles (a magic number, the version, facts of the
 * machine, the object, the keys of its storages), then the storages in the order of these keys. */
#include "model/weights/torch_legacy.h"

#include "base/little_endian.h"
#include "base/status.h"
#include "model/weights/pickle.h"
#include "model/weights/pickle_objects.h"

#include <stdlib.h>
#include <string.h>

#define VERSION 1001

/* 0x1950a86a20f9469cfc6c. */
static const uint8_t magic[] = {0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19};
/* PROTO 2, LONG1 */
static const uint8_t head_start[] = {0x80, 2, 0x8a, sizeof(magic)};

bool planche_torch_is_legacy(const uint8_t *head, size_t size)
{
    return size >= sizeof(head_start) + sizeof(magic) &&
           memcmp(head, head_start, sizeof(head_start)) == 0 &&
           memcmp(head + sizeof(head_start), magic, sizeof(magic)) == 0;
}

static int compare_storages(const void *a, const void *b)
{
    const struct planche_pickle_storage *const *x = a, *const *y = b;
    return strcmp((*x)->key, (*y)->key);
}

/* The storages that tensors refer to, sorted by key: they tell the size of an element. */
struct known {
    const struct planche_pickle_storage **list;
    size_t count;
};

static bool sort_storages(const struct planche_pickle_reader *reader, struct known *known)
{
    const struct planche_pickle_storage *storage;
    *known = (struct known){.count = 0};
    for (storage = reader->storages; storage; storage = storage->next)
        known->count++;
    known->list = planche_graph_alloc(reader->graph, known->count + 1, sizeof(*known->list));
    if (!known->list)
        return false;
    size_t i = 0;
    for (storage = reader->storages; storage; storage = storage->next)
        known->list[i++] = storage;
    qsort(known->list, known->count, sizeof(*known->list), compare_storages);
    return true;
}

/* One storage: the number of its elements, then these. */
static enum planche_status place_one(const struct planche_state *state,
                                     struct planche_pickle_reader *reader,
                                     const struct known *known, const char *key,
                                     struct planche_torch_places *places,
                                     struct planche_error *error)
{
    const struct planche_pickle_storage wanted = {.key = key}, *wanted_at = &wanted;
    const struct planche_pickle_storage *const *found =
        bsearch(&wanted_at, known->list, known->count, sizeof(*known->list), compare_storages);
    struct planche_torch_place *place;
    uint8_t count[8];
    uint64_t bytes;
    if (!found)
        return planche_pickle_damaged(reader, "a storage is listed that no tensor has", error);
    enum planche_status status =
        planche_model_file_read_at(reader->file, count, sizeof(count), reader->at, error);
    if (status)
        return status;
    reader->at += sizeof(count);
    if (__builtin_mul_overflow(get64(count), (uint64_t)planche_dtype_bytes((*found)->dtype),
                               &bytes) ||
        bytes > reader->end - reader->at)
        return planche_pickle_damaged(
            reader, "its storages are cut short: the file was not fetched to its end", error);
    place = planche_torch_add(state, places);
    if (!place)
        return planche_graph_no_memory(state->graph, error);
    *place = (struct planche_torch_place){key, reader->at, bytes};
    reader->at += bytes;
    return PLANCHE_OK;
}

static enum planche_status place_storages(const struct planche_state *state,
                                          struct planche_pickle_reader *reader,
                                          const struct planche_pickle_value *keys,
                                          struct planche_torch_places *places,
                                          struct planche_error *error)
{
    struct known known;
    enum planche_status status = PLANCHE_OK;
    if (keys->type != PLANCHE_PICKLE_LIST)
        return planche_pickle_damaged(reader, "the list of its storages is missing", error);
    if (!sort_storages(reader, &known))
        return planche_graph_no_memory(state->graph, error);
    for (const struct planche_pickle_item *item = keys->items.first; item && !status;
         item = item->next) {
        if (item->value->type != PLANCHE_PICKLE_TEXT)
            return planche_pickle_damaged(reader, "a storage has no name", error);
        status = place_one(state, reader, &known, item->value->text, places, error);
    }
    return status;
}

enum planche_status planche_torch_read_legacy(const struct planche_state *state,
                                              struct planche_pickle_reader *reader,
                                              struct planche_torch_places *places,
                                              const struct planche_pickle_value **object,
                                              struct planche_error *error)
{
    const struct planche_pickle_value *value[5];
    reader->at = 0;
    reader->end = reader->file->size;
    for (int i = 0; i < 5; i++) {
        enum planche_status status = planche_unpickle(reader, &value[i], error);
        if (status)
            return status;
        if (i == 1 && (value[1]->type != PLANCHE_PICKLE_INT || value[1]->integer != VERSION))
            return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                                "%s: is of another version than %d of this form",
                                reader->file->name, VERSION);
    }
    *object = value[3];
    return place_storages(state, reader, value[4], places, error);
}
