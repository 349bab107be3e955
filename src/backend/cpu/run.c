/* SPDX-License-Identifier: MIT */
/* Executor of a plan: pass after pass, region after region, and the small dense layers between the
 * passes. */
#include "backend/cpu/activation.h"
#include "backend/cpu/plan.h"
#include "base/status.h"
#include "net/integers.h"

#include <string.h>

/* A page that is running. */
struct page_run {
    const struct planche_plan *plan;
    struct planche_page_io io; /* the caller's, with rows of the sample found */
    const struct planche_page_io *caller;
    struct planche_retained *retained;
    float **vectors;
    int64_t **sums;
    struct planche_pass_data data;
    double macs_done;
    bool sampling;
};

static enum planche_status fetch(void *user, int64_t y, int64_t x, size_t count,
                                 float *const planes[PLANCHE_PLANES], struct planche_error *error)
{
    const struct page_run *run = user;
    if (run->sampling)
        y = planche_plan_sample_row(run->plan, y);
    return run->caller->fetch(run->caller->user, y, x, count, planes, error);
}

static void put(void *user, int64_t y, int64_t x, size_t count,
                const float *const planes[PLANCHE_PLANES])
{
    const struct page_run *run = user;
    run->caller->put(run->caller->user, y, x, count, planes);
}

static enum planche_status emit(void *user, int64_t y, int64_t x, size_t count,
                                struct planche_error *error)
{
    const struct page_run *run = user;
    return run->caller->emit(run->caller->user, y, x, count, error);
}

static void report(void *user, double done)
{
    const struct page_run *run = user;
    if (run->caller->progress)
        run->caller->progress(run->caller->user, done);
}

/* Vectors are padded to whole blocks so that kernels may read all lanes. */
static bool allocate_vectors(struct page_run *run)
{
    const struct planche_net *net = run->plan->program->net;
    for (int t = 0; t < net->tensor_count; t++) {
        if (!net->tensors[t].vector)
            continue;
        size_t lanes =
            ((size_t)net->tensors[t].channels + PLANCHE_LANES - 1) / PLANCHE_LANES * PLANCHE_LANES;
        run->vectors[t] = planche_calloc(run->plan->budget, lanes, sizeof(float));
        run->sums[t] = planche_calloc(run->plan->budget, lanes, sizeof(int64_t));
        if (!run->vectors[t] || !run->sums[t])
            return false;
    }
    return true;
}

static bool allocate(struct page_run *run)
{
    const struct planche_program *program = run->plan->program;
    size_t tensors = (size_t)program->tensor_count;
    run->retained = planche_calloc(run->plan->budget, tensors, sizeof(*run->retained));
    run->vectors = planche_calloc(run->plan->budget, tensors, sizeof(*run->vectors));
    run->sums = planche_calloc(run->plan->budget, tensors, sizeof(*run->sums));
    return run->retained && run->vectors && run->sums && allocate_vectors(run);
}

static void release(struct page_run *run)
{
    for (int t = 0; t < run->plan->program->tensor_count; t++) {
        if (run->retained && !run->retained[t].overwritten)
            planche_free(run->retained[t].data);
        if (run->vectors)
            planche_free(run->vectors[t]);
        if (run->sums)
            planche_free(run->sums[t]);
    }
    planche_free(run->retained);
    planche_free(run->vectors);
    planche_free(run->sums);
}

static void run_inner(struct page_run *run, const struct planche_step *step)
{
    const struct planche_net *net = run->plan->program->net;
    int in = net->tensors[step->inputs[0].tensor].channels,
        out = net->tensors[step->output].channels;
    const float *x = run->vectors[step->inputs[0].tensor];
    for (int o = 0; o < out; o++) {
        double sum = step->bias ? step->bias[o] : 0.0;
        for (int i = 0; i < in; i++)
            sum += (double)step->weights[(size_t)o * (size_t)in + (size_t)i] * x[i];
        run->vectors[step->output][o] = planche_activate(step->activation, step->act, (float)sum);
    }
}

/* The vectors that are known once pass `level` has run: averages, and the dense layers behind them.
 */
static void find_vectors(struct page_run *run, int level)
{
    const struct planche_program *program = run->plan->program;
    const struct planche_net *net = program->net;
    const struct planche_shape *shapes = planche_plan_geometry(run->plan, level)->shapes;
    for (int s = 0; s < net->step_count; s++) {
        const struct planche_step *step = &net->steps[s];
        if (!net->tensors[step->output].vector || program->tensor_level[step->output] != level)
            continue;
        if (step->op == PLANCHE_STEP_INNER) {
            run_inner(run, step);
            continue;
        }
        struct planche_shape size = planche_view_shape(&step->inputs[0], shapes);
        double scale = 1.0 / (PLANCHE_POOL_SCALE * (double)size.height * (double)size.width);
        for (int c = 0; c < net->tensors[step->output].channels; c++)
            run->vectors[step->output][c] = (float)((double)run->sums[step->output][c] * scale);
    }
}

static enum planche_status run_region(struct page_run *run, const struct planche_pass_spec *spec,
                                      struct planche_error *error)
{
    struct planche_pass *pass;
    enum planche_status status = planche_pass_create(&pass, spec, run->plan->budget, error);
    if (status)
        return status;
    double total = run->plan->macs > 0 ? run->plan->macs : 1;
    double from = run->macs_done / total, to = (run->macs_done + pass->macs) / total;
    run->data.progress_from = from < 1 ? from : 1;
    run->data.progress_to = to < 1 ? to : 1;
    run->macs_done += pass->macs;
    status = planche_pass_run(pass, &run->data, run->plan->budget, error);
    planche_pass_destroy(&pass);
    return status;
}

static bool reads(const struct planche_node *node, int tensor)
{
    for (int e = 0; e < node->edge_count; e++)
        if (node->edges[e].view.tensor == tensor)
            return true;
    return false;
}

/* The retained tensor over which tensor t can be made in a pass, since a multiplication is all that
 * still reads it: memory that is not new costs nothing. The plan counts both, since it is made
 * before it is known what a pass starts from. -1: there is none. */
static int find_overwritten(const struct page_run *run, int level, int t)
{
    const struct planche_program *program = run->plan->program;
    int producer = program->tensors[t].producer;
    const struct planche_node *node = &program->nodes[producer];
    if (node->kind != PLANCHE_NODE_BINARY_VECTOR || !planche_view_is_whole(&node->edges[0].view))
        return -1;
    int from = node->edges[0].view.tensor;
    const struct planche_tensor_layout *a = &program->tensors[from], *b = &program->tensors[t];
    if (!run->retained[from].data || run->plan->checkpoints[level].store[from] ||
        a->margin_left != b->margin_left || a->margin_right != b->margin_right)
        return -1;
    for (int n = 0; n < program->node_count; n++) {
        const struct planche_node *other = &program->nodes[n];
        bool over = other->kind == PLANCHE_NODE_POOL && other->level + 1 < level;
        if (n != producer && !over && reads(other, from))
            return -1;
    }
    return from;
}

/* Allocates what the pass retains; release_retained then frees what only it needed. */
static enum planche_status allocate_retained(struct page_run *run, int level,
                                             struct planche_error *error)
{
    const struct planche_plan *plan = run->plan;
    for (int t = 0; t < plan->program->tensor_count; t++) {
        size_t bytes;
        if (!plan->checkpoints[level].store[t] || run->retained[t].data)
            continue;
        if (!planche_retained_bytes(plan->program, planche_plan_geometry(plan, level), t, &bytes))
            return planche_fail(error, PLANCHE_ERROR_INTERNAL, "a retained tensor is too large");
        int from = find_overwritten(run, level, t);
        if (from >= 0)
            run->retained[from].overwritten = true;
        run->retained[t].data =
            from >= 0 ? run->retained[from].data : planche_alloc(plan->budget, bytes);
        if (!run->retained[t].data)
            return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for %zu bytes of features",
                                bytes);
    }
    return PLANCHE_OK;
}

static void release_retained(struct page_run *run, int level)
{
    for (int t = 0; t < run->plan->program->tensor_count; t++)
        if (run->retained[t].data && !run->plan->checkpoints[level].store[t]) {
            if (!run->retained[t].overwritten)
                planche_free(run->retained[t].data);
            run->retained[t] = (struct planche_retained){NULL, false};
        }
}

static enum planche_status run_pass(struct page_run *run, int level, struct planche_error *error)
{
    const struct planche_plan *plan = run->plan;
    const struct planche_geometry *g = planche_plan_geometry(plan, level);
    struct planche_pass_spec spec = {
        .program = plan->program,
        .geometry = g,
        .level = level,
        .first = plan->checkpoints[level - 1].first,
        .store = plan->checkpoints[level].store,
        .band = plan->band,
        .workers = plan->options.workers,
    };
    bool whole = plan->stripe >= plan->page.page_width && plan->segment >= plan->page.page_height;
    int64_t stripe = whole ? g->page_width : plan->stripe;
    int64_t segment = whole ? g->page_height : plan->segment;
    enum planche_status status = allocate_retained(run, level, error);
    run->sampling = g == &plan->sample;
    for (int64_t y = 0; y < g->page_height && !status; y += segment)
        for (int64_t x = 0; x < g->page_width && !status; x += stripe) {
            spec.region = (struct planche_rect){x, planche_int_min(x + stripe, g->page_width), y,
                                                planche_int_min(y + segment, g->page_height)};
            status = run_region(run, &spec, error);
        }
    if (!status) {
        release_retained(run, level);
        find_vectors(run, level);
    }
    return status;
}

enum planche_status planche_plan_run(const struct planche_plan *plan, struct planche_pool *pool,
                                     const struct planche_page_io *io,
                                     struct planche_node_profile *profile,
                                     struct planche_error *error)
{
    struct page_run run = {.plan = plan, .caller = io};
    enum planche_status status = PLANCHE_OK;
    run.io = (struct planche_page_io){
        .user = &run,
        .fetch = fetch,
        .put = put,
        .emit = emit,
        .progress = report,
        .cancel = io->cancel,
    };
    if (allocate(&run)) {
        run.data = (struct planche_pass_data){
            .pool = pool,
            .io = &run.io,
            .retained = run.retained,
            .vectors = (const float *const *)run.vectors,
            .sums = run.sums,
            .profile = profile,
        };
        for (int level = 1; level <= plan->program->levels + 1 && !status; level++)
            status = run_pass(&run, level, error);
    } else {
        status = planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory to run the page");
    }
    release(&run);
    return status;
}
