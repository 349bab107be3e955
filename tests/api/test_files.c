/* SPDX-License-Identifier: MIT */
/* Files in, files out: a complete output, or the truth about why there is none and nothing left
 * behind. */
#include "api_test.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct planche_engine *engine;
static struct bytes page;

static int setup(void **state)
{
    const struct planche_engine_options options = {.max_pixels = 1000000};
    struct image image;
    if (test_setup(state))
        return -1;
    engine = test_engine(options, 2);
    image_make(&image, PLANCHE_PIXELS_RGB8, 40, 30, 0, 0);
    image_draw(&image, 1);
    page = encode(&image.pixels, PLANCHE_FORMAT_PNG);
    test_write(test_path("model-page.png"), page.data, page.size);
    image_free(&image);
    return 0;
}

static int teardown(void **state)
{
    planche_engine_destroy(&engine);
    free(page.data);
    return test_teardown(state);
}

/* The page as a file with another content. */
static void put_page(const void *data, size_t size)
{
    test_write(test_path("model-other"), data, size);
}

static void expect(enum planche_status expected, const char *input, const char *output,
                   const struct planche_page_options *options, const char *word)
{
    struct planche_error error = {.status = PLANCHE_OK};
    enum planche_status status =
        planche_engine_run_file(engine, input, output, options, NULL, &error);
    if (status != expected)
        fail_msg("%s to %s: status %d, not %d: %s", input, output, (int)status, (int)expected,
                 error.message);
    assert_int_equal(error.status, expected);
    if (expected && !strstr(error.message, word))
        fail_msg("\"%s\" does not mention \"%s\"", error.message, word);
    if (expected)
        assert_int_equal(planche_engine_run_file(engine, input, output, options, NULL, NULL),
                         expected);
}

static void expect_format(const char *name, enum planche_format expected,
                          const struct planche_page_options *options)
{
    struct image image;
    enum planche_format format;
    struct planche_error error;
    size_t size;
    if (planche_engine_run_file(engine, test_path("model-page.png"), test_path(name), options, NULL,
                                &error))
        fail_msg("%s", error.message);
    void *data = test_read(test_path(name), &size);
    assert_non_null(data);
    decode(&image, data, size, &format);
    assert_int_equal(format, expected);
    assert_int_equal(image.pixels.width, 80);
    assert_int_equal(image.pixels.height, 60);
    image_free(&image);
    free(data);
    assert_int_equal(test_count_files(), 1);
    assert_int_equal(unlink(test_path(name)), 0);
}

static void test_names_and_formats(void **state)
{
    struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    (void)state;
    expect_format("a.png", PLANCHE_FORMAT_PNG, NULL);
    expect_format("b.JPG", PLANCHE_FORMAT_JPEG, &options);
    expect_format("c.jpeg", PLANCHE_FORMAT_JPEG, &options);
    expect_format("d.webp", PLANCHE_FORMAT_WEBP, &options);
    expect_format("no extension", PLANCHE_FORMAT_WEBP, &options);
    options.format = PLANCHE_FORMAT_PNG;
    expect_format("e.jpg", PLANCHE_FORMAT_PNG, &options);
    expect_format("f.tiff", PLANCHE_FORMAT_PNG, &options);
    expect_format("\xc3\xa9 \xe6\xbc\xab.png", PLANCHE_FORMAT_PNG, &options);
}

static void test_unknown_extension(void **state)
{
    (void)state;
    expect(PLANCHE_ERROR_ARGUMENT, test_path("model-page.png"), test_path("a.tiff"), NULL, ".tiff");
    assert_int_equal(test_count_files(), 0);
}

/* The same bytes as planche_engine_run_bytes makes, with a new file's permissions. */
static void test_content(void **state)
{
    struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    struct planche_page_result result = PLANCHE_PAGE_RESULT_INIT;
    struct planche_error error;
    struct stat info;
    void *data;
    size_t size, file_size;
    (void)state;
    options.format = PLANCHE_FORMAT_PNG;
    assert_int_equal(planche_engine_run_bytes(engine, page.data, page.size, &data, &size, &options,
                                              NULL, &error),
                     PLANCHE_OK);
    assert_int_equal(planche_engine_run_file(engine, test_path("model-page.png"),
                                             test_path("a.png"), NULL, &result, &error),
                     PLANCHE_OK);
    void *file = test_read(test_path("a.png"), &file_size);
    assert_int_equal(file_size, size);
    assert_memory_equal(file, data, size);
    assert_int_equal(result.format, PLANCHE_FORMAT_PNG);
    assert_int_equal(result.output_width, 80);
    assert_int_equal(stat(test_path("a.png"), &info), 0);
    mode_t mask = umask(0);
    umask(mask);
    assert_int_equal(info.st_mode & 0777, 0666 & ~mask);
    free(file);
    planche_free_bytes(data);
    assert_int_equal(unlink(test_path("a.png")), 0);
}

static void test_existing_output(void **state)
{
    struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    size_t size;
    (void)state;
    test_write(test_path("a.png"), "mine", 4);
    expect(PLANCHE_ERROR_EXISTS, test_path("model-page.png"), test_path("a.png"), &options,
           "a.png");
    char *data = test_read(test_path("a.png"), &size);
    assert_int_equal(size, 4);
    assert_memory_equal(data, "mine", 4);
    free(data);
    options.overwrite = 1;
    expect(PLANCHE_OK, test_path("model-page.png"), test_path("a.png"), &options, "");
    data = test_read(test_path("a.png"), &size);
    assert_true(size > 100);
    free(data);
    /* Failing to replace an output leaves it as it was. */
    put_page("no page", 7);
    expect(PLANCHE_ERROR_DATA, test_path("model-other"), test_path("a.png"), &options,
           "model-other");
    data = test_read(test_path("a.png"), &size);
    assert_true(size > 100);
    free(data);
    assert_int_equal(test_count_files(), 1);
    assert_int_equal(unlink(test_path("a.png")), 0);
}

static void test_bad_places(void **state)
{
    (void)state;
    expect(PLANCHE_ERROR_NOT_FOUND, test_path("none.png"), test_path("a.png"), NULL, "none.png");
    expect(PLANCHE_ERROR_NOT_FOUND, test_path("model-page.png"), test_path("none/a.png"), NULL,
           "none/a.png");
    assert_int_equal(mkdir(test_path("folder.png"), 0777), 0);
    expect(PLANCHE_ERROR_IO, test_path("model-page.png"), test_path("folder.png"), NULL,
           "folder.png");
    expect(PLANCHE_ERROR_IO, test_path("folder.png"), test_path("a.png"), NULL, "folder.png");
    assert_int_equal(test_count_files(), 1);
    assert_int_equal(rmdir(test_path("folder.png")), 0);
    expect(PLANCHE_ERROR_IO, test_path("model-page.png"), "/dev/null", NULL, "/dev/null");
    expect(PLANCHE_ERROR_ARGUMENT, test_path("model-page.png"), "", NULL, "");
    expect(PLANCHE_ERROR_ARGUMENT, NULL, test_path("a.png"), NULL, "input");
    expect(PLANCHE_ERROR_ARGUMENT, test_path("model-page.png"), NULL, NULL, "output");
    assert_int_equal(test_count_files(), 0);
}

/* Cut anywhere, the page is damaged, and the output does not exist. */
static void test_truncated_page(void **state)
{
    (void)state;
    for (size_t size = 0; size < page.size - 12; size += 1 + page.size / 40) {
        put_page(page.data, size);
        expect(PLANCHE_ERROR_DATA, test_path("model-other"), test_path("a.png"), NULL,
               "model-other");
        assert_int_equal(test_count_files(), 0);
    }
}

static void expect_of_size(enum planche_status expected, uint32_t width, uint32_t height,
                           const char *output, const char *word)
{
    struct image image;
    image_make(&image, PLANCHE_PIXELS_GREY8, width, height, 0, 0);
    struct bytes bytes = encode(&image.pixels, PLANCHE_FORMAT_PNG);
    put_page(bytes.data, bytes.size);
    expect(expected, test_path("model-other"), test_path(output), NULL, word);
    assert_int_equal(test_count_files(), expected == PLANCHE_OK);
    unlink(test_path(output));
    free(bytes.data);
    image_free(&image);
}

/* The formats' limits are told before the network runs, and so is max_pixels. */
static void test_limits(void **state)
{
    (void)state;
    expect_of_size(PLANCHE_ERROR_LIMIT, 8192, 1, "a.webp", "16383");
    expect_of_size(PLANCHE_ERROR_LIMIT, 1, 32768, "a.jpg", "JPEG");
    expect_of_size(PLANCHE_OK, 1, 8191, "a.webp", "");
    expect_of_size(PLANCHE_OK, 500, 500, "a.png", "");
    expect_of_size(PLANCHE_ERROR_LIMIT, 501, 500, "a.png", "limit");
    expect_of_size(PLANCHE_ERROR_LIMIT, 1000, 1000, "a.png", "limit");
}

static void test_bad_options(void **state)
{
    struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    const char *input = test_path("model-page.png"), *output = test_path("a.png");
    (void)state;
    options.quality = 101;
    expect(PLANCHE_ERROR_ARGUMENT, input, output, &options, "101");
    options.quality = -1;
    expect(PLANCHE_ERROR_ARGUMENT, input, output, &options, "-1");
    options.quality = 0;
    options.effort = 10;
    expect(PLANCHE_ERROR_ARGUMENT, input, output, &options, "10");
    options.effort = 0;
    options.format = (enum planche_format)9;
    expect(PLANCHE_ERROR_ARGUMENT, input, output, &options, "9");
    /* An older caller does not know of what comes behind: there is rubbish. */
    options.format = PLANCHE_FORMAT_AUTO;
    options.quality = 1000;
    options.overwrite = 1;
    options.struct_size = offsetof(struct planche_page_options, quality);
    test_write(output, "mine", 4);
    expect(PLANCHE_ERROR_EXISTS, input, output, &options, "a.png");
    unlink(output);
    struct planche_error error;
    if (planche_engine_run_file(engine, input, output, &options, NULL, &error))
        fail_msg("%s", error.message);
    unlink(output);
    assert_int_equal(test_count_files(), 0);
}

static void test_older_results(void **state)
{
    union {
        struct planche_page_result result;
        unsigned char bytes[sizeof(struct planche_page_result)];
    } old;
    size_t known = offsetof(struct planche_page_result, format);
    (void)state;
    memset(&old, 0xee, sizeof(old));
    old.result.struct_size = known;
    assert_int_equal(planche_engine_run_file(engine, test_path("model-page.png"),
                                             test_path("a.png"), NULL, &old.result, NULL),
                     PLANCHE_OK);
    assert_int_equal(old.result.struct_size, known);
    assert_int_equal(old.result.output_height, 60);
    for (size_t i = known; i < sizeof(old); i++)
        assert_int_equal(old.bytes[i], 0xee);
    unlink(test_path("a.png"));
}

/* Bytes and pixels that make no sense. */
static void test_bad_arguments(void **state)
{
    struct planche_error error;
    void *data = &error;
    size_t size = 7;
    (void)state;
    assert_int_equal(
        planche_engine_run_bytes(engine, "no page", 7, &data, &size, NULL, NULL, &error),
        PLANCHE_ERROR_DATA);
    assert_null(data);
    assert_int_equal(size, 0);
    assert_int_equal(planche_engine_run_bytes(engine, "", 0, &data, &size, NULL, NULL, &error),
                     PLANCHE_ERROR_DATA);
    assert_int_equal(planche_engine_run_bytes(engine, NULL, 5, &data, &size, NULL, NULL, &error),
                     PLANCHE_ERROR_ARGUMENT);
    assert_int_equal(planche_engine_run_bytes(NULL, "a", 1, &data, &size, NULL, NULL, &error),
                     PLANCHE_ERROR_ARGUMENT);
    assert_int_equal(planche_engine_run_bytes(engine, "a", 1, NULL, &size, NULL, NULL, &error),
                     PLANCHE_ERROR_ARGUMENT);
    planche_free_bytes(NULL);
}

static void test_bad_pixels(void **state)
{
    struct image in, out;
    struct planche_error error;
    (void)state;
    image_make(&in, PLANCHE_PIXELS_RGB8, 5, 4, 0, 9);
    image_make(&out, PLANCHE_PIXELS_RGB8, 10, 8, 0, 9);
    for (int wrong = 0; wrong < 12; wrong++) {
        struct planche_pixels a = in.pixels, b = out.pixels;
        a.format = wrong == 0 ? (enum planche_pixel_format)0 : a.format;
        a.format = wrong == 1 ? (enum planche_pixel_format)9 : a.format;
        a.width = wrong == 2 ? 0 : a.width;
        a.height = wrong == 3 ? 0 : a.height;
        a.stride = wrong == 4 ? 14 : a.stride;
        a.data = wrong == 5 ? NULL : a.data;
        b.format = wrong == 6 ? PLANCHE_PIXELS_RGBA8 : b.format;
        b.width = wrong == 7 ? 11 : b.width;
        b.height = wrong == 8 ? 7 : b.height;
        b.stride = wrong == 9 ? 29 : b.stride;
        b.data = wrong == 10 ? NULL : b.data;
        error.status = PLANCHE_OK;
        assert_int_equal(
            planche_engine_run_pixels(engine, &a, wrong == 11 ? NULL : &b, NULL, NULL, &error),
            PLANCHE_ERROR_ARGUMENT);
        assert_int_equal(error.status, PLANCHE_ERROR_ARGUMENT);
    }
    for (size_t i = 0; i < 10 * 8 * 3; i++)
        assert_int_equal(out.data[i], 9);
    image_free(&in);
    image_free(&out);
}

static void test_odd_addresses(void **state)
{
    struct image in, out;
    (void)state;
    image_make(&in, PLANCHE_PIXELS_GREY16, 5, 4, 10, 9);
    image_make(&out, PLANCHE_PIXELS_GREY16, 10, 8, 10, 9);
    for (int odd = 0; odd <= 4; odd++) {
        struct planche_pixels a = in.pixels, b = out.pixels;
        a.stride -= odd == 1;
        a.data = in.data + (odd == 2);
        b.stride -= odd == 3;
        b.data = out.data + (odd == 4);
        assert_int_equal(planche_engine_run_pixels(engine, &a, &b, NULL, NULL, NULL),
                         odd ? PLANCHE_ERROR_ARGUMENT : PLANCHE_OK);
    }
    image_free(&in);
    image_free(&out);
}

/* Results say what they were made from, and the mark of an enlarged page that is enlarged again is
 * the later one. */
static void test_marks(void **state)
{
    static const char *const names[] = {"a.png", "a.jpg", "a.webp", "a.avif", "a.jxl"};
    struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    struct planche_provenance mark = PLANCHE_PROVENANCE_INIT, last = PLANCHE_PROVENANCE_INIT;
    struct planche_error error;
    (void)state;
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(planche_engine_run_file(engine, test_path("model-page.png"),
                                                 test_path(names[i]), &options, NULL, &error),
                         PLANCHE_OK);
        assert_int_equal(planche_provenance_read(test_path(names[i]), &mark, &error), PLANCHE_OK);
        assert_string_equal(mark.source, "");
        options.provenance = options.overwrite = 1;
        assert_int_equal(planche_engine_run_file(engine, test_path("model-page.png"),
                                                 test_path(names[i]), &options, NULL, &error),
                         PLANCHE_OK);
        assert_int_equal(planche_provenance_read(test_path(names[i]), &mark, &error), PLANCHE_OK);
        assert_int_equal(strlen(mark.source), 64);
        assert_string_equal(mark.version, planche_version());
        assert_non_null(strstr(mark.model, " 2x"));
        if (i > 0)
            assert_string_equal(mark.source, last.source);
        last = mark;
        options.provenance = 0;
    }
    options.provenance = 1;
    assert_int_equal(planche_engine_run_file(engine, test_path("a.webp"), test_path("b.webp"),
                                             &options, NULL, &error),
                     PLANCHE_OK);
    assert_int_equal(planche_provenance_read(test_path("b.webp"), &mark, &error), PLANCHE_OK);
    assert_string_not_equal(mark.source, last.source);
    assert_int_equal(planche_provenance_read_within(test_path("b.webp"), 4 << 20, &mark, &error),
                     PLANCHE_OK);
    assert_int_equal(strlen(mark.source), 64);
    assert_int_equal(planche_provenance_read_within(test_path("b.webp"), 4096, &mark, &error),
                     PLANCHE_ERROR_BUDGET);
    assert_int_equal(planche_provenance_read(test_path("none"), &mark, &error),
                     PLANCHE_ERROR_NOT_FOUND);
    assert_string_equal(mark.source, "");
    assert_int_equal(planche_provenance_read(NULL, &mark, &error), PLANCHE_ERROR_ARGUMENT);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(unlink(test_path(names[i])), 0);
    assert_int_equal(unlink(test_path("b.webp")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_and_formats),
        cmocka_unit_test(test_unknown_extension),
        cmocka_unit_test(test_content),
        cmocka_unit_test(test_existing_output),
        cmocka_unit_test(test_bad_places),
        cmocka_unit_test(test_truncated_page),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_bad_options),
        cmocka_unit_test(test_older_results),
        cmocka_unit_test(test_bad_arguments),
        cmocka_unit_test(test_bad_pixels),
        cmocka_unit_test(test_odd_addresses),
        cmocka_unit_test(test_marks),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
