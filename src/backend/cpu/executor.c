/* SPDX-License-Identifier: MIT */
/* The CPU as an executor: a compiled program, and plans for it. */
#include "backend/cpu/cpu.h"
#include "backend/cpu/int8_page.h"
#include "backend/cpu/pack_weights.h"
#include "backend/cpu/plan.h"
#include "base/status.h"
#include "os/cpu.h"

/* Bytes of a plan's bookkeeping for every node, and beside. */
#define NODE_BYTES 512
#define PLAN_BYTES ((uint64_t)256 << 10)

struct cpu {
    struct planche_program *program;      /* NULL: int8 */
    struct planche_int8_network *int8;    /* NULL: floats */
    struct planche_node_profile *profile; /* [node_count]; NULL: not wanted */
    struct planche_pool *pool;
    struct planche_cost_machine machine;
    enum planche_se se;
};

struct cpu_plan {
    struct planche_executor_plan shared; /* the first, so that it stands for all of it */
    struct planche_plan *plan;           /* of a program */
    struct planche_int8_plan int8;       /* else */
};

static enum planche_precision precision_of(const struct planche_executor_setup *setup)
{
    return setup->precision == PLANCHE_PRECISION_BF16 ? PLANCHE_PRECISION_BF16
                                                      : PLANCHE_PRECISION_F32;
}

static uint64_t bytes(const struct planche_executor_setup *setup)
{
    return setup->precision == PLANCHE_PRECISION_INT8
               ? planche_int8_network_bytes(setup->net)
               : planche_pack_bytes(setup->net, precision_of(setup), setup->features);
}

/* Says what a model takes before its weights are packed, rather than which layer met the limit. */
static enum planche_status check_budget(const struct planche_executor_setup *setup,
                                        const struct planche_budget *budget,
                                        struct planche_error *error)
{
    uint64_t need = atomic_load(&budget->used) + bytes(setup);
    if (!budget->limit || need < budget->limit)
        return PLANCHE_OK;
    return planche_fail(error, PLANCHE_ERROR_BUDGET,
                        "%s needs a memory budget of at least %llu MiB for its weights alone, and "
                        "there are %llu MiB; raise it (option memory)",
                        setup->model, (unsigned long long)(need >> 20) + 1,
                        (unsigned long long)(budget->limit >> 20));
}

static void destroy(void *state)
{
    struct cpu *cpu = state;
    planche_program_destroy(&cpu->program);
    planche_int8_network_destroy(&cpu->int8);
    planche_free(cpu->profile);
    planche_free(cpu);
}

static enum planche_status compile(struct cpu *cpu, const struct planche_executor_setup *setup,
                                   struct planche_budget *budget, struct planche_error *error)
{
    enum planche_status status = check_budget(setup, budget, error);
    if (!status && setup->precision == PLANCHE_PRECISION_INT8)
        return planche_int8_network_create(&cpu->int8, setup->net, setup->features, setup->pool,
                                           budget, error);
    if (!status)
        status =
            planche_program_create(&cpu->program, setup->net, setup->features, precision_of(setup),
                                   planche_cpu_l2_bytes(), setup->pool, budget, error);
    if (status || !setup->profile)
        return status;
    cpu->profile = planche_calloc(budget, (size_t)cpu->program->node_count, sizeof(*cpu->profile));
    return cpu->profile ? PLANCHE_OK
                        : planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for the profile");
}

static enum planche_status create(void **state, const struct planche_executor_setup *setup,
                                  struct planche_budget *budget, struct planche_error *error)
{
    struct cpu *cpu = planche_calloc(budget, 1, sizeof(*cpu));
    if (!cpu)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for the CPU's executor");
    cpu->pool = setup->pool;
    cpu->se = setup->se;
    cpu->machine = planche_cost_machine_of(setup->features, planche_cpu_is_virtual());
    enum planche_status status = compile(cpu, setup, budget, error);
    if (status)
        destroy(cpu);
    else
        *state = cpu;
    return status;
}

static void describe(const void *state, struct planche_executor_info *info)
{
    const struct cpu *cpu = state;
    if (cpu->int8) {
        *info = (struct planche_executor_info){.precision = "int8", .plan_bytes = PLAN_BYTES};
        return;
    }
    bool bf16 = cpu->program->precision == PLANCHE_PRECISION_BF16;
    *info = (struct planche_executor_info){
        .precision = bf16 ? "bf16" : "f32",
        .plan_bytes = PLAN_BYTES + (uint64_t)cpu->program->node_count * NODE_BYTES,
    };
}

static void unplan(struct planche_executor_plan *plan)
{
    struct cpu_plan *own = (struct cpu_plan *)(void *)plan;
    if (!own)
        return;
    planche_plan_destroy(&own->plan);
    planche_free(own);
}

static void trace_plan(const struct planche_trace *trace, const struct planche_plan *plan)
{
    PLANCHE_TRACE(trace, PLANCHE_TRACE_PLAN,
                  "CPU: %d passes over regions of %lld x %lld pixels, %.1f MiB, %.1f million "
                  "multiply-adds, about %.2f s",
                  plan->program->levels + 1, (long long)plan->stripe, (long long)plan->segment,
                  (double)plan->bytes / 1048576, plan->macs / 1e6, plan->seconds);
}

static enum planche_status plan_int8(const struct cpu *cpu,
                                     const struct planche_executor_page *page, uint64_t memory,
                                     struct cpu_plan *own, uint64_t *least,
                                     struct planche_error *error)
{
    enum planche_status status = planche_int8_plan(&own->int8, cpu->int8, page->width, page->height,
                                                   planche_pool_threads(cpu->pool), error);
    if (status)
        return status;
    const int64_t rows = (int64_t)PLANCHE_INT8_GROUP * cpu->int8->factor;
    own->shared = (struct planche_executor_plan){
        .bytes = own->int8.bytes + (page->holds ? (uint64_t)rows * page->emit_row_bytes : 0),
        .macs = own->int8.macs,
        .emit_rows = rows,
    };
    *least = own->shared.bytes;
    if (own->shared.bytes <= memory)
        return PLANCHE_OK;
    return planche_fail(error, PLANCHE_ERROR_BUDGET, "the page needs at least %llu bytes",
                        (unsigned long long)*least);
}

static enum planche_status plan(const void *state, const struct planche_executor_page *page,
                                uint64_t memory, struct planche_budget *budget,
                                struct planche_executor_plan **out, uint64_t *least,
                                struct planche_error *error)
{
    const struct cpu *cpu = state;
    const struct planche_plan_options options = {
        .memory = memory ? memory : 1,
        .extra = page->extra,
        .held = page->held,
        .pages = page->pages,
        .machine = cpu->machine,
        .fetch_row_bytes = page->holds ? page->fetch_row_bytes : 0,
        .emit_row_bytes = page->holds ? page->emit_row_bytes : 0,
        .se = cpu->se,
        .workers = planche_pool_threads(cpu->pool),
    };
    /* A hopeless page is planned only for the message: what that takes is not held against it. */
    budget = memory ? budget : NULL;
    struct cpu_plan *own = planche_calloc(budget, 1, sizeof(*own));
    if (!own)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for a plan");
    if (cpu->int8) {
        enum planche_status status = plan_int8(cpu, page, memory, own, least, error);
        if (status)
            unplan(&own->shared);
        else
            *out = &own->shared;
        return status;
    }
    enum planche_status status = planche_plan_create(&own->plan, cpu->program, page->width,
                                                     page->height, &options, budget, least, error);
    if (status) {
        unplan(&own->shared);
        return status;
    }
    own->shared = (struct planche_executor_plan){
        .bytes = own->plan->bytes,
        .macs = own->plan->macs,
        .seconds = own->plan->seconds,
        .other_bytes = own->plan->other_bytes,
        .other_seconds = own->plan->other_seconds,
        .fetch_rows = own->plan->fetch_rows,
        .emit_rows = own->plan->emit_rows,
        .reads_once = cpu->program->levels == 0 && own->plan->stripe >= page->width &&
                      own->plan->segment >= page->height,
    };
    *out = &own->shared;
    trace_plan(page->trace, own->plan);
    return PLANCHE_OK;
}

static enum planche_status run(void *state, const struct planche_executor_plan *plan,
                               const struct planche_page_io *io, struct planche_budget *budget,
                               struct planche_executor_result *result, struct planche_error *error)
{
    const struct cpu *cpu = state;
    const struct cpu_plan *own = (const struct cpu_plan *)(const void *)plan;
    (void)result;
    if (cpu->int8)
        return planche_int8_run(&own->int8, cpu->pool, io, budget, error);
    (void)budget; /* the plan has it */
    return planche_plan_run(own->plan, cpu->pool, io, cpu->profile, error);
}

static size_t profile(const void *state, struct planche_layer_profile *entries, size_t count)
{
    const struct cpu *cpu = state;
    const struct planche_program *program = cpu->program;
    if (!cpu->profile)
        return 0;
    for (int n = 0; entries && n < program->node_count && (size_t)n < count; n++)
        entries[n] = (struct planche_layer_profile){
            .name = program->nodes[n].name,
            .kind = planche_node_kind_name(&program->nodes[n]),
            .ms = (double)atomic_load(&cpu->profile[n].ns) / 1e6,
            .macs = (double)atomic_load(&cpu->profile[n].macs),
        };
    return (size_t)program->node_count;
}

const struct planche_executor_ops planche_cpu_executor = {
    .name = "cpu",
    .title = "the CPU",
    .kind = "CPU",
    .precisions = PLANCHE_PRECISION_BIT(PLANCHE_PRECISION_AUTO) |
                  PLANCHE_PRECISION_BIT(PLANCHE_PRECISION_F32) |
                  PLANCHE_PRECISION_BIT(PLANCHE_PRECISION_BF16) |
                  PLANCHE_PRECISION_BIT(PLANCHE_PRECISION_INT8),
    .usual = PLANCHE_PRECISION_F32,
    .samples = true,
    .uses_pool = true,
    .bytes = bytes,
    .create = create,
    .destroy = destroy,
    .describe = describe,
    .plan = plan,
    .unplan = unplan,
    .run = run,
    .profile = profile,
};
