/* SPDX-License-Identifier: MIT */
/* Folding on random networks: what is left out is read by convolutions alone, each sum is made
 * once, and the memory of what is read in another's place lasts until then.
 *
 *   test_tiles_folding [SEED [COUNT]]     tries other networks than the usual ones */
#include "backend/tiles/folding.h"
#include "backend/tiles/tile_plan.h"

#include "backend_test.h"
#include "net/levels.h"
#include "support/need_model.h"

#include <stdlib.h>
#include <string.h>

#define SIDE 24

static uint64_t first_seed = 1;
static int count = 150;

/* What occurred: all must, or the test shows nothing. */
static struct {
    int scales, enlargements, sums, kept;
} seen;

static bool has_kernel(const struct planche_net *net, int s)
{
    return net->steps[s].op == PLANCHE_STEP_CONV || net->steps[s].op == PLANCHE_STEP_DECONV;
}

static bool takes_all(const void *user, int s, enum planche_fold fold)
{
    (void)fold;
    return has_kernel(user, s);
}

static bool takes_nothing(const void *user, int s, enum planche_fold fold)
{
    (void)user, (void)s, (void)fold;
    return false;
}

static void check_readers(const struct planche_net *net, int tensor)
{
    assert_true(net->output.tensor != tensor);
    for (int s = 0; s < net->step_count; s++) {
        const struct planche_step *step = &net->steps[s];
        for (int i = 0; i < step->input_count; i++)
            assert_true(step->inputs[i].tensor != tensor || has_kernel(net, s));
    }
}

static void check_folding(const struct planche_net *net, const struct planche_folding *folding)
{
    for (int s = 0; s < net->step_count; s++) {
        const struct planche_step *step = &net->steps[s];
        int t = step->output, source = folding->sources[t], pool = folding->averages[s];
        assert_int_equal(folding->skipped[s], source != t);
        assert_int_equal(folding->sources[source], source);
        assert_int_equal(folding->skipped[s], folding->vectors[t] >= 0 || folding->enlarged[t]);
        if (folding->skipped[s])
            check_readers(net, t);
        seen.scales += folding->vectors[t] >= 0;
        seen.enlargements += folding->enlarged[t];
        if (pool < 0)
            continue;
        seen.sums++;
        assert_true(net->steps[pool].op == PLANCHE_STEP_POOL);
        assert_int_equal(net->steps[pool].inputs[0].tensor, t);
        for (int other = 0; other < s; other++)
            assert_true(folding->averages[other] != pool);
    }
}

/* A tensor's memory holds its values from the step that makes it until another's are written over
 * them: no step reads later. */
static void check_memory(const struct planche_net *net, const struct planche_tile_plan *plan)
{
    const int *sources = plan->page->tensors.sources;
    bool *held = calloc((size_t)net->tensor_count, sizeof(*held));
    held[0] = true;
    for (int s = 0; s < net->step_count; s++) {
        const struct planche_step *step = &net->steps[s];
        if (!plan->needed[s] || net->tensors[step->output].vector ||
            sources[step->output] != step->output)
            continue;
        const struct planche_rect *made = &plan->regions[step->output];
        uint64_t begin = plan->offsets[step->output];
        uint64_t bytes = (uint64_t)(made->x1 - made->x0) * (uint64_t)(made->y1 - made->y0) *
                         (uint64_t)plan->page->tensors.pitches[step->output] *
                         plan->page->tensors.value_bytes;
        for (int t = 0; t < net->tensor_count; t++)
            if (plan->offsets[t] >= begin && plan->offsets[t] < begin + bytes)
                held[t] = false;
        for (int i = 0; i < step->input_count; i++)
            assert_true(held[sources[step->inputs[i].tensor]]);
        for (int r = 0; r < step->residual_count; r++)
            assert_true(held[sources[step->residuals[r].view.tensor]]);
        held[step->output] = true;
        seen.kept++;
    }
    free(held);
}

static void check_plan(const struct planche_net *net, const struct planche_folding *folding)
{
    int *levels = calloc((size_t)net->tensor_count, sizeof(*levels));
    int *pitches = calloc((size_t)net->tensor_count, sizeof(*pitches));
    struct planche_tile_page page;
    struct planche_tile_plan plan;
    struct planche_error error;
    for (int t = 0; t < net->tensor_count; t++)
        pitches[t] = (net->tensors[t].channels + 15) / 16 * 16;
    const struct planche_tile_tensors tensors = {
        .levels = levels,
        .highest_level = planche_net_levels(net, levels),
        .pitches = pitches,
        .value_bytes = 2,
        .sources = folding->sources,
        .fused = net->step_count,
    };
    assert_int_equal(planche_tile_page_init(&page, net, &tensors, SIDE, SIDE, NULL, &error),
                     PLANCHE_OK);
    assert_int_equal(planche_tile_plan_init(&plan, &page, NULL, &error), PLANCHE_OK);
    const struct planche_rect all = {0, page.result.width, 0, page.result.height};
    assert_true(planche_tile_plan_make(&plan, PLANCHE_TILE_WHOLE, 0, all));
    check_memory(net, &plan);
    planche_tile_plan_free(&plan);
    planche_tile_page_free(&page);
    free(levels);
    free(pitches);
}

static void test_networks(void **state)
{
    (void)state;
    for (uint64_t seed = first_seed; seed < first_seed + (uint64_t)count; seed++) {
        struct network network;
        struct planche_folding folding;
        bool made = network_make_random(&network, seed);
        if (made) {
            assert_true(planche_folding_make(&folding, network.net, takes_nothing, NULL, NULL));
            for (int s = 0; s < network.net->step_count; s++)
                assert_true(!folding.skipped[s] && folding.averages[s] < 0);
            planche_folding_free(&folding);
            assert_true(planche_folding_make(&folding, network.net, takes_all, network.net, NULL));
            check_folding(network.net, &folding);
            check_plan(network.net, &folding);
            planche_folding_free(&folding);
        }
        network_free(&network);
    }
    print_message("scales %d, enlargements %d, sums %d, tensors kept %d\n", seen.scales,
                  seen.enlargements, seen.sums, seen.kept);
    assert_true(seen.kept && seen.sums && seen.scales && seen.enlargements);
}

static void test_no_memory(void **state)
{
    struct network network;
    struct planche_folding folding;
    (void)state;
    for (uint64_t seed = 1; !network_make_random(&network, seed); seed++)
        network_free(&network);
    for (unsigned n = 1; n <= 5; n++) {
        planche_alloc_fail_at(n, false);
        assert_false(planche_folding_make(&folding, network.net, takes_all, network.net, NULL));
        planche_alloc_fail_at(0, false);
        planche_folding_free(&folding);
    }
    network_free(&network);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_networks),
                                       cmocka_unit_test(test_no_memory)};
    if (argc > 1)
        first_seed = strtoull(argv[1], NULL, 0);
    if (argc > 2)
        count = atoi(argv[2]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
