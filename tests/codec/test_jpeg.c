/* SPDX-License-Identifier: MIT */
/* Reading every kind of JPEG, and what JPEG says beside its pixels. */
#include "images.h"

#include "base/pool.h"

#include <math.h>
#include <string.h>

static struct read_result read_spec(const struct jpeg_spec *spec, unsigned channels)
{
    struct bytes file = make_jpeg(spec);
    struct read_result result;
    assert_int_equal(read_bytes(&file, &result), PLANCHE_OK);
    assert_int_equal(result.format, PLANCHE_FORMAT_JPEG);
    assert_int_equal(result.picture.channels, channels);
    assert_int_equal(result.picture.depth, 8);
    bytes_free(&file);
    return result;
}

/* Sequential, in several scans, progressive, with restart markers, subsampled or not. */
static void test_kinds(void **state)
{
    (void)state;
    static const uint32_t sides[][2] = {{1, 1}, {7, 9}, {33, 50}, {64, 16}};
    for (size_t s = 0; s < sizeof sides / sizeof sides[0]; s++)
        for (unsigned channels = 1; channels <= 3; channels += 2)
            for (unsigned kind = 0; kind < 16; kind++) {
                struct picture smooth = picture_smooth(sides[s][0], sides[s][1], channels);
                struct jpeg_spec spec = {.picture = &smooth,
                                         .progressive = kind & 1,
                                         .scans = (kind & 2) && !(kind & 1),
                                         .subsampled = kind & 4,
                                         .restart = kind & 8 ? 2 : 0};
                struct read_result result = read_spec(&spec, channels);
                assert_in_range(pictures_distance(&smooth, &result.picture), 0, 6);
                assert_int_equal(result.warnings, 0);
                read_result_free(&result);
                picture_free(&smooth);
            }
}

/* All kinds of one picture are the same picture: only the order of the coefficients differs. */
static void test_kinds_agree(void **state)
{
    (void)state;
    struct picture smooth = picture_smooth(45, 37, 3);
    struct jpeg_spec spec = {.picture = &smooth, .quality = 60, .subsampled = true};
    struct read_result first = read_spec(&spec, 3);
    spec.progressive = true;
    struct read_result second = read_spec(&spec, 3);
    spec.progressive = false;
    spec.scans = true;
    struct read_result third = read_spec(&spec, 3);
    pictures_equal(&first.picture, &second.picture);
    pictures_equal(&first.picture, &third.picture);
    read_result_free(&first);
    read_result_free(&second);
    read_result_free(&third);
    picture_free(&smooth);
}

/* A picture that only libjpeg's coefficient buffers can hold is refused before they are allocated.
 */
static void test_progressive_is_counted(void **state)
{
    (void)state;
    const uint64_t budget = 700 << 10;
    struct picture smooth = picture_smooth(512, 512, 3);
    struct jpeg_spec spec = {.picture = &smooth, .quality = 50};
    struct bytes sequential = make_jpeg(&spec);
    spec.progressive = true;
    struct bytes progressive = make_jpeg(&spec);
    struct read_result result;
    assert_int_equal(read_bytes_within(&sequential, budget, 0, &result), PLANCHE_OK);
    read_result_free(&result);
    assert_int_equal(read_bytes_within(&progressive, budget, 0, &result), PLANCHE_ERROR_BUDGET);
    assert_true(result.peak <= budget);
    read_result_free(&result);
    assert_int_equal(read_bytes(&progressive, &result), PLANCHE_OK);
    /* Two bytes a coefficient. */
    assert_true(result.peak >= 512 * 512 * 3 * 2);
    read_result_free(&result);
    bytes_free(&sequential);
    bytes_free(&progressive);
    picture_free(&smooth);
}

/* Inks of which only some is there: what the formula makes of them. */
static struct picture formula(const struct picture *cmyk, bool inverted)
{
    struct picture rgb = picture_noise(cmyk->width, cmyk->height, 3, 8, 1);
    for (size_t i = 0; i < (size_t)cmyk->width * cmyk->height; i++) {
        unsigned flip = inverted ? 0 : 255, light = cmyk->data[4 * i + 3] ^ flip;
        for (unsigned c = 0; c < 3; c++)
            rgb.data[3 * i + c] = (uint8_t)(((cmyk->data[4 * i + c] ^ flip) * light + 127) / 255);
    }
    return rgb;
}

static void test_cmyk(void **state)
{
    (void)state;
    struct picture inks = picture_smooth(20, 30, 4);
    for (int kind = 0; kind < 3; kind++) {
        /* CMYK as Adobe has it, YCCK as Adobe has it, CMYK without Adobe's marker. */
        struct jpeg_spec spec = {.picture = &inks, .ycck = kind == 1, .no_adobe = kind == 2};
        struct picture expected = formula(&inks, kind < 2);
        struct read_result result = read_spec(&spec, 3);
        assert_in_range(pictures_distance(&expected, &result.picture), 0, 6);
        assert_int_equal(result.warnings, 1);
        assert_int_equal(result.icc.size, 0);
        read_result_free(&result);
        picture_free(&expected);
    }
    picture_free(&inks);
}

/* With a profile it is the profile that says how inks look; it does not travel on. */
static void test_cmyk_profile(void **state)
{
    (void)state;
    struct picture inks = picture_smooth(8, 8, 4);
    struct bytes icc = make_icc(4), grey = make_icc(1);
    for (size_t i = 0; i < 64; i++)
        inks.data[4 * i + 3] = i < 32 ? 255 : 0; /* inverted: no black, all black */
    struct jpeg_spec spec = {.picture = &inks, .icc = &icc};
    struct read_result result = read_spec(&spec, 3);
    assert_int_equal(result.warnings, 0);
    assert_int_equal(result.icc.size, 0);
    for (size_t i = 0; i < 32 * 3; i++)
        assert_in_range(result.picture.data[i], 250, 255);
    for (size_t i = 32 * 3; i < 64 * 3; i++)
        assert_in_range(result.picture.data[i], 0, 5);
    read_result_free(&result);
    spec.icc = &grey;
    result = read_spec(&spec, 3);
    assert_int_equal(result.warnings, 1);
    assert_int_equal(result.icc.size, 0);
    read_result_free(&result);
    bytes_free(&icc);
    bytes_free(&grey);
    picture_free(&inks);
}

static void test_metadata(void **state)
{
    (void)state;
    struct picture smooth = picture_smooth(4, 4, 3);
    struct bytes icc = make_icc(3), exif = make_exif(1, false), xmp = {NULL, 0, 0};
    bytes_append(&xmp, "<x:xmpmeta/>", 12);
    struct jpeg_spec spec = {
        .picture = &smooth, .icc = &icc, .exif = &exif, .xmp = &xmp, .density = 300};
    struct read_result result = read_spec(&spec, 3);
    assert_int_equal(result.icc.size, icc.size);
    assert_memory_equal(result.icc.data, icc.data, icc.size);
    assert_int_equal(result.exif.size, exif.size);
    assert_memory_equal(result.exif.data, exif.data, exif.size);
    assert_int_equal(result.xmp.size, xmp.size);
    assert_memory_equal(result.xmp.data, xmp.data, xmp.size);
    assert_true(fabs(result.x_density - 300 / 0.0254) < 1e-6);
    assert_int_equal(result.warnings, 0);
    read_result_free(&result);
    bytes_free(&icc);
    bytes_free(&exif);
    bytes_free(&xmp);
    picture_free(&smooth);
}

/* A large profile comes in pieces. When one is missing there is no profile. */
static void test_profile_in_pieces(void **state)
{
    (void)state;
    struct picture smooth = picture_smooth(4, 4, 3);
    struct bytes icc = make_icc(3), whole = icc;
    struct read_result result;
    /* Bytes behind a profile's tags are allowed: its header says how many there are. */
    whole.data = calloc(1, 150000);
    whole.size = whole.capacity = 150000;
    memcpy(whole.data, icc.data, icc.size);
    whole.data[0] = 0;
    whole.data[1] = 150000 >> 16;
    whole.data[2] = (150000 >> 8) & 255;
    whole.data[3] = 150000 & 255;
    struct bytes file = make_jpeg(&(struct jpeg_spec){.picture = &smooth, .icc = &whole});
    assert_int_equal(read_bytes(&file, &result), PLANCHE_OK);
    assert_int_equal(result.icc.size, whole.size);
    assert_memory_equal(result.icc.data, whole.data, whole.size);
    read_result_free(&result);
    uint8_t *second = memmem(file.data, file.size, "ICC_PROFILE\0\2\3", 14);
    assert_non_null(second);
    second[0] = 'X';
    assert_int_equal(read_bytes(&file, &result), PLANCHE_OK);
    assert_int_equal(result.icc.size, 0);
    assert_int_equal(result.warnings, 1);
    read_result_free(&result);
    bytes_free(&file);
    bytes_free(&whole);
    bytes_free(&icc);
    picture_free(&smooth);
}

/* A profile for other pixels, or one that is none, is dropped with a warning. */
static void test_unfit_profiles(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < 3; kind++) {
        struct picture smooth = picture_smooth(4, 4, kind == 1 ? 1 : 3);
        struct bytes icc = make_icc(kind == 0 ? 1 : 3);
        if (kind == 2)
            memset(icc.data + 128, 255, 64); /* its table of tags */
        struct jpeg_spec spec = {.picture = &smooth, .icc = &icc};
        struct read_result result = read_spec(&spec, smooth.channels);
        assert_int_equal(result.icc.size, 0);
        assert_int_equal(result.warnings, 1);
        read_result_free(&result);
        bytes_free(&icc);
        picture_free(&smooth);
    }
}

/* 12 bits, lossless, and two components are well-formed JPEG that Planche does not do. */
static void test_unsupported(void **state)
{
    (void)state;
    struct picture smooth = picture_smooth(16, 16, 1);
    struct bytes file = make_jpeg(&(struct jpeg_spec){.picture = &smooth});
    struct read_result result;
    uint8_t *frame = memmem(file.data, file.size, "\xff\xc0", 2);
    assert_non_null(frame);
    frame[4] = 12;
    assert_int_equal(read_bytes(&file, &result), PLANCHE_ERROR_UNSUPPORTED);
    read_result_free(&result);
    frame[4] = 8;
    frame[1] = 0xc3;
    assert_int_equal(read_bytes(&file, &result), PLANCHE_ERROR_UNSUPPORTED);
    read_result_free(&result);
    bytes_free(&file);
    picture_free(&smooth);
}

/* Every scan costs a pass over the picture, so there is an end to them. */
static void test_too_many_scans(void **state)
{
    (void)state;
    struct picture smooth = picture_smooth(16, 16, 3);
    struct bytes file = make_jpeg(&(struct jpeg_spec){.picture = &smooth, .many_scans = true});
    struct read_result result;
    assert_int_equal(read_bytes(&file, &result), PLANCHE_ERROR_DATA);
    assert_non_null(strstr(result.error.message, "scans"));
    read_result_free(&result);
    bytes_free(&file);
    picture_free(&smooth);
}

/* Whether a file that lacks `cut` bytes of its end is the page, with a warning. */
static void check_cut(const struct jpeg_spec *spec, size_t cut, bool complete, const char *message)
{
    struct bytes file = make_jpeg(spec);
    struct read_result whole, result;
    assert_int_equal(read_bytes(&file, &whole), PLANCHE_OK);
    assert_int_equal(whole.warnings, 0);
    file.size -= cut;
    assert_int_equal(read_bytes(&file, &result), complete ? PLANCHE_OK : PLANCHE_ERROR_DATA);
    if (complete) {
        pictures_equal(&whole.picture, &result.picture);
        assert_int_equal(result.warnings, 1);
    } else {
        assert_non_null(strstr(result.error.message, message));
    }
    read_result_free(&whole);
    read_result_free(&result);
    bytes_free(&file);
}

/* Where the last scan of a file begins, from the end. */
static size_t last_scan(const struct jpeg_spec *spec)
{
    struct bytes file = make_jpeg(spec);
    size_t at = file.size - 2;
    while (file.data[at] != 0xff || file.data[at + 1] != 0xda)
        at--;
    /* Tables may lie before it. */
    while (at > 4 && !(file.data[at] == 0xff && file.data[at + 1] == 0xc4))
        at--;
    size_t size = file.size;
    bytes_free(&file);
    return size - at;
}

static void test_missing_end(void **state)
{
    (void)state;
    struct picture smooth = picture_smooth(64, 48, 3);
    struct jpeg_spec spec = {.picture = &smooth, .quality = 90};
    for (int subsampled = 0; subsampled < 2; subsampled++) {
        spec.subsampled = subsampled;
        check_cut(&spec, 1, true, NULL);
        check_cut(&spec, 2, true, NULL);
        check_cut(&spec, 100, false, " of 48 rows are there");
    }
    spec.progressive = true;
    check_cut(&spec, 2, true, NULL);
    /* Without its last scan a progressive picture looks whole, and is not. */
    check_cut(&spec, last_scan(&spec), false, "scans are there");
    spec.progressive = false;
    spec.scans = true;
    check_cut(&spec, 2, true, NULL);
    spec.restart = 2;
    check_cut(&spec, 2, true, NULL);
    picture_free(&smooth);
}

static unsigned count_restarts(const struct bytes *file)
{
    unsigned count = 0;
    for (size_t i = 0; i + 1 < file->size; i++)
        count += file->data[i] == 0xff && (file->data[i + 1] & 0xf8) == 0xd0;
    return count;
}

static struct bytes write_with(const struct picture *picture, unsigned threads,
                               struct planche_writer_options options)
{
    struct bytes file = {NULL, 0, 0};
    struct planche_error error;
    assert_int_equal(planche_pool_create(&options.pool, threads, NULL, &error), PLANCHE_OK);
    assert_int_equal(write_picture(picture, PLANCHE_FORMAT_JPEG, NULL, &options, &file, &error),
                     PLANCHE_OK);
    planche_pool_destroy(&options.pool);
    return file;
}

/* Large pictures are encoded in bands, by several threads, as libjpeg alone encodes them on one.
 * Bands of 32 rows, 64 with subsampled colour; the last has one row. Noise at the best quality
 * takes more bytes than its pixels. */
static void test_bands(void **state)
{
    (void)state;
    static const struct {
        uint32_t width, height;
        unsigned channels, restarts;
        int quality, effort;
        bool smooth;
    } cases[] = {
        {1500, 1409, 3, 44, 90, 4, true}, {1500, 1409, 3, 22, 80, 1, true},
        {1500, 1409, 1, 44, 80, 4, true}, {1500, 1409, 1, 44, 100, 4, false},
        {1400, 1409, 3, 0, 90, 4, true},  {1500, 1409, 1, 0, 90, 5, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct picture picture =
            cases[i].smooth ? picture_smooth(cases[i].width, cases[i].height, cases[i].channels)
                            : picture_noise(cases[i].width, cases[i].height, 1, 8, 1);
        struct planche_writer_options options = {.quality = cases[i].quality,
                                                 .effort = cases[i].effort};
        struct bytes alone = write_with(&picture, 1, options);
        struct bytes file = write_with(&picture, 3, options);
        struct read_result result;
        assert_int_equal(file.size, alone.size);
        assert_memory_equal(file.data, alone.data, file.size);
        assert_int_equal(count_restarts(&file), cases[i].restarts);
        assert_int_equal(read_bytes(&file, &result), PLANCHE_OK);
        assert_in_range(pictures_distance(&picture, &result.picture), 0, 8);
        read_result_free(&result);
        bytes_free(&file);
        bytes_free(&alone);
        picture_free(&picture);
    }
}

/* Without memory for bands libjpeg makes the same bytes alone; with less than that takes, it is an
 * error. */
static void test_bands_budget(void **state)
{
    (void)state;
    struct picture noise = picture_noise(1500, 1409, 1, 8, 1);
    struct planche_image_info info = {
        .format = PLANCHE_FORMAT_JPEG, .width = 1500, .height = 1409, .channels = 1, .depth = 8};
    struct planche_budget budget;
    struct planche_writer_options options = {.budget = &budget, .quality = 100};
    uint64_t least = planche_writer_memory(&info, &options);
    struct bytes file = {NULL, 0, 0};
    struct planche_error error;
    planche_budget_init(&budget, 0);
    struct bytes whole = write_with(&noise, 3, options);
    for (int more = 0; more <= 40; more++) { /* up to three bands fit, or none */
        planche_budget_init(&budget, least + (uint64_t)more * (20 << 10));
        struct bytes tight = write_with(&noise, 3, options);
        assert_int_equal(tight.size, whole.size);
        assert_memory_equal(tight.data, whole.data, whole.size);
        bytes_free(&tight);
    }
    planche_budget_init(&budget, 32 << 10);
    assert_int_equal(write_picture(&noise, PLANCHE_FORMAT_JPEG, NULL, &options, &file, &error),
                     PLANCHE_ERROR_BUDGET);
    assert_non_null(strstr(error.message, "the JPEG writer"));
    bytes_free(&file);
    bytes_free(&whole);
    picture_free(&noise);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_kinds_agree),
        cmocka_unit_test(test_progressive_is_counted),
        cmocka_unit_test(test_cmyk),
        cmocka_unit_test(test_cmyk_profile),
        cmocka_unit_test(test_metadata),
        cmocka_unit_test(test_profile_in_pieces),
        cmocka_unit_test(test_unfit_profiles),
        cmocka_unit_test(test_unsupported),
        cmocka_unit_test(test_too_many_scans),
        cmocka_unit_test(test_missing_end),
        cmocka_unit_test(test_bands),
        cmocka_unit_test(test_bands_budget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
