/* SPDX-License-Identifier: MIT */
/* The executor list: what is made when, waiting for it, and the memory of what is made later. */
#include "base/status.h"
#include "engine/executors.h"
#include "support/testing.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#define MIB ((uint64_t)1 << 20)

/* An executor that takes memory and does nothing. */
static atomic_int made, destroyed;
static atomic_bool dead, fails;
static char last_log[256];
static int logged;

static uint64_t fake_bytes(const struct planche_executor_setup *setup)
{
    (void)setup;
    return 10 * MIB;
}

static enum planche_status fake_create(void **state, const struct planche_executor_setup *setup,
                                       struct planche_budget *budget, struct planche_error *error)
{
    (void)setup;
    made++;
    if (fails)
        return planche_fail(error, PLANCHE_ERROR_DEVICE, "it is broken");
    *state = planche_alloc(budget, 8 * MIB);
    return *state ? PLANCHE_OK : planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory");
}

static void fake_destroy(void *state)
{
    destroyed++;
    planche_free(state);
}

static void fake_describe(const void *state, struct planche_executor_info *info)
{
    (void)state;
    *info = (struct planche_executor_info){.precision = "f32", .plan_bytes = 1};
}

static bool fake_alive(const void *state)
{
    (void)state;
    return !dead;
}

static const struct planche_executor_ops fake = {
    .name = "fake",
    .title = "a fake",
    .bytes = fake_bytes,
    .create = fake_create,
    .destroy = fake_destroy,
    .describe = fake_describe,
    .alive = fake_alive,
};

static void take_log(void *user, enum planche_log_level level, const char *message)
{
    (void)user;
    (void)level;
    snprintf(last_log, sizeof last_log, "%s", message);
    logged++;
}

struct engine {
    struct planche_budget budget;
    struct planche_admission admission;
    struct planche_executors executors;
};

/* Two executors, and 64 MiB of memory. */
static void start(struct engine *engine)
{
    const struct planche_executor_setup setup = {.model = "model", .log = {.fn = take_log}};
    made = destroyed = logged = 0;
    dead = fails = false;
    planche_budget_init(&engine->budget, 64 * MIB);
    planche_admission_init(&engine->admission);
    planche_admission_start(&engine->admission, 64 * MIB, 4, 0);
    planche_executors_init(&engine->executors, NULL, &engine->budget, &engine->admission);
    planche_executors_add(&engine->executors, &fake, &setup);
    planche_executors_add(&engine->executors, &fake, &setup);
}

static void stop(struct engine *engine)
{
    planche_executors_destroy(&engine->executors);
    planche_admission_destroy(&engine->admission);
    assert_int_equal(atomic_load(&engine->budget.used), 0);
}

/* Made once, when it is needed, and what it takes is no page's any more. */
static void test_made_later(void **state)
{
    struct engine engine;
    struct planche_error error;
    const struct planche_executor *first, *again;
    (void)state;
    start(&engine);
    assert_int_equal(made, 0);
    assert_int_equal(planche_executors_get(&engine.executors, 1, NULL, &first, &error), PLANCHE_OK);
    assert_int_equal(planche_executors_get(&engine.executors, 1, NULL, &again, &error), PLANCHE_OK);
    assert_ptr_equal(first, again);
    assert_int_equal(made, 1);
    assert_string_equal(first->info.precision, "f32");
    assert_in_range(engine.executors.bytes, 8 * MIB, 9 * MIB);
    assert_in_range(planche_admission_available(&engine.admission).most, 50 * MIB, 54 * MIB);
    stop(&engine);
    assert_int_equal(destroyed, 1);
}

/* One that cannot be made takes nothing, and is tried again. */
static void test_failures(void **state)
{
    struct engine engine;
    struct planche_error error;
    const struct planche_executor *executor;
    (void)state;
    start(&engine);
    fails = true;
    for (int i = 1; i < 3; i++) {
        assert_int_equal(planche_executors_get(&engine.executors, 0, NULL, &executor, &error),
                         PLANCHE_ERROR_DEVICE);
        assert_int_equal(made, i);
        assert_int_equal(planche_admission_available(&engine.admission).most, 64 * MIB);
    }
    fails = false;
    assert_int_equal(planche_executors_get(&engine.executors, 0, NULL, &executor, &error),
                     PLANCHE_OK);
    stop(&engine);
    assert_int_equal(destroyed, 1);
}

/* More than there is. */
static void test_no_memory(void **state)
{
    struct engine engine;
    struct planche_error error;
    const struct planche_executor *executor;
    (void)state;
    start(&engine);
    assert_true(planche_admission_set_aside(&engine.admission, 60 * MIB, NULL));
    assert_int_equal(planche_executors_get(&engine.executors, 0, NULL, &executor, &error),
                     PLANCHE_ERROR_BUDGET);
    assert_non_null(strstr(error.message, "a fake needs 13 MiB for the weights of model"));
    assert_int_equal(made, 0);
    planche_admission_put_back(&engine.admission, 60 * MIB);
    stop(&engine);
}

/* A page that needs an executor. */
struct visitor {
    pthread_t thread;
    struct engine *engine;
    struct planche_cancel cancel;
    enum planche_status status;
    atomic_bool done;
};

static void *visit(void *user)
{
    struct visitor *visitor = user;
    const struct planche_cancel_token token = {.handle = &visitor->cancel};
    const struct planche_executor *executor;
    struct planche_error error;
    visitor->status =
        planche_executors_get(&visitor->engine->executors, 1, &token, &executor, &error);
    visitor->done = true;
    return NULL;
}

static void send_visitor(struct visitor *visitor, struct engine *engine)
{
    *visitor = (struct visitor){.engine = engine};
    assert_int_equal(pthread_create(&visitor->thread, NULL, visit, visitor), 0);
}

static void wait_until_made(struct engine *engine)
{
    bool waits = false;
    while (!waits) {
        planche_mutex_lock(&engine->admission.mutex);
        waits = engine->admission.sleeping > 0;
        planche_mutex_unlock(&engine->admission.mutex);
        sched_yield();
    }
}

/* While the first page that needs it waits for memory, the others that do can be cancelled, and so
 * can the first: then the next one makes it. */
static void test_cancel_while_made(void **state)
{
    const struct planche_admission_ticket ticket = {0};
    const struct planche_reservation most = {60 * MIB, 1};
    struct engine engine;
    struct visitor first, second, third;
    (void)state;
    start(&engine);
    assert_true(planche_admission_acquire(&engine.admission, &ticket));
    planche_admission_commit(&engine.admission, &most);
    send_visitor(&first, &engine);
    wait_until_made(&engine);
    send_visitor(&second, &engine);
    send_visitor(&third, &engine);
    planche_cancel_request(&second.cancel);
    assert_int_equal(pthread_join(second.thread, NULL), 0);
    assert_int_equal(second.status, PLANCHE_ERROR_CANCELLED);
    assert_false(first.done || third.done);
    planche_cancel_request(&first.cancel);
    assert_int_equal(pthread_join(first.thread, NULL), 0);
    assert_int_equal(first.status, PLANCHE_ERROR_CANCELLED);
    assert_false(third.done);
    assert_int_equal(made, 0);
    planche_admission_release(&engine.admission, &most);
    assert_int_equal(pthread_join(third.thread, NULL), 0);
    assert_int_equal(third.status, PLANCHE_OK);
    assert_int_equal(made, 1);
    stop(&engine);
}

/* A dead one is passed over, which the log says once; the last one always serves. */
static void test_dead(void **state)
{
    struct engine engine;
    struct planche_error error;
    const struct planche_executor *executor;
    (void)state;
    start(&engine);
    dead = true;
    assert_true(planche_executors_is_usable(&engine.executors, 0)); /* for all that is known */
    assert_int_equal(planche_executors_get(&engine.executors, 0, NULL, &executor, &error),
                     PLANCHE_OK);
    assert_false(planche_executors_is_usable(&engine.executors, 0));
    assert_false(planche_executors_is_usable(&engine.executors, 0));
    assert_true(planche_executors_is_usable(&engine.executors, 1));
    assert_int_equal(logged, 1);
    assert_string_equal(last_log,
                        "a fake cannot be used any more: pages are made on a fake from now on");
    stop(&engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_made_later), cmocka_unit_test(test_failures),
        cmocka_unit_test(test_no_memory),  cmocka_unit_test(test_cancel_while_made),
        cmocka_unit_test(test_dead),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
