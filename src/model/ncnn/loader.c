/* SPDX-License-Identifier: MIT */
/* Loader of ncnn models. */
#include "model/loader.h"

#include "base/status.h"
#include "model/ncnn/format.h"

#include <stdio.h>
#include <string.h>

static bool recognise(const char *name, const uint8_t *head, size_t size)
{
    char magic[16];
    size_t length = (size_t)snprintf(magic, sizeof(magic), "%d", PLANCHE_NCNN_MAGIC);
    size_t name_length = strlen(name);
    if (size >= length && memcmp(head, magic, length) == 0)
        return true;
    return name_length >= 6 && strcmp(name + name_length - 6, ".param") == 0;
}

/* The whole file as a string that lives as long as the graph. */
static enum planche_status read_text(struct planche_graph *graph, struct planche_model_file *file,
                                     char **text, struct planche_error *error)
{
    enum planche_status status = planche_model_file_limit(file, PLANCHE_MODEL_TEXT_LIMIT, error);
    if (status != PLANCHE_OK)
        return status;
    *text = planche_graph_alloc(graph, (size_t)file->size + 1, 1);
    if (!*text)
        return planche_graph_no_memory(graph, error);
    status = planche_model_file_read(file, *text, (size_t)file->size, error);
    if (status == PLANCHE_OK && memchr(*text, '\0', (size_t)file->size))
        status = planche_fail(error, PLANCHE_ERROR_MODEL,
                              "%s: not an ncnn .param text file (it has zero bytes)", graph->name);
    return status;
}

static enum planche_status read_weights(struct planche_graph *graph,
                                        const struct planche_model_source *source,
                                        struct planche_error *error)
{
    struct planche_model_file file;
    enum planche_status status = planche_model_file_open(
        &file, source->bin_path ? source->bin_path : "bin", source->bin, source->bin_size, error);
    if (status == PLANCHE_OK)
        status = planche_model_file_limit(&file, PLANCHE_MODEL_FILE_LIMIT, error);
    if (status == PLANCHE_OK)
        status = planche_ncnn_read_weights(graph, &file, error);
    planche_model_file_hand_over(&file, source->bin_fd);
    return status;
}

static enum planche_status load(struct planche_graph *graph, struct planche_model_file *file,
                                const struct planche_model_source *source,
                                struct planche_error *error)
{
    static const char *const output_names[] = {"out0", "output", "Eltwise4", NULL};
    char *text;
    enum planche_status status = read_text(graph, file, &text, error);
    graph->output_names = output_names;
    if (status == PLANCHE_OK)
        status = planche_ncnn_parse(graph, text, error);
    if (status == PLANCHE_OK)
        status = planche_graph_order(graph, error);
    if (status == PLANCHE_OK)
        status = planche_graph_channels(graph, error);
    if (status == PLANCHE_OK)
        status = read_weights(graph, source, error);
    return status;
}

const struct planche_model_loader planche_ncnn_loader = {
    .format = "ncnn",
    .extensions = (const char *const[]){".param", NULL},
    .recognise = recognise,
    .load = load,
};
