/* SPDX-License-Identifier: MIT */
/* Known models on crops of the sample pages, against the double-precision reference: at least 70 dB
 * before rounding, at most one level of 8 bits after it; in bf16 what is stated for each. The table
 * it prints is quoted in docs/numerics.md. */
#include "backend_test.h"
#include "support/need_model.h"
#include "support/quick.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#define MIN_PSNR 70.0
/* Threads of the engine: the result is the same for any number. */
#define WORKERS 2

/* A model on a crop whose size suits its cost and the way it is padded. */
struct known {
    const char *model;
    unsigned scale;
    enum planche_denoise denoise;
    const char *sample;
    int x, y, width, height;
    bool quick;   /* enough for sanitizers and an emulator: every kind of layer */
    int min_bf16; /* dB in bf16: 6 less than measured, as compilers' orders of sums differ;
                     for Planche's own networks, whose weights may be replaced, a good deal less */
    bool grey;    /* of Planche's own networks, that for grey pages */
};

#define PAGE  "page.png"
#define MANGA "manga.png"
#define NONE  PLANCHE_DENOISE_NONE
static const struct known known[] = {
    {"realcugan", 2, PLANCHE_DENOISE_CONSERVATIVE, PAGE, 300, 420, 48, 40, false, 55, false},
    {"realcugan", 2, NONE, MANGA, 120, 200, 47, 33, false, 52, false},
    {"realcugan", 2, PLANCHE_DENOISE_1, PAGE, 40, 610, 7, 3, true, 38, false},
    {"realcugan", 2, PLANCHE_DENOISE_2, MANGA, 333, 512, 30, 41, false, 43, false},
    {"realcugan", 2, PLANCHE_DENOISE_3, PAGE, 211, 95, 1, 1, false, 63, false},
    {"realcugan", 3, PLANCHE_DENOISE_CONSERVATIVE, MANGA, 280, 640, 39, 30, false, 42, false},
    {"realcugan", 3, NONE, PAGE, 150, 333, 13, 5, true, 23, false},
    {"realcugan", 3, PLANCHE_DENOISE_3, PAGE, 420, 700, 33, 21, false, 49, false},
    {"realcugan", 4, PLANCHE_DENOISE_CONSERVATIVE, PAGE, 77, 150, 31, 20, false, 57, false},
    {"realcugan", 4, NONE, MANGA, 400, 300, 17, 3, false, 39, false},
    {"realcugan", 4, PLANCHE_DENOISE_3, MANGA, 90, 810, 9, 28, false, 50, false},
    {"realesr-animevideov3", 2, NONE, PAGE, 300, 420, 48, 40, false, 52, false},
    {"realesr-animevideov3", 3, NONE, MANGA, 120, 200, 25, 31, false, 53, false},
    {"realesr-animevideov3", 4, NONE, PAGE, 40, 610, 5, 2, true, 57, false},
    {"realesrgan-x4plus-anime", 4, NONE, PAGE, 210, 480, 12, 7, false, 50, false},
    {"realesrgan-x4plus", 4, NONE, PAGE, 300, 420, 5, 3, false, 49, false},
    {"realesrgan-x4fast", 4, NONE, MANGA, 150, 450, 16, 9, true, 65, false},
    {"waifu2x-cunet", 1, PLANCHE_DENOISE_1, PAGE, 320, 640, 37, 26, false, 49, false},
    {"waifu2x-cunet", 2, PLANCHE_DENOISE_DEFAULT, MANGA, 200, 210, 21, 34, true, 53, false},
    {"waifu2x-upconv7", 2, PLANCHE_DENOISE_DEFAULT, PAGE, 444, 222, 48, 40, false, 52, false},
    {"small", 2, NONE, PAGE, 300, 420, 48, 40, true, 30, false},
    {"small", 1, PLANCHE_DENOISE_1, PAGE, 320, 640, 37, 26, false, 30, false},
    {"small", 2, PLANCHE_DENOISE_2, MANGA, 120, 200, 47, 33, true, 30, true},
    {"small", 1, PLANCHE_DENOISE_3, MANGA, 90, 810, 9, 28, false, 30, true},
    {"medium", 2, PLANCHE_DENOISE_0, PAGE, 40, 610, 7, 3, false, 30, false},
    {"medium", 2, NONE, MANGA, 200, 210, 21, 34, false, 30, true},
    {"medium", 2, PLANCHE_DENOISE_3, PAGE, 77, 150, 31, 20, false, 30, false},
    {"medium", 1, PLANCHE_DENOISE_2, PAGE, 300, 420, 29, 20, false, 30, false},
    {"medium", 3, PLANCHE_DENOISE_1, MANGA, 333, 512, 15, 22, false, 30, true},
    {"small", 4, NONE, PAGE, 150, 333, 23, 14, false, 30, false},
    {"large", 2, PLANCHE_DENOISE_1, PAGE, 211, 95, 19, 27, false, 30, false},
    {"large", 2, NONE, MANGA, 120, 200, 11, 6, false, 30, true},
    {"large", 1, PLANCHE_DENOISE_0, PAGE, 300, 420, 5, 9, false, 30, false},
    {"large", 3, PLANCHE_DENOISE_3, PAGE, 150, 333, 7, 4, false, 30, false},
};

/* The networks' values lie in 0..1, so the peak is 1 there. */
static void check_isa(struct network *network, const struct planche_model_variant *variant,
                      const struct known *k, const struct page *page, const double *expected,
                      const struct isa *isa)
{
    bool bf16 = isa->precision == PLANCHE_PRECISION_BF16;
    struct planche_program *program = compile(network, isa, 1);
    const struct run_options options = {.workers = WORKERS};
    struct run_report report;
    float *actual = run_page(program, page, &options, &report);
    size_t values = (size_t)report.width * (size_t)report.height * PLANCHE_PLANES;
    double decibels = psnr(actual, expected, values);
    int worst = worst_level(actual, expected, values);
    print_message("%-40s %-5s %2d x %-2d  %-13s %6.1f dB, at most %d of 255\n", variant->file,
                  k->grey ? "grey" : "", page->width, page->height, isa->name, decibels, worst);
    if (!(decibels >= (bf16 ? k->min_bf16 : MIN_PSNR)) || (!bf16 && worst > 1))
        fail_msg("%s is not exact enough", variant->file);
    free(actual);
    planche_program_destroy(&program);
}

static void test_model(void **state)
{
    const struct known *k = *state;
    const struct planche_model_variant *variant = test_need_model(k->model, k->scale, k->denoise);
    struct isa isas[MAX_ISAS];
    struct network network;
    struct page page;
    network_load_known(&network, variant, k->grey);
    struct ref_recipe recipe = network_recipe(&network, variant);
    recipe.colours = k->grey ? 1 : 3;
    const int most = test_quickest() ? 16 : INT_MAX;
    page_make_crop(&page, k->sample, k->x, k->y, k->width < most ? k->width : most,
                   k->height < most ? k->height : most);
    double *expected = run_reference(&network, &recipe, &page);
    assert_non_null(expected);
    for (int precision = PLANCHE_PRECISION_F32; precision <= PLANCHE_PRECISION_BF16; precision++) {
        int count = isa_list((enum planche_precision)precision, isas);
        for (int i = test_quick() ? count - 1 : 0; i < count; i++)
            check_isa(&network, variant, k, &page, expected, &isas[i]);
    }
    free(expected);
    page_free(&page);
    network_free(&network);
}

#define COUNT (sizeof(known) / sizeof(*known))

int main(void)
{
    static struct CMUnitTest tests[COUNT];
    static char names[COUNT][64];
    size_t count = 0;
    for (size_t i = 0; i < COUNT; i++) {
        if (test_quick() && !known[i].quick)
            continue;
        snprintf(names[i], sizeof(names[i]), "%s %ux, level %d%s", known[i].model, known[i].scale,
                 (int)known[i].denoise, known[i].grey ? ", grey" : "");
        tests[count++] = (struct CMUnitTest){
            .name = names[i],
            .test_func = test_model,
            .initial_state = (void *)(uintptr_t)&known[i],
        };
    }
    return test_exit_status(_cmocka_run_group_tests("models", tests, count, NULL, NULL));
}
