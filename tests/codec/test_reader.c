/* SPDX-License-Identifier: MIT */
/* What all readers do alike: sources, recognition, limits, budgets, misuse. */
#include "images.h"
#include "support/put_file.h"

#include <fcntl.h>
#include <png.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/planche-test-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

static void make_path(char path[256], const char *name)
{
    snprintf(path, 256, "%s/%s", folder, name);
}

static enum planche_status open_path(const char *path, struct planche_reader **reader,
                                     struct planche_error *error)
{
    struct planche_source source = {.name = path, .path = path};
    struct planche_reader_options options = {.budget = NULL};
    return planche_reader_open(reader, &source, &options, error);
}

static struct bytes sample(enum planche_format format, const struct picture *picture)
{
    switch (format) {
    case PLANCHE_FORMAT_PNG:
        return make_png(&(struct png_spec){.width = picture->width,
                                           .height = picture->height,
                                           .colour_type = PNG_COLOR_TYPE_RGB,
                                           .bit_depth = 8,
                                           .rows = picture->data,
                                           .stride = picture_row_bytes(picture)});
    case PLANCHE_FORMAT_JPEG:
        return make_jpeg(&(struct jpeg_spec){.picture = picture});
    case PLANCHE_FORMAT_AVIF:
        return make_avif(&(struct avif_spec){.picture = picture});
    case PLANCHE_FORMAT_JXL:
        return make_jxl(&(struct jxl_spec){.picture = picture});
    default:
        return make_webp(&(struct webp_spec){.picture = picture});
    }
}

/* A file under a name of another format is what it is; large enough for several buffers. */
static void test_files(void **state)
{
    (void)state;
    struct picture noise = picture_noise(300, 200, 3, 8, 9);
    for (int format = PLANCHE_FORMAT_PNG; format <= PLANCHE_FORMAT_JXL; format++) {
        char path[256];
        struct bytes file = sample((enum planche_format)format, &noise);
        struct read_result expected;
        struct planche_reader *reader;
        make_path(path, "page.gif");
        test_write(path, file.data, file.size);
        assert_int_equal(read_bytes(&file, &expected), PLANCHE_OK);
        assert_int_equal(open_path(path, &reader, NULL), PLANCHE_OK);
        assert_int_equal(planche_reader_info(reader)->format, format);
        uint8_t *rows = malloc(300 * 3 * 200);
        for (int pass = 0; pass < 2; pass++) {
            memset(rows, 0, 300 * 3 * 200);
            assert_int_equal(planche_reader_read(reader, rows, 900, 200, NULL), PLANCHE_OK);
            assert_memory_equal(rows, expected.picture.data, 300 * 3 * 200);
            assert_int_equal(planche_reader_rewind(reader, NULL), PLANCHE_OK);
        }
        free(rows);
        planche_reader_destroy(&reader);
        read_result_free(&expected);
        bytes_free(&file);
        unlink(path);
    }
    picture_free(&noise);
}

static void fails_with(const char *path, enum planche_status status)
{
    struct planche_reader *reader;
    struct planche_error error;
    assert_int_equal(open_path(path, &reader, &error), status);
    assert_null(reader);
    assert_int_equal(error.status, status);
    /* The message names the file. */
    assert_non_null(strstr(error.message, path));
}

static void test_bad_files(void **state)
{
    (void)state;
    char path[256];
    make_path(path, "missing.png");
    fails_with(path, PLANCHE_ERROR_NOT_FOUND);
    fails_with(folder, PLANCHE_ERROR_IO);
    make_path(path, "empty.png");
    test_write(path, "", 0);
    fails_with(path, PLANCHE_ERROR_DATA);
    test_write(path, "GIF90x, which is not for us", 27);
    fails_with(path, PLANCHE_ERROR_DATA);
    test_write(path, "\xff\xd8", 2);
    fails_with(path, PLANCHE_ERROR_DATA);
    unlink(path);
    make_path(path, "pipe.png");
    assert_int_equal(mkfifo(path, 0600), 0);
    fails_with(path, PLANCHE_ERROR_IO);
    unlink(path);
}

static void put32(uint8_t *p, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(value >> (24 - 8 * i));
}

/* A PNG's header with another size, its checksum mended. */
static void resize_png(struct bytes *file, uint32_t width, uint32_t height)
{
    uint32_t crc = 0xffffffffu;
    put32(file->data + 16, width);
    put32(file->data + 20, height);
    for (size_t i = 12; i < 29; i++) {
        crc ^= file->data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
    put32(file->data + 29, ~crc);
}

/* Small files that claim to be huge: refused by their header, whatever the budget. */
static void test_huge(void **state)
{
    (void)state;
    static const uint32_t sides[][2] = {
        {65535, 65535}, {0x7fffffff, 1}, {1, 0x7fffffff}, {0x7fffffff, 0x7fffffff}};
    struct picture noise = picture_noise(8, 8, 3, 8, 9);
    struct bytes png = sample(PLANCHE_FORMAT_PNG, &noise);
    struct bytes jpeg = sample(PLANCHE_FORMAT_JPEG, &noise);
    struct read_result result;
    for (size_t i = 0; i < sizeof sides / sizeof sides[0]; i++) {
        resize_png(&png, sides[i][0], sides[i][1]);
        assert_int_equal(read_bytes(&png, &result), PLANCHE_ERROR_LIMIT);
        assert_true(result.peak < 1 << 20);
        read_result_free(&result);
    }
    uint8_t *frame = memmem(jpeg.data, jpeg.size, "\xff\xc0", 2);
    assert_non_null(frame);
    memset(frame + 5, 0xfe, 4);
    assert_int_equal(read_bytes(&jpeg, &result), PLANCHE_ERROR_LIMIT);
    assert_true(result.peak < 1 << 20);
    read_result_free(&result);
    bytes_free(&png);
    bytes_free(&jpeg);
    picture_free(&noise);
}

/* Within the limit of pixels, but a row alone is more than the budget. */
static void test_wide_rows(void **state)
{
    (void)state;
    struct picture noise = picture_noise(8, 8, 3, 8, 9);
    struct bytes png = sample(PLANCHE_FORMAT_PNG, &noise);
    struct read_result result;
    resize_png(&png, 100000000, 4);
    assert_int_equal(read_bytes_within(&png, 64 << 20, 0, &result), PLANCHE_ERROR_BUDGET);
    assert_true(result.peak <= 64 << 20);
    read_result_free(&result);
    bytes_free(&png);
    picture_free(&noise);
}

static void test_max_pixels(void **state)
{
    (void)state;
    struct picture noise = picture_noise(10, 10, 3, 8, 9);
    for (int format = PLANCHE_FORMAT_PNG; format <= PLANCHE_FORMAT_JXL; format++) {
        struct bytes file = sample((enum planche_format)format, &noise);
        struct read_result result;
        assert_int_equal(read_bytes_within(&file, 0, 100, &result), PLANCHE_OK);
        read_result_free(&result);
        assert_int_equal(read_bytes_within(&file, 0, 99, &result), PLANCHE_ERROR_LIMIT);
        read_result_free(&result);
        bytes_free(&file);
    }
    picture_free(&noise);
}

/* Whatever the budget, a page is read or refused for it, and never more is taken. */
static void test_budgets(void **state)
{
    (void)state;
    struct picture noise = picture_noise(40, 40, 3, 8, 9);
    for (int format = PLANCHE_FORMAT_PNG; format <= PLANCHE_FORMAT_JXL; format++) {
        struct bytes file = sample((enum planche_format)format, &noise);
        unsigned refused = 0, read = 0;
        for (uint64_t budget = 1; budget < 32 << 20; budget += budget / 16 + 97) {
            struct read_result result;
            enum planche_status status = read_bytes_within(&file, budget, 0, &result);
            assert_true(status == PLANCHE_OK || status == PLANCHE_ERROR_BUDGET);
            assert_true(result.peak <= budget);
            refused += status != PLANCHE_OK;
            read += status == PLANCHE_OK;
            read_result_free(&result);
        }
        assert_true(refused > 10 && read > 10);
        bytes_free(&file);
    }
    picture_free(&noise);
}

static void test_misuse(void **state)
{
    (void)state;
    struct picture noise = picture_noise(4, 4, 3, 8, 9);
    struct bytes file = sample(PLANCHE_FORMAT_PNG, &noise);
    struct planche_source source = {.data = file.data, .size = file.size};
    struct planche_reader_options options = {.budget = NULL};
    struct planche_reader *reader;
    struct planche_error error;
    uint8_t rows[5 * 12];
    assert_int_equal(planche_reader_open(&reader, &source, &options, &error), PLANCHE_OK);
    assert_int_equal(planche_reader_read(reader, rows, 12, 5, &error), PLANCHE_ERROR_ARGUMENT);
    assert_int_equal(planche_reader_read(reader, rows, 12, 0, &error), PLANCHE_OK);
    assert_int_equal(planche_reader_read(reader, rows, 12, 4, &error), PLANCHE_OK);
    assert_memory_equal(rows, noise.data, 48);
    assert_int_equal(planche_reader_read(reader, rows, 12, 1, &error), PLANCHE_ERROR_ARGUMENT);
    planche_reader_destroy(&reader);
    /* After a failure there is no more to be had. */
    source.size -= 30;
    assert_int_equal(planche_reader_open(&reader, &source, &options, &error), PLANCHE_OK);
    assert_int_equal(planche_reader_read(reader, rows, 12, 4, &error), PLANCHE_ERROR_DATA);
    assert_int_equal(planche_reader_read(reader, rows, 12, 1, &error), PLANCHE_ERROR_DATA);
    assert_int_equal(planche_reader_rewind(reader, &error), PLANCHE_ERROR_DATA);
    planche_reader_destroy(&reader);
    planche_reader_destroy(&reader);
    bytes_free(&file);
    picture_free(&noise);
}

static void test_names(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum planche_format format;
    } names[] = {
        {"a.png", PLANCHE_FORMAT_PNG},       {"/x.y/A.PNG", PLANCHE_FORMAT_PNG},
        {"a.jpg", PLANCHE_FORMAT_JPEG},      {"a.JPEG", PLANCHE_FORMAT_JPEG},
        {"a.webp", PLANCHE_FORMAT_WEBP},     {"a.png.webp", PLANCHE_FORMAT_WEBP},
        {"a.avif", PLANCHE_FORMAT_AVIF},     {"a.JXL", PLANCHE_FORMAT_JXL},
        {"a", PLANCHE_FORMAT_AUTO},          {"a.gif", PLANCHE_FORMAT_GIF},
        {".png", PLANCHE_FORMAT_AUTO},       {"x/.png", PLANCHE_FORMAT_AUTO},
        {"x.png/page", PLANCHE_FORMAT_AUTO}, {"a.", PLANCHE_FORMAT_AUTO},
        {"", PLANCHE_FORMAT_AUTO},           {"a.pn", PLANCHE_FORMAT_AUTO},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_int_equal(planche_format_from_name(names[i].name), names[i].format);
    for (int format = PLANCHE_FORMAT_AUTO; format <= PLANCHE_FORMAT_PSD + 1; format++)
        assert_int_equal(planche_format_is_written((enum planche_format)format),
                         format >= PLANCHE_FORMAT_PNG && format <= PLANCHE_FORMAT_JXL);
    assert_string_equal(planche_format_extension(PLANCHE_FORMAT_PNG), "png");
    assert_string_equal(planche_format_extension(PLANCHE_FORMAT_JPEG), "jpg");
    assert_string_equal(planche_format_extension(PLANCHE_FORMAT_WEBP), "webp");
    assert_string_equal(planche_format_extension(PLANCHE_FORMAT_AVIF), "avif");
    assert_string_equal(planche_format_extension(PLANCHE_FORMAT_JXL), "jxl");
    assert_string_equal(planche_format_extension(PLANCHE_FORMAT_AUTO), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files),      cmocka_unit_test(test_bad_files),
        cmocka_unit_test(test_huge),       cmocka_unit_test(test_wide_rows),
        cmocka_unit_test(test_max_pixels), cmocka_unit_test(test_budgets),
        cmocka_unit_test(test_misuse),     cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
