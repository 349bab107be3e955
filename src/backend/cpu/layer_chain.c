/* SPDX-License-Identifier: MIT */
/* Geometry of chains: which steps can follow each other, where strips begin, how far a step gets.
 */
#include "backend/cpu/layer_chain.h"

#include "base/checked.h"
#include "net/integers.h"

#include <assert.h>

static const struct planche_node *node_of(const struct planche_pass *pass, int k)
{
    return &pass->spec.program->nodes[pass->chain->steps[k].node];
}

static const struct planche_part *part_of(const struct planche_pass *pass, int k)
{
    return &pass->parts[pass->chain->steps[k].node];
}

/* The class of slots that a tensor's rows lie in; -1: they do not. */
static int class_of(const struct planche_pass *pass, int tensor)
{
    return pass->buffers[tensor].retained ? -1 : pass->spec.program->tensors[tensor].slot_class;
}

static int output_class(const struct planche_pass *pass, int k)
{
    return class_of(pass, part_of(pass, k)->output);
}

static int input_class(const struct planche_pass *pass, int k, int edge)
{
    return class_of(pass, node_of(pass, k)->edges[edge].view.tensor);
}

/* Columns that are not divided. */
static int64_t unit_of(const struct planche_node *node)
{
    if (node->kind == PLANCHE_NODE_SHUFFLE)
        return node->shuffle;
    return node->kind == PLANCHE_NODE_CONV ? node->conv->phases_x : node->tile;
}

static int64_t floor_unit(const struct planche_pass *pass, int k, int64_t x)
{
    const struct planche_rect *rect = &part_of(pass, k)->rect;
    int64_t unit = unit_of(node_of(pass, k));
    if (x >= rect->x1)
        return rect->x1;
    return x <= rect->x0 ? rect->x0 : rect->x0 + (x - rect->x0) / unit * unit;
}

static int64_t ceil_unit(const struct planche_pass *pass, int k, int64_t x)
{
    return floor_unit(pass, k, x + unit_of(node_of(pass, k)) - 1);
}

/* Columns [*lo, *hi) of the tensor that output columns [x0, x1) need through an edge. */
static void edge_columns(const struct planche_pass *pass, int k, int edge, int64_t x0, int64_t x1,
                         int64_t *lo, int64_t *hi)
{
    const struct planche_geometry *g = pass->spec.geometry;
    const struct planche_node *node = node_of(pass, k);
    const struct planche_edge *e = &node->edges[edge];
    planche_receptive_field_clip(&e->columns, x0, x1, planche_view_shape(&e->view, g->shapes).width,
                                 planche_node_shape(pass->spec.program, g, node).width, lo, hi);
    *lo += e->view.left;
    *hi += e->view.left;
}

/* The first column of the tensor that outputs from x on need. */
static int64_t first_input(const struct planche_pass *pass, int k, int edge, int64_t x)
{
    int64_t lo, hi;
    edge_columns(pass, k, edge, x, x + 1, &lo, &hi);
    return lo;
}

/* The end of the columns that outputs up to x need. */
static int64_t input_end(const struct planche_pass *pass, int k, int edge, int64_t x)
{
    int64_t lo, hi;
    edge_columns(pass, k, edge, x - 1, x, &lo, &hi);
    return hi;
}

/* Where the outputs begin that need no column before `column`, in whole units. */
static int64_t outputs_without(const struct planche_pass *pass, int k, int edge, int64_t column)
{
    const struct planche_rect *rect = &part_of(pass, k)->rect;
    int64_t unit = unit_of(node_of(pass, k)), lo = 0, hi = (rect->x1 - rect->x0 + unit - 1) / unit;
    while (lo < hi) {
        int64_t middle = (lo + hi) / 2;
        if (first_input(pass, k, edge, rect->x0 + middle * unit) >= column)
            hi = middle;
        else
            lo = middle + 1;
    }
    return floor_unit(pass, k, rect->x0 + lo * unit);
}

/* The end of the outputs, not beyond x, that the columns before `end` suffice for. Called for
 * every block, so without search where there is a formula. */
static int64_t outputs_with(const struct planche_pass *pass, int k, int edge, int64_t end,
                            int64_t x)
{
    const struct planche_edge *e = &node_of(pass, k)->edges[edge];
    const struct planche_receptive_field *field = &e->columns;
    const struct planche_rect *rect = &part_of(pass, k)->rect;
    int64_t lo = rect->x0, have = end - e->view.left;
    if (x <= lo || input_end(pass, k, edge, x) <= end)
        return x;
    if (field->kind == PLANCHE_RECEPTIVE_FIELD_CONV)
        return planche_int_clamp(
            planche_floor_div(have - field->offset - field->extent - 1, field->stride) + 1, lo, x);
    if (field->kind == PLANCHE_RECEPTIVE_FIELD_DECONV)
        return planche_int_clamp(have * field->stride - field->offset, lo, x);
    while (lo < x) {
        int64_t middle = (lo + x + 1) / 2;
        if (input_end(pass, k, edge, middle) <= end)
            lo = middle;
        else
            x = middle - 1;
    }
    return lo;
}

/* Whether the chain's step p makes what step k reads through an edge. */
static bool feeds(const struct planche_pass *pass, int p, int k, int edge)
{
    return part_of(pass, p)->output == node_of(pass, k)->edges[edge].view.tensor;
}

static bool reads_chain(const struct planche_pass *pass, int k)
{
    for (int e = 0; e < node_of(pass, k)->edge_count; e++)
        for (int p = 0; p < k; p++)
            if (feeds(pass, p, k, e))
                return true;
    return false;
}

int64_t planche_layer_chain_column(const struct planche_pass *pass, int k, int64_t column)
{
    const struct planche_rect *from = &part_of(pass, 0)->rect, *to = &part_of(pass, k)->rect;
    return floor_unit(pass, k,
                      to->x0 + (column - from->x0) * (to->x1 - to->x0) / (from->x1 - from->x0));
}

static int64_t *start_at(struct planche_layer_chain *chain, int k, size_t strip)
{
    return &chain->starts[(size_t)k * (chain->strips + 1) + strip];
}

static int64_t *first_at(struct planche_layer_chain *chain, int k, size_t strip)
{
    return &chain->firsts[(size_t)k * chain->strips + strip];
}

static void fill(int64_t *values, int count, int64_t value)
{
    for (int i = 0; i < count; i++)
        values[i] = value;
}

static void raise(int64_t *value, int64_t least)
{
    if (*value < least)
        *value = least;
}

static void lower(int64_t *value, int64_t most)
{
    if (*value > most)
        *value = most;
}

/* Where step k begins in a strip: it needs nothing of the strip to the left, and overwrites
 * nothing (from `least` of its class on) that that one still reads. */
static int64_t find_start(const struct planche_pass *pass, int k, size_t strip,
                          const int64_t *least)
{
    struct planche_layer_chain *chain = pass->chain;
    const struct planche_rect *rect = &part_of(pass, k)->rect;
    int64_t x = rect->x0;
    if (chain->roots[k]) {
        const struct planche_rect *first = &part_of(pass, 0)->rect;
        int64_t width = first->x1 - first->x0;
        x = planche_layer_chain_column(
            pass, k, first->x0 + width * (int64_t)strip / (int64_t)chain->strips - chain->shift);
    }
    for (int e = 0; e < node_of(pass, k)->edge_count; e++)
        for (int p = 0; p < k; p++)
            if (feeds(pass, p, k, e))
                raise(&x, outputs_without(pass, k, e, *start_at(chain, p, strip)));
    if (output_class(pass, k) >= 0)
        raise(&x, least[output_class(pass, k)]);
    return ceil_unit(pass, k, x);
}

static void find_starts(const struct planche_pass *pass, size_t strip, int64_t *least)
{
    struct planche_layer_chain *chain = pass->chain;
    fill(least, pass->spec.program->slot_class_count, INT64_MIN);
    for (int k = 0; k < chain->count; k++) {
        int64_t x = *start_at(chain, k, strip) = find_start(pass, k, strip, least);
        if (output_class(pass, k) >= 0)
            raise(&least[output_class(pass, k)], x);
        for (int e = 0; e < node_of(pass, k)->edge_count; e++)
            if (input_class(pass, k, e) >= 0)
                raise(&least[input_class(pass, k, e)], input_end(pass, k, e, x));
    }
}

/* How far step k's first part has to go: what later ones' need, and so far that these overwrite
 * (up to `most` of a class) nothing that the rest of the strip still reads. */
static int64_t find_first(const struct planche_pass *pass, int k, size_t strip, const int64_t *most)
{
    struct planche_layer_chain *chain = pass->chain;
    int64_t x = *start_at(chain, k, strip);
    if (strip == 0 && k == chain->count - 1) /* about as much work as in other strips */
        x +=
            (*start_at(chain, k, 1) - planche_layer_chain_column(pass, k, *start_at(chain, 0, 1))) /
            2;
    for (int c = k + 1; c < chain->count; c++)
        for (int e = 0; e < node_of(pass, c)->edge_count; e++)
            if (feeds(pass, k, c, e))
                raise(&x, input_end(pass, c, e, *first_at(chain, c, strip)));
    for (int e = 0; e < node_of(pass, k)->edge_count; e++)
        if (input_class(pass, k, e) >= 0 && most[input_class(pass, k, e)] != INT64_MIN)
            raise(&x, outputs_without(pass, k, e, most[input_class(pass, k, e)]));
    if (output_class(pass, k) >= 0) {
        raise(&x, most[output_class(pass, k)]);
        /* Later ones wait for the margin on the left, which is cleared with the first columns. */
        if (most[output_class(pass, k)] != INT64_MIN && x == part_of(pass, k)->rect.x0)
            x++;
    }
    return ceil_unit(pass, k, x);
}

static void find_firsts(const struct planche_pass *pass, size_t strip, int64_t *most)
{
    struct planche_layer_chain *chain = pass->chain;
    fill(most, pass->spec.program->slot_class_count, INT64_MIN);
    for (int k = chain->count - 1; k >= 0; k--) {
        int64_t x = *first_at(chain, k, strip) = find_first(pass, k, strip, most);
        if (output_class(pass, k) >= 0)
            raise(&most[output_class(pass, k)], x);
    }
}

/* Whether a strip's first part leaves alone what the next strip's reads and writes meanwhile. */
static bool has_room(const struct planche_pass *pass, size_t strip, int64_t *most)
{
    struct planche_layer_chain *chain = pass->chain;
    bool last = strip + 1 == chain->strips;
    fill(most, pass->spec.program->slot_class_count, INT64_MIN);
    for (int k = 0; k < chain->count; k++) {
        int64_t end = *first_at(chain, k, strip), next = *start_at(chain, k, strip + 1);
        if (end > next || (last && end == next))
            return false;
        if (output_class(pass, k) >= 0)
            raise(&most[output_class(pass, k)], end);
    }
    for (int k = 0; k < chain->count && !last; k++) {
        int64_t next = *start_at(chain, k, strip + 1);
        if (output_class(pass, k) >= 0 && next < most[output_class(pass, k)])
            return false;
        for (int e = 0; e < node_of(pass, k)->edge_count; e++)
            if (input_class(pass, k, e) >= 0 &&
                first_input(pass, k, e, next) < most[input_class(pass, k, e)])
                return false;
    }
    return true;
}

/* Starts and first parts of all strips. False: there is no room for the first parts. */
static bool find_strips(const struct planche_pass *pass)
{
    struct planche_layer_chain *chain = pass->chain;
    bool room = true;
    for (int k = 0; k < chain->count; k++) {
        *start_at(chain, k, 0) = part_of(pass, k)->rect.x0;
        *start_at(chain, k, chain->strips) = part_of(pass, k)->rect.x1;
    }
    for (size_t s = 1; s < chain->strips; s++)
        find_starts(pass, s, chain->limits);
    for (size_t s = 0; chain->strips > 1 && s < chain->strips; s++) {
        find_firsts(pass, s, chain->limits);
        room = room && has_room(pass, s, chain->limits);
    }
    return room;
}

static bool may_join(const struct planche_node *node)
{
    switch (node->kind) {
    case PLANCHE_NODE_FETCH:
    case PLANCHE_NODE_PAD:
    case PLANCHE_NODE_POOL:
    case PLANCHE_NODE_BORDER: /* reflection reads columns in both directions */
    case PLANCHE_NODE_EMIT:
        return false;
    default:
        return true;
    }
}

bool planche_layer_chain_add(struct planche_pass *pass, int n, int64_t done)
{
    struct planche_layer_chain *chain = pass->chain;
    if (!chain || chain->count == PLANCHE_LAYER_CHAIN_STEPS ||
        !may_join(&pass->spec.program->nodes[n]))
        return false;
    int k = chain->count;
    bool repeats = chain->repeats && k < chain->known && chain->steps[k].node == n;
    if (chain->repeats && k == chain->known && chain->refused == n)
        return false;
    chain->repeats = repeats;
    if (!repeats)
        chain->refused = -1;
    chain->steps[chain->count++] = (struct planche_layer_chain_step){n, pass->parts[n].done, done};
    if (!repeats)
        chain->roots[k] = !reads_chain(pass, k);
    if (repeats || k == 0 || chain->strips == 1 || find_strips(pass))
        return true;
    chain->count--;
    chain->refused = n;
    return false;
}

/* Borders that lean as far to the left at first as to the right at last make strips of about the
 * same size. */
static void centre(struct planche_pass *pass)
{
    struct planche_layer_chain *chain = pass->chain;
    int last = chain->count - 1;
    int64_t shift = chain->shift, to = *start_at(chain, last, 1);
    const struct planche_rect *first = &part_of(pass, 0)->rect, *end = &part_of(pass, last)->rect;
    int64_t column = first->x0 + (to - end->x0) * (first->x1 - first->x0) / (end->x1 - end->x0);
    int64_t wanted = (column - *start_at(chain, 0, 1)) / 2;
    if (wanted <= shift)
        return;
    chain->shift = wanted;
    if (find_strips(pass))
        return;
    chain->shift = shift;
    find_strips(pass);
}

void planche_layer_chain_close(struct planche_pass *pass)
{
    struct planche_layer_chain *chain = pass->chain;
    if (!chain || chain->count == 0 || (chain->repeats && chain->count == chain->known))
        return;
    if (chain->repeats)
        chain->refused = -1;
    find_strips(pass);
    if (chain->strips > 1 && chain->count > 1)
        centre(pass);
    chain->known = chain->count;
}

void planche_layer_chain_clear(struct planche_pass *pass)
{
    struct planche_layer_chain *chain = pass->chain;
    if (!chain || chain->count == 0)
        return;
    for (int t = 0; t < pass->spec.program->tensor_count; t++)
        pass->buffers[t].kept = pass->buffers[t].freed;
    chain->count = 0;
    chain->repeats = chain->known > 0;
}

void planche_layer_chain_put(struct planche_pass *pass, int n, int64_t done)
{
    if (planche_layer_chain_add(pass, n, done))
        return;
    planche_layer_chain_close(pass);
    planche_layer_chain_clear(pass);
    planche_layer_chain_add(pass, n, done);
}

int64_t planche_layer_chain_frontier(const struct planche_pass *pass, int k, size_t strip,
                                     bool rest, int64_t goal, const int64_t *limits)
{
    const struct planche_layer_chain *chain = pass->chain;
    const struct planche_rect *rect = &part_of(pass, k)->rect;
    const int64_t *reached = chain->reached + strip * PLANCHE_LAYER_CHAIN_STEPS;
    int64_t x = goal;
    for (int e = 0; e < node_of(pass, k)->edge_count; e++)
        for (int p = 0; p < k; p++)
            if (feeds(pass, p, k, e) &&
                !(rest && reached[p] == planche_layer_chain_start(chain, p, strip + 1)))
                x = outputs_with(pass, k, e, reached[p], x);
    if (output_class(pass, k) >= 0 && limits[output_class(pass, k)] != INT64_MAX) {
        lower(&x, limits[output_class(pass, k)]);
        lower(&x, rect->x1 - 1); /* the margin belongs to the last columns */
    }
    return x == goal ? x : floor_unit(pass, k, x);
}

void planche_layer_chain_limit(const struct planche_pass *pass, int k, size_t strip, bool rest,
                               int64_t *limits)
{
    const struct planche_layer_chain *chain = pass->chain;
    int64_t x = chain->reached[strip * PLANCHE_LAYER_CHAIN_STEPS + (size_t)k];
    if (rest && x == planche_layer_chain_start(chain, k, strip + 1))
        return;
    /* What has not begun yet will clear all that lies to the left of it. */
    if (output_class(pass, k) >= 0)
        lower(&limits[output_class(pass, k)], x == part_of(pass, k)->rect.x0 ? INT64_MIN : x);
    for (int e = 0; e < node_of(pass, k)->edge_count; e++)
        if (input_class(pass, k, e) >= 0)
            lower(&limits[input_class(pass, k, e)], first_input(pass, k, e, x));
}

void planche_layer_chain_reset(struct planche_pass *pass)
{
    struct planche_layer_chain *chain = pass->chain;
    for (int t = 0; t < pass->spec.program->tensor_count; t++)
        pass->buffers[t].kept = pass->buffers[t].freed;
    if (!chain)
        return;
    chain->shift = 0;
    chain->count = chain->known = 0;
    chain->refused = -1;
    chain->repeats = false;
}

bool planche_layer_chain_create(struct planche_pass *pass, struct planche_budget *budget)
{
    size_t strips = pass->spec.workers, steps = PLANCHE_LAYER_CHAIN_STEPS;
    size_t classes = (size_t)pass->spec.program->slot_class_count, limits, count;
    if (pass->spec.block <= 0)
        return true;
    if (!planche_mul_size(strips + 1, classes, &limits) ||
        !planche_mul_size(strips + 1, 3 * steps, &count) ||
        !planche_add_size(count, limits, &count))
        return false;
    struct planche_layer_chain *chain = pass->chain = planche_calloc(budget, 1, sizeof(*chain));
    if (!chain)
        return false;
    chain->marks = planche_calloc(budget, count, sizeof(*chain->marks));
    if (!chain->marks)
        return false;
    chain->block = pass->spec.block;
    chain->strips = pass->spec.workers;
    chain->starts = chain->marks;
    chain->firsts = chain->starts + (strips + 1) * steps;
    chain->reached = chain->firsts + strips * steps;
    chain->limits = chain->reached + strips * steps;
    return true;
}

void planche_layer_chain_destroy(struct planche_layer_chain **chain)
{
    if (*chain)
        planche_free((*chain)->marks);
    planche_free(*chain);
    *chain = NULL;
}
