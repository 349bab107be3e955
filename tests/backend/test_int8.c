/* SPDX-License-Identifier: MIT */
/* Quantised networks: near the reference; the same for every kernel and number of threads; what
 * does not fit is refused. */
#include "backend_test.h"

#include "backend/cpu/int8_page.h"
#include "os/cpu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCALE 2

/* Layers of a chain of `channels`, with a kernel of so many pixels in its second convolution. */
static void write_param(char *text, size_t size, int channels, int kernel)
{
    snprintf(text, size,
             "7767517\n10 11\n"
             "Input data 0 1 data\n"
             "Split sp 1 2 data d0 d1\n"
             "Convolution first 1 1 d0 c0 0=%d 1=3 4=1 5=1 6=%d\n"
             "PReLU p0 1 1 c0 r0 0=%d\n"
             "Convolution second 1 1 r0 c1 0=%d 1=%d 4=%d 5=1 6=%d\n"
             "ReLU p1 1 1 c1 r1 0=0.1\n"
             "Convolution last 1 1 r1 c2 0=12 1=3 4=1 5=1 6=%d\n"
             "PixelShuffle ps 1 1 c2 ps 0=2\n"
             "Interp up 1 1 d1 up 0=1 1=2.0 2=2.0\n"
             "BinaryOp add 2 1 ps up output 0=0\n",
             channels, channels * 27, channels, channels, kernel, kernel / 2,
             channels * channels * kernel * kernel, channels * 108);
}

/* A weight flag, weights and biases; or slopes alone. */
static float *put_values(float *to, int weights, int others, float range, uint64_t *state)
{
    if (weights > 0)
        memset(to++, 0, sizeof(*to));
    for (int i = 0; i < weights; i++)
        *to++ = (float)test_random_real(state, -range, range);
    for (int i = 0; i < others; i++)
        *to++ = (float)test_random_real(state, -0.2, 0.3);
    return to;
}

static enum planche_status load(struct network *network, int channels, int kernel)
{
    static char param[2048];
    static float bin[8192];
    uint64_t state = 5;
    struct planche_error error;
    write_param(param, sizeof(param), channels, kernel);
    float *end = put_values(bin, channels * 27, channels, 0.4f, &state);
    end = put_values(end, 0, channels, 0.0f, &state);
    end = put_values(end, channels * channels * kernel * kernel, channels, 0.25f, &state);
    end = put_values(end, channels * 108, 12, 0.1f, &state);
    const struct planche_model_source source = {
        .param = param,
        .param_size = strlen(param),
        .bin = bin,
        .bin_size = (size_t)((char *)end - (char *)bin),
    };
    return network_load_memory(network, &source, &error);
}

/* A page on its way. */
struct stream {
    const struct page *page;
    const struct planche_recipe *recipe;
    int64_t next; /* rows of the result come in order, once each */
    float *result;
};

static enum planche_status fetch(void *user, int64_t y, int64_t x, size_t count,
                                 float *const planes[PLANCHE_PLANES], struct planche_error *error)
{
    const struct stream *s = user;
    (void)error;
    assert_true(y >= 0 && y < s->page->height && x == 0 && count == (size_t)s->page->width);
    for (int c = 0; c < PLANCHE_PLANES; c++)
        for (size_t i = 0; i < count; i++)
            planes[c][i] = s->page->planes[c][(size_t)y * count + i] * s->recipe->in_scale +
                           s->recipe->in_bias;
    return PLANCHE_OK;
}

/* Any thread: parts of rows, each pixel into its own place. */
static void put(void *user, int64_t y, int64_t x, size_t count,
                const float *const planes[PLANCHE_PLANES])
{
    const struct stream *s = user;
    const size_t row = (size_t)s->page->width * SCALE;
    const size_t area = (size_t)s->page->height * SCALE * row;
    for (int c = 0; c < PLANCHE_PLANES; c++)
        for (size_t i = 0; i < count; i++)
            s->result[(size_t)c * area + (size_t)y * row + (size_t)x + i] =
                planes[c][i] * s->recipe->out_scale + s->recipe->out_bias;
}

static enum planche_status emit(void *user, int64_t y, int64_t x, size_t count,
                                struct planche_error *error)
{
    struct stream *s = user;
    (void)error;
    assert_true(y == s->next++ && x == 0 && count == (size_t)s->page->width * SCALE);
    return PLANCHE_OK;
}

static float *run(const struct network *network, uint32_t features, unsigned workers,
                  const struct page *page)
{
    struct planche_int8_network *quantised;
    struct planche_int8_plan plan;
    struct planche_error error;
    struct planche_budget budget;
    planche_budget_init(&budget, 0);
    if (planche_int8_network_create(&quantised, network->net, features, pool_of(workers), &budget,
                                    &error) ||
        planche_int8_plan(&plan, quantised, page->width, page->height, workers, &error))
        fail_msg("%s", error.message);
    struct stream stream = {.page = page, .recipe = &network->net->recipe};
    stream.result = malloc((size_t)page->width * (size_t)page->height * SCALE * SCALE *
                           PLANCHE_PLANES * sizeof(float));
    const struct planche_page_io io = {.user = &stream, .fetch = fetch, .put = put, .emit = emit};
    if (planche_int8_run(&plan, pool_of(workers), &io, &budget, &error))
        fail_msg("%s", error.message);
    assert_int_equal(stream.next, page->height * SCALE);
    planche_int8_network_destroy(&quantised);
    assert_int_equal(atomic_load(&budget.used), 0);
    return stream.result;
}

/* As bytes, which is what the first layer takes pages for. */
static void round_page(const struct page *page)
{
    for (int c = 0; c < PLANCHE_PLANES; c++)
        for (int i = 0; i < page->width * page->height; i++) {
            const float v = page->planes[c][i];
            page->planes[c][i] = (float)(int)((v < 0   ? 0
                                               : v > 1 ? 1
                                                       : v) *
                                                  255 +
                                              0.5f) *
                                 (1.0f / 255);
        }
}

static void check_page(const struct network *network, int width, int height)
{
    static const struct {
        uint32_t feature;
        unsigned workers;
    } ways[] = {{PLANCHE_CPU_PORTABLE, 3},
                {PLANCHE_CPU_AVXVNNI, 1},
                {PLANCHE_CPU_AVX512VNNI, 1},
                {PLANCHE_CPU_AVX512VNNI, 2},
                {PLANCHE_CPU_AVX512VNNI, 5}};
    struct page page;
    page_make(&page, width, height, 3);
    round_page(&page);
    const size_t count = (size_t)width * (size_t)height * SCALE * SCALE * PLANCHE_PLANES;
    float *result = run(network, PLANCHE_CPU_PORTABLE, 1, &page);
    double *expected = run_reference(network, &network->recipe, &page);
    assert_non_null(expected);
    const double quality = psnr(result, expected, count);
    print_message("%d x %d: %.1f dB, %d levels\n", width, height, quality,
                  worst_level(result, expected, count));
    assert_true(quality > 38);
    for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
        const uint32_t features = planche_cpu_select(ways[i].feature);
        if (!(features & ways[i].feature)) {
            print_message("SKIPPED: this CPU has no feature 0x%x\n", ways[i].feature);
            continue;
        }
        float *again = run(network, features, ways[i].workers, &page);
        assert_memory_equal(again, result, count * sizeof(*again));
        free(again);
    }
    free(expected);
    free(result);
    page_free(&page);
}

static void test_pages(void **state)
{
    static const int channels[] = {10, 16};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct network network;
        assert_int_equal(load(&network, channels[i], 3), PLANCHE_OK);
        check_page(&network, 53, 38);
        check_page(&network, 203, 9);
        check_page(&network, 1, 1);
        network_free(&network);
    }
}

/* The message names what does not fit. */
static void test_misfits(void **state)
{
    struct network network;
    struct planche_int8_network *quantised;
    struct planche_error error;
    (void)state;
    const enum planche_status status = load(&network, 8, 1);
    if (status)
        fail_msg("the network does not load: %d", (int)status);
    assert_int_equal(planche_int8_network_create(&quantised, network.net, PLANCHE_CPU_PORTABLE,
                                                 pool_of(1), &network.budget, &error),
                     PLANCHE_ERROR_UNSUPPORTED);
    assert_null(quantised);
    assert_non_null(strstr(error.message, "layer second"));
    network_free(&network);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pages),
        cmocka_unit_test(test_misfits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
