/* SPDX-License-Identifier: MIT */
/* Engines whose pages run on a GPU: pages of every form against the CPU's, several at once, and
 * what becomes of them when the GPU fails. The model is small: software devices are slow. */
#include "api_test.h"
#include "backend/vulkan/device_pool.h"
#include "backend/vulkan/fault.h"
#include "engine/engine.h"
#include "gpu_pool_of.h"
#include "need_device.h"
#include "os/clock.h"
#include "support/quick.h"
#include "vulkan_test.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH  37
#define HEIGHT 26
#define SCALE  2

static const enum planche_pixel_format formats[] = {
    PLANCHE_PIXELS_GREY8,  PLANCHE_PIXELS_GREY_ALPHA8,  PLANCHE_PIXELS_RGB8,  PLANCHE_PIXELS_RGBA8,
    PLANCHE_PIXELS_GREY16, PLANCHE_PIXELS_GREY_ALPHA16, PLANCHE_PIXELS_RGB16, PLANCHE_PIXELS_RGBA16,
};
#define FORMATS (sizeof(formats) / sizeof(*formats))

/* What engines have warned of. */
struct warnings {
    pthread_mutex_t mutex;
    int count;
    char last[PLANCHE_ERROR_MESSAGE_SIZE];
};
static struct warnings warnings = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static void take_line(void *user, enum planche_log_level level, const char *line)
{
    struct warnings *to = user;
    if (level < PLANCHE_LOG_WARNING)
        return;
    pthread_mutex_lock(&to->mutex);
    to->count++;
    snprintf(to->last, sizeof(to->last), "%s", line);
    pthread_mutex_unlock(&to->mutex);
}

static const char *gpu(void)
{
    static char name[32];
    snprintf(name, sizeof(name), "vulkan:%u", test_device_index());
    return name;
}

/* On the device unless options say otherwise; warnings are forgotten. */
static struct planche_engine *make_engine(struct planche_engine_options options)
{
    options.backend = options.backend ? options.backend : gpu();
    options.log = take_line;
    options.log_user = &warnings;
    warnings.count = 0;
    return test_engine(options, SCALE);
}

static struct planche_engine *make_f32_engine(void)
{
    return make_engine((struct planche_engine_options){.precision = PLANCHE_PRECISION_F32});
}

static struct planche_engine *make_cpu_engine(void)
{
    return make_engine((struct planche_engine_options){.backend = "cpu"});
}

/* A drawn page, and place for what it becomes. */
struct page {
    struct image in, out;
};

static void make_page(struct page *page, enum planche_pixel_format format, uint32_t width,
                      uint32_t height, const struct planche_page_options *options)
{
    bool reduced = options && options->width;
    image_make(&page->in, format, width, height, 0, 0);
    image_draw(&page->in, (uint64_t)format);
    image_make(&page->out, format, reduced ? options->width : SCALE * width,
               reduced ? SCALE * height * options->width / (SCALE * width) : SCALE * height, 0, 1);
}

static void free_page(struct page *page)
{
    image_free(&page->in);
    image_free(&page->out);
}

static struct planche_page_result run_page(const struct planche_engine *engine,
                                           const struct page *page,
                                           const struct planche_page_options *options)
{
    struct planche_page_result result = PLANCHE_PAGE_RESULT_INIT;
    struct planche_error error = {0};
    if (planche_engine_run_pixels(engine, &page->in.pixels, &page->out.pixels, options, &result,
                                  &error))
        fail_msg("%s", error.message);
    return result;
}

/* The most that a sample of the two differs, in levels of 8 bits. */
static double difference(const struct planche_pixels *a, const struct planche_pixels *b)
{
    double most = 0, level = image_depth(a->format) == 16 ? 257 : 1;
    for (uint32_t y = 0; y < a->height; y++)
        for (uint32_t x = 0; x < a->width; x++)
            for (unsigned c = 0; c < image_channels(a->format); c++) {
                double other = image_sample(b, x, y, c);
                double far = (double)image_sample(a, x, y, c) - other;
                far = (far < 0 ? -far : far) / level;
                most = far > most ? far : most;
            }
    return most;
}

/* Both engines agree on pages, to a level; `step` 1: of every format. */
static void expect_agreement(const struct planche_engine *engine, const struct planche_engine *cpu,
                             const struct planche_page_options *options, size_t step)
{
    for (size_t f = 0; f < FORMATS; f += step) {
        struct page page, expected;
        make_page(&page, formats[f], WIDTH, HEIGHT, options);
        make_page(&expected, formats[f], WIDTH, HEIGHT, options);
        struct planche_page_result result = run_page(engine, &page, options);
        struct planche_page_result other = run_page(cpu, &expected, options);
        assert_string_equal(result.backend, "vulkan");
        assert_true(result.tiles > 0 && !result.redone && !result.redone_reason[0]);
        assert_string_equal(other.backend, "cpu");
        assert_true(other.tiles == 0 && other.gpu_ms == 0 && !other.redone);
        double far = difference(&page.out.pixels, &expected.out.pixels);
        if (far > 1)
            fail_msg("format %d: %g levels", (int)formats[f], far);
        free_page(&page);
        free_page(&expected);
    }
}

static void test_info(void **state)
{
    struct planche_engine_options options = {.threads = 3};
    struct planche_engine_info info = PLANCHE_ENGINE_INFO_INIT;
    struct planche_gpu_info device = PLANCHE_GPU_INFO_INIT;
    (void)state;
    assert_int_equal(planche_gpu_get_info(test_device_index(), &device, NULL), PLANCHE_OK);
    struct planche_engine *engine = make_engine(options);
    planche_engine_get_info(engine, &info, NULL);
    assert_string_equal(info.backend, "vulkan");
    assert_string_equal(info.device, device.name);
    assert_string_equal(info.gpu_path, planche_gpu_path_name(device.path));
    assert_string_equal(info.precision, device.path == PLANCHE_GPU_PATH_F32 ? "f32" : "f16");
    assert_true(info.jobs > 3); /* beside the GPU's there is a page for every thread */
    planche_engine_destroy(&engine);
    options.precision = PLANCHE_PRECISION_F32;
    engine = make_engine(options);
    planche_engine_get_info(engine, &info, NULL);
    assert_string_equal(info.precision, "f32");
    assert_string_equal(info.gpu_path, "f32");
    planche_engine_destroy(&engine);
}

/* A device that is not there, and the choice where there is nothing but software. */
static void test_choice(void **state)
{
    struct planche_engine_options options = {.backend = "auto"};
    struct planche_engine_info info = PLANCHE_ENGINE_INFO_INIT;
    struct planche_gpu_info first = PLANCHE_GPU_INFO_INIT;
    struct planche_error error = {0};
    (void)state;
    assert_int_equal(planche_gpu_get_info(0, &first, NULL), PLANCHE_OK);
    struct planche_engine *engine = make_engine(options);
    planche_engine_get_info(engine, &info, NULL);
    assert_string_equal(info.backend, first.type == PLANCHE_GPU_SOFTWARE ? "cpu" : "vulkan");
    assert_int_equal(warnings.count, 0);
    planche_engine_destroy(&engine);
    options.struct_size = sizeof(options);
    options.model = test_model(SCALE);
    options.backend = "vulkan:15";
    assert_int_equal(planche_engine_create(&engine, &options, &error), PLANCHE_ERROR_UNSUPPORTED);
    assert_non_null(strstr(error.message, "15"));
    if (first.type != PLANCHE_GPU_SOFTWARE)
        return;
    options.backend = "vulkan";
    assert_int_equal(planche_engine_create(&engine, &options, &error), PLANCHE_ERROR_UNSUPPORTED);
    options.backend = NULL;
    options.precision = PLANCHE_PRECISION_F16;
    assert_int_equal(planche_engine_create(&engine, &options, &error), PLANCHE_ERROR_UNSUPPORTED);
}

static void test_forms(void **state)
{
    struct planche_page_options reduced = PLANCHE_PAGE_OPTIONS_INIT;
    struct planche_page_options turned = PLANCHE_PAGE_OPTIONS_INIT;
    const size_t step = test_quick() ? 3 : 1;
    (void)state;
    reduced.width = WIDTH;
    turned.tta = 1;
    struct planche_engine *engine = make_f32_engine(), *cpu = make_cpu_engine();
    expect_agreement(engine, cpu, NULL, step);
    expect_agreement(engine, cpu, &reduced, step);
    expect_agreement(engine, cpu, &turned, 5); /* grey, and 16 bits with alpha */
    planche_engine_destroy(&engine);
    engine = make_engine((struct planche_engine_options){.se = PLANCHE_SE_SAMPLED});
    expect_agreement(engine, cpu, NULL, step);
    planche_engine_destroy(&engine);
    planche_engine_destroy(&cpu);
}

/* Runs a file; its result lies under test_path(output). */
static struct planche_page_result run_file(const struct planche_engine *engine, const char *input,
                                           const char *output,
                                           const struct planche_page_options *options)
{
    struct planche_page_result result = PLANCHE_PAGE_RESULT_INIT;
    struct planche_error error = {0};
    if (planche_engine_run_file(engine, input, test_path(output), options, &result, &error))
        fail_msg("%s", error.message);
    return result;
}

static void write_page(const char *name, const struct planche_pixels *pixels)
{
    struct bytes file = encode(pixels, PLANCHE_FORMAT_PNG);
    test_write(test_path(name), file.data, file.size);
    free(file.data);
}

/* What a page's pixels and its file decide: greyness, the mark, one warning and no more. */
static void test_files(void **state)
{
    struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    struct planche_provenance mark = PLANCHE_PROVENANCE_INIT;
    struct image image, result;
    enum planche_format format;
    size_t size;
    (void)state;
    struct planche_engine *engine = make_f32_engine();
    image_make(&image, PLANCHE_PIXELS_RGBA8, WIDTH, HEIGHT, 0, 200);
    image_set(&image, 3, 4, 3, 0);
    write_page("grey.png", &image.pixels);
    options.grey = PLANCHE_GREY_AUTO;
    options.provenance = 1;
    run_file(engine, test_path("grey.png"), "result.png", &options);
    void *data = test_read(test_path("result.png"), &size);
    decode(&result, data, size, &format);
    assert_int_equal(result.pixels.format, PLANCHE_PIXELS_GREY_ALPHA8);
    assert_int_equal(planche_provenance_read(test_path("result.png"), &mark, NULL), PLANCHE_OK);
    assert_int_equal(strlen(mark.source), 64);
    assert_int_equal(warnings.count, 0);
    run_file(engine, test_path("grey.png"), "result.jpg", &options);
    assert_int_equal(warnings.count, 1);
    assert_non_null(strstr(warnings.last, "transparency"));
    free(data);
    image_free(&result);
    image_free(&image);
    planche_engine_destroy(&engine);
}

/* A result that its format cannot hold. */
static void test_split(void **state)
{
    struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    struct image image;
    (void)state;
    struct planche_engine *engine = make_f32_engine();
    image_make(&image, PLANCHE_PIXELS_GREY8, 1, 8200, 0, 0);
    write_page("strip.png", &image.pixels);
    options.on_limit = PLANCHE_ON_LIMIT_SPLIT;
    struct planche_page_result result =
        run_file(engine, test_path("strip.png"), "parts.webp", &options);
    assert_string_equal(result.backend, "vulkan");
    assert_int_equal(result.parts, 2);
    image_free(&image);
    planche_engine_destroy(&engine);
}

static void test_tiles(void **state)
{
    const struct planche_engine_options variants[] = {{0}, {.tile = 16}, {.tile = 20}};
    struct page pages[3];
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct planche_engine *engine = make_engine(variants[i]);
        make_page(&pages[i], PLANCHE_PIXELS_RGBA8, WIDTH, HEIGHT, NULL);
        struct planche_page_result result = run_page(engine, &pages[i], NULL);
        assert_false(result.redone);
        assert_int_equal(result.tiles > 1, variants[i].tile > 0);
        if (i > 0)
            image_expect_equal(&pages[i].out.pixels, &pages[0].out.pixels);
        planche_engine_destroy(&engine);
    }
    for (size_t i = 0; i < 3; i++)
        free_page(&pages[i]);
}

/* The result of a page with so much memory, to be freed; NULL: it was not enough for a GPU. */
static void *run_within(uint64_t memory, const struct bytes *file, size_t *size)
{
    struct planche_engine_options options = PLANCHE_ENGINE_OPTIONS_INIT;
    struct planche_page_options page = PLANCHE_PAGE_OPTIONS_INIT;
    struct planche_page_result result = PLANCHE_PAGE_RESULT_INIT;
    struct planche_engine *engine;
    void *data = NULL;
    options.memory = memory;
    options.model = test_model(SCALE);
    options.backend = gpu();
    options.threads = 1;
    page.format = PLANCHE_FORMAT_PNG;
    if (planche_engine_create(&engine, &options, NULL))
        return NULL;
    planche_engine_run_bytes(engine, file->data, file->size, &data, size, &page, &result, NULL);
    planche_engine_destroy(&engine);
    if (!data || strcmp(result.backend, "vulkan") == 0)
        return data;
    planche_free_bytes(data);
    return NULL;
}

/* With the least memory that does, rows stream: the bytes are those of a page that is held whole.
 */
static void test_streaming(void **state)
{
    struct image image;
    size_t size, whole_size;
    void *data = NULL;
    (void)state;
    image_make(&image, PLANCHE_PIXELS_RGBA8, WIDTH, 10 * HEIGHT, 0, 0);
    image_draw(&image, 1);
    struct bytes file = encode(&image.pixels, PLANCHE_FORMAT_PNG);
    void *whole = run_within((uint64_t)64 << 20, &file, &whole_size);
    assert_non_null(whole);
    uint64_t little = (uint64_t)8 << 20, enough = (uint64_t)64 << 20;
    while (enough - little > (uint64_t)64 << 10) { /* what is held whole takes more than that */
        uint64_t memory = (little + enough) / 2;
        void *other = run_within(memory, &file, &size);
        *(other ? &enough : &little) = memory;
        if (!other)
            continue;
        planche_free_bytes(data);
        data = other;
    }
    assert_int_equal(size, whole_size);
    assert_memory_equal(data, whole, size);
    planche_free_bytes(data);
    planche_free_bytes(whole);
    free(file.data);
    image_free(&image);
}

/* A page that the GPU fails at is the CPU's to the byte. */
static void expect_redone(const struct planche_engine *engine, const struct planche_engine *cpu,
                          bool begun)
{
    struct page page, expected;
    make_page(&page, PLANCHE_PIXELS_RGBA8, WIDTH, HEIGHT, NULL);
    make_page(&expected, PLANCHE_PIXELS_RGBA8, WIDTH, HEIGHT, NULL);
    int before = warnings.count;
    struct planche_page_result result = run_page(engine, &page, NULL);
    run_page(cpu, &expected, NULL);
    assert_string_equal(result.backend, "cpu");
    assert_int_equal(result.redone, begun);
    assert_int_equal(result.redone_reason[0] != 0, begun);
    assert_true(result.gpu_ms == 0 && result.tiles == 0);
    assert_int_equal(warnings.count > before, begun);
    image_expect_equal(&page.out.pixels, &expected.out.pixels);
    free_page(&page);
    free_page(&expected);
}

static void test_faults(void **state)
{
    const enum planche_gpu_fault faults[] = {PLANCHE_GPU_FAULT_SUBMIT, PLANCHE_GPU_FAULT_WAIT};
    /* A page is sent, computed and fetched; the first of these is not waited for. */
    const uint64_t calls[] = {3, 2};
    (void)state;
    struct planche_engine *cpu = make_cpu_engine();
    for (size_t f = 0; f < 2; f++)
        for (uint64_t n = 1; n <= calls[f]; n++) {
            struct planche_engine *engine = make_f32_engine();
            planche_gpu_fail_at(faults[f], n);
            expect_redone(engine, cpu, true);
            planche_gpu_fail_at(faults[f], 0);
            /* Nothing goes to a GPU that is lost, which is said once. */
            warnings.count = 0;
            struct page page;
            make_page(&page, PLANCHE_PIXELS_RGB8, WIDTH, HEIGHT, NULL);
            for (int i = 0; i < 2; i++) {
                struct planche_page_result result = run_page(engine, &page, NULL);
                assert_string_equal(result.backend, "cpu");
                assert_false(result.redone);
                assert_int_equal(warnings.count, 1);
            }
            free_page(&page);
            planche_engine_destroy(&engine);
        }
    planche_engine_destroy(&cpu);
}

static PFN_vkWaitSemaphores wait_semaphores;
static PFN_vkGetSemaphoreCounterValue get_counter;

static VKAPI_ATTR VkResult VKAPI_CALL never_done(VkDevice device, const VkSemaphoreWaitInfo *info,
                                                 uint64_t timeout)
{
    (void)device, (void)info, (void)timeout;
    return VK_TIMEOUT;
}

static VKAPI_ATTR VkResult VKAPI_CALL stand_still(VkDevice device, VkSemaphore semaphore,
                                                  uint64_t *value)
{
    (void)device, (void)semaphore;
    *value = 0;
    return VK_SUCCESS;
}

/* A dispatch that hangs: the device stands still, is lost once patience ends, and the CPU makes the
 * page. */
static void test_hang(void **state)
{
    (void)state;
    struct planche_engine *cpu = make_cpu_engine(), *engine = make_f32_engine();
    struct planche_gpu_device *device = gpu_pool_of(engine)->contexts[0]->device;
    wait_semaphores = device->fn.WaitSemaphores;
    get_counter = device->fn.GetSemaphoreCounterValue;
    device->fn.WaitSemaphores = never_done;
    device->fn.GetSemaphoreCounterValue = stand_still;
    planche_gpu_set_patience(200);
    double start = planche_clock_ms();
    expect_redone(engine, cpu, true);
    assert_true(planche_clock_ms() - start >= 200);
    assert_true(atomic_load(&device->lost));
    assert_non_null(strstr(warnings.last, "too long"));
    gpu_be_patient();
    device->fn.WaitSemaphores = wait_semaphores;
    device->fn.GetSemaphoreCounterValue = get_counter;
    planche_engine_destroy(&engine);
    planche_engine_destroy(&cpu);
}

/* Takes what pages on the device take while they record: a callback that is called under it would
 * wait for itself. */
static int taken;

static void take_arena(void *user, double done)
{
    struct planche_gpu_context *context = gpu_pool_of(user)->contexts[0];
    (void)done;
    planche_mutex_lock(&context->arena_mutex);
    planche_mutex_unlock(&context->arena_mutex);
    taken++;
}

/* Progress is told while nothing is held that other pages need, and the result names its GPU. */
static void test_progress_holds_nothing(void **state)
{
    (void)state;
    struct planche_engine_options engine_options = {.precision = PLANCHE_PRECISION_F32, .tile = 16};
    struct planche_engine *engine = make_engine(engine_options);
    struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    struct page page;
    options.progress = take_arena;
    options.progress_user = engine;
    make_page(&page, PLANCHE_PIXELS_RGB8, WIDTH, HEIGHT, NULL);
    taken = 0;
    struct planche_page_result result = run_page(engine, &page, &options);
    assert_true(result.tiles > 1 && taken > 1);
    assert_string_equal(result.device, gpu_pool_of(engine)->contexts[0]->device->name);
    free_page(&page);
    planche_engine_destroy(&engine);
}

/* Memory that a GPU has not makes smaller tiles, or another page's. */
static void test_lack_of_memory(void **state)
{
    (void)state;
    struct planche_engine *cpu = make_cpu_engine();
    for (uint64_t n = 1; n < 6; n++) {
        struct planche_engine *engine = make_f32_engine();
        struct page page, expected;
        make_page(&page, PLANCHE_PIXELS_GREY8, WIDTH, HEIGHT, NULL);
        make_page(&expected, PLANCHE_PIXELS_GREY8, WIDTH, HEIGHT, NULL);
        planche_gpu_fail_at(PLANCHE_GPU_FAULT_ALLOCATION, n);
        struct planche_page_result result = run_page(engine, &page, NULL);
        planche_gpu_fail_at(PLANCHE_GPU_FAULT_ALLOCATION, 0);
        run_page(cpu, &expected, NULL);
        assert_int_equal(result.redone, strcmp(result.backend, "cpu") == 0);
        assert_true(difference(&page.out.pixels, &expected.out.pixels) <= 1);
        /* The next has what there is. */
        assert_string_equal(run_page(engine, &page, NULL).backend, "vulkan");
        free_page(&page);
        free_page(&expected);
        planche_engine_destroy(&engine);
    }
    planche_engine_destroy(&cpu);
}

/* Allocations of the host fail, one in each run: engines are not made, and pages are the CPU's. */
static void test_failing_allocations(void **state)
{
    struct planche_engine_options options = PLANCHE_ENGINE_OPTIONS_INIT;
    struct planche_error error;
    struct page page;
    (void)state;
    options.model = test_model(SCALE);
    options.backend = gpu();
    options.threads = 1;
    planche_alloc_fail_at(0, false);
    struct planche_engine *engine = make_engine(options);
    uint64_t count = planche_alloc_count(), step = count / (test_quick() ? 16 : 40) + 1;
    planche_engine_destroy(&engine);
    for (uint64_t n = 1; n <= count; n += step) {
        planche_alloc_fail_at(n, false);
        enum planche_status status = planche_engine_create(&engine, &options, &error);
        planche_alloc_fail_at(0, false);
        if (engine ? status : status != PLANCHE_ERROR_MEMORY && status != PLANCHE_ERROR_BUDGET)
            fail_msg("allocation %d: status %d: %s", (int)n, (int)status, error.message);
        planche_engine_destroy(&engine);
    }
    engine = make_engine(options);
    make_page(&page, PLANCHE_PIXELS_RGBA8, WIDTH, HEIGHT, NULL);
    planche_alloc_fail_at(0, false);
    run_page(engine, &page, NULL);
    count = planche_alloc_count();
    step = count / (test_quick() ? 8 : 20) + 1;
    for (uint64_t n = 1; n <= count; n += step) {
        planche_alloc_fail_at(n, false);
        struct planche_page_result result = run_page(engine, &page, NULL);
        planche_alloc_fail_at(0, false);
        assert_int_equal(result.redone, strcmp(result.backend, "cpu") == 0);
    }
    assert_string_equal(run_page(engine, &page, NULL).backend, "vulkan");
    free_page(&page);
    planche_engine_destroy(&engine);
}

/* Pages that come at once, to be compared with one that came alone. */
struct caller {
    pthread_t thread;
    const struct planche_engine *engine;
    struct page page;
    struct planche_page_result result;
    enum planche_status status;
};

static void *call(void *user)
{
    struct caller *caller = user;
    caller->result = (struct planche_page_result)PLANCHE_PAGE_RESULT_INIT;
    caller->status =
        planche_engine_run_pixels(caller->engine, &caller->page.in.pixels, &caller->page.out.pixels,
                                  NULL, &caller->result, NULL);
    return NULL;
}

static void run_at_once(const struct planche_engine *engine, struct caller *callers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        callers[i].engine = engine;
        make_page(&callers[i].page, PLANCHE_PIXELS_RGB8, WIDTH, HEIGHT, NULL);
        assert_int_equal(pthread_create(&callers[i].thread, NULL, call, &callers[i]), 0);
    }
    for (size_t i = 0; i < count; i++) {
        pthread_join(callers[i].thread, NULL);
        assert_int_equal(callers[i].status, PLANCHE_OK);
    }
}

static void test_at_once(void **state)
{
    struct caller callers[6];
    struct page alone;
    (void)state;
    struct planche_engine *engine = make_f32_engine(), *cpu = make_cpu_engine();
    make_page(&alone, PLANCHE_PIXELS_RGB8, WIDTH, HEIGHT, NULL);
    run_page(engine, &alone, NULL);
    run_at_once(engine, callers, 6);
    for (size_t i = 0; i < 6; i++) {
        image_expect_equal(&callers[i].page.out.pixels, &alone.out.pixels);
        free_page(&callers[i].page);
    }
    /* The GPU goes while they run: each is the GPU's or the CPU's. */
    planche_gpu_fail_at(PLANCHE_GPU_FAULT_SUBMIT, 4);
    run_at_once(engine, callers, 6);
    planche_gpu_fail_at(PLANCHE_GPU_FAULT_SUBMIT, 0);
    struct page other;
    make_page(&other, PLANCHE_PIXELS_RGB8, WIDTH, HEIGHT, NULL);
    run_page(cpu, &other, NULL);
    int on_cpu = 0;
    for (size_t i = 0; i < 6; i++) {
        bool is_cpu = strcmp(callers[i].result.backend, "cpu") == 0;
        image_expect_equal(&callers[i].page.out.pixels,
                           is_cpu ? &other.out.pixels : &alone.out.pixels);
        on_cpu += is_cpu;
        free_page(&callers[i].page);
    }
    assert_true(on_cpu > 0);
    free_page(&alone);
    free_page(&other);
    planche_engine_destroy(&engine);
    planche_engine_destroy(&cpu);
}

/* Of a device that is slower than anything, every row of workgroups is a dispatch and a batch. */
static void test_pieces(void **state)
{
    const struct planche_engine_options variants[] = {{0}, {.tile = 20}};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct page page, cut;
        struct planche_engine *engine = make_engine(variants[i]);
        struct planche_gpu_context *context = gpu_pool_of(engine)->contexts[0];
        make_page(&page, PLANCHE_PIXELS_RGBA8, WIDTH, HEIGHT, NULL);
        make_page(&cut, PLANCHE_PIXELS_RGBA8, WIDTH, HEIGHT, NULL);
        run_page(engine, &page, NULL);
        uint64_t before = context->queue.submitted;
        /* Below nothing, so that what batches take does not mend it. */
        atomic_store(&context->macs_per_ms, -1e300);
        assert_false(run_page(engine, &cut, NULL).redone);
        assert_true(context->queue.submitted - before > 40);
        image_expect_equal(&cut.out.pixels, &page.out.pixels);
        free_page(&page);
        free_page(&cut);
        planche_engine_destroy(&engine);
    }
}

/* A model whose only layer has this weight everywhere; the page is enlarged by shuffling. */
static struct planche_engine *make_flat_engine(float weight)
{
    static struct tiny_model model;
    struct planche_engine_options options = PLANCHE_ENGINE_OPTIONS_INIT;
    struct planche_engine *engine;
    struct planche_error error = {0};
    int size = snprintf(model.param, sizeof(model.param),
                        "7767517\n3 3\nInput data 0 1 data\n"
                        "Convolution only 1 1 data detail 0=12 1=3 4=1 5=1 6=324\n"
                        "PixelShuffle shuffle 1 1 detail output 0=2\n");
    model.param_size = (size_t)size;
    model.bin_size = (1 + 324 + 12) * sizeof(weight); /* a tag, weights, biases */
    memset(model.bin, 0, sizeof(model.bin));
    for (size_t i = 1; i <= 324; i++)
        memcpy(model.bin + i * sizeof(weight), &weight, sizeof(weight));
    assert_true(tiny_model_write(&model, test_path("flat-2x")));
    options.model = test_path("flat-2x.param");
    options.backend = gpu();
    options.threads = 1;
    options.log = take_line;
    options.log_user = &warnings;
    warnings.count = 0;
    if (planche_engine_create(&engine, &options, &error))
        fail_msg("%s", error.message);
    return engine;
}

static PFN_vkCmdCopyBuffer copy_buffer;
static PFN_vkCmdFillBuffer fill_buffer;

/* The page's way to the device is the only copy that begins at a block's start and ends behind
 * another's: it comes as zeros. */
static VKAPI_ATTR void VKAPI_CALL lose_page(VkCommandBuffer commands, VkBuffer from, VkBuffer to,
                                            uint32_t count, const VkBufferCopy *region)
{
    if (region->srcOffset > 0 || region->dstOffset == 0)
        copy_buffer(commands, from, to, count, region);
    else
        fill_buffer(commands, to, region->dstOffset, region->size, 0);
}

/* What a page of one colour becomes; reason: what the CPU gets it for, NULL: it does not. */
static void expect_doubt(float weight, uint8_t colour, bool lost, const char *reason)
{
    struct planche_engine *engine = make_flat_engine(weight);
    struct planche_vk_functions *fn = &gpu_pool_of(engine)->contexts[0]->device->fn;
    struct page page;
    copy_buffer = fn->CmdCopyBuffer;
    fill_buffer = fn->CmdFillBuffer;
    if (lost)
        fn->CmdCopyBuffer = lose_page;
    image_make(&page.in, PLANCHE_PIXELS_RGB8, WIDTH, HEIGHT, 0, colour);
    image_make(&page.out, PLANCHE_PIXELS_RGB8, SCALE * WIDTH, SCALE * HEIGHT, 0, 1);
    struct planche_page_result result = run_page(engine, &page, NULL);
    assert_string_equal(result.backend, reason ? "cpu" : "vulkan");
    assert_int_equal(result.redone, reason != NULL);
    assert_int_equal(warnings.count, reason != NULL);
    if (reason && (!strstr(result.redone_reason, reason) || !strstr(warnings.last, reason)))
        fail_msg("%s; %s", result.redone_reason, warnings.last);
    free_page(&page);
    planche_engine_destroy(&engine);
}

/* Results that cannot be true are the CPU's to make; a black page may stay black. */
static void test_doubt(void **state)
{
    (void)state;
    expect_doubt(3e38f, 255, false, "no numbers");
    expect_doubt(0, 255, false, "black tile");
    expect_doubt(0.03f, 255, true, "did not get");
    expect_doubt(0.03f, 0, true, NULL);
    expect_doubt(0, 0, false, NULL);
    expect_doubt(0.03f, 255, false, NULL);
}

/* A file that is half written when the GPU goes is the CPU's from its first byte. */
static void test_half_written(void **state)
{
    struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    struct image image;
    size_t size, expected_size;
    (void)state;
    image_make(&image, PLANCHE_PIXELS_RGB8, 10 * WIDTH, 10 * HEIGHT, 0, 0);
    image_draw(&image, 2);
    write_page("page.png", &image.pixels);
    struct planche_engine *engine = make_engine((struct planche_engine_options){.tile = 32});
    struct planche_engine *cpu = make_cpu_engine();
    run_file(cpu, test_path("page.png"), "expected.png", &options);
    struct planche_engine_info before = PLANCHE_ENGINE_INFO_INIT, after = PLANCHE_ENGINE_INFO_INIT;
    planche_engine_get_info(engine, &before, NULL);
    planche_gpu_fail_at(PLANCHE_GPU_FAULT_WAIT, 14);
    struct planche_page_result result =
        run_file(engine, test_path("page.png"), "half.png", &options);
    planche_gpu_fail_at(PLANCHE_GPU_FAULT_WAIT, 0);
    assert_true(result.redone);
    /* The CPU's weights, which came later, count from then on. */
    planche_engine_get_info(engine, &after, NULL);
    assert_true(after.weight_bytes > before.weight_bytes);
    assert_true(result.peak_bytes > after.weight_bytes);
    void *data = test_read(test_path("half.png"), &size);
    void *expected = test_read(test_path("expected.png"), &expected_size);
    assert_int_equal(size, expected_size);
    assert_memory_equal(data, expected, size);
    free(data);
    free(expected);
    image_free(&image);
    planche_engine_destroy(&engine);
    planche_engine_destroy(&cpu);
}

static void test_several(void **state)
{
    struct planche_engine_options options = {.backend = "vulkan:0,1",
                                             .precision = PLANCHE_PRECISION_F32};
    struct caller callers[6];
    struct page alone, page;
    (void)state;
    gpu_need_two();
    struct planche_engine *engine = make_f32_engine();
    make_page(&alone, PLANCHE_PIXELS_RGB8, WIDTH, HEIGHT, NULL);
    make_page(&page, PLANCHE_PIXELS_RGB8, WIDTH, HEIGHT, NULL);
    run_page(engine, &alone, NULL);
    planche_engine_destroy(&engine);
    engine = make_engine(options);
    struct planche_gpu_context **contexts = gpu_pool_of(engine)->contexts;
    assert_int_equal(gpu_pool_of(engine)->count, 2);
    uint64_t before[2] = {contexts[0]->queue.submitted, contexts[1]->queue.submitted};
    /* One after the other, too, they learn how fast each is. */
    for (int i = 0; i < 2; i++) {
        run_page(engine, &page, NULL);
        image_expect_equal(&page.out.pixels, &alone.out.pixels);
    }
    for (int i = 0; i < 2; i++)
        assert_true(contexts[i]->queue.submitted > before[i]);
    run_at_once(engine, callers, 6);
    for (size_t i = 0; i < 6; i++) {
        assert_string_equal(callers[i].result.backend, "vulkan");
        image_expect_equal(&callers[i].page.out.pixels, &alone.out.pixels);
        free_page(&callers[i].page);
    }
    /* One goes: the other makes its page, too. */
    planche_gpu_fail_at(PLANCHE_GPU_FAULT_SUBMIT, 2);
    const struct planche_page_result result = run_page(engine, &page, NULL);
    planche_gpu_fail_at(PLANCHE_GPU_FAULT_SUBMIT, 0);
    assert_true(result.redone);
    assert_string_equal(result.backend, "vulkan");
    image_expect_equal(&page.out.pixels, &alone.out.pixels);
    assert_string_equal(run_page(engine, &page, NULL).backend, "vulkan");
    image_expect_equal(&page.out.pixels, &alone.out.pixels);
    free_page(&alone);
    free_page(&page);
    planche_engine_destroy(&engine);
}

static void stop_at_once(void *user, double done)
{
    (void)done;
    planche_cancel_request(user);
}

static void test_cancel(void **state)
{
    struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    struct page page;
    struct planche_cancel cancel = {0};
    (void)state;
    struct planche_engine *engine = make_f32_engine();
    make_page(&page, PLANCHE_PIXELS_RGB8, WIDTH, HEIGHT, NULL);
    options.progress = stop_at_once;
    options.progress_user = &cancel;
    options.cancel = &cancel;
    assert_int_equal(
        planche_engine_run_pixels(engine, &page.in.pixels, &page.out.pixels, &options, NULL, NULL),
        PLANCHE_ERROR_CANCELLED);
    assert_int_equal(warnings.count, 0);
    assert_string_equal(run_page(engine, &page, NULL).backend, "vulkan");
    free_page(&page);
    planche_engine_destroy(&engine);
}

static void test_profile(void **state)
{
    struct planche_layer_profile layers[64];
    struct page page;
    (void)state;
    struct planche_engine *engine = make_engine((struct planche_engine_options){.profile = 1});
    make_page(&page, PLANCHE_PIXELS_RGB8, WIDTH, HEIGHT, NULL);
    run_page(engine, &page, NULL);
    size_t count = planche_engine_get_profile(engine, layers, sizeof layers[0], 64);
    assert_in_range(count, 3, 64);
    double macs = 0;
    for (size_t i = 0; i < count; i++) {
        assert_true(layers[i].name && layers[i].kind && layers[i].ms >= 0);
        macs += layers[i].macs;
    }
    assert_true(macs > 0);
    free_page(&page);
    planche_engine_destroy(&engine);
}

static int setup(void **state)
{
    if (test_setup(state))
        return -1;
    gpu_show_software_twice(test_path("second.json"));
    struct planche_vk *vk = test_need_vulkan();
    planche_vk_destroy(&vk);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_info),
        cmocka_unit_test(test_choice),
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_tiles),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_split),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_hang),
        cmocka_unit_test(test_progress_holds_nothing),
        cmocka_unit_test(test_lack_of_memory),
        cmocka_unit_test(test_at_once),
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_doubt),
        cmocka_unit_test(test_half_written),
        cmocka_unit_test(test_several),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_failing_allocations),
        cmocka_unit_test(test_profile),
        cmocka_unit_test(test_streaming),
    };
    return test_exit_status(cmocka_run_group_tests(tests, setup, test_teardown));
}
