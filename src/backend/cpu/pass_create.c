/* SPDX-License-Identifier: MIT */
/* Liveness analysis of a pass: which nodes run, which rows and columns they produce, how many slots
 * they take. */
#include "backend/cpu/pass.h"

#include "base/checked.h"
#include "base/status.h"
#include "net/integers.h"

#include <assert.h>

/* Where a border at page column x lies in a pooled tensor: a whole number of segments, so that
 * stripes never share one. */
static int64_t pool_border(int64_t x, int64_t page_width, int64_t width)
{
    if (x >= page_width)
        return width;
    return x * width / page_width / PLANCHE_POOL_SEGMENT * PLANCHE_POOL_SEGMENT;
}

/* The range a sink owns; false if the node is no sink of this pass or owns nothing here. */
static bool own_range(const struct planche_pass_spec *spec, int n, struct planche_part *part)
{
    const struct planche_node *node = &spec->program->nodes[n];
    const struct planche_geometry *g = spec->geometry;
    const struct planche_rect *r = &spec->region;
    struct planche_shape shape = planche_node_shape(spec->program, g, node);
    if (node->kind == PLANCHE_NODE_POOL && node->level + 1 == spec->level) {
        part->rect.x0 = pool_border(r->x0, g->page_width, shape.width);
        part->rect.x1 = pool_border(r->x1, g->page_width, shape.width);
        part->rect.y0 = r->y0 * shape.height / g->page_height;
        part->rect.y1 = r->y1 * shape.height / g->page_height;
    } else if (node->kind == PLANCHE_NODE_EMIT && spec->level == spec->program->levels + 1) {
        int64_t scale = spec->program->net->recipe.scale;
        part->rect.x0 = r->x0 * scale;
        part->rect.x1 = r->x1 * scale;
        part->rect.y0 = r->y0 * scale;
        part->rect.y1 = r->y1 * scale;
    } else {
        return false;
    }
    return !planche_rect_is_empty(part->rect);
}

static void need(struct planche_buffer *buffer, struct planche_rect rect)
{
    planche_rect_widen(&buffer->rect, rect);
    buffer->used = buffer->used || !planche_rect_is_empty(rect);
}

/* A node makes whole groups of rows and whole tiles of columns, or its results would depend on
 * where a stripe ends. */
static void round_part(const struct planche_node *node, const struct planche_shape *shape,
                       struct planche_part *part)
{
    int64_t columns = node->kind == PLANCHE_NODE_SHUFFLE ? node->shuffle : node->tile;
    part->rect.y0 =
        planche_int_clamp(planche_node_group_floor(node, part->rect.y0), 0, shape->height);
    part->rect.y1 =
        planche_int_clamp(planche_node_group_ceil(node, part->rect.y1), 0, shape->height);
    int64_t from = node->kind == PLANCHE_NODE_ATTENTION ? node->anchor : 0;
    part->rect.x0 = planche_int_clamp(
        planche_floor_div(part->rect.x0 - from, columns) * columns + from, 0, shape->width);
    part->rect.x1 = planche_int_clamp(
        planche_ceil_div(part->rect.x1 - from, columns) * columns + from, 0, shape->width);
}

static void activate(struct planche_pass *pass, int n)
{
    const struct planche_program *program = pass->spec.program;
    const struct planche_node *node = &program->nodes[n];
    struct planche_part *part = &pass->parts[n];
    struct planche_shape shape = planche_node_shape(program, pass->spec.geometry, node);
    part->active = true;
    if (node->output >= 0) {
        part->rect = pass->buffers[node->output].rect;
        round_part(node, &shape, part);
        need(&pass->buffers[node->output], part->rect);
    }
    assert(!planche_rect_is_empty(part->rect));
    for (int e = 0; e < node->edge_count; e++) {
        const struct planche_edge *edge = &node->edges[e];
        need(&pass->buffers[edge->view.tensor],
             planche_receptive_field_rect(&edge->rows, &edge->columns, &edge->view,
                                          pass->spec.geometry->shapes, shape, part->rect));
    }
    if (node->step) {
        double share = (double)(part->rect.y1 - part->rect.y0) *
                       (double)(part->rect.x1 - part->rect.x0) /
                       ((double)shape.height * (double)shape.width);
        part->macs =
            share * planche_step_macs(program->net, node->step, pass->spec.geometry->shapes);
        pass->macs += part->macs;
    }
}

/* The page's own nodes always run: the page can be read again. */
static bool may_run(const struct planche_pass_spec *spec, int n)
{
    return n >= spec->first || spec->program->nodes[n].step == NULL;
}

static void find_ranges(struct planche_pass *pass)
{
    const struct planche_pass_spec *spec = &pass->spec;
    const struct planche_program *program = spec->program;
    for (int n = program->node_count - 1; n >= 0; n--) {
        int t = program->nodes[n].output;
        pass->parts[n].output = t;
        pass->parts[n].excite = -1;
        if (t >= 0 && spec->store && spec->store[t]) {
            struct planche_shape shape = spec->geometry->shapes[t];
            need(&pass->buffers[t], (struct planche_rect){0, shape.width, 0, shape.height});
            pass->buffers[t].retained = true;
        }
        if (t < 0 ? own_range(spec, n, &pass->parts[n]) : pass->buffers[t].used && may_run(spec, n))
            activate(pass, n);
    }
    for (int t = 0; t < program->tensor_count; t++) {
        struct planche_buffer *b = &pass->buffers[t];
        int producer = b->producer = program->tensors[t].producer;
        if (!b->used || (pass->parts[producer].active && !b->retained))
            continue;
        struct planche_shape shape = spec->geometry->shapes[t]; /* retained, now or before */
        *b = (struct planche_buffer){.used = true,
                                     .retained = true,
                                     .rect = {0, shape.width, 0, shape.height},
                                     .producer = producer};
    }
}

static bool list_consumers(struct planche_pass *pass, struct planche_budget *budget)
{
    const struct planche_program *program = pass->spec.program;
    size_t edges = 0;
    for (int n = 0; n < program->node_count; n++)
        edges += pass->parts[n].active ? (size_t)program->nodes[n].edge_count : 0;
    pass->consumers = planche_calloc(budget, edges + 1, sizeof(*pass->consumers));
    pass->consumer_start =
        planche_calloc(budget, (size_t)program->tensor_count + 2, sizeof(*pass->consumer_start));
    if (!pass->consumers || !pass->consumer_start)
        return false;
    int *start = pass->consumer_start + 1; /* counts, then ends, then starts as the lists fill */
    for (int n = 0; n < program->node_count; n++)
        for (int e = 0; pass->parts[n].active && e < program->nodes[n].edge_count; e++)
            start[program->nodes[n].edges[e].view.tensor + 1]++;
    for (int t = 0; t < program->tensor_count; t++)
        start[t + 1] += start[t];
    for (int n = 0; n < program->node_count; n++)
        for (int e = 0; pass->parts[n].active && e < program->nodes[n].edge_count; e++)
            pass->consumers[start[program->nodes[n].edges[e].view.tensor]++] =
                (struct planche_consumer){n, e};
    return true;
}

/* The convolution that can do the multiplication of node n by a vector, since nobody else wants its
 * output in this pass; -1: there is none. */
static int find_excited(const struct planche_pass *pass, int n)
{
    const struct planche_program *program = pass->spec.program;
    const struct planche_node *node = &program->nodes[n];
    if (!pass->parts[n].active || node->kind != PLANCHE_NODE_BINARY_VECTOR ||
        node->step->binary != PLANCHE_BINARY_MUL || !planche_view_is_whole(&node->edges[0].view))
        return -1;
    int tensor = node->edges[0].view.tensor, producer = program->tensors[tensor].producer;
    enum planche_node_kind kind = program->nodes[producer].kind;
    bool wide = program->tensors[tensor].lanes == PLANCHE_LANES &&
                (kind == PLANCHE_NODE_CONV || kind == PLANCHE_NODE_WINOGRAD) &&
                program->nodes[producer].tail.count == 0;
    int readers = pass->consumer_start[tensor + 1] - pass->consumer_start[tensor];
    return wide && pass->parts[producer].active && !pass->buffers[tensor].retained && readers == 1
               ? producer
               : -1;
}

/* Multiplications by a vector cost nothing in the epilogue of the convolution before. The
 * operations are the same, so that it does not matter to the bytes whether a pass can do so. */
static void fuse_excites(struct planche_pass *pass)
{
    const struct planche_program *program = pass->spec.program;
    for (int n = 0; n < program->node_count; n++) {
        int excited = find_excited(pass, n);
        if (excited < 0)
            continue;
        struct planche_part *part = &pass->parts[excited];
        struct planche_buffer *buffer = &pass->buffers[program->nodes[n].output];
        pass->buffers[part->output].used = false;
        pass->parts[n].active = false;
        part->output = program->nodes[n].output;
        part->excite = n;
        buffer->producer = excited;
        need(buffer, part->rect);
    }
}

static void count_taken(struct planche_pass *pass, int tensor, int64_t y0, int64_t y1)
{
    struct planche_buffer *buffer = &pass->buffers[tensor];
    struct planche_slots *slots = &pass->slots[pass->spec.program->tensors[tensor].slot_class];
    slots->used += y1 - y0;
    if (slots->used > slots->count)
        slots->count = slots->used;
    if (y1 - buffer->freed > buffer->height)
        buffer->height = y1 - buffer->freed;
}

static void count_given(struct planche_pass *pass, int tensor, int64_t y0, int64_t y1)
{
    struct planche_slots *slots = &pass->slots[pass->spec.program->tensors[tensor].slot_class];
    slots->used -= y1 - y0;
    assert(slots->used >= 0);
}

/* Runs the schedule and notes how many rows are alive at once. */
static void find_heights(struct planche_pass *pass)
{
    int n;
    int64_t done;
    planche_pass_start(pass);
    while (planche_pass_next(pass, &n, &done)) {
        int t = pass->parts[n].output;
        if (t >= 0 && !pass->buffers[t].retained)
            count_taken(pass, t, pass->parts[n].done, done);
        planche_pass_advance(pass, n, done, count_given);
    }
    assert(planche_pass_is_over(pass));
}

/* Row strides that are a multiple of a memory page would put the rows of a column into one cache
 * set. */
#define CACHE_ALIAS_FLOATS 1024

/* Strides of rows that hold columns [x0, x1). */
static bool find_strides(const struct planche_tensor_layout *layout, int64_t x0, int64_t x1,
                         size_t *block_stride, size_t *row_stride)
{
    if (!planche_mul_size((size_t)(x1 - x0), layout->lanes, block_stride) ||
        !planche_add_size(*block_stride, PLANCHE_LANES - 1, block_stride))
        return false;
    *block_stride -= *block_stride % PLANCHE_LANES;
    if (!planche_mul_size(*block_stride, layout->blocks, row_stride))
        return false;
    if (*row_stride % CACHE_ALIAS_FLOATS == 0)
        *row_stride += PLANCHE_LANES;
    return true;
}

bool planche_retained_bytes(const struct planche_program *program,
                            const struct planche_geometry *geometry, int tensor, size_t *bytes)
{
    const struct planche_tensor_layout *layout = &program->tensors[tensor];
    size_t block, row;
    return find_strides(layout, -layout->margin_left,
                        geometry->shapes[tensor].width + layout->margin_right, &block, &row) &&
           planche_mul_size(row, (size_t)geometry->shapes[tensor].height, bytes) &&
           planche_mul_size(*bytes, sizeof(float), bytes);
}

/* The columns of slots: those of all tensors of the class and their margins. */
static void find_slot_columns(struct planche_pass *pass)
{
    const struct planche_program *program = pass->spec.program;
    for (int t = 0; t < program->tensor_count; t++) {
        const struct planche_tensor_layout *layout = &program->tensors[t];
        const struct planche_rect *rect = &pass->buffers[t].rect;
        struct planche_slots *slots = &pass->slots[layout->slot_class];
        if (!pass->buffers[t].used || pass->buffers[t].retained)
            continue;
        int64_t x0 = rect->x0 - layout->margin_left, x1 = rect->x1 + layout->margin_right;
        bool first = slots->x0 == slots->x1;
        slots->x0 = first || x0 < slots->x0 ? x0 : slots->x0;
        slots->x1 = first || x1 > slots->x1 ? x1 : slots->x1;
    }
}

/* Strides of all tensors' rows, and the size of slots. */
static bool find_slots(struct planche_pass *pass)
{
    const struct planche_program *program = pass->spec.program;
    find_slot_columns(pass);
    for (int t = 0; t < program->tensor_count; t++) {
        const struct planche_tensor_layout *layout = &program->tensors[t];
        struct planche_buffer *b = &pass->buffers[t];
        struct planche_slots *slots = &pass->slots[layout->slot_class];
        if (!b->used)
            continue;
        b->origin = b->retained ? b->rect.x0 - layout->margin_left : slots->x0;
        int64_t end = b->retained ? b->rect.x1 + layout->margin_right : slots->x1;
        if (!find_strides(layout, b->origin, end, &b->block_stride, &b->row_stride))
            return false;
        if (b->retained)
            b->height = b->rect.y1;
        else
            slots->floats = b->row_stride;
        if (b->block_stride > pass->zero_floats)
            pass->zero_floats = b->block_stride;
    }
    return true;
}

static void find_sums(struct planche_pass *pass)
{
    const struct planche_program *program = pass->spec.program;
    for (int n = 0; n < program->node_count; n++)
        if (pass->parts[n].active && program->nodes[n].kind == PLANCHE_NODE_POOL) {
            const struct planche_tensor_layout *in =
                &program->tensors[program->nodes[n].edges[0].view.tensor];
            pass->parts[n].sum_offset = pass->sum_count;
            pass->sum_count += ((size_t)in->blocks * in->lanes + 7) / 8 * 8;
        }
}

/* Pointers to rows and slots. */
static size_t table_bytes(const struct planche_pass *pass)
{
    size_t count = 0;
    for (int t = 0; t < pass->spec.program->tensor_count; t++)
        count += (size_t)pass->buffers[t].height;
    for (int c = 0; c < pass->spec.program->slot_class_count; c++)
        count += (size_t)pass->slots[c].count;
    return (count * sizeof(float *) + PLANCHE_ALIGN - 1) / PLANCHE_ALIGN * PLANCHE_ALIGN;
}

static bool find_bytes(struct planche_pass *pass)
{
    const struct planche_program *program = pass->spec.program;
    size_t floats = pass->zero_floats, rows, worker;
    for (int c = 0; c < program->slot_class_count; c++)
        if (!planche_mul_size(pass->slots[c].floats, (size_t)pass->slots[c].count, &rows) ||
            !planche_add_size(floats, rows, &floats))
            return false;
    return planche_add_size(program->scratch_bytes,
                            pass->sum_count * sizeof(int64_t) + PLANCHE_ALIGN, &worker) &&
           planche_mul_size(worker, pass->spec.workers, &pass->slab_bytes) &&
           planche_mul_size(floats, sizeof(float), &floats) &&
           planche_add_size(pass->slab_bytes, floats, &pass->slab_bytes) &&
           planche_add_size(pass->slab_bytes, table_bytes(pass), &pass->slab_bytes);
}

/* Page rows that a round advances: what one group of rows of the deepest tiles is worth, and no
 * fewer than layers without tiles make at a time. */
static int64_t rows_per_round(const struct planche_pass_spec *spec)
{
    int tile = 1;
    for (int n = 0; n < spec->program->node_count; n++)
        tile = spec->program->nodes[n].tile > tile ? spec->program->nodes[n].tile : tile;
    return (int64_t)(tile > 1 ? tile : PLANCHE_PASS_ROWS) * spec->band;
}

enum planche_status planche_pass_create(struct planche_pass **out,
                                        const struct planche_pass_spec *spec,
                                        struct planche_budget *budget, struct planche_error *error)
{
    const struct planche_program *program = spec->program;
    size_t tensors = (size_t)program->tensor_count, nodes = (size_t)program->node_count;
    struct planche_pass *pass = planche_calloc(budget, 1, sizeof(*pass));
    *out = NULL;
    if (!pass)
        goto no_memory;
    pass->spec = *spec;
    pass->buffers = planche_calloc(budget, tensors, sizeof(*pass->buffers));
    pass->parts = planche_calloc(budget, nodes, sizeof(*pass->parts));
    pass->goals = planche_calloc(budget, nodes, sizeof(*pass->goals));
    pass->stack = planche_calloc(budget, nodes, sizeof(*pass->stack));
    pass->slots = planche_calloc(budget, (size_t)program->slot_class_count, sizeof(*pass->slots));
    if (!pass->buffers || !pass->parts || !pass->goals || !pass->stack || !pass->slots)
        goto no_memory;
    find_ranges(pass);
    if (!list_consumers(pass, budget))
        goto no_memory;
    fuse_excites(pass);
    int64_t step = rows_per_round(spec);
    pass->rounds = (spec->region.y1 - spec->region.y0 + step - 1) / step;
    find_heights(pass);
    find_sums(pass);
    if (!find_slots(pass) || !find_bytes(pass)) {
        planche_pass_destroy(&pass);
        return planche_fail(error, PLANCHE_ERROR_LIMIT, "the page is too large for this machine");
    }
    *out = pass;
    return PLANCHE_OK;
no_memory:
    planche_pass_destroy(&pass);
    return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory to plan the page");
}

void planche_pass_destroy(struct planche_pass **pass)
{
    struct planche_pass *p = *pass;
    if (!p)
        return;
    planche_free(p->buffers);
    planche_free(p->slots);
    planche_free(p->parts);
    planche_free(p->goals);
    planche_free(p->stack);
    planche_free(p->consumers);
    planche_free(p->consumer_start);
    planche_free(p);
    *pass = NULL;
}
