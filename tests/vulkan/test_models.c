/* SPDX-License-Identifier: MIT */
/* Known models on a GPU, on crops of the sample pages, against the double-precision reference: at
 * least 70 dB in single precision, 60 dB in half precision, and at most one level of 8 bits. Every
 * path that the device has. The table that it prints with PLANCHE_TEST_FULL=1, of all of them, is
 * quoted in docs/numerics.md. */
#include "backend_test.h"
#include "support/need_model.h"
#include "support/quick.h"
#include "vulkan_test.h"

#include <stdio.h>
#include <stdlib.h>

/* Each kind of network, on a crop whose size suits its cost: software devices are slow. The quick
 * ones have all kinds of layers. */
struct known {
    const char *model;
    unsigned scale;
    enum planche_denoise denoise;
    const char *sample;
    int x, y, width, height;
    bool quick;
};

#define PAGE  "page.png"
#define MANGA "manga.png"
#define NONE  PLANCHE_DENOISE_NONE
static const struct known known[] = {
    {"realcugan", 2, PLANCHE_DENOISE_CONSERVATIVE, PAGE, 300, 420, 40, 32, true},
    {"realcugan", 3, PLANCHE_DENOISE_3, MANGA, 280, 640, 21, 14, false},
    {"realcugan", 4, NONE, MANGA, 400, 300, 17, 11, false},
    {"realesr-animevideov3", 2, NONE, PAGE, 300, 420, 40, 32, true},
    {"realesr-animevideov3", 3, NONE, MANGA, 120, 200, 25, 31, false},
    {"realesr-animevideov3", 4, NONE, PAGE, 40, 610, 19, 12, false},
    {"realesrgan-x4plus-anime", 4, NONE, PAGE, 210, 480, 12, 7, false},
    {"realesrgan-x4plus", 4, NONE, PAGE, 300, 420, 5, 3, false},
    {"realesrgan-x4fast", 4, NONE, PAGE, 150, 450, 16, 9, true},
    {"waifu2x-cunet", 1, PLANCHE_DENOISE_1, PAGE, 320, 640, 17, 11, true},
    {"waifu2x-cunet", 2, PLANCHE_DENOISE_DEFAULT, MANGA, 200, 210, 21, 24, false},
    {"waifu2x-upconv7", 2, PLANCHE_DENOISE_DEFAULT, PAGE, 444, 222, 40, 32, true},
    {"small", 2, PLANCHE_DENOISE_1, PAGE, 300, 420, 40, 32, true},
    {"medium", 1, PLANCHE_DENOISE_2, PAGE, 40, 610, 19, 12, false},
    {"large", 2, NONE, MANGA, 120, 200, 17, 12, false},
    {"medium", 2, NONE, PAGE, 300, 420, 21, 15, true},
};

/* Interleaved samples of 8 or 16 bits. */
struct samples {
    struct planche_pixels pixels;
    bool deep;
};

static void samples_make(struct samples *s, int width, int height, bool deep)
{
    size_t stride = (size_t)width * PLANCHE_PLANES * (deep ? 2 : 1);
    s->deep = deep;
    s->pixels = (struct planche_pixels){
        .struct_size = sizeof(s->pixels),
        .format = deep ? PLANCHE_PIXELS_RGB16 : PLANCHE_PIXELS_RGB8,
        .width = (uint32_t)width,
        .height = (uint32_t)height,
        .stride = stride,
        .data = calloc((size_t)height, stride),
    };
}

/* A page's values are those of 8-bit samples, which 16 bits hold exactly. */
static void samples_fill(struct samples *s, const struct page *page)
{
    uint8_t *bytes = s->pixels.data;
    uint16_t *words = s->pixels.data;
    size_t pixels = (size_t)page->width * (size_t)page->height;
    for (size_t i = 0; i < pixels * PLANCHE_PLANES; i++) {
        unsigned v = (unsigned)(page->planes[i % PLANCHE_PLANES][i / PLANCHE_PLANES] * 255 + 0.5f);
        if (s->deep)
            words[i] = (uint16_t)(v * 257);
        else
            bytes[i] = (uint8_t)v;
    }
}

/* As planes of values in 0..1, to be freed with free(). */
static float *samples_planes(const struct samples *s)
{
    const uint8_t *bytes = s->pixels.data;
    const uint16_t *words = s->pixels.data;
    size_t pixels = (size_t)s->pixels.width * s->pixels.height;
    float *planes = malloc(pixels * PLANCHE_PLANES * sizeof(*planes));
    for (size_t i = 0; i < pixels * PLANCHE_PLANES; i++)
        planes[i % PLANCHE_PLANES * pixels + i / PLANCHE_PLANES] =
            s->deep ? (float)words[i] / 65535 : (float)bytes[i] / 255;
    return planes;
}

/* A page through the engine as samples of 8 or 16 bits, in planes. */
static float *run_samples(const struct planche_engine *engine, const struct page *page,
                          unsigned scale, bool deep)
{
    struct samples in, out;
    samples_make(&in, page->width, page->height, deep);
    samples_make(&out, page->width * (int)scale, page->height * (int)scale, deep);
    samples_fill(&in, page);
    const struct planche_page_result result = gpu_run(engine, &in.pixels, &out.pixels, NULL);
    gpu_expect(&result);
    float *planes = samples_planes(&out);
    free(in.pixels.data);
    free(out.pixels.data);
    return planes;
}

/* 16 bits show how exact the network is, 8 bits what becomes of it. */
static void check_path(const struct known *k, enum planche_gpu_path path, const char *file,
                       const struct page *page, const double *expected)
{
    const struct planche_engine_options options = {
        .model = k->model, .scale = k->scale, .denoise = k->denoise};
    struct planche_engine *engine = gpu_engine(options, path);
    size_t values = (size_t)page->width * (size_t)page->height * k->scale * k->scale * 3;
    if (!engine)
        return;
    float *deep = run_samples(engine, page, k->scale, true);
    float *bytes = run_samples(engine, page, k->scale, false);
    double decibels = psnr(deep, expected, values);
    int worst = worst_level(bytes, expected, values);
    print_message("%-46s %2d x %-2d  %-4s %6.1f dB, at most %d of 255\n", file, page->width,
                  page->height, planche_gpu_path_name(path), decibels, worst);
    if (!(decibels >= (path == PLANCHE_GPU_PATH_F32 ? 70 : 60)) || worst > 1)
        fail_msg("%s is not exact enough", file);
    free(deep);
    free(bytes);
    planche_engine_destroy(&engine);
}

/* What samples can hold: the reference does not clamp. */
static double *clamped_reference(const struct known *k, const struct planche_model_variant *variant,
                                 const struct page *page)
{
    size_t values = (size_t)page->width * (size_t)page->height * k->scale * k->scale * 3;
    struct network network;
    network_load_known(&network, variant, false);
    const struct ref_recipe recipe = network_recipe(&network, variant);
    double *expected = run_reference(&network, &recipe, page);
    assert_non_null(expected);
    for (size_t i = 0; i < values; i++)
        expected[i] = expected[i] < 0 ? 0 : expected[i] > 1 ? 1 : expected[i];
    network_free(&network);
    return expected;
}

static void test_known(void **state)
{
    const struct known *k = *state;
    const struct planche_model_variant *variant = test_need_model(k->model, k->scale, k->denoise);
    gpu_need();
    gpu_add_matrices();
    struct page page;
    page_make_crop(&page, k->sample, k->x, k->y, k->width, k->height);
    double *expected = clamped_reference(k, variant, &page);
    for (int path = PLANCHE_GPU_PATH_F32; path <= PLANCHE_GPU_PATH_WGMMA; path++)
        check_path(k, (enum planche_gpu_path)path, variant->file, &page, expected);
    free(expected);
    page_free(&page);
}

#define COUNT (sizeof(known) / sizeof(*known))

int main(void)
{
    static struct CMUnitTest tests[COUNT];
    static char names[COUNT][64];
    size_t count = 0;
    for (size_t i = 0; i < COUNT; i++) {
        if (!test_full() && !known[i].quick)
            continue;
        snprintf(names[i], sizeof(names[i]), "%s %ux", known[i].model, known[i].scale);
        tests[count++] = (struct CMUnitTest){
            .name = names[i],
            .test_func = test_known,
            .initial_state = (void *)(uintptr_t)&known[i],
        };
    }
    gpu_set_cache();
    return test_exit_status(_cmocka_run_group_tests("models", tests, count, NULL, NULL));
}
