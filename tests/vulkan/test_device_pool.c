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

#include <sched.h>
#include <string.h>

/* Of calls whose status is enough. */
static _Thread_local struct planche_error ignored;

#define WIDTH  24
#define HEIGHT 17
#define SCALE  2
/* Pages of a batch. */
#define BATCH 8
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
    assert_int_equal(planche_gpu_pool_acquire(gpu_pool_of(engine), true, NULL, &lost.context,
                                              &lost.slot, &ignored),
                     PLANCHE_OK);
    while (lost.context != contexts[0] ||
           !lost.slot->page_buffer.size) { /* speeds decide which it is */
        planche_gpu_pool_release(gpu_pool_of(engine), true, lost.context, lost.slot);
        run_page(&other);
        assert_int_equal(planche_gpu_pool_acquire(gpu_pool_of(engine), true, NULL, &lost.context,
                                                  &lost.slot, &ignored),
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
    planche_gpu_pool_release(gpu_pool_of(engine), true, lost.context, lost.slot);
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
        planche_gpu_pool_release(gpus, false, context, slots[i]);
    assert_int_equal(context->holders, 0);
    assert_int_equal(context->active, 0);
    planche_engine_destroy(&engine);
}

/* Allocations of device and shared memory while a page of this size runs. */
static uint64_t count_allocations(const struct planche_engine *engine, uint32_t width,
                                  uint32_t height)
{
    struct caller page = {.engine = engine};
    image_make(&page.in, PLANCHE_PIXELS_RGB8, width, height, 0, 0);
    image_draw(&page.in, width);
    image_make(&page.out, PLANCHE_PIXELS_RGB8, SCALE * width, SCALE * height, 0, 1);
    planche_gpu_fail_at(PLANCHE_GPU_FAULT_ALLOCATION, 0);
    run_page(&page);
    assert_int_equal(page.status, PLANCHE_OK);
    gpu_expect(&page.result);
    free_caller(&page);
    return planche_gpu_calls(PLANCHE_GPU_FAULT_ALLOCATION);
}

/* The first page of a size allocates, those that follow do not, smaller ones neither. What they
 * leave counts in no budget, and goes when the budget's other users need it. */
static void test_memory_is_kept(void **state)
{
    struct planche_engine_options options = {
        .backend = "vulkan:0", .precision = PLANCHE_PRECISION_F32, .memory = (uint64_t)400 << 20};
    (void)state;
    struct planche_engine *engine = test_engine(options, SCALE);
    const struct planche_gpu_staging_pool *staging = &gpu_pool_of(engine)->contexts[0]->staging;
    struct planche_budget *budget = &engine->state->budget;
    assert_true(count_allocations(engine, 2 * WIDTH, HEIGHT) > 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(count_allocations(engine, 2 * WIDTH, HEIGHT), 0);
    assert_int_equal(count_allocations(engine, WIDTH, HEIGHT), 0);
    assert_int_equal(staging->count, 1);
    uint64_t kept = staging->idle[0].upload.size + staging->idle[0].readback.size;
    assert_int_equal(planche_budget_spare_held(budget), kept);
    uint64_t all = budget->limit - atomic_load(&budget->used);
    assert_true(planche_budget_reserve(budget, all));
    assert_int_equal(staging->count, 0);
    assert_int_equal(planche_budget_spare_held(budget), 0);
    planche_budget_release(budget, all);
    assert_int_equal(count_allocations(engine, 2 * WIDTH, HEIGHT), 2); /* up, and back */
    assert_int_equal(staging->count, 1);
    planche_engine_destroy(&engine);
}

/* A page that is foreseen finds its memory there. */
static void test_expected(void **state)
{
    const struct planche_gpu_page page = {
        .width = 2 * WIDTH, .height = HEIGHT, .colours = 3, .depth = 8, .chunk = 1 << 20};
    struct planche_engine_options options = {.backend = "vulkan:0",
                                             .precision = PLANCHE_PRECISION_F32};
    (void)state;
    struct planche_engine *engine = test_engine(options, SCALE);
    struct planche_gpu_pool *gpus = gpu_pool_of(engine);
    planche_gpu_fail_at(PLANCHE_GPU_FAULT_ALLOCATION, 0);
    planche_gpu_pool_expect(gpus, &page);
    planche_gpu_pool_await(gpus, NULL);
    assert_true(planche_gpu_calls(PLANCHE_GPU_FAULT_ALLOCATION) >= 4);
    assert_int_equal(count_allocations(engine, 2 * WIDTH, HEIGHT), 0);
    planche_gpu_pool_expect(gpus, &page); /* the first alone */
    assert_false(gpus->warming);
    assert_int_equal(gpus->contexts[0]->active, 0);
    planche_engine_destroy(&engine);
}

/* What takes the first page's memory waits for no page, and who waits for it can be cancelled. */
static void test_expected_beside_another(void **state)
{
    const struct planche_gpu_page page = {
        .width = 2 * WIDTH, .height = HEIGHT, .colours = 3, .depth = 8, .chunk = 1 << 20};
    const struct planche_cancel fired = {.requested = true};
    const struct planche_cancel_token token = {.handle = &fired};
    struct planche_engine_options options = {.backend = "vulkan:0",
                                             .precision = PLANCHE_PRECISION_F32};
    struct planche_gpu_context *context;
    struct planche_gpu_page_slot *slot;
    (void)state;
    struct planche_engine *engine = test_engine(options, SCALE);
    struct planche_gpu_pool *gpus = gpu_pool_of(engine);
    assert_int_equal(planche_gpu_pool_acquire(gpus, false, NULL, &context, &slot, &ignored),
                     PLANCHE_OK);
    context->holders++; /* it has all that there is for page buffers */
    context->page_buffer_bytes += context->memory;
    planche_gpu_pool_expect(gpus, &page);
    planche_gpu_pool_await(gpus, NULL);
    assert_false(gpus->warming);
    context->page_buffer_bytes -= context->memory;
    context->holders--;
    planche_gpu_pool_release(gpus, false, context, slot);
    gpus->warming = true; /* as if it never ended */
    planche_gpu_pool_await(gpus, &token);
    assert_true(gpus->warming);
    gpus->warming = false;
    planche_engine_destroy(&engine);
}

/* A page that wants a turn. */
struct wish {
    struct planche_gpu_pool *gpus;
    struct planche_cancel_token token;
    struct planche_gpu_context *context;
    struct planche_gpu_page_slot *slot;
    enum planche_status status;
    struct planche_thread thread;
};

static void want_turn(void *user)
{
    struct wish *wish = user;
    wish->status = planche_gpu_pool_acquire(wish->gpus, true, &wish->token, &wish->context,
                                            &wish->slot, &ignored);
}

static void wait_until_queued(struct planche_gpu_pool *gpus,
                              const struct planche_gpu_context *context, unsigned pages)
{
    unsigned waiting = 0;
    while (waiting < pages) {
        waiting = 0;
        planche_mutex_lock(&gpus->mutex);
        for (struct planche_gpu_turn *turn = context->turns; turn; turn = turn->next)
            waiting++;
        planche_mutex_unlock(&gpus->mutex);
        sched_yield();
    }
}

static void begin_wish(struct wish *wish, struct planche_gpu_pool *gpus,
                       const struct planche_cancel *cancel)
{
    *wish = (struct wish){.gpus = gpus, .token = {.handle = cancel}};
    assert_true(planche_thread_start(&wish->thread, want_turn, wish));
}

/* Few pages run at once, the next in the order in which they came; one that is cancelled leaves the
 * queue, and one whose rows wait for others comes at once. Of a device that is lost pages go to
 * another. */
static void test_turns(void **state)
{
    struct planche_cancel cancel = {0};
    struct wish first, wishes[3];
    struct planche_gpu_context *context;
    struct planche_gpu_page_slot *slot;
    (void)state;
    struct planche_engine *engine = make_engine();
    struct planche_gpu_pool *gpus = gpu_pool_of(engine);
    struct planche_gpu_context **contexts = gpus->contexts;
    contexts[0]->turn_limit = 1;
    atomic_store(&contexts[0]->timed, true);
    atomic_store(&contexts[1]->timed, true);
    atomic_store(&contexts[0]->macs_per_ms, 1e9); /* so that it gets all pages */
    atomic_store(&contexts[1]->macs_per_ms, 1);
    contexts[1]->active++;
    begin_wish(&first, gpus, NULL);
    planche_thread_join(&first.thread);
    assert_ptr_equal(first.context, contexts[0]);
    for (unsigned i = 0; i < 3; i++) {
        begin_wish(&wishes[i], gpus, i == 0 ? &cancel : NULL);
        wait_until_queued(gpus, contexts[0], i + 1);
    }
    assert_int_equal(planche_gpu_pool_acquire(gpus, false, NULL, &context, &slot, &ignored),
                     PLANCHE_OK);
    assert_ptr_equal(context, contexts[0]);
    planche_gpu_pool_release(gpus, false, context, slot);
    planche_cancel_set(&cancel);
    planche_thread_join(&wishes[0].thread);
    assert_int_equal(wishes[0].status, PLANCHE_ERROR_CANCELLED);
    assert_int_equal(contexts[0]->running, 1);
    planche_gpu_pool_release(gpus, true, first.context, first.slot);
    planche_thread_join(&wishes[1].thread);
    assert_ptr_equal(wishes[1].context, contexts[0]);
    wait_until_queued(gpus, contexts[0], 1);
    atomic_store(&contexts[0]->device->lost, true);
    planche_thread_join(&wishes[2].thread);
    assert_ptr_equal(wishes[2].context, contexts[1]);
    planche_gpu_pool_release(gpus, true, wishes[1].context, wishes[1].slot);
    planche_gpu_pool_release(gpus, true, wishes[2].context, wishes[2].slot);
    assert_int_equal(contexts[0]->running + contexts[1]->running, 0);
    planche_engine_destroy(&engine);
}

/* One of two devices is lost in the middle of a batch: every page is made, on a GPU, with the bytes
 * that it has without that. */
static void test_batch_loses_one(void **state)
{
    struct caller pages[BATCH], alone;
    unsigned redone = 0;
    (void)state;
    struct planche_engine *engine = make_engine();
    struct planche_gpu_context **contexts = gpu_pool_of(engine)->contexts;
    make_caller(&alone, engine);
    run_page(&alone);
    planche_gpu_fail_at(PLANCHE_GPU_FAULT_SUBMIT, BATCH);
    for (int i = 0; i < BATCH; i++) {
        make_caller(&pages[i], engine);
        assert_true(planche_thread_start(&pages[i].thread, run_page, &pages[i]));
    }
    for (int i = 0; i < BATCH; i++)
        planche_thread_join(&pages[i].thread);
    planche_gpu_fail_at(PLANCHE_GPU_FAULT_SUBMIT, 0);
    for (int i = 0; i < BATCH; i++) {
        assert_int_equal(pages[i].status, PLANCHE_OK);
        assert_string_equal(pages[i].result.backend, "vulkan");
        image_expect_equal(&pages[i].out.pixels, &alone.out.pixels);
        redone += pages[i].result.redone != 0;
        assert_int_equal(pages[i].result.redone_reason[0] != 0, pages[i].result.redone);
        free_caller(&pages[i]);
    }
    assert_true(redone > 0);
    assert_int_equal(
        atomic_load(&contexts[0]->device->lost) + atomic_load(&contexts[1]->device->lost), 1);
    free_caller(&alone);
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
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_allocation),
        cmocka_unit_test(test_lost),
        cmocka_unit_test(test_accounts),
        cmocka_unit_test(test_large_arenas),
        cmocka_unit_test(test_memory_is_kept),
        cmocka_unit_test(test_expected),
        cmocka_unit_test(test_expected_beside_another),
        cmocka_unit_test(test_turns),
        cmocka_unit_test(test_batch_loses_one),
    };
    return test_exit_status(cmocka_run_group_tests(tests, setup, test_teardown));
}
