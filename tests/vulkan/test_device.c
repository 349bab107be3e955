/* SPDX-License-Identifier: MIT */
/* Devices open for every path that they say they have, and their memory is where it should be. */
#include "need_device.h"

#include "backend/vulkan/check.h"
#include "backend/vulkan/fault.h"
#include "backend/vulkan/pipeline.h"
#include "backend/vulkan/pipeline_cache.h"
#include "backend/vulkan/queue.h"
#include "backend/vulkan/spirv.h"
#include "support/oom.h"
#include "support/testing.h"

#include <string.h>

/* Of calls whose status is enough. */
static _Thread_local struct planche_error ignored;

static void test_describe(void **state)
{
    (void)state;
    struct planche_vk *vk = test_need_vulkan();
    bool software = false;
    for (uint32_t i = 0; i < vk->device_count; i++) {
        struct planche_gpu_info info;
        planche_vk_describe(vk, i, &info);
        print_message("%u: %s, %s: %s %s; %s\n", info.index, info.name, info.driver,
                      planche_gpu_path_name(info.path), info.reason, info.extensions);
        assert_int_equal(info.index, i);
        assert_true(info.name[0] && info.driver[0] && info.memory > 0);
        assert_true(info.api_major >= 1);
        assert_int_equal(info.path == PLANCHE_GPU_PATH_AUTO, info.reason[0] != 0);
        assert_false(software && info.type != PLANCHE_GPU_SOFTWARE); /* hardware comes first */
        software = info.type == PLANCHE_GPU_SOFTWARE;
    }
    planche_vk_destroy(&vk);
    assert_null(vk);
}

static void test_public(void **state)
{
    (void)state;
    struct planche_vk *vk = test_need_vulkan();
    struct planche_gpu_info info = PLANCHE_GPU_INFO_INIT, same;
    struct planche_error error;
    uint32_t count = vk->device_count;
    assert_int_equal(planche_gpu_get_info(0, &info, NULL), PLANCHE_OK);
    planche_vk_describe(vk, 0, &same);
    assert_string_equal(info.name, same.name);
    assert_int_equal(info.path, same.path);
    planche_vk_destroy(&vk);
    assert_int_equal(planche_gpu_get_info(count, &info, &error), PLANCHE_ERROR_NOT_FOUND);

    /* A caller of before: no byte beyond its struct is written. */
    memset(&info, 0x55, sizeof info);
    info.struct_size = offsetof(struct planche_gpu_info, driver);
    assert_int_equal(planche_gpu_get_info(0, &info, NULL), PLANCHE_OK);
    assert_int_equal(info.driver[0], 0x55);
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(planche_gpu_path_name(PLANCHE_GPU_PATH_WGMMA), "wgmma");
    assert_string_equal(planche_gpu_path_name((enum planche_gpu_path)77), "auto");
}

static void test_open(void **state)
{
    (void)state;
    struct planche_vk *vk = test_need_vulkan();
    struct planche_gpu_device *device;
    struct planche_gpu_info info;
    struct planche_error error;
    planche_vk_describe(vk, test_device_index(), &info);
    for (int path = PLANCHE_GPU_PATH_AUTO; path <= PLANCHE_GPU_PATH_WGMMA; path++) {
        enum planche_status status = planche_gpu_device_open(
            &device, vk, test_device_index(), (enum planche_gpu_path)path, NULL, NULL, &error);
        /* Of the paths with matrix contexts the faster comes first, and may not be the only one. */
        if (path <= (int)info.path)
            assert_int_equal(status, PLANCHE_OK);
        else if (status)
            assert_int_equal(status, PLANCHE_ERROR_UNSUPPORTED);
        if (status != PLANCHE_OK) {
            print_message("%s\n", error.message);
            continue;
        }
        assert_int_equal(device->path, path ? path : (int)info.path);
        assert_int_equal(device->value_bytes, path == PLANCHE_GPU_PATH_F32 ? 4 : 2);
        assert_true(device->compute && device->transfer && device->max_allocation > 1 << 20);
        assert_true(planche_gpu_free_memory(device) > 0);
        planche_gpu_device_close(&device);
    }
    assert_int_equal(planche_gpu_device_open(&device, vk, vk->device_count, PLANCHE_GPU_PATH_AUTO,
                                             NULL, NULL, &error),
                     PLANCHE_ERROR_UNSUPPORTED);
    assert_null(device);
    planche_vk_destroy(&vk);
}

static void test_memory(void **state)
{
    (void)state;
    struct planche_vk *vk = test_need_vulkan();
    struct planche_budget budget;
    struct planche_gpu_memory memory;
    planche_budget_init(&budget, 8 << 20);
    struct planche_gpu_device *device = test_need_device(vk, PLANCHE_GPU_PATH_F32, &budget);
    uint64_t before = atomic_load(&budget.used);
    for (int kind = PLANCHE_GPU_MEMORY_DEVICE; kind <= PLANCHE_GPU_MEMORY_DOWNLOAD; kind++) {
        bool host = kind != PLANCHE_GPU_MEMORY_DEVICE;
        assert_int_equal(planche_gpu_memory_create(&memory, device, 12345,
                                                   (enum planche_gpu_memory_kind)kind, &ignored),
                         PLANCHE_OK);
        assert_true(memory.address && memory.size == 12345 && (memory.host != NULL) == host);
        assert_int_equal(atomic_load(&budget.used) - before, host ? 12345 : 0);
        if (host)
            memset(memory.host, 1, 12345);
        planche_gpu_memory_destroy(&memory);
        planche_gpu_memory_destroy(&memory); /* does nothing */
        assert_int_equal(atomic_load(&budget.used), before);
    }
    planche_gpu_device_close(&device);
    assert_int_equal(atomic_load(&budget.used), 0);
    planche_vk_destroy(&vk);
}

static void test_no_memory(void **state)
{
    (void)state;
    struct planche_vk *vk = test_need_vulkan();
    struct planche_budget budget;
    struct planche_gpu_memory memory;
    struct planche_error error;
    planche_budget_init(&budget, 1 << 20);
    struct planche_gpu_device *device = test_need_device(vk, PLANCHE_GPU_PATH_F32, &budget);
    assert_int_equal(planche_gpu_memory_create(&memory, device, device->max_buffer + 1,
                                               PLANCHE_GPU_MEMORY_DEVICE, &error),
                     PLANCHE_ERROR_MEMORY);
    assert_int_equal(
        planche_gpu_memory_create(&memory, device, 1 << 20, PLANCHE_GPU_MEMORY_UPLOAD, &error),
        PLANCHE_ERROR_BUDGET);
    planche_gpu_fail_at(PLANCHE_GPU_FAULT_ALLOCATION, 1);
    assert_int_equal(
        planche_gpu_memory_create(&memory, device, 4096, PLANCHE_GPU_MEMORY_UPLOAD, &error),
        PLANCHE_ERROR_MEMORY);
    assert_non_null(strstr(error.message, device->name));
    assert_int_equal(
        planche_gpu_memory_create(&memory, device, 4096, PLANCHE_GPU_MEMORY_UPLOAD, &error),
        PLANCHE_OK);
    planche_gpu_memory_destroy(&memory);
    planche_gpu_fail_at(PLANCHE_GPU_FAULT_ALLOCATION, 0);
    planche_gpu_device_close(&device);
    assert_int_equal(atomic_load(&budget.used), 0);
    planche_vk_destroy(&vk);
}

/* Every shader becomes a pipeline, once. */
static void check_pipelines(enum planche_gpu_path path)
{
    struct planche_vk *vk = test_need_vulkan();
    struct planche_gpu_device *device = test_need_device(vk, path, NULL);
    for (int shader = 0; shader < PLANCHE_SHADER_COUNT; shader++) {
        const struct planche_spirv *spirv = &planche_spirv[shader][path != PLANCHE_GPU_PATH_F32];
        VkPipeline pipeline, same;
        if (!spirv->code || (spirv->matrix && path < PLANCHE_GPU_PATH_KHR)) {
            assert_int_equal(planche_gpu_pipeline_get(device, (enum planche_shader)shader, NULL, 0,
                                                      &pipeline, &ignored),
                             PLANCHE_ERROR_DEVICE);
            continue;
        }
        assert_int_equal(planche_gpu_pipeline_get(device, (enum planche_shader)shader, NULL, 0,
                                                  &pipeline, &ignored),
                         PLANCHE_OK);
        assert_int_equal(
            planche_gpu_pipeline_get(device, (enum planche_shader)shader, NULL, 0, &same, &ignored),
            PLANCHE_OK);
        assert_true(pipeline && pipeline == same);
    }
    planche_gpu_device_close(&device);
    planche_vk_destroy(&vk);
}

static void test_pipelines_f32(void **state)
{
    (void)state;
    check_pipelines(PLANCHE_GPU_PATH_F32);
}

static void test_pipelines_f16(void **state)
{
    (void)state;
    check_pipelines(PLANCHE_GPU_PATH_F16);
}

#define THREADS 4

struct maker {
    struct planche_gpu_device *device;
    VkPipeline pipelines[2];
};

static void *make_pipelines(void *user)
{
    struct maker *maker = user;
    const enum planche_shader shaders[2] = {PLANCHE_SHADER_COPY, PLANCHE_SHADER_AVERAGE};
    for (int i = 0; i < 2; i++)
        planche_gpu_pipeline_get(maker->device, shaders[i], NULL, 0, &maker->pipelines[i],
                                 &ignored);
    planche_gpu_cache_save(maker->device);
    return NULL;
}

/* Threads that want the same pipelines at the same time get the same. */
static void test_threads(void **state)
{
    (void)state;
    struct planche_vk *vk = test_need_vulkan();
    struct planche_gpu_device *device = test_need_device(vk, PLANCHE_GPU_PATH_F32, NULL);
    struct maker makers[THREADS];
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        makers[i] = (struct maker){.device = device};
        assert_int_equal(pthread_create(&threads[i], NULL, make_pipelines, &makers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < THREADS; i++) {
        assert_non_null(makers[i].pipelines[0]);
        assert_non_null(makers[i].pipelines[1]);
        assert_memory_equal(makers[i].pipelines, makers[0].pipelines, sizeof makers->pipelines);
    }
    planche_gpu_device_close(&device);
    planche_vk_destroy(&vk);
}

/* Everything that takes host memory, from the beginning. */
static enum planche_status use_everything(void *user, struct planche_budget *budget,
                                          struct planche_error *error)
{
    (void)user;
    struct planche_vk *vk = NULL;
    struct planche_gpu_device *device = NULL;
    struct planche_gpu_memory memory = {0};
    VkPipeline pipeline;
    enum planche_status status = planche_vk_create(&vk, error);
    if (status == PLANCHE_OK)
        status = planche_gpu_device_open(&device, vk, test_device_index(), PLANCHE_GPU_PATH_F32,
                                         NULL, budget, error);
    if (status == PLANCHE_OK)
        status = planche_gpu_memory_create(&memory, device, 4096, PLANCHE_GPU_MEMORY_UPLOAD, error);
    if (status == PLANCHE_OK)
        status = planche_gpu_pipeline_get(device, PLANCHE_SHADER_COPY, NULL, 0, &pipeline, error);
    planche_gpu_memory_destroy(&memory);
    planche_gpu_device_close(&device);
    planche_vk_destroy(&vk);
    return status;
}

static void test_oom(void **state)
{
    (void)state;
    struct planche_vk *vk = test_need_vulkan();
    planche_vk_destroy(&vk);
    assert_true(oom_run("vulkan", use_everything, NULL, 1) > 5);
}

/* A block of device memory between two of the host's. */
struct copying {
    struct planche_gpu_memory up, between, down;
};

static void make_copying(struct copying *copying, struct planche_gpu_device *device)
{
    struct planche_gpu_memory *blocks[] = {&copying->up, &copying->between, &copying->down};
    const enum planche_gpu_memory_kind kinds[] = {
        PLANCHE_GPU_MEMORY_UPLOAD, PLANCHE_GPU_MEMORY_DEVICE, PLANCHE_GPU_MEMORY_DOWNLOAD};
    for (int i = 0; i < 3; i++)
        assert_int_equal(planche_gpu_memory_create(blocks[i], device, 4096, kinds[i], &ignored),
                         PLANCHE_OK);
    for (int i = 0; i < 4096; i++)
        copying->up.host[i] = (uint8_t)(i * 7);
}

static void free_copying(struct copying *copying)
{
    planche_gpu_memory_destroy(&copying->up);
    planche_gpu_memory_destroy(&copying->between);
    planche_gpu_memory_destroy(&copying->down);
}

static void test_copy(void **state)
{
    (void)state;
    struct planche_vk *vk = test_need_vulkan();
    struct planche_gpu_device *device = test_need_device(vk, PLANCHE_GPU_PATH_AUTO, NULL);
    struct copying copying;
    make_copying(&copying, device);
    assert_int_equal(planche_gpu_copy_now(&copying.between, &copying.up, 4096, &ignored),
                     PLANCHE_OK);
    assert_int_equal(planche_gpu_copy_now(&copying.down, &copying.between, 4096, &ignored),
                     PLANCHE_OK);
    assert_memory_equal(copying.down.host, copying.up.host, 4096);
    assert_false(atomic_load(&device->lost));
    assert_true(planche_gpu_wait_idle(device));
    free_copying(&copying);
    planche_gpu_device_close(&device);
    planche_vk_destroy(&vk);
}

static void check_fault(enum planche_gpu_fault fault)
{
    struct planche_vk *vk = test_need_vulkan();
    struct planche_gpu_device *device = test_need_device(vk, PLANCHE_GPU_PATH_AUTO, NULL);
    struct planche_error error;
    struct copying copying;
    make_copying(&copying, device);
    planche_gpu_fail_at(fault, 2);
    assert_int_equal(planche_gpu_copy_now(&copying.between, &copying.up, 4096, &ignored),
                     PLANCHE_OK);
    assert_false(atomic_load(&device->lost));
    assert_int_equal(planche_gpu_copy_now(&copying.down, &copying.between, 4096, &error),
                     PLANCHE_ERROR_DEVICE);
    planche_gpu_fail_at(fault, 0);
    print_message("%s\n", error.message);
    assert_true(atomic_load(&device->lost) && planche_gpu_wait_idle(device));
    assert_false(atomic_load(&device->abandoned));
    free_copying(&copying);
    planche_gpu_device_close(&device);
    planche_vk_destroy(&vk);
}

static void test_lost(void **state)
{
    (void)state;
    check_fault(PLANCHE_GPU_FAULT_SUBMIT);
}

static void test_late(void **state)
{
    (void)state;
    check_fault(PLANCHE_GPU_FAULT_WAIT);
}

/* A mistake, to be found by who watches: the device goes, its semaphore stays. */
static void plant_mistake(void **state)
{
    (void)state;
    struct planche_vk *vk = test_need_vulkan();
    struct planche_gpu_device *device = test_need_device(vk, PLANCHE_GPU_PATH_AUTO, NULL);
    struct planche_gpu_queue queue;
    assert_int_equal(planche_gpu_queue_init(&queue, device, &ignored), PLANCHE_OK);
    planche_gpu_device_close(&device);
    planche_vk_destroy(&vk);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest mistake[] = {cmocka_unit_test(plant_mistake)};
    if (argc == 2 && strcmp(argv[1], "--mistake") == 0)
        return test_exit_status(cmocka_run_group_tests(mistake, NULL, NULL));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_describe),      cmocka_unit_test(test_public),
        cmocka_unit_test(test_names),         cmocka_unit_test(test_open),
        cmocka_unit_test(test_memory),        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_pipelines_f32), cmocka_unit_test(test_pipelines_f16),
        cmocka_unit_test(test_threads),       cmocka_unit_test(test_oom),
        cmocka_unit_test(test_copy),          cmocka_unit_test(test_lost),
        cmocka_unit_test(test_late),
    };
    return test_exit_status(cmocka_run_group_tests(tests, NULL, NULL));
}
