/* SPDX-License-Identifier: MIT */
/* Files cut at every byte and with bits flipped: an error or, where no pixel was lost, the page and
 * a warning; never a crash, never a hang, never rows that were made up for a cut. */
#include "images.h"

#include <png.h>
#include <stdio.h>
#include <string.h>

#define KINDS 16
/* CMYK with a profile: each page that opens costs a table of colours, so it is tried less often. */
#define SLOW_KIND  5
#define SLOW_TIMES 7

static struct bytes make_png_kind(unsigned kind, const struct picture *noise,
                                  const struct bytes *icc, const struct bytes *exif)
{
    static const uint8_t palette[6] = {10, 20, 30, 200, 100, 50};
    struct png_spec png = {.width = 19,
                           .height = 14,
                           .colour_type = PNG_COLOR_TYPE_RGB,
                           .bit_depth = 8,
                           .rows = noise->data,
                           .stride = 57,
                           .exif = exif};
    if (kind == 1) {
        png.interlaced = true;
        png.gamma = 1.0;
    } else if (kind == 2) {
        png.colour_type = PNG_COLOR_TYPE_PALETTE;
        png.bit_depth = 1;
        png.palette = palette;
        png.palette_size = 2;
        png.palette_alpha = palette;
        png.palette_alpha_size = 1;
        png.icc = icc;
    }
    return make_png(&png);
}

static struct bytes make_jpeg_kind(unsigned kind, const struct picture *smooth,
                                   const struct bytes *icc, const struct bytes *exif)
{
    return make_jpeg(&(struct jpeg_spec){.picture = smooth,
                                         .subsampled = true,
                                         .quality = 80,
                                         .progressive = kind == 4,
                                         .exif = kind == 4 ? exif : NULL,
                                         .icc = kind == SLOW_KIND ? icc : NULL,
                                         .restart = kind == 6,
                                         .scans = kind == 6});
}

static struct bytes make_avif_kind(unsigned kind, const struct picture *noise,
                                   const struct bytes *icc, const struct bytes *exif)
{
    struct avif_spec avif = {.picture = noise, .icc = icc};
    if (kind == 10) {
        avif.exif = exif;
    } else if (kind == 11) {
        avif.lossless = true;
        avif.orientation = 5;
    } else {
        avif = (struct avif_spec){.picture = noise, .primaries = 12, .transfer = 1};
    }
    return make_avif(&avif);
}

static struct bytes make_jxl_kind(unsigned kind, const struct picture *noise,
                                  const struct bytes *icc, const struct bytes *exif)
{
    return make_jxl(&(struct jxl_spec){.picture = noise,
                                       .lossless = kind == 14,
                                       .compressed_boxes = kind == 13,
                                       .exif = kind == 13 ? exif : NULL,
                                       .icc = kind == 15 ? NULL : icc});
}

/* A small file of every reader's every path. */
static struct bytes make_kind(unsigned kind)
{
    bool alpha = kind == 8 || kind == 11 || kind == 14, grey = kind == 12 || kind == 15;
    struct picture smooth = picture_smooth(19, 14, kind == SLOW_KIND ? 4 : 3);
    struct picture noise = picture_noise(19, 14, alpha ? 4 : grey ? 1 : 3, 8, kind);
    struct bytes icc = make_icc(kind == SLOW_KIND ? 4 : 3),
                 exif = make_exif(kind == 4 ? 6 : 1, true);
    struct bytes file;
    if (kind <= 2)
        file = make_png_kind(kind, &noise, &icc, &exif);
    else if (kind <= 6)
        file = make_jpeg_kind(kind, &smooth, &icc, &exif);
    else if (kind <= 9)
        file = make_webp(&(struct webp_spec){.picture = kind == 9 ? &smooth : &noise,
                                             .lossless = kind == 7,
                                             .exif = kind == 7 ? &exif : NULL});
    else if (kind <= 12)
        file = make_avif_kind(kind, &noise, &icc, &exif);
    else
        file = make_jxl_kind(kind, &noise, &icc, &exif);
    picture_free(&smooth);
    picture_free(&noise);
    bytes_free(&icc);
    bytes_free(&exif);
    return file;
}

/* In a block of its exact size, so that AddressSanitizer sees every byte read beyond it. */
static enum planche_status read_exact(const struct bytes *file, size_t size,
                                      struct read_result *result)
{
    struct bytes exact = {malloc(size ? size : 1), size, size};
    memcpy(exact.data, file->data, size);
    /* Enough for all of these pages, and a bound for what damage can ask for. */
    enum planche_status status = read_bytes_within(&exact, 32 << 20, 1 << 20, result);
    bytes_free(&exact);
    return status;
}

static void test_cuts(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < KINDS; kind++) {
        struct bytes file = make_kind(kind);
        struct read_result whole, cut;
        assert_int_equal(read_exact(&file, file.size, &whole), PLANCHE_OK);
        for (size_t size = 0; size < file.size; size += kind == SLOW_KIND ? SLOW_TIMES : 1) {
            enum planche_status status = read_exact(&file, size, &cut);
            bool complete = status == PLANCHE_OK && cut.warnings > whole.warnings;
            if (status != PLANCHE_ERROR_DATA && !complete)
                fail_msg("kind %u cut at %zu of %zu: status %d", kind, size, file.size, status);
            if (complete)
                pictures_equal(&cut.picture, &whole.picture);
            read_result_free(&cut);
        }
        read_result_free(&whole);
        bytes_free(&file);
    }
}

/* What lies behind the image is not the image's. */
static void test_trailing_bytes(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < KINDS; kind++) {
        struct bytes file = make_kind(kind);
        struct read_result before, after;
        assert_int_equal(read_exact(&file, file.size, &before), PLANCHE_OK);
        bytes_append(&file, "\xff\xd8\xff junk behind the end", 24);
        assert_int_equal(read_exact(&file, file.size, &after), PLANCHE_OK);
        pictures_equal(&before.picture, &after.picture);
        read_result_free(&before);
        read_result_free(&after);
        bytes_free(&file);
    }
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static void test_flips(void **state)
{
    (void)state;
    uint32_t seed = 4711;
    printf("seed %u\n", seed);
    for (unsigned kind = 0; kind < KINDS; kind++) {
        struct bytes file = make_kind(kind);
        for (int round = kind == SLOW_KIND ? 400 - 400 / SLOW_TIMES : 0; round < 400; round++) {
            struct bytes bad = {NULL, 0, 0};
            struct read_result result;
            bytes_append(&bad, file.data, file.size);
            for (uint32_t flips = 1 + next_random(&seed) % 3; flips > 0; flips--)
                bad.data[next_random(&seed) % bad.size] ^= (uint8_t)(1 << next_random(&seed) % 8);
            enum planche_status status = read_exact(&bad, bad.size, &result);
            assert_true(status == PLANCHE_OK || status == PLANCHE_ERROR_DATA ||
                        status == PLANCHE_ERROR_UNSUPPORTED || status == PLANCHE_ERROR_LIMIT ||
                        status == PLANCHE_ERROR_BUDGET);
            read_result_free(&result);
            bytes_free(&bad);
        }
        bytes_free(&file);
    }
}

/* Every single bit that a PNG's pixels depend on is guarded by a checksum or by the format's own
 * rules. */
static void test_png_checksums(void **state)
{
    (void)state;
    struct bytes file = make_kind(0);
    struct read_result whole;
    assert_int_equal(read_exact(&file, file.size, &whole), PLANCHE_OK);
    for (size_t bit = 0; bit < file.size * 8; bit += 3) {
        struct read_result result;
        file.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (read_exact(&file, file.size, &result) == PLANCHE_OK)
            pictures_equal(&result.picture, &whole.picture);
        read_result_free(&result);
        file.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    read_result_free(&whole);
    bytes_free(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cuts),
        cmocka_unit_test(test_trailing_bytes),
        cmocka_unit_test(test_flips),
        cmocka_unit_test(test_png_checksums),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
