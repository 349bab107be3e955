/* SPDX-License-Identifier: MIT */
/* Model loading: a loader makes the graph, the lowering makes the net, and what belongs to the
 * family of the model is added. */
#include "model/load.h"

#include "base/status.h"
#include "base/text.h"
#include "model/cugan.h"
#include "model/loader.h"
#include "model/lower/lower.h"

#include <stdio.h>
#include <string.h>

/* A loader that is to be asked before others comes first; the last one is asked what is wrong with
 * a file that nobody knows. */
static const struct planche_model_loader *const loaders[] = {
    &planche_own_loader,   &planche_onnx_loader, &planche_safetensors_loader,
    &planche_torch_loader, &planche_ncnn_loader,
};
#define COLOURS      3
#define ALPHA        4 /* colours and transparency */
#define PARAM_LENGTH (sizeof(".param") - 1)
#define LOADERS      (sizeof(loaders) / sizeof(loaders[0]))

bool planche_model_recognise(const char *name, const uint8_t *head, size_t size)
{
    for (size_t i = 0; i < LOADERS; i++)
        if (loaders[i]->recognise(name, head, size))
            return true;
    return false;
}

bool planche_model_is_path(const char *name)
{
    return planche_model_starts_with_path(name, strlen(name));
}

bool planche_model_starts_with_path(const char *name, size_t length)
{
    for (size_t i = 0; i < LOADERS; i++)
        for (const char *const *end = loaders[i]->extensions; *end; end++)
            if (length > strlen(*end) &&
                memcmp(name + length - strlen(*end), *end, strlen(*end)) == 0)
                return true;
    return false;
}

static enum planche_status make_net(struct planche_graph *graph, struct planche_net *net,
                                    const struct planche_model_variant *variant,
                                    struct planche_error *error)
{
    struct planche_crop *crops =
        planche_graph_alloc(graph, (size_t)graph->layer_count, sizeof(*crops));
    int64_t shrink = 0;
    enum planche_status status;
    if (!crops)
        return planche_graph_no_memory(graph, error);
    net->kernels = graph->kernels;
    graph->kernels = NULL;
    status = planche_recipe_derive(graph, &net->recipe, crops, &shrink, error);
    if (status == PLANCHE_OK && variant && variant->scale != net->recipe.scale)
        status = planche_fail(error, PLANCHE_ERROR_MODEL,
                              "%s: the network enlarges %u times, not %u times as %s should",
                              graph->name, net->recipe.scale, variant->scale, variant->model);
    if (status == PLANCHE_OK)
        status = planche_graph_lower(graph, crops, net, error);
    if (status != PLANCHE_OK)
        return status;
    if (graph->in_scale == 0)
        return planche_cugan_adapt(graph, net, !variant, shrink, error);
    net->recipe.in_scale = graph->in_scale;
    net->recipe.out_scale = graph->out_scale;
    net->recipe.in_bias = graph->in_bias;
    net->recipe.out_bias = graph->out_bias;
    return PLANCHE_OK;
}

/* What is often fetched in a model's place and has its name. NULL: nothing of the kind. */
static const char *find_stand_in(const uint8_t *head, size_t size)
{
    static const struct {
        const char *begins, *what;
    } known[] = {
        {"version https://git-lfs.github.com/", "a pointer of Git LFS, and not the model: git lfs "
                                                "pull fetches that"},
        {"<!DOCTYPE", "a web page, and not the model: fetch the file that it offers"},
        {"<!doctype", "a web page, and not the model: fetch the file that it offers"},
        {"<html", "a web page, and not the model: fetch the file that it offers"},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
        size_t length = strlen(known[i].begins);
        if (size >= length && memcmp(head, known[i].begins, length) == 0)
            return known[i].what;
    }
    return NULL;
}

static enum planche_status load_graph(struct planche_graph *graph,
                                      const struct planche_model_source *source,
                                      struct planche_error *error)
{
    const struct planche_model_loader *loader;
    struct planche_model_file file;
    uint8_t head[PLANCHE_MODEL_HEAD];
    enum planche_status status =
        planche_model_file_open(&file, graph->name, source->param, source->param_size, error);
    if (status == PLANCHE_OK) {
        size_t size = planche_model_file_peek(&file, head, sizeof(head));
        loader = planche_model_loader_choose(loaders, LOADERS, graph->name, head, size);
        const char *stand_in = find_stand_in(head, size);
        graph->facts.format = stand_in ? "" : loader->format;
        status = stand_in
                     ? planche_fail(error, PLANCHE_ERROR_MODEL, "%s: is %s", graph->name, stand_in)
                     : loader->load(graph, &file, source, error);
    }
    planche_model_file_hand_over(&file, source->param_fd);
    return status;
}

/* Numbers that were trained. */
static uint64_t count_parameters(const struct planche_graph *graph)
{
    uint64_t count = 0;
    for (int i = 0; i < graph->layer_count; i++) {
        const struct planche_layer *layer = &graph->layers[i];
        count += layer->weight_count + layer->data_count;
        count += layer->has_bias ? (uint64_t)layer->channels : 0;
    }
    return count;
}

/* Cleaned: a file's own words may be anything. */
static void copy_text(char *to, size_t size, const char *text)
{
    snprintf(to, size, "%s", text);
    planche_text_clean(to);
}

/* Of a blob of the file: a network that has transparency has lost it by the lowering. */
static unsigned count_channels(const struct planche_graph *graph, int blob, int lowered)
{
    return graph->blobs[blob].channels == ALPHA ? ALPHA : (unsigned)lowered;
}

static int find_input(const struct planche_graph *graph)
{
    int i = 0;
    while (graph->layers[i].type != PLANCHE_LAYER_INPUT)
        i++;
    return graph->layers[i].outputs[0];
}

/* Of the loaded network; what could not be loaded is told by the loader alone. */
static void fill_facts(struct planche_model_facts *facts, const struct planche_graph *graph,
                       const struct planche_net *net, uint64_t parameters)
{
    const struct planche_graph_facts *from = &graph->facts;
    bool whole = net && net->tensor_count > 0;
    copy_text(facts->format, sizeof(facts->format), from->format ? from->format : "");
    copy_text(facts->architecture, sizeof(facts->architecture), from->architecture);
    copy_text(facts->size, sizeof(facts->size), from->size);
    copy_text(facts->licence, sizeof(facts->licence), from->licence);
    facts->scale = whole ? net->recipe.scale : (unsigned)(from->scale > 0 ? from->scale : 0);
    facts->channels_in = whole ? count_channels(graph, find_input(graph), net->tensors[0].channels)
                               : (unsigned)from->in;
    facts->channels_out =
        whole ? count_channels(graph, graph->output, net->tensors[net->output.tensor].channels)
              : (unsigned)from->out;
    facts->parameters = parameters;
}

enum planche_status planche_model_check_channels(const struct planche_net *net, const char *name,
                                                 struct planche_error *error)
{
    int in = net->tensors[0].channels, out = net->tensors[net->output.tensor].channels;
    if (in == out && (in == COLOURS || in == 1))
        return PLANCHE_OK;
    return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                        "%s: the network must take and give 3 channels, or 1, not %d and %d", name,
                        in, out);
}

static enum planche_status load(struct planche_net **out, const struct planche_model_source *source,
                                const struct planche_model_variant *variant,
                                struct planche_model_facts *facts, struct planche_budget *budget,
                                struct planche_error *error)
{
    struct planche_graph graph = {.budget = budget,
                                  .name = source->param_path ? source->param_path : "param"};
    struct planche_net *net = planche_calloc(budget, 1, sizeof(*net));
    enum planche_status status = PLANCHE_OK;
    uint64_t parameters = 0;
    *out = NULL;
    if (!net)
        return planche_graph_no_memory(&graph, error);
    net->budget = budget;
    status = load_graph(&graph, source, error);
    if (status == PLANCHE_OK) {
        parameters = count_parameters(&graph);
        status = make_net(&graph, net, variant, error);
    }
    if (facts)
        fill_facts(facts, &graph, status == PLANCHE_OK ? net : NULL, parameters);
    planche_graph_destroy(&graph);
    if (status != PLANCHE_OK)
        planche_net_destroy(&net);
    *out = net;
    return status;
}

enum planche_status planche_model_load(struct planche_net **out,
                                       const struct planche_model_source *source,
                                       const struct planche_model_variant *variant,
                                       struct planche_budget *budget, struct planche_error *error)
{
    return load(out, source, variant, NULL, budget, error);
}

bool planche_model_has_partner(const char *path)
{
    size_t length = strlen(path);
    return length > PARAM_LENGTH && strcmp(path + length - PARAM_LENGTH, ".param") == 0;
}

enum planche_status planche_model_describe(const char *path, struct planche_model_facts *facts,
                                           struct planche_budget *budget,
                                           struct planche_error *error)
{
    struct planche_model_source source = {.param_path = path};
    struct planche_net *net = NULL;
    char *partner = NULL;
    if (planche_model_has_partner(path)) {
        partner = planche_strdup(budget, path);
        if (!partner)
            return planche_fail(error, PLANCHE_ERROR_MEMORY, "%s: no memory", path);
        memcpy(partner + strlen(path) - PARAM_LENGTH, ".bin", sizeof(".bin"));
        source.bin_path = partner;
    }
    enum planche_status status = load(&net, &source, NULL, facts, budget, error);
    if (net)
        status = planche_model_check_channels(net, path, error);
    planche_net_destroy(&net);
    planche_free(partner);
    return status;
}
