/* SPDX-License-Identifier: MIT */
/* What all writers do alike, and PNG's and JPEG's own. */
#include "images.h"

#include "base/status.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Of calls whose status is enough. */
static struct planche_error ignored;

static const enum planche_format formats[] = {PLANCHE_FORMAT_PNG, PLANCHE_FORMAT_JPEG,
                                              PLANCHE_FORMAT_WEBP, PLANCHE_FORMAT_AVIF,
                                              PLANCHE_FORMAT_JXL};
#define FORMATS (sizeof formats / sizeof formats[0])

static bool can_hold(enum planche_format format, unsigned channels, unsigned depth)
{
    const struct planche_format_caps *caps = planche_format_get_caps(format);
    return (channels >= 3 || caps->grey) && (channels % 2 || caps->alpha) &&
           (depth == 8 || caps->deep);
}

static void test_caps(void **state)
{
    (void)state;
    const struct planche_format_caps *png = planche_format_get_caps(PLANCHE_FORMAT_PNG);
    const struct planche_format_caps *jpeg = planche_format_get_caps(PLANCHE_FORMAT_JPEG);
    const struct planche_format_caps *webp = planche_format_get_caps(PLANCHE_FORMAT_WEBP);
    const struct planche_format_caps *avif = planche_format_get_caps(PLANCHE_FORMAT_AVIF);
    const struct planche_format_caps *jxl = planche_format_get_caps(PLANCHE_FORMAT_JXL);
    assert_true(png->grey && png->alpha && png->deep && png->max_width == 0x7fffffff);
    assert_true(jpeg->grey && !jpeg->alpha && !jpeg->deep && jpeg->max_height == 65500);
    assert_true(!webp->grey && webp->alpha && !webp->deep && webp->max_width == 16383);
    assert_true(avif->grey && avif->alpha && avif->deep && avif->max_width == 32768);
    assert_true(jxl->grey && jxl->alpha && jxl->deep && jxl->max_width == 1 << 18);
    assert_non_null(planche_format_get_caps(PLANCHE_FORMAT_AUTO));
}

/* All pictures a format can hold come back, PNG's to the bit; the others are refused. */
static void test_round_trips(void **state)
{
    (void)state;
    static const uint32_t sides[][2] = {{1, 1}, {1, 40}, {40, 1}, {31, 17}};
    for (size_t f = 0; f < FORMATS; f++)
        for (size_t s = 0; s < sizeof sides / sizeof sides[0]; s++)
            for (unsigned channels = 1; channels <= 4; channels++)
                for (unsigned depth = 8; depth <= 16; depth += 8) {
                    struct picture picture = picture_smooth(sides[s][0], sides[s][1], channels);
                    if (depth == 16)
                        picture = picture_deepen(&picture);
                    struct bytes file = {NULL, 0, 0};
                    struct planche_error error;
                    struct read_result result;
                    bool possible = can_hold(formats[f], channels, depth);
                    enum planche_status status =
                        write_picture(&picture, formats[f], NULL, NULL, &file, &error);
                    assert_int_equal(status, possible ? PLANCHE_OK : PLANCHE_ERROR_UNSUPPORTED);
                    if (possible) {
                        assert_int_equal(read_bytes(&file, &result), PLANCHE_OK);
                        assert_int_equal(result.format, formats[f]);
                        if (formats[f] == PLANCHE_FORMAT_PNG)
                            pictures_equal(&picture, &result.picture);
                        else
                            assert_in_range(pictures_distance(&picture, &result.picture), 0, 16);
                        read_result_free(&result);
                    }
                    bytes_free(&file);
                    picture_free(&picture);
                }
}

/* A picture with an effort, as file; it is right. */
static struct bytes write_effort(const struct picture *picture, enum planche_format format,
                                 int effort, bool lossless)
{
    struct planche_writer_options options = {.effort = effort, .lossless = lossless};
    struct bytes file = {NULL, 0, 0};
    struct read_result result;
    assert_int_equal(write_picture(picture, format, NULL, &options, &file, &ignored), PLANCHE_OK);
    assert_int_equal(read_bytes(&file, &result), PLANCHE_OK);
    assert_in_range(pictures_distance(picture, &result.picture), 0,
                    lossless || format == PLANCHE_FORMAT_PNG ? 0 : 16);
    read_result_free(&result);
    return file;
}

/* Every effort of every format makes files that are right; the most makes the smallest, or nearly.
 * 0 is the one that headers state. */
static void test_efforts(void **state)
{
    (void)state;
    struct picture picture = picture_smooth(96, 80, 3);
    for (size_t i = 0; i < 2 * FORMATS; i++) {
        enum planche_format format = formats[i / 2];
        bool lossless = i % 2 != 0;
        if (lossless && (format == PLANCHE_FORMAT_PNG || format == PLANCHE_FORMAT_JPEG))
            continue;
        struct bytes files[10];
        for (int effort = 0; effort <= 9; effort++)
            files[effort] = write_effort(&picture, format, effort, lossless);
        assert_int_equal(files[0].size, files[4].size);
        assert_memory_equal(files[0].data, files[4].data, files[0].size);
        assert_true(files[9].size < files[1].size + files[1].size / 10);
        for (int effort = 0; effort <= 9; effort++)
            bytes_free(&files[effort]);
    }
    picture_free(&picture);
}

static bool has_marker(const struct bytes *file, uint8_t marker)
{
    for (size_t i = 0; i + 1 < file->size; i++)
        if (file->data[i] == 0xff && file->data[i + 1] == marker)
            return true;
    return false;
}

/* JPEG: from 5 on tables of its own, from 7 on progressive. */
static void test_jpeg_efforts(void **state)
{
    static const int first[] = {1, 5, 7}, last[] = {4, 6, 9};
    struct picture picture = picture_smooth(256, 192, 3);
    size_t before = SIZE_MAX;
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct bytes a = write_effort(&picture, PLANCHE_FORMAT_JPEG, first[i], false),
                     b = write_effort(&picture, PLANCHE_FORMAT_JPEG, last[i], false);
        assert_int_equal(a.size, b.size);
        assert_memory_equal(a.data, b.data, a.size);
        assert_true(i == 2 || a.size < before); /* scans of so small a picture have their price */
        assert_int_equal(has_marker(&a, 0xc2), i == 2);
        before = a.size;
        bytes_free(&a);
        bytes_free(&b);
    }
    picture_free(&picture);
}

/* Better quality is closer and larger; 0 means what the headers state. */
static void test_quality(void **state)
{
    (void)state;
    struct picture noise = picture_noise(120, 90, 3, 8, 3);
    for (size_t f = 1; f < FORMATS; f++) {
        size_t sizes[4];
        int own = formats[f] == PLANCHE_FORMAT_AVIF  ? 82
                  : formats[f] == PLANCHE_FORMAT_JXL ? 87
                                                     : 90;
        const int qualities[4] = {20, own, 0, 100};
        for (int i = 0; i < 4; i++) {
            struct planche_writer_options options = {.quality = qualities[i]};
            struct bytes file = {NULL, 0, 0};
            assert_int_equal(write_picture(&noise, formats[f], NULL, &options, &file, &ignored),
                             PLANCHE_OK);
            sizes[i] = file.size;
            bytes_free(&file);
        }
        assert_true(sizes[0] < sizes[1] && sizes[1] == sizes[2] && sizes[2] < sizes[3]);
    }
    picture_free(&noise);
}

/* From quality 90 on JPEG keeps a colour as sharp as a grey. */
static void test_jpeg_colour_lines(void **state)
{
    (void)state;
    for (int quality = 89; quality <= 90; quality++) {
        struct picture lines = picture_smooth(64, 64, 3);
        struct planche_writer_options options = {.quality = quality};
        struct bytes file = {NULL, 0, 0};
        struct read_result result;
        for (size_t i = 0; i < 64 * 64; i++) {
            lines.data[3 * i] = i % 2 ? 200 : 100;
            lines.data[3 * i + 1] = 100;
            lines.data[3 * i + 2] = i % 2 ? 100 : 200;
        }
        assert_int_equal(
            write_picture(&lines, PLANCHE_FORMAT_JPEG, NULL, &options, &file, &ignored),
            PLANCHE_OK);
        assert_int_equal(read_bytes(&file, &result), PLANCHE_OK);
        unsigned distance = pictures_distance(&lines, &result.picture);
        assert_true(quality >= 90 ? distance < 12 : distance > 30);
        read_result_free(&result);
        bytes_free(&file);
        picture_free(&lines);
    }
}

static struct planche_blob blob_of(const struct bytes *bytes)
{
    return (struct planche_blob){bytes->data, bytes->size};
}

/* Metadata survive in every format. */
static void test_metadata(void **state)
{
    (void)state;
    struct bytes icc = make_icc(3), exif = make_exif(1, true), xmp = {NULL, 0, 0};
    bytes_append(&xmp, "<x:xmpmeta/>", 13); /* with its final zero left out below */
    struct planche_metadata metadata = {.icc = blob_of(&icc),
                                        .exif = blob_of(&exif),
                                        .xmp = {xmp.data, 12},
                                        .x_density = 11811,
                                        .y_density = 11811};
    for (size_t f = 0; f < FORMATS; f++) {
        struct picture smooth = picture_smooth(9, 9, 3);
        struct bytes file = {NULL, 0, 0};
        struct read_result result;
        /* Lossy JPEG XL has names for profiles, sRGB among them. */
        struct planche_writer_options options = {.lossless = formats[f] == PLANCHE_FORMAT_JXL};
        assert_int_equal(write_picture(&smooth, formats[f], &metadata, &options, &file, &ignored),
                         PLANCHE_OK);
        assert_int_equal(read_bytes(&file, &result), PLANCHE_OK);
        assert_int_equal(result.icc.size, icc.size);
        assert_memory_equal(result.icc.data, icc.data, icc.size);
        assert_int_equal(result.exif.size, exif.size);
        assert_memory_equal(result.exif.data, exif.data, exif.size);
        assert_int_equal(result.xmp.size, 12);
        assert_memory_equal(result.xmp.data, xmp.data, 12);
        assert_true(fabs(result.x_density - 11811) < 20);
        assert_int_equal(result.warnings, 0);
        read_result_free(&result);
        bytes_free(&file);
        picture_free(&smooth);
    }
    bytes_free(&icc);
    bytes_free(&exif);
    bytes_free(&xmp);
}

/* A grey page's profile where a format has no grey becomes one for RGB; any other misfit is left
 * out. */
static void test_fitted_profiles(void **state)
{
    (void)state;
    struct picture rgb = picture_smooth(9, 9, 3), grey = picture_smooth(9, 9, 1);
    for (unsigned channels = 1; channels <= 4; channels++) {
        if (channels == 2)
            continue;
        struct bytes icc = make_icc(channels);
        struct planche_metadata metadata = {.icc = blob_of(&icc)};
        struct bytes webp = {NULL, 0, 0}, png = {NULL, 0, 0};
        struct read_result result;
        assert_int_equal(write_picture(&rgb, PLANCHE_FORMAT_WEBP, &metadata, NULL, &webp, &ignored),
                         PLANCHE_OK);
        assert_int_equal(read_bytes(&webp, &result), PLANCHE_OK);
        assert_int_equal(result.icc.size != 0, channels != 4);
        assert_int_equal(result.warnings, 0);
        read_result_free(&result);
        assert_int_equal(write_picture(&grey, PLANCHE_FORMAT_PNG, &metadata, NULL, &png, &ignored),
                         PLANCHE_OK);
        assert_int_equal(read_bytes(&png, &result), PLANCHE_OK);
        assert_int_equal(result.icc.size != 0, channels == 1);
        assert_int_equal(result.warnings, 0);
        read_result_free(&result);
        bytes_free(&webp);
        bytes_free(&png);
        bytes_free(&icc);
    }
    picture_free(&rgb);
    picture_free(&grey);
}

static void count_warning(void *user, enum planche_log_level level, const char *message)
{
    (void)message;
    *(unsigned *)user += level == PLANCHE_LOG_WARNING;
}

/* EXIF that no JPEG marker can hold is left out, and said to be. */
static void test_too_much_metadata(void **state)
{
    (void)state;
    struct picture smooth = picture_smooth(9, 9, 3);
    struct bytes exif = make_exif(1, true), file = {NULL, 0, 0};
    uint8_t padding[1024] = {0};
    while (exif.size < 70000)
        bytes_append(&exif, padding, sizeof padding);
    unsigned warnings = 0;
    struct planche_log log = {.fn = count_warning, .user = &warnings};
    struct planche_metadata metadata = {.exif = blob_of(&exif)};
    struct planche_writer_options options = {.log = &log};
    struct read_result result;
    assert_int_equal(
        write_picture(&smooth, PLANCHE_FORMAT_JPEG, &metadata, &options, &file, &ignored),
        PLANCHE_OK);
    assert_int_equal(warnings, 1);
    assert_int_equal(read_bytes(&file, &result), PLANCHE_OK);
    assert_int_equal(result.exif.size, 0);
    read_result_free(&result);
    bytes_free(&file);
    bytes_free(&exif);
    picture_free(&smooth);
}

static void test_limits(void **state)
{
    (void)state;
    static const struct {
        enum planche_format format;
        uint32_t width, height;
        enum planche_status status;
    } cases[] = {
        {PLANCHE_FORMAT_WEBP, 16383, 16383, PLANCHE_OK},
        {PLANCHE_FORMAT_WEBP, 16384, 1, PLANCHE_ERROR_LIMIT},
        {PLANCHE_FORMAT_WEBP, 1, 16384, PLANCHE_ERROR_LIMIT},
        {PLANCHE_FORMAT_AVIF, 32768, 8192, PLANCHE_OK},
        {PLANCHE_FORMAT_AVIF, 32768, 8193, PLANCHE_ERROR_LIMIT},
        {PLANCHE_FORMAT_AVIF, 32769, 1, PLANCHE_ERROR_LIMIT},
        {PLANCHE_FORMAT_JXL, 1 << 18, 1 << 10, PLANCHE_OK},
        {PLANCHE_FORMAT_JXL, 1 << 18, (1 << 10) + 1, PLANCHE_ERROR_LIMIT},
        {PLANCHE_FORMAT_JXL, 1, (1 << 18) + 1, PLANCHE_ERROR_LIMIT},
        {PLANCHE_FORMAT_JPEG, 65500, 65500, PLANCHE_OK},
        {PLANCHE_FORMAT_JPEG, 65501, 1, PLANCHE_ERROR_LIMIT},
        {PLANCHE_FORMAT_PNG, 0x7fffffff, 1, PLANCHE_OK},
        {PLANCHE_FORMAT_PNG, 0x80000000, 1, PLANCHE_ERROR_LIMIT},
        {PLANCHE_FORMAT_PNG, 0, 1, PLANCHE_ERROR_ARGUMENT},
        {PLANCHE_FORMAT_AUTO, 1, 1, PLANCHE_ERROR_UNSUPPORTED},
        {(enum planche_format)99, 1, 1, PLANCHE_ERROR_UNSUPPORTED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct planche_image_info info = {
            cases[i].width, cases[i].height, 3, 8, cases[i].format, NULL};
        struct planche_writer_options options = {.budget = NULL};
        struct planche_writer *writer;
        struct planche_error error;
        assert_int_equal(planche_writer_check(&info, &options, &error), cases[i].status);
        if (cases[i].status == PLANCHE_OK) {
            assert_true(planche_writer_memory(&info, &options) > 0);
            continue;
        }
        assert_int_equal(error.status, cases[i].status);
        assert_int_equal(planche_writer_open(&writer, &info, &options, bytes_sink, NULL, &error),
                         cases[i].status);
        assert_null(writer);
        assert_int_equal(planche_writer_memory(&info, &options), 0);
    }
}

static void test_bad_options(void **state)
{
    (void)state;
    static const struct planche_writer_options bad[] = {
        {.quality = 101}, {.quality = -1}, {.effort = 10}, {.effort = -1}};
    struct planche_image_info info = {9, 9, 3, 8, PLANCHE_FORMAT_PNG, NULL};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(planche_writer_check(&info, &bad[i], &ignored), PLANCHE_ERROR_ARGUMENT);
    info.channels = 5;
    assert_int_equal(
        planche_writer_check(&info, &(struct planche_writer_options){.quality = 1}, &ignored),
        PLANCHE_ERROR_ARGUMENT);
}

/* What planche_writer_memory says is enough, and what is much less is refused. write_picture checks
 * that it is never exceeded. */
static void test_budget(void **state)
{
    (void)state;
    struct bytes icc = make_icc(3);
    struct planche_metadata metadata = {.icc = blob_of(&icc), .x_density = 1, .y_density = 1};
    for (size_t f = 0; f < FORMATS; f++)
        for (uint32_t width = 1; width < 3000; width = width * 3 + 1)
            for (unsigned kind = 0; kind < 16; kind++) {
                unsigned channels = kind % 4 + 1, depth = kind < 8 ? 8 : 16;
                if (!can_hold(formats[f], channels, depth))
                    continue;
                struct picture noise = picture_noise(width, 33, channels, depth, 1);
                struct planche_image_info info = {width, 33,         channels,
                                                  depth, formats[f], &metadata};
                struct planche_budget budget;
                struct planche_writer_options options = {
                    .budget = &budget, .quality = 100, .lossless = kind & 4};
                struct bytes file = {NULL, 0, 0};
                uint64_t need = planche_writer_memory(&info, &options);
                planche_budget_init(&budget, need);
                assert_int_equal(
                    write_picture(&noise, formats[f], &metadata, &options, &file, &ignored),
                    PLANCHE_OK);
                planche_budget_init(&budget, need / 16);
                assert_int_equal(
                    write_picture(&noise, formats[f], &metadata, &options, &file, &ignored),
                    PLANCHE_ERROR_BUDGET);
                bytes_free(&file);
                picture_free(&noise);
            }
    bytes_free(&icc);
}

struct failing_sink {
    size_t left;
    enum planche_status status;
};

static enum planche_status take_some(void *user, const void *data, size_t size,
                                     struct planche_error *error)
{
    struct failing_sink *sink = user;
    (void)data;
    if (size > sink->left)
        return planche_fail(error, sink->status, "the sink is full: %s", strerror(ENOSPC));
    sink->left -= size;
    return PLANCHE_OK;
}

/* A sink that fails at any point stops the writer with its status and its message, with every
 * encoder; the writer fails with that status when asked again. */
static void test_sink_failures(void **state)
{
    (void)state;
    struct picture noise = picture_noise(200, 200, 3, 8, 1);
    struct bytes icc = make_icc(3);
    struct planche_metadata metadata = {.icc = blob_of(&icc)};
    char message[128];
    snprintf(message, sizeof message, "the sink is full: %s", strerror(ENOSPC));
    for (size_t f = 0; f < FORMATS; f++)
        for (size_t room = 0; room < 100000; room = room * 2 + 5) {
            struct planche_budget budget;
            struct planche_image_info info = {200, 200, 3, 8, formats[f], &metadata};
            struct planche_writer_options options = {.budget = &budget};
            /* One that ran out of memory is not taken for one that could not write. */
            struct failing_sink sink = {room,
                                        room % 3 == 0 ? PLANCHE_ERROR_BUDGET : PLANCHE_ERROR_IO};
            struct planche_writer *writer;
            struct planche_error error = {.status = PLANCHE_OK};
            planche_budget_init(&budget, 0);
            enum planche_status status =
                planche_writer_open(&writer, &info, &options, take_some, &sink, &error);
            if (status == PLANCHE_OK)
                status = planche_writer_write(writer, noise.data, 600, 200, &error);
            if (status == PLANCHE_OK)
                status = planche_writer_finish(writer, &error);
            if (status == PLANCHE_OK) /* all fitted */
                assert_true(room > 20000);
            else
                assert_int_equal(status, sink.status);
            assert_int_equal(error.status, status);
            if (status)
                assert_string_equal(error.message, message);
            if (status && writer)
                assert_int_equal(planche_writer_finish(writer, &error), sink.status);
            planche_writer_destroy(&writer);
            assert_int_equal(budget.used, 0);
        }
    bytes_free(&icc);
    picture_free(&noise);
}

static void test_misuse(void **state)
{
    (void)state;
    struct picture noise = picture_noise(4, 4, 3, 8, 1);
    for (size_t f = 0; f < FORMATS; f++) {
        struct planche_image_info info = {4, 4, 3, 8, formats[f], NULL};
        struct planche_writer_options options = {.budget = NULL};
        struct planche_writer *writer;
        struct bytes file = {NULL, 0, 0};
        assert_int_equal(planche_writer_open(&writer, &info, &options, bytes_sink, &file, &ignored),
                         PLANCHE_OK);
        assert_int_equal(planche_writer_write(writer, noise.data, 12, 5, &ignored),
                         PLANCHE_ERROR_ARGUMENT);
        assert_int_equal(planche_writer_write(writer, noise.data, 12, 3, &ignored), PLANCHE_OK);
        assert_int_equal(planche_writer_finish(writer, &ignored), PLANCHE_ERROR_ARGUMENT);
        assert_int_equal(planche_writer_write(writer, noise.data, 12, 1, &ignored), PLANCHE_OK);
        assert_int_equal(planche_writer_finish(writer, &ignored), PLANCHE_OK);
        assert_int_equal(planche_writer_finish(writer, &ignored), PLANCHE_ERROR_IO);
        planche_writer_destroy(&writer);
        planche_writer_destroy(&writer);
        bytes_free(&file);
        /* Given up half-way. */
        assert_int_equal(planche_writer_open(&writer, &info, &options, bytes_sink, &file, &ignored),
                         PLANCHE_OK);
        assert_int_equal(planche_writer_write(writer, noise.data, 12, 1, &ignored), PLANCHE_OK);
        planche_writer_destroy(&writer);
        bytes_free(&file);
    }
    picture_free(&noise);
}

/* The same rows make the same bytes, however they are grouped. */
static void test_groups(void **state)
{
    (void)state;
    struct picture noise = picture_noise(50, 37, 3, 8, 1);
    for (size_t f = 0; f < FORMATS; f++) {
        struct planche_image_info info = {50, 37, 3, 8, formats[f], NULL};
        struct planche_writer_options options = {.budget = NULL};
        struct planche_writer *writer;
        struct bytes grouped = {NULL, 0, 0}, single = {NULL, 0, 0};
        assert_int_equal(write_picture(&noise, formats[f], NULL, NULL, &grouped, &ignored),
                         PLANCHE_OK);
        assert_int_equal(
            planche_writer_open(&writer, &info, &options, bytes_sink, &single, &ignored),
            PLANCHE_OK);
        for (uint32_t y = 0; y < 37; y++)
            assert_int_equal(planche_writer_write(writer, noise.data + y * 150, 150, 1, &ignored),
                             PLANCHE_OK);
        assert_int_equal(planche_writer_finish(writer, &ignored), PLANCHE_OK);
        planche_writer_destroy(&writer);
        assert_int_equal(single.size, grouped.size);
        assert_memory_equal(single.data, grouped.data, single.size);
        bytes_free(&single);
        bytes_free(&grouped);
    }
    picture_free(&noise);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_caps),
        cmocka_unit_test(test_round_trips),
        cmocka_unit_test(test_efforts),
        cmocka_unit_test(test_jpeg_efforts),
        cmocka_unit_test(test_quality),
        cmocka_unit_test(test_jpeg_colour_lines),
        cmocka_unit_test(test_metadata),
        cmocka_unit_test(test_fitted_profiles),
        cmocka_unit_test(test_too_much_metadata),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_bad_options),
        cmocka_unit_test(test_budget),
        cmocka_unit_test(test_sink_failures),
        cmocka_unit_test(test_misuse),
        cmocka_unit_test(test_groups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
