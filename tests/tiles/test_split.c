/* SPDX-License-Identifier: MIT */
/* Splits of pages into tiles, and the plans of these: on random networks.
 *
 *   test_tiles_split [SEED [COUNT]]     tries other networks than the usual ones */
#include "backend/tiles/split.h"

#include "backend_test.h"
#include "net/levels.h"
#include "support/need_model.h"
#include "support/quick.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEVICE "the device of this test"

static uint64_t first_seed = 1;
static int count = 100;

/* What occurred: all must, or the test shows nothing. */
static struct {
    int whole, columns, rows, edges, levels, refused, fused, kept, partly;
} seen;

/* A page of a network, and what its tiles are planned with. */
struct subject {
    struct network network;
    struct planche_tile_tensors tensors;
    int *levels, *pitches;
    struct planche_tile_page page;
    struct planche_tile_plan plan;
};

static void *zeroes(int n, size_t size)
{
    void *block = calloc((size_t)n, size);
    assert_non_null(block);
    return block;
}

/* False: there is no such network. */
static bool subject_make(struct subject *s, uint64_t seed, int width, int height)
{
    struct planche_error error;
    *s = (struct subject){0};
    if (!network_make_random(&s->network, seed)) {
        network_free(&s->network);
        return false;
    }
    const struct planche_net *net = s->network.net;
    s->levels = zeroes(net->tensor_count, sizeof(*s->levels));
    s->pitches = zeroes(net->tensor_count, sizeof(*s->pitches));
    for (int t = 0; t < net->tensor_count; t++)
        s->pitches[t] = (net->tensors[t].channels + 15) / 16 * 16;
    s->tensors = (struct planche_tile_tensors){
        .levels = s->levels,
        .highest_level = planche_net_levels(net, s->levels),
        .pitches = s->pitches,
        .value_bytes = 2,
        .fused = net->step_count,
    };
    assert_int_equal(planche_tile_page_init(&s->page, net, &s->tensors, (uint32_t)width,
                                            (uint32_t)height, NULL, &error),
                     PLANCHE_OK);
    assert_int_equal(planche_tile_plan_init(&s->plan, &s->page, NULL, &error), PLANCHE_OK);
    return true;
}

static void subject_free(struct subject *s)
{
    planche_tile_plan_free(&s->plan);
    planche_tile_page_free(&s->page);
    free(s->levels);
    free(s->pitches);
    network_free(&s->network);
}

static enum planche_status split_page(struct subject *s, uint64_t memory, unsigned side,
                                      struct planche_split *split, struct planche_error *error)
{
    const struct planche_split_limits limits = {memory, 0, side, DEVICE};
    return planche_split_page(split, &s->plan, &limits, error);
}

static bool is_step(int64_t side, int64_t all)
{
    return side == all || side % PLANCHE_TILE_STEP == 0;
}

/* The tiles are the page's pixels, each once. */
static void check_partition(const struct subject *s, const struct planche_split *split)
{
    const struct planche_shape *result = &s->page.result;
    uint8_t *owners = zeroes((int)(result->width * result->height), 1);
    for (int64_t row = 0; row < split->rows; row++)
        for (int64_t column = 0; column < split->columns; column++) {
            struct planche_rect r = planche_split_rect(split, &s->page, column, row);
            assert_true(r.x0 >= 0 && r.x0 < r.x1 && r.x1 <= result->width);
            assert_true(r.y0 >= 0 && r.y0 < r.y1 && r.y1 <= result->height);
            for (int64_t y = r.y0; y < r.y1; y++)
                for (int64_t x = r.x0; x < r.x1; x++)
                    owners[y * result->width + x]++;
        }
    for (int64_t i = 0; i < result->width * result->height; i++)
        assert_int_equal(owners[i], 1);
    free(owners);
}

/* The arena holds the tiles that are the largest: in the middle and at the page's corners. */
static void check_arena(struct subject *s, const struct planche_split *split)
{
    int64_t columns[3] = {0, split->columns / 2, split->columns - 1};
    int64_t rows[3] = {0, split->rows / 2, split->rows - 1};
    bool whole = planche_split_is_whole(split);
    uint64_t most = 0;
    for (int i = 0; i < 9; i++)
        for (int level = 0; level <= (whole ? 0 : s->tensors.highest_level); level++) {
            enum planche_tile_goal goal = whole   ? PLANCHE_TILE_WHOLE
                                          : level ? PLANCHE_TILE_SUMS
                                                  : PLANCHE_TILE_RESULT;
            struct planche_rect r =
                planche_split_rect(split, &s->page, columns[i % 3], rows[i / 3]);
            assert_true(planche_tile_plan_make(&s->plan, goal, level, r));
            most = s->plan.bytes > most ? s->plan.bytes : most;
            seen.levels += level > 0;
        }
    assert_int_equal(most, split->arena);
}

/* What tiles take is told by nine of them: it is near what all of them take. */
static void check_work(struct subject *s, const struct planche_split *split)
{
    const struct planche_net *net = s->page.net;
    double told = planche_split_work(split, &s->plan), whole = 0, tiles = 0;
    for (int i = 0; i < net->step_count; i++)
        whole += planche_step_macs(net, &net->steps[i], s->page.shapes);
    for (int64_t i = 0; i < split->rows * split->columns; i++)
        for (int level = 0; level <= s->tensors.highest_level; level++) {
            struct planche_rect r =
                planche_split_rect(split, &s->page, i % split->columns, i / split->columns);
            assert_true(planche_tile_plan_make(
                &s->plan, level ? PLANCHE_TILE_SUMS : PLANCHE_TILE_RESULT, level, r));
            tiles += planche_tile_plan_macs(&s->plan);
        }
    if (planche_split_is_whole(split))
        assert_true(told == 1);
    else if (whole > 0)
        assert_true(told > tiles / whole * 0.75 && told < tiles / whole * 1.25);
}

/* The last 256 bytes of a kept tensor. */
static uint64_t last_unit(const struct subject *s, const struct planche_keeping *keeping, int t)
{
    uint64_t bytes = (uint64_t)(s->page.shapes[t].width * s->page.shapes[t].height) *
                     (uint64_t)s->pitches[t] * s->tensors.value_bytes;
    assert_true(keeping->offsets[t] + bytes <= keeping->bytes);
    return (keeping->offsets[t] + bytes - 1) / 256;
}

/* Bands make all rows of what is kept, in the run that is said to make it, and find it later. */
static void check_kept(struct subject *s, const struct planche_split *split,
                       const struct planche_keeping *keeping)
{
    const struct planche_net *net = s->page.net;
    int runs = s->tensors.highest_level + 1;
    int64_t *rows = zeroes(net->tensor_count, sizeof(*rows));
    int *owners = zeroes((int)(keeping->bytes / 256 + 1), sizeof(*owners));
    for (int run = 1; run <= runs; run++)
        for (int64_t band = 0; band < split->rows; band++) {
            struct planche_rect r = planche_split_rect(split, &s->page, 0, band);
            assert_true(planche_tile_plan_make(&s->plan,
                                               run < runs ? PLANCHE_TILE_SUMS : PLANCHE_TILE_RESULT,
                                               run < runs ? run : 0, r));
            for (int t = 0; t < net->tensor_count; t++) {
                const struct planche_rect *made = &s->plan.regions[t];
                if (!keeping->runs[t] || run < keeping->first || planche_rect_is_empty(*made))
                    continue;
                assert_int_equal(s->plan.elsewhere[t], keeping->runs[t] <= run);
                if (keeping->runs[t] < run) {
                    assert_int_equal(rows[t], s->page.shapes[t].height);
                    assert_int_equal(owners[keeping->offsets[t] / 256], t);
                    assert_int_equal(owners[last_unit(s, keeping, t)], t);
                }
                if (keeping->runs[t] != run)
                    continue;
                assert_true(made->x0 == 0 && made->x1 == s->page.shapes[t].width);
                assert_true(made->y0 % PLANCHE_KEPT_ROWS == 0 && made->y0 <= rows[t]);
                rows[t] = made->y1 > rows[t] ? made->y1 : rows[t];
                for (uint64_t u = keeping->offsets[t] / 256; u <= last_unit(s, keeping, t); u++)
                    owners[u] = t;
            }
        }
    for (int t = 0; t < net->tensor_count; t++)
        assert_true(!keeping->runs[t] || rows[t] == s->page.shapes[t].height);
    free(rows);
    free(owners);
}

/* With memory for what bands keep they take less arithmetic than tiles; with less memory fewer runs
 * keep something, and at last none does. */
static void check_keeping(struct subject *s, const struct planche_split *tiles)
{
    double work = planche_split_work(tiles, &s->plan);
    struct planche_split_limits limits = {tiles->arena, UINT64_C(1) << 40, 0, DEVICE};
    while (limits.together) {
        struct planche_split bands = *tiles;
        struct planche_keeping keeping;
        planche_split_keep(&bands, &s->plan, &keeping, &limits);
        limits.together = bands.kept ? bands.kept + bands.arena - 1 : 0;
        if (bands.kept) {
            seen.kept++;
            seen.partly += bands.keeps > 1;
            assert_int_equal(bands.columns, 1);
            assert_true(bands.arena <= tiles->arena);
            assert_true(planche_split_work(&bands, &s->plan) < work);
            check_kept(s, &bands, &keeping);
        } else {
            assert_memory_equal(&bands, tiles, sizeof(bands));
        }
        s->plan.keeping = NULL;
        planche_keeping_free(&keeping);
    }
}

static void check_split(struct subject *s, const struct planche_split *split, unsigned side)
{
    const struct planche_tile_page *page = &s->page;
    assert_true(is_step(split->tile_width, page->width));
    assert_true(is_step(split->tile_height, page->height));
    assert_int_equal(split->columns, (page->width + split->tile_width - 1) / split->tile_width);
    assert_int_equal(split->rows, (page->height + split->tile_height - 1) / split->tile_height);
    if (side) {
        assert_int_equal(split->tile_width, side < page->width ? side : page->width);
        assert_int_equal(split->tile_height, side < page->height ? side : page->height);
    }
    check_partition(s, split);
    check_arena(s, split);
    check_work(s, split);
    check_keeping(s, split);
    seen.whole += planche_split_is_whole(split);
    seen.columns += split->columns > 1;
    seen.rows += split->rows > 1;
    seen.edges += page->width % split->tile_width != 0;
}

/* With the memory that a split takes it stays what it is; with a byte less its tiles are smaller,
 * or there are none, and the message says what there is and what helps. Returns false at the end.
 */
static bool check_less(struct subject *s, struct planche_split *split, unsigned side)
{
    struct planche_split same, smaller;
    struct planche_error error;
    assert_int_equal(split_page(s, split->arena, side, &same, &error), PLANCHE_OK);
    assert_memory_equal(&same, split, sizeof(same));
    enum planche_status status = split_page(s, split->arena - 1, side, &smaller, &error);
    if (status) {
        assert_int_equal(status, PLANCHE_ERROR_MEMORY);
        assert_true(strstr(error.message, DEVICE) && strstr(error.message, "option gpu_memory"));
        seen.refused++;
        return false;
    }
    assert_int_equal(side, 0);
    assert_true(smaller.arena < split->arena);
    assert_true(smaller.tile_width <= split->tile_width);
    assert_true(smaller.tile_height <= split->tile_height);
    *split = smaller;
    return true;
}

/* Without the outputs of the last steps the arena is no larger, and the rest lies as it did or
 * lower; they have no region. */
static void check_fused(struct subject *s)
{
    const struct planche_net *net = s->network.net;
    struct planche_rect all = {0, s->page.result.width, 0, s->page.result.height};
    assert_true(planche_tile_plan_make(&s->plan, PLANCHE_TILE_WHOLE, 0, all));
    uint64_t bytes = s->plan.bytes;
    s->page.tensors.fused = net->step_count - 1;
    assert_true(planche_tile_plan_make(&s->plan, PLANCHE_TILE_WHOLE, 0, all));
    s->page.tensors.fused = net->step_count;
    assert_true(planche_rect_is_empty(s->plan.regions[net->steps[net->step_count - 1].output]));
    assert_true(s->plan.bytes <= bytes);
    seen.fused += s->plan.bytes < bytes;
}

static void test_random_networks(void **state)
{
    (void)state;
    for (uint64_t seed = first_seed; seed < first_seed + (uint64_t)count; seed++) {
        struct subject s;
        struct planche_split split;
        struct planche_error error;
        uint64_t random = seed;
        int width = test_random_int(&random, 1, 150), height = test_random_int(&random, 1, 150);
        unsigned side = 16 + 4 * (unsigned)test_random_int(&random, 0, 5);
        if (!subject_make(&s, seed, width, height))
            continue;
        assert_int_equal(split_page(&s, UINT64_MAX, 0, &split, &error), PLANCHE_OK);
        assert_true(planche_split_is_whole(&split));
        do
            check_split(&s, &split, 0);
        while (check_less(&s, &split, 0));
        assert_int_equal(split_page(&s, UINT64_MAX, side, &split, &error), PLANCHE_OK);
        check_split(&s, &split, side);
        assert_false(check_less(&s, &split, side));
        check_fused(&s);
        subject_free(&s);
    }
    print_message(
        "%d whole pages, %d splits in columns, %d in rows, %d with narrow edges, %d levels "
        "beyond the first, %d refusals, %d last steps without memory\n",
        seen.whole, seen.columns, seen.rows, seen.edges, seen.levels, seen.refused, seen.fused);
    print_message("kept %d, of which in part %d\n", seen.kept, seen.partly);
    assert_true(seen.whole && seen.columns && seen.rows && seen.edges && seen.levels &&
                seen.refused && seen.fused && seen.kept && seen.partly);
}

/* Memory that is short is said, and nothing is left behind. */
static void test_failing_allocations(void **state)
{
    struct subject s;
    struct planche_budget budget;
    struct planche_error error;
    uint64_t seed = 1, n = 1;
    bool failed = true;
    (void)state;
    planche_budget_init(&budget, 0);
    while (!subject_make(&s, seed, 40, 40))
        seed++;
    for (; failed; n++) {
        struct planche_tile_page page;
        struct planche_tile_plan plan = {0};
        planche_alloc_fail_at(n, false);
        enum planche_status status =
            planche_tile_page_init(&page, s.network.net, &s.tensors, 40, 40, &budget, &error);
        if (!status)
            status = planche_tile_plan_init(&plan, &page, &budget, &error);
        failed = status != PLANCHE_OK;
        if (failed)
            assert_int_equal(status, PLANCHE_ERROR_MEMORY);
        planche_alloc_fail_at(0, false);
        planche_tile_plan_free(&plan);
        planche_tile_page_free(&page);
        planche_tile_page_free(&page);
        assert_int_equal(atomic_load(&budget.used), 0);
    }
    assert_int_equal(n, 8); /* shapes and the plan's five arrays; then nothing failed */
    planche_tile_page_free(&s.page);
    assert_int_equal(planche_tile_page_init(&s.page, s.network.net, &s.tensors, UINT32_MAX,
                                            UINT32_MAX, NULL, &error),
                     PLANCHE_ERROR_LIMIT);
    subject_free(&s);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_networks),
                                       cmocka_unit_test(test_failing_allocations)};
    if (test_quick())
        count = 30;
    if (argc > 1)
        first_seed = strtoull(argv[1], NULL, 0);
    if (argc > 2)
        count = atoi(argv[2]);
    return test_exit_status(cmocka_run_group_tests(tests, NULL, NULL));
}
