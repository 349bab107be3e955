/* SPDX-License-Identifier: MIT */
/* Reading and writing WebP. */
#include "images.h"

#include <math.h>
#include <string.h>
#include <webp/mux.h>

static void test_read_lossless(void **state)
{
    (void)state;
    for (unsigned channels = 3; channels <= 4; channels++) {
        struct picture noise = picture_noise(23, 19, channels, 8, channels);
        /* libwebp forgets colours under full transparency. */
        for (size_t i = 3; channels == 4 && i < 23 * 19 * 4; i += 4)
            noise.data[i] |= 1;
        struct bytes file = make_webp(&(struct webp_spec){.picture = &noise, .lossless = true});
        struct read_result result;
        assert_int_equal(read_bytes(&file, &result), PLANCHE_OK);
        assert_int_equal(result.format, PLANCHE_FORMAT_WEBP);
        pictures_equal(&noise, &result.picture);
        read_result_free(&result);
        bytes_free(&file);
        picture_free(&noise);
    }
}

static void test_read_lossy(void **state)
{
    (void)state;
    for (unsigned channels = 3; channels <= 4; channels++) {
        struct picture smooth = picture_smooth(50, 41, channels);
        struct bytes file = make_webp(&(struct webp_spec){.picture = &smooth});
        struct read_result result;
        assert_int_equal(read_bytes(&file, &result), PLANCHE_OK);
        assert_in_range(pictures_distance(&smooth, &result.picture), 0, 12);
        read_result_free(&result);
        bytes_free(&file);
        picture_free(&smooth);
    }
}

static void test_read_metadata(void **state)
{
    (void)state;
    struct picture smooth = picture_smooth(8, 8, 3);
    struct bytes icc = make_icc(3), exif = make_exif(1, true), prefixed = {NULL, 0, 0};
    struct bytes xmp = {NULL, 0, 0};
    bytes_append(&xmp, "<x:xmpmeta/>", 12);
    bytes_append(&prefixed, "Exif\0", 6);
    bytes_append(&prefixed, exif.data, exif.size);
    /* With and without JPEG's prefix. */
    for (int prefix = 0; prefix < 2; prefix++) {
        struct bytes file = make_webp(&(struct webp_spec){
            .picture = &smooth, .icc = &icc, .exif = prefix ? &prefixed : &exif, .xmp = &xmp});
        struct read_result result;
        assert_int_equal(read_bytes(&file, &result), PLANCHE_OK);
        assert_int_equal(result.icc.size, icc.size);
        assert_memory_equal(result.icc.data, icc.data, icc.size);
        assert_int_equal(result.exif.size, exif.size);
        assert_memory_equal(result.exif.data, exif.data, exif.size);
        assert_int_equal(result.xmp.size, xmp.size);
        assert_true(fabs(result.x_density - 11811) < 1e-6);
        read_result_free(&result);
        bytes_free(&file);
    }
    bytes_free(&icc);
    bytes_free(&exif);
    bytes_free(&prefixed);
    bytes_free(&xmp);
    picture_free(&smooth);
}

/* What the writer makes is what libwebp's own tools make: its chunks fit together, and the pixels
 * are those of one conversion of the whole picture. */
static void test_write(void **state)
{
    (void)state;
    static const uint32_t sides[][2] = {{1, 1}, {2, 3}, {3, 2}, {17, 31}, {64, 64}};
    for (size_t s = 0; s < sizeof sides / sizeof sides[0]; s++)
        for (unsigned kind = 0; kind < 4; kind++) {
            unsigned channels = kind & 1 ? 4 : 3;
            struct planche_writer_options options = {.lossless = kind >> 1, .quality = 100};
            struct picture smooth = picture_smooth(sides[s][0], sides[s][1], channels);
            struct bytes file = {NULL, 0, 0};
            struct read_result result;
            assert_int_equal(
                write_picture(&smooth, PLANCHE_FORMAT_WEBP, NULL, &options, &file, NULL),
                PLANCHE_OK);
            assert_int_equal(read_bytes(&file, &result), PLANCHE_OK);
            assert_in_range(pictures_distance(&smooth, &result.picture), 0,
                            options.lossless ? 0 : 14);
            read_result_free(&result);
            bytes_free(&file);
            picture_free(&smooth);
        }
}

static struct planche_blob blob_of(const struct bytes *bytes)
{
    return (struct planche_blob){bytes->data, bytes->size};
}

/* Odd and even sizes of chunks, with and without libwebp's own VP8X. */
static void test_write_metadata(void **state)
{
    (void)state;
    struct bytes icc = make_icc(3), exif = make_exif(1, true), xmp = {NULL, 0, 0};
    bytes_append(&xmp, "<x:xmpmeta />", 13);
    struct planche_metadata metadata = {
        .icc = blob_of(&icc), .exif = blob_of(&exif), .xmp = blob_of(&xmp)};
    for (unsigned kind = 0; kind < 4; kind++) {
        struct planche_writer_options options = {.lossless = kind >> 1};
        struct picture smooth = picture_smooth(300, 5, kind & 1 ? 4 : 3);
        struct bytes file = {NULL, 0, 0};
        struct read_result result;
        assert_int_equal(
            write_picture(&smooth, PLANCHE_FORMAT_WEBP, &metadata, &options, &file, NULL),
            PLANCHE_OK);
        assert_int_equal(read_bytes(&file, &result), PLANCHE_OK);
        assert_int_equal(result.icc.size, icc.size);
        assert_memory_equal(result.icc.data, icc.data, icc.size);
        assert_int_equal(result.exif.size, exif.size);
        assert_int_equal(result.xmp.size, xmp.size);
        assert_memory_equal(result.xmp.data, xmp.data, xmp.size);
        read_result_free(&result);
        /* libwebpmux reads it without complaint and sees all of it. */
        WebPData data = {file.data, file.size};
        WebPMux *mux = WebPMuxCreate(&data, 0);
        uint32_t flags;
        assert_non_null(mux);
        assert_int_equal(WebPMuxGetFeatures(mux, &flags), WEBP_MUX_OK);
        assert_int_equal(flags & ~(uint32_t)ALPHA_FLAG, ICCP_FLAG | EXIF_FLAG | XMP_FLAG);
        assert_int_equal((flags & ALPHA_FLAG) != 0, kind & 1);
        WebPMuxDelete(mux);
        bytes_free(&file);
        picture_free(&smooth);
    }
    bytes_free(&icc);
    bytes_free(&exif);
    bytes_free(&xmp);
}

/* A resolution without EXIF travels in EXIF made for it. */
static void test_write_density(void **state)
{
    (void)state;
    struct planche_metadata metadata = {.x_density = 23622, .y_density = 11811};
    struct picture smooth = picture_smooth(5, 5, 3);
    struct bytes file = {NULL, 0, 0};
    struct read_result result;
    assert_int_equal(write_picture(&smooth, PLANCHE_FORMAT_WEBP, &metadata, NULL, &file, NULL),
                     PLANCHE_OK);
    assert_int_equal(read_bytes(&file, &result), PLANCHE_OK);
    assert_true(fabs(result.x_density - 23622) < 0.01);
    assert_true(fabs(result.y_density - 11811) < 0.01);
    read_result_free(&result);
    bytes_free(&file);
    picture_free(&smooth);
}

static void test_cancel(void **state)
{
    (void)state;
    struct picture noise = picture_noise(200, 300, 3, 8, 1);
    for (int lossless = 0; lossless < 2; lossless++) {
        struct canceller never = {.after = 1 << 30}, at_once = {0}, midway = {.after = 3};
        struct canceller *cancellers[] = {&never, &at_once, &midway};
        for (int i = 0; i < 3; i++) {
            const struct planche_cancel_token token = {.handle = &cancellers[i]->handle};
            struct planche_writer_options options = {.lossless = lossless,
                                                     .progress = images_cancel,
                                                     .progress_user = cancellers[i],
                                                     .cancel = &token};
            struct bytes file = {NULL, 0, 0};
            struct planche_error error = {.status = PLANCHE_OK};
            enum planche_status status =
                write_picture(&noise, PLANCHE_FORMAT_WEBP, NULL, &options, &file, &error);
            assert_int_equal(status, i == 0 ? PLANCHE_OK : PLANCHE_ERROR_CANCELLED);
            assert_int_equal(error.status, status);
            bytes_free(&file);
        }
        assert_true(never.calls > 3);
    }
    picture_free(&noise);
}

/* An animation of the same frame at an offset, on a canvas of the size given. */
static struct bytes make_animation(const struct bytes *still, unsigned frames, int offset,
                                   int canvas)
{
    struct bytes file = {NULL, 0, 0};
    WebPMuxFrameInfo frame = {.bitstream = {still->data, still->size},
                              .id = WEBP_CHUNK_ANMF,
                              .duration = 100,
                              .x_offset = offset,
                              .y_offset = 2 * offset,
                              .dispose_method = WEBP_MUX_DISPOSE_NONE,
                              .blend_method = WEBP_MUX_BLEND};
    WebPMuxAnimParams params = {.loop_count = 0, .bgcolor = 0xff123456};
    WebPData assembled;
    WebPMux *mux = WebPMuxNew();
    for (unsigned i = 0; i < frames; i++)
        assert_int_equal(WebPMuxPushFrame(mux, &frame, 1), WEBP_MUX_OK);
    assert_int_equal(WebPMuxSetAnimationParams(mux, &params), WEBP_MUX_OK);
    assert_int_equal(WebPMuxSetCanvasSize(mux, canvas, canvas), WEBP_MUX_OK);
    assert_int_equal(WebPMuxAssemble(mux, &assembled), WEBP_MUX_OK);
    bytes_append(&file, assembled.bytes, assembled.size);
    WebPDataClear(&assembled);
    WebPMuxDelete(mux);
    return file;
}

/* An animation is not a page. */
static void test_animation(void **state)
{
    (void)state;
    struct picture smooth = picture_smooth(8, 8, 3);
    struct bytes still = make_webp(&(struct webp_spec){.picture = &smooth});
    struct bytes file = make_animation(&still, 3, 0, 8);
    struct read_result result;
    assert_int_equal(read_bytes(&file, &result), PLANCHE_ERROR_UNSUPPORTED);
    assert_non_null(strstr(result.error.message, "an animation of 3 frames"));
    read_result_free(&result);
    bytes_free(&file);
    bytes_free(&still);
    picture_free(&smooth);
}

/* One frame is a page, on its canvas, which is transparent elsewhere. */
static void test_one_frame(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < 8; kind++) {
        unsigned channels = kind & 1 ? 4 : 3;
        bool lossless = kind & 2, fills = kind & 4;
        int canvas = fills ? 20 : 60, offset = fills ? 0 : 10;
        struct picture smooth = picture_smooth(20, 20, channels);
        struct webp_spec spec = {.picture = &smooth, .lossless = lossless};
        struct bytes still = make_webp(&spec), file = make_animation(&still, 1, offset, canvas);
        struct read_result alone, result;
        assert_int_equal(read_bytes(&still, &alone), PLANCHE_OK);
        assert_int_equal(read_bytes(&file, &result), PLANCHE_OK);
        assert_int_equal(result.picture.width, canvas);
        assert_int_equal(result.picture.height, canvas);
        unsigned out = fills ? channels : 4;
        assert_int_equal(result.picture.channels, out);
        for (int i = 0; i < canvas * canvas; i++) {
            static const uint8_t nothing[4] = {0};
            int x = i % canvas - offset, y = i / canvas - 2 * offset;
            bool inside = x >= 0 && x < 20 && y >= 0 && y < 20;
            const uint8_t *pixel = result.picture.data + (size_t)i * out;
            const uint8_t *expected =
                inside ? alone.picture.data + (size_t)(y * 20 + x) * channels : nothing;
            assert_memory_equal(pixel, expected, inside ? channels : 4);
            if (inside && channels < out)
                assert_int_equal(pixel[3], 255);
        }
        read_result_free(&alone);
        read_result_free(&result);
        bytes_free(&still);
        bytes_free(&file);
        picture_free(&smooth);
    }
}

/* A frame beyond its canvas, or beside one that no chunk states, is damage. */
static void test_frame_outside(void **state)
{
    (void)state;
    struct picture smooth = picture_smooth(20, 20, 4);
    struct bytes still = make_webp(&(struct webp_spec){.picture = &smooth});
    for (int lie = 0; lie < 2; lie++) {
        struct bytes file = make_animation(&still, 1, 10, 60);
        uint8_t *canvas = memmem(file.data, file.size, "VP8X", 4);
        struct read_result result;
        assert_non_null(canvas);
        if (lie)
            canvas[12] = 25;
        else
            canvas[2] = ':';
        assert_int_equal(read_bytes(&file, &result), PLANCHE_ERROR_DATA);
        read_result_free(&result);
        bytes_free(&file);
    }
    bytes_free(&still);
    picture_free(&smooth);
}

/* RIFF's size is wrong in files of many programs; the chunks tell what is there. */
static void test_wrong_size(void **state)
{
    (void)state;
    static const int errors[] = {-100000, -1, 1, 2, 100000};
    struct picture smooth = picture_smooth(30, 20, 3);
    struct bytes xmp = {NULL, 0, 0};
    bytes_append(&xmp, "<x:xmpmeta/>", 12);
    for (int metadata = 0; metadata < 2; metadata++) {
        struct bytes file =
            make_webp(&(struct webp_spec){.picture = &smooth, .xmp = metadata ? &xmp : NULL});
        struct read_result right, wrong;
        assert_int_equal(read_bytes(&file, &right), PLANCHE_OK);
        assert_int_equal(right.warnings, 0);
        for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
            int64_t size = (int64_t)file.size - 8 + errors[i];
            for (int byte = 0; byte < 4; byte++)
                file.data[4 + byte] = (uint8_t)((size < 0 ? 0 : size) >> 8 * byte);
            assert_int_equal(read_bytes(&file, &wrong), PLANCHE_OK);
            pictures_equal(&wrong.picture, &right.picture);
            assert_int_equal(wrong.warnings, errors[i] != -1); /* the last byte is padding */
            read_result_free(&wrong);
        }
        read_result_free(&right);
        bytes_free(&file);
    }
    bytes_free(&xmp);
    picture_free(&smooth);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read_lossless),  cmocka_unit_test(test_read_lossy),
        cmocka_unit_test(test_read_metadata),  cmocka_unit_test(test_write),
        cmocka_unit_test(test_write_metadata), cmocka_unit_test(test_write_density),
        cmocka_unit_test(test_cancel),         cmocka_unit_test(test_animation),
        cmocka_unit_test(test_one_frame),      cmocka_unit_test(test_wrong_size),
        cmocka_unit_test(test_frame_outside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
