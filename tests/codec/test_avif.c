/* SPDX-License-Identifier: MIT */
/* Reading and writing AVIF. */
#include "images.h"

#include "base/pool.h"
#include "colours.h"

#include <avif/avif.h>
#include <math.h>
#include <string.h>

/* All kinds of lossless pictures come back to the bit. */
static void test_read_lossless(void **state)
{
    (void)state;
    for (unsigned channels = 1; channels <= 4; channels++) {
        struct picture noise = picture_noise(23, 19, channels, 8, channels);
        struct bytes file = make_avif(&(struct avif_spec){.picture = &noise, .lossless = true});
        struct read_result result;
        assert_int_equal(read_bytes(&file, &result), PLANCHE_OK);
        assert_int_equal(result.format, PLANCHE_FORMAT_AVIF);
        pictures_equal(&noise, &result.picture);
        read_result_free(&result);
        bytes_free(&file);
        picture_free(&noise);
    }
}

static uint16_t wide_sample(const struct picture *picture, size_t index)
{
    uint16_t value;
    memcpy(&value, picture->data + 2 * index, 2);
    return value;
}

/* 10 and 12 bits become 16, full scale staying full scale. */
static void test_read_deep(void **state)
{
    (void)state;
    for (unsigned channels = 1; channels <= 4; channels++)
        for (unsigned depth = 10; depth <= 12; depth += 2) {
            struct picture noise = picture_noise(23, 19, channels, 16, channels);
            memset(noise.data, 0xff, 2);
            struct bytes file =
                make_avif(&(struct avif_spec){.picture = &noise, .lossless = true, .depth = depth});
            struct read_result result;
            assert_int_equal(read_bytes(&file, &result), PLANCHE_OK);
            assert_int_equal(result.picture.depth, 16);
            assert_int_equal(result.picture.channels, channels);
            assert_int_equal(wide_sample(&result.picture, 0), 65535);
            for (size_t i = 0; i < (size_t)23 * 19 * channels; i++)
                assert_in_range(abs(wide_sample(&noise, i) - wide_sample(&result.picture, i)), 0,
                                1 << (16 - depth));
            read_result_free(&result);
            bytes_free(&file);
            picture_free(&noise);
        }
}

static void test_read_lossy(void **state)
{
    (void)state;
    for (unsigned channels = 1; channels <= 4; channels++)
        for (int kind = 0; kind < 4; kind++) {
            struct picture smooth = picture_smooth(50, 41, channels);
            struct bytes file = make_avif(&(struct avif_spec){
                .picture = &smooth, .subsampled = kind & 1, .limited = kind & 2});
            struct read_result result;
            assert_int_equal(read_bytes(&file, &result), PLANCHE_OK);
            assert_in_range(pictures_distance(&smooth, &result.picture), 0, 6);
            read_result_free(&result);
            bytes_free(&file);
            picture_free(&smooth);
        }
}

/* A picture that is put together of several. */
static void test_grid(void **state)
{
    (void)state;
    for (unsigned channels = 3; channels <= 4; channels++) {
        struct picture noise = picture_noise(64, 66, channels, 8, channels);
        struct bytes file =
            make_avif(&(struct avif_spec){.picture = &noise, .lossless = true, .cells = 3});
        struct read_result result;
        size_t row = picture_row_bytes(&noise);
        assert_int_equal(read_bytes(&file, &result), PLANCHE_OK);
        assert_int_equal(result.picture.width, 3 * 64);
        assert_int_equal(result.picture.height, 66);
        for (size_t y = 0; y < 66; y++)
            for (size_t cell = 0; cell < 3; cell++)
                assert_memory_equal(result.picture.data + (3 * y + cell) * row,
                                    noise.data + y * row, row);
        read_result_free(&result);
        bytes_free(&file);
        picture_free(&noise);
    }
}

/* Alpha arrives straight. */
static void test_premultiplied(void **state)
{
    (void)state;
    struct picture page = picture_smooth(20, 20, 4);
    for (size_t i = 0; i < 20 * 20; i++) {
        static const uint8_t half[4] = {100, 50, 25, 128};
        memcpy(page.data + 4 * i, half, 4);
    }
    struct bytes file =
        make_avif(&(struct avif_spec){.picture = &page, .lossless = true, .premultiplied = true});
    struct read_result result;
    assert_int_equal(read_bytes(&file, &result), PLANCHE_OK);
    assert_in_range(result.picture.data[0], 198, 200);
    assert_in_range(result.picture.data[1], 99, 101);
    assert_int_equal(result.picture.data[3], 128);
    read_result_free(&result);
    bytes_free(&file);
    picture_free(&page);
}

static void test_read_metadata(void **state)
{
    (void)state;
    struct picture smooth = picture_smooth(8, 8, 3);
    struct bytes icc = make_icc(3), exif = make_exif(1, true), xmp = {NULL, 0, 0};
    bytes_append(&xmp, "<x:xmpmeta/>", 12);
    struct bytes file =
        make_avif(&(struct avif_spec){.picture = &smooth, .icc = &icc, .exif = &exif, .xmp = &xmp});
    struct read_result result;
    assert_int_equal(read_bytes(&file, &result), PLANCHE_OK);
    assert_int_equal(result.icc.size, icc.size);
    assert_memory_equal(result.icc.data, icc.data, icc.size);
    assert_int_equal(result.exif.size, exif.size);
    assert_memory_equal(result.exif.data, exif.data, exif.size);
    assert_int_equal(result.xmp.size, xmp.size);
    assert_memory_equal(result.xmp.data, xmp.data, xmp.size);
    assert_true(fabs(result.x_density - 11811) < 1e-6);
    read_result_free(&result);
    bytes_free(&file);
    bytes_free(&icc);
    bytes_free(&exif);
    bytes_free(&xmp);
    picture_free(&smooth);
}

/* Numbers that stand for colours become a profile of the same colours. */
static void test_numbered_colours(void **state)
{
    (void)state;
    static const struct {
        int primaries, transfer;
        enum colours_space space;
    } cases[] = {
        {1, 13, COLOURS_SRGB},        {2, 2, COLOURS_SRGB},    {0, 0, COLOURS_SRGB},
        {12, 13, COLOURS_DISPLAY_P3}, {9, 1, COLOURS_REC2020}, {1, 8, COLOURS_LINEAR},
    };
    struct picture smooth = picture_smooth(8, 8, 3), grey = picture_smooth(8, 8, 1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct avif_spec spec = {
            .picture = &smooth, .primaries = cases[i].primaries, .transfer = cases[i].transfer};
        struct bytes file = make_avif(&spec);
        struct read_result result;
        assert_int_equal(read_bytes(&file, &result), PLANCHE_OK);
        assert_int_equal(result.icc.size == 0, cases[i].space == COLOURS_SRGB);
        assert_true(colours_distance(&result.icc, cases[i].space) < 0.5);
        read_result_free(&result);
        bytes_free(&file);
        spec.picture = &grey;
        file = make_avif(&spec);
        assert_int_equal(read_bytes(&file, &result), PLANCHE_OK);
        assert_int_equal(result.icc.size != 0, cases[i].transfer == 1 || cases[i].transfer == 8);
        assert_int_equal(result.warnings, 0);
        read_result_free(&result);
        bytes_free(&file);
    }
    picture_free(&smooth);
    picture_free(&grey);
}

static void refused(const struct avif_spec *spec, enum planche_status status)
{
    struct bytes file = make_avif(spec);
    struct read_result result;
    assert_int_equal(read_bytes(&file, &result), status);
    read_result_free(&result);
    bytes_free(&file);
}

static void test_unsupported(void **state)
{
    (void)state;
    struct picture smooth = picture_smooth(16, 16, 3);
    refused(&(struct avif_spec){.picture = &smooth, .frames = 2}, PLANCHE_ERROR_UNSUPPORTED);
    refused(&(struct avif_spec){.picture = &smooth, .cropped = true}, PLANCHE_ERROR_UNSUPPORTED);
    refused(&(struct avif_spec){.picture = &smooth, .primaries = 9, .transfer = 16},
            PLANCHE_ERROR_UNSUPPORTED);
    picture_free(&smooth);
}

static void put32(uint8_t *p, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(value >> (24 - 8 * i));
}

/* A box that announces another size than the stream has: too large is refused at once; too small
 * must not let the decoder begin a picture that nobody has room for. */
static void test_false_sizes(void **state)
{
    (void)state;
    struct picture noise = picture_noise(300, 200, 3, 8, 3);
    struct bytes file = make_avif(&(struct avif_spec){.picture = &noise});
    uint8_t *extents = memmem(file.data, file.size, "ispe", 4);
    struct read_result result;
    assert_non_null(extents);
    put32(extents + 8, 1 << 20);
    put32(extents + 12, 1 << 20);
    assert_int_equal(read_bytes(&file, &result), PLANCHE_ERROR_LIMIT);
    assert_true(result.peak < 1 << 20);
    read_result_free(&result);
    put32(extents + 8, 3);
    put32(extents + 12, 2);
    assert_int_equal(read_bytes(&file, &result), PLANCHE_ERROR_DATA);
    read_result_free(&result);
    bytes_free(&file);
    picture_free(&noise);
}

/* A general major brand, with AVIF among the compatible ones. */
static void test_brands(void **state)
{
    (void)state;
    struct picture smooth = picture_smooth(16, 16, 3);
    struct bytes file = make_avif(&(struct avif_spec){.picture = &smooth});
    struct read_result result;
    memcpy(file.data + 8, "mif1", 4);
    assert_int_equal(read_bytes(&file, &result), PLANCHE_OK);
    read_result_free(&result);
    /* Other files of such boxes are none of ours. */
    memcpy(file.data + 8, "isom", 4);
    for (size_t at = 16; at < file.data[3]; at += 4)
        memcpy(file.data + at, "mp41", 4);
    assert_int_equal(read_bytes(&file, &result), PLANCHE_ERROR_DATA);
    read_result_free(&result);
    bytes_free(&file);
    picture_free(&smooth);
}

static void decode(const struct bytes *file, avifImage *image)
{
    avifDecoder *decoder = avifDecoderCreate();
    assert_non_null(decoder);
    assert_int_equal(avifDecoderReadMemory(decoder, image, file->data, file->size), AVIF_RESULT_OK);
    avifDecoderDestroy(decoder);
}

/* Quality says how chroma is kept, and 16 bits how many are written. */
static void test_write_kinds(void **state)
{
    (void)state;
    static const struct {
        unsigned channels, depth;
        int quality, lossless;
        avifPixelFormat format;
        unsigned bits;
    } cases[] = {
        {3, 8, 89, 0, AVIF_PIXEL_FORMAT_YUV420, 8},   {3, 8, 90, 0, AVIF_PIXEL_FORMAT_YUV444, 8},
        {4, 8, 50, 0, AVIF_PIXEL_FORMAT_YUV420, 8},   {3, 8, 50, 1, AVIF_PIXEL_FORMAT_YUV444, 8},
        {1, 8, 50, 0, AVIF_PIXEL_FORMAT_YUV400, 8},   {2, 8, 50, 1, AVIF_PIXEL_FORMAT_YUV400, 8},
        {3, 16, 90, 0, AVIF_PIXEL_FORMAT_YUV444, 10}, {4, 16, 50, 1, AVIF_PIXEL_FORMAT_YUV444, 12},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct picture noise = picture_noise(21, 17, cases[i].channels, cases[i].depth, 2);
        struct planche_writer_options options = {.quality = cases[i].quality,
                                                 .lossless = cases[i].lossless};
        struct bytes file = {NULL, 0, 0};
        avifImage *image = avifImageCreateEmpty();
        assert_int_equal(write_picture(&noise, PLANCHE_FORMAT_AVIF, NULL, &options, &file, NULL),
                         PLANCHE_OK);
        decode(&file, image);
        assert_int_equal(image->width, 21);
        assert_int_equal(image->height, 17);
        assert_int_equal(image->yuvFormat, cases[i].format);
        assert_int_equal(image->depth, cases[i].bits);
        assert_int_equal(image->colorPrimaries, AVIF_COLOR_PRIMARIES_BT709);
        assert_int_equal(image->transferCharacteristics, AVIF_TRANSFER_CHARACTERISTICS_SRGB);
        assert_int_equal(image->yuvRange, AVIF_RANGE_FULL);
        assert_int_equal(image->transformFlags, AVIF_TRANSFORM_NONE);
        assert_int_equal(image->alphaPlane != NULL, cases[i].channels % 2 == 0);
        avifImageDestroy(image);
        bytes_free(&file);
        picture_free(&noise);
    }
}

static void test_write_lossless(void **state)
{
    (void)state;
    for (unsigned channels = 1; channels <= 4; channels++) {
        struct picture noise = picture_noise(33, 21, channels, 8, channels);
        struct planche_writer_options options = {.lossless = 1};
        struct bytes file = {NULL, 0, 0};
        struct read_result result;
        assert_int_equal(write_picture(&noise, PLANCHE_FORMAT_AVIF, NULL, &options, &file, NULL),
                         PLANCHE_OK);
        assert_int_equal(read_bytes(&file, &result), PLANCHE_OK);
        pictures_equal(&noise, &result.picture);
        read_result_free(&result);
        bytes_free(&file);
        picture_free(&noise);
    }
}

/* A picture of several tiles is the same file whatever threads make it. */
static void test_threads(void **state)
{
    (void)state;
    struct picture page = picture_noise(1024, 2048, 1, 8, 1);
    struct bytes alone = {NULL, 0, 0};
    struct read_result result;
    for (unsigned threads = 1; threads <= 3; threads += 2) {
        struct planche_pool *pool = NULL;
        struct planche_error error;
        assert_int_equal(planche_pool_create(&pool, threads, NULL, &error), PLANCHE_OK);
        struct planche_writer_options options = {.effort = 4, .pool = pool};
        struct bytes file = {NULL, 0, 0};
        assert_int_equal(write_picture(&page, PLANCHE_FORMAT_AVIF, NULL, &options, &file, NULL),
                         PLANCHE_OK);
        planche_pool_destroy(&pool);
        if (threads == 1) {
            alone = file;
            continue;
        }
        assert_int_equal(file.size, alone.size);
        assert_memory_equal(file.data, alone.data, file.size);
        bytes_free(&file);
    }
    assert_int_equal(read_bytes(&alone, &result), PLANCHE_OK);
    assert_in_range(pictures_distance(&page, &result.picture), 0, 16);
    read_result_free(&result);
    bytes_free(&alone);
    picture_free(&page);
}

/* libavif would refuse the page for the sake of them. */
static void test_unsound_exif(void **state)
{
    (void)state;
    struct picture smooth = picture_smooth(9, 9, 3);
    uint8_t junk[] = "no TIFF structure";
    struct planche_metadata metadata = {.exif = {junk, sizeof junk}};
    struct bytes file = {NULL, 0, 0};
    struct read_result result;
    assert_int_equal(write_picture(&smooth, PLANCHE_FORMAT_AVIF, &metadata, NULL, &file, NULL),
                     PLANCHE_OK);
    assert_int_equal(read_bytes(&file, &result), PLANCHE_OK);
    assert_int_equal(result.exif.size, 0);
    read_result_free(&result);
    bytes_free(&file);
    picture_free(&smooth);
}

/* Frames are counted; one is a page. */
static void test_animations(void **state)
{
    (void)state;
    struct picture smooth = picture_smooth(24, 16, 3);
    for (unsigned frames = 1; frames <= 3; frames++) {
        struct bytes file =
            make_avif(&(struct avif_spec){.picture = &smooth, .lossless = true, .frames = frames});
        expect_frames(&file, frames, &smooth);
        bytes_free(&file);
    }
    picture_free(&smooth);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read_lossless),
        cmocka_unit_test(test_read_deep),
        cmocka_unit_test(test_read_lossy),
        cmocka_unit_test(test_premultiplied),
        cmocka_unit_test(test_grid),
        cmocka_unit_test(test_read_metadata),
        cmocka_unit_test(test_numbered_colours),
        cmocka_unit_test(test_unsupported),
        cmocka_unit_test(test_false_sizes),
        cmocka_unit_test(test_brands),
        cmocka_unit_test(test_write_kinds),
        cmocka_unit_test(test_write_lossless),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_unsound_exif),
        cmocka_unit_test(test_animations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
