/* SPDX-License-Identifier: MIT */
/* Engines and pages under failing allocations. */
#include "engine/engine.h"
#include "support/oom.h"
#include "support/tiny_model.h"

#include "support/testing.h"
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WIDTH  12
#define HEIGHT 9

static char folder[] = "/tmp/planche-oom-XXXXXX";
static char model[128], strip_model[128], output[128];
static uint8_t *page; /* a PNG file with alpha */
static size_t page_size;

/* A strip that is too high for a WebP at 4x: few rows, since all are computed for each allocation.
 */
#define STRIP_SCALE  4
#define STRIP_WIDTH  2
#define STRIP_HEIGHT 4100

/* How often the page's odd chunk was told of: a page that begins anew has said it. */
static _Atomic unsigned told;

static void count_line(void *user, enum planche_log_level level, const char *message)
{
    (void)user;
    (void)level;
    told += strstr(message, "\"aaAa\"") != NULL;
}

/* A chunk that no page needs, with a wrong checksum, behind the header. */
static void insert_odd_chunk(void)
{
    static const uint8_t chunk[12] = {0, 0, 0, 0, 'a', 'a', 'A', 'a'};
    const size_t at = 33;
    memmove(page + at + sizeof(chunk), page + at, page_size - at);
    memcpy(page + at, chunk, sizeof(chunk));
    page_size += sizeof(chunk);
}

/* Writes a model of a scale into the folder; path[] becomes the path of its .param. */
static bool write_model(unsigned scale, char path[static 128])
{
    static struct tiny_model tiny;
    char base[96];
    snprintf(base, sizeof(base), "%s/model%u", folder, scale);
    snprintf(path, 128, "%s.param", base);
    tiny_model_make(&tiny, scale);
    return tiny_model_write(&tiny, base);
}

/* Removes a model: its .param and the .bin beside it. */
static void remove_model(const char *param)
{
    char bin[128];
    remove(param);
    snprintf(bin, sizeof(bin), "%.*sbin", (int)(strlen(param) - strlen("param")), param);
    remove(bin);
}

static int setup(void **state)
{
    uint8_t pixels[WIDTH * HEIGHT * 4];
    png_image image = {
        .version = PNG_IMAGE_VERSION, .width = WIDTH, .height = HEIGHT, .format = PNG_FORMAT_RGBA};
    png_alloc_size_t size = 0;
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(output, sizeof(output), "%s/page.webp", folder);
    for (size_t i = 0; i < sizeof(pixels); i++)
        pixels[i] = (uint8_t)(i * 37 % 251);
    if (!write_model(2, model) || !write_model(STRIP_SCALE, strip_model) ||
        !png_image_write_to_memory(&image, NULL, &size, 0, pixels, 0, NULL))
        return -1;
    page_size = size;
    page = malloc(page_size + 12);
    if (!png_image_write_to_memory(&image, page, &size, 0, pixels, 0, NULL))
        return -1;
    insert_odd_chunk();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(page);
    remove_model(model);
    remove_model(strip_model);
    /* Fails if an output is left. */
    return rmdir(folder);
}

static struct planche_engine_options engine_options(void)
{
    struct planche_engine_options options = PLANCHE_ENGINE_OPTIONS_INIT;
    options.model = model;
    options.threads = 2;
    options.memory = (uint64_t)64 << 20;
    options.log = count_line;
    return options;
}

/* The engine has a budget of its own; the scenario's stays empty. */
static enum planche_status create_scenario(void *user, struct planche_budget *budget,
                                           struct planche_error *error)
{
    const struct planche_engine_options options = engine_options();
    struct planche_engine *engine;
    (void)user;
    (void)budget;
    enum planche_status status = planche_engine_create(&engine, &options, error);
    assert_int_equal(engine == NULL, status != PLANCHE_OK);
    planche_engine_destroy(&engine);
    return status;
}

/* What every run of a page on this engine must leave: what there was before. */
struct at_work {
    struct planche_engine *engine;
    enum planche_format format;
    uint32_t scale;
    int tta, more; /* more: reduced, looked over for colours, marked */
    void *expected;
    size_t expected_size;
};

static enum planche_status bytes_scenario(void *user, struct planche_budget *budget,
                                          struct planche_error *error)
{
    struct at_work *work = user;
    struct planche_budget *engine_budget = &work->engine->state->budget;
    struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    uint64_t before = atomic_load(&engine_budget->used);
    void *data;
    size_t size;
    (void)budget;
    options.format = work->format;
    options.tta = work->tta;
    options.scale = work->scale;
    options.width = work->more ? 17 : 0;
    options.provenance = work->more;
    options.grey = work->more ? PLANCHE_GREY_AUTO : PLANCHE_GREY_KEEP;
    told = 0;
    enum planche_status status = planche_engine_run_bytes(work->engine, page, page_size, &data,
                                                          &size, &options, NULL, error);
    assert_int_equal(atomic_load(&engine_budget->used), before);
    assert_int_equal(data == NULL, status != PLANCHE_OK);
    assert_in_range(told, status ? 0 : 1, 1);
    if (!status && !work->expected) {
        work->expected = data;
        work->expected_size = size;
        return status;
    }
    if (!status) { /* a failure it could do without */
        assert_int_equal(size, work->expected_size);
        assert_memory_equal(data, work->expected, size);
    }
    planche_free_bytes(data);
    return status;
}

static enum planche_status file_scenario(void *user, struct planche_budget *budget,
                                         struct planche_error *error)
{
    struct at_work *work = user;
    char input[96];
    (void)budget;
    snprintf(input, sizeof(input), "%s/page.png", folder);
    FILE *file = fopen(input, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(page, 1, page_size, file), page_size);
    fclose(file);
    enum planche_status status =
        planche_engine_run_file(work->engine, input, output, NULL, NULL, error);
    remove(input);
    assert_int_equal(remove(output) == 0, status == PLANCHE_OK);
    return status;
}

static void test_create(void **state)
{
    (void)state;
    assert_true(oom_run("engine", create_scenario, NULL, 1) > 50);
}

static void test_pages(void **state)
{
    const struct planche_engine_options options = engine_options();
    (void)state;
    for (int i = 0; i < 2 * PLANCHE_FORMAT_JXL; i++) {
        struct at_work work = {
            .format = (enum planche_format)(i / 2 + 1),
            .scale = i == 3 ? 4 : 0, /* twice by 2 */
            .tta = i == 0,
            .more = i % 2,
        };
        assert_int_equal(planche_engine_create(&work.engine, &options, NULL), PLANCHE_OK);
        assert_true(oom_run(planche_format_extension(work.format), bytes_scenario, &work, 1) > 50);
        planche_free_bytes(work.expected);
        planche_engine_destroy(&work.engine);
    }
}

static void test_files(void **state)
{
    const struct planche_engine_options options = engine_options();
    struct at_work work = {0};
    (void)state;
    assert_int_equal(planche_engine_create(&work.engine, &options, NULL), PLANCHE_OK);
    assert_true(oom_run("file", file_scenario, &work, 1) > 50);
    planche_engine_destroy(&work.engine);
}

static void write_strip(const char *path)
{
    static uint8_t pixels[STRIP_WIDTH * STRIP_HEIGHT * 3];
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = STRIP_WIDTH,
                       .height = STRIP_HEIGHT,
                       .format = PNG_FORMAT_RGB};
    for (size_t i = 0; i < sizeof(pixels); i++)
        pixels[i] = (uint8_t)(i * 37 % 251);
    assert_true(png_image_write_to_file(&image, path, 0, pixels, 0, NULL));
}

/* Runs the strip, which becomes two files: both are there afterwards, or none. */
static enum planche_status split_scenario(void *user, struct planche_budget *budget,
                                          struct planche_error *error)
{
    const struct at_work *work = user;
    struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    char strip[96], part[96];
    (void)budget;
    snprintf(strip, sizeof(strip), "%s/strip.png", folder);
    options.on_limit = PLANCHE_ON_LIMIT_SPLIT;
    options.effort = 1; /* fast; what Planche allocates is the same for any */
    enum planche_status status =
        planche_engine_run_file(work->engine, strip, output, &options, NULL, error);
    for (int i = 1; i <= 2; i++) {
        snprintf(part, sizeof(part), "%s/page-%d.webp", folder, i);
        assert_int_equal(remove(part) == 0, status == PLANCHE_OK);
    }
    return status;
}

static void test_split(void **state)
{
    struct planche_engine_options options = engine_options();
    struct at_work work = {0};
    char strip[96];
    (void)state;
    snprintf(strip, sizeof(strip), "%s/strip.png", folder);
    write_strip(strip);
    options.model = strip_model;
    assert_int_equal(planche_engine_create(&work.engine, &options, NULL), PLANCHE_OK);
    assert_true(oom_run("split", split_scenario, &work, 4) > 50);
    planche_engine_destroy(&work.engine);
    remove(strip);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_create),
        cmocka_unit_test(test_pages),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_split),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
