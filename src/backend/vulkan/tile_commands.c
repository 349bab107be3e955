/* SPDX-License-Identifier: MIT */
/* From a tile's regions to dispatches and their arguments. */
#include "backend/vulkan/tile_commands.h"

#include "backend/vulkan/conv_matmul.h"

#include "base/status.h"

#include <math.h>
#include <string.h>

/* What reading or writing a value costs, in multiply-adds: so that copies are not free. */
#define MACS_PER_VALUE 8

enum planche_status planche_gpu_job_init(struct planche_gpu_job *job,
                                         const struct planche_gpu_program *program,
                                         const struct planche_gpu_page *page,
                                         struct planche_budget *budget, struct planche_error *error)
{
    const struct planche_tile_tensors tensors = {
        .levels = program->tensor_levels,
        .highest_level = program->levels,
        .pitches = program->pitches,
        .value_bytes = program->device->value_bytes,
        .sources = program->folding.sources,
        .squares = program->squares,
        .fused = program->tail.first,
    };
    *job = (struct planche_gpu_job){.program = program, .page = *page};
    job->channels = page->colours + page->alpha;
    job->page_stride = ((uint64_t)page->width * job->channels * (page->depth / 8) + 3) / 4 * 4;
    job->page_bytes = job->page_stride * page->height;
    return planche_tile_page_init(&job->tiles, program->net, &tensors, page->width, page->height,
                                  budget, error);
}

void planche_gpu_job_free(struct planche_gpu_job *job)
{
    planche_tile_page_free(&job->tiles);
}

enum planche_status planche_gpu_tile_init(struct planche_gpu_tile *tile,
                                          const struct planche_gpu_job *job,
                                          struct planche_budget *budget,
                                          struct planche_error *error)
{
    /* load and store, and for every POOL its average */
    size_t most = 2 * (size_t)job->program->net->step_count + 2;
    *tile = (struct planche_gpu_tile){.job = job};
    enum planche_status status = planche_tile_plan_init(&tile->plan, &job->tiles, budget, error);
    if (status)
        return status;
    tile->dispatches = planche_calloc(budget, most, sizeof(*tile->dispatches));
    tile->args = planche_calloc(budget, most, sizeof(*tile->args));
    if (!tile->dispatches || !tile->args)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for a tile's plan");
    return PLANCHE_OK;
}

void planche_gpu_tile_free(struct planche_gpu_tile *tile)
{
    planche_tile_plan_free(&tile->plan);
    planche_free(tile->dispatches);
    planche_free(tile->args);
    *tile = (struct planche_gpu_tile){0};
}

static int64_t region_width(const struct planche_rect *region)
{
    return region->x1 - region->x0;
}

static int64_t region_height(const struct planche_rect *region)
{
    return region->y1 - region->y0;
}

/* A tensor's region as a consumer sees it that adds x, y to its coordinates in the whole view. */
static struct planche_gpu_view view_of(const struct planche_gpu_tile *tile,
                                       const struct planche_gpu_addresses *addresses,
                                       const struct planche_view *view, int64_t x, int64_t y)
{
    const struct planche_gpu_program *program = tile->job->program;
    int tensor = program->folding.sources[view->tensor];
    int vector = program->folding.vectors[view->tensor];
    const struct planche_rect *region = &tile->plan.regions[tensor];
    return (struct planche_gpu_view){
        .address = tile->plan.elsewhere[tensor]
                       ? addresses->kept + tile->plan.offsets[tensor]
                       : planche_gpu_arena_address(addresses->arena, tile->plan.offsets[tensor]),
        .scale = vector < 0 ? 0 : addresses->vectors + program->vectors[vector],
        .width = (int32_t)region_width(region),
        .height = (int32_t)region_height(region),
        .pitch = program->pitches[view->tensor],
        .channels = program->net->tensors[view->tensor].channels,
        .x = (int32_t)(x + view->left - region->x0),
        .y = (int32_t)(y + view->top - region->y0),
    };
}

static uint32_t groups(int64_t count, int32_t each)
{
    return each ? (uint32_t)((count + each - 1) / each) : 1;
}

void planche_gpu_product_groups(const struct planche_gpu_step *step,
                                const struct planche_gpu_view *out, uint32_t count[2])
{
    int64_t width = out->width, height = out->height;
    if (step->product.phases > 1) {
        int32_t n = step->product.phases;
        width = (width + out->x % n + n - 1) / n;
        height = (height + out->y % n + n - 1) / n;
    }
    count[0] = groups(width, step->shape.pixels_x);
    count[0] *= step->product.blocks ? (uint32_t)step->product.blocks : 1;
    count[1] = groups(height, step->shape.pixels_y);
}

/* The next dispatch, with arguments of zeros. */
static struct planche_gpu_args *add(struct planche_gpu_tile *tile,
                                    const struct planche_gpu_step *step, int profile,
                                    const struct planche_gpu_view *out, double macs)
{
    struct planche_gpu_args *args = &tile->args[tile->count];
    *args = (struct planche_gpu_args){.out = *out};
    args->weights = step->weights;
    args->constants = step->constants;
    tile->dispatches[tile->count++] = (struct planche_gpu_dispatch){
        .pipeline = step->pipeline,
        .kernel = step->kernel ? step : NULL,
        .groups = {groups(out->width, step->shape.pixels_x),
                   groups(out->height, step->shape.pixels_y),
                   groups(out->pitch, step->shape.channels)},
        .profile = profile,
        .macs = macs + MACS_PER_VALUE * (double)out->width * out->height * out->pitch,
    };
    if (step->product.taps_x)
        planche_gpu_product_groups(step, out, tile->dispatches[tile->count - 1].groups);
    return args;
}

/* An output region, whose x and y are where it lies in its tensor. */
static struct planche_gpu_view output_of(const struct planche_gpu_tile *tile,
                                         const struct planche_gpu_addresses *addresses, int tensor)
{
    const struct planche_view whole = {.tensor = tensor};
    struct planche_gpu_view out = view_of(tile, addresses, &whole, 0, 0);
    out.x = (int32_t)tile->plan.regions[tensor].x0;
    out.y = (int32_t)tile->plan.regions[tensor].y0;
    return out;
}

/* own: the tile's part of the result. */
static void add_load(struct planche_gpu_tile *tile, struct planche_rect own,
                     const struct planche_gpu_addresses *addresses)
{
    const struct planche_gpu_job *job = tile->job;
    const struct planche_recipe *recipe = &job->program->net->recipe;
    struct planche_gpu_view out = output_of(tile, addresses, 0);
    struct planche_gpu_args *args = add(tile, &job->program->load, 0, &out, 0);
    int64_t scale = recipe->scale;
    args->in[0].x = (int32_t)(own.x0 / scale);
    args->in[0].y = (int32_t)(own.y0 / scale);
    args->in[0].width = (int32_t)((own.x1 - own.x0) / scale);
    args->in[0].height = (int32_t)((own.y1 - own.y0) / scale);
    args->self = recipe->in_scale;
    args->other = recipe->in_bias;
    args->pad_left = args->pad_top = (int32_t)recipe->pad;
    args->page_width = (int32_t)job->page.width;
    args->page_height = (int32_t)job->page.height;
    args->page = addresses->page;
    args->page_stride = (int32_t)job->page_stride;
    args->colours = (int32_t)job->page.colours;
    args->depth = (int32_t)job->page.depth;
    args->channels = (int32_t)job->channels;
    args->flags = addresses->flags;
}

static void set_tail(struct planche_gpu_args *args, const struct planche_gpu_tile *tile,
                     struct planche_rect rect, const struct planche_gpu_addresses *addresses)
{
    const struct planche_gpu_tail *tail = &tile->job->program->tail;
    const struct planche_net *net = tile->job->program->net;
    int32_t x = (int32_t)rect.x0 + (int32_t)net->recipe.crop + net->output.left;
    int32_t y = (int32_t)rect.y0 + (int32_t)net->recipe.crop + net->output.top;
    args->in[0] = view_of(tile, addresses, &tail->shuffle->inputs[0], 0, 0);
    args->in[1] = view_of(tile, addresses, &tail->interp->inputs[0], 0, 0);
    args->shuffle = tail->shuffle->shuffle;
    args->enlargement = tail->enlargement;
    args->shuffle_x = x + tail->shuffled->left;
    args->shuffle_y = y + tail->shuffled->top;
    args->enlarge_x = x + tail->enlarged->left;
    args->enlarge_y = y + tail->enlarged->top;
}

static void add_store(struct planche_gpu_tile *tile, struct planche_rect rect,
                      const struct planche_gpu_addresses *addresses)
{
    const struct planche_gpu_job *job = tile->job;
    const struct planche_net *net = job->program->net;
    const struct planche_recipe *recipe = &net->recipe;
    const struct planche_gpu_view out = {
        .width = (int32_t)region_width(&rect),
        .height = (int32_t)region_height(&rect),
        .pitch = 4,
        .x = (int32_t)rect.x0,
        .y = (int32_t)rect.y0,
    };
    uint64_t pixel = (uint64_t)job->channels * (job->page.depth / 8);
    struct planche_gpu_args *args = add(tile, &job->program->store, net->step_count + 1, &out, 0);
    if (job->program->tail.first < net->step_count)
        set_tail(args, tile, rect, addresses);
    else
        args->in[0] =
            view_of(tile, addresses, &net->output, rect.x0 + recipe->crop, rect.y0 + recipe->crop);
    args->self = recipe->out_scale;
    args->other = recipe->out_bias;
    args->page_width = (int32_t)job->page.width;
    args->page_height = (int32_t)job->page.height;
    args->page = addresses->result + (job->page.floats ? 0 : (uint64_t)rect.x0 * pixel);
    args->page_stride = (int32_t)addresses->result_stride;
    args->out_width = (int32_t)job->tiles.result.width;
    args->out_height = (int32_t)job->tiles.result.height;
    args->alpha = job->page.alpha && !job->page.floats ? addresses->page : 0;
    args->alpha_stride = (int32_t)job->page_stride;
    args->operation = net->tensors[net->output.tensor].channels;
    args->colours = (int32_t)job->page.colours;
    args->channels = (int32_t)job->channels;
    args->depth = job->page.floats ? 32 : (int32_t)job->page.depth;
    args->scale = (int32_t)recipe->scale;
    args->flags = addresses->flags;
}

/* What the consumer of an input adds to its coordinates, by operation: see shaders/args.h. */
static void input_origin(const struct planche_step *step, bool enlarges,
                         const struct planche_gpu_view *out, int64_t *x, int64_t *y)
{
    switch (step->op) {
    case PLANCHE_STEP_CONV:
    case PLANCHE_STEP_DEPTHWISE:
        if (enlarges) { /* as DECONV */
            *x = *y = 0;
            break;
        }
        *x = (int64_t)out->x * step->stride_w - step->pad_left;
        *y = (int64_t)out->y * step->stride_h - step->pad_top;
        break;
    case PLANCHE_STEP_DECONV:
    case PLANCHE_STEP_INTERP:
    case PLANCHE_STEP_PAD:
    case PLANCHE_STEP_SHUFFLE: /* they know where they are in the whole output */
        *x = *y = 0;
        break;
    default:
        *x = out->x;
        *y = out->y;
    }
}

static void set_conv(struct planche_gpu_args *args, const struct planche_gpu_tile *tile,
                     const struct planche_step *step, const struct planche_gpu_addresses *addresses)
{
    args->kernel_w = step->kernel_w;
    args->kernel_h = step->kernel_h;
    args->stride_w = step->stride_w;
    args->stride_h = step->stride_h;
    args->dilation_w = step->dilation_w;
    args->dilation_h = step->dilation_h;
    args->pad_left = step->pad_left;
    args->pad_top = step->pad_top;
    args->residual_count = step->residual_count;
    for (int r = 0; r < step->residual_count; r++) {
        const struct planche_residual *residual = &step->residuals[r];
        args->residual[r].view =
            view_of(tile, addresses, &residual->view, args->out.x, args->out.y);
        args->residual[r].self = residual->self;
        args->residual[r].other = residual->other;
    }
}

/* A product of n x n phases counts pixels of its own: one of n of the output's, from a multiple of
 * n on. */
static void set_phases(struct planche_gpu_args *args, int32_t n)
{
    for (int i = 0; i < args->in_count; i++) {
        args->in[i].x += args->out.x / n;
        args->in[i].y += args->out.y / n;
    }
    args->pad_left = -(args->out.x % n);
    args->pad_top = -(args->out.y % n);
}

/* A POOL step's part of the view that it averages, and where its sums are. */
static void set_sums(struct planche_gpu_args *args, const struct planche_gpu_tile *tile, int pool,
                     const struct planche_gpu_addresses *addresses)
{
    const struct planche_gpu_program *program = tile->job->program;
    const struct planche_step *step = &program->net->steps[pool];
    const struct planche_rect *owned = &tile->plan.owned[pool];
    int32_t x = step->inputs[0].left - args->out.x, y = step->inputs[0].top - args->out.y;
    args->sums = addresses->vectors + program->sums[step->output];
    args->sums_x0 = (int32_t)owned->x0 + x;
    args->sums_x1 = (int32_t)owned->x1 + x;
    args->sums_y0 = (int32_t)owned->y0 + y;
    args->sums_y1 = (int32_t)owned->y1 + y;
}

static void set_operation(struct planche_gpu_args *args, const struct planche_gpu_tile *tile,
                          const struct planche_step *step,
                          const struct planche_gpu_addresses *addresses)
{
    const struct planche_gpu_program *program = tile->job->program;
    args->activation = (int32_t)step->activation;
    args->act0 = step->act[0];
    args->act1 = step->act[1];
    args->self = step->self;
    args->other = step->op == PLANCHE_STEP_BINARY_SCALAR ? step->scalar : step->other;
    args->operation =
        step->op == PLANCHE_STEP_INTERP ? (int32_t)step->interp : (int32_t)step->binary;
    args->scale = step->shuffle;
    switch (step->op) {
    case PLANCHE_STEP_INTERP:
        args->kernel_w = (int32_t)step->place;
        args->act0 = step->cubic;
        break;
    case PLANCHE_STEP_NORM:
        args->operation = (int32_t)step->norm;
        args->self = step->eps;
        break;
    case PLANCHE_STEP_ATTENTION:
        args->kernel_w = step->window;
        args->pad_left = step->shift;
        args->self =
            1 / sqrtf((float)program->net->tensors[step->output].channels / (float)step->heads);
        break;
    case PLANCHE_STEP_PAD:
        args->operation = (int32_t)step->pad_mode;
        args->pad_left = step->pad_left;
        args->pad_top = step->pad_top;
        break;
    default:
        break;
    }
    if (step->op == PLANCHE_STEP_BINARY_VECTOR)
        args->vector = addresses->vectors + program->vectors[step->vector];
}

/* pool: the POOL step whose sums are made with it; -1: none. */
static void add_spatial(struct planche_gpu_tile *tile, int s, int pool,
                        const struct planche_gpu_addresses *addresses)
{
    const struct planche_gpu_job *job = tile->job;
    const struct planche_net *net = job->program->net;
    const struct planche_step *step = &net->steps[s];
    const struct planche_shape *whole = &job->tiles.shapes[step->output];
    struct planche_gpu_view out = output_of(tile, addresses, step->output);
    double part = (double)out.width * out.height / ((double)whole->width * (double)whole->height);
    struct planche_gpu_args *args = add(tile, &job->program->steps[s], s + 1, &out,
                                        part * planche_step_macs(net, step, job->tiles.shapes));
    struct planche_shape in = planche_view_shape(&step->inputs[0], job->tiles.shapes);
    int64_t x, y;
    input_origin(step, job->program->steps[s].product.enlarges, &out, &x, &y);
    args->in_count = step->input_count;
    for (int i = 0; i < step->input_count; i++)
        args->in[i] = view_of(tile, addresses, &step->inputs[i], x, y);
    args->in_width = (int32_t)in.width;
    args->in_height = (int32_t)in.height;
    args->out_width = (int32_t)whole->width;
    args->out_height = (int32_t)whole->height;
    if (planche_step_has_kernel(step))
        set_conv(args, tile, step, addresses);
    if (job->program->steps[s].product.phases > 1)
        set_phases(args, job->program->steps[s].product.phases);
    if (pool >= 0)
        set_sums(args, tile, pool, addresses);
    set_operation(args, tile, step, addresses);
}

static void add_pool(struct planche_gpu_tile *tile, int s,
                     const struct planche_gpu_addresses *addresses)
{
    const struct planche_gpu_program *program = tile->job->program;
    const struct planche_step *step = &program->net->steps[s];
    const struct planche_rect *owned = &tile->plan.owned[s];
    const struct planche_gpu_view out = {
        .address = addresses->vectors + program->sums[step->output],
        .width = (int32_t)region_width(owned),
        .height = (int32_t)region_height(owned),
        .pitch = program->pitches[step->output],
        .channels = program->net->tensors[step->output].channels,
    };
    if (out.width <= 0 || out.height <= 0)
        return;
    struct planche_gpu_args *args = add(tile, &program->steps[s], s + 1, &out, 0);
    args->in[0] = view_of(tile, addresses, &step->inputs[0], owned->x0, owned->y0);
    args->in_count = 1;
}

static struct planche_gpu_view vector_view(const struct planche_gpu_program *program, int tensor)
{
    return (struct planche_gpu_view){
        .width = 1,
        .height = 1,
        .pitch = program->pitches[tensor],
        .channels = program->net->tensors[tensor].channels,
    };
}

/* A vector: the average of sums, or a dense layer. */
static void add_vector(struct planche_gpu_tile *tile, int s,
                       const struct planche_gpu_addresses *addresses)
{
    const struct planche_gpu_program *program = tile->job->program;
    const struct planche_step *step = &program->net->steps[s];
    bool averages = step->op == PLANCHE_STEP_POOL;
    int in = step->inputs[0].tensor;
    struct planche_gpu_view out = vector_view(program, step->output);
    struct planche_gpu_args *args =
        add(tile, averages ? &program->average : &program->steps[s], s + 1, &out, 0);
    args->in_count = 1;
    args->in[0] = averages ? out : vector_view(program, in);
    args->in[0].address =
        addresses->vectors + (averages ? program->sums[step->output] : program->vectors[in]);
    args->vector = addresses->vectors + program->vectors[step->output];
    args->activation = averages ? PLANCHE_ACT_NONE : (int32_t)step->activation;
    args->act0 = step->act[0];
    args->act1 = step->act[1];
    if (averages) {
        struct planche_shape view = planche_view_shape(&step->inputs[0], tile->job->tiles.shapes);
        uint64_t count = (uint64_t)view.width * (uint64_t)view.height;
        args->count_lo = (int32_t)(uint32_t)count;
        args->count_hi = (int32_t)(uint32_t)(count >> 32);
    }
}

static bool makes_vector(const struct planche_gpu_program *program, const struct planche_step *step)
{
    return program->net->tensors[step->output].vector;
}

/* Whether the step that makes what a POOL step averages adds it up. */
static bool is_summed(const struct planche_gpu_program *program, int pool)
{
    for (int s = 0; s < pool; s++)
        if (program->folding.averages[s] == pool)
            return true;
    return false;
}

/* Whether a POOL step makes its part of the sums in this run. */
static bool makes_sums(const struct planche_gpu_tile *tile, enum planche_tile_goal goal, int level,
                       int s)
{
    const struct planche_gpu_program *program = tile->job->program;
    const struct planche_step *step = &program->net->steps[s];
    return step->op == PLANCHE_STEP_POOL &&
           (goal == PLANCHE_TILE_WHOLE ||
            (goal == PLANCHE_TILE_SUMS && program->tensor_levels[step->output] == level)) &&
           !planche_rect_is_empty(tile->plan.owned[s]);
}

void planche_gpu_tile_build(struct planche_gpu_tile *tile, enum planche_tile_goal goal, int level,
                            struct planche_rect rect, const struct planche_gpu_addresses *addresses)
{
    const struct planche_gpu_program *program = tile->job->program;
    const struct planche_net *net = program->net;
    const int *averages = program->folding.averages;
    bool whole = goal == PLANCHE_TILE_WHOLE;
    tile->count = 0;
    if (!planche_rect_is_empty(tile->plan.regions[0])) /* what is kept may be enough */
        add_load(tile, rect, addresses);
    for (int s = 0; s < net->step_count; s++) {
        const struct planche_step *step = &net->steps[s];
        int pool =
            averages[s] >= 0 && makes_sums(tile, goal, level, averages[s]) ? averages[s] : -1;
        if (makes_sums(tile, goal, level, s) && !is_summed(program, s))
            add_pool(tile, s, addresses);
        if (makes_vector(program, step) && whole)
            add_vector(tile, s, addresses);
        else if (!makes_vector(program, step) && tile->plan.needed[s] &&
                 !program->folding.skipped[s] && s < program->tail.first)
            add_spatial(tile, s, pool, addresses);
    }
    if (goal != PLANCHE_TILE_SUMS)
        add_store(tile, rect, addresses);
}

void planche_gpu_tile_build_vectors(struct planche_gpu_tile *tile, int level,
                                    const struct planche_gpu_addresses *addresses)
{
    const struct planche_gpu_program *program = tile->job->program;
    tile->count = 0;
    for (int s = 0; s < program->net->step_count; s++) {
        const struct planche_step *step = &program->net->steps[s];
        if (makes_vector(program, step) && program->tensor_levels[step->output] == level)
            add_vector(tile, s, addresses);
    }
}

bool planche_gpu_tile_build_weights(struct planche_gpu_tile *tile)
{
    const struct planche_gpu_program *program = tile->job->program;
    tile->count = 0;
    for (int s = 0; s < program->net->step_count; s++) {
        const struct planche_gpu_step *step = &program->steps[s];
        const struct planche_gpu_step prepare = {.pipeline = step->prepare, .shape = {1, 1, 0}};
        const struct planche_gpu_view out = {
            .address = step->weights,
            .width = planche_gpu_matrix_fragments(&step->product),
            .height = 1,
            .pitch = 1,
        };
        if (!step->prepare)
            continue;
        struct planche_gpu_args *args = add(tile, &prepare, 0, &out, 0);
        args->in[0].address = step->weights - program->weights.address + program->staging.address;
    }
    return tile->count > 0;
}
