/* SPDX-License-Identifier: MIT */
/* Real-CUGAN's pre- and post-processing, which its program does outside of the network. */
#include "model/cugan.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Real-CUGAN 4x adds the enlarged input to its result; this is how much smaller than the enlarged
 * input its result is. */
#define CUGAN4_SHRINK 152

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

enum planche_status planche_cugan_adapt(const struct planche_graph *graph, struct planche_net *net,
                                        bool unknown, int64_t shrink, struct planche_error *error)
{
    bool cugan = has_cugan_blobs(graph);
    set_range(&net->recipe, unknown && cugan && is_pro(graph->name));
    if (cugan && net->recipe.scale == 4 && shrink == CUGAN4_SHRINK && !append_enlarged_input(net))
        return planche_graph_no_memory(graph, error);
    return PLANCHE_OK;
}
