/* SPDX-License-Identifier: MIT */
/* Schedule of a pass: which node runs next and how far, and which rows nobody needs any more. */
#include "backend/cpu/pass.h"

#include "net/integers.h"

#include <assert.h>

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

int64_t planche_pass_emit_rows(int band)
{
    return (int64_t)band * PLANCHE_PASS_ROWS;
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
    int64_t max = node->tile > 1 ? part->done + (band - 1) * node->tile + 1
                                 : part->done + band * PLANCHE_PASS_ROWS;
    int64_t rows = max < pass->goals[n] ? max : pass->goals[n];
    return planche_int_clamp(planche_node_group_ceil(node, rows), part->rect.y0, part->rect.y1);
}

/* The end of a band of tiles from where a node is; readers that are at a larger scale, or end a
 * group earlier, ask for less. A tile's weights are read once for a band. */
static int64_t whole_band(const struct planche_pass *pass, int n)
{
    const struct planche_node *node = &pass->spec.program->nodes[n];
    return node->tile > 1 ? pass->parts[n].done + (pass->spec.band - 1) * node->tile + 1 : 0;
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
            int64_t whole = whole_band(pass, producer);
            request_rows(pass, producer, hi > whole ? hi : whole);
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
