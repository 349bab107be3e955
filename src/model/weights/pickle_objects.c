/* SPDX-License-Identifier: MIT */
/* Objects of pickles: the names that they may use, and what these make of their arguments. */
#include "model/weights/pickle_objects.h"

#include "base/status.h"

#include <string.h>

static const struct {
    const char *module, *name;
    enum planche_pickle_global kind;
    enum planche_dtype dtype;
} allowed[] = {
    {"collections", "OrderedDict", PLANCHE_GLOBAL_DICT, 0},
    {"typing", "OrderedDict", PLANCHE_GLOBAL_DICT, 0},
    {"torch._utils", "_rebuild_tensor_v2", PLANCHE_GLOBAL_TENSOR, 0},
    {"torch._utils", "_rebuild_parameter", PLANCHE_GLOBAL_PARAMETER, 0},
    {"torch", "FloatStorage", PLANCHE_GLOBAL_STORAGE, PLANCHE_DTYPE_F32},
    {"torch", "HalfStorage", PLANCHE_GLOBAL_STORAGE, PLANCHE_DTYPE_F16},
    {"torch", "BFloat16Storage", PLANCHE_GLOBAL_STORAGE, PLANCHE_DTYPE_BF16},
    {"torch", "DoubleStorage", PLANCHE_GLOBAL_STORAGE, PLANCHE_DTYPE_F64},
    {"torch", "LongStorage", PLANCHE_GLOBAL_STORAGE, PLANCHE_DTYPE_I64},
    {"torch", "IntStorage", PLANCHE_GLOBAL_STORAGE, PLANCHE_DTYPE_I32},
    {"torch", "ShortStorage", PLANCHE_GLOBAL_STORAGE, PLANCHE_DTYPE_I16},
    {"torch", "CharStorage", PLANCHE_GLOBAL_STORAGE, PLANCHE_DTYPE_I8},
    {"torch", "ByteStorage", PLANCHE_GLOBAL_STORAGE, PLANCHE_DTYPE_U8},
    {"torch", "BoolStorage", PLANCHE_GLOBAL_STORAGE, PLANCHE_DTYPE_BOOL},
};
#define ALLOWED (sizeof(allowed) / sizeof(allowed[0]))

enum planche_status planche_pickle_damaged(const struct planche_pickle_reader *reader,
                                           const char *what, struct planche_error *error)
{
    return planche_fail(error, PLANCHE_ERROR_MODEL,
                        "%s: not weights as PyTorch saves them: %s (before byte %llu)",
                        reader->file->name, what, (unsigned long long)reader->at);
}

enum planche_status planche_pickle_find(const struct planche_pickle_reader *reader,
                                        const char *module, const char *name,
                                        struct planche_pickle_value *global,
                                        struct planche_error *error)
{
    for (size_t i = 0; i < ALLOWED; i++) {
        if (strcmp(allowed[i].module, module) != 0 || strcmp(allowed[i].name, name) != 0)
            continue;
        *global = (struct planche_pickle_value){.type = PLANCHE_PICKLE_GLOBAL,
                                                .global = {allowed[i].kind, allowed[i].dtype}};
        return PLANCHE_OK;
    }
    return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                        "%s: refers to %.60s.%.60s, which is not part of weights and could run "
                        "code: refused; save the state dict of the network alone, or as "
                        ".safetensors",
                        reader->file->name, module, name);
}

bool planche_pickle_append(struct planche_pickle_reader *reader, struct planche_pickle_value *to,
                           const struct planche_pickle_value *key,
                           const struct planche_pickle_value *value)
{
    struct planche_pickle_item *item = planche_graph_alloc(reader->graph, 1, sizeof(*item));
    if (!item)
        return false;
    *item = (struct planche_pickle_item){.key = key, .value = value};
    if (to->items.last)
        to->items.last->next = item;
    else
        to->items.first = item;
    to->items.last = item;
    return true;
}

const struct planche_pickle_value *planche_pickle_get(const struct planche_pickle_value *dict,
                                                      const char *key)
{
    const struct planche_pickle_value *found = NULL;
    if (dict->type != PLANCHE_PICKLE_DICT)
        return NULL;
    for (const struct planche_pickle_item *item = dict->items.first; item; item = item->next)
        if (item->key->type == PLANCHE_PICKLE_TEXT && strcmp(item->key->text, key) == 0)
            found = item->value;
    return found;
}

/* The pairs that an OrderedDict of Python 2 is made of. */
static bool fill_dict(struct planche_pickle_reader *reader, struct planche_pickle_value *dict,
                      const struct planche_pickle_value *pairs, bool *memory)
{
    if (pairs->type != PLANCHE_PICKLE_LIST)
        return false;
    for (const struct planche_pickle_item *item = pairs->items.first; item; item = item->next) {
        const struct planche_pickle_value *key = NULL, *value = NULL, *pair = item->value;
        if (pair->type == PLANCHE_PICKLE_TUPLE && pair->tuple.count == 2) {
            key = pair->tuple.list[0];
            value = pair->tuple.list[1];
        } else if (pair->type == PLANCHE_PICKLE_LIST && pair->items.first &&
                   pair->items.first->next == pair->items.last) {
            key = pair->items.first->value;
            value = pair->items.last->value;
        }
        if (!key)
            return false;
        *memory = planche_pickle_append(reader, dict, key, value);
        if (!*memory)
            return false;
    }
    return true;
}

static enum planche_status make_dict(struct planche_pickle_reader *reader,
                                     const struct planche_pickle_value *arguments,
                                     const struct planche_pickle_value **out,
                                     struct planche_error *error)
{
    struct planche_pickle_value *dict = planche_graph_alloc(reader->graph, 1, sizeof(*dict));
    bool memory = dict != NULL;
    if (memory)
        dict->type = PLANCHE_PICKLE_DICT;
    *out = dict;
    if (memory && arguments->tuple.count == 0)
        return PLANCHE_OK;
    if (memory && arguments->tuple.count == 1 &&
        fill_dict(reader, dict, arguments->tuple.list[0], &memory))
        return PLANCHE_OK;
    if (!memory)
        return planche_graph_no_memory(reader->graph, error);
    return planche_pickle_damaged(reader, "a dictionary is made of something else than pairs",
                                  error);
}

/* A tuple of numbers that are not negative. */
static bool take_numbers(const struct planche_pickle_value *tuple, int64_t *to, int *count)
{
    if (tuple->type != PLANCHE_PICKLE_TUPLE || tuple->tuple.count > PLANCHE_STATE_RANK)
        return false;
    *count = (int)tuple->tuple.count;
    for (int i = 0; i < *count; i++) {
        if (tuple->tuple.list[i]->type != PLANCHE_PICKLE_INT)
            return false;
        to[i] = tuple->tuple.list[i]->integer;
    }
    return true;
}

/* (storage, offset, size, stride, ...): what follows says nothing of the numbers. */
static enum planche_status make_tensor(struct planche_pickle_reader *reader,
                                       const struct planche_pickle_value *arguments,
                                       const struct planche_pickle_value **out,
                                       struct planche_error *error)
{
    const struct planche_pickle_value *const *list = arguments->tuple.list;
    struct planche_pickle_value *value = planche_graph_alloc(reader->graph, 1, sizeof(*value));
    struct planche_pickle_tensor *tensor = planche_graph_alloc(reader->graph, 1, sizeof(*tensor));
    const char *why;
    int strides;
    if (!value || !tensor)
        return planche_graph_no_memory(reader->graph, error);
    if (arguments->tuple.count < 4 || list[0]->type != PLANCHE_PICKLE_STORAGE ||
        list[1]->type != PLANCHE_PICKLE_INT || list[1]->integer < 0 ||
        !take_numbers(list[2], tensor->shape.shape, &tensor->shape.rank) ||
        !take_numbers(list[3], tensor->shape.strides, &strides) || strides != tensor->shape.rank)
        return planche_pickle_damaged(reader, "a tensor is made of something else than a storage",
                                      error);
    tensor->storage = &list[0]->storage;
    tensor->offset = (uint64_t)list[1]->integer;
    tensor->shape.dtype = tensor->storage->dtype;
    why = planche_state_measure(&tensor->shape);
    if (why)
        return planche_pickle_damaged(reader, why, error);
    if (tensor->offset > tensor->storage->count ||
        tensor->shape.extent > tensor->storage->count - tensor->offset)
        return planche_pickle_damaged(reader, "a tensor is larger than its storage", error);
    *value = (struct planche_pickle_value){.type = PLANCHE_PICKLE_TENSOR, .tensor = tensor};
    *out = value;
    return PLANCHE_OK;
}

enum planche_status planche_pickle_call(struct planche_pickle_reader *reader,
                                        const struct planche_pickle_value *callee,
                                        const struct planche_pickle_value *arguments,
                                        const struct planche_pickle_value **out,
                                        struct planche_error *error)
{
    if (callee->type != PLANCHE_PICKLE_GLOBAL || arguments->type != PLANCHE_PICKLE_TUPLE)
        return planche_pickle_damaged(reader, "something is called that is no function", error);
    switch (callee->global.kind) {
    case PLANCHE_GLOBAL_DICT:
        return make_dict(reader, arguments, out, error);
    case PLANCHE_GLOBAL_TENSOR:
        return make_tensor(reader, arguments, out, error);
    case PLANCHE_GLOBAL_PARAMETER:
        if (arguments->tuple.count == 0 || arguments->tuple.list[0]->type != PLANCHE_PICKLE_TENSOR)
            break;
        *out = arguments->tuple.list[0];
        return PLANCHE_OK;
    case PLANCHE_GLOBAL_STORAGE:
        break;
    }
    return planche_pickle_damaged(reader, "a function is called with the wrong arguments", error);
}

/* ('storage', torch.FloatStorage, key, device, count), and in old files a view, which is None. */
enum planche_status planche_pickle_refer(struct planche_pickle_reader *reader,
                                         const struct planche_pickle_value *id,
                                         struct planche_pickle_value **out,
                                         struct planche_error *error)
{
    const struct planche_pickle_value *const *list = id->tuple.list;
    if (id->type != PLANCHE_PICKLE_TUPLE || id->tuple.count < 5 ||
        list[0]->type != PLANCHE_PICKLE_TEXT || strcmp(list[0]->text, "storage") != 0 ||
        list[1]->type != PLANCHE_PICKLE_GLOBAL || list[1]->global.kind != PLANCHE_GLOBAL_STORAGE ||
        list[2]->type != PLANCHE_PICKLE_TEXT || list[4]->type != PLANCHE_PICKLE_INT ||
        list[4]->integer < 0 || (id->tuple.count > 5 && list[5]->type != PLANCHE_PICKLE_NONE))
        return planche_pickle_damaged(reader, "it refers to something that is no storage", error);
    *out = planche_graph_alloc(reader->graph, 1, sizeof(**out));
    if (!*out)
        return planche_graph_no_memory(reader->graph, error);
    **out = (struct planche_pickle_value){.type = PLANCHE_PICKLE_STORAGE,
                                          .storage = {.dtype = list[1]->global.dtype,
                                                      .key = list[2]->text,
                                                      .count = (uint64_t)list[4]->integer,
                                                      .next = reader->storages}};
    reader->storages = &(*out)->storage;
    return PLANCHE_OK;
}
