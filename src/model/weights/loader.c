/* SPDX-License-Identifier: MIT */
/* Loaders of state dicts: .safetensors, and what torch.save writes (.pth, .pt, .ckpt). */
#include "model/loader.h"

#include "base/status.h"
#include "base/text.h"
#include "model/arch/load.h"
#include "model/arch/table.h"
#include "model/weights/format.h"

#include <stdio.h>
#include <string.h>

typedef enum planche_status (*read_fn)(struct planche_state *state, struct planche_error *error);

static bool recognise_safetensors(const char *name, const uint8_t *head, size_t size)
{
    return planche_text_ends(name, ".safetensors") || planche_safetensors_recognise(head, size);
}

static bool recognise_torch(const char *name, const uint8_t *head, size_t size)
{
    return planche_text_ends(name, ".pth") || planche_text_ends(name, ".pt") ||
           planche_text_ends(name, ".ckpt") || planche_torch_recognise(head, size);
}

static enum planche_status unknown(const struct planche_state *state, struct planche_error *error)
{
    const char *first = state->tensors[0].name;
    if (state->count == 1)
        return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                            "%s: is of no architecture that is known: its only tensor is '%.60s'",
                            state->file->name, first);
    return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                        "%s: is of no architecture that is known: its tensors (%d) begin with "
                        "'%.60s', '%.60s'",
                        state->file->name, state->count, first, state->tensors[1].name);
}

/* Also of a network that cannot be built: what is known of it by then. */
static void note_facts(struct planche_graph *graph, const struct planche_state *state,
                       const struct planche_arch *arch, const struct planche_arch_facts *facts)
{
    struct planche_graph_facts *to = &graph->facts;
    snprintf(to->architecture, sizeof(to->architecture), "%s", arch ? arch->name : "");
    snprintf(to->size, sizeof(to->size), "%s", facts->size);
    snprintf(to->licence, sizeof(to->licence), "%s", state->licence ? state->licence : "");
    to->scale = facts->scale;
    to->in = facts->in;
    to->out = facts->out;
}

static enum planche_status load(struct planche_graph *graph, struct planche_model_file *file,
                                read_fn read, struct planche_error *error)
{
    struct planche_state state = {.graph = graph, .file = file};
    struct planche_arch_facts facts = {0};
    const struct planche_arch *arch;
    enum planche_status status = planche_model_file_limit(file, PLANCHE_MODEL_FILE_LIMIT, error);
    if (!status)
        status = read(&state, error);
    if (!status) {
        arch = planche_arch_find(&state);
        status =
            arch ? planche_arch_load(graph, &state, arch, &facts, error) : unknown(&state, error);
        note_facts(graph, &state, arch, &facts);
    }
    planche_state_destroy(&state);
    return status;
}

static enum planche_status load_safetensors(struct planche_graph *graph,
                                            struct planche_model_file *file,
                                            const struct planche_model_source *source,
                                            struct planche_error *error)
{
    (void)source;
    return load(graph, file, planche_safetensors_read, error);
}

static enum planche_status load_torch(struct planche_graph *graph, struct planche_model_file *file,
                                      const struct planche_model_source *source,
                                      struct planche_error *error)
{
    (void)source;
    return load(graph, file, planche_torch_read, error);
}

const struct planche_model_loader planche_safetensors_loader = {
    .format = "safetensors",
    .extensions = (const char *const[]){".safetensors", NULL},
    .recognise = recognise_safetensors,
    .load = load_safetensors,
};
const struct planche_model_loader planche_torch_loader = {
    .format = "pytorch",
    .extensions = (const char *const[]){".pth", ".pt", ".ckpt", NULL},
    .recognise = recognise_torch,
    .load = load_torch,
};
