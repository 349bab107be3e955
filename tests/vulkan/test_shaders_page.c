/* SPDX-License-Identifier: MIT */
/* LOAD and STORE: pages of all kinds, reflection, rounding, alpha, flags.
 *
 *   shaders-page [SEED] */
#include "image/alpha.h"
#include "shader_test.h"
#include "support/quick.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Software devices compile the shader again for most of them. */
#define CASES (test_full() ? 40 : 12)

/* A page's pixels in the memory. */
struct page {
    int width, height, colours, channels, depth, stride;
    uint64_t address;
};

static unsigned sample_at(const struct shader_test *test, const struct page *page, int x, int y,
                          int c)
{
    const uint8_t *row =
        (const uint8_t *)shader_test_host(test, page->address) + (int64_t)y * page->stride;
    int64_t index = (int64_t)x * page->channels + c;
    return page->depth == 16 ? ((const uint16_t *)(const void *)row)[index] : row[index];
}

static int stride_of(int width, int channels, int depth)
{
    return (width + 3) / 4 * 4 * channels * depth / 8;
}

static struct page make_page(struct shader_test *test, int width, int height)
{
    struct page page = {.width = width, .height = height};
    page.colours = test_random_int(&test->random, 0, 2) ? 3 : 1;
    page.channels = page.colours + test_random_int(&test->random, 0, 1);
    page.depth = test_random_int(&test->random, 1, 2) * 8;
    page.stride = stride_of(width, page.channels, page.depth);
    uint64_t bytes = (uint64_t)page.stride * (uint64_t)height;
    page.address = shader_test_take(test, bytes);
    uint8_t *data = shader_test_host(test, page.address);
    for (uint64_t i = 0; i < bytes; i++)
        data[i] = (uint8_t)test_random(&test->random);
    return page;
}

static uint32_t *take_flags(struct shader_test *test, struct planche_gpu_args *args)
{
    args->flags = shader_test_take(test, sizeof(uint32_t));
    return shader_test_host(test, args->flags);
}

static void use_page(struct planche_gpu_args *args, const struct page *page)
{
    args->page_width = page->width;
    args->page_height = page->height;
    args->colours = page->colours;
    args->channels = page->channels;
    args->depth = page->depth;
}

/* Step by step. */
static int mirrored(int i, int size)
{
    while (size > 1 && (i < 0 || i >= size))
        i = i < 0 ? -i : 2 * (size - 1) - i;
    return size > 1 ? i : 0;
}

static struct planche_gpu_args make_load(struct shader_test *test, const struct page *page)
{
    struct planche_gpu_args args = {
        .self = (float)test_random_real(&test->random, 0.5, 2),
        .other = (float)test_random_real(&test->random, -1, 1),
        .pad_left = test_random_int(&test->random, 0, 30),
        .pad_top = test_random_int(&test->random, 0, 30),
        .page = page->address,
        .page_stride = page->stride,
    };
    use_page(&args, page);
    args.out = shader_test_output(test, test_random_int(&test->random, 1, 150),
                                  test_random_int(&test->random, 1, 20), 3);
    args.out.x = test_random_int(&test->random, 0, 40);
    args.out.y = test_random_int(&test->random, 0, 40);
    args.in[0].x = test_random_int(&test->random, -5, page->width);
    args.in[0].y = test_random_int(&test->random, -5, page->height);
    args.in[0].width = test_random_int(&test->random, 0, page->width);
    args.in[0].height = test_random_int(&test->random, 0, page->height);
    return args;
}

/* Whether a colour of the tile's own pixels is at least a quarter. */
static bool is_bright(const struct shader_test *test, const struct page *page,
                      const struct planche_gpu_args *args)
{
    const struct planche_gpu_view *own = &args->in[0];
    for (int y = own->y; y < own->y + own->height; y++)
        for (int x = own->x; x < own->x + own->width; x++) {
            int at_x = x + args->pad_left - args->out.x, at_y = y + args->pad_top - args->out.y;
            if (at_x < 0 || at_x >= args->out.width || at_y < 0 || at_y >= args->out.height)
                continue;
            for (int c = 0; c < page->colours; c++)
                if (sample_at(test, page, mirrored(x, page->width), mirrored(y, page->height), c) >=
                    (page->depth == 16 ? 16384u : 64u))
                    return true;
        }
    return false;
}

static void check_loaded(const struct shader_test *test, const struct page *page,
                         const struct planche_gpu_args *args)
{
    double most = page->depth == 16 ? 65535 : 255;
    for (int y = 0; y < args->out.height; y++)
        for (int x = 0; x < args->out.width; x++)
            for (int c = 0; c < 3; c++) {
                int from_x = mirrored(x + args->out.x - args->pad_left, page->width);
                int from_y = mirrored(y + args->out.y - args->pad_top, page->height);
                double v = sample_at(test, page, from_x, from_y, page->colours == 3 ? c : 0) / most;
                shader_test_expect(test, &args->out, x, y, c,
                                   v * (double)args->self + (double)args->other, 2);
            }
    shader_test_expect_padding(test, &args->out);
}

static void test_load(void **state)
{
    struct shader_test *test = shader_test_begin(state);
    int bright = 0;
    for (int i = 0; i < CASES; i++) {
        shader_test_reset(test);
        struct page page = make_page(test, test_random_int(&test->random, 1, 40),
                                     test_random_int(&test->random, 1, 40));
        struct planche_gpu_args args = make_load(test, &page);
        uint32_t *flags = take_flags(test, &args);
        shader_test_run(test, PLANCHE_SHADER_LOAD, NULL, 0, &args);
        check_loaded(test, &page, &args);
        bool is = is_bright(test, &page, &args);
        assert_int_equal(*flags, is ? PLANCHE_GPU_SAW_INPUT : 0);
        bright += is;
    }
    assert_in_range(bright, 1, CASES - 1);
}

/* Dark, but for alpha and for what lies between rows. */
static void test_load_dark(void **state)
{
    struct shader_test *test = shader_test_begin(state);
    for (int i = 0; i < CASES; i++) {
        shader_test_reset(test);
        struct page page = make_page(test, 21, 9);
        uint8_t *data = shader_test_host(test, page.address);
        int bytes = page.depth / 8;
        for (int y = 0; y < page.height; y++)
            for (int x = 0; x < page.width; x++)
                memset(data + y * page.stride + x * page.channels * bytes, 0x3f,
                       (size_t)(page.colours * bytes));
        struct planche_gpu_args args = make_load(test, &page);
        uint32_t *flags = take_flags(test, &args);
        args.in[0] = (struct planche_gpu_view){.width = page.width, .height = page.height};
        *flags = 8;
        shader_test_run(test, PLANCHE_SHADER_LOAD, NULL, 0, &args);
        assert_int_equal(*flags, 8);
    }
}

/* A tile of the result, beginning at (x, y) of the whole, and where its pixels go. */
static struct planche_gpu_args make_store(struct shader_test *test, const struct page *page,
                                          int width, int height)
{
    struct planche_gpu_args args = {
        .in_count = 1,
        .self = (float)test_random_real(&test->random, 0.5, 1),
        .other = (float)test_random_real(&test->random, 0, 0.6),
        .scale = test_random_int(&test->random, 1, 8),
    };
    int x = test_random_int(&test->random, 0, 3), y = test_random_int(&test->random, 0, 3);
    use_page(&args, page);
    args.in[0] = shader_test_tensor(test, width + x, height + y, 3);
    args.in[0].x = x;
    args.in[0].y = y;
    args.out.width = width;
    args.out.height = height;
    args.out.x = test_random_int(&test->random, 0, page->width * args.scale - width);
    args.out.y = test_random_int(&test->random, 0, page->height * args.scale - height);
    args.page_stride = stride_of(width, page->channels, page->depth);
    args.page = shader_test_take(test, (uint64_t)args.page_stride * (uint64_t)height);
    return args;
}

/* What the network makes of a colour, with the steps that STORE is to make. */
static double network_at(const struct shader_test *test, const struct planche_gpu_args *args, int x,
                         int y, int c)
{
    const struct planche_gpu_view *in = &args->in[0];
    int r = args->shuffle, e = args->enlargement;
    if (!r)
        return shader_test_pixel(test, in, x + in->x, y + in->y, c);
    int sx = x + args->shuffle_x, sy = y + args->shuffle_y;
    double v =
        shader_test_pixel(test, in, sx / r + in->x, sy / r + in->y, (c * r + sy % r) * r + sx % r);
    in = &args->in[1];
    return e ? v + shader_test_pixel(test, in, (x + args->enlarge_x) / e + in->x,
                                     (y + args->enlarge_y) / e + in->y, c)
             : v;
}

/* What there is for a colour of the result, in 0..1 before clamping. */
static double result_at(const struct shader_test *test, const struct planche_gpu_args *args, int x,
                        int y, int c)
{
    double v = network_at(test, args, x, y, c);
    if (args->colours == 1)
        v = (network_at(test, args, x, y, 0) + network_at(test, args, x, y, 1) +
             network_at(test, args, x, y, 2)) /
            3;
    return v * (double)args->self + (double)args->other;
}

static void check_colours(const struct shader_test *test, const struct planche_gpu_args *args)
{
    struct page result = {.colours = args->colours,
                          .channels = args->channels,
                          .depth = args->depth,
                          .stride = args->page_stride,
                          .address = args->page};
    double most = args->depth == 16 ? 65535 : 255;
    for (int y = 0; y < args->out.height; y++)
        for (int x = 0; x < args->out.width; x++)
            for (int c = 0; c < args->colours; c++) {
                double want = fmin(fmax(result_at(test, args, x, y, c), 0), 1) * most;
                double got = sample_at(test, &result, x, y, c);
                if (fabs(got - want) > 0.53)
                    fail_msg("depth %d: pixel %d, %d, colour %d: %g instead of %g", args->depth, x,
                             y, c, got, want);
            }
}

static void test_store(void **state)
{
    struct shader_test *test = shader_test_begin(state);
    for (int i = 0; i < CASES; i++) {
        shader_test_reset(test);
        struct page page = make_page(test, 400, 20);
        struct planche_gpu_args args =
            make_store(test, &page, test_random_int(&test->random, 1, 330),
                       test_random_int(&test->random, 1, 11));
        uint32_t *flags = take_flags(test, &args);
        shader_test_run(test, PLANCHE_SHADER_STORE, NULL, 0, &args);
        check_colours(test, &args);
        assert_int_equal(*flags, PLANCHE_GPU_SAW_OUTPUT);
    }
}

/* A view with the pixels that dividing by `factor` gives for a tile's coordinates plus (x, y). */
static struct planche_gpu_view divided(struct shader_test *test,
                                       const struct planche_gpu_args *args, int x, int y,
                                       int factor, int channels)
{
    int x0 = x / factor, y0 = y / factor;
    struct planche_gpu_view view =
        shader_test_tensor(test, (x + args->out.width - 1) / factor - x0 + 2,
                           (y + args->out.height - 1) / factor - y0 + 2, channels);
    view.x = 1 - x0;
    view.y = 1 - y0;
    return view;
}

static void test_store_shuffled(void **state)
{
    struct shader_test *test = shader_test_begin(state);
    for (int i = 0; i < CASES; i++) {
        shader_test_reset(test);
        struct page page = make_page(test, 400, 20);
        struct planche_gpu_args args =
            make_store(test, &page, test_random_int(&test->random, 1, 60),
                       test_random_int(&test->random, 1, 11));
        args.shuffle = test_random_int(&test->random, 1, 4);
        args.enlargement = test_random_int(&test->random, 0, 4);
        args.shuffle_x = test_random_int(&test->random, 0, 9);
        args.shuffle_y = test_random_int(&test->random, 0, 9);
        args.enlarge_x = test_random_int(&test->random, 0, 9);
        args.enlarge_y = test_random_int(&test->random, 0, 9);
        if (i % 3 == 0) { /* rows of four pixels that were one */
            args.shuffle = 4;
            args.shuffle_x = 4 * (i % 2);
        }
        args.in[0] = divided(test, &args, args.shuffle_x, args.shuffle_y, args.shuffle,
                             3 * args.shuffle * args.shuffle);
        if (args.enlargement)
            args.in[1] = divided(test, &args, args.enlarge_x, args.enlarge_y, args.enlargement, 3);
        take_flags(test, &args);
        shader_test_run(test, PLANCHE_SHADER_STORE, NULL, 0, &args);
        check_colours(test, &args);
    }
}

/* The whole alpha of the page, enlarged as the CPU does it: samples of 16 bits. */
static uint16_t *enlarged_alpha(struct shader_test *test, const struct page *page, int scale)
{
    struct planche_alpha_options options = {.width = (uint32_t)page->width,
                                            .height = (uint32_t)page->height,
                                            .scale = (unsigned)scale,
                                            .depth = (unsigned)page->depth,
                                            .ahead = (uint32_t)page->height};
    struct planche_alpha *alpha;
    size_t width = (size_t)(page->width * scale), height = (size_t)(page->height * scale);
    uint16_t *all = calloc(width * height, sizeof(*all));
    assert_non_null(all);
    assert_int_equal(planche_alpha_create(&alpha, &options, &test->budget, NULL), PLANCHE_OK);
    const uint8_t *data = shader_test_host(test, page->address);
    for (int y = 0; y < page->height; y++)
        assert_true(planche_alpha_push(alpha,
                                       data + y * page->stride + page->colours * page->depth / 8,
                                       (size_t)page->channels));
    for (size_t y = 0; y < height; y++) {
        uint16_t *row = all + y * width;
        assert_true(planche_alpha_pull(alpha, row, page->depth == 8 ? 2 : 1));
    }
    planche_alpha_destroy(&alpha);
    return all;
}

static void check_alpha(struct shader_test *test, const struct page *page,
                        const struct planche_gpu_args *args)
{
    struct page result = {.channels = args->channels,
                          .depth = args->depth,
                          .stride = args->page_stride,
                          .address = args->page};
    uint16_t *want = enlarged_alpha(test, page, args->scale);
    int wrong = 0;
    for (int y = 0; y < args->out.height; y++)
        for (int x = 0; x < args->out.width; x++) {
            int64_t at = (int64_t)(y + args->out.y) * page->width * args->scale + x + args->out.x;
            wrong += sample_at(test, &result, x, y, page->colours) != want[at];
        }
    free(want);
    assert_int_equal(wrong, 0);
}

/* Alpha of few bits: what is enlarged is often just between two samples. */
static void make_coarse(const struct shader_test *test, const struct page *page)
{
    uint8_t *data = shader_test_host(test, page->address);
    int bytes = page->depth / 8;
    for (int y = 0; y < page->height; y++)
        for (int x = 0; x < page->width; x++) {
            uint8_t *sample =
                data + y * page->stride + (x * page->channels + page->colours) * bytes;
            sample[bytes - 1] &= 0xc0;
            if (bytes == 2)
                sample[0] = 0;
        }
}

static void test_store_alpha(void **state)
{
    struct shader_test *test = shader_test_begin(state);
    for (int i = 0; i < 4 * CASES; i++) {
        shader_test_reset(test);
        struct page page = make_page(test, test_random_int(&test->random, 1, 30),
                                     test_random_int(&test->random, 1, 30));
        if (page.channels == page.colours)
            continue;
        if (i % 2)
            make_coarse(test, &page);
        struct planche_gpu_args args = make_store(test, &page, page.width, page.height);
        take_flags(test, &args);
        args.alpha = page.address;
        args.alpha_stride = page.stride;
        shader_test_run(test, PLANCHE_SHADER_STORE, NULL, 0, &args);
        check_colours(test, &args);
        check_alpha(test, &page, &args);
    }
}

static void test_store_floats(void **state)
{
    struct shader_test *test = shader_test_begin(state);
    for (int i = 0; i < CASES; i++) {
        shader_test_reset(test);
        struct page page = make_page(test, 200, 20);
        page.channels = page.colours;
        struct planche_gpu_args args =
            make_store(test, &page, test_random_int(&test->random, 1, 190),
                       test_random_int(&test->random, 1, 11));
        uint32_t *flags = take_flags(test, &args);
        args.depth = 32;
        args.out_width = args.out.x + args.out.width + 2;
        args.page_stride = args.out_width * 4 * args.colours;
        args.page = shader_test_take(test, (uint64_t)args.page_stride * (uint64_t)args.out.height);
        shader_test_run(test, PLANCHE_SHADER_STORE, NULL, 0, &args);
        const float *rows = shader_test_host(test, args.page);
        for (int y = 0; y < args.out.height; y++)
            for (int c = 0; c < args.colours; c++)
                for (int x = 0; x < args.out_width; x++) {
                    double got = (double)*rows++;
                    int at = x - args.out.x;
                    bool inside = at >= 0 && at < args.out.width;
                    assert_true(fabs(got - (inside ? result_at(test, &args, at, y, c) : 0)) < 1e-6);
                }
        assert_int_equal(*flags, PLANCHE_GPU_SAW_OUTPUT);
    }
}

/* Of a tile whose values are all `value`, but for one. */
static uint32_t store_flags(struct shader_test *test, double value, double one, int depth)
{
    struct page page = make_page(test, 100, 20);
    page.channels = page.colours;
    page.depth = depth;
    struct planche_gpu_args args = make_store(test, &page, 97, 13);
    uint32_t *flags = take_flags(test, &args);
    const struct planche_gpu_view *in = &args.in[0];
    for (int64_t i = 0; i < (int64_t)in->width * in->height * in->pitch; i++)
        shader_test_set(test, in->address, i, i % in->pitch < 3 ? value : 0);
    shader_test_set(test, in->address, ((int64_t)in->width * in->height - 1) * in->pitch + 1, one);
    args.self = 1;
    args.other = 0;
    args.out_width = page.width * args.scale;
    if (depth == 32) {
        args.page_stride = args.out_width * 4 * args.colours;
        args.page = shader_test_take(test, (uint64_t)args.page_stride * 13);
    }
    shader_test_run(test, PLANCHE_SHADER_STORE, NULL, 0, &args);
    return *flags;
}

static void test_store_flags(void **state)
{
    static const int depths[] = {8, 16, 32};
    struct shader_test *test = shader_test_begin(state);
    for (int d = 0; d < 3; d++) {
        shader_test_reset(test);
        assert_int_equal(store_flags(test, 0, 0, depths[d]), 0);
        assert_int_equal(store_flags(test, -1, 0, depths[d]), 0);
        assert_int_equal(store_flags(test, 0, 0.5, depths[d]), PLANCHE_GPU_SAW_OUTPUT);
        assert_true(store_flags(test, 0, NAN, depths[d]) & PLANCHE_GPU_SAW_NAN);
        assert_true(store_flags(test, 0.5, -INFINITY, depths[d]) & PLANCHE_GPU_SAW_NAN);
    }
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_load),        cmocka_unit_test(test_load_dark),
        cmocka_unit_test(test_store),       cmocka_unit_test(test_store_shuffled),
        cmocka_unit_test(test_store_alpha), cmocka_unit_test(test_store_floats),
        cmocka_unit_test(test_store_flags),
    };
    return shader_test_main(argc, argv, "shaders-page", tests, sizeof(tests) / sizeof(*tests));
}
