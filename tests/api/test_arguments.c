/* SPDX-License-Identifier: MIT */
/* Arguments of the public functions: callers that want no error, and structs of callers that were
 * built against another version of the headers. */
#include "api_test.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct planche_engine *engine;
static struct image page;

static int setup(void **state)
{
    struct planche_engine_options options = PLANCHE_ENGINE_OPTIONS_INIT;
    if (test_setup(state))
        return -1;
    engine = test_engine(options, 2);
    image_make(&page, PLANCHE_PIXELS_RGB8, 40, 30, 0, 0);
    image_draw(&page, 1);
    return 0;
}

static int teardown(void **state)
{
    image_free(&page);
    planche_engine_destroy(&engine);
    return test_teardown(state);
}

static void write_page(const char *path)
{
    struct bytes file = encode(&page.pixels, PLANCHE_FORMAT_PNG);
    test_write(path, file.data, file.size);
    free(file.data);
}

/* A CBZ of two pages, the second of which has a wrong byte. */
static void write_damaged_book(const char *path)
{
    char folder[PATH_MAX];
    snprintf(folder, sizeof(folder), "%s", test_path("pages"));
    assert_int_equal(mkdir(folder, 0755), 0);
    write_page(test_path("pages/1.png"));
    write_page(test_path("pages/2.png"));
    struct planche_page_options keep = PLANCHE_PAGE_OPTIONS_INIT;
    struct planche_book_options options = PLANCHE_BOOK_OPTIONS_INIT;
    options.page = &keep;
    options.skip_above = 1;
    assert_int_equal(planche_engine_run_book(engine, folder, path, &options, NULL, NULL),
                     PLANCHE_OK);
    assert_int_equal(unlink(test_path("pages/1.png")), 0);
    assert_int_equal(unlink(test_path("pages/2.png")), 0);
    assert_int_equal(rmdir(folder), 0);
    size_t size;
    unsigned char *file = test_read(path, &size);
    file[size / 2] ^= 0x40;
    test_write(path, file, size);
    free(file);
}

static void count_failed(void *user, const struct planche_book_page *entry)
{
    *(unsigned *)user += entry->outcome == PLANCHE_BOOK_FAILED;
}

/* The page that failed says why, though the caller of the whole wants no error. */
static void test_damaged_book_without_error(void **state)
{
    char book[PATH_MAX];
    unsigned failed = 0;
    struct planche_book_options options = PLANCHE_BOOK_OPTIONS_INIT;
    struct planche_book_result result = PLANCHE_BOOK_RESULT_INIT;
    (void)state;
    snprintf(book, sizeof(book), "%s", test_path("damaged.cbz"));
    write_damaged_book(book);
    options.on_page = count_failed;
    options.user = &failed;
    assert_int_equal(planche_book_inspect(book, &options, &result, NULL), PLANCHE_OK);
    assert_int_equal(failed, 1);
    assert_int_equal(result.outcomes[PLANCHE_BOOK_FAILED], 1);
    failed = 0;
    assert_int_equal(
        planche_engine_run_book(engine, book, test_path("out.cbz"), &options, &result, NULL),
        PLANCHE_OK);
    assert_int_equal(failed, 1);
    options.on_error = PLANCHE_ON_ERROR_FAIL;
    assert_int_not_equal(
        planche_engine_run_book(engine, book, test_path("other.cbz"), &options, NULL, NULL),
        PLANCHE_OK);
    unlink(book);
    unlink(test_path("out.cbz"));
    planche_book_tidy(test_path("other.cbz"));
}

static enum planche_status run_nothing(void *user, struct planche_cancel *cancel)
{
    (void)user;
    (void)cancel;
    return PLANCHE_OK;
}

/* Every function that can fail, on input that makes it fail, without an error to fill: see
 * tests/headers/null_errors.py. */
static void test_null_errors(void **state)
{
    static const char garbage[] = "\x89PNG\r\n\x1a\n and no page";
    struct planche_engine *none;
    struct planche_page_result result = PLANCHE_PAGE_RESULT_INIT;
    struct planche_provenance provenance = PLANCHE_PROVENANCE_INIT;
    struct planche_gpu_info gpu = PLANCHE_GPU_INFO_INIT;
    struct planche_engine_options options = PLANCHE_ENGINE_OPTIONS_INIT;
    struct planche_book_options books = PLANCHE_BOOK_OPTIONS_INIT;
    struct planche_pixels small = page.pixels;
    struct planche_image *image;
    char input[PATH_MAX], output[PATH_MAX];
    void *data;
    size_t size;
    (void)state;
    snprintf(input, sizeof(input), "%s", test_path("garbage.png"));
    snprintf(output, sizeof(output), "%s", test_path("out.png"));
    test_write(input, garbage, sizeof(garbage));
    setenv("PLANCHE_DECODE", "/nowhere", 1);
    assert_int_equal(planche_isolation_check(NULL), PLANCHE_ERROR_UNSUPPORTED);
    unsetenv("PLANCHE_DECODE");
    options.model = "no such model";
    assert_int_equal(planche_engine_create(&none, &options, NULL), PLANCHE_ERROR_NOT_FOUND);
    options.model = input;
    assert_int_not_equal(planche_engine_create(&none, &options, NULL), PLANCHE_OK);
    options.model = test_model(2);
    options.memory = 1;
    assert_int_equal(planche_engine_create(&none, &options, NULL), PLANCHE_ERROR_BUDGET);
    assert_int_equal(planche_engine_run_file(engine, input, output, NULL, NULL, NULL),
                     PLANCHE_ERROR_DATA);
    assert_int_equal(planche_engine_look(engine, input, &result, NULL), PLANCHE_ERROR_DATA);
    assert_int_equal(planche_engine_run_file(engine, output, output, NULL, NULL, NULL),
                     PLANCHE_ERROR_NOT_FOUND);
    assert_int_equal(
        planche_engine_run_bytes(engine, garbage, sizeof(garbage), &data, &size, NULL, NULL, NULL),
        PLANCHE_ERROR_DATA);
    assert_int_equal(planche_engine_run_pixels(engine, &page.pixels, &small, NULL, NULL, NULL),
                     PLANCHE_ERROR_ARGUMENT);
    assert_int_equal(planche_page_predict(UINT32_MAX, 9, 4, 0, NULL, &result, NULL),
                     PLANCHE_ERROR_LIMIT);
    assert_int_equal(planche_engine_predict(engine, NULL, UINT32_MAX, 9, NULL, &result, NULL),
                     PLANCHE_ERROR_LIMIT);
    assert_int_equal(planche_provenance_read(input, &provenance, NULL), PLANCHE_ERROR_DATA);
    assert_int_equal(planche_provenance_read_bytes("not a page", 10, 0, &provenance, NULL),
                     PLANCHE_ERROR_DATA);
    assert_int_equal(planche_provenance_read_within(input, 0, &provenance, NULL),
                     PLANCHE_ERROR_DATA);
    assert_int_equal(planche_engine_run_book(engine, input, output, &books, NULL, NULL),
                     PLANCHE_ERROR_DATA);
    assert_int_equal(planche_book_inspect(input, &books, NULL, NULL), PLANCHE_ERROR_DATA);
    assert_int_not_equal(planche_gpu_get_info(UINT_MAX, &gpu, NULL), PLANCHE_OK);
    assert_int_not_equal(planche_gpu_tune(UINT_MAX, NULL, NULL), PLANCHE_OK);
    assert_int_equal(planche_cancel_create(NULL, NULL), PLANCHE_ERROR_ARGUMENT);
    assert_int_equal(planche_image_read(&image, test_path("nowhere.png"), NULL, NULL),
                     PLANCHE_ERROR_NOT_FOUND);
    assert_int_equal(planche_image_check_bytes(NULL, 0, NULL, NULL), PLANCHE_ERROR_ARGUMENT);
    assert_int_equal(planche_image_get_pixels(image, &small, NULL), PLANCHE_ERROR_ARGUMENT);
    assert_int_equal(planche_image_write(test_path("a.nonsense"), &page.pixels, NULL, NULL, NULL),
                     PLANCHE_ERROR_ARGUMENT);
    unlink(input);
}

static void test_null_errors_of_models(void **state)
{
    const struct planche_model_variant *variant;
    char path[4];
    (void)state;
    assert_int_equal(planche_model_find("realcugan", 9, PLANCHE_DENOISE_DEFAULT, &variant, NULL),
                     PLANCHE_ERROR_ARGUMENT);
    assert_int_equal(
        planche_model_check(planche_model_variant_get(0), test_path("nowhere"), 0, NULL),
        PLANCHE_ERROR_NOT_FOUND);
    assert_true(planche_model_is_file("a/b.pth") && planche_model_is_file("b.safetensors") &&
                planche_model_is_file("b.param") && planche_model_is_file("b.planche"));
    assert_false(planche_model_is_file("realcugan") || planche_model_is_file(".pth") ||
                 planche_model_is_file(NULL));
    assert_int_equal(planche_build_check("nonsense", NULL), PLANCHE_ERROR_ARGUMENT);
    assert_int_equal(planche_build_check(NULL, NULL), PLANCHE_ERROR_ARGUMENT);
    assert_int_equal(planche_model_part_find("a+", 0, NULL, NULL), PLANCHE_ERROR_ARGUMENT);
    assert_int_equal(planche_model_directory(path, 1, NULL), PLANCHE_ERROR_ARGUMENT);
    assert_int_equal(planche_model_inspect(test_path("nowhere.pth"), 0, NULL, NULL),
                     PLANCHE_ERROR_NOT_FOUND);
    assert_int_equal(planche_model_import(test_path("nowhere"), NULL, NULL),
                     PLANCHE_ERROR_NOT_FOUND);
    assert_int_equal(
        planche_model_path(planche_model_variant_get(0), "a", path, sizeof(path), NULL),
        PLANCHE_ERROR_ARGUMENT);
}

static void test_null_errors_of_jobs(void **state)
{
    struct planche_job_queue_options options = PLANCHE_JOB_QUEUE_OPTIONS_INIT;
    struct planche_job_queue *queue;
    struct planche_job job = PLANCHE_JOB_INIT;
    uint64_t id;
    (void)state;
    options.workers = UINT_MAX;
    assert_int_equal(planche_job_queue_create(&queue, &options, NULL), PLANCHE_ERROR_ARGUMENT);
    assert_int_equal(planche_job_queue_create(&queue, NULL, NULL), PLANCHE_OK);
    assert_int_equal(planche_job_submit(queue, &job, NULL, &id, NULL), PLANCHE_ERROR_ARGUMENT);
    assert_int_equal(planche_job_try_submit(queue, &job, &id, NULL), PLANCHE_ERROR_ARGUMENT);
    planche_job_queue_shutdown(queue);
    job.run = run_nothing;
    assert_int_not_equal(planche_job_submit(queue, &job, NULL, &id, NULL), PLANCHE_OK);
    assert_int_equal(planche_job_queue_drain(NULL, NULL, NULL), PLANCHE_ERROR_ARGUMENT);
    planche_job_queue_destroy(&queue);
}

/* Things without sense that must not be read. */
static void test_null_arguments(void **state)
{
    struct planche_gpu_tune_options tune = PLANCHE_GPU_TUNE_OPTIONS_INIT;
    struct planche_pixels pixels = page.pixels;
    struct planche_provenance provenance = PLANCHE_PROVENANCE_INIT;
    struct planche_engine_info info = PLANCHE_ENGINE_INFO_INIT;
    struct planche_error error;
    void *data;
    (void)state;
    assert_int_equal(planche_engine_create(NULL, NULL, &error), PLANCHE_ERROR_ARGUMENT);
    assert_int_equal(planche_engine_run_file(NULL, "a", "b", NULL, NULL, &error),
                     PLANCHE_ERROR_ARGUMENT);
    assert_int_equal(planche_engine_run_bytes(engine, "a", 1, &data, NULL, NULL, NULL, &error),
                     PLANCHE_ERROR_ARGUMENT);
    assert_int_equal(planche_engine_run_pixels(engine, NULL, &pixels, NULL, NULL, &error),
                     PLANCHE_ERROR_ARGUMENT);
    assert_int_equal(planche_engine_look(engine, "a", NULL, &error), PLANCHE_ERROR_ARGUMENT);
    assert_int_equal(planche_page_predict(1, 1, 1, 0, NULL, NULL, &error), PLANCHE_ERROR_ARGUMENT);
    assert_int_equal(planche_engine_predict(engine, NULL, 1, 1, NULL, NULL, &error),
                     PLANCHE_ERROR_ARGUMENT);
    assert_int_equal(planche_provenance_read(NULL, &provenance, &error), PLANCHE_ERROR_ARGUMENT);
    assert_int_equal(planche_provenance_read_within(NULL, 0, &provenance, &error),
                     PLANCHE_ERROR_ARGUMENT);
    assert_int_equal(planche_provenance_read_bytes(NULL, 0, 0, &provenance, &error),
                     PLANCHE_ERROR_ARGUMENT);
    assert_int_equal(planche_model_find(NULL, 0, PLANCHE_DENOISE_DEFAULT, NULL, &error),
                     PLANCHE_ERROR_ARGUMENT);
    assert_int_equal(planche_model_check(NULL, NULL, 0, &error), PLANCHE_ERROR_ARGUMENT);
    assert_int_equal(planche_model_directory(NULL, 9, &error), PLANCHE_ERROR_ARGUMENT);
    assert_int_equal(planche_model_inspect(NULL, 0, NULL, &error), PLANCHE_ERROR_ARGUMENT);
    assert_int_equal(planche_model_import(NULL, NULL, &error), PLANCHE_ERROR_ARGUMENT);
    assert_int_equal(planche_gpu_get_info(0, NULL, &error), PLANCHE_ERROR_ARGUMENT);
    tune.seconds = -1;
    assert_int_equal(planche_gpu_tune(0, &tune, &error), PLANCHE_ERROR_ARGUMENT);
    assert_int_equal(planche_book_inspect(NULL, NULL, NULL, &error), PLANCHE_ERROR_ARGUMENT);
    assert_int_equal(planche_format_from_name(NULL), PLANCHE_FORMAT_AUTO);
    assert_int_equal(planche_container_of(NULL), PLANCHE_CONTAINER_AUTO);
    assert_false(planche_book_is_library(NULL));
    assert_int_equal(planche_engine_get_profile(NULL, NULL, 0, 0), 0);
    assert_int_equal(planche_engine_get_info(engine, NULL, NULL), PLANCHE_ERROR_ARGUMENT);
    assert_int_equal(planche_engine_get_info(NULL, &info, NULL), PLANCHE_ERROR_ARGUMENT);
    planche_engine_destroy(NULL);
    planche_cancel_destroy(NULL);
    planche_cancel_request(NULL);
    planche_book_tidy(NULL);
    planche_free_bytes(NULL);
}

/* A public struct as it is passed: this library's, and what a newer header has behind it. */
union passed {
    struct planche_engine_options engine;
    struct planche_page_options page;
    struct planche_book_options book;
    struct planche_pixels pixels;
    struct planche_job_queue_options queue;
    struct planche_job job;
    size_t struct_size;
    unsigned char bytes[1024];
};

static enum planche_status create_engine(const union passed *passed, struct planche_error *error)
{
    struct planche_engine *made;
    enum planche_status status = planche_engine_create(&made, &passed->engine, error);
    planche_engine_destroy(&made);
    return status;
}

static enum planche_status run_page(const union passed *passed, struct planche_error *error)
{
    struct bytes file = encode(&page.pixels, PLANCHE_FORMAT_PNG);
    void *data;
    size_t size;
    enum planche_status status = planche_engine_run_bytes(engine, file.data, file.size, &data,
                                                          &size, &passed->page, NULL, error);
    free(file.data);
    planche_free_bytes(data);
    return status;
}

static enum planche_status predict_page(const union passed *passed, struct planche_error *error)
{
    struct planche_page_result result = PLANCHE_PAGE_RESULT_INIT;
    return planche_page_predict(10, 10, 2, 0, &passed->page, &result, error);
}

static enum planche_status inspect_book(const union passed *passed, struct planche_error *error)
{
    return planche_book_inspect(test_folder, &passed->book, NULL, error);
}

static enum planche_status inspect_pages(const union passed *passed, struct planche_error *error)
{
    struct planche_book_options options = PLANCHE_BOOK_OPTIONS_INIT;
    options.page = &passed->page;
    return planche_book_inspect(test_folder, &options, NULL, error);
}

static enum planche_status run_pixels(const union passed *passed, struct planche_error *error)
{
    struct image out;
    image_make(&out, PLANCHE_PIXELS_RGB8, 80, 60, 0, 0);
    enum planche_status status =
        planche_engine_run_pixels(engine, &passed->pixels, &out.pixels, NULL, NULL, error);
    image_free(&out);
    return status;
}

static enum planche_status create_queue(const union passed *passed, struct planche_error *error)
{
    struct planche_job_queue *queue;
    enum planche_status status = planche_job_queue_create(&queue, &passed->queue, error);
    planche_job_queue_destroy(&queue);
    return status;
}

static enum planche_status submit_job(const union passed *passed, struct planche_error *error)
{
    struct planche_job_queue *queue;
    assert_int_equal(planche_job_queue_create(&queue, NULL, NULL), PLANCHE_OK);
    enum planche_status status = planche_job_submit(queue, &passed->job, NULL, NULL, error);
    if (status == PLANCHE_OK)
        assert_int_equal(planche_job_queue_drain(queue, NULL, error), PLANCHE_OK);
    planche_job_queue_destroy(&queue);
    return status;
}

static void expect(enum planche_status expected, enum planche_status status, const char *words,
                   const struct planche_error *error)
{
    if (status != expected)
        fail_msg("status %d instead of %d: %s", (int)status, (int)expected, error->message);
    if (words && !strstr(error->message, words))
        fail_msg("no '%s' in '%s'", words, error->message);
}

/* No size, a newer caller that sets nothing new, and one that does. */
static void test_options(void **state)
{
    const struct {
        const char *type, *initialiser;
        enum planche_status (*use)(const union passed *passed, struct planche_error *error);
        size_t size;
        union passed base;
    } cases[] = {
        {"planche_engine_options",
         "PLANCHE_ENGINE_OPTIONS_INIT",
         create_engine,
         sizeof(struct planche_engine_options),
         {.engine = {.model = test_model(2)}}},
        {"planche_page_options",
         "PLANCHE_PAGE_OPTIONS_INIT",
         run_page,
         sizeof(struct planche_page_options),
         {.struct_size = 0}},
        {"planche_page_options",
         "PLANCHE_PAGE_OPTIONS_INIT",
         predict_page,
         sizeof(struct planche_page_options),
         {.struct_size = 0}},
        {"planche_page_options",
         "PLANCHE_PAGE_OPTIONS_INIT",
         inspect_pages,
         sizeof(struct planche_page_options),
         {.struct_size = 0}},
        {"planche_book_options",
         "PLANCHE_BOOK_OPTIONS_INIT",
         inspect_book,
         sizeof(struct planche_book_options),
         {.struct_size = 0}},
        {"planche_pixels",
         "PLANCHE_PIXELS_INIT",
         run_pixels,
         sizeof(struct planche_pixels),
         {.pixels = page.pixels}},
        {"planche_job_queue_options",
         "PLANCHE_JOB_QUEUE_OPTIONS_INIT",
         create_queue,
         sizeof(struct planche_job_queue_options),
         {.struct_size = 0}},
        {"planche_job",
         "PLANCHE_JOB_INIT",
         submit_job,
         sizeof(struct planche_job),
         {.job = {.run = run_nothing}}},
    };
    (void)state;
    write_page(test_path("in.png"));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct planche_error error;
        union passed passed;
        memset(&passed, 0, sizeof(passed));
        memcpy(&passed, &cases[i].base, cases[i].size);
        passed.struct_size = 0;
        expect(PLANCHE_ERROR_ARGUMENT, cases[i].use(&passed, &error), cases[i].initialiser, &error);
        passed.struct_size = SIZE_MAX;
        expect(PLANCHE_ERROR_ARGUMENT, cases[i].use(&passed, &error), cases[i].type, &error);
        passed.struct_size = cases[i].size;
        expect(PLANCHE_OK, cases[i].use(&passed, &error), NULL, &error);
        passed.struct_size = cases[i].size + 64;
        expect(PLANCHE_OK, cases[i].use(&passed, &error), NULL, &error);
        passed.bytes[cases[i].size + 63] = 1;
        expect(PLANCHE_ERROR_UNSUPPORTED, cases[i].use(&passed, &error), cases[i].type, &error);
        expect(PLANCHE_ERROR_UNSUPPORTED, cases[i].use(&passed, &error), "newer header", &error);
    }
    unlink(test_path("in.png"));
}

/* Structs that are filled: without a size nothing is done. */
static void test_results_without_size(void **state)
{
    struct planche_page_result result = {.struct_size = 0};
    struct planche_book_result books = {.struct_size = 0};
    struct planche_provenance provenance = {.struct_size = 0};
    struct planche_gpu_info gpu = {.struct_size = 0};
    struct planche_engine_info info = {.struct_size = 0};
    struct planche_error error;
    char output[PATH_MAX];
    (void)state;
    snprintf(output, sizeof(output), "%s", test_path("out.png"));
    write_page(test_path("in.png"));
    expect(PLANCHE_ERROR_ARGUMENT,
           planche_engine_run_file(engine, test_path("in.png"), output, NULL, &result, &error),
           "PLANCHE_PAGE_RESULT_INIT", &error);
    assert_int_equal(access(output, F_OK), -1);
    expect(PLANCHE_ERROR_ARGUMENT, planche_page_predict(9, 9, 2, 0, NULL, &result, &error),
           "PLANCHE_PAGE_RESULT_INIT", &error);
    expect(PLANCHE_ERROR_ARGUMENT, planche_book_inspect(test_folder, NULL, &books, &error),
           "PLANCHE_BOOK_RESULT_INIT", &error);
    expect(PLANCHE_ERROR_ARGUMENT,
           planche_provenance_read(test_path("in.png"), &provenance, &error),
           "PLANCHE_PROVENANCE_INIT", &error);
    struct planche_gpu_tune_options tune = {.struct_size = 0};
    expect(PLANCHE_ERROR_ARGUMENT, planche_gpu_tune(0, &tune, &error),
           "PLANCHE_GPU_TUNE_OPTIONS_INIT", &error);
    expect(PLANCHE_ERROR_ARGUMENT, planche_gpu_get_info(0, &gpu, &error), "PLANCHE_GPU_INFO_INIT",
           &error);
    expect(PLANCHE_ERROR_ARGUMENT, planche_engine_get_info(engine, &info, &error),
           "PLANCHE_ENGINE_INFO_INIT", &error);
    assert_int_equal(planche_page_file_name(output, sizeof(output), "a.png", &result, 1), 0);
    unlink(test_path("in.png"));
}

/* Every initialiser macro has a function; both make the same bytes, and the function keeps to the
 * caller's size. */
static void test_init_functions(void **state)
{
    (void)state;
#define CHECK_INIT(name, macro)                                                                    \
    do {                                                                                           \
        struct planche_##name expected = macro;                                                    \
        struct {                                                                                   \
            struct planche_##name known;                                                           \
            unsigned char behind[8];                                                               \
        } made;                                                                                    \
        memset(&made, 0xee, sizeof(made));                                                         \
        planche_##name##_init(&made.known, sizeof(made.known));                                    \
        assert_memory_equal(&made.known, &expected, sizeof(expected));                             \
        assert_int_equal(made.behind[0], 0xee);                                                    \
        planche_##name##_init(&made.known, sizeof(size_t) - 1);                                    \
        assert_memory_equal(&made.known, &expected, sizeof(expected));                             \
        planche_##name##_init(NULL, sizeof(made.known));                                           \
    } while (0)
    CHECK_INIT(engine_options, PLANCHE_ENGINE_OPTIONS_INIT);
    CHECK_INIT(engine_info, PLANCHE_ENGINE_INFO_INIT);
    CHECK_INIT(page_options, PLANCHE_PAGE_OPTIONS_INIT);
    CHECK_INIT(page_result, PLANCHE_PAGE_RESULT_INIT);
    CHECK_INIT(provenance, PLANCHE_PROVENANCE_INIT);
    CHECK_INIT(pixels, PLANCHE_PIXELS_INIT);
    CHECK_INIT(book_options, PLANCHE_BOOK_OPTIONS_INIT);
    CHECK_INIT(book_result, PLANCHE_BOOK_RESULT_INIT);
    CHECK_INIT(job_queue_options, PLANCHE_JOB_QUEUE_OPTIONS_INIT);
    CHECK_INIT(job, PLANCHE_JOB_INIT);
    CHECK_INIT(gpu_info, PLANCHE_GPU_INFO_INIT);
    CHECK_INIT(gpu_tune_options, PLANCHE_GPU_TUNE_OPTIONS_INIT);
    CHECK_INIT(image_options, PLANCHE_IMAGE_OPTIONS_INIT);
#undef CHECK_INIT
}

/* In place, and one byte in common at either end; side by side is fine. */
static void test_overlap(void **state)
{
    uint8_t memory[3 * 5 * 4 + 4 * 3 * 5 * 4];
    const size_t in_bytes = 3 * 5 * 4, out_bytes = 4 * in_bytes;
    static const struct {
        size_t in, out;
        enum planche_status status;
    } cases[] = {
        {0, 0, PLANCHE_ERROR_ARGUMENT},
        {0, 3 * 5 * 4 - 1, PLANCHE_ERROR_ARGUMENT},
        {4 * 3 * 5 * 4 - 1, 0, PLANCHE_ERROR_ARGUMENT},
        {0, 3 * 5 * 4, PLANCHE_OK},
        {4 * 3 * 5 * 4, 0, PLANCHE_OK},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct planche_pixels in = PLANCHE_PIXELS_INIT, out = PLANCHE_PIXELS_INIT;
        struct planche_error error;
        memset(memory, 1, sizeof(memory));
        assert_true(cases[i].in + in_bytes <= sizeof(memory) &&
                    cases[i].out + out_bytes <= sizeof(memory));
        in.format = out.format = PLANCHE_PIXELS_RGB8;
        in.width = 5, in.height = 4, in.stride = 15, in.data = memory + cases[i].in;
        out.width = 10, out.height = 8, out.stride = 30, out.data = memory + cases[i].out;
        expect(cases[i].status, planche_engine_run_pixels(engine, &in, &out, NULL, NULL, &error),
               cases[i].status ? "overlap" : NULL, &error);
    }
}

/* Entries of callers that know fewer fields, or more. */
static void test_profile_entries(void **state)
{
    struct planche_engine_options options = PLANCHE_ENGINE_OPTIONS_INIT;
    struct planche_layer_profile entries[64];
    struct {
        struct planche_layer_profile known;
        void *more;
    } wide[64];
    struct {
        const char *name, *kind;
    } narrow[64];
    (void)state;
    options.profile = 1;
    struct planche_engine *profiled = test_engine(options, 2);
    size_t count = planche_engine_get_profile(profiled, NULL, sizeof(entries[0]), 0);
    assert_true(count > 2 && count <= 64);
    memset(wide, 0xee, sizeof(wide));
    assert_int_equal(planche_engine_get_profile(profiled, entries, sizeof(entries[0]), 64), count);
    assert_int_equal(planche_engine_get_profile(profiled, (void *)wide, sizeof(wide[0]), 64),
                     count);
    memset(narrow, 0xee, sizeof(narrow));
    assert_int_equal(planche_engine_get_profile(profiled, (void *)narrow, sizeof(narrow[0]), 2),
                     count);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(wide[i].known.name, entries[i].name);
        assert_ptr_equal(wide[i].known.kind, entries[i].kind);
        assert_null(wide[i].more);
    }
    assert_string_equal(narrow[1].name, entries[1].name);
    assert_ptr_equal(narrow[1].kind, entries[1].kind);
    /* No more than two were asked for. */
    assert_int_equal(((unsigned char *)&narrow[2])[0], 0xee);
    planche_engine_destroy(&profiled);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_damaged_book_without_error),
        cmocka_unit_test(test_null_errors),
        cmocka_unit_test(test_null_errors_of_models),
        cmocka_unit_test(test_null_errors_of_jobs),
        cmocka_unit_test(test_null_arguments),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_results_without_size),
        cmocka_unit_test(test_init_functions),
        cmocka_unit_test(test_overlap),
        cmocka_unit_test(test_profile_entries),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
