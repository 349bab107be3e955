/* SPDX-License-Identifier: MIT */
/* Executor of a pass: the schedule with arithmetic, and the slots that rows take. */
#include "backend/cpu/exec_nodes.h"

#include "base/status.h"
#include "os/clock.h"

#include <assert.h>
#include <string.h>

static_assert(PLANCHE_PLANES <= PLANCHE_PLANAR_CHANNELS, "pages are planar");

static enum planche_status fetch_rows(const struct planche_exec *exec,
                                      const struct planche_node *node,
                                      const struct planche_part *part, int64_t y0, int64_t y1,
                                      struct planche_error *error)
{
    const struct planche_page_io *io = exec->data->io;
    unsigned blocks = exec->pass->spec.program->tensors[node->output].blocks;
    for (int64_t y = y0; y < y1; y++) {
        float *planes[PLANCHE_PLANES];
        for (unsigned b = 0; b < blocks; b++)
            planes[b] = planche_exec_row(exec, node->output, y, b) + part->rect.x0;
        enum planche_status status = io->fetch(
            io->user, y, part->rect.x0, (size_t)(part->rect.x1 - part->rect.x0), planes, error);
        if (status)
            return status;
    }
    return PLANCHE_OK;
}

/* Columns [x0, x1) of a row that begins `pad` columns before `in` and goes on beyond both of its
 * ends as in a mirror. */
static void pad_row(const float *in, int64_t width, int64_t pad, int64_t x0, int64_t x1, float *out)
{
    int64_t first = pad > x0 ? pad : x0, end = pad + width < x1 ? pad + width : x1;
    if (first >= end)
        first = end = x1;
    for (int64_t x = x0; x < first; x++)
        out[x] = in[planche_reflect(x - pad, width)];
    memcpy(out + first, in + (first - pad), (size_t)(end - first) * sizeof(*out));
    for (int64_t x = end; x < x1; x++)
        out[x] = in[planche_reflect(x - pad, width)];
}

static void pad_rows(const struct planche_exec *exec, const struct planche_node *node,
                     const struct planche_part *part, int64_t y0, int64_t y1)
{
    const struct planche_geometry *g = exec->pass->spec.geometry;
    const struct planche_edge *edge = &node->edges[0];
    int64_t pad = edge->rows.offset;
    unsigned blocks = exec->pass->spec.program->tensors[node->output].blocks;
    for (int64_t y = y0; y < y1; y++)
        for (unsigned b = 0; b < blocks; b++) {
            const float *in = planche_exec_row(exec, edge->view.tensor,
                                               planche_reflect(y - pad, g->page_height), b);
            float *out = planche_exec_row(exec, node->output, y, b);
            pad_row(in, g->page_width, pad, part->rect.x0, part->rect.x1, out);
        }
}

static enum planche_status emit_rows(const struct planche_exec *exec, int n, int64_t y0, int64_t y1,
                                     struct planche_error *error)
{
    const struct planche_page_io *io = exec->data->io;
    const struct planche_rect *rect = &exec->pass->parts[n].rect;
    enum planche_status status = PLANCHE_OK;
    struct planche_task task = planche_put_task(exec, n, y0, y1);
    planche_exec_split(&task, 256, task.unit);
    for (int64_t y = y0; y < y1 && !status; y++)
        status = io->emit(io->user, y, rect->x0, (size_t)(rect->x1 - rect->x0), error);
    return status;
}

static enum planche_status run_node_rows(const struct planche_exec *exec, int n, int64_t y0,
                                         int64_t y1, struct planche_error *error)
{
    const struct planche_node *node = &exec->pass->spec.program->nodes[n];
    const struct planche_part *part = &exec->pass->parts[n];
    struct planche_task task;
    switch (node->kind) {
    case PLANCHE_NODE_FETCH:
        return fetch_rows(exec, node, part, y0, y1, error);
    case PLANCHE_NODE_EMIT:
        return emit_rows(exec, n, y0, y1, error);
    case PLANCHE_NODE_PAD:
        pad_rows(exec, node, part, y0, y1);
        break;
    case PLANCHE_NODE_CONV:
        planche_exec_conv(exec, n, y0, y1);
        break;
    case PLANCHE_NODE_WINOGRAD:
        planche_exec_winograd(exec, n, y0, y1);
        break;
    case PLANCHE_NODE_DEPTHWISE:
        task = planche_depthwise_task(exec, n, y0, y1);
        planche_exec_split(&task, 24, task.unit);
        break;
    case PLANCHE_NODE_NORM:
        task = planche_norm_task(exec, n, y0, y1);
        planche_exec_split(&task, 64, task.unit);
        break;
    case PLANCHE_NODE_BORDER:
        task = planche_border_task(exec, n, y0, y1);
        planche_exec_split(&task, 256, task.unit);
        break;
    case PLANCHE_NODE_INTERP:
        task = planche_interp_task(exec, n, y0, y1);
        planche_exec_split(&task, 64, task.unit);
        break;
    case PLANCHE_NODE_POOL:
        planche_exec_pool(exec, n, y0, y1);
        break;
    case PLANCHE_NODE_ATTENTION:
        planche_exec_attention(exec, n, y0, y1);
        break;
    default:
        task = planche_simple_task(exec, n, y0, y1);
        planche_exec_split(&task, 256, task.unit);
        break;
    }
    return PLANCHE_OK;
}

static enum planche_status run_node_rows_timed(const struct planche_exec *exec, int n, int64_t y0,
                                               int64_t y1, struct planche_error *error)
{
    struct planche_node_profile *profile = exec->data->profile;
    if (!profile)
        return run_node_rows(exec, n, y0, y1, error);
    double start = planche_clock_ms();
    enum planche_status status = run_node_rows(exec, n, y0, y1, error);
    atomic_fetch_add(&profile[n].ns, (uint64_t)((planche_clock_ms() - start) * 1e6));
    const struct planche_part *part = &exec->pass->parts[n];
    atomic_fetch_add(&profile[n].macs, (uint64_t)(part->macs * (double)(y1 - y0) /
                                                  (double)(part->rect.y1 - part->rect.y0)));
    return status;
}

/* Zeros what lies beyond a tensor's columns in a row, which convolutions read. */
static void clear_margins(const struct planche_pass *pass, int tensor, float *row)
{
    const struct planche_tensor_layout *layout = &pass->spec.program->tensors[tensor];
    const struct planche_buffer *b = &pass->buffers[tensor];
    size_t start = (size_t)(b->rect.x0 - b->origin) * layout->lanes;
    size_t end = (size_t)(b->rect.x1 - b->origin) * layout->lanes;
    for (unsigned block = 0; block < layout->blocks; block++, row += b->block_stride) {
        memset(row, 0, start * sizeof(*row));
        memset(row + end, 0, (b->block_stride - end) * sizeof(*row));
    }
}

static void clear_rows(const struct planche_pass *pass, int tensor, int64_t y0, int64_t y1)
{
    const struct planche_buffer *buffer = &pass->buffers[tensor];
    for (int64_t y = y0; y < y1; y++)
        clear_margins(pass, tensor, buffer->rows[y % buffer->height]);
}

static bool has_slots(const struct planche_pass *pass, int tensor)
{
    return tensor >= 0 && !pass->buffers[tensor].retained;
}

static void take_rows(struct planche_pass *pass, int tensor, int64_t y0, int64_t y1)
{
    struct planche_buffer *buffer = &pass->buffers[tensor];
    struct planche_slots *slots = &pass->slots[pass->spec.program->tensors[tensor].slot_class];
    assert(y1 - buffer->freed <= buffer->height);
    for (int64_t y = y0; y < y1; y++) {
        assert(slots->used < slots->count);
        buffer->rows[y % buffer->height] = slots->free[slots->count - ++slots->used];
    }
}

static void give_rows(struct planche_pass *pass, int tensor, int64_t y0, int64_t y1)
{
    struct planche_buffer *buffer = &pass->buffers[tensor];
    struct planche_slots *slots = &pass->slots[pass->spec.program->tensors[tensor].slot_class];
    assert(slots->used >= y1 - y0);
    for (int64_t y = y0; y < y1; y++)
        slots->free[slots->count - slots->used--] = buffer->rows[y % buffer->height];
}

/* Rows of node n up to `done`. */
static enum planche_status run_node(struct planche_pass *pass, const struct planche_exec *exec,
                                    int n, int64_t done, struct planche_error *error)
{
    int64_t first = pass->parts[n].done;
    int output = pass->parts[n].output;
    if (has_slots(pass, output)) {
        take_rows(pass, output, first, done);
        clear_rows(pass, output, first, done);
    }
    enum planche_status status = run_node_rows_timed(exec, n, first, done, error);
    planche_pass_advance(pass, n, done, give_rows);
    return status;
}

static enum planche_status run_schedule(struct planche_pass *pass, const struct planche_exec *exec,
                                        struct planche_error *error)
{
    const struct planche_page_io *io = exec->data->io;
    double from = exec->data->progress_from, span = exec->data->progress_to - from;
    enum planche_status status = PLANCHE_OK;
    int n;
    int64_t done;
    planche_pass_start(pass);
    while (!status && planche_pass_next(pass, &n, &done)) {
        double part = (double)(pass->round - 1) / (double)pass->rounds;
        status = run_node(pass, exec, n, done, error);
        if (!status && io->progress)
            io->progress(io->user, from + span * part);
        if (!status)
            status = planche_cancel_fail(io->cancel, error);
    }
    assert(status || planche_pass_is_over(pass));
    return status;
}

/* The tables of rows; retained tensors' rows are known from the start. Returns what follows. */
static char *place_rows(struct planche_pass *pass, const struct planche_exec *exec, char *slab)
{
    float **next = (float **)(void *)slab;
    for (int t = 0; t < pass->spec.program->tensor_count; t++) {
        struct planche_buffer *b = &pass->buffers[t];
        b->rows = next;
        next += b->height;
        for (int64_t y = 0; b->retained && y < b->height; y++) {
            b->rows[y] = exec->data->retained[t].data + (size_t)y * b->row_stride;
            clear_margins(pass, t, b->rows[y]);
        }
    }
    return (char *)next;
}

static char *place_slots(struct planche_pass *pass, char *tables, float *memory)
{
    float **next = (float **)(void *)tables;
    for (int c = 0; c < pass->spec.program->slot_class_count; c++) {
        struct planche_slots *slots = &pass->slots[c];
        slots->free = next;
        next += slots->count;
        for (int64_t i = slots->count - 1; i >= 0; i--, memory += slots->floats)
            slots->free[i] = memory;
    }
    return (char *)next;
}

/* Divides the slab; returns where what was taken ends. */
static char *place(struct planche_pass *pass, struct planche_exec *exec, char *slab)
{
    unsigned workers = pass->spec.workers;
    exec->scratch = slab;
    slab += pass->spec.program->scratch_bytes * workers;
    exec->sum_stride = pass->sum_count + PLANCHE_ALIGN / sizeof(int64_t);
    exec->sums = (int64_t *)(void *)slab;
    memset(exec->sums, 0, exec->sum_stride * workers * sizeof(int64_t));
    slab += exec->sum_stride * workers * sizeof(int64_t);
    exec->zeros = (float *)(void *)slab;
    memset(exec->zeros, 0, pass->zero_floats * sizeof(float));
    float *memory = exec->zeros + pass->zero_floats;
    for (int c = 0; c < pass->spec.program->slot_class_count; c++)
        slab += pass->slots[c].floats * (size_t)pass->slots[c].count * sizeof(float);
    slab += pass->zero_floats * sizeof(float);
    return place_slots(pass, place_rows(pass, exec, slab), memory);
}

/* The workers' sums of one pooled tensor belong together only now; integers do not mind the order.
 */
static void add_sums(const struct planche_pass *pass, const struct planche_exec *exec)
{
    const struct planche_program *program = pass->spec.program;
    for (int n = 0; n < program->node_count; n++) {
        const struct planche_node *node = &program->nodes[n];
        if (!pass->parts[n].active || node->kind != PLANCHE_NODE_POOL)
            continue;
        size_t channels = (size_t)program->net->tensors[node->step->output].channels;
        for (size_t c = 0; c < channels; c++)
            for (unsigned w = 0; w < pass->spec.workers; w++)
                exec->data->sums[node->step->output][c] +=
                    exec->sums[w * exec->sum_stride + pass->parts[n].sum_offset + c];
    }
}

enum planche_status planche_pass_run(struct planche_pass *pass,
                                     const struct planche_pass_data *data,
                                     struct planche_budget *budget, struct planche_error *error)
{
    struct planche_exec exec = {.pass = pass, .data = data};
    char *slab = planche_alloc(budget, pass->slab_bytes);
    if (!slab)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for %zu bytes of rows",
                            pass->slab_bytes);
    const char *end = place(pass, &exec, slab);
    assert(end <= slab + pass->slab_bytes);
    (void)end;
    enum planche_status status = run_schedule(pass, &exec, error);
    if (!status)
        add_sums(pass, &exec);
    planche_free(slab);
    return status;
}
