/* SPDX-License-Identifier: MIT */
/* Loading a model: files to graph, graph to net, and what belongs to the family of the model. */
#include "model/load.h"

#include "base/checked.h"
#include "base/status.h"
#include "model/graph.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Real-CUGAN 4x adds the enlarged input to its result outside of the network; this is how much
 * smaller than the enlarged input its result is. */
#define CUGAN4_SHRINK 152

/* Hands the descriptor over to who wants it. */
static void close_file(struct planche_model_file *file, int *owner)
{
    if (owner) {
        *owner = file->fd;
        file->fd = -1;
    }
    planche_model_file_close(file);
}

static enum planche_status read_param(struct planche_graph *graph,
                                      const struct planche_model_source *source,
                                      struct planche_error *error)
{
    struct planche_model_file file;
    enum planche_status status =
        planche_model_file_open(&file, graph->param_name, source->param, source->param_size,
                                PLANCHE_MODEL_PARAM_LIMIT, error);
    if (status != PLANCHE_OK)
        return status;
    graph->text = planche_graph_alloc(graph, (size_t)file.size + 1, 1);
    if (!graph->text)
        status = planche_graph_no_memory(graph, error);
    else
        status = planche_model_file_read(&file, graph->text, (size_t)file.size, error);
    if (status == PLANCHE_OK && memchr(graph->text, '\0', (size_t)file.size))
        status =
            planche_fail(error, PLANCHE_ERROR_MODEL,
                         "%s: not an ncnn .param text file (it has zero bytes)", graph->param_name);
    close_file(&file, source->param_fd);
    return status;
}

static enum planche_status read_bin(struct planche_graph *graph,
                                    const struct planche_model_source *source,
                                    struct planche_error *error)
{
    struct planche_model_file file;
    enum planche_status status = planche_model_file_open(
        &file, graph->bin_name, source->bin, source->bin_size, PLANCHE_MODEL_FILE_LIMIT, error);
    if (status == PLANCHE_OK)
        status = planche_ncnn_read_weights(graph, &file, error);
    close_file(&file, source->bin_fd);
    return status;
}

static enum planche_status load_graph(struct planche_graph *graph,
                                      const struct planche_model_source *source,
                                      struct planche_error *error)
{
    enum planche_status status = read_param(graph, source, error);
    if (status == PLANCHE_OK)
        status = planche_ncnn_parse(graph, error);
    if (status == PLANCHE_OK)
        status = planche_graph_order(graph, error);
    if (status == PLANCHE_OK)
        status = planche_graph_channels(graph, error);
    if (status == PLANCHE_OK)
        status = read_bin(graph, source, error);
    return status;
}

/* "pro" as a word of the file's name or of the folder's that it lies in. */
static bool is_pro(const char *path)
{
    const char *from = path + strlen(path);
    for (int slashes = 0; from > path && slashes < 2;)
        slashes += *--from == '/';
    for (const char *at = from; (at = strstr(at, "pro")); at++)
        if ((at == path || !isalpha((unsigned char)at[-1])) && !isalpha((unsigned char)at[3]))
            return true;
    return false;
}

static bool has_cugan_blobs(const struct planche_graph *graph)
{
    return strcmp(graph->blobs[graph->input].name, "in0") == 0 &&
           strcmp(graph->blobs[graph->output].name, "out0") == 0;
}

static void set_range(struct planche_recipe *recipe, bool pro)
{
    recipe->in_scale = pro ? 0.7f : 1;
    recipe->in_bias = pro ? 0.15f : 0;
    recipe->out_scale = pro ? (float)(1 / 0.7) : 1;
    recipe->out_bias = pro ? (float)(-0.15 / 0.7) : 0;
}

static struct planche_step *append_step(struct planche_net *net, enum planche_step_op op,
                                        const char *name, int input_count)
{
    struct planche_step *step = &net->steps[net->step_count];
    struct planche_tensor *tensor = &net->tensors[net->tensor_count];
    *step = (struct planche_step){.op = op, .self = 1, .other = 1, .vector = -1};
    *tensor = (struct planche_tensor){.channels = 3};
    snprintf(step->name, sizeof(step->name), "%s", name);
    snprintf(tensor->name, sizeof(tensor->name), "%s", name);
    step->inputs = planche_calloc(net->budget, (size_t)input_count, sizeof(*step->inputs));
    if (!step->inputs)
        return NULL;
    step->input_count = input_count;
    step->output = net->tensor_count++;
    net->step_count++;
    return step;
}

/* output += the input's nearest-neighbour enlargement, less what the network cut away. */
static bool append_enlarged_input(struct planche_net *net)
{
    int cut = CUGAN4_SHRINK / 2;
    struct planche_step *interp, *sum;
    struct planche_step *steps = planche_realloc(
        net->budget, net->steps, (size_t)(net->step_count + 2) * sizeof(*net->steps));
    struct planche_tensor *tensors;
    if (!steps)
        return false;
    net->steps = steps;
    tensors = planche_realloc(net->budget, net->tensors,
                              (size_t)(net->tensor_count + 2) * sizeof(*net->tensors));
    if (!tensors)
        return false;
    net->tensors = tensors;
    interp = append_step(net, PLANCHE_STEP_INTERP, "enlarged input", 1);
    sum = interp ? append_step(net, PLANCHE_STEP_BINARY, "sum with enlarged input", 2) : NULL;
    if (!sum)
        return false;
    interp->interp = PLANCHE_INTERP_NEAREST;
    interp->factor_w = interp->factor_h = 4;
    sum->binary = PLANCHE_BINARY_ADD;
    sum->inputs[0] = net->output;
    sum->inputs[1] = (struct planche_view){interp->output, cut, cut, cut, cut};
    net->output = (struct planche_view){.tensor = sum->output};
    return true;
}

static enum planche_status make_net(struct planche_graph *graph, struct planche_net *net,
                                    const struct planche_model_variant *variant,
                                    struct planche_error *error)
{
    struct planche_crop *cuts =
        planche_graph_alloc(graph, (size_t)graph->layer_count, sizeof(*cuts));
    int64_t shrink = 0;
    enum planche_status status;
    if (!cuts)
        return planche_graph_no_memory(graph, error);
    net->kernels = graph->kernels;
    graph->kernels = NULL;
    status = planche_recipe_derive(graph, &net->recipe, cuts, &shrink, error);
    if (status == PLANCHE_OK && variant && variant->scale != net->recipe.scale)
        status = planche_fail(error, PLANCHE_ERROR_MODEL,
                              "%s: the network enlarges %u times, not %u times as %s should",
                              graph->param_name, net->recipe.scale, variant->scale, variant->model);
    if (status == PLANCHE_OK)
        status = planche_graph_lower(graph, cuts, net, error);
    if (status != PLANCHE_OK)
        return status;
    set_range(&net->recipe, !variant && has_cugan_blobs(graph) && is_pro(graph->param_name));
    if (has_cugan_blobs(graph) && net->recipe.scale == 4 && shrink == CUGAN4_SHRINK &&
        !append_enlarged_input(net))
        status = planche_graph_no_memory(graph, error);
    return status;
}

enum planche_status planche_model_load(struct planche_net **out,
                                       const struct planche_model_source *source,
                                       const struct planche_model_variant *variant,
                                       struct planche_budget *budget, struct planche_error *error)
{
    struct planche_graph graph = {.budget = budget,
                                  .param_name = source->param_path ? source->param_path : "param",
                                  .bin_name = source->bin_path ? source->bin_path : "bin"};
    struct planche_net *net = planche_calloc(budget, 1, sizeof(*net));
    enum planche_status status = PLANCHE_OK;
    *out = NULL;
    if (!net)
        return planche_graph_no_memory(&graph, error);
    net->budget = budget;
    status = load_graph(&graph, source, error);
    if (status == PLANCHE_OK)
        status = make_net(&graph, net, variant, error);
    planche_graph_destroy(&graph);
    if (status != PLANCHE_OK)
        planche_net_destroy(&net);
    *out = net;
    return status;
}
