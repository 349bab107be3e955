/* SPDX-License-Identifier: MIT */
/* Compiler of a network for the CPU: one node for every step, with its geometry, kernels and packed
 * weights. */
#include "backend/cpu/program.h"

#include "backend/cpu/pack_weights.h"
#include "base/status.h"
#include "net/levels.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* A page that tensors' sizes are compared for: a multiple of all that networks divide by. */
#define NOMINAL_SIDE 1440

static void init_layouts(struct planche_program *program)
{
    for (int t = 0; t < program->tensor_count; t++) {
        struct planche_tensor_layout *layout = &program->tensors[t];
        layout->channels = program->net->tensors[t == program->page_tensor ? 0 : t].channels;
        layout->lanes = layout->channels <= PLANCHE_PLANAR_CHANNELS ? 1 : PLANCHE_LANES;
        layout->blocks = ((unsigned)layout->channels + layout->lanes - 1) / layout->lanes;
        layout->producer = -1;
    }
}

static enum planche_node_kind kind_of(enum planche_step_op op)
{
    switch (op) {
    case PLANCHE_STEP_BINARY:
        return PLANCHE_NODE_BINARY;
    case PLANCHE_STEP_BINARY_SCALAR:
        return PLANCHE_NODE_BINARY_SCALAR;
    case PLANCHE_STEP_BINARY_VECTOR:
        return PLANCHE_NODE_BINARY_VECTOR;
    case PLANCHE_STEP_CHANNEL:
        return PLANCHE_NODE_CHANNEL;
    case PLANCHE_STEP_CONCAT:
        return PLANCHE_NODE_CONCAT;
    case PLANCHE_STEP_INTERP:
        return PLANCHE_NODE_INTERP;
    case PLANCHE_STEP_POOL:
        return PLANCHE_NODE_POOL;
    case PLANCHE_STEP_DEPTHWISE:
        return PLANCHE_NODE_DEPTHWISE;
    case PLANCHE_STEP_NORM:
        return PLANCHE_NODE_NORM;
    case PLANCHE_STEP_PAD:
        return PLANCHE_NODE_BORDER;
    case PLANCHE_STEP_ATTENTION:
        return PLANCHE_NODE_ATTENTION;
    default:
        return PLANCHE_NODE_CONV;
    }
}

static bool add_edges(struct planche_program *program, struct planche_node *node, int count)
{
    node->edges = planche_calloc(program->budget, (size_t)count, sizeof(*node->edges));
    if (!node->edges)
        return false;
    node->edge_count = count;
    for (int i = 0; i < count; i++)
        node->edges[i] = (struct planche_edge){
            .rows = PLANCHE_RECEPTIVE_FIELD_IDENTITY,
            .columns = PLANCHE_RECEPTIVE_FIELD_IDENTITY,
        };
    return true;
}

static struct planche_node *add_node(struct planche_program *program, enum planche_node_kind kind,
                                     const char *name, int output)
{
    struct planche_node *node = &program->nodes[program->node_count];
    *node = (struct planche_node){.kind = kind, .name = name, .output = output, .tile = 1};
    if (output >= 0)
        program->tensors[output].producer = program->node_count;
    program->node_count++;
    return node;
}

/* scale, bias and slope of a CHANNEL or NORM step, padded to whole blocks; NULL: no memory. */
static float *fill_channel(struct planche_program *program, const struct planche_step *s)
{
    const struct planche_tensor_layout *out = &program->tensors[s->output];
    size_t lanes = (size_t)out->blocks * out->lanes;
    float *channel = planche_calloc(program->budget, 3 * lanes, sizeof(float));
    for (int c = 0; channel && c < out->channels; c++) {
        channel[c] = s->scale ? s->scale[c] : 1.0f;
        channel[lanes + (size_t)c] = s->bias ? s->bias[c] : 0.0f;
        channel[2 * lanes + (size_t)c] = s->activation == PLANCHE_ACT_RELU     ? 0.0f
                                         : s->activation == PLANCHE_ACT_LEAKY  ? s->act[0]
                                         : s->activation == PLANCHE_ACT_SLOPES ? s->slope[c]
                                                                               : 1.0f;
    }
    return channel;
}

/* The step that produces a tensor if `reader` alone reads it, and all of it; else NULL. */
static const struct planche_step *sole_producer(const struct planche_net *net,
                                                const struct planche_view *view,
                                                const struct planche_step *reader)
{
    const struct planche_step *producer = NULL;
    int readers = net->output.tensor == view->tensor;
    if (view->top || view->left || view->bottom || view->right)
        return NULL;
    for (const struct planche_step *s = net->steps; s < net->steps + net->step_count; s++) {
        for (int i = 0; s != reader && i < s->input_count; i++)
            readers += s->inputs[i].tensor == view->tensor;
        for (int r = 0; r < s->residual_count; r++)
            readers += s->residuals[r].view.tensor == view->tensor;
        if (s->output == view->tensor)
            producer = s;
    }
    return readers ? NULL : producer;
}

/* Whether a sum adds an enlargement of pixels by a whole factor to a shuffle with this factor,
 * which then adds the small pixels itself, so that neither of the large tensors has to be made. */
static bool adds_enlarged(const struct planche_net *net, const struct planche_step *sum,
                          const struct planche_step **shuffle, const struct planche_step **small)
{
    if (sum->op != PLANCHE_STEP_BINARY || sum->binary != PLANCHE_BINARY_ADD || sum->self != 1 ||
        sum->other != 1)
        return false;
    for (int i = 0; i < 2; i++) {
        *shuffle = sole_producer(net, &sum->inputs[i], sum);
        *small = sole_producer(net, &sum->inputs[1 - i], sum);
        if (*shuffle && *small && (*shuffle)->op == PLANCHE_STEP_SHUFFLE &&
            (*small)->op == PLANCHE_STEP_INTERP && (*small)->interp == PLANCHE_INTERP_NEAREST &&
            (*small)->place != PLANCHE_INTERP_ALIGN_CORNERS &&
            (*small)->factor_w == (float)(*shuffle)->shuffle &&
            (*small)->factor_h == (float)(*shuffle)->shuffle)
            return true;
    }
    return false;
}

/* Whether the sum of a shuffle and an enlargement does the work of this step. */
static bool is_absorbed(const struct planche_net *net, const struct planche_step *step)
{
    const struct planche_step *end = net->steps + net->step_count, *shuffle, *small;
    if (step->op != PLANCHE_STEP_SHUFFLE && step->op != PLANCHE_STEP_INTERP)
        return false;
    for (const struct planche_step *sum = step + 1; sum < end; sum++)
        if (adds_enlarged(net, sum, &shuffle, &small) && (step == shuffle || step == small))
            return true;
    return false;
}

static enum planche_status add_shuffle(struct planche_program *program,
                                       const struct planche_step *step,
                                       const struct planche_step *shuffle,
                                       const struct planche_step *small,
                                       struct planche_error *error)
{
    struct planche_node *node = add_node(program, PLANCHE_NODE_SHUFFLE, step->name, step->output);
    node->step = step;
    node->shuffle = shuffle->shuffle;
    if (!add_edges(program, node, small ? 2 : 1))
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for layer %s", step->name);
    for (int e = 0; e < node->edge_count; e++) {
        assert(e == 0 || small);
        node->edges[e].view = e ? small->inputs[0] : shuffle->inputs[0];
        planche_receptive_field_step(shuffle, &node->edges[e].rows, &node->edges[e].columns);
    }
    return PLANCHE_OK;
}

/* The edge of an operand that no member of the group makes: the head's own, or a further one. */
static int find_edge(struct planche_node *node, const struct planche_step *step, int input)
{
    if (step == node->step)
        return input;
    node->edges[node->edge_count].view = step->inputs[input];
    return node->edge_count++;
}

static int find_operand(const struct planche_net *net, const struct planche_tail_group *group,
                        struct planche_node *node, const struct planche_step *step, int input)
{
    for (int k = 0; k < group->count; k++)
        if (net->steps[group->steps[k]].output == step->inputs[input].tensor)
            return group->values[k];
    return ~find_edge(node, step, input);
}

/* An activation alone needs no channels' values. */
static bool has_channel(const struct planche_step *step)
{
    return step->op == PLANCHE_STEP_CHANNEL &&
           (step->scale || step->bias || planche_activation_is_slope(step->activation));
}

/* The operations of a group; node has room for their edges. */
static bool add_tail(struct planche_program *program, const struct planche_tail_group *group,
                     struct planche_node *node)
{
    const struct planche_net *net = program->net;
    for (int k = planche_tail_is_elementwise(node->step) ? 0 : 1; k < group->count; k++) {
        const struct planche_step *step = &net->steps[group->steps[k]];
        struct planche_tail_op *op = &node->tail.ops[node->tail.count++];
        op->step = step;
        op->value = group->values[k];
        for (int i = 0; i < step->input_count; i++)
            op->operands[i] = find_operand(net, group, node, step, i);
        if (has_channel(step) && !(op->channel = fill_channel(program, step)))
            return false;
    }
    return true;
}

static void fill_edges(const struct planche_program *program, struct planche_node *node)
{
    const struct planche_step *s = node->step;
    (void)program; /* asserted about only */
    for (int i = 0; i < s->input_count; i++) {
        assert(node->kind != PLANCHE_NODE_CONV || s->input_count == 1 ||
               planche_channels_are_joinable(program->net->tensors[s->inputs[i].tensor].channels,
                                             i + 1 == s->input_count));
        node->edges[i].view = s->inputs[i];
        planche_receptive_field_step(s, &node->edges[i].rows, &node->edges[i].columns);
    }
    for (int r = 0; r < s->residual_count; r++)
        node->edges[s->input_count + r].view = s->residuals[r].view;
}

/* Rows and columns come in whole windows. */
static bool set_attention(struct planche_program *program, struct planche_node *node)
{
    const struct planche_step *s = node->step;
    node->tile = s->window;
    const int of_head = program->tensors[s->output].channels / s->heads;
    node->attention_factor = 1 / sqrtf((float)of_head);
    node->channel = planche_attention_offsets(program->budget, s);
    return node->channel != NULL;
}

/* The node of a group. */
static enum planche_status add_group(struct planche_program *program,
                                     const struct planche_tail_group *group, uint64_t l2_bytes,
                                     struct planche_error *error)
{
    const struct planche_step *steps = program->net->steps, *s = &steps[group->steps[0]];
    int output = steps[group->steps[group->count - 1]].output;
    struct planche_node *node =
        add_node(program, kind_of(s->op), s->name, s->op == PLANCHE_STEP_POOL ? -1 : output);
    bool allocated = add_edges(program, node, s->input_count + s->residual_count + group->count);
    node->step = s;
    node->edge_count = s->input_count + s->residual_count;
    if (allocated) {
        fill_edges(program, node);
        allocated = add_tail(program, group, node);
    }
    if (allocated && node->kind == PLANCHE_NODE_NORM)
        allocated = (node->channel = fill_channel(program, s)) != NULL;
    if (allocated && node->kind == PLANCHE_NODE_ATTENTION)
        allocated = set_attention(program, node);
    if (!allocated)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for layer %s", s->name);
    if (node->kind == PLANCHE_NODE_CONV)
        return planche_pack_conv(program, node, l2_bytes, error);
    if (node->kind == PLANCHE_NODE_DEPTHWISE)
        return planche_pack_depthwise(program, node, error);
    return PLANCHE_OK;
}

static enum planche_status add_step(struct planche_program *program,
                                    const struct planche_tail_group *group, uint64_t l2_bytes,
                                    struct planche_error *error)
{
    const struct planche_step *s = &program->net->steps[group->steps[0]], *shuffle, *small;
    if (s->op == PLANCHE_STEP_SHUFFLE)
        return add_shuffle(program, s, s, NULL, error);
    if (adds_enlarged(program->net, s, &shuffle, &small))
        return add_shuffle(program, s, shuffle, small, error);
    return add_group(program, group, l2_bytes, error);
}

/* Nodes for all groups. Each stands where its last step does: all that it reads is there then. */
static enum planche_status add_steps(struct planche_program *program,
                                     const struct planche_tail_search *search,
                                     struct planche_tail_group *groups, uint64_t l2_bytes,
                                     struct planche_error *error)
{
    const struct planche_net *net = program->net;
    const struct planche_step *shuffle, *small;
    enum planche_status status = PLANCHE_OK;
    for (int s = 0; s < net->step_count; s++)
        search->taken[s] = net->steps[s].op == PLANCHE_STEP_INNER ||
                           is_absorbed(net, &net->steps[s]) ||
                           adds_enlarged(net, &net->steps[s], &shuffle, &small);
    planche_tail_count_readers(search);
    for (int s = 0; s < net->step_count; s++) {
        struct planche_tail_group group;
        bool alone = search->taken[s] && adds_enlarged(net, &net->steps[s], &shuffle, &small);
        if (search->taken[s] && !alone)
            continue;
        planche_tail_find(search, s, &group);
        groups[group.steps[group.count - 1]] = group;
    }
    for (int s = 0; s < net->step_count && !status; s++)
        if (groups[s].count > 0)
            status = add_step(program, &groups[s], l2_bytes, error);
    return status;
}

/* Finds what steps are done together, and adds the nodes. */
static enum planche_status add_net(struct planche_program *program, uint64_t l2_bytes,
                                   struct planche_error *error)
{
    const struct planche_net *net = program->net;
    size_t steps = (size_t)net->step_count + 1, tensors = (size_t)net->tensor_count;
    struct planche_tail_group *groups = planche_calloc(program->budget, steps, sizeof(*groups));
    struct planche_tail_search search = {
        .net = net,
        .levels = program->tensor_level,
        .readers = planche_calloc(program->budget, tensors, sizeof(*search.readers)),
        .taken = planche_calloc(program->budget, steps, sizeof(*search.taken)),
    };
    enum planche_status status =
        groups && search.readers && search.taken
            ? add_steps(program, &search, groups, l2_bytes, error)
            : planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for the network");
    planche_free(groups);
    planche_free(search.readers);
    planche_free(search.taken);
    return status;
}

static bool add_page_nodes(struct planche_program *program)
{
    const struct planche_recipe *recipe = &program->net->recipe;
    add_node(program, PLANCHE_NODE_FETCH, "page", program->page_tensor);
    struct planche_node *pad = add_node(program, PLANCHE_NODE_PAD, "pad", 0);
    if (!add_edges(program, pad, 1))
        return false;
    pad->edges[0].view.tensor = program->page_tensor;
    pad->edges[0].rows =
        (struct planche_receptive_field){PLANCHE_RECEPTIVE_FIELD_REFLECT, 1, (int)recipe->pad, 0};
    pad->edges[0].columns = pad->edges[0].rows;
    return true;
}

/* Whether the last node is a shuffle that makes the result, which nobody else reads: its rows then
 * go to the caller without being stored. */
static bool ends_in_shuffle(const struct planche_program *program)
{
    const struct planche_net *net = program->net;
    const struct planche_node *last = &program->nodes[program->node_count - 1];
    if (last->kind != PLANCHE_NODE_SHUFFLE || last->output != net->output.tensor ||
        last->shuffle > PLANCHE_PUT_FACTOR || program->tensors[last->output].lanes != 1)
        return false;
    for (int n = 0; n < program->node_count; n++)
        for (int e = 0; e < program->nodes[n].edge_count; e++)
            if (program->nodes[n].edges[e].view.tensor == last->output)
                return false;
    return true;
}

static bool add_emit_node(struct planche_program *program)
{
    const struct planche_net *net = program->net;
    int top = net->output.top + (int)net->recipe.crop;
    int left = net->output.left + (int)net->recipe.crop;
    if (ends_in_shuffle(program)) {
        struct planche_node *last = &program->nodes[program->node_count - 1];
        last->kind = PLANCHE_NODE_EMIT;
        last->step = NULL;
        last->name = "output";
        last->output = -1;
        for (int e = 0; e < last->edge_count; e++) {
            last->edges[e].rows.offset = top;
            last->edges[e].columns.offset = left;
        }
        return true;
    }
    struct planche_node *emit = add_node(program, PLANCHE_NODE_EMIT, "output", -1);
    if (!add_edges(program, emit, 1))
        return false;
    emit->edges[0].view = net->output;
    emit->edges[0].view.top = top;
    emit->edges[0].view.left = left;
    return true;
}

/* Level of a node: the highest of the vectors behind it. Averages are made at their input's. */
static void find_levels(struct planche_program *program)
{
    const struct planche_net *net = program->net;
    const int *levels = program->tensor_level;
    for (int n = 0; n < program->node_count; n++) {
        struct planche_node *node = &program->nodes[n];
        if (node->kind == PLANCHE_NODE_POOL)
            node->level = levels[node->step->output] - 1;
        else if (node->step)
            node->level = levels[node->output];
        else if (node->kind == PLANCHE_NODE_EMIT)
            node->level = levels[net->output.tensor];
    }
    assert(program->levels == program->nodes[program->node_count - 1].level);
}

/* Output rows that are complete once `available` input rows are there, far from any edge. */
static int64_t rows_from(const struct planche_edge *edge, const struct planche_step *step,
                         int64_t available)
{
    int64_t lo = 0, hi = 64 * available, a, b;
    int64_t in = 1 << 20, out = edge->rows.kind == PLANCHE_RECEPTIVE_FIELD_INTERP && step
                                    ? (int64_t)((float)in * step->factor_h)
                                    : in;
    while (lo < hi) {
        int64_t middle = (lo + hi + 1) / 2;
        planche_receptive_field_rows(&edge->rows, 0, middle, in, out > 0 ? out : 1, &a, &b);
        if (b <= available - edge->view.top)
            lo = middle;
        else
            hi = middle - 1;
    }
    return lo;
}

/* Groups of rows end where the rows of the inputs' groups allow it, so that a layer waits for one
 * more row of its input, not for a whole group. A constant of the network: the page's size and the
 * budget have no say, or the bytes would depend on them. */
static bool find_anchors(struct planche_program *program)
{
    int64_t *available =
        planche_calloc(program->budget, (size_t)program->tensor_count, sizeof(*available));
    if (!available)
        return false;
    for (int n = 0; n < program->node_count; n++) {
        struct planche_node *node = &program->nodes[n];
        int64_t rows = node->kind == PLANCHE_NODE_FETCH ? NOMINAL_SIDE : INT64_MAX;
        for (int e = 0; e < node->edge_count; e++) {
            const struct planche_edge *edge = &node->edges[e];
            int64_t ready = node->kind == PLANCHE_NODE_PAD
                                ? available[edge->view.tensor] + edge->rows.offset
                                : rows_from(edge, node->step, available[edge->view.tensor]);
            rows = ready < rows ? ready : rows;
        }
        if (rows > 1 << 20) /* absurd enlargements: any anchor is right */
            rows = 1 << 20;
        node->anchor =
            node->kind == PLANCHE_NODE_ATTENTION ? node->step->shift : (int)(rows % node->tile);
        if (node->output >= 0)
            available[node->output] = rows;
    }
    planche_free(available);
    return true;
}

/* Columns beyond an edge that an unclamped need reaches: they must exist and be zero. */
static void find_margins(struct planche_program *program)
{
    for (int n = 0; n < program->node_count; n++) {
        struct planche_node *node = &program->nodes[n];
        if (!node->conv)
            continue;
        const struct planche_step *s = node->step;
        assert(s);
        int left = s->pad_left, right = s->pad_right;
        if (s->op == PLANCHE_STEP_DECONV)
            left = right = (s->kernel_w - 1) * s->dilation_w / s->stride_w + 1;
        for (int i = 0; i < s->input_count; i++) {
            struct planche_tensor_layout *in = &program->tensors[node->edges[i].view.tensor];
            in->margin_left = left > in->margin_left ? left : in->margin_left;
            in->margin_right = right > in->margin_right ? right : in->margin_right;
        }
    }
}

/* Floats of a tensor's row on a page of an ordinary size; 0: vectors, and sizes that do not suit
 * the network. */
static size_t nominal_row(const struct planche_program *program, int tensor,
                          const struct planche_shape *shapes)
{
    const struct planche_tensor_layout *layout = &program->tensors[tensor];
    int64_t width = tensor == program->page_tensor ? NOMINAL_SIDE : shapes[tensor].width;
    return (size_t)width * layout->lanes * layout->blocks;
}

/* Whether the rows of two tensors are alike: the same blocks, about the same width. */
static bool have_like_rows(const struct planche_program *program, int a, int b,
                           const struct planche_shape *shapes)
{
    const struct planche_tensor_layout *one = &program->tensors[a], *other = &program->tensors[b];
    size_t x = nominal_row(program, a, shapes), y = nominal_row(program, b, shapes);
    return one->lanes == other->lanes && one->blocks == other->blocks && x <= y + y / 16 &&
           y <= x + x / 16;
}

/* Tensors whose rows are alike share slots: see pass.h. */
static bool find_slot_classes(struct planche_program *program)
{
    size_t tensors = (size_t)program->tensor_count;
    struct planche_shape *shapes = planche_calloc(program->budget, tensors, sizeof(*shapes));
    int *first = planche_calloc(program->budget, tensors, sizeof(*first)); /* of each class */
    bool allocated = shapes && first;
    if (allocated && !planche_net_shapes(program->net, NOMINAL_SIDE, NOMINAL_SIDE, shapes))
        memset(shapes, 0, tensors * sizeof(*shapes));
    for (int t = 0; allocated && t < program->tensor_count; t++) {
        int class = 0;
        while (class < program->slot_class_count &&
               !have_like_rows(program, t, first[class], shapes))
            class ++;
        if (class == program->slot_class_count)
            first[program->slot_class_count++] = t;
        program->tensors[t].slot_class = class;
    }
    planche_free(shapes);
    planche_free(first);
    return allocated;
}

static bool find_scratch(struct planche_program *program)
{
    for (int n = 0; n < program->node_count; n++) {
        const struct planche_node *node = &program->nodes[n];
        size_t bytes = 0;
        if (node->conv && (!planche_pack_scratch(node, &bytes) || bytes > SIZE_MAX / 2))
            return false;
        if (node->kind == PLANCHE_NODE_ATTENTION)
            bytes = planche_attention_scratch(node->step, program->tensors[node->output].blocks);
        if (bytes > program->scratch_bytes)
            program->scratch_bytes = (bytes + PLANCHE_ALIGN - 1) / PLANCHE_ALIGN * PLANCHE_ALIGN;
    }
    return true;
}

static bool allocate(struct planche_program *program)
{
    size_t tensors = (size_t)program->tensor_count, nodes = (size_t)program->net->step_count + 3;
    program->tensors = planche_calloc(program->budget, tensors, sizeof(*program->tensors));
    program->nodes = planche_calloc(program->budget, nodes, sizeof(*program->nodes));
    program->tensor_level = planche_calloc(program->budget, tensors, sizeof(int));
    return program->tensors && program->nodes && program->tensor_level;
}

enum planche_status planche_program_create(struct planche_program **out,
                                           const struct planche_net *net, uint32_t features,
                                           enum planche_precision precision, uint64_t l2_bytes,
                                           struct planche_pool *pool, struct planche_budget *budget,
                                           struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    struct planche_program *program = planche_calloc(budget, 1, sizeof(*program));
    *out = NULL;
    if (!program)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for the network");
    program->budget = budget;
    program->net = net;
    program->precision = precision;
    program->page_tensor = net->tensor_count;
    program->tensor_count = net->tensor_count + 1;
    program->features = features;
    planche_kernels_init(&program->kernels, features);
    if (!allocate(program))
        goto no_memory;
    init_layouts(program);
    program->levels = planche_net_levels(net, program->tensor_level);
    if (!add_page_nodes(program))
        goto no_memory;
    status = add_net(program, l2_bytes, error);
    if (!status)
        status = planche_pack_weights(program, pool, error);
    if (status)
        goto fail;
    if (!add_emit_node(program))
        goto no_memory;
    find_levels(program);
    find_margins(program);
    if (!find_anchors(program) || !find_slot_classes(program) || !find_scratch(program))
        goto no_memory;
    *out = program;
    return PLANCHE_OK;
no_memory:
    status = planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for the network's weights");
fail:
    planche_program_destroy(&program);
    return status;
}

void planche_program_destroy(struct planche_program **program)
{
    struct planche_program *p = *program;
    if (!p)
        return;
    for (int n = 0; n < p->node_count; n++) {
        planche_pack_destroy(p->nodes[n].conv);
        planche_free(p->nodes[n].channel);
        for (int i = 0; i < p->nodes[n].tail.count; i++)
            planche_free(p->nodes[n].tail.ops[i].channel);
        planche_free(p->nodes[n].edges);
    }
    planche_free(p->nodes);
    planche_free(p->tensors);
    planche_free(p->tensor_level);
    planche_free(p->weights);
    planche_free(p);
    *program = NULL;
}

const char *planche_node_kind_name(const struct planche_node *node)
{
    static const char *const names[] = {
        [PLANCHE_NODE_FETCH] = "fetch",
        [PLANCHE_NODE_PAD] = "pad",
        [PLANCHE_NODE_CONV] = "conv",
        [PLANCHE_NODE_WINOGRAD] = "winograd",
        [PLANCHE_NODE_BINARY] = "binary",
        [PLANCHE_NODE_BINARY_SCALAR] = "scalar",
        [PLANCHE_NODE_BINARY_VECTOR] = "excite",
        [PLANCHE_NODE_CHANNEL] = "channel",
        [PLANCHE_NODE_CONCAT] = "concat",
        [PLANCHE_NODE_INTERP] = "interp",
        [PLANCHE_NODE_SHUFFLE] = "shuffle",
        [PLANCHE_NODE_POOL] = "pool",
        [PLANCHE_NODE_DEPTHWISE] = "depthwise",
        [PLANCHE_NODE_NORM] = "norm",
        [PLANCHE_NODE_BORDER] = "border",
        [PLANCHE_NODE_ATTENTION] = "attention",
        [PLANCHE_NODE_EMIT] = "emit",
    };
    bool deconv = node->step && node->step->op == PLANCHE_STEP_DECONV;
    return deconv ? "deconv" : names[node->kind];
}
