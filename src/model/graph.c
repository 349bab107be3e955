/* SPDX-License-Identifier: MIT */
/* Arena of the graph, the hash table of its blobs, and its error messages. */
#include "model/graph.h"

#include "base/checked.h"
#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define CHUNK_SIZE ((size_t)64 << 10)

struct planche_graph_chunk {
    struct planche_graph_chunk *next;
    size_t used, size;
    _Alignas(16) unsigned char bytes[];
};

static struct planche_graph_chunk *chunk_add(struct planche_graph *graph, size_t size)
{
    struct planche_graph_chunk *chunk;
    size_t total;
    if (size < CHUNK_SIZE)
        size = CHUNK_SIZE;
    if (!planche_add_size(sizeof(*chunk), size, &total))
        return NULL;
    chunk = planche_alloc(graph->budget, total);
    if (!chunk)
        return NULL;
    *chunk = (struct planche_graph_chunk){.next = graph->chunks, .size = size};
    graph->chunks = chunk;
    return chunk;
}

void *planche_graph_alloc(struct planche_graph *graph, size_t count, size_t size)
{
    struct planche_graph_chunk *chunk = graph->chunks;
    size_t bytes;
    void *block;
    if (!planche_mul_size(count, size, &bytes) || !planche_add_size(bytes, 15, &bytes))
        return NULL;
    bytes &= ~(size_t)15;
    if (!chunk || chunk->size - chunk->used < bytes)
        chunk = chunk_add(graph, bytes);
    if (!chunk)
        return NULL;
    block = chunk->bytes + chunk->used;
    chunk->used += bytes;
    memset(block, 0, bytes);
    return block;
}

void planche_graph_destroy(struct planche_graph *graph)
{
    for (int i = 0; graph->layers && i < graph->layer_count; i++) {
        struct planche_layer *layer = &graph->layers[i];
        if (layer->weights && !planche_layer_has_kernel(graph, layer))
            planche_free(layer->weights);
        planche_free(layer->bias);
        planche_free(layer->data);
    }
    planche_free(graph->kernels);
    while (graph->chunks) {
        struct planche_graph_chunk *next = graph->chunks->next;
        planche_free(graph->chunks);
        graph->chunks = next;
    }
    *graph = (struct planche_graph){0};
}

/* FNV-1a. The table is probed by comparing whole hashes, so that names made to collide in its size
 * cost comparisons of numbers, not of strings. */
static uint64_t hash_name(const char *name)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
    return hash;
}

static bool prepare_blobs(struct planche_graph *graph)
{
    if (graph->slots)
        return true;
    graph->slot_count = 16;
    while (graph->slot_count < (size_t)graph->blob_limit * 2)
        graph->slot_count *= 2;
    graph->blobs = planche_graph_alloc(graph, (size_t)graph->blob_limit, sizeof(*graph->blobs));
    graph->slots = planche_graph_alloc(graph, graph->slot_count, sizeof(*graph->slots));
    return graph->blobs && graph->slots;
}

int planche_graph_blob(struct planche_graph *graph, const char *name)
{
    uint64_t hash = hash_name(name);
    size_t slot;
    if (!prepare_blobs(graph))
        return -1;
    slot = hash & (graph->slot_count - 1);
    while (graph->slots[slot]) {
        const struct planche_graph_blob *blob = &graph->blobs[graph->slots[slot] - 1];
        if (blob->hash == hash && strcmp(blob->name, name) == 0)
            return graph->slots[slot] - 1;
        slot = (slot + 1) & (graph->slot_count - 1);
    }
    if (graph->blob_count == graph->blob_limit)
        return -2;
    graph->blobs[graph->blob_count] =
        (struct planche_graph_blob){.name = name, .producer = -1, .hash = hash};
    graph->slots[slot] = ++graph->blob_count;
    return graph->blob_count - 1;
}

struct planche_layer *planche_graph_add(struct planche_graph *graph,
                                        const struct planche_layer *like, const int *inputs,
                                        int input_count, int output)
{
    struct planche_layer *layer = &graph->layers[graph->layer_count];
    int *blobs = planche_graph_alloc(graph, (size_t)input_count + 1, sizeof(*blobs));
    if (!blobs || output < 0)
        return NULL;
    *layer = (struct planche_layer){.type = like->type,
                                    .type_name = like->type_name,
                                    .name = like->name,
                                    .input_count = input_count,
                                    .output_count = 1,
                                    .inputs = blobs,
                                    .outputs = blobs + input_count};
    for (int i = 0; i < input_count; i++) {
        blobs[i] = inputs[i];
        graph->blobs[inputs[i]].consumed = true;
    }
    blobs[input_count] = output;
    graph->blobs[output].producer = graph->layer_count++;
    return layer;
}

enum planche_status planche_layer_fail(const struct planche_graph *graph,
                                       const struct planche_layer *layer,
                                       enum planche_status status, struct planche_error *error,
                                       const char *format, ...)
{
    char message[PLANCHE_ERROR_MESSAGE_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    if (layer->line == 0)
        return planche_fail(error, status, "%s: layer '%.80s' (%.40s): %s", graph->name,
                            layer->name, layer->type_name, message);
    return planche_fail(error, status, "%s:%d: layer '%.80s' (%.40s): %s", graph->name, layer->line,
                        layer->name, layer->type_name, message);
}

enum planche_status planche_graph_no_memory(const struct planche_graph *graph,
                                            struct planche_error *error)
{
    if (graph->budget && graph->budget->limit)
        return planche_fail(error, PLANCHE_ERROR_BUDGET,
                            "%s: the model does not fit in the memory budget of %llu bytes",
                            graph->name, (unsigned long long)graph->budget->limit);
    return planche_fail(error, PLANCHE_ERROR_MEMORY, "%s: no memory for the model", graph->name);
}
