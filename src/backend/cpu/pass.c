/* SPDX-License-Identifier: MIT */
/* Static schedule and liveness analysis of a pass: which nodes run, which rows and columns they
 * produce, how many slots they take. */
#include "backend/cpu/pass.h"

#include "base/checked.h"
#include "base/status.h"
#include "net/integers.h"

#include <assert.h>
#include <string.h>

int64_t planche_node_group_floor(const struct planche_node *node, int64_t y)
{
    return planche_floor_div(y - node->anchor, node->tile) * node->tile + node->anchor;
}

int64_t planche_node_group_ceil(const struct planche_node *node, int64_t y)
{
    return planche_ceil_div(y - node->anchor, node->tile) * node->tile + node->anchor;
}

struct planche_shape planche_node_shape(const struct planche_program *program,
                                        const struct planche_geometry *geometry,
                                        const struct planche_node *node)
{
    if (node->output >= 0)
        return geometry->shapes[node->output];
    if (node->kind == PLANCHE_NODE_POOL)
        return planche_view_shape(&node->edges[0].view, geometry->shapes);
    unsigned scale = program->net->recipe.scale;
    return (struct planche_shape){geometry->page_height * scale, geometry->page_width * scale};
}

void planche_edge_rows(const struct planche_pass *pass, int node, int edge, int64_t y0, int64_t y1,
                       int64_t *lo, int64_t *hi)
{
    const struct planche_node *n = &pass->spec.program->nodes[node];
    const struct planche_edge *e = &n->edges[edge];
    int64_t size = planche_view_shape(&e->view, pass->spec.geometry->shapes).height;
    int64_t out = planche_node_shape(pass->spec.program, pass->spec.geometry, n).height;
    planche_receptive_field_clip(&e->rows, y0, y1, size, out, lo, hi);
    *lo += e->view.top;
    *hi += e->view.top;
}

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
    part->rect.x0 = part->rect.x0 / columns * columns;
    part->rect.x1 =
        planche_int_clamp((part->rect.x1 + columns - 1) / columns * columns, 0, shape->width);
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
                (kind == PLANCHE_NODE_CONV || kind == PLANCHE_NODE_WINOGRAD);
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

void planche_pass_start(struct planche_pass *pass)
{
    const struct planche_program *program = pass->spec.program;
    for (int n = 0; n < program->node_count; n++) {
        pass->parts[n].done = pass->parts[n].rect.y0;
        if (pass->parts[n].active && pass->parts[n].output >= 0)
            pass->buffers[pass->parts[n].output].freed = pass->parts[n].rect.y0;
    }
    for (int c = 0; c < program->slot_class_count; c++)
        pass->slots[c].used = 0;
    pass->depth = 0;
    pass->round = 0;
    pass->sink = program->node_count;
}

/* Rows of nodes that have no tiles, made at a time: as many as a tile has. */
#define FEW_ROWS 6
static_assert(FEW_ROWS == PLANCHE_WINOGRAD_TILE_MAX, "rounds are of one tile's rows");

int64_t planche_pass_emit_rows(int band)
{
    return (int64_t)band * FEW_ROWS;
}

/* A sink's (or retained tensor's) share of the rows after a round. */
static int64_t share(const struct planche_pass *pass, const struct planche_part *part,
                     int64_t round)
{
    return part->rect.y0 +
           ((part->rect.y1 - part->rect.y0) * round + pass->rounds - 1) / pass->rounds;
}

static bool is_sink(const struct planche_pass *pass, int n)
{
    int output = pass->parts[n].output;
    return pass->parts[n].active && (output < 0 || pass->buffers[output].retained);
}

static void request_rows(struct planche_pass *pass, int n, int64_t rows)
{
    const struct planche_part *part = &pass->parts[n];
    assert(part->active && pass->depth < pass->spec.program->node_count);
    pass->goals[n] = rows < part->rect.y1 ? rows : part->rect.y1;
    pass->stack[pass->depth++] = n;
}

/* Requests the next sink's share of the round; false: the last round is over. */
static bool request_sink(struct planche_pass *pass)
{
    for (;;) {
        if (pass->sink == pass->spec.program->node_count) {
            if (pass->round == pass->rounds)
                return false;
            pass->round++;
            pass->sink = 0;
        }
        int n = pass->sink++;
        if (is_sink(pass, n)) {
            request_rows(pass, n, share(pass, &pass->parts[n], pass->round));
            return true;
        }
    }
}

/* How far a node gets when it runs next. */
static int64_t next_rows(const struct planche_pass *pass, int n)
{
    const struct planche_node *node = &pass->spec.program->nodes[n];
    const struct planche_part *part = &pass->parts[n];
    int64_t band = pass->spec.band;
    int64_t max =
        node->tile > 1 ? part->done + (band - 1) * node->tile + 1 : part->done + band * FEW_ROWS;
    int64_t rows = max < pass->goals[n] ? max : pass->goals[n];
    return planche_int_clamp(planche_node_group_ceil(node, rows), part->rect.y0, part->rect.y1);
}

/* Requests the input rows that the node lacks; false: it lacks none. */
static bool request_input(struct planche_pass *pass, int n, int64_t done)
{
    const struct planche_program *program = pass->spec.program;
    for (int e = 0; e < program->nodes[n].edge_count; e++) {
        int producer = pass->buffers[program->nodes[n].edges[e].view.tensor].producer;
        int64_t lo, hi;
        if (!pass->parts[producer].active)
            continue; /* an earlier pass retained it */
        planche_edge_rows(pass, n, e, pass->parts[n].done, done, &lo, &hi);
        if (hi > pass->parts[producer].done) {
            request_rows(pass, producer, hi);
            return true;
        }
    }
    return false;
}

bool planche_pass_next(struct planche_pass *pass, int *node, int64_t *done)
{
    while (pass->depth > 0 || request_sink(pass)) {
        int n = pass->stack[pass->depth - 1];
        if (pass->parts[n].done >= pass->goals[n]) {
            pass->depth--;
            continue;
        }
        int64_t rows = next_rows(pass, n);
        assert(rows > pass->parts[n].done);
        if (request_input(pass, n, rows))
            continue;
        *node = n;
        *done = rows;
        return true;
    }
    return false;
}

bool planche_pass_is_over(const struct planche_pass *pass)
{
    const struct planche_program *program = pass->spec.program;
    for (int n = 0; n < program->node_count; n++)
        if (pass->parts[n].active && pass->parts[n].done != pass->parts[n].rect.y1)
            return false;
    for (int c = 0; c < program->slot_class_count; c++)
        if (pass->slots[c].used != 0)
            return false;
    return true;
}

/* The first row of a tensor that somebody still needs; `end` when nobody does. */
static int64_t first_needed(const struct planche_pass *pass, int tensor, int64_t end)
{
    int64_t first = end;
    for (int c = pass->consumer_start[tensor]; c < pass->consumer_start[tensor + 1]; c++) {
        const struct planche_consumer *consumer = &pass->consumers[c];
        const struct planche_part *part = &pass->parts[consumer->node];
        int64_t lo, hi;
        if (part->done >= part->rect.y1)
            continue;
        planche_edge_rows(pass, consumer->node, consumer->edge, part->done, part->rect.y1, &lo,
                          &hi);
        first = lo < first ? lo : first;
    }
    return first;
}

static void give_unneeded(struct planche_pass *pass, int tensor, planche_give_fn give)
{
    struct planche_buffer *buffer = &pass->buffers[tensor];
    if (buffer->retained)
        return;
    int64_t end = pass->parts[buffer->producer].done;
    int64_t first = first_needed(pass, tensor, end);
    if (first <= buffer->freed)
        return;
    assert(first <= end);
    give(pass, tensor, buffer->freed, first);
    buffer->freed = first;
}

void planche_pass_advance(struct planche_pass *pass, int node, int64_t done, planche_give_fn give)
{
    const struct planche_node *n = &pass->spec.program->nodes[node];
    struct planche_part *part = &pass->parts[node];
    assert(done > part->done && done <= part->rect.y1);
    part->done = done;
    for (int e = 0; e < n->edge_count; e++)
        give_unneeded(pass, n->edges[e].view.tensor, give);
    if (part->output >= 0) /* what reaches beyond all readers' views */
        give_unneeded(pass, part->output, give);
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

static bool find_strides(const struct planche_tensor_layout *layout, int64_t width,
                         size_t *block_stride, size_t *row_stride)
{
    size_t columns = (size_t)(width + layout->margin_left + layout->margin_right);
    if (!planche_mul_size(columns, layout->lanes, block_stride) ||
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
    size_t block, row;
    return find_strides(&program->tensors[tensor], geometry->shapes[tensor].width, &block, &row) &&
           planche_mul_size(row, (size_t)geometry->shapes[tensor].height, bytes) &&
           planche_mul_size(*bytes, sizeof(float), bytes);
}

/* Strides of all tensors' rows, and the slots that hold the largest of each class. */
static bool find_slots(struct planche_pass *pass)
{
    const struct planche_program *program = pass->spec.program;
    for (int t = 0; t < program->tensor_count; t++) {
        struct planche_buffer *b = &pass->buffers[t];
        struct planche_slots *slots = &pass->slots[program->tensors[t].slot_class];
        if (!b->used)
            continue;
        if (!find_strides(&program->tensors[t], b->rect.x1 - b->rect.x0, &b->block_stride,
                          &b->row_stride))
            return false;
        if (b->retained)
            b->height = b->rect.y1;
        else if (b->row_stride > slots->floats)
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
    return (int64_t)(tile > 1 ? tile : FEW_ROWS) * spec->band;
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
