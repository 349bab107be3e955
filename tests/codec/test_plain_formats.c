/* SPDX-License-Identifier: MIT */
/* BMP, QOI, TGA and PSD, which own code reads: every kind of pixel comes out with the values that
 * were put in, whatever the order of rows; cut files are errors, claims of size are refused. Files
 * are made here, byte by byte. */
#include "images.h"

#include "base/little_endian.h"

#include <string.h>

static void add16(struct bytes *file, unsigned value)
{
    uint8_t bytes[2];
    put16(bytes, value);
    bytes_append(file, bytes, 2);
}

static void add32(struct bytes *file, uint32_t value)
{
    uint8_t bytes[4];
    put32(bytes, value);
    bytes_append(file, bytes, 4);
}

static void add16_big(struct bytes *file, unsigned value)
{
    bytes_append(file, (const uint8_t[2]){(uint8_t)(value >> 8), (uint8_t)value}, 2);
}

static void add32_big(struct bytes *file, uint32_t value)
{
    add16_big(file, value >> 16);
    add16_big(file, value & 0xffff);
}

static void add(struct bytes *file, const char *data, size_t size)
{
    bytes_append(file, data, size);
}

#define ADD(file, text) add(file, text, sizeof text - 1)

/* What is read is this picture; the file is freed. */
static void expect(struct bytes *file, uint32_t width, uint32_t height, unsigned channels,
                   const uint8_t *pixels)
{
    struct read_result result;
    assert_int_equal(read_bytes(file, &result), PLANCHE_OK);
    assert_int_equal(result.picture.width, width);
    assert_int_equal(result.picture.height, height);
    assert_int_equal(result.picture.channels, channels);
    assert_int_equal(result.picture.depth, 8);
    assert_memory_equal(result.picture.data, pixels, (size_t)width * height * channels);
    read_result_free(&result);
    bytes_free(file);
}

/* Whatever is missing at the end is missed; the file is freed. */
static void expect_cuts_to_fail(struct bytes *file, size_t needed)
{
    for (size_t size = 0; size < needed; size++) {
        struct read_result result;
        /* In a block of its exact size, so that AddressSanitizer sees every byte beyond it. */
        struct bytes cut = {malloc(size + 1), size, size};
        memmove(cut.data + 1, file->data, size);
        struct bytes exact = {cut.data + 1, size, size};
        assert_int_not_equal(read_bytes(&exact, &result), PLANCHE_OK);
        read_result_free(&result);
        bytes_free(&cut);
    }
    bytes_free(file);
}

static void expect_error(struct bytes *file, enum planche_status status, const char *words)
{
    struct read_result result;
    assert_int_equal(read_bytes(file, &result), status);
    if (!strstr(result.error.message, words))
        fail_msg("\"%s\" is not in \"%s\"", words, result.error.message);
    read_result_free(&result);
    bytes_free(file);
}

/* The headers of a BMP, with as many zeroes behind those 40 bytes as header is larger; its pixels
 * begin behind extra bytes more. */
static struct bytes bmp_head(uint32_t header, int32_t width, int32_t height, unsigned bits,
                             uint32_t packing, uint32_t colours, size_t extra)
{
    struct bytes file = {0};
    ADD(&file, "BM\0\0\0\0\0\0\0\0");
    add32(&file, (uint32_t)(14 + header + extra));
    add32(&file, header);
    add32(&file, (uint32_t)width);
    add32(&file, (uint32_t)height);
    add16(&file, 1);
    add16(&file, bits);
    add32(&file, packing);
    add32(&file, 0);
    add32(&file, 3780);
    add32(&file, 3780);
    add32(&file, colours);
    add32(&file, 0);
    return file;
}

static void test_bmp_colours(void **state)
{
    static const uint8_t top[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    (void)state;
    /* 24 bits from the bottom up, rows padded to 4 bytes; the last padding is missing. */
    struct bytes file = bmp_head(40, 2, 2, 24, 0, 0, 0);
    ADD(&file, "\x09\x08\x07\x0c\x0b\x0a\0\0\x03\x02\x01\x06\x05\x04");
    expect(&file, 2, 2, 3, top);
    /* 32 bits from the top down; the fourth byte means nothing. */
    file = bmp_head(40, 2, -2, 32, 0, 0, 0);
    ADD(&file, "\x03\x02\x01\0\x06\x05\x04\0\x09\x08\x07\0\x0c\x0b\x0a\0");
    expect(&file, 2, 2, 3, top);
    /* 16 bits: five of each, or by masks 5, 6 and 5. */
    file = bmp_head(40, 2, 1, 16, 0, 0, 0);
    ADD(&file, "\x1f\x00\x00\x7c");
    expect(&file, 2, 1, 3, (const uint8_t[]){0, 0, 255, 255, 0, 0});
    file = bmp_head(40, 2, 1, 16, 3, 0, 12);
    ADD(&file, "\0\xf8\0\0\xe0\x07\0\0\x1f\0\0\0");
    ADD(&file, "\xe0\x07\x00\x84");
    expect(&file, 2, 1, 3, (const uint8_t[]){0, 255, 0, 132, 130, 0});
    file = bmp_head(12, 0, 0, 0, 0, 0, 0);
    file.size = 14;
    add32(&file, 12);
    add16(&file, 2);
    add16(&file, 1);
    add16(&file, 1);
    add16(&file, 24);
    ADD(&file, "\x03\x02\x01\x06\x05\x04\0\0");
    expect(&file, 2, 1, 3, top);
}

static void test_bmp_alpha_and_profile(void **state)
{
    struct read_result result;
    struct bytes icc = make_icc(3), file = bmp_head(124, 1, 1, 32, 3, 0, 0);
    (void)state;
    ADD(&file, "\0\0\xff\0\0\xff\0\0\xff\0\0\0\0\0\0\xff");
    ADD(&file, "DEBM");
    while (file.size < 14 + 112)
        ADD(&file, "\0");
    add32(&file, 124 + 4);
    add32(&file, (uint32_t)icc.size);
    ADD(&file, "\0\0\0\0\x03\x02\x01\x80");
    bytes_append(&file, icc.data, icc.size);
    assert_int_equal(read_bytes(&file, &result), PLANCHE_OK);
    assert_int_equal(result.picture.channels, 4);
    assert_memory_equal(result.picture.data, "\1\2\3\x80", 4);
    assert_int_equal(result.icc.size, icc.size);
    assert_memory_equal(result.icc.data, icc.data, icc.size);
    assert_true(result.x_density == 3780);
    assert_int_equal(result.format, PLANCHE_FORMAT_BMP);
    read_result_free(&result);
    bytes_free(&icc);
    expect_cuts_to_fail(&file, file.size);
}

static void test_bmp_palettes(void **state)
{
    (void)state;
    /* One bit, colours. */
    struct bytes file = bmp_head(40, 10, 1, 1, 0, 2, 8);
    ADD(&file, "\x03\x02\x01\0\xff\xff\xff\0\x80\x40\0\0");
    expect(&file, 10, 1, 3,
           (const uint8_t[]){255, 255, 255, 1, 2, 3, 1, 2, 3, 1, 2, 3, 1,   2,   3,
                             1,   2,   3,   1, 2, 3, 1, 2, 3, 1, 2, 3, 255, 255, 255});
    /* Four bits, greys only: one channel. */
    file = bmp_head(40, 3, 1, 4, 0, 3, 12);
    ADD(&file, "\x07\x07\x07\0\x70\x70\x70\0\xff\xff\xff\0\x01\x20\0\0");
    expect(&file, 3, 1, 1, (const uint8_t[]){7, 0x70, 255});
    file = bmp_head(40, 3, 1, 8, 0, 3, 12);
    ADD(&file, "\x07\x07\x07\0\x70\x70\x70\0\xff\xff\xff\0\x02\x01\0\0");
    expect(&file, 3, 1, 1, (const uint8_t[]){255, 0x70, 7});
    file = bmp_head(40, 3, 1, 8, 0, 3, 12);
    ADD(&file, "\x07\x07\x07\0\x70\x70\x70\0\xff\xff\xff\0\x03\x01\0\0");
    expect_error(&file, PLANCHE_ERROR_DATA, "fewer colours than it uses");
}

static void test_bmp_runs(void **state)
{
    (void)state;
    /* A run, a line's end, a literal with padding, a leap, the end. From the bottom up. */
    struct bytes file = bmp_head(40, 4, 3, 8, 1, 2, 8);
    ADD(&file, "\x11\x11\x11\0\x22\x22\x22\0");
    ADD(&file, "\x04\x01\0\0\0\x03\x01\0\x01\0\0\x02\0\x01\x01\x01\0\x01");
    expect(
        &file, 4, 3, 1,
        (const uint8_t[]){0x11, 0x11, 0x11, 0x22, 0x22, 0x11, 0x22, 0x11, 0x22, 0x22, 0x22, 0x22});
    file = bmp_head(40, 5, 1, 4, 2, 2, 8);
    ADD(&file, "\x11\x11\x11\0\x22\x22\x22\0");
    ADD(&file, "\x03\x01\0\x01\0\x01");
    expect(&file, 5, 1, 1, (const uint8_t[]){0x11, 0x22, 0x11, 0x11, 0x11});
    file = bmp_head(40, 4, 1, 8, 1, 2, 8);
    ADD(&file, "\x11\x11\x11\0\x22\x22\x22\0\x04\x01\0\x01");
    expect_cuts_to_fail(&file, file.size);
}

static void test_bmp_refused(void **state)
{
    (void)state;
    struct bytes file = bmp_head(40, 60000, 60000, 24, 0, 0, 0);
    expect_error(&file, PLANCHE_ERROR_LIMIT, "60000 x 60000");
    file = bmp_head(40, 2, 2, 24, 5, 0, 0);
    expect_error(&file, PLANCHE_ERROR_UNSUPPORTED, "BMP images that hold a JPEG");
    file = bmp_head(40, 2, INT32_MIN, 24, 0, 0, 0);
    expect_error(&file, PLANCHE_ERROR_LIMIT, "2147483648");
    file = bmp_head(40, 0, 2, 24, 0, 0, 0);
    expect_error(&file, PLANCHE_ERROR_DATA, "no pixels");
}

static struct bytes qoi_head(uint32_t width, uint32_t height, unsigned channels, unsigned colours)
{
    struct bytes file = {0};
    ADD(&file, "qoif");
    add32_big(&file, width);
    add32_big(&file, height);
    bytes_append(&file, (const uint8_t[]){(uint8_t)channels, (uint8_t)colours}, 2);
    return file;
}

/* All codes: RGBA, index, difference, luma, run, RGB. */
static void test_qoi(void **state)
{
    (void)state;
    struct bytes file = qoi_head(4, 2, 4, 0);
    ADD(&file, "\xff\x10\x20\x30\x80"); /* hash 16*3+32*5+48*7+128*11 = 1952 % 64 = 32 */
    ADD(&file, "\x79");                 /* +1, 0, -1 */
    ADD(&file, "\x20");
    ADD(&file, "\xa5\x7a"); /* green +5, red +5-1, blue +5+2 */
    ADD(&file, "\xc1\xfe\1\2\3\0");
    ADD(&file, "\0\0\0\0\0\0\1");
    expect(&file, 4, 2, 4,
           (const uint8_t[]){0x10, 0x20, 0x30, 0x80, 0x11, 0x20, 0x2f, 0x80, 0x10, 0x20, 0x30,
                             0x80, 0x14, 0x25, 0x37, 0x80, 0x14, 0x25, 0x37, 0x80, 0x14, 0x25,
                             0x37, 0x80, 1,    2,    3,    0x80, 0,    0,    0,    0});
    file = qoi_head(2, 1, 3, 1);
    ADD(&file, "\xfe\1\2\3\xc0");
    struct read_result result;
    assert_int_equal(read_bytes(&file, &result), PLANCHE_OK);
    assert_int_equal(result.picture.channels, 3);
    assert_true(result.icc.size > 0); /* linear */
    read_result_free(&result);
    expect_cuts_to_fail(&file, file.size);
    file = qoi_head(60000, 60000, 3, 0);
    expect_error(&file, PLANCHE_ERROR_LIMIT, "60000 x 60000");
    file = qoi_head(2, 2, 5, 0);
    expect_error(&file, PLANCHE_ERROR_DATA, "header");
}

static struct bytes tga_head(unsigned type, unsigned colours, unsigned colour_bits, unsigned width,
                             unsigned height, unsigned bits, unsigned flags)
{
    struct bytes file = {0};
    const uint8_t head[3] = {2, colours ? 1 : 0, (uint8_t)type};
    bytes_append(&file, head, 3);
    add16(&file, 0);
    add16(&file, colours);
    bytes_append(&file, (const uint8_t[]){(uint8_t)colour_bits}, 1);
    add32(&file, 0);
    add16(&file, width);
    add16(&file, height);
    bytes_append(&file, (const uint8_t[]){(uint8_t)bits, (uint8_t)flags}, 2);
    ADD(&file, "id");
    return file;
}

static void test_tga(void **state)
{
    static const uint8_t pixels[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    (void)state;
    struct bytes file = tga_head(2, 0, 0, 2, 2, 24, 0);
    ADD(&file, "\x09\x08\x07\x0c\x0b\x0a\x03\x02\x01\x06\x05\x04");
    expect(&file, 2, 2, 3, pixels);
    file = tga_head(2, 0, 0, 2, 2, 24, 0x30); /* from the right, from the top */
    ADD(&file, "\x06\x05\x04\x03\x02\x01\x0c\x0b\x0a\x09\x08\x07");
    expect(&file, 2, 2, 3, pixels);
    file = tga_head(10, 0, 0, 3, 1, 32, 0x28);
    ADD(&file, "\x81\x03\x02\x01\x80\x00\x06\x05\x04\xff");
    expect(&file, 3, 1, 4, (const uint8_t[]){1, 2, 3, 128, 1, 2, 3, 128, 4, 5, 6, 255});
    file = tga_head(1, 2, 24, 2, 1, 8, 0x20);
    ADD(&file, "\x03\x02\x01\x06\x05\x04\x01\x00");
    expect(&file, 2, 1, 3, (const uint8_t[]){4, 5, 6, 1, 2, 3});
    file = tga_head(3, 0, 0, 2, 1, 8, 0x20);
    ADD(&file, "\x11\x22");
    expect(&file, 2, 1, 1, (const uint8_t[]){0x11, 0x22});
    file = tga_head(11, 0, 0, 3, 1, 8, 0);
    ADD(&file, "\x82\x11");
    expect(&file, 3, 1, 1, (const uint8_t[]){0x11, 0x11, 0x11});
    file = tga_head(9, 1, 32, 2, 1, 8, 0x28);
    ADD(&file, "\x03\x02\x01\x80\x81\x00");
    expect(&file, 2, 1, 4, (const uint8_t[]){1, 2, 3, 128, 1, 2, 3, 128});
    file = tga_head(2, 0, 0, 1, 1, 16, 0x20);
    ADD(&file, "\x00\x7c");
    expect(&file, 1, 1, 3, (const uint8_t[]){255, 0, 0});
    file = tga_head(10, 0, 0, 3, 1, 24, 0);
    ADD(&file, "\x01\x03\x02\x01\x06\x05\x04\x00\x09\x08\x07");
    expect_cuts_to_fail(&file, file.size);
    file = tga_head(2, 0, 0, 60000, 60000, 24, 0);
    expect_error(&file, PLANCHE_ERROR_LIMIT, "60000 x 60000");
    file = tga_head(1, 1, 24, 1, 1, 8, 0);
    ADD(&file, "\x03\x02\x01\x07");
    expect_error(&file, PLANCHE_ERROR_DATA, "fewer colours");
}

/* What stands before the pixels: resources and layers, or none. */
static struct bytes psd_head(unsigned version, unsigned channels, unsigned height, unsigned width,
                             unsigned bits, unsigned mode, const struct bytes *resources,
                             bool transparent, unsigned packing)
{
    struct bytes file = {0};
    ADD(&file, "8BPS");
    add16_big(&file, version);
    ADD(&file, "\0\0\0\0\0\0");
    add16_big(&file, channels);
    add32_big(&file, height);
    add32_big(&file, width);
    add16_big(&file, bits);
    add16_big(&file, mode);
    add32_big(&file, mode == 2 ? 768 : 0);
    for (unsigned i = 0; i < 768 && mode == 2; i++)
        bytes_append(&file, (const uint8_t[]){(uint8_t)(i / 256 * 50 + i % 4)}, 1);
    add32_big(&file, resources ? (uint32_t)resources->size : 0);
    if (resources)
        bytes_append(&file, resources->data, resources->size);
    if (version == 2)
        add32_big(&file, 0);
    add32_big(&file, transparent ? 6 : 0);
    if (transparent) {
        add32_big(&file, 2);
        add16_big(&file, 0xffff);
    }
    add16_big(&file, packing);
    return file;
}

static void test_psd(void **state)
{
    static const uint8_t pixels[] = {1, 2, 3, 4, 5, 6};
    (void)state;
    struct bytes file = psd_head(1, 3, 1, 2, 8, 3, NULL, false, 0);
    ADD(&file, "\1\4\2\5\3\6");
    expect(&file, 2, 1, 3, pixels);
    file = psd_head(1, 3, 1, 2, 8, 3, NULL, false, 1);
    ADD(&file, "\0\3\0\3\0\3\1\1\4\1\2\5\1\3\6");
    expect(&file, 2, 1, 3, pixels);
    file = psd_head(2, 1, 2, 3, 8, 1, NULL, false, 1);
    ADD(&file, "\0\0\0\2\0\0\0\4\xfe\x07\2\1\2\3");
    expect(&file, 3, 2, 1, (const uint8_t[]){7, 7, 7, 1, 2, 3});
    file = psd_head(1, 1, 1, 9, 1, 0, NULL, false, 0);
    ADD(&file, "\x81\x00");
    expect(&file, 9, 1, 1, (const uint8_t[]){0, 255, 255, 255, 255, 255, 255, 0, 255});
    file = psd_head(1, 1, 1, 2, 8, 2, NULL, false, 0);
    ADD(&file, "\0\2");
    expect(&file, 2, 1, 3, (const uint8_t[]){0, 50, 100, 2, 52, 102});
    /* The merged image lies on white. */
    file = psd_head(1, 4, 1, 2, 8, 3, NULL, true, 0);
    ADD(&file, "\xff\x80\x7f\x80\x7f\x80\x80\x00");
    expect(&file, 2, 1, 4, (const uint8_t[]){255, 0, 0, 128, 128, 128, 128, 0});
    /* A further channel that is no transparency. */
    file = psd_head(1, 4, 1, 2, 8, 3, NULL, false, 0);
    ADD(&file, "\1\4\2\5\3\6\x80\x80");
    expect(&file, 2, 1, 3, pixels);
    /* No ink, by the formula. */
    file = psd_head(1, 4, 1, 2, 8, 4, NULL, false, 0);
    ADD(&file, "\xff\0\xff\xff\xff\xff\xff\xff");
    expect(&file, 2, 1, 3, (const uint8_t[]){255, 255, 255, 0, 255, 255});
    file = psd_head(1, 3, 1, 2, 8, 3, NULL, false, 1);
    ADD(&file, "\0\3\0\3\0\3\1\1\4\1\2\5\1\3\6");
    expect_cuts_to_fail(&file, file.size);
    file = psd_head(1, 3, 60000, 60000, 8, 3, NULL, false, 0);
    expect_error(&file, PLANCHE_ERROR_LIMIT, "60000 x 60000");
    file = psd_head(1, 3, 1, 2, 8, 9, NULL, false, 0);
    expect_error(&file, PLANCHE_ERROR_UNSUPPORTED, "Lab");
}

static void add_resource(struct bytes *resources, unsigned kind, const void *data, size_t size)
{
    ADD(resources, "8BIM");
    add16_big(resources, kind);
    ADD(resources, "\0\0");
    add32_big(resources, (uint32_t)size);
    bytes_append(resources, data, size);
    if (size % 2)
        ADD(resources, "\0");
}

static void test_psd_resources(void **state)
{
    struct bytes icc = make_icc(3), exif = make_exif(6, true), resources = {0};
    struct read_result result;
    static const uint8_t merged[5] = {0, 0, 0, 1, 0};
    (void)state;
    add_resource(&resources, 1039, icc.data, icc.size);
    add_resource(&resources, 1005, "\1\x2c\0\0\0\1\0\1\1\x2c\0\0\0\1\0\1", 16);
    add_resource(&resources, 1058, exif.data, exif.size);
    add_resource(&resources, 1060, "<x:xmpmeta/>", 12);
    struct bytes file = psd_head(1, 3, 1, 2, 16, 3, &resources, false, 0);
    ADD(&file, "\1\2\3\4\5\6\7\x08\x09\x0a\x0b\x0c");
    assert_int_equal(read_bytes(&file, &result), PLANCHE_OK);
    assert_int_equal(result.picture.depth, 16);
    assert_int_equal(result.picture.width, 1); /* turned upright */
    assert_int_equal(result.picture.height, 2);
    assert_int_equal(((uint16_t *)(void *)result.picture.data)[4], 0x0708);
    assert_int_equal(result.icc.size, icc.size);
    assert_int_equal(result.xmp.size, 12);
    assert_true(result.x_density > 11810 && result.x_density < 11812);
    read_result_free(&result);
    bytes_free(&file);
    add_resource(&resources, 1057, merged, 5);
    file = psd_head(1, 3, 1, 2, 8, 3, &resources, false, 0);
    ADD(&file, "\1\4\2\5\3\6");
    expect_error(&file, PLANCHE_ERROR_UNSUPPORTED, "Maximize compatibility");
    bytes_free(&icc);
    bytes_free(&exif);
    bytes_free(&resources);
}

/* Formats that are not read are named, with what to do. */
static void test_foreign(void **state)
{
    static const struct {
        const char *head, *words;
    } files[] = {{"II\xbc\x01\x08", "is a JPEG XR image, which Planche does not read: convert it"},
                 {"AT&TFORM", "DjVu"},
                 {"gimp xcf file", "GIMP"},
                 {"P6\n2 2\n255\n", "Netpbm"},
                 {"%PDF-1.4\n", "is a PDF"}};
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct bytes file = {0};
        add(&file, files[i].head, strlen(files[i].head));
        expect_error(&file, PLANCHE_ERROR_UNSUPPORTED, files[i].words);
    }
    struct bytes file = {0};
    ADD(&file, "BM is how this text begins, and it is not a picture");
    expect_error(&file, PLANCHE_ERROR_DATA, "not an image that Planche reads");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bmp_colours),   cmocka_unit_test(test_bmp_alpha_and_profile),
        cmocka_unit_test(test_bmp_palettes),  cmocka_unit_test(test_bmp_runs),
        cmocka_unit_test(test_bmp_refused),   cmocka_unit_test(test_qoi),
        cmocka_unit_test(test_tga),           cmocka_unit_test(test_psd),
        cmocka_unit_test(test_psd_resources), cmocka_unit_test(test_foreign),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
