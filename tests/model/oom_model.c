/* SPDX-License-Identifier: MIT */
/* The model loader under failing allocations. */
#include "support/oom.h"

#include "model/load.h"
#include "onnx_cases.h"
#include "onnx_graph.h"
#include "random_graph.h"

#include "support/testing.h"
#include <stdlib.h>

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

struct bytes {
    uint8_t *data;
    size_t size;
};

static enum planche_status onnx_scenario(void *user, struct planche_budget *budget,
                                         struct planche_error *error)
{
    const struct bytes *file = user;
    const struct planche_model_source source = {
        .param_path = "a.onnx", .param = file->data, .param_size = file->size};
    struct planche_net *net;
    enum planche_status status = planche_model_load(&net, &source, NULL, budget, error);
    planche_net_destroy(&net);
    return status;
}

static void test_onnx(void **state)
{
    static struct onnx_graph graph;
    (void)state;
    for (size_t i = 0; i < onnx_case_count; i++) {
        struct bytes file;
        onnx_begin(&graph, i);
        graph.opset = onnx_cases[i].opset ? onnx_cases[i].opset : graph.opset;
        onnx_lines(&graph, onnx_cases[i].lines);
        file.data = onnx_write(&graph, &file.size);
        assert_true(oom_run("onnx", onnx_scenario, &file, 1) > 10);
        free(file.data);
        onnx_free(&graph);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_load), cmocka_unit_test(test_onnx)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
