/* SPDX-License-Identifier: MIT */
/* The CPU backend against the double-precision reference on random networks of every layer.
 *
 *   random [SEED [COUNT]]     tries other networks than the usual ones */
#include "backend_test.h"
#include "support/own_network.h"
#include "support/quick.h"

#include <stdlib.h>

/* 70 dB is what is promised of known models; single precision leaves 120 to 150 in networks as
 * small as these, so that less than this is a mistake somewhere. */
#define MIN_PSNR 90.0

static uint64_t first_seed = 1;
static int count = 200, operators = 100, failures;
static struct sums sums;

/* Small enough that padding reflects more than once, and just beyond a few tiles. */
static void pick_size(uint64_t seed, int *width, int *height)
{
    uint64_t state = seed;
    bool tiny = test_random_int(&state, 0, 3) == 0;
    *width = test_random_int(&state, 1, tiny ? 5 : 33);
    *height = test_random_int(&state, 1, tiny ? 5 : 33);
}

static double check_isa(struct network *network, const struct page *page, const double *expected,
                        const struct isa *isa, uint64_t seed)
{
    struct planche_program *program = compile(network, isa, 1);
    const struct run_options options = {.workers = 1};
    struct run_report report;
    count_sums(program, &sums);
    float *actual = run_page(program, page, &options, &report);
    size_t values = (size_t)report.width * (size_t)report.height * PLANCHE_PLANES;
    double decibels = psnr(actual, expected, values);
    if (!(decibels >= MIN_PSNR)) {
        print_error("seed %llu, %s, page of %d x %d: %.1f dB\n", (unsigned long long)seed,
                    isa->name, page->width, page->height, decibels);
        failures++;
    }
    free(actual);
    planche_program_destroy(&program);
    return decibels;
}

static void test_random_networks(void **state)
{
    struct isa isas[MAX_ISAS];
    int isa_count = isa_list(PLANCHE_PRECISION_F32, isas), done = 0;
    double worst[MAX_ISAS] = {1e9, 1e9, 1e9, 1e9};
    (void)state;
    for (int i = 0; i < count + operators; i++) {
        struct network network;
        struct page page;
        int width, height;
        uint64_t seed = i < count ? first_seed + (uint64_t)i
                                  : OPERATORS_SEED + first_seed + (uint64_t)(i - count);
        pick_size(seed, &width, &height);
        if (!network_make_random(&network, seed)) {
            network_free(&network);
            continue;
        }
        page_make(&page, width, height, seed);
        double *expected = run_reference(&network, &network.recipe, &page);
        if (!expected)
            fail_msg("seed %llu: the reference cannot run a page of %d x %d",
                     (unsigned long long)seed, width, height);
        for (int j = 0; j < isa_count; j++) {
            double decibels = check_isa(&network, &page, expected, &isas[j], seed);
            worst[j] = decibels < worst[j] ? decibels : worst[j];
        }
        free(expected);
        page_free(&page);
        network_free(&network);
        done++;
    }
    for (int i = 0; i < isa_count; i++)
        print_message("%-8s at least %.1f dB in %d networks\n", isas[i].name, worst[i], done);
    print_message("sums of shuffles and enlargements: %d fused, %d apart; long tails: %d\n",
                  sums.fused, sums.apart, sums.tails);
    assert_int_equal(failures, 0);
    assert_true(sums.fused > 0 && sums.apart > 0 && sums.tails > 0);
    assert_true(done * 10 >= (count + operators) * 8);
}

/* Planche's own networks with a middle at half the size, kernels in halves and in bytes, in all
 * that is made of them, on pages of a pixel, of odd sides, and of more than a few tiles. */
static void test_middles(void **state)
{
    static const struct own_form forms[] = {{20, 3, 2, 3, 33, 2, true},
                                            {16, 0, 3, 3, 7, 1, false},
                                            {5, 2, 1, 1, 40, 1, true},
                                            {24, 4, 2, 3, 48, 2, false}};
    static const struct planche_model_form wanted[] = {
        {.level = -1}, {.level = 0.5, .grey = true}, {.level = 2, .grey = true, .clean = true}};
    static const int sizes[][2] = {{1, 1}, {5, 3}, {2, 1}, {37, 21}, {24, 30}};
    struct isa isas[MAX_ISAS];
    const int isa_count = isa_list(PLANCHE_PRECISION_F32, isas);
    (void)state;
    for (uint64_t i = 0; i < (test_quickest() ? 4 : 12); i++) {
        struct own_file file = own_file_make_form(&forms[i % 4], i);
        struct network network;
        struct page page;
        network_load_own(&network, file.data, file.size, &wanted[i % 3]);
        assert_int_equal(network.recipe.multiple, 2);
        page_make(&page, sizes[i % 5][0], sizes[i % 5][1], i);
        double *expected = run_reference(&network, &network.recipe, &page);
        assert_non_null(expected);
        for (int j = 0; j < isa_count; j++)
            check_isa(&network, &page, expected, &isas[j], i);
        free(expected);
        page_free(&page);
        network_free(&network);
        free(file.data);
    }
    assert_int_equal(failures, 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_middles),
                                       cmocka_unit_test(test_random_networks)};
    if (test_quick())
        count = operators = test_quickest() ? 12 : 30;
    if (argc > 1)
        first_seed = strtoull(argv[1], NULL, 0);
    if (argc > 2)
        count = operators = atoi(argv[2]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
