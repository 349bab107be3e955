/* SPDX-License-Identifier: MIT */
/* PLANCHE_TRACE=gpu: lines for what goes to a device, and debug labels, which the validation layer
 * sees, too. A program of its own: the process's instance decides whether there are labels. */
#include "api_test.h"
#include "backend/vulkan/device_pool.h"
#include "engine/engine.h"
#include "gpu_pool_of.h"
#include "need_device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH  37
#define HEIGHT 26
#define SCALE  2

/* Lines of a trace that begin with each of these, behind the area. */
static struct {
    const char *text;
    int count;
} kinds[] = {
    {"plan: GPU ", 0},           {"gpu: uploaded rows ", 0},
    {"gpu: tile ", 0},           {"gpu: submitted batch ", 0},
    {"gpu: waited ", 0},         {"gpu: batch ", 0},
    {"gpu: read back rows ", 0},
};
#define KINDS (sizeof(kinds) / sizeof(*kinds))
static int others, starts; /* starts: what belongs to no page */

static void take_line(void *user, enum planche_log_level level, const char *line)
{
    int text = 0;
    (void)user;
    if (level != PLANCHE_LOG_TRACE)
        return;
    assert_int_equal(sscanf(line, "thread %*u gpu: %*f ms for %n", &text), 0);
    starts += text > 0;
    if (text > 0)
        return;
    assert_int_equal(sscanf(line, "page %*u +%*f ms thread %*u %n", &text), 0);
    for (size_t i = 0; i < KINDS; i++)
        if (strncmp(line + text, kinds[i].text, strlen(kinds[i].text)) == 0) {
            kinds[i].count++;
            return;
        }
    others++;
    print_message("%s\n", line);
}

static PFN_vkCmdBeginDebugUtilsLabelEXT begin_label;
static PFN_vkCmdEndDebugUtilsLabelEXT end_label;
static PFN_vkEndCommandBuffer end_commands;
static PFN_vkSetDebugUtilsObjectNameEXT set_name;
static int begun, open_labels, named;

static VKAPI_ATTR void VKAPI_CALL count_begin(VkCommandBuffer commands,
                                              const VkDebugUtilsLabelEXT *label)
{
    assert_true(label->pLabelName && label->pLabelName[0]);
    begun++;
    assert_int_equal(++open_labels, 1);
    begin_label(commands, label);
}

static VKAPI_ATTR void VKAPI_CALL count_end(VkCommandBuffer commands)
{
    assert_int_equal(--open_labels, 0);
    end_label(commands);
}

/* No command buffer ends within a label. */
static VKAPI_ATTR VkResult VKAPI_CALL check_end(VkCommandBuffer commands)
{
    assert_int_equal(open_labels, 0);
    return end_commands(commands);
}

static VKAPI_ATTR VkResult VKAPI_CALL count_name(VkDevice device,
                                                 const VkDebugUtilsObjectNameInfoEXT *info)
{
    assert_true(info->objectHandle && info->pObjectName[0]);
    named++;
    return set_name(device, info);
}

static struct planche_engine *make_engine(const char *areas, unsigned tile)
{
    static char backend[32];
    struct planche_engine_options options = {
        .backend = backend, .threads = 1, .tile = tile, .log = take_line};
    snprintf(backend, sizeof(backend), "vulkan:%u", test_device_index());
    setenv("PLANCHE_TRACE", areas, 1);
    for (size_t i = 0; i < KINDS; i++)
        kinds[i].count = 0;
    others = starts = begun = open_labels = named = 0;
    return test_engine(options, SCALE);
}

/* Counts the calls of a device from now on. */
static void watch(struct planche_vk_functions *fn)
{
    begin_label = fn->CmdBeginDebugUtilsLabelEXT;
    end_label = fn->CmdEndDebugUtilsLabelEXT;
    end_commands = fn->EndCommandBuffer;
    set_name = fn->SetDebugUtilsObjectNameEXT;
    fn->CmdBeginDebugUtilsLabelEXT = count_begin;
    fn->CmdEndDebugUtilsLabelEXT = count_end;
    fn->EndCommandBuffer = check_end;
    fn->SetDebugUtilsObjectNameEXT = count_name;
}

static void run_page(const struct planche_engine *engine)
{
    struct planche_page_result result = PLANCHE_PAGE_RESULT_INIT;
    struct image in, out;
    image_make(&in, PLANCHE_PIXELS_RGB8, WIDTH, HEIGHT, 0, 0);
    image_draw(&in, 1);
    image_make(&out, PLANCHE_PIXELS_RGB8, SCALE * WIDTH, SCALE * HEIGHT, 0, 0);
    assert_int_equal(
        planche_engine_run_pixels(engine, &in.pixels, &out.pixels, NULL, &result, NULL),
        PLANCHE_OK);
    assert_string_equal(result.backend, "vulkan");
    image_free(&in);
    image_free(&out);
}

/* Every dispatch has a label, also where it is cut into slices that go with several batches. */
static void test_on(void **state)
{
    (void)state;
    for (int slow = 0; slow < 2; slow++) {
        struct planche_engine *engine = make_engine("gpu,plan", 20);
        struct planche_gpu_context *context = gpu_pool_of(engine)->contexts[0];
        if (slow)
            atomic_store(&context->macs_per_ms, -1e300);
        bool labels = context->device->labels;
        if (labels)
            watch(&context->device->fn);
        else
            print_message("***** without VK_EXT_debug_utils: no labels are tried\n");
        run_page(engine);
        for (size_t i = 0; i < KINDS; i++)
            if (!kinds[i].count && (i != 5 || context->device->timestamp_ms > 0))
                fail_msg("there is no line '%s'", kinds[i].text);
        assert_int_equal(kinds[0].count, 1);
        assert_true(kinds[2].count > 1 && kinds[3].count >= kinds[2].count);
        assert_int_equal(others, 0);
        /* Vulkan, the device, pipelines, the trial, and memory */
        assert_true(starts >= 5);
        assert_int_equal(labels, begun > kinds[2].count);
        assert_int_equal(labels, named >= 4); /* arena, page buffer, staging buffers */
        assert_int_equal(open_labels, 0);
        planche_engine_destroy(&engine);
    }
}

/* An engine that traces no GPU has no labels, though the instance could. */
static void test_off(void **state)
{
    (void)state;
    struct planche_engine *engine = make_engine("plan", 0);
    assert_false(gpu_pool_of(engine)->contexts[0]->device->labels);
    run_page(engine);
    assert_int_equal(kinds[0].count, 1);
    for (size_t i = 1; i < KINDS; i++)
        assert_int_equal(kinds[i].count, 0);
    assert_int_equal(starts, 0);
    planche_engine_destroy(&engine);
}

static int setup(void **state)
{
    setenv("PLANCHE_TRACE", "gpu", 1);
    struct planche_vk *vk = test_need_vulkan();
    planche_vk_destroy(&vk);
    return test_setup(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_on), cmocka_unit_test(test_off)};
    return test_exit_status(cmocka_run_group_tests(tests, setup, test_teardown));
}
