/* SPDX-License-Identifier: MIT */
/* Convolutions and deconvolutions by indirect GEMM: from rows in slots to the indirection buffers
 * (the pointers to input pixels) that kernels take. */
#include "backend/cpu/exec_nodes.h"
#include "backend/cpu/pack_weights.h"

#include <assert.h>

/* One run of output pixels of one phase of one row. */
struct run {
    const struct planche_task *task;
    const struct planche_conv_program *conv;
    const struct planche_phase *phase;
    int64_t y, x; /* first output pixel */
    int64_t step; /* output pixels from one to the next */
    size_t count;
    const float **inputs; /* capacity: all entries */
    float *lanes;         /* via_lanes: capacity of the run */
    void *scratch;        /* the kernel's */
};

/* Input row or column that a tap of output position i reads; i has the tap's phase. */
static int64_t tap_position(const struct planche_receptive_field *field, int64_t i, int tap,
                            int dilation)
{
    if (field->kind == PLANCHE_RECEPTIVE_FIELD_DECONV)
        return (i + field->offset - (int64_t)tap * dilation) / field->stride;
    return i * field->stride + field->offset + (int64_t)tap * dilation;
}

/* Deconvolutions divide exactly, so truncation towards zero is harmless for negative numerators
 * too. */
static void point_inputs(const struct run *run)
{
    const struct planche_node *node = run->task->node;
    const struct planche_step *step = node->step;
    const struct planche_program *program = run->task->exec->pass->spec.program;
    const float **to = run->inputs;
    for (int t = 0; t < run->phase->tap_count; t++)
        for (int i = 0; i < step->input_count; i++) {
            const struct planche_edge *edge = &node->edges[i];
            const struct planche_tensor_layout *in = &program->tensors[edge->view.tensor];
            int64_t y = tap_position(&edge->rows, run->y, run->phase->tap_y[t], step->dilation_h);
            int64_t x =
                tap_position(&edge->columns, run->x, run->phase->tap_x[t], step->dilation_w);
            for (unsigned b = 0; b < in->blocks; b++)
                *to++ = planche_exec_input(run->task->exec, edge, y + edge->view.top, b) +
                        (x + edge->view.left) * in->lanes;
        }
}

/* Pointers to the residual rows of a group of output blocks. */
static void point_residuals(const struct run *run, unsigned first, unsigned blocks,
                            const float **rows, struct planche_conv_args *args)
{
    const struct planche_node *node = run->task->node;
    const struct planche_program *program = run->task->exec->pass->spec.program;
    for (unsigned r = 0; r < args->epilogue.residuals; r++) {
        const struct planche_edge *edge = &node->edges[(unsigned)node->step->input_count + r];
        int64_t lanes = program->tensors[edge->view.tensor].lanes;
        for (unsigned b = 0; b < blocks; b++)
            rows[r * 4 + b] =
                planche_exec_input(run->task->exec, edge, run->y + edge->view.top, first + b) +
                (run->x + edge->view.left) * lanes;
        args->residual[r] = rows + r * 4;
        args->residual_step[r] = run->step * lanes;
    }
}

struct planche_epilogue planche_exec_epilogue(const struct planche_task *task, size_t lane)
{
    const struct planche_step *step = task->node->step;
    const struct planche_conv_program *conv = task->node->conv;
    struct planche_epilogue epilogue = {
        .bias = conv->bias + lane,
        .slope = conv->slope + lane,
        .residuals = (unsigned)step->residual_count,
    };
    for (int r = 0; r < step->residual_count; r++) {
        epilogue.self[r] = step->residuals[r].self;
        epilogue.other[r] = step->residuals[r].other;
    }
    if (task->part->excite >= 0) {
        const struct planche_program *program = task->exec->pass->spec.program;
        const struct planche_step *excite = program->nodes[task->part->excite].step;
        epilogue.scale = task->exec->data->vectors[excite->vector] + lane;
    }
    return epilogue;
}

static void run_group(const struct run *run, unsigned group)
{
    const struct planche_node *node = run->task->node;
    const struct planche_exec *exec = run->task->exec;
    const struct planche_program *program = exec->pass->spec.program;
    const struct planche_conv_program *conv = run->conv;
    const struct planche_edge *edge = &node->edges[0];
    unsigned first = group * 4, blocks = planche_group_blocks(conv->out_blocks, group);
    int64_t out_lanes = program->tensors[node->output].lanes;
    int64_t in_step =
        edge->columns.kind == PLANCHE_RECEPTIVE_FIELD_DECONV ? 1 : edge->columns.stride;
    const float *residuals[PLANCHE_RESIDUALS * 4];
    float *outputs[4];
    for (unsigned b = 0; b < blocks; b++)
        outputs[b] =
            planche_exec_row(exec, run->task->part->output, run->y, first + b) + run->x * out_lanes;
    struct planche_conv_args args = {
        .entries = (size_t)run->phase->tap_count * conv->in_blocks,
        .inputs = run->inputs,
        .depth = conv->depth,
        .input_step = in_step * conv->depth,
        .weights = run->phase->weights[group],
        .out_blocks = blocks,
        .outputs = outputs,
        .output_step = run->step * out_lanes,
        .count = run->count,
        .epilogue =
            planche_exec_epilogue(run->task, (size_t)first * (conv->narrow ? 1 : PLANCHE_LANES)),
        .scratch = run->scratch,
    };
    point_residuals(run, first, blocks, residuals, &args);
    conv->run(&args);
}

/* Planar to planar: computed in lanes, then taken apart and given its residuals. */
static void run_via_lanes(const struct run *run)
{
    const struct planche_node *node = run->task->node;
    const struct planche_exec *exec = run->task->exec;
    const struct planche_program *program = exec->pass->spec.program;
    const struct planche_edge *edge = &node->edges[0];
    const float *residuals[PLANCHE_RESIDUALS * 4];
    int64_t in_step =
        edge->columns.kind == PLANCHE_RECEPTIVE_FIELD_DECONV ? 1 : edge->columns.stride;
    unsigned channels = (unsigned)program->tensors[node->output].channels;
    struct planche_conv_args args = {
        .entries = (size_t)run->phase->tap_count * run->conv->in_blocks,
        .inputs = run->inputs,
        .depth = run->conv->depth,
        .input_step = in_step,
        .weights = run->phase->weights[0],
        .out_blocks = 1,
        .outputs = (float *[]){run->lanes},
        .output_step = PLANCHE_LANES,
        .count = run->count,
        .epilogue = planche_exec_epilogue(run->task, 0),
    };
    point_residuals(run, 0, channels, residuals, &args);
    const struct planche_epilogue epilogue = args.epilogue;
    args.epilogue.residuals = 0;
    run->conv->run(&args);
    for (unsigned c = 0; c < channels; c++) {
        float *out = planche_exec_row(exec, node->output, run->y, c) + run->x;
        for (size_t p = 0; p < run->count; p++) {
            float v = run->lanes[p * PLANCHE_LANES + c];
            for (unsigned r = 0; r < epilogue.residuals; r++)
                v = epilogue.self[r] * v +
                    epilogue.other[r] * residuals[r * 4 + c][(int64_t)p * args.residual_step[r]];
            out[(int64_t)p * run->step] = v;
        }
    }
}

static int64_t modulo(int64_t a, int64_t b)
{
    return (a % b + b) % b;
}

static void conv_span(const struct planche_task *task, int64_t row, int64_t x0, int64_t x1,
                      unsigned worker)
{
    const struct planche_conv_program *conv = task->node->conv;
    const struct planche_edge *edge = &task->node->edges[0];
    const struct planche_program *program = task->exec->pass->spec.program;
    char *scratch = task->exec->scratch + worker * program->scratch_bytes;
    struct run run = {.task = task, .conv = conv, .y = row, .step = conv->phases_x};
    const struct planche_step *step = task->node->step;
    size_t taken = 0;
    planche_conv_scratch(conv->precision,
                         (size_t)step->kernel_h * (size_t)step->kernel_w * conv->in_blocks, &taken);
    run.scratch = scratch;
    scratch += taken;
    run.lanes = (float *)(void *)scratch;
    if (conv->via_lanes)
        scratch += PLANCHE_CONV_RUN * PLANCHE_LANES * sizeof(float);
    run.inputs = (const float **)(void *)scratch;
    int64_t phase_y = modulo(run.y + edge->rows.offset, conv->phases_y);
    for (int p = 0; p < conv->phases_x; p++) {
        run.x = x0 + modulo(p - x0 - edge->columns.offset, conv->phases_x);
        if (run.x >= x1)
            continue;
        run.phase = &conv->phases[phase_y * conv->phases_x + p];
        run.count = (size_t)((x1 - run.x + run.step - 1) / run.step);
        point_inputs(&run);
        if (conv->via_lanes)
            run_via_lanes(&run);
        else
            for (unsigned g = 0; g < (conv->out_blocks + 3) / 4; g++)
                run_group(&run, g);
    }
    planche_exec_tail(task, row, x0, x1);
}

/* Kernels with AMX take 16 pixels at a time. */
#define TILE_PIXELS 16
static_assert(PLANCHE_CONV_RUN % TILE_PIXELS == 0, "runs are whole tiles");

static bool has_tiles(const struct planche_exec *exec, const struct planche_conv_program *conv)
{
    return conv->precision == PLANCHE_PRECISION_BF16 &&
           exec->pass->spec.program->features & PLANCHE_CPU_AMX;
}

/* As many columns as give each thread one stripe: what it reads is then mostly what it wrote when
 * it made the layer before. Four tiles are enough to be worth fetching the weights. */
static int64_t stripe_columns(const struct planche_task *task, int64_t unit)
{
    int64_t threads = planche_pool_threads(task->exec->data->pool);
    int64_t columns = (task->part->rect.x1 - task->part->rect.x0) / threads + unit;
    int64_t min = 4 * unit, max = PLANCHE_CONV_RUN;
    return columns > max ? max : columns < min ? min : columns;
}

void planche_exec_conv(const struct planche_exec *exec, int node, int64_t y0, int64_t y1)
{
    struct planche_task task = planche_exec_task(exec, node, y0, y1, conv_span);
    /* Convolutions have one phase, whatever is multiplied here divides evenly for deconvolutions.
     */
    int64_t unit = task.unit = task.node->conv->phases_x;
    task.max_columns = PLANCHE_CONV_RUN;
    if (has_tiles(exec, task.node->conv)) {
        unit *= TILE_PIXELS;
        task.max_columns = stripe_columns(&task, unit);
    }
    planche_exec_split(&task, 24, unit);
}

/* Row pointers for one row of tiles; the kernel skips output rows that are NULL. */
static void point_winograd(const struct planche_task *task, int64_t top, int64_t x,
                           const float **inputs, float **outputs, const float **residuals)
{
    const struct planche_node *node = task->node;
    const struct planche_step *step = node->step;
    const struct planche_exec *exec = task->exec;
    const struct planche_program *program = exec->pass->spec.program;
    int tile = node->tile;
    for (int i = 0; i < step->input_count; i++) {
        const struct planche_edge *edge = &node->edges[i];
        int64_t column = x + edge->columns.offset + edge->view.left;
        for (unsigned b = 0; b < program->tensors[edge->view.tensor].blocks; b++)
            for (int r = 0; r < tile + 2; r++)
                *inputs++ = planche_exec_input(exec, edge,
                                               top + r + edge->rows.offset + edge->view.top, b) +
                            column * PLANCHE_LANES;
    }
    for (unsigned b = 0; b < node->conv->out_blocks; b++)
        for (int r = 0; r < tile; r++) {
            int64_t y = top + r;
            bool wanted = y >= task->y0 && y < task->y1;
            *outputs++ = wanted
                             ? planche_exec_row(exec, task->part->output, y, b) + x * PLANCHE_LANES
                             : NULL;
            for (int e = 0; e < step->residual_count; e++) {
                const struct planche_edge *edge = &node->edges[step->input_count + e];
                residuals[((unsigned)e * node->conv->out_blocks + b) * (unsigned)tile +
                          (unsigned)r] =
                    wanted ? planche_exec_input(exec, edge, y + edge->view.top, b) +
                                 (x + edge->view.left) * PLANCHE_LANES
                           : NULL;
            }
        }
}

/* Columns a tile may read from the run's first input column on; what is beyond the view counts as
 * zero. */
static size_t readable_columns(const struct planche_task *task, int64_t x)
{
    const struct planche_pass *pass = task->exec->pass;
    size_t min = SIZE_MAX;
    for (int i = 0; i < task->node->step->input_count; i++) {
        const struct planche_edge *edge = &task->node->edges[i];
        int64_t width = planche_view_shape(&edge->view, pass->spec.geometry->shapes).width;
        int64_t end = edge->view.left + width, held = pass->buffers[edge->view.tensor].rect.x1;
        int64_t columns = (end < held ? end : held) - (x + edge->columns.offset + edge->view.left);
        size_t present = columns > 0 ? (size_t)columns : 0;
        min = present < min ? present : min;
    }
    return min;
}

static void winograd_span(const struct planche_task *task, int64_t row, int64_t x0, int64_t x1,
                          unsigned worker)
{
    const struct planche_node *node = task->node;
    const struct planche_conv_program *conv = node->conv;
    const struct planche_program *program = task->exec->pass->spec.program;
    char *scratch = task->exec->scratch + worker * program->scratch_bytes;
    unsigned tile = (unsigned)node->tile;
    size_t floats = 0;
    planche_winograd_scratch(tile, conv->in_blocks, conv->out_blocks, conv->tiles, &floats);
    const float **inputs = (const float **)(void *)(scratch + floats * sizeof(float));
    float **outputs = (float **)(void *)(inputs + conv->in_blocks * (tile + 2));
    const float **residuals = (const float **)(void *)(outputs + conv->out_blocks * tile);
    int64_t top = planche_node_group_floor(node, task->y0) + (row - task->first_row) * tile;
    point_winograd(task, top, x0, inputs, outputs, residuals);
    struct planche_winograd_args args = {
        .in_blocks = conv->in_blocks,
        .in_lanes = conv->in_lanes,
        .input_rows = inputs,
        .input_columns = readable_columns(task, x0),
        .weights = conv->winograd,
        .out_blocks = conv->out_blocks,
        .out_lanes = (unsigned)program->tensors[node->output].channels,
        .output_rows = outputs,
        .columns = (size_t)(x1 - x0),
        .epilogue = planche_exec_epilogue(task, 0),
        .residual_rows = {residuals, residuals + conv->out_blocks * tile},
        .scratch = (float *)(void *)scratch,
    };
    conv->run_winograd(&args);
    for (int64_t y = top; y < top + (int64_t)tile; y++)
        if (y >= task->y0 && y < task->y1)
            planche_exec_tail(task, y, x0, x1);
}

/* With fewer whole register blocks of tiles for each thread, the rest that some have more than
 * others counts. Two tiles at a time are nearly as good: their sums hide the latency. */
#define FEW_UNITS  12
#define SMALL_STEP 2

void planche_exec_winograd(const struct planche_exec *exec, int node, int64_t y0, int64_t y1)
{
    struct planche_task task = planche_exec_task(exec, node, y0, y1, winograd_span);
    int64_t tile = task.unit = task.node->tile, threads = planche_pool_threads(exec->data->pool);
    task.rows = (size_t)((planche_node_group_ceil(task.node, y1) -
                          planche_node_group_floor(task.node, y0)) /
                         tile);
    task.max_columns = (int64_t)task.node->conv->tiles * tile;
    int64_t unit = PLANCHE_WINOGRAD_STEP * tile, min = 2 * unit;
    int64_t columns = task.part->rect.x1 - task.part->rect.x0;
    if (columns < unit * threads)
        unit = tile;
    else if (threads > 1 && (int64_t)task.rows * columns < FEW_UNITS * unit * threads)
        unit = SMALL_STEP * tile;
    planche_exec_split(&task, min, unit);
}
