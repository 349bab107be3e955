/* SPDX-License-Identifier: MIT */
/* Running single shaders. */
#include "shader_test.h"

#include "backend/vulkan/check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEMORY_SIZE (UINT64_C(48) << 20)
#define CANARY      0xa5
#define GAP         512 /* bytes of canaries at least, before and after what is taken */

struct footprint {
    int pixels_x, pixels_y, values_z;
};
static const struct footprint footprints[] = {
#define PLANCHE_SHADER(name, pixels_x, pixels_y, values_z) {pixels_x, pixels_y, values_z},
#include "backend/vulkan/shaders.def"
#undef PLANCHE_SHADER
};

static void check(struct shader_test *test, VkResult result, const char *what)
{
    struct planche_error error = {0};
    if (planche_gpu_check(test->device, result, what, &error))
        fail_msg("%s", error.message);
}

static void make_commands(struct shader_test *test)
{
    struct planche_gpu_device *device = test->device;
    check(test,
          device->fn.CreateCommandPool(
              device->device,
              &(VkCommandPoolCreateInfo){.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
                                         .queueFamilyIndex = device->compute_family},
              NULL, &test->pool),
          "a command pool");
    check(
        test,
        device->fn.AllocateCommandBuffers(
            device->device,
            &(VkCommandBufferAllocateInfo){.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
                                           .commandPool = test->pool,
                                           .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
                                           .commandBufferCount = 1},
            &test->commands),
        "a command buffer");
    check(test,
          device->fn.CreateFence(device->device,
                                 &(VkFenceCreateInfo){.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO},
                                 NULL, &test->fence),
          "a fence");
}

static void make_descriptors(struct shader_test *test)
{
    struct planche_gpu_device *device = test->device;
    VkDescriptorPoolSize size = {device->arguments, 1};
    VkDescriptorBufferInfo buffer = {test->memory.buffer, 0, sizeof(struct planche_gpu_args)};
    check(test,
          device->fn.CreateDescriptorPool(
              device->device,
              &(VkDescriptorPoolCreateInfo){.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
                                            .maxSets = 1,
                                            .poolSizeCount = 1,
                                            .pPoolSizes = &size},
              NULL, &test->descriptors),
          "a descriptor pool");
    check(
        test,
        device->fn.AllocateDescriptorSets(
            device->device,
            &(VkDescriptorSetAllocateInfo){.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
                                           .descriptorPool = test->descriptors,
                                           .descriptorSetCount = 1,
                                           .pSetLayouts = &device->set_layout},
            &test->set),
        "a descriptor set");
    device->fn.UpdateDescriptorSets(
        device->device, 1,
        &(VkWriteDescriptorSet){.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
                                .dstSet = test->set,
                                .descriptorCount = 1,
                                .descriptorType = device->arguments,
                                .pBufferInfo = &buffer},
        0, NULL);
}

static void open_device(struct shader_test *test)
{
    struct planche_error error = {0};
    planche_budget_init(&test->budget, 0);
    test->vk = test_need_vulkan();
    test->device = test_need_device(
        test->vk, test->f16 ? PLANCHE_GPU_PATH_F16 : PLANCHE_GPU_PATH_F32, &test->budget);
    if (planche_gpu_memory_create(&test->memory, test->device, MEMORY_SIZE,
                                  PLANCHE_GPU_MEMORY_DOWNLOAD, &error))
        fail_msg("%s", error.message);
    make_commands(test);
    make_descriptors(test);
    test->used = MEMORY_SIZE;
}

static void close_device(struct shader_test *test)
{
    struct planche_gpu_device *device = test->device;
    if (device) {
        device->fn.DestroyFence(device->device, test->fence, NULL);
        device->fn.DestroyCommandPool(device->device, test->pool, NULL);
        device->fn.DestroyDescriptorPool(device->device, test->descriptors, NULL);
        planche_gpu_memory_destroy(&test->memory);
        planche_gpu_device_close(&test->device);
    }
    planche_vk_destroy(&test->vk);
}

int shader_test_main(int argc, char **argv, const char *name, const struct CMUnitTest *tests,
                     size_t count)
{
    struct CMUnitTest *runs = calloc(count, sizeof(*runs));
    int failures = 0;
    for (int f16 = 0; runs && f16 < 2; f16++) {
        struct shader_test test = {.random = argc > 1 ? strtoull(argv[1], NULL, 0) : 1, .f16 = f16};
        printf("%s %s, seed %llu\n", name, f16 ? "f16" : "f32", (unsigned long long)test.random);
        for (size_t i = 0; i < count; i++) {
            runs[i] = tests[i];
            runs[i].initial_state = &test;
        }
        failures += _cmocka_run_group_tests(name, runs, count, NULL, NULL);
        close_device(&test);
    }
    free(runs);
    return test_exit_status(failures);
}

struct shader_test *shader_test_begin(void **state)
{
    struct shader_test *test = *state;
    if (!test->device)
        open_device(test);
    shader_test_reset(test);
    return test;
}

void shader_test_reset(struct shader_test *test)
{
    memset(test->memory.host, CANARY, test->used);
    test->taken_count = 0;
    test->used = 0;
    shader_test_take(test, 4096); /* the arguments */
}

uint64_t shader_test_take(struct shader_test *test, uint64_t bytes)
{
    uint64_t begin = test->taken_count ? (test->used + GAP + 255) / 256 * 256 : 0;
    assert_true(begin + bytes + GAP <= MEMORY_SIZE && test->taken_count < MAX_TAKEN);
    test->used = begin + bytes;
    test->taken[test->taken_count].begin = begin;
    test->taken[test->taken_count++].end = test->used;
    memset(test->memory.host + begin, 0, bytes);
    return test->memory.address + begin;
}

void *shader_test_host(const struct shader_test *test, uint64_t address)
{
    return test->memory.host + (address - test->memory.address);
}

float *shader_test_floats(struct shader_test *test, int count, double least, double most,
                          uint64_t *address)
{
    *address = shader_test_take(test, (uint64_t)count * sizeof(float));
    float *values = shader_test_host(test, *address);
    for (int i = 0; i < count; i++)
        values[i] = (float)test_random_real(&test->random, least, most);
    return values;
}

static uint16_t half_of(double v)
{
    if (v == 0 || !isfinite(v))
        return v == 0 ? 0 : isnan(v) ? 0x7e00 : v > 0 ? 0x7c00 : 0xfc00;
    int exponent = ilogb(v) < -14 ? -14 : ilogb(v);
    double mantissa = nearbyint(ldexp(fabs(v), 10 - exponent));
    return (uint16_t)((v < 0 ? 0x8000 : 0) + (exponent + 14) * 1024 + (int)mantissa);
}

static double of_half(uint16_t half)
{
    int exponent = half >> 10 & 31, mantissa = half & 1023;
    double v = exponent == 31  ? (mantissa ? NAN : INFINITY)
               : exponent == 0 ? ldexp(mantissa, -24)
                               : ldexp(1024 + mantissa, exponent - 25);
    return half & 0x8000 ? -v : v;
}

double shader_test_get(const struct shader_test *test, uint64_t address, int64_t index)
{
    const void *values = shader_test_host(test, address);
    return test->f16 ? of_half(((const uint16_t *)values)[index])
                     : (double)((const float *)values)[index];
}

void shader_test_set(const struct shader_test *test, uint64_t address, int64_t index, double value)
{
    void *values = shader_test_host(test, address);
    if (test->f16)
        ((uint16_t *)values)[index] = half_of(value);
    else
        ((float *)values)[index] = (float)value;
}

struct planche_gpu_view shader_test_output(struct shader_test *test, int width, int height,
                                           int channels)
{
    struct planche_gpu_view view = {.width = width, .height = height, .channels = channels};
    view.pitch = channels <= 4 ? 4 : (channels + 15) / 16 * 16;
    uint64_t bytes =
        (uint64_t)width * (uint64_t)height * (uint64_t)view.pitch * test->device->value_bytes;
    view.address = shader_test_take(test, bytes);
    memset(shader_test_host(test, view.address), CANARY, bytes);
    return view;
}

struct planche_gpu_view shader_test_tensor(struct shader_test *test, int width, int height,
                                           int channels)
{
    struct planche_gpu_view view = shader_test_output(test, width, height, channels);
    for (int64_t i = 0; i < (int64_t)width * height * view.pitch; i++) {
        double v = test_random_real(&test->random, -1, 1);
        shader_test_set(test, view.address, i, i % view.pitch < channels ? v : 0);
    }
    return view;
}

double shader_test_pixel(const struct shader_test *test, const struct planche_gpu_view *view, int x,
                         int y, int channel)
{
    if (x < 0 || x >= view->width || y < 0 || y >= view->height)
        return 0;
    return shader_test_get(test, view->address,
                           ((int64_t)y * view->width + x) * view->pitch + channel);
}

void shader_test_expect(const struct shader_test *test, const struct planche_gpu_view *view, int x,
                        int y, int channel, double want, double size)
{
    double got = shader_test_pixel(test, view, x, y, channel);
    double tolerance = size * 4e-6 + 1e-6 + (test->f16 ? fabs(want) / 1024 : 0);
    if (!(fabs(got - want) <= tolerance))
        fail_msg("%s: pixel %d, %d of %d x %d, channel %d of %d: %.9g instead of %.9g +- %.3g",
                 test->f16 ? "f16" : "f32", x, y, view->width, view->height, channel,
                 view->channels, got, want, tolerance);
}

void shader_test_expect_padding(const struct shader_test *test, const struct planche_gpu_view *view)
{
    for (int y = 0; y < view->height; y++)
        for (int x = 0; x < view->width; x++)
            for (int c = view->channels; c < view->pitch; c++)
                if (shader_test_pixel(test, view, x, y, c) != 0)
                    fail_msg("padding channel %d of pixel %d, %d is not zero", c, x, y);
}

static void check_canaries(const struct shader_test *test)
{
    uint64_t at = 0;
    for (int i = 0; i <= test->taken_count; i++) {
        uint64_t end = i < test->taken_count ? test->taken[i].begin : test->used + GAP;
        for (; at < end; at++)
            if (test->memory.host[at] != CANARY)
                fail_msg("written %llu bytes behind region %d", (unsigned long long)at, i - 1);
        if (i < test->taken_count)
            at = test->taken[i].end;
    }
}

/* All the workgroups, or those before and behind a random place in one direction. */
static void record_dispatches(struct shader_test *test, const uint32_t groups[3])
{
    const struct planche_vk_functions *fn = &test->device->fn;
    int axis = test_random_int(&test->random, 0, 2);
    if (groups[axis] == 1) {
        fn->CmdDispatch(test->commands, groups[0], groups[1], groups[2]);
        return;
    }
    uint32_t base[3] = {0, 0, 0}, part[3] = {groups[0], groups[1], groups[2]};
    part[axis] = (uint32_t)test_random_int(&test->random, 1, (int)groups[axis] - 1);
    fn->CmdDispatchBase(test->commands, 0, 0, 0, part[0], part[1], part[2]);
    base[axis] = part[axis];
    part[axis] = groups[axis] - part[axis];
    fn->CmdDispatchBase(test->commands, base[0], base[1], base[2], part[0], part[1], part[2]);
}

static void record(struct shader_test *test, VkPipeline pipeline, const uint32_t groups[3])
{
    const struct planche_vk_functions *fn = &test->device->fn;
    uint32_t offset = 0;
    VkMemoryBarrier barrier = {.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
                               .srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT,
                               .dstAccessMask = VK_ACCESS_HOST_READ_BIT};
    check(test, fn->ResetCommandPool(test->device->device, test->pool, 0), "the command pool");
    check(test,
          fn->BeginCommandBuffer(
              test->commands,
              &(VkCommandBufferBeginInfo){.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO}),
          "commands");
    fn->CmdBindPipeline(test->commands, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline);
    fn->CmdBindDescriptorSets(test->commands, VK_PIPELINE_BIND_POINT_COMPUTE,
                              test->device->pipeline_layout, 0, 1, &test->set, 1, &offset);
    record_dispatches(test, groups);
    fn->CmdPipelineBarrier(test->commands, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT,
                           VK_PIPELINE_STAGE_HOST_BIT, 0, 1, &barrier, 0, NULL, 0, NULL);
    check(test, fn->EndCommandBuffer(test->commands), "commands");
}

static uint32_t groups_of(int size, int footprint)
{
    return footprint ? (uint32_t)((size + footprint - 1) / footprint) : 1;
}

void shader_test_run(struct shader_test *test, enum planche_shader shader, const int32_t *constants,
                     unsigned count, const struct planche_gpu_args *args)
{
    const struct footprint *print = &footprints[shader];
    const uint32_t groups[3] = {groups_of(args->out.width, print->pixels_x),
                                groups_of(args->out.height, print->pixels_y),
                                groups_of(args->out.pitch, print->values_z)};
    struct planche_error error = {0};
    VkPipeline pipeline;
    if (planche_gpu_pipeline_get(test->device, shader, constants, count, &pipeline, &error))
        fail_msg("%s", error.message);
    shader_test_dispatch(test, pipeline, groups, args);
}

void shader_test_dispatch(struct shader_test *test, VkPipeline pipeline, const uint32_t groups[3],
                          const struct planche_gpu_args *args)
{
    const struct planche_vk_functions *fn = &test->device->fn;
    memcpy(test->memory.host, args, sizeof(*args));
    record(test, pipeline, groups);
    VkSubmitInfo batch = {.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
                          .commandBufferCount = 1,
                          .pCommandBuffers = &test->commands};
    check(test, fn->QueueSubmit(test->device->compute, 1, &batch, test->fence), "submitting");
    check(test, fn->WaitForFences(test->device->device, 1, &test->fence, VK_TRUE, UINT64_MAX),
          "waiting");
    check(test, fn->ResetFences(test->device->device, 1, &test->fence), "a fence");
    check_canaries(test);
}
