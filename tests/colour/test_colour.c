/* SPDX-License-Identifier: MIT */
/* Every page of the set through the engine into every format, with a network that only repeats
 * pixels: the colours are those that the page means. */
#include "pages.h"

#include <planche/planche.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/planche-test-XXXXXX";
static struct planche_engine *engine;

static void put_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

static int make_engine(void **state)
{
    struct planche_engine_options options = PLANCHE_ENGINE_OPTIONS_INIT;
    char param[64], bin[64];
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(param, sizeof param, "%s/repeat.param", folder);
    snprintf(bin, sizeof bin, "%s/repeat.bin", folder);
    put_text(param, "7767517\n2 2\n"
                    "Input data 0 1 data\n"
                    "Interp repeat 1 1 data output 0=1 1=2 2=2\n");
    put_text(bin, "");
    options.model = param;
    options.threads = 2;
    enum planche_status status = planche_engine_create(&engine, &options, NULL);
    unlink(param);
    unlink(bin);
    rmdir(folder);
    return status;
}

static int destroy_engine(void **state)
{
    (void)state;
    planche_engine_destroy(&engine);
    return 0;
}

static double enlarged_distance(size_t page, enum planche_format format)
{
    struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    struct planche_error error;
    struct bytes file = colour_page_make(page);
    void *data;
    size_t size;
    options.format = format;
    if (planche_engine_run_bytes(engine, file.data, file.size, &data, &size, &options, NULL,
                                 &error))
        fail_msg("%s: %s", colour_page_name(page), error.message);
    struct bytes result = {data, size, size};
    double distance = colour_page_distance(page, &result);
    planche_free_bytes(data);
    bytes_free(&file);
    return distance;
}

/* The page as it is, before anything is done to it. */
static void test_pages(void **state)
{
    (void)state;
    for (size_t page = 0; page < colour_pages_count(); page++) {
        struct bytes file = colour_page_make(page);
        double distance = colour_page_distance(page, &file);
        if (distance < 0 || distance > COLOUR_LIMIT)
            fail_msg("%s is read %.3f away from what it means", colour_page_name(page), distance);
        bytes_free(&file);
    }
}

static void check_format(enum planche_format format)
{
    for (size_t page = 0; page < colour_pages_count(); page++) {
        double distance = enlarged_distance(page, format);
        if (distance < 0 || distance > COLOUR_LIMIT)
            fail_msg("%s becomes a %s that is %.3f away", colour_page_name(page),
                     planche_format_extension(format), distance);
    }
}

static void test_png(void **state)
{
    (void)state;
    check_format(PLANCHE_FORMAT_PNG);
}

static void test_jpeg(void **state)
{
    (void)state;
    check_format(PLANCHE_FORMAT_JPEG);
}

static void test_webp(void **state)
{
    (void)state;
    check_format(PLANCHE_FORMAT_WEBP);
}

static void test_avif(void **state)
{
    (void)state;
    check_format(PLANCHE_FORMAT_AVIF);
}

static void test_jxl(void **state)
{
    (void)state;
    check_format(PLANCHE_FORMAT_JXL);
}

/* A page is far from one of other colours and from one that lies on its side: the comparison sees
 * both. */
static void test_can_fail(void **state)
{
    (void)state;
    struct bytes wide = colour_page_make(colour_page_find("adobe-png"));
    struct bytes lying = colour_page_make(colour_page_find("orientation-3"));
    size_t plain = colour_page_find("srgb-png");
    assert_true(colour_page_distance(plain, &wide) > COLOUR_LIMIT);
    assert_true(colour_page_distance(plain, &lying) < COLOUR_LIMIT);
    uint8_t *exif = memmem(lying.data, lying.size, "Exif", 4);
    assert_non_null(exif);
    exif[0] = 'e';
    assert_true(colour_page_distance(plain, &lying) > COLOUR_LIMIT);
    bytes_free(&wide);
    bytes_free(&lying);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pages), cmocka_unit_test(test_can_fail), cmocka_unit_test(test_png),
        cmocka_unit_test(test_jpeg),  cmocka_unit_test(test_webp),     cmocka_unit_test(test_avif),
        cmocka_unit_test(test_jxl),
    };
    return cmocka_run_group_tests(tests, make_engine, destroy_engine);
}
