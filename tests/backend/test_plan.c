/* SPDX-License-Identifier: MIT */
/* Plans keep their word: the smallest budget they name will do, less will not, and a page never
 * takes more than planned.
 *
 *   plan [SEED [COUNT]]     tries other networks than the usual ones */
#include "backend_test.h"
#include "support/quick.h"

#include <stdlib.h>

static const struct isa portable = {PLANCHE_CPU_PORTABLE, "portable", PLANCHE_PRECISION_F32};

static uint64_t first_seed = 1;
static int count = 24;

struct subject {
    uint64_t seed;
    const struct planche_program *program;
    struct page page;
    struct run_options options;
};

static bool plans(struct subject *s, uint64_t memory, uint64_t *smallest)
{
    uint64_t min = 0;
    s->options.memory = memory;
    enum planche_status status =
        try_plan(s->program, s->page.width, s->page.height, &s->options, &min);
    assert_true(status == PLANCHE_OK || status == PLANCHE_ERROR_BUDGET);
    assert_true(min > 0);
    if (smallest)
        *smallest = min;
    return status == PLANCHE_OK;
}

static void check_run(const struct subject *s)
{
    struct run_report report;
    free(run_page(s->program, &s->page, &s->options, &report));
    if (s->options.memory && report.planned > s->options.memory)
        fail_msg("seed %llu: planned %llu bytes with %llu", (unsigned long long)s->seed,
                 (unsigned long long)report.planned, (unsigned long long)s->options.memory);
    if (report.taken > report.own + report.book)
        fail_msg("seed %llu, page of %d x %d, budget %llu, averages %d: took %llu bytes instead of "
                 "%llu",
                 (unsigned long long)s->seed, s->page.width, s->page.height,
                 (unsigned long long)s->options.memory, (int)s->options.se,
                 (unsigned long long)report.taken, (unsigned long long)(report.own + report.book));
    /* What the engine sets aside for bookkeeping (make_plan in engine/page.c). */
    assert_true(report.book <= (256 << 10) + (uint64_t)s->program->node_count * 512);
}

/* More memory never spoils a plan that less allowed, from the least on. */
static void check_budgets(struct subject *s)
{
    uint64_t min, again;
    assert_false(plans(s, 1, &min));
    assert_false(plans(s, min - 1, &again));
    assert_int_equal(again, min);
    for (uint64_t memory = min; memory < 64 * min; memory += 1 + memory / 3) {
        if (!plans(s, memory, NULL))
            fail_msg("seed %llu: %llu bytes do not suffice, %llu should",
                     (unsigned long long)s->seed, (unsigned long long)memory,
                     (unsigned long long)min);
        check_run(s);
    }
    s->options.memory = 0;
    check_run(s);
}

static void check_page(const struct planche_program *program, uint64_t seed, int width, int height,
                       enum planche_se se)
{
    struct subject s = {.seed = seed, .program = program};
    s.options.se = se;
    s.options.workers = 1 + (unsigned)seed % 4;
    page_make(&s.page, width, height, seed);
    check_budgets(&s);
    page_free(&s.page);
}

static void test_budgets(void **state)
{
    struct isa isas[MAX_ISAS];
    const struct isa best = isas[isa_list(PLANCHE_PRECISION_F32, isas) - 1];
    (void)state;
    for (uint64_t seed = first_seed; seed < first_seed + (uint64_t)count; seed++) {
        struct network network;
        uint64_t random = seed;
        if (network_make_random(&network, seed)) {
            struct planche_program *program = compile(&network, &best, 1);
            check_page(program, seed, test_random_int(&random, 1, 20),
                       test_random_int(&random, 1, 20), PLANCHE_SE_EXACT);
            check_page(program, seed, test_random_int(&random, 64, 200),
                       test_random_int(&random, 33, 120), PLANCHE_SE_EXACT);
            if (seed % 4 == 0)
                check_page(program, seed, test_random_int(&random, 64, 100), 345,
                           PLANCHE_SE_SAMPLED);
            planche_program_destroy(&program);
        }
        network_free(&network);
    }
}

#define ONLY_COMPUTES ((struct planche_cost_machine){1e6, 1e-30})
#define NEW_IS_DEAR   ((struct planche_cost_machine){1e6, 1.0})

/* A plan's bytes, macs and the estimate of its time. */
static struct planche_plan make_plan(const struct planche_program *program,
                                     const struct planche_plan_options *options,
                                     struct planche_budget *budget)
{
    struct planche_plan *plan, copy;
    struct planche_error error = {0};
    if (planche_plan_create(&plan, program, 200, 150, options, budget, NULL, &error))
        fail_msg("%s", error.message);
    copy = *plan;
    planche_plan_destroy(&plan);
    return copy;
}

/* What is taken beyond the usual memory, and why. Returns whether more memory would pay at all. */
static bool check_choice(const struct planche_program *program, struct planche_budget *budget)
{
    struct planche_plan_options options = {.workers = 2, .machine = NEW_IS_DEAR};
    const struct planche_plan small = make_plan(program, &options, budget);
    options.machine = ONLY_COMPUTES;
    const struct planche_plan large = make_plan(program, &options, budget);
    assert_true(small.bytes <= large.bytes && small.macs >= large.macs);
    if (large.bytes == small.bytes || large.cost > small.cost * 0.75)
        return false;
    options.memory = large.bytes * 2;
    options.extra = options.memory - small.bytes;
    assert_int_equal(make_plan(program, &options, budget).bytes, large.bytes);
    assert_int_equal(make_plan(program, &options, budget).other_bytes, small.bytes);
    options.machine = NEW_IS_DEAR;
    assert_int_equal(make_plan(program, &options, budget).bytes, small.bytes);
    options.pages = 2000000000; /* it is going to serve many */
    assert_int_equal(make_plan(program, &options, budget).bytes, large.bytes);
    options.pages = 1;
    options.held = large.bytes * 2; /* it is not new */
    assert_int_equal(make_plan(program, &options, budget).bytes, large.bytes);
    /* A gain of less than a fifth does not pay: all of it goes into what is new. */
    options.held = 0;
    double gain = (small.cost - large.cost) / (1e6 * 2);
    options.machine.new_byte = gain / (double)(large.bytes - small.bytes);
    assert_int_equal(make_plan(program, &options, budget).bytes, small.bytes);
    return true;
}

static void test_new_memory(void **state)
{
    int found = 0;
    (void)state;
    for (uint64_t seed = 1; found < 3 && seed < 100; seed++) {
        struct network network;
        if (network_make_random(&network, seed)) {
            struct planche_program *program = compile(&network, &portable, 1);
            found += program->levels > 0 && check_choice(program, &network.budget);
            planche_program_destroy(&program);
        }
        network_free(&network);
    }
    assert_int_equal(found, 3);
}

/* The rows a sample takes lie within the page, ascend, and reach from its top to its bottom. */
static void test_sample_rows(void **state)
{
    struct network network;
    struct planche_error error;
    int found = 0;
    (void)state;
    for (uint64_t seed = 1; found < 2 && seed < 100; seed++) {
        if (network_make_random(&network, seed)) {
            struct planche_program *program = compile(&network, &portable, 1);
            for (int height = 330; height < 20000 && program->levels > 0; height += height / 3) {
                const struct planche_plan_options options = {.se = PLANCHE_SE_SAMPLED,
                                                             .workers = 1};
                struct planche_plan *plan;
                if (planche_plan_create(&plan, program, 64, height, &options, &network.budget, NULL,
                                        &error))
                    fail_msg("%s", error.message);
                int64_t rows = planche_plan_geometry(plan, 1)->page_height, last = -1;
                assert_int_equal(planche_plan_geometry(plan, program->levels + 1)->page_height,
                                 height);
                assert_true(rows <= height && (rows == height || rows >= 256));
                assert_true(height < 2048 || rows <= height / 8 + PLANCHE_SAMPLE_BAND);
                for (int64_t row = 0; row < rows; row++) {
                    int64_t at = planche_plan_sample_row(plan, row);
                    assert_true(at > last && at < height);
                    last = at;
                }
                assert_int_equal(planche_plan_sample_row(plan, 0), 0);
                assert_int_equal(last, height - 1);
                planche_plan_destroy(&plan);
            }
            found += program->levels > 0;
            planche_program_destroy(&program);
        }
        network_free(&network);
    }
    assert_int_equal(found, 2);
}

/* Pages whose sizes overflow somewhere are refused, not planned wrongly. */
static void test_absurd_sizes(void **state)
{
    static const int64_t sizes[][2] = {
        {INT32_MAX, 1}, {1, INT32_MAX}, {INT32_MAX, INT32_MAX}, {INT64_C(1) << 40, 10}};
    struct network network;
    (void)state;
    assert_true(network_make_random(&network, 1));
    struct planche_program *program = compile(&network, &portable, 1);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        const struct planche_plan_options options = {.memory = 1 << 30, .workers = 1};
        struct planche_plan *plan;
        struct planche_error error = {.status = PLANCHE_OK};
        enum planche_status status = planche_plan_create(&plan, program, sizes[i][0], sizes[i][1],
                                                         &options, &network.budget, NULL, &error);
        assert_true(status == PLANCHE_ERROR_LIMIT || status == PLANCHE_ERROR_BUDGET);
        assert_int_equal(error.status, status);
        assert_null(plan);
    }
    planche_program_destroy(&program);
    network_free(&network);
}

static void give_nothing(struct planche_pass *pass, int tensor, int64_t from, int64_t to)
{
    (void)pass;
    (void)tensor;
    (void)from;
    (void)to;
}

/* Runs of a node with tiles, in a pass of bands of so many rows of them. */
static int64_t most_runs(struct planche_pass *pass, int64_t *least)
{
    const struct planche_program *program = pass->spec.program;
    int64_t *runs = calloc((size_t)program->node_count, sizeof(*runs)), most = 0, done;
    int node;
    planche_pass_start(pass);
    while (planche_pass_next(pass, &node, &done)) {
        planche_pass_advance(pass, node, done, give_nothing);
        runs[node]++;
    }
    *least = 0;
    for (int n = 0; n < program->node_count; n++) {
        const struct planche_node *at = &program->nodes[n];
        int64_t rows = planche_node_group_ceil(at, pass->parts[n].rect.y1) -
                       planche_node_group_floor(at, pass->parts[n].rect.y0);
        if (at->tile == 1 || runs[n] == 0)
            continue;
        most = runs[n] > most ? runs[n] : most;
        rows = (rows / at->tile + pass->spec.band - 1) / pass->spec.band;
        *least = rows > *least ? rows : *least;
    }
    free(runs);
    return most;
}

/* A layer makes whole bands of tiles though its readers, which enlarge, ask for less at a time. */
static void test_bands(void **state)
{
    struct network network;
    struct planche_error error;
    int found = 0;
    (void)state;
    for (uint64_t seed = 1; found < 3 && seed < 200; seed++) {
        if (network_make_random(&network, seed) && network.net->recipe.scale >= 3) {
            struct planche_program *program = compile(&network, &portable, 1);
            const struct planche_plan_options options = {.workers = 1};
            struct planche_plan *plan;
            struct planche_pass *pass;
            int64_t least;
            if (planche_plan_create(&plan, program, 50, 400, &options, &network.budget, NULL,
                                    &error))
                fail_msg("%s", error.message);
            const struct planche_pass_spec spec = {
                .program = program,
                .geometry = planche_plan_geometry(plan, program->levels + 1),
                .region = {.x1 = 50, .y1 = 400},
                .level = program->levels + 1,
                .band = 4,
                .workers = 1,
            };
            if (planche_pass_create(&pass, &spec, &network.budget, &error))
                fail_msg("%s", error.message);
            int64_t most = most_runs(pass, &least);
            if (most > least + 1)
                fail_msg("seed %llu: %lld runs in place of %lld", (unsigned long long)seed,
                         (long long)most, (long long)least);
            found += least > 1;
            planche_pass_destroy(&pass);
            planche_plan_destroy(&plan);
            planche_program_destroy(&program);
        }
        network_free(&network);
    }
    assert_int_equal(found, 3);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_budgets),     cmocka_unit_test(test_new_memory),
        cmocka_unit_test(test_sample_rows), cmocka_unit_test(test_absurd_sizes),
        cmocka_unit_test(test_bands),
    };
    if (test_quick())
        count = 5;
    if (argc > 1)
        first_seed = strtoull(argv[1], NULL, 0);
    if (argc > 2)
        count = atoi(argv[2]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
