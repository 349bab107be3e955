/* SPDX-License-Identifier: MIT */
/* The pool of devices: what takes one device long holds up no page of another. */
#include "api_test.h"
#include "backend/vulkan/device_pool.h"
#include "backend/vulkan/fault.h"
#include "engine/engine.h"
#include "gpu_pool_of.h"
#include "need_device.h"
#include "os/clock.h"
#include "os/thread.h"
#include "vulkan_test.h"

#include <string.h>

/* Of calls whose status is enough. */
static _Thread_local struct planche_error ignored;

#define WIDTH  24
#define HEIGHT 17
#define SCALE  2
/* How long a call of the first device is held up at most: only if the test is going to fail. */
#define LIMIT_NS INT64_C(60000000000)

/* A call that does not return before it may. */
static struct {
    struct planche_mutex mutex;
    struct planche_cond changed;
    bool entered, released, timed_out;
    unsigned calls;
} gate;

/* Waits at the gate, the first time. */
static void stop_at_gate(void)
{
    int64_t end = planche_clock_ns() + LIMIT_NS;
    planche_mutex_lock(&gate.mutex);
    gate.entered = true;
    planche_cond_broadcast(&gate.changed);
    while (gate.calls == 0 && !gate.released && !gate.timed_out)
        if (!planche_cond_wait_until(&gate.changed, &gate.mutex, end))
            gate.timed_out = planche_clock_ns() >= end;
    gate.calls++;
    planche_mutex_unlock(&gate.mutex);
}

static void wait_until_entered(void)
{
    planche_mutex_lock(&gate.mutex);
    while (!gate.entered)
        planche_cond_wait(&gate.changed, &gate.mutex);
    planche_mutex_unlock(&gate.mutex);
}

/* Fails the test if the gate opened by itself. */
static void release(void)
{
    planche_mutex_lock(&gate.mutex);
    bool timed_out = gate.timed_out;
    gate.released = true;
    planche_cond_broadcast(&gate.changed);
    planche_mutex_unlock(&gate.mutex);
    assert_false(timed_out);
}

static void close_gate(void)
{
    gate.entered = gate.released = gate.timed_out = false;
    gate.calls = 0;
}

static PFN_vkAllocateMemory allocate_memory;
static PFN_vkWaitForFences wait_for_fences;

static VKAPI_ATTR VkResult VKAPI_CALL allocate_late(VkDevice device,
                                                    const VkMemoryAllocateInfo *info,
                                                    const VkAllocationCallbacks *callbacks,
                                                    VkDeviceMemory *memory)
{
    stop_at_gate();
    return allocate_memory(device, info, callbacks, memory);
}

static VKAPI_ATTR VkResult VKAPI_CALL become_idle_late(VkDevice device, uint32_t count,
                                                       const VkFence *fences, VkBool32 all,
                                                       uint64_t timeout)
{
    stop_at_gate();
    return wait_for_fences(device, count, fences, all, timeout);
}

/* A page in a thread of its own. */
struct caller {
    const struct planche_engine *engine;
    struct image in, out;
    struct planche_page_result result;
    enum planche_status status;
    struct planche_thread thread;
};

static void run_page(void *user)
{
    struct caller *caller = user;
    caller->result = (struct planche_page_result)PLANCHE_PAGE_RESULT_INIT;
    caller->status = planche_engine_run_pixels(caller->engine, &caller->in.pixels,
                                               &caller->out.pixels, NULL, &caller->result, NULL);
}

static void make_caller(struct caller *caller, const struct planche_engine *engine)
{
    *caller = (struct caller){.engine = engine};
    image_make(&caller->in, PLANCHE_PIXELS_RGB8, WIDTH, HEIGHT, 0, 0);
    image_draw(&caller->in, 1);
    image_make(&caller->out, PLANCHE_PIXELS_RGB8, SCALE * WIDTH, SCALE * HEIGHT, 0, 1);
}

static void free_caller(struct caller *caller)
{
    image_free(&caller->in);
    image_free(&caller->out);
}

static struct planche_engine *make_engine(void)
{
    struct planche_engine_options options = {.backend = "vulkan:0,1",
                                             .precision = PLANCHE_PRECISION_F32};
    gpu_need_two();
    return test_engine(options, SCALE);
}

/* While the first device allocates, the other makes a page from beginning to end. */
static void test_allocation(void **state)
{
    (void)state;
    struct planche_engine *engine = make_engine();
    struct planche_gpu_context **contexts = gpu_pool_of(engine)->contexts;
    struct planche_vk_functions *fn = &contexts[0]->device->fn;
    struct caller late, other;
    make_caller(&late, engine);
    make_caller(&other, engine);
    close_gate();
    allocate_memory = fn->AllocateMemory;
    fn->AllocateMemory = allocate_late;
    assert_true(planche_thread_start(&late.thread, run_page, &late));
    wait_until_entered();
    uint64_t before = contexts[1]->queue.submitted;
    run_page(&other);
    release();
    assert_true(contexts[1]->queue.submitted > before);
    planche_thread_join(&late.thread);
    fn->AllocateMemory = allocate_memory;
    assert_int_equal(late.status, PLANCHE_OK);
    assert_int_equal(other.status, PLANCHE_OK);
    assert_string_equal(late.result.backend, "vulkan");
    assert_string_equal(other.result.backend, "vulkan");
    image_expect_equal(&other.out.pixels, &late.out.pixels);
    free_caller(&late);
    free_caller(&other);
    planche_engine_destroy(&engine);
}

/* A page that wants a larger block of a device that is lost by then. */
struct lost {
    struct planche_gpu_context *context;
    struct planche_gpu_page_slot *slot;
    enum planche_status status;
    struct planche_thread thread;
};

static void ensure_more(void *user)
{
    struct lost *lost = user;
    lost->status = planche_gpu_pool_ensure_size(lost->context, lost->slot,
                                                lost->slot->page_buffer.size + 1, NULL, &ignored);
}

/* While the first device is lost and takes long to come to rest, the other makes a page. */
static void test_lost(void **state)
{
    (void)state;
    struct planche_engine *engine = make_engine();
    struct planche_gpu_context **contexts = gpu_pool_of(engine)->contexts;
    struct planche_gpu_device *device = contexts[0]->device;
    struct lost lost;
    struct caller other;
    make_caller(&other, engine);
    run_page(&other); /* leaves a block in a slot */
    assert_non_null(contexts[0]->slots);
    assert_int_equal(
        planche_gpu_pool_acquire(gpu_pool_of(engine), &lost.context, &lost.slot, &ignored),
        PLANCHE_OK);
    while (lost.context != contexts[0] ||
           !lost.slot->page_buffer.size) { /* speeds decide which it is */
        planche_gpu_pool_release(gpu_pool_of(engine), lost.context, lost.slot);
        run_page(&other);
        assert_int_equal(
            planche_gpu_pool_acquire(gpu_pool_of(engine), &lost.context, &lost.slot, &ignored),
            PLANCHE_OK);
    }
    close_gate();
    wait_for_fences = device->fn.WaitForFences;
    device->fn.WaitForFences = become_idle_late;
    atomic_store(&device->lost, true);
    assert_true(planche_thread_start(&lost.thread, ensure_more, &lost));
    wait_until_entered();
    uint64_t before = contexts[1]->queue.submitted;
    run_page(&other);
    release();
    assert_true(contexts[1]->queue.submitted > before);
    planche_thread_join(&lost.thread);
    device->fn.WaitForFences = wait_for_fences;
    assert_int_equal(other.status, PLANCHE_OK);
    assert_string_equal(other.result.backend, "vulkan");
    planche_gpu_pool_release(gpu_pool_of(engine), lost.context, lost.slot);
    free_caller(&other);
    planche_engine_destroy(&engine);
}

/* Blocks that did not come about are not counted, and what is given back is not, either. */
static void test_accounts(void **state)
{
    (void)state;
    struct planche_engine *engine = make_engine();
    struct planche_gpu_pool *gpus = gpu_pool_of(engine);
    struct planche_gpu_context *context;
    struct planche_gpu_page_slot *slots[2];
    for (int i = 0; i < 2; i++) {
        context = gpus->contexts[0];
        assert_int_equal(
            planche_gpu_page_slot_create(&slots[i], context->device, 1, NULL, &ignored),
            PLANCHE_OK);
        context->active++; /* as planche_gpu_pool_acquire has it */
    }
    uint64_t blocks = context->page_buffer_bytes;
    assert_int_equal(planche_gpu_pool_ensure_size(context, slots[0], 100000, NULL, &ignored),
                     PLANCHE_OK);
    assert_int_equal(context->page_buffer_bytes, blocks + 100000);
    assert_int_equal(planche_gpu_pool_ensure_size(context, slots[1], 50000, NULL, &ignored),
                     PLANCHE_OK);
    assert_int_equal(context->page_buffer_bytes, blocks + 150000);
    assert_int_equal(planche_gpu_pool_ensure_size(context, slots[1], 40000, NULL, &ignored),
                     PLANCHE_OK);
    assert_int_equal(context->page_buffer_bytes, blocks + 150000);
    assert_int_equal(context->holders, 2);
    planche_gpu_fail_at(PLANCHE_GPU_FAULT_ALLOCATION, 1);
    assert_int_equal(planche_gpu_pool_ensure_size(context, slots[1], 60000, NULL, &ignored),
                     PLANCHE_ERROR_MEMORY);
    planche_gpu_fail_at(PLANCHE_GPU_FAULT_ALLOCATION, 0);
    assert_int_equal(context->page_buffer_bytes, blocks + 100000);
    assert_int_equal(context->holders, 1);
    for (int i = 0; i < 2; i++)
        planche_gpu_pool_release(gpus, context, slots[i]);
    assert_int_equal(context->holders, 0);
    assert_int_equal(context->active, 0);
    planche_engine_destroy(&engine);
}

static int setup(void **state)
{
    if (test_setup(state))
        return -1;
    planche_mutex_init(&gate.mutex);
    planche_cond_init(&gate.changed);
    gpu_show_software_twice(test_path("second.json"));
    struct planche_vk *vk = test_need_vulkan();
    planche_vk_destroy(&vk);
    return 0;
}

/* A page of a new engine, in one tile; the arena's blocks and bytes. */
static void run_large(struct caller *page, unsigned *blocks, uint64_t *bytes)
{
    struct planche_engine_options options = {.backend = "vulkan:0",
                                             .precision = PLANCHE_PRECISION_F32};
    struct planche_engine *engine = test_engine(options, SCALE);
    make_caller(page, engine);
    run_page(page);
    assert_int_equal(page->status, PLANCHE_OK);
    gpu_expect(&page->result);
    assert_int_equal(page->result.tiles, 1);
    const struct planche_gpu_context *context = gpu_pool_of(engine)->contexts[0];
    *blocks = context->arena.count;
    *bytes = context->arena.size;
    planche_engine_destroy(&engine);
}

/* An arena of more bytes than a driver promises for a block is one block where the driver gives it,
 * and several where it does not: the page is one tile, and its bytes are the same. */
static void test_large_arenas(void **state)
{
    struct caller pages[3];
    unsigned blocks;
    uint64_t whole, bytes;
    (void)state;
    run_large(&pages[0], &blocks, &whole);
    assert_int_equal(blocks, 1);
    uint64_t block = whole * 5 / 8 / 256 * 256;
    planche_gpu_understate_blocks(block);
    run_large(&pages[1], &blocks, &bytes);
    planche_gpu_understate_blocks(0);
    assert_int_equal(blocks, 1);
    assert_int_equal(bytes, whole);
    planche_gpu_refuse_blocks(block);
    run_large(&pages[2], &blocks, &bytes);
    planche_gpu_refuse_blocks(0);
    assert_true(blocks > 1);
    for (int i = 0; i < 3; i++) {
        image_expect_equal(&pages[i].out.pixels, &pages[0].out.pixels);
        if (i > 0)
            free_caller(&pages[i]);
    }
    free_caller(&pages[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_allocation),
                                       cmocka_unit_test(test_lost), cmocka_unit_test(test_accounts),
                                       cmocka_unit_test(test_large_arenas)};
    return test_exit_status(cmocka_run_group_tests(tests, setup, test_teardown));
}
