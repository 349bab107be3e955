/* SPDX-License-Identifier: MIT */
/* Reading every type of PNG, and what PNG says beside its pixels. */
#include "colours.h"
#include "images.h"

#include "base/pool.h"

#include <math.h>
#include <png.h>
#include <string.h>
#include <zlib.h>

/* A grey or palette picture of few bits: values[x, y] = x + 2 y modulo 2^bits. */
#define WIDTH  13
#define HEIGHT 9

static uint8_t value_at(uint32_t x, uint32_t y, int bits)
{
    return (uint8_t)((x + 2 * y) & ((1u << bits) - 1));
}

static void pack(uint8_t rows[HEIGHT][WIDTH], int bits)
{
    memset(rows, 0, HEIGHT * WIDTH);
    for (uint32_t y = 0; y < HEIGHT; y++)
        for (uint32_t x = 0; x < WIDTH; x++) {
            uint32_t bit = x * (uint32_t)bits;
            rows[y][bit / 8] |= (uint8_t)(value_at(x, y, bits) << (8 - bits - (int)(bit % 8)));
        }
}

static struct png_spec small_spec(uint8_t rows[HEIGHT][WIDTH], int type, int bits, bool interlaced)
{
    pack(rows, bits);
    return (struct png_spec){.width = WIDTH,
                             .height = HEIGHT,
                             .colour_type = type,
                             .bit_depth = bits,
                             .interlaced = interlaced,
                             .rows = rows[0],
                             .stride = WIDTH};
}

/* Reads the file that spec describes; it must have channels and depth. */
static struct read_result read_spec(const struct png_spec *spec, unsigned channels, unsigned depth)
{
    struct bytes file = make_png(spec);
    struct read_result result;
    assert_int_equal(read_bytes(&file, &result), PLANCHE_OK);
    assert_int_equal(result.format, PLANCHE_FORMAT_PNG);
    assert_int_equal(result.picture.width, spec->width);
    assert_int_equal(result.picture.height, spec->height);
    assert_int_equal(result.picture.channels, channels);
    assert_int_equal(result.picture.depth, depth);
    assert_int_equal(result.warnings, 0);
    bytes_free(&file);
    return result;
}

static void test_grey(void **state)
{
    (void)state;
    uint8_t rows[HEIGHT][WIDTH];
    for (int interlaced = 0; interlaced < 2; interlaced++)
        for (int bits = 1; bits <= 8; bits *= 2)
            for (int transparent = 0; transparent < 2; transparent++) {
                const uint16_t colour[1] = {1};
                struct png_spec spec = small_spec(rows, PNG_COLOR_TYPE_GRAY, bits, interlaced);
                spec.transparent = transparent ? colour : NULL;
                unsigned channels = transparent ? 2 : 1;
                struct read_result result = read_spec(&spec, channels, 8);
                for (uint32_t i = 0; i < WIDTH * HEIGHT; i++) {
                    unsigned value = value_at(i % WIDTH, i / WIDTH, bits);
                    const uint8_t *pixel = result.picture.data + i * channels;
                    assert_int_equal(pixel[0], value * 255 / ((1u << bits) - 1));
                    if (transparent)
                        assert_int_equal(pixel[1], value == 1 ? 0 : 255);
                }
                read_result_free(&result);
            }
}

static void test_palette(void **state)
{
    (void)state;
    static const uint8_t alpha[3] = {0, 100, 200};
    uint8_t rows[HEIGHT][WIDTH], palette[256 * 3];
    for (int i = 0; i < 256 * 3; i++)
        palette[i] = (uint8_t)(i * 7 + 3);
    for (int interlaced = 0; interlaced < 2; interlaced++)
        for (int bits = 1; bits <= 8; bits *= 2)
            for (int transparent = 0; transparent < 2; transparent++) {
                struct png_spec spec = small_spec(rows, PNG_COLOR_TYPE_PALETTE, bits, interlaced);
                spec.palette = palette;
                spec.palette_size = 1 << bits;
                spec.palette_alpha = transparent ? alpha : NULL;
                spec.palette_alpha_size = bits == 1 ? 2 : 3;
                unsigned channels = transparent ? 4 : 3;
                struct read_result result = read_spec(&spec, channels, 8);
                for (uint32_t i = 0; i < WIDTH * HEIGHT; i++) {
                    unsigned value = value_at(i % WIDTH, i / WIDTH, bits);
                    const uint8_t *pixel = result.picture.data + i * channels;
                    assert_memory_equal(pixel, palette + 3 * value, 3);
                    if (transparent)
                        assert_int_equal(pixel[3], value < 3 ? alpha[value] : 255);
                }
                read_result_free(&result);
            }
}

/* 8 and 16 bits of 1 to 4 channels arrive as they are. */
static void test_whole_samples(void **state)
{
    (void)state;
    static const int types[5] = {0, PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA,
                                 PNG_COLOR_TYPE_RGB, PNG_COLOR_TYPE_RGB_ALPHA};
    for (int interlaced = 0; interlaced < 2; interlaced++)
        for (unsigned depth = 8; depth <= 16; depth += 8)
            for (unsigned channels = 1; channels <= 4; channels++) {
                struct picture noise = picture_noise(11, 17, channels, depth, depth + channels);
                size_t row = picture_row_bytes(&noise);
                struct png_spec spec = {.width = 11,
                                        .height = 17,
                                        .colour_type = types[channels],
                                        .bit_depth = (int)depth,
                                        .interlaced = interlaced,
                                        .rows = noise.data,
                                        .stride = row};
                struct read_result result = read_spec(&spec, channels, depth);
                /* PNG has the high byte first. */
                for (size_t i = 0; i < row * 17; i += depth / 8)
                    if (depth == 16)
                        assert_int_equal(*(uint16_t *)(void *)(result.picture.data + i),
                                         noise.data[i] << 8 | noise.data[i + 1]);
                    else
                        assert_int_equal(result.picture.data[i], noise.data[i]);
                read_result_free(&result);
                picture_free(&noise);
            }
}

static void test_transparent_rgb(void **state)
{
    (void)state;
    for (int depth = 8; depth <= 16; depth += 8) {
        static const uint8_t narrow[6] = {1, 2, 3, 4, 5, 6};
        static const uint8_t wide[12] = {1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0};
        const uint16_t colour[3] = {(uint16_t)(depth == 8 ? 4 : 0x400),
                                    (uint16_t)(depth == 8 ? 5 : 0x500),
                                    (uint16_t)(depth == 8 ? 6 : 0x600)};
        struct png_spec spec = {.width = 2,
                                .height = 1,
                                .colour_type = PNG_COLOR_TYPE_RGB,
                                .bit_depth = depth,
                                .rows = depth == 8 ? narrow : wide,
                                .transparent = colour};
        struct read_result result = read_spec(&spec, 4, (unsigned)depth);
        if (depth == 8) {
            assert_memory_equal(result.picture.data, ((uint8_t[]){1, 2, 3, 255, 4, 5, 6, 0}), 8);
        } else {
            static const uint16_t expected[8] = {0x100, 0x200, 0x300, 65535,
                                                 0x400, 0x500, 0x600, 0};
            assert_memory_equal(result.picture.data, expected, sizeof expected);
        }
        read_result_free(&result);
    }
}

static struct png_spec pixel_spec(unsigned channels)
{
    static const uint8_t pixels[4] = {10, 20, 30, 40};
    return (struct png_spec){.width = 1,
                             .height = 1,
                             .colour_type =
                                 channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB,
                             .bit_depth = 8,
                             .rows = pixels};
}

static void test_metadata(void **state)
{
    (void)state;
    struct bytes icc = make_icc(3), exif = make_exif(1, true), xmp = {NULL, 0, 0};
    bytes_append(&xmp, "<x tiff:Orientation=\"1\"/>", 25);
    struct png_spec spec = pixel_spec(3);
    spec.icc = &icc;
    spec.exif = &exif;
    spec.xmp = &xmp;
    spec.x_density = 2835;
    spec.y_density = 5670;
    struct read_result result = read_spec(&spec, 3, 8);
    assert_int_equal(result.icc.size, icc.size);
    assert_memory_equal(result.icc.data, icc.data, icc.size);
    assert_int_equal(result.exif.size, exif.size);
    assert_memory_equal(result.exif.data, exif.data, exif.size);
    assert_int_equal(result.xmp.size, xmp.size);
    assert_memory_equal(result.xmp.data, xmp.data, xmp.size);
    assert_true(result.x_density == 2835 && result.y_density == 5670);
    read_result_free(&result);
    bytes_free(&icc);
    bytes_free(&exif);
    bytes_free(&xmp);
}

/* EXIF's resolution is used when PNG's own is missing: 118.11 per cm. */
static void test_exif_density(void **state)
{
    (void)state;
    struct bytes exif = make_exif(1, false);
    struct png_spec spec = pixel_spec(3);
    spec.exif = &exif;
    struct read_result result = read_spec(&spec, 3, 8);
    assert_true(fabs(result.x_density - 11811) < 1e-6 && fabs(result.y_density - 23622) < 1e-6);
    read_result_free(&result);
    bytes_free(&exif);
}

static void test_gamma(void **state)
{
    (void)state;
    static const double adobe[8] = {0.3127, 0.3290, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06};
    static const double srgb[8] = {0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06};
    static const struct {
        unsigned channels;
        double gamma;
        const double *chromaticities;
        bool srgb, profile;
    } cases[] = {
        {3, 0.45455, NULL, false, false}, {3, 0.45455, srgb, false, false},
        {3, 0.45455, adobe, false, true}, {3, 1.0, NULL, false, true},
        {3, 0, adobe, false, true},       {1, 1.0, NULL, false, true},
        {1, 0.45455, NULL, false, false}, {3, 0.45455, NULL, true, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct png_spec spec = pixel_spec(cases[i].channels);
        spec.gamma = cases[i].gamma;
        spec.chromaticities = cases[i].chromaticities;
        spec.srgb = cases[i].srgb;
        struct read_result result = read_spec(&spec, cases[i].channels, 8);
        assert_int_equal(result.icc.size != 0, cases[i].profile);
        read_result_free(&result);
    }
}

/* A compressed profile that expands beyond all measure is left behind, the picture is read. */
static void test_profile_bomb(void **state)
{
    (void)state;
    struct bytes xmp = {calloc(1, 17 << 20), 17 << 20, 17 << 20};
    memset(xmp.data, 'x', xmp.size);
    struct png_spec spec = pixel_spec(3);
    spec.xmp = &xmp;
    struct bytes file = make_png(&spec);
    struct read_result result;
    assert_true(file.size < 64 << 10);
    assert_int_equal(read_bytes(&file, &result), PLANCHE_OK);
    assert_int_equal(result.xmp.size, 0);
    assert_true(result.warnings > 0);
    assert_true(result.peak < 40 << 20);
    read_result_free(&result);
    bytes_free(&file);
    bytes_free(&xmp);
}

static enum planche_status read_free(struct bytes *file, struct read_result *result)
{
    enum planche_status status = read_bytes(file, result);
    bytes_free(file);
    return status;
}

/* The numbers of cICP mean what they mean in AVIF, and go before everything else. */
static void test_cicp(void **state)
{
    (void)state;
    static const struct {
        uint8_t cicp[4];
        enum colours_space space;
    } cases[] = {
        {{12, 13, 0, 1}, COLOURS_DISPLAY_P3},
        {{9, 1, 0, 1}, COLOURS_REC2020},
        {{1, 13, 0, 1}, COLOURS_SRGB},
        {{1, 8, 0, 1}, COLOURS_LINEAR},
    };
    struct bytes adobe = colours_profile(COLOURS_ADOBE);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int others = 0; others < 3; others++) {
            struct png_spec spec = pixel_spec(3);
            spec.cicp = cases[i].cicp;
            spec.icc = others == 1 ? &adobe : NULL;
            spec.srgb = others == 2;
            spec.gamma = others == 2 ? 1.0 : 0;
            struct read_result result = read_spec(&spec, 3, 8);
            assert_true(colours_distance(&result.icc, cases[i].space) < 0.5);
            read_result_free(&result);
        }
    bytes_free(&adobe);
}

/* What is not treated as sRGB because it cannot be. */
static void test_cicp_hdr(void **state)
{
    (void)state;
    static const uint8_t curves[2] = {16, 18};
    for (int i = 0; i < 2; i++) {
        const uint8_t cicp[4] = {9, curves[i], 0, 1};
        struct png_spec spec = pixel_spec(3);
        spec.cicp = cicp;
        struct bytes file = make_png(&spec);
        struct read_result result;
        assert_int_equal(read_free(&file, &result), PLANCHE_ERROR_UNSUPPORTED);
        assert_non_null(strstr(result.error.message, "high dynamic range"));
        read_result_free(&result);
    }
}

/* Video's range is stretched; a matrix, which PNG has no use for, makes the chunk void. */
static void test_cicp_range(void **state)
{
    (void)state;
    static const uint8_t narrow[4] = {1, 13, 0, 0}, matrix[4] = {12, 13, 1, 1};
    static const uint8_t pixels[9] = {16, 235, 126, 0, 255, 17, 125, 234, 16};
    static const uint8_t full[9] = {0, 255, 128, 0, 255, 1, 127, 254, 0};
    struct png_spec spec = pixel_spec(3);
    struct read_result result;
    spec.width = 3;
    spec.rows = pixels;
    spec.cicp = narrow;
    result = read_spec(&spec, 3, 8);
    assert_memory_equal(result.picture.data, full, 9);
    read_result_free(&result);
    spec.cicp = matrix;
    struct bytes file = make_png(&spec);
    assert_int_equal(read_free(&file, &result), PLANCHE_OK);
    assert_memory_equal(result.picture.data, pixels, 9);
    assert_int_equal(result.icc.size, 0);
    assert_int_equal(result.warnings, 1);
    read_result_free(&result);
}

static struct bytes make_noise(bool interlaced, struct picture *noise)
{
    *noise = picture_noise(40, 30, 3, 8, 5);
    return make_png(&(struct png_spec){.width = 40,
                                       .height = 30,
                                       .colour_type = PNG_COLOR_TYPE_RGB,
                                       .bit_depth = 8,
                                       .interlaced = interlaced,
                                       .rows = noise->data,
                                       .stride = 120});
}

/* A file that ends behind its last row is a page; one that ends before it says how far it goes. */
static void test_missing_end(void **state)
{
    (void)state;
    for (int interlaced = 0; interlaced < 2; interlaced++) {
        struct picture noise;
        struct bytes file = make_noise(interlaced, &noise);
        struct read_result result;
        file.size = png_find(&file, "IEND");
        for (int cut = 0; cut < 9; cut++, file.size--) {
            /* The end chunk, the checksum of the pixels, that of zlib. */
            assert_int_equal(read_bytes(&file, &result), PLANCHE_OK);
            pictures_equal(&result.picture, &noise);
            assert_int_equal(result.warnings, 1);
            read_result_free(&result);
        }
        file.size /= 2;
        assert_int_equal(read_free(&file, &result), PLANCHE_ERROR_DATA);
        assert_non_null(strstr(result.error.message, interlaced ? " of 7 passes" : " of 30 rows"));
        read_result_free(&result);
        picture_free(&noise);
    }
}

/* Damage and oddities in chunks that nothing is needed of. */
static void test_odd_chunks(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool right;
        enum planche_status status;
        unsigned warnings;
    } cases[] = {
        {"tEXt", false, PLANCHE_OK, 1},
        {"eXIf", false, PLANCHE_OK, 1},
        {"s\1IT", true, PLANCHE_OK, 1},
        {"S\1IT", false, PLANCHE_OK, 1},
        {"abCd", true, PLANCHE_OK, 0},
        {"abCd", false, PLANCHE_OK, 1},
        {"gAMA", false, PLANCHE_OK, 1},
        {"acTL", true, PLANCHE_OK, 1},
        {"CgBI", true, PLANCHE_ERROR_UNSUPPORTED, 0},
        {"tRNS", false, PLANCHE_ERROR_DATA, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int behind = 0; behind < 2; behind++) {
            struct picture noise;
            struct bytes file = make_noise(false, &noise);
            struct read_result result;
            png_insert(&file, behind ? "IEND" : "IDAT", cases[i].name, "nonsense\0\0\0", 10,
                       cases[i].right);
            enum planche_status status = read_free(&file, &result);
            /* Behind the pixels nothing is needed. */
            assert_int_equal(status, behind ? PLANCHE_OK : cases[i].status);
            if (status == PLANCHE_OK)
                pictures_equal(&result.picture, &noise);
            if (status == PLANCHE_OK && cases[i].status == PLANCHE_OK) {
                assert_int_equal(result.warnings, cases[i].warnings);
            }
            read_result_free(&result);
            picture_free(&noise);
        }
}

/* An animation's control chunks; frames that are not the picture are not needed here. */
static struct bytes make_animation(uint32_t frames, bool picture_is_first, struct picture *noise)
{
    uint8_t control[8] = {0, 0, 0, (uint8_t)frames}, frame[26] = {0};
    struct bytes file = make_noise(false, noise);
    frame[7] = 40;
    frame[11] = 30;
    png_insert(&file, "IDAT", "acTL", control, 8, true);
    if (picture_is_first)
        png_insert(&file, "IDAT", "fcTL", frame, 26, true);
    return file;
}

static void test_animations(void **state)
{
    (void)state;
    struct picture noise;
    struct read_result result;
    struct bytes file = make_animation(1, true, &noise);
    assert_int_equal(read_free(&file, &result), PLANCHE_OK);
    pictures_equal(&result.picture, &noise);
    assert_int_equal(result.warnings, 0);
    read_result_free(&result);
    picture_free(&noise);
    for (int first = 0; first < 2; first++) {
        file = make_animation(3, first, &noise);
        assert_int_equal(read_free(&file, &result), PLANCHE_ERROR_UNSUPPORTED);
        assert_non_null(strstr(result.error.message, "an animation of 3 frames"));
        read_result_free(&result);
        picture_free(&noise);
    }
    file = make_animation(1, false, &noise);
    assert_int_equal(read_free(&file, &result), PLANCHE_ERROR_UNSUPPORTED);
    read_result_free(&result);
    picture_free(&noise);
}

/* What IDAT chunks hold, put together; returns how many there are. */
static unsigned collect_pixels(const struct bytes *file, struct bytes *stream)
{
    unsigned count = 0;
    for (size_t at = 8; at + 12 <= file->size;) {
        const uint8_t *chunk = file->data + at;
        size_t size =
            (size_t)chunk[0] << 24 | (size_t)chunk[1] << 16 | (size_t)chunk[2] << 8 | chunk[3];
        if (memcmp(chunk + 4, "IDAT", 4) == 0) {
            bytes_append(stream, chunk + 8, size);
            count++;
        }
        at += size + 12;
    }
    return count;
}

/* Zlib takes the stream as one, to its checksum, and the reader finds the picture in it. */
static void check_bands(const struct bytes *file, const struct picture *picture, unsigned bands)
{
    struct bytes stream = {NULL, 0, 0};
    struct read_result result;
    uLongf size = (picture_row_bytes(picture) + 1) * picture->height;
    uint8_t *rows = malloc(size);
    uLongf unpacked = size;
    assert_int_equal(collect_pixels(file, &stream), bands);
    assert_int_equal(uncompress(rows, &unpacked, stream.data, stream.size), Z_OK);
    assert_int_equal(unpacked, size);
    assert_int_equal(read_bytes(file, &result), PLANCHE_OK);
    pictures_equal(picture, &result.picture);
    read_result_free(&result);
    bytes_free(&stream);
    free(rows);
}

/* Rows are compressed in bands by several threads: whole ones, a short one at the end, rows that
 * are longer than a band, noise, which grows. The bytes are the same with one thread. */
static void test_bands(void **state)
{
    (void)state;
    static const struct {
        uint32_t width, height;
        unsigned channels, depth, bands;
        int effort;
        bool smooth;
    } cases[] = {{1023, 256, 1, 8, 2, 1, false},  {500, 300, 3, 8, 4, 4, true},
                 {500, 300, 3, 8, 4, 1, true},    {70000, 3, 2, 8, 4, 9, false},
                 {300, 501, 4, 16, 10, 6, false}, {400, 700, 1, 16, 5, 4, false},
                 {9, 7, 3, 8, 1, 4, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t width = cases[i].width, height = cases[i].height;
        struct picture picture =
            cases[i].smooth ? picture_smooth(width, height, cases[i].channels)
                            : picture_noise(width, height, cases[i].channels, cases[i].depth, 1);
        struct planche_writer_options options = {.effort = cases[i].effort};
        struct bytes alone = {NULL, 0, 0}, file = {NULL, 0, 0};
        struct planche_error error;
        assert_int_equal(
            write_picture(&picture, PLANCHE_FORMAT_PNG, NULL, &options, &alone, &error),
            PLANCHE_OK);
        assert_int_equal(planche_pool_create(&options.pool, 3, NULL, &error), PLANCHE_OK);
        assert_int_equal(write_picture(&picture, PLANCHE_FORMAT_PNG, NULL, &options, &file, &error),
                         PLANCHE_OK);
        planche_pool_destroy(&options.pool);
        assert_int_equal(file.size, alone.size);
        assert_memory_equal(file.data, alone.data, file.size);
        check_bands(&file, &picture, cases[i].bands);
        bytes_free(&alone);
        bytes_free(&file);
        picture_free(&picture);
    }
}

/* Without memory for all bands one after the other is compressed, to the same bytes. */
static void test_bands_budget(void **state)
{
    (void)state;
    struct picture noise = picture_noise(700, 1000, 1, 8, 1);
    struct planche_image_info info = {
        .format = PLANCHE_FORMAT_PNG, .width = 700, .height = 1000, .channels = 1, .depth = 8};
    struct planche_budget budget;
    struct planche_writer_options options = {.budget = &budget};
    uint64_t least = planche_writer_memory(&info, &options);
    struct bytes whole = {NULL, 0, 0};
    struct planche_error error;
    planche_budget_init(&budget, 0);
    assert_int_equal(write_picture(&noise, PLANCHE_FORMAT_PNG, NULL, &options, &whole, &error),
                     PLANCHE_OK);
    assert_int_equal(planche_pool_create(&options.pool, 4, NULL, &error), PLANCHE_OK);
    for (int more = 0; more < 6; more++) {
        struct bytes tight = {NULL, 0, 0};
        planche_budget_init(&budget, least + (uint64_t)more * (300 << 10));
        assert_int_equal(write_picture(&noise, PLANCHE_FORMAT_PNG, NULL, &options, &tight, &error),
                         PLANCHE_OK);
        assert_int_equal(tight.size, whole.size);
        assert_memory_equal(tight.data, whole.data, whole.size);
        bytes_free(&tight);
    }
    planche_pool_destroy(&options.pool);
    bytes_free(&whole);
    picture_free(&noise);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cicp),          cmocka_unit_test(test_cicp_hdr),
        cmocka_unit_test(test_cicp_range),    cmocka_unit_test(test_missing_end),
        cmocka_unit_test(test_odd_chunks),    cmocka_unit_test(test_animations),
        cmocka_unit_test(test_grey),          cmocka_unit_test(test_palette),
        cmocka_unit_test(test_whole_samples), cmocka_unit_test(test_transparent_rgb),
        cmocka_unit_test(test_metadata),      cmocka_unit_test(test_exif_density),
        cmocka_unit_test(test_gamma),         cmocka_unit_test(test_profile_bomb),
        cmocka_unit_test(test_bands),         cmocka_unit_test(test_bands_budget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
