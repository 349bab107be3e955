/* SPDX-License-Identifier: MIT */
/* The model loader under failing allocations. */
#include "support/oom.h"

#include "model/load.h"
#include "random_graph.h"

#include "support/testing.h"

static enum planche_status load_scenario(void *user, struct planche_budget *budget,
                                         struct planche_error *error)
{
    const struct random_graph *files = user;
    const struct planche_model_source source = {.param_path = "random.param",
                                                .bin_path = "random.bin",
                                                .param = files->param,
                                                .param_size = files->param_size,
                                                .bin = files->bin,
                                                .bin_size = files->bin_size};
    struct planche_net *net;
    enum planche_status status = planche_model_load(&net, &source, NULL, budget, error);
    planche_net_destroy(&net);
    return status;
}

static void test_load(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 40; seed++) {
        struct random_graph files;
        random_graph_make(&files, seed);
        assert_true(oom_run("model", load_scenario, &files, 1) > 10);
        random_graph_free(&files);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_load)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
