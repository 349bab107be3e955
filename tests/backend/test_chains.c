/* SPDX-License-Identifier: MIT */
/* Chains of the engine against the double-precision reference of their networks, one after the
 * other: between them the page is cut off at 0 and 1 and rounded to 16 bits. */
#include "backend_test.h"
#include "support/need_model.h"
#include "support/tiny_model.h"

#include <planche/planche.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* What 16 bits of a sample leave is 100 dB. */
#define MIN_PSNR 95.0
#define MOST     65535

static char folder[] = "/tmp/planche-chains-XXXXXX";
static char paths[2][sizeof folder + 8]; /* of models of 2x and 3x, without extensions */

static double to_sample(double v)
{
    return (double)(int)((v < 0 ? 0 : v > 1 ? 1 : v) * MOST + 0.5);
}

static struct page page_from(const double *planes, int width, int height)
{
    struct page page = {.width = width, .height = height};
    size_t pixels = (size_t)width * (size_t)height;
    for (size_t c = 0; c < PLANCHE_PLANES; c++) {
        page.planes[c] = malloc(pixels * sizeof(float));
        for (size_t i = 0; i < pixels; i++)
            page.planes[c][i] = (float)(to_sample(planes[c * pixels + i]) / MOST);
    }
    return page;
}

static void load_tiny(struct network *network, const char *path)
{
    char param[2 * sizeof paths], bin[sizeof param];
    snprintf(param, sizeof param, "%s.param", path);
    snprintf(bin, sizeof bin, "%s.bin", path);
    network_load(network, param, bin, NULL);
}

/* Planes of the result. */
static double *run_networks(struct network *networks, const struct ref_recipe *recipes,
                            const struct page *page)
{
    double *planes = run_reference(&networks[0], &recipes[0], page);
    assert_non_null(planes);
    struct page between =
        page_from(planes, page->width * recipes[0].scale, page->height * recipes[0].scale);
    free(planes);
    planes = run_reference(&networks[1], &recipes[1], &between);
    assert_non_null(planes);
    page_free(&between);
    return planes;
}

static struct planche_pixels make_pixels(int width, int height)
{
    struct planche_pixels pixels = PLANCHE_PIXELS_INIT;
    pixels.format = PLANCHE_PIXELS_RGB16;
    pixels.width = (uint32_t)width;
    pixels.height = (uint32_t)height;
    pixels.stride = (size_t)width * PLANCHE_PLANES * sizeof(uint16_t);
    pixels.data = calloc((size_t)height, pixels.stride);
    return pixels;
}

static float *run_engine(const char *chain, const struct page *page, int scale)
{
    struct planche_engine_options options = PLANCHE_ENGINE_OPTIONS_INIT;
    struct planche_page_result result = PLANCHE_PAGE_RESULT_INIT;
    struct planche_pixels in = make_pixels(page->width, page->height),
                          out = make_pixels(page->width * scale, page->height * scale);
    size_t pixels = (size_t)page->width * (size_t)page->height,
           made = pixels * (size_t)(scale * scale);
    struct planche_engine *engine;
    struct planche_error error;
    options.model = chain;
    options.backend = "cpu";
    for (size_t i = 0; i < pixels * PLANCHE_PLANES; i++)
        ((uint16_t *)in.data)[i] =
            (uint16_t)to_sample((double)page->planes[i % PLANCHE_PLANES][i / PLANCHE_PLANES]);
    if (planche_engine_create(&engine, &options, &error) ||
        planche_engine_run_pixels(engine, &in, &out, NULL, &result, &error))
        fail_msg("%s: %s", chain, error.message);
    assert_int_equal(result.passes, 2);
    float *planes = malloc(made * PLANCHE_PLANES * sizeof(float));
    for (size_t i = 0; i < made * PLANCHE_PLANES; i++)
        planes[i % PLANCHE_PLANES * made + i / PLANCHE_PLANES] =
            (float)((uint16_t *)out.data)[i] / MOST;
    planche_engine_destroy(&engine);
    free(in.data);
    free(out.data);
    return planes;
}

static void check(const char *chain, struct network *networks, const struct ref_recipe *recipes)
{
    struct page page;
    int scale = recipes[0].scale * recipes[1].scale;
    page_make(&page, 29, 23, 6);
    for (int c = 0; c < PLANCHE_PLANES; c++)
        for (int i = 0; i < page.width * page.height; i++)
            page.planes[c][i] = (float)(to_sample((double)page.planes[c][i]) / MOST);
    size_t values = (size_t)(page.width * page.height * scale * scale * PLANCHE_PLANES);
    double *expected = run_networks(networks, recipes, &page);
    for (size_t i = 0; i < values; i++)
        expected[i] = expected[i] < 0 ? 0 : expected[i] > 1 ? 1 : expected[i];
    float *actual = run_engine(chain, &page, scale);
    double decibels = psnr(actual, expected, values);
    print_message("%s: %.1f dB, at most %d of 255\n", chain, decibels,
                  worst_level(actual, expected, values));
    assert_true(decibels >= MIN_PSNR && worst_level(actual, expected, values) <= 1);
    free(expected);
    free(actual);
    page_free(&page);
    network_free(&networks[0]);
    network_free(&networks[1]);
}

static void test_files(void **state)
{
    struct network networks[2];
    char chain[4 * sizeof paths];
    (void)state;
    for (int first = 0; first < 2; first++) {
        load_tiny(&networks[0], paths[first]);
        load_tiny(&networks[1], paths[!first]);
        const struct ref_recipe recipes[] = {networks[0].recipe, networks[1].recipe};
        snprintf(chain, sizeof chain, "%s.param+%s.param", paths[first], paths[!first]);
        check(chain, networks, recipes);
    }
}

/* A network of the library that cleans first, as little as it can. */
static void test_cleaning_first(void **state)
{
    struct network networks[2];
    char chain[2 * sizeof paths];
    (void)state;
    network_load_known(&networks[0], test_need_model("small", 1, PLANCHE_DENOISE_0), false);
    load_tiny(&networks[1], paths[0]);
    const struct ref_recipe recipes[] = {ref_recipe_for("small", 1), networks[1].recipe};
    snprintf(chain, sizeof chain, "small+%s.param", paths[0]);
    check(chain, networks, recipes);
}

static int setup(void **state)
{
    static struct tiny_model model;
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    for (unsigned scale = 2; scale <= 3; scale++) {
        snprintf(paths[scale - 2], sizeof paths[0], "%s/x%u", folder, scale);
        tiny_model_make(&model, scale);
        if (!tiny_model_write(&model, paths[scale - 2]))
            return -1;
    }
    return 0;
}

static int teardown(void **state)
{
    char path[2 * sizeof paths];
    (void)state;
    for (int i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "%s%s", paths[i / 2], i % 2 ? ".bin" : ".param");
        unlink(path);
    }
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_files),
                                       cmocka_unit_test(test_cleaning_first)};
    return test_exit_status(cmocka_run_group_tests(tests, setup, teardown));
}
