/* SPDX-License-Identifier: MIT */
/* The bytes do not depend on the budget, on stripes and segments, or on the number of workers.
 *
 *   invariance [SEED [COUNT]]     tries other networks than the usual ones */
#include "backend_test.h"
#include "support/own_network.h"
#include "support/quick.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static uint64_t first_seed = 1;
static int count = 16;

/* How often the plans came out in which way, and the networks: all must occur, or the test shows
 * nothing. */
static struct {
    int whole, retained, recomputed, stripes, segments, sampled, sampled_cut;
    struct sums sums;
} seen;

/* A page, what it becomes with all the memory and one worker, and where that is. */
struct subject {
    uint64_t seed;
    const char *isa;
    const struct planche_program *program;
    struct page page;
    enum planche_se se;
    struct run_report report;
    float *expected;
};

static void tally(const struct planche_program *program, const struct run_report *report)
{
    seen.whole += !report->stripes && !report->segments;
    seen.retained += report->retained;
    seen.recomputed += program->levels > 0 && !report->retained && !report->stripes;
    seen.stripes += report->stripes;
    seen.segments += report->segments;
    seen.sampled += report->sampled;
    seen.sampled_cut += report->sampled && (report->stripes || report->segments);
}

static void check(const struct subject *s, const struct run_options *options)
{
    struct run_report report;
    float *actual = run_page(s->program, &s->page, options, &report);
    size_t values = (size_t)report.width * (size_t)report.height * PLANCHE_PLANES;
    if (!options->stripe)
        tally(s->program, &report);
    if (options->memory && report.planned > options->memory)
        fail_msg("seed %llu: planned beyond the budget", (unsigned long long)s->seed);
    for (size_t i = 0; i < values; i++) {
        if (memcmp(&actual[i], &s->expected[i], sizeof(float)) == 0)
            continue;
        size_t at = i % (values / PLANCHE_PLANES);
        fail_msg("seed %llu, %s, page of %d x %d, averages %d, %llu bytes, %u workers, regions of "
                 "%lld x %lld%s: plane %zu at (%zu, %zu) is %.9g, not %.9g",
                 (unsigned long long)s->seed, s->isa, s->page.width, s->page.height, (int)s->se,
                 (unsigned long long)options->memory, options->workers, (long long)options->stripe,
                 (long long)options->segment, report.retained ? ", tensors retained" : "",
                 i / (values / PLANCHE_PLANES), at % (size_t)report.width,
                 at / (size_t)report.width, (double)actual[i], (double)s->expected[i]);
    }
    free(actual);
}

static void check_workers(const struct subject *s)
{
    static const unsigned workers[] = {2, 3, 5};
    for (size_t i = 0; i < 3; i++) {
        const struct run_options options = {.se = s->se, .workers = workers[i]};
        check(s, &options);
    }
}

/* From all the plan would like to have down to the least it can do with. */
static void check_budgets(const struct subject *s)
{
    struct run_options options = {.memory = 1, .se = s->se, .workers = 1};
    uint64_t min;
    enum planche_status status =
        try_plan(s->program, s->page.width, s->page.height, &options, &min);
    assert_int_equal(status, PLANCHE_ERROR_BUDGET);
    double ratio = (double)s->report.planned / (double)min;
    for (int step = 0; step <= 4; step++) {
        options.memory = (uint64_t)((double)min * pow(ratio, (4 - step) / 4.0));
        if (options.memory < min)
            options.memory = min;
        options.workers = (unsigned)step % 3 + 1;
        /* The scratch of more workers is more: what is least differs. */
        if (try_plan(s->program, s->page.width, s->page.height, &options, NULL) == PLANCHE_OK)
            check(s, &options);
    }
}

/* Regions that no plan would choose, because they are all halo. */
static void check_regions(const struct subject *s, uint64_t *random)
{
    const int min = s->page.height > 160 ? 30 : 7;
    for (int i = 0; i < 2; i++) {
        const struct run_options options = {
            .se = s->se,
            .workers = (unsigned)i + 1,
            .stripe = test_random_int(random, min, 64),
            .segment = test_random_int(random, min, 64) * (s->page.height / 160 + 1),
        };
        check(s, &options);
    }
}

static void check_page(struct network *network, const struct isa *isa, uint64_t seed, int width,
                       int height, enum planche_se se)
{
    struct planche_program *program = compile(network, isa, 1);
    struct subject s = {.seed = seed, .isa = isa->name, .program = program, .se = se};
    const struct run_options options = {.se = se, .workers = 1};
    uint64_t random = seed;
    count_sums(program, &seen.sums);
    page_make(&s.page, width, height, seed);
    s.expected = run_page(program, &s.page, &options, &s.report);
    tally(program, &s.report);
    check_workers(&s);
    check_budgets(&s);
    check_regions(&s, &random);
    free(s.expected);
    page_free(&s.page);
    planche_program_destroy(&program);
}

/* Weights are packed alike by any number of workers. */
static void check_packing(struct network *network, const struct isa *isa, uint64_t seed)
{
    struct planche_program *one = compile(network, isa, 1);
    struct planche_program *many = compile(network, isa, 5);
    size_t floats = 0;
    for (int n = 0; n < one->node_count; n++)
        floats += one->nodes[n].conv ? one->nodes[n].conv->weight_floats : 0;
    if (memcmp(one->weights, many->weights, floats * sizeof(float)) != 0)
        fail_msg("seed %llu, %s: 5 workers pack other weights than one", (unsigned long long)seed,
                 isa->name);
    planche_program_destroy(&one);
    planche_program_destroy(&many);
}

/* Planche's own networks: narrow ones; of one channel, too; with a middle at half the
 * size, on pages of odd sides. */
static void test_own(void **state)
{
    static const struct planche_model_form forms[] = {{.level = -1},
                                                      {.level = 1.5, .grey = true},
                                                      {.level = 2.25, .clean = true},
                                                      {.level = 0.5},
                                                      {.level = 3, .grey = true}};
    static const struct own_form shapes[] = {{32, 3, 2, 3, 0, 0, false},
                                             {24, 3, 3, 3, 0, 0, false},
                                             {32, 3, 2, 3, 0, 0, false},
                                             {16, 2, 2, 3, 48, 3, true},
                                             {48, 3, 2, 3, 20, 1, false}};
    static const int sizes[][2] = {{97, 61}, {97, 61}, {97, 61}, {97, 61}, {5, 3}};
    struct isa isas[MAX_ISAS];
    const struct isa *best = &isas[isa_list(PLANCHE_PRECISION_F32, isas) - 1];
    (void)state;
    for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
        struct own_file file = own_file_make_form(&shapes[i], i);
        struct network network;
        network_load_own(&network, file.data, file.size, &forms[i]);
        check_packing(&network, best, i);
        check_page(&network, best, i, sizes[i][0], sizes[i][1], PLANCHE_SE_EXACT);
        network_free(&network);
        free(file.data);
    }
}

static void check_network(uint64_t seed, const struct isa *isa)
{
    static const int odd[][2] = {{1, 1}, {3, 1}, {1, 5}, {7, 3}, {33, 17}, {97, 61}};
    struct network network;
    uint64_t random = seed;
    if (!network_make_random(&network, seed)) {
        network_free(&network);
        return;
    }
    size_t pick = (size_t)test_random_int(&random, 0, 5);
    check_packing(&network, isa, seed);
    check_page(&network, isa, seed, odd[pick][0], odd[pick][1], PLANCHE_SE_EXACT);
    check_page(&network, isa, seed, test_random_int(&random, 70, 150),
               test_random_int(&random, 40, 150), PLANCHE_SE_EXACT);
    /* Pages below 512 rows are sampled whole; narrow ones are never cut. */
    if (seed % 4 == 0)
        check_page(&network, isa, seed, test_random_int(&random, 130, 160),
                   test_random_int(&random, 512, 540), PLANCHE_SE_SAMPLED);
    network_free(&network);
}

static void test_invariance(void **state)
{
    struct isa isas[MAX_ISAS];
    int isa_count = isa_list(PLANCHE_PRECISION_F32, isas);
    (void)state;
    /* Portable C takes most of the time, above all with sanitizers. */
    int first = test_quick() && isa_count > 1;
    for (int i = 0; i < count; i++)
        check_network(first_seed + (uint64_t)i, &isas[first + i % (isa_count - first)]);
    for (int i = 0; i < (count + 6) / 8; i++)
        check_network(OPERATORS_SEED + first_seed + (uint64_t)i,
                      &isas[first + i % (isa_count - first)]);
    print_message(
        "whole %d, tensors retained %d, computed again %d, stripes %d, segments %d, sampled "
        "%d, sampled in regions %d, sums fused %d, apart %d\n",
        seen.whole, seen.retained, seen.recomputed, seen.stripes, seen.segments, seen.sampled,
        seen.sampled_cut, seen.sums.fused, seen.sums.apart);
    assert_true(seen.whole > 0 && seen.retained > 0 && seen.recomputed > 0 && seen.stripes > 0);
    assert_true(seen.segments > 0 && seen.sampled > 0 && seen.sampled_cut > 0);
    assert_true(seen.sums.fused > 0 && seen.sums.apart > 0);
}

static void test_invariance_bf16(void **state)
{
    struct isa isas[MAX_ISAS];
    const struct isa best = isas[isa_list(PLANCHE_PRECISION_BF16, isas) - 1];
    (void)state;
    for (int i = 0; i < (count + 3) / 4; i++)
        check_network(first_seed + (uint64_t)i, &best);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_own),
                                       cmocka_unit_test(test_invariance),
                                       cmocka_unit_test(test_invariance_bf16)};
    if (test_quick())
        count = 8;
    if (argc > 1)
        first_seed = strtoull(argv[1], NULL, 0);
    if (argc > 2)
        count = atoi(argv[2]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
