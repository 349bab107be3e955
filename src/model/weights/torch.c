/* SPDX-License-Identifier: MIT */
/* Reader of what torch.save writes: a ZIP with a pickle and a file for each storage, or, before
 * version 1.6, pickles one after the other with the storages behind them. */
#include "model/weights/format.h"

#include "base/status.h"
#include "model/weights/pickle_objects.h"
#include "model/weights/torch_legacy.h"
#include "model/weights/torch_zip.h"

#include <stdlib.h>
#include <string.h>

bool planche_torch_recognise(const uint8_t *head, size_t size)
{
    return planche_torch_is_legacy(head, size) || planche_torch_is_zip(head, size);
}

#define HEAD 16 /* bytes by which the forms are told */

static int compare_places(const void *a, const void *b)
{
    const struct planche_torch_place *x = a, *y = b;
    return strcmp(x->key, y->key);
}

static enum planche_status add_tensor(struct planche_state *state,
                                      const struct planche_torch_places *places, const char *name,
                                      const struct planche_pickle_tensor *tensor,
                                      struct planche_error *error)
{
    const struct planche_torch_place key = {.key = tensor->storage->key};
    const struct planche_torch_place *place =
        places->count ? bsearch(&key, places->list, places->count, sizeof(key), compare_places)
                      : NULL;
    struct planche_state_tensor added = tensor->shape;
    uint64_t width = planche_dtype_bytes(added.dtype), room;
    if (!place)
        return planche_fail(error, PLANCHE_ERROR_MODEL,
                            "%s: the numbers of the tensor '%.80s' are missing", state->file->name,
                            name);
    room = place->bytes / width;
    if (tensor->offset > room || added.extent > room - tensor->offset)
        return planche_fail(error, PLANCHE_ERROR_MODEL,
                            "%s: the tensor '%.80s' has more numbers than the file has for it",
                            state->file->name, name);
    added.name = name;
    added.at = place->at + tensor->offset * width;
    return planche_state_add(state, &added, error);
}

/* What training programs put round the state dict. */
static const struct planche_pickle_value *unwrap(const struct planche_pickle_value *value)
{
    static const char *const wrappers[] = {
        "model_state_dict", "state_dict", "params_ema", "params-ema", "params", "model", "net"};
    for (size_t i = 0; i < sizeof(wrappers) / sizeof(wrappers[0]); i++) {
        const struct planche_pickle_value *inner = planche_pickle_get(value, wrappers[i]);
        if (inner && inner->type == PLANCHE_PICKLE_DICT) {
            value = inner;
            break;
        }
    }
    if (value->type == PLANCHE_PICKLE_DICT && value->items.first &&
        value->items.first == value->items.last &&
        value->items.first->value->type == PLANCHE_PICKLE_DICT)
        value = value->items.first->value;
    return value;
}

/* An option of nunif's networks that is on. */
static bool is_set(const struct planche_pickle_value *options, const char *name)
{
    const struct planche_pickle_value *option = options ? planche_pickle_get(options, name) : NULL;
    return option && option->type == PLANCHE_PICKLE_INT && option->integer != 0;
}

/* What nunif's files say of their network. */
static void take_network(struct planche_state *state, const struct planche_pickle_value *object)
{
    const struct planche_pickle_value *name = planche_pickle_get(object, "name");
    const struct planche_pickle_value *options = planche_pickle_get(object, "kwargs");
    if (!planche_pickle_get(object, "nunif_model") || !name || name->type != PLANCHE_PICKLE_TEXT)
        return;
    state->network = name->text;
    state->unclipped = is_set(options, "no_clip");
    state->antialiased = is_set(options, "pre_antialias");
}

static enum planche_status collect(struct planche_state *state,
                                   const struct planche_pickle_value *object,
                                   struct planche_torch_places *places, struct planche_error *error)
{
    const struct planche_pickle_value *dict = unwrap(object);
    enum planche_status status = PLANCHE_OK;
    if (dict->type != PLANCHE_PICKLE_DICT)
        return planche_fail(error, PLANCHE_ERROR_MODEL,
                            "%s: holds no state dict (named tensors) but something else",
                            state->file->name);
    take_network(state, object);
    if (places->count)
        qsort(places->list, places->count, sizeof(*places->list), compare_places);
    for (const struct planche_pickle_item *item = dict->items.first; !status && item;
         item = item->next)
        if (item->key->type == PLANCHE_PICKLE_TEXT && item->value->type == PLANCHE_PICKLE_TENSOR)
            status = add_tensor(state, places, item->key->text, item->value->tensor, error);
    return status ? status : planche_state_close(state, error);
}

static enum planche_status read_pickles(struct planche_state *state,
                                        struct planche_pickle_reader *reader,
                                        struct planche_torch_places *places,
                                        struct planche_error *error)
{
    const struct planche_pickle_value *object = NULL;
    uint8_t head[HEAD];
    size_t size = planche_model_file_peek(state->file, head, sizeof(head));
    enum planche_status status;
    if (planche_torch_is_zip(head, size))
        status = planche_torch_read_zip(state, reader, places, &object, error);
    else if (planche_torch_is_legacy(head, size))
        status = planche_torch_read_legacy(state, reader, places, &object, error);
    else
        status = planche_fail(error, PLANCHE_ERROR_MODEL,
                              "%s: not weights as PyTorch saves them: neither a ZIP nor its older "
                              "form",
                              state->file->name);
    return status ? status : collect(state, object, places, error);
}

enum planche_status planche_torch_read(struct planche_state *state, struct planche_error *error)
{
    struct planche_torch_places places = {.list = NULL};
    struct planche_pickle_reader reader = {.graph = state->graph, .file = state->file};
    enum planche_status status;
    reader.window = planche_alloc(state->graph->budget, PLANCHE_PICKLE_WINDOW);
    status = reader.window ? read_pickles(state, &reader, &places, error)
                           : planche_graph_no_memory(state->graph, error);
    planche_free(reader.window);
    planche_free(places.list);
    return status;
}
