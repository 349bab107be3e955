/* SPDX-License-Identifier: MIT */
/* Reading and writing JPEG XL. */
#include "colours.h"

#include <jxl/decode.h>
#include <math.h>
#include <string.h>

/* Of calls whose status is enough. */
static struct planche_error ignored;

/* All kinds of lossless pictures come back to the bit. */
static void test_read_lossless(void **state)
{
    (void)state;
    for (unsigned channels = 1; channels <= 4; channels++)
        for (unsigned kind = 0; kind < 4; kind++) {
            struct picture noise = picture_noise(23, 19, channels, kind & 1 ? 16 : 8, channels);
            struct bytes file = make_jxl(
                &(struct jxl_spec){.picture = &noise, .lossless = true, .container = kind & 2});
            struct read_result result;
            if (!(kind & 1)) /* 16 bits want the container for what it says about decoders */
                assert_int_equal(file.data[0] == 0xff, !(kind & 2));
            assert_int_equal(read_bytes(&file, &result), PLANCHE_OK);
            assert_int_equal(result.format, PLANCHE_FORMAT_JXL);
            assert_int_equal(result.icc.size, 0);
            pictures_equal(&noise, &result.picture);
            read_result_free(&result);
            bytes_free(&file);
            picture_free(&noise);
        }
}

static void test_read_lossy(void **state)
{
    (void)state;
    for (unsigned channels = 1; channels <= 4; channels++)
        for (int kind = 0; kind < 3; kind++) {
            struct picture smooth = picture_smooth(50, 41, channels);
            struct bytes file = make_jxl(&(struct jxl_spec){
                .picture = &smooth, .modular = kind == 1, .progressive = kind == 2});
            struct read_result result;
            assert_int_equal(read_bytes(&file, &result), PLANCHE_OK);
            assert_in_range(pictures_distance(&smooth, &result.picture), 0, 8);
            read_result_free(&result);
            bytes_free(&file);
            picture_free(&smooth);
        }
}

/* A JPEG file in other clothes is read like any other. */
static void test_read_jpeg(void **state)
{
    (void)state;
    struct picture smooth = picture_smooth(50, 41, 3);
    struct bytes jpeg = make_jpeg(&(struct jpeg_spec){.picture = &smooth});
    struct bytes file = make_jxl_of_jpeg(&jpeg);
    struct read_result result;
    assert_int_equal(read_bytes(&file, &result), PLANCHE_OK);
    assert_in_range(pictures_distance(&smooth, &result.picture), 0, 6);
    read_result_free(&result);
    bytes_free(&file);
    bytes_free(&jpeg);
    picture_free(&smooth);
}

static void test_read_metadata(void **state)
{
    (void)state;
    struct picture smooth = picture_smooth(8, 8, 3);
    struct bytes icc = colours_profile(COLOURS_ODD), exif = make_exif(1, true);
    struct bytes xmp = {NULL, 0, 0};
    /* More than the first buffer for boxes holds. */
    while (xmp.size < 40000)
        bytes_append(&xmp, "<x:xmpmeta/>", 12);
    for (int kind = 0; kind < 4; kind++) {
        struct bytes file = make_jxl(&(struct jxl_spec){.picture = &smooth,
                                                        .lossless = true,
                                                        .compressed_boxes = kind & 1,
                                                        .boxes_behind = kind & 2,
                                                        .icc = &icc,
                                                        .exif = &exif,
                                                        .xmp = &xmp});
        struct read_result result;
        assert_int_equal(read_bytes(&file, &result), PLANCHE_OK);
        assert_int_equal(result.icc.size, icc.size);
        assert_memory_equal(result.icc.data, icc.data, icc.size);
        assert_int_equal(result.exif.size, exif.size);
        assert_memory_equal(result.exif.data, exif.data, exif.size);
        assert_int_equal(result.xmp.size, xmp.size);
        assert_memory_equal(result.xmp.data, xmp.data, xmp.size);
        assert_true(fabs(result.x_density - 11811) < 1e-6);
        assert_int_equal(result.warnings, 0);
        read_result_free(&result);
        bytes_free(&file);
    }
    bytes_free(&icc);
    bytes_free(&exif);
    bytes_free(&xmp);
    picture_free(&smooth);
}

/* Colours that libjxl has names or numbers for become a profile, lossy or not. */
static void test_named_colours(void **state)
{
    (void)state;
    static const struct {
        int primaries, transfer;
        enum colours_space space;
    } cases[] = {{0, 0, COLOURS_SRGB}, {11, 0, COLOURS_DISPLAY_P3}, {0, 8, COLOURS_LINEAR}};
    struct picture smooth = picture_smooth(8, 8, 3);
    for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
        struct bytes file = make_jxl(&(struct jxl_spec){.picture = &smooth,
                                                        .lossless = i % 2,
                                                        .primaries = cases[i / 2].primaries,
                                                        .transfer = cases[i / 2].transfer});
        struct read_result result;
        assert_int_equal(read_bytes(&file, &result), PLANCHE_OK);
        assert_int_equal(result.icc.size == 0, cases[i / 2].space == COLOURS_SRGB);
        assert_true(colours_distance(&result.icc, cases[i / 2].space) < 0.5);
        assert_in_range(pictures_distance(&smooth, &result.picture), 0, 8);
        read_result_free(&result);
        bytes_free(&file);
    }
    picture_free(&smooth);
}

static void refused(const struct jxl_spec *spec)
{
    struct bytes file = make_jxl(spec);
    struct read_result result;
    assert_int_equal(read_bytes(&file, &result), PLANCHE_ERROR_UNSUPPORTED);
    read_result_free(&result);
    bytes_free(&file);
}

static void test_unsupported(void **state)
{
    (void)state;
    struct picture smooth = picture_smooth(16, 16, 3), inks = picture_smooth(16, 16, 4);
    struct bytes icc = make_icc(4);
    refused(&(struct jxl_spec){.picture = &smooth, .frames = 2});
    refused(&(struct jxl_spec){.picture = &smooth, .primaries = 9, .transfer = 16});
    refused(&(struct jxl_spec){.picture = &smooth, .primaries = 9, .transfer = 18});
    refused(&(struct jxl_spec){.picture = &inks, .lossless = true, .cmyk = true, .icc = &icc});
    bytes_free(&icc);
    picture_free(&inks);
    picture_free(&smooth);
}

/* A compressed box that expands to more than a page's metadata can be. */
static void test_metadata_bomb(void **state)
{
    (void)state;
    struct picture smooth = picture_smooth(8, 8, 3);
    struct bytes xmp = {calloc(1, 40 << 20), 40 << 20, 40 << 20};
    struct bytes file =
        make_jxl(&(struct jxl_spec){.picture = &smooth, .compressed_boxes = true, .xmp = &xmp});
    struct read_result result;
    assert_true(file.size < 100000);
    assert_int_equal(read_bytes(&file, &result), PLANCHE_ERROR_LIMIT);
    assert_true(result.peak < 64 << 20);
    read_result_free(&result);
    bytes_free(&file);
    bytes_free(&xmp);
    picture_free(&smooth);
}

static void test_write_lossless(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < 8; kind++) {
        struct picture noise = picture_noise(33, 21, kind % 4 + 1, kind & 4 ? 16 : 8, kind);
        struct planche_writer_options options = {.lossless = 1};
        struct bytes file = {NULL, 0, 0};
        struct read_result result;
        assert_int_equal(write_picture(&noise, PLANCHE_FORMAT_JXL, NULL, &options, &file, &ignored),
                         PLANCHE_OK);
        assert_int_equal(read_bytes(&file, &result), PLANCHE_OK);
        pictures_equal(&noise, &result.picture);
        read_result_free(&result);
        bytes_free(&file);
        picture_free(&noise);
    }
}

/* A profile travels as it is when lossless. When lossy, the colours do (tests/colour), and the
 * profile if libjxl has a name for it. */
static void test_write_profiles(void **state)
{
    (void)state;
    static const enum colours_space spaces[] = {COLOURS_DISPLAY_P3, COLOURS_ADOBE, COLOURS_ODD};
    struct picture smooth = picture_smooth(8, 8, 3);
    for (size_t i = 0; i < sizeof spaces / sizeof spaces[0]; i++)
        for (int lossless = 0; lossless < 2; lossless++) {
            struct bytes icc = colours_profile(spaces[i]), file = {NULL, 0, 0};
            struct planche_metadata metadata = {.icc = {icc.data, icc.size}};
            struct planche_writer_options options = {.lossless = lossless};
            struct read_result result;
            assert_int_equal(
                write_picture(&smooth, PLANCHE_FORMAT_JXL, &metadata, &options, &file, &ignored),
                PLANCHE_OK);
            assert_int_equal(read_bytes(&file, &result), PLANCHE_OK);
            assert_true(result.icc.size > 0);
            if (lossless) {
                pictures_equal(&smooth, &result.picture);
                assert_int_equal(result.icc.size, icc.size);
                assert_memory_equal(result.icc.data, icc.data, icc.size);
            } else if (spaces[i] == COLOURS_DISPLAY_P3) {
                assert_true(colours_distance(&result.icc, spaces[i]) < 0.5);
            }
            read_result_free(&result);
            bytes_free(&file);
            bytes_free(&icc);
        }
    picture_free(&smooth);
}

static void test_cancel(void **state)
{
    (void)state;
    struct picture noise = picture_noise(60, 40, 3, 8, 1);
    static const enum planche_format formats[] = {PLANCHE_FORMAT_AVIF, PLANCHE_FORMAT_JXL};
    for (int i = 0; i < 6; i++) {
        struct canceller canceller = {.after = i / 2 == 2 ? 1000 : i / 2};
        const struct planche_cancel_token token = {.handle = &canceller.handle};
        struct planche_writer_options options = {
            .progress = images_cancel, .progress_user = &canceller, .cancel = &token};
        struct bytes file = {NULL, 0, 0};
        assert_int_equal(write_picture(&noise, formats[i % 2], NULL, &options, &file, &ignored),
                         i / 2 == 2 ? PLANCHE_OK : PLANCHE_ERROR_CANCELLED);
        assert_int_equal(file.size > 0, i / 2 == 2);
        bytes_free(&file);
    }
    picture_free(&noise);
}

/* Frames are counted; one is a page. */
static void test_animations(void **state)
{
    (void)state;
    struct picture smooth = picture_smooth(24, 16, 3);
    for (unsigned frames = 1; frames <= 3; frames++) {
        struct bytes file =
            make_jxl(&(struct jxl_spec){.picture = &smooth, .lossless = true, .frames = frames});
        expect_frames(&file, frames, &smooth);
        bytes_free(&file);
    }
    picture_free(&smooth);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read_lossless),  cmocka_unit_test(test_read_lossy),
        cmocka_unit_test(test_read_jpeg),      cmocka_unit_test(test_read_metadata),
        cmocka_unit_test(test_named_colours),  cmocka_unit_test(test_unsupported),
        cmocka_unit_test(test_metadata_bomb),  cmocka_unit_test(test_write_lossless),
        cmocka_unit_test(test_write_profiles), cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_animations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
