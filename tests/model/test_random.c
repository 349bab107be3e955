/* SPDX-License-Identifier: MIT */
/* Random networks: they load, their sizes are the reference's, and lowered they compute the
 * same. */
#include "model/load.h"
#include "net_export.h"
#include "random_graph.h"
#include "reference.h"

#include "support/testing.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define SEED   UINT64_C(20250)
#define GRAPHS 1500
#define RUNS   120

static struct planche_net *load(const struct random_graph *files, uint64_t seed)
{
    const struct planche_model_source source = {.param_path = "random.param",
                                                .bin_path = "random.bin",
                                                .param = files->param,
                                                .param_size = files->param_size,
                                                .bin = files->bin,
                                                .bin_size = files->bin_size};
    struct planche_error error = {.status = PLANCHE_OK};
    struct planche_net *net;
    if (planche_model_load(&net, &source, NULL, NULL, &error) != PLANCHE_OK)
        fail_msg("seed %llu: %s\n%s", (unsigned long long)seed, error.message, files->param);
    return net;
}

static void check_sizes(const struct planche_net *net, const struct ref_net *reference,
                        uint64_t seed)
{
    struct planche_shape *shapes = calloc((size_t)net->tensor_count, sizeof(*shapes));
    int multiple = (int)net->recipe.multiple, pad = (int)net->recipe.pad;
    for (int i = 1; i <= 5; i++) {
        int h = multiple * i + 2 * pad, w = multiple * (8 - i) + 2 * pad;
        int c = 0, rh = 0, rw = 0;
        struct planche_shape out;
        int least = (int)(net->recipe.crop + net->recipe.scale * net->recipe.multiple);
        if (!planche_net_shapes(net, h, w, shapes) || !ref_sizes(reference, h, w, &c, &rh, &rw))
            fail_msg("seed %llu: sizes at %dx%d", (unsigned long long)seed, h, w);
        out = planche_view_shape(&net->output, shapes);
        if (out.height != rh || out.width != rw || c != 3)
            fail_msg("seed %llu: %dx%d instead of %dx%d", (unsigned long long)seed, (int)out.height,
                     (int)out.width, rh, rw);
        assert_true(rh >= least + (i - 1) * multiple * (int)net->recipe.scale);
    }
    free(shapes);
}

static void test_sizes(void **state)
{
    (void)state;
    print_message("seeds from %llu\n", (unsigned long long)SEED);
    for (uint64_t seed = SEED; seed < SEED + GRAPHS; seed++) {
        struct random_graph files;
        struct planche_net *net;
        struct ref_net *reference;
        random_graph_make(&files, seed);
        net = load(&files, seed);
        reference = ref_load_memory(files.param, files.param_size, files.bin, files.bin_size);
        assert_non_null(reference);
        check_sizes(net, reference, seed);
        ref_destroy(&reference);
        planche_net_destroy(&net);
        random_graph_free(&files);
    }
}

static void compare_runs(const struct random_graph *files, const struct random_graph *lowered,
                         int h, int w, uint64_t seed)
{
    struct ref_net *a =
        ref_load_memory(files->param, files->param_size, files->bin, files->bin_size);
    struct ref_net *b =
        ref_load_memory(lowered->param, lowered->param_size, lowered->bin, lowered->bin_size);
    double *in = calloc((size_t)h * w * 3, sizeof(double)), *out_a, *out_b, worst;
    int c, ah, aw, bh, bw;
    assert_true(a && b);
    for (int i = 0; i < h * w * 3; i++)
        in[i] = 0.5 + 0.5 * sin(i * 0.37 + (double)(seed % 7)) * cos(i / w * 0.11);
    assert_true(ref_run(a, in, 3, h, w, &out_a, &c, &ah, &aw));
    assert_true(ref_run(b, in, 3, h, w, &out_b, &c, &bh, &bw));
    assert_int_equal(ah, bh);
    assert_int_equal(aw, bw);
    worst = ref_difference(out_a, out_b, (size_t)c * ah * aw);
    /* Scales folded into weights are rounded to single precision. */
    if (!(worst < 1e-5))
        fail_msg("seed %llu: the lowering changes the result by %g\n%s\nbecame\n%s",
                 (unsigned long long)seed, worst, files->param, lowered->param);
    free(in);
    free(out_a);
    free(out_b);
    ref_destroy(&a);
    ref_destroy(&b);
}

static void test_meaning(void **state)
{
    (void)state;
    print_message("seeds from %llu\n", (unsigned long long)SEED);
    for (uint64_t seed = SEED; seed < SEED + RUNS; seed++) {
        struct random_graph files, lowered;
        struct planche_net *net;
        int multiple, pad;
        random_graph_make(&files, seed);
        net = load(&files, seed);
        multiple = (int)net->recipe.multiple;
        pad = (int)net->recipe.pad;
        net_export(net, &lowered);
        compare_runs(&files, &lowered, multiple + 2 * pad, 3 * multiple + 2 * pad, seed);
        random_graph_free(&lowered);
        planche_net_destroy(&net);
        random_graph_free(&files);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sizes),
                                       cmocka_unit_test(test_meaning)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
