/* SPDX-License-Identifier: MIT */
/* Reduction against its definition in double precision; screentone that must not turn into moire;
 * what must stay as it is. */
#include "support/testing.h"

#include "image/downscale.h"
#include "image/pixels.h"
#include "support/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct plane {
    uint32_t width, height;
    double *samples;
};

static struct plane make_plane(uint32_t width, uint32_t height)
{
    return (struct plane){width, height, calloc((size_t)width * height, sizeof(double))};
}

static double srgb_to_light(double v)
{
    return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

static double srgb_from_light(double v)
{
    v = fmin(fmax(v, 0), 1);
    return v <= 0.0031308 ? v * 12.92 : 1.055 * pow(v, 1 / 2.4) - 0.055;
}

/* Mitchell and Netravali's formula, with its parameters. */
static double kernel(double x)
{
    const double b = 1.0 / 3, c = 1.0 / 3;
    x = fabs(x);
    if (x < 1)
        return ((12 - 9 * b - 6 * c) * x * x * x + (-18 + 12 * b + 6 * c) * x * x + 6 - 2 * b) / 6;
    if (x < 2)
        return ((-b - 6 * c) * x * x * x + (6 * b + 30 * c) * x * x + (-12 * b - 48 * c) * x +
                8 * b + 24 * c) /
               6;
    return 0;
}

static double sample_at(const double *line, size_t step, uint32_t size, uint32_t out_size,
                        uint32_t index)
{
    double ratio = (double)size / out_size, sum = 0, total = 0;
    double centre = (index + 0.5) * ratio - 0.5;
    for (uint32_t i = 0; i < size; i++) {
        double weight = kernel((i - centre) / ratio);
        sum += weight * line[i * step];
        total += weight;
    }
    return sum / total;
}

static struct plane reduce_plane(const struct plane *in, uint32_t width, uint32_t height)
{
    struct plane middle = make_plane(in->width, height), out = make_plane(width, height);
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < in->width; x++)
            middle.samples[y * in->width + x] =
                sample_at(in->samples + x, in->width, in->height, height, y);
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++)
            out.samples[y * width + x] =
                sample_at(middle.samples + y * in->width, 1, in->width, width, x);
    free(middle.samples);
    return out;
}

/* A picture in float as it is pushed, planes after planes in every row. */
struct page {
    uint32_t width, height;
    unsigned channels;
    float *rows;
};

static float *page_at(const struct page *page, unsigned channel, uint32_t x, uint32_t y)
{
    return page->rows + ((size_t)y * page->channels + channel) * page->width + x;
}

static struct page make_page(uint32_t width, uint32_t height, unsigned channels)
{
    size_t count = (size_t)width * height * channels;
    return (struct page){width, height, channels, calloc(count, sizeof(float))};
}

static struct page random_page(uint32_t width, uint32_t height, unsigned channels, uint64_t seed)
{
    struct page page = make_page(width, height, channels);
    for (size_t i = 0; i < (size_t)width * height * channels; i++)
        page.rows[i] = (float)test_random_real(&seed, 0, 1);
    return page;
}

/* Rows of pixels, without gaps. */
static uint8_t *run(const struct page *page, uint32_t width, uint32_t height,
                    enum planche_pixel_format format, const struct planche_transfer *tone)
{
    const struct planche_downscale_options options = {.width = page->width,
                                                      .height = page->height,
                                                      .out_width = width,
                                                      .out_height = height,
                                                      .format = format,
                                                      .tone = tone};
    struct planche_budget budget;
    struct planche_downscale *reduce;
    size_t row = width * planche_pixel_size(format);
    uint8_t *out = calloc(height, row);
    uint32_t pulled = 0;
    planche_budget_init(&budget, planche_downscale_memory(&options) + 2048);
    assert_int_equal(planche_downscale_create(&reduce, &options, &budget, NULL), PLANCHE_OK);
    for (uint32_t y = 0; y < page->height; y++) {
        planche_downscale_push(reduce, page_at(page, 0, 0, y));
        while (planche_downscale_pull(reduce, out + (pulled < height ? pulled : 0) * row))
            pulled++;
    }
    assert_int_equal(pulled, height);
    planche_downscale_destroy(&reduce);
    assert_int_equal(atomic_load(&budget.used), 0);
    return out;
}

static struct planche_transfer *srgb_tone(void)
{
    struct planche_transfer *tone;
    assert_int_equal(planche_transfer_create(&tone, 3, NULL, 0, NULL, NULL), PLANCHE_OK);
    return tone;
}

/* One channel of a page in light, weighted with its alpha if it has one. */
static struct plane light_of(const struct page *page, unsigned channel, bool alpha)
{
    struct plane plane = make_plane(page->width, page->height);
    for (uint32_t y = 0; y < page->height; y++)
        for (uint32_t x = 0; x < page->width; x++) {
            double value = *page_at(page, channel, x, y);
            bool is_alpha = alpha && channel + 1 == page->channels;
            if (!is_alpha)
                value = srgb_to_light(value);
            if (alpha && !is_alpha)
                value *= *page_at(page, page->channels - 1, x, y);
            plane.samples[y * page->width + x] = value;
        }
    return plane;
}

static void check_against_definition(const struct page *page, uint32_t width, uint32_t height)
{
    enum planche_pixel_format format = planche_pixel_format_make(page->channels, 16);
    bool has_alpha = page->channels % 2 == 0;
    struct planche_transfer *tone = srgb_tone();
    uint16_t *actual = (uint16_t *)(void *)run(page, width, height, format, tone);
    struct plane light = light_of(page, page->channels - 1, has_alpha);
    struct plane alpha = reduce_plane(&light, width, height);
    free(light.samples);
    for (unsigned c = 0; c < page->channels; c++) {
        light = light_of(page, c, has_alpha);
        struct plane expected = reduce_plane(&light, width, height);
        for (size_t i = 0; i < (size_t)width * height; i++) {
            double value = expected.samples[i];
            bool is_alpha = has_alpha && c + 1 == page->channels;
            if (has_alpha && !is_alpha)
                value = alpha.samples[i] > 1.0 / 131072 ? value / alpha.samples[i] : 1;
            value = is_alpha ? fmin(fmax(value, 0), 1) : srgb_from_light(value);
            double difference = actual[i * page->channels + c] - value * 65535;
            if (fabs(difference) > 6)
                fail_msg("%u x %u to %u x %u, channel %u of %u, pixel %zu: %u, not %.2f",
                         page->width, page->height, width, height, c, page->channels, i,
                         actual[i * page->channels + c], value * 65535);
        }
        free(light.samples);
        free(expected.samples);
    }
    free(alpha.samples);
    free(actual);
    planche_transfer_destroy(&tone);
}

static void test_definition(void **state)
{
    static const uint32_t sizes[][4] = {
        {40, 30, 20, 15}, {40, 30, 39, 29}, {37, 41, 11, 13}, {64, 9, 5, 1},
        {9, 64, 9, 7},    {1, 50, 1, 20},   {50, 1, 3, 1},    {30, 20, 1, 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (unsigned channels = 1; channels <= 4; channels++) {
            struct page page = random_page(sizes[i][0], sizes[i][1], channels, i + channels);
            /* Alpha that nearly vanishes tells nothing of colours. */
            for (uint32_t y = 0; channels % 2 == 0 && y < page.height; y++)
                for (uint32_t x = 0; x < page.width; x++)
                    *page_at(&page, channels - 1, x, y) =
                        0.5f + *page_at(&page, channels - 1, x, y) / 2;
            check_against_definition(&page, sizes[i][2], sizes[i][3]);
            free(page.rows);
        }
}

/* Flat pages keep every level, in 8 bits and 16. */
static void test_flat(void **state)
{
    struct planche_transfer *tone = srgb_tone();
    (void)state;
    for (unsigned depth = 8; depth <= 16; depth += 8)
        for (unsigned level = 0; level < 256; level++) {
            struct page page = make_page(23, 19, 1);
            for (size_t i = 0; i < 23 * 19; i++)
                page.rows[i] = (float)level / 255;
            uint8_t *out = run(&page, 10, 8, planche_pixel_format_make(1, depth), tone);
            for (size_t i = 0; i < 80; i++)
                assert_int_equal(depth == 8 ? out[i] : ((uint16_t *)(void *)out)[i],
                                 depth == 8 ? level : level * 257);
            free(out);
            free(page.rows);
        }
    planche_transfer_destroy(&tone);
}

/* Transparent black beside opaque white: no dark seam. */
static void test_alpha_does_not_bleed(void **state)
{
    struct planche_transfer *tone = srgb_tone();
    struct page page = make_page(40, 12, 4);
    (void)state;
    for (uint32_t y = 0; y < 12; y++)
        for (uint32_t x = 0; x < 40; x++)
            for (unsigned c = 0; c < 4; c++)
                *page_at(&page, c, x, y) = x < 17;
    uint8_t *out = run(&page, 15, 5, PLANCHE_PIXELS_RGBA8, tone);
    for (size_t i = 0; i < 15 * 5; i++)
        for (unsigned c = 0; c < 3; c++)
            assert_int_equal(out[4 * i + c], 255);
    assert_int_equal(out[3], 255);
    assert_int_equal(out[4 * 14 + 3], 0);
    free(out);
    free(page.rows);
    planche_transfer_destroy(&tone);
}

/* Tones of 1 bit: ink or paper. */
typedef bool (*tone_fn)(uint32_t x, uint32_t y);

static bool checkered(uint32_t x, uint32_t y)
{
    return (x + y) % 2;
}

static bool lines(uint32_t x, uint32_t y)
{
    (void)x;
    return y % 2;
}

static bool fine_dots(uint32_t x, uint32_t y)
{
    return x % 2 == 0 && y % 2 == 0;
}

static bool sparse_dots(uint32_t x, uint32_t y)
{
    return x % 3 == 0 && y % 3 == 0;
}

/* The usual screen: dots of some pixels in rows at 45 degrees. */
static bool round_dots(uint32_t x, uint32_t y)
{
    int u = (int)((x + y) % 6) - 3, v = (int)((x + 6000 - y) % 6) - 3;
    return u * u + v * v < 8;
}

#define EYE 24 /* pixels on a side that are seen as one from afar */

/* Smoothly from 0 to 1 to 0. */
static double window_at(uint32_t i)
{
    double root = sin(M_PI * (i + 0.5) / EYE);
    return root * root;
}

/* Greatest difference from paper of the weighted means of EYE x EYE pixels of light. */
static double worst_mean(const double *light, uint32_t size, double paper)
{
    double window[EYE], worst = 0;
    for (uint32_t i = 0; i < EYE; i++)
        window[i] = window_at(i);
    for (uint32_t y = 8; y + EYE + 8 <= size; y += 5)
        for (uint32_t x = 8; x + EYE + 8 <= size; x += 5) {
            double sum = 0, total = 0;
            for (uint32_t i = 0; i < EYE * EYE; i++) {
                double weight = window[i / EYE] * window[i % EYE];
                sum += weight * light[(size_t)(y + i / EYE) * size + x + i % EYE];
                total += weight;
            }
            worst = fmax(worst, fabs(sum / total - paper));
        }
    return worst;
}

/* Greatest difference from the tone's own light of what the eye sees from afar. */
static double moire(tone_fn ink, uint32_t size, uint32_t out_size,
                    const struct planche_transfer *tone)
{
    struct page page = make_page(size, size, 1);
    double paper = 0;
    for (uint32_t y = 0; y < size; y++)
        for (uint32_t x = 0; x < size; x++) {
            *page_at(&page, 0, x, y) = !ink(x, y);
            paper += !ink(x, y);
        }
    paper /= (double)size * size;
    uint16_t *out = (uint16_t *)(void *)run(&page, out_size, out_size, PLANCHE_PIXELS_GREY16, tone);
    double *light = malloc((size_t)out_size * out_size * sizeof *light);
    assert_non_null(light);
    for (size_t i = 0; i < (size_t)out_size * out_size; i++)
        light[i] = srgb_to_light(out[i] / 65535.0);
    double worst = worst_mean(light, out_size, paper);
    free(light);
    free(out);
    free(page.rows);
    return worst;
}

/* A level of 8 bits is about 0.005 of light at a middle grey. Dots of a single pixel that are
 * hardly reduced overshoot a little all the same. */
static void test_no_moire(void **state)
{
    static const struct {
        tone_fn ink;
        const char *name;
    } tones[] = {{checkered, "checkered"},
                 {lines, "lines"},
                 {fine_dots, "fine dots"},
                 {sparse_dots, "sparse dots"},
                 {round_dots, "round dots"}};
    static const uint32_t sizes[] = {231, 200, 173, 160, 151, 130, 121, 119, 101, 93, 83, 80, 61};
    struct planche_transfer *tone = srgb_tone();
    (void)state;
    for (size_t t = 0; t < sizeof tones / sizeof *tones; t++)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            double error = moire(tones[t].ink, 240, sizes[i], tone);
            if (getenv("VERBOSE"))
                print_message("%s, %.2f: %.5f\n", tones[t].name, 240.0 / sizes[i], error);
            if (error > (sizes[i] > 200 ? 0.02 : 0.003))
                fail_msg("%s reduced %.2f times: %.4f off", tones[t].name, 240.0 / sizes[i], error);
        }
    planche_transfer_destroy(&tone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_definition),
        cmocka_unit_test(test_flat),
        cmocka_unit_test(test_alpha_does_not_bleed),
        cmocka_unit_test(test_no_moire),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
