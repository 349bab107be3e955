/* SPDX-License-Identifier: MIT */
/* An engine's network that is given up while no page runs, and loaded again for the next one. */
#include "engine/create.h"
#include "engine/engine.h"
#include "engine/internal.h"
#include "engine/run.h"
#include "support/remove_tree.h"
#include "support/testing.h"
#include "support/tiny_model.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIDE  16
#define SCALE 2

static char folder[] = "/tmp/planche-reload-XXXXXX";
static char model[128], other[128];
static struct tiny_model tiny;

/* Writes a model whose weights are the tiny one's but for one byte of a value. */
static int write_model(const char *name, char path[128], unsigned char change)
{
    struct tiny_model own = tiny;
    char stem[96];
    snprintf(stem, sizeof stem, "%s/%s", folder, name);
    snprintf(path, 128, "%s.param", stem);
    own.bin[own.bin_size - 3] ^= change;
    return tiny_model_write(&own, stem) ? 0 : -1;
}

static int setup(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    tiny_model_make(&tiny, SCALE);
    return write_model("model", model, 0) || write_model("other", other, 1) ? -1 : 0;
}

static int teardown(void **state)
{
    (void)state;
    remove_tree(folder);
    return 0;
}

static struct planche_engine *try_engine(const char *name, uint64_t memory,
                                         struct planche_error *error)
{
    struct planche_engine_options options = PLANCHE_ENGINE_OPTIONS_INIT;
    struct planche_engine *engine;
    options.model = name;
    options.threads = 2;
    options.memory = memory;
    options.backend = "cpu";
    planche_engine_open(&engine, &options, error);
    return engine;
}

static struct planche_engine *open_engine(const char *name, uint64_t memory)
{
    struct planche_error error;
    struct planche_engine *engine = try_engine(name, memory, &error);
    if (!engine)
        fail_msg("%s", error.message);
    return engine;
}

/* As admission does when a page lacks memory. */
static void give_up(const struct planche_engine *engine)
{
    struct planche_idle_network idle = {0};
    planche_engine_networks_find_idle(&engine->state->networks, &idle);
    assert_int_equal(idle.count, 1);
    assert_true(planche_engine_networks_unload(&idle));
}

static enum planche_status run_page(const struct planche_engine *engine,
                                    uint8_t result[2 * SIDE][2 * SIDE * 3],
                                    struct planche_error *error)
{
    const struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    struct planche_page_result facts;
    uint8_t page[SIDE][SIDE * 3];
    const struct planche_pixels in = {sizeof in, PLANCHE_PIXELS_RGB8, SIDE,
                                      SIDE,      sizeof page[0],      page};
    const struct planche_pixels out = {sizeof out,   PLANCHE_PIXELS_RGB8, SIDE * SCALE,
                                       SIDE * SCALE, sizeof result[0],    result};
    for (size_t i = 0; i < sizeof page; i++)
        (&page[0][0])[i] = (uint8_t)(i * 37 % 251);
    return planche_run_pixels(engine, &in, &out, &options, &facts, error);
}

static atomic_bool over;

/* What any thread may ask for at any time. */
static void *look(void *user)
{
    const struct planche_engine *engine = user;
    while (!over) {
        struct planche_engine_info info;
        planche_engine_describe(engine, &info);
        if (!info.precision || !info.backend || !info.variant)
            return user;
    }
    return NULL;
}

/* Other pages run, and the engine is asked what it is, while its network comes and goes. */
static void *run_pages(void *user)
{
    const struct planche_engine *engine = user;
    while (!over) {
        uint8_t result[2 * SIDE][2 * SIDE * 3];
        struct planche_error error;
        if (run_page(engine, result, &error))
            return user;
    }
    return NULL;
}

static void test_beside_others(void **state)
{
    void *(*const runs[])(void *) = {look, run_pages, run_pages};
    struct planche_engine *engine = open_engine(model, (uint64_t)64 << 20);
    pthread_t threads[3];
    void *failed;
    (void)state;
    over = false;
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, runs[i], engine), 0);
    for (int given_up = 0; given_up < 20; sched_yield()) {
        struct planche_idle_network idle = {0};
        planche_engine_networks_find_idle(&engine->state->networks, &idle);
        given_up += idle.count > 0 && planche_engine_networks_unload(&idle);
    }
    over = true;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
    planche_engine_close(&engine);
}

/* With the least memory with which an engine's network is ever given up, it can be loaded again
 * beside a small page. */
static void test_least_memory(void **state)
{
    static uint8_t result[2 * SIDE][2 * SIDE * 3];
    const uint64_t small = (uint64_t)PLANCHE_SMALL_PAGE_MIB << 20;
    uint64_t keeps = (uint64_t)8 << 20, enough = (uint64_t)128 << 20;
    struct planche_engine *engine;
    struct planche_error error;
    (void)state;
    while (enough - keeps > 64 << 10) {
        uint64_t middle = (keeps + enough) / 2;
        engine = try_engine(model, middle, &error);
        *(engine && !engine->state->networks.keeps_primary ? &enough : &keeps) = middle;
        planche_engine_close(&engine);
    }
    engine = open_engine(model, enough);
    give_up(engine);
    assert_true(planche_engine_set_aside(engine, small, NULL));
    const struct planche_executor *executor;
    const struct planche_executor_ops *ops = planche_engine_primary(engine)->executors.list[0].ops;
    struct planche_engine_networks *networks = &engine->state->networks;
    if (planche_engine_networks_make(networks, networks->primary, ops, NULL, &executor, &error))
        fail_msg("%s", error.message);
    planche_engine_networks_release(networks, networks->primary);
    planche_engine_put_back(engine, small);
    assert_int_equal(run_page(engine, result, &error), PLANCHE_OK);
    planche_engine_close(&engine);
}

/* Asking what an alternative makes of a page loads its network, for as long as that is wanted. */
static void test_cancelled_size(void **state)
{
    char choice[300];
    struct planche_cancel handle = {false};
    const struct planche_cancel_token token = {.handle = &handle};
    const struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    struct planche_page_result result = {.input_width = SIDE, .input_height = SIDE};
    struct planche_error error;
    (void)state;
    snprintf(choice, sizeof choice, "grey:%s|%s", other, model);
    struct planche_engine *engine = open_engine(choice, (uint64_t)64 << 20);
    planche_cancel_set(&handle);
    assert_int_equal(planche_engine_size_page(engine, &options, 1, 0, &token, &result, &error),
                     PLANCHE_ERROR_CANCELLED);
    assert_int_equal(planche_engine_size_page(engine, &options, 1, 0, NULL, &result, &error),
                     PLANCHE_OK);
    assert_int_equal(result.output_width, SIDE * SCALE);
    planche_engine_close(&engine);
}

/* A page without colours. The result has so many times its sides. */
static void run_grey(const struct planche_engine *engine, unsigned scale, uint8_t *result)
{
    const struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    struct planche_page_result facts;
    struct planche_error error;
    uint8_t page[SIDE][SIDE];
    const struct planche_pixels in = {sizeof in, PLANCHE_PIXELS_GREY8, SIDE, SIDE, SIDE, page};
    const struct planche_pixels out = {sizeof out,   PLANCHE_PIXELS_GREY8, SIDE * scale,
                                       SIDE * scale, SIDE * scale,         result};
    for (size_t i = 0; i < sizeof page; i++)
        (&page[0][0])[i] = (uint8_t)(i * 53 % 241);
    if (planche_run_pixels(engine, &in, &out, &options, &facts, &error))
        fail_msg("%s", error.message);
}

/* Whether the engine's own network is there. */
static bool has_primary(const struct planche_engine *engine)
{
    return planche_engine_primary(engine)->phase == PLANCHE_NETWORK_LOADED;
}

/* A grey page has its own network. If it is the only one of its engine, the other is given up for
 * it, and loaded again should a page with colours come after all; the bytes are the same. */
static void test_only_page(void **state)
{
    static uint8_t grey[2][2 * SIDE * 2 * SIDE], colour[2][2 * SIDE][2 * SIDE * 3];
    struct planche_error error;
    uint64_t used[2];
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct planche_engine *engine = open_engine("small", (uint64_t)128 << 20);
        planche_engine_expect(engine, 2 - i);
        run_grey(engine, 2, grey[i]);
        assert_int_equal(has_primary(engine), i == 0);
        used[i] = planche_engine_weight_bytes(engine);
        assert_int_equal(run_page(engine, colour[i], &error), PLANCHE_OK);
        assert_int_equal(has_primary(engine), true);
        planche_engine_close(&engine);
    }
    assert_true(used[1] < used[0]);
    assert_memory_equal(grey[0], grey[1], sizeof grey[0]);
    assert_memory_equal(colour[0], colour[1], sizeof colour[0]);
}

/* A chain may run on what is there already. */
static void test_only_page_of_a_chain(void **state)
{
    static uint8_t grey[SCALE * SIDE * SCALE * SIDE];
    char chain[160];
    (void)state;
    snprintf(chain, sizeof chain, "small+%s", model);
    struct planche_engine *engine = open_engine(chain, (uint64_t)128 << 20);
    planche_engine_expect(engine, 1);
    run_grey(engine, SCALE, grey);
    assert_true(has_primary(engine));
    planche_engine_close(&engine);
}

static void get_fingerprint(const char *name, bool gives_up, char text[PLANCHE_ENGINE_FINGERPRINT])
{
    struct planche_engine *engine = open_engine(name, (uint64_t)64 << 20);
    struct planche_error error;
    if (gives_up)
        give_up(engine);
    assert_int_equal(planche_engine_fingerprint(engine, text, &error), PLANCHE_OK);
    planche_engine_close(&engine);
}

/* It is first asked for when the network is not there. */
static void test_fingerprint(void **state)
{
    char before[PLANCHE_ENGINE_FINGERPRINT], after[PLANCHE_ENGINE_FINGERPRINT];
    (void)state;
    get_fingerprint(model, false, before);
    get_fingerprint(model, true, after);
    assert_string_equal(before, after);
    get_fingerprint(other, true, after);
    assert_true(strncmp(before, after, strlen("model ") + 64) != 0);
}

/* A chain's first file is known from what was loaded: its path may have another one by now. Others
 * are read. */
static void test_fingerprint_of_a_chain(void **state)
{
    char chain[300], path[128], texts[3][PLANCHE_ENGINE_FINGERPRINT];
    struct planche_error error;
    (void)state;
    snprintf(path, sizeof path, "%s", model);
    snprintf(chain, sizeof chain, "height<=9:levels+%s|%s", model, other);
    struct planche_engine *engine = open_engine(chain, 0);
    assert_int_equal(planche_engine_fingerprint(engine, texts[0], &error), PLANCHE_OK);
    assert_int_equal(write_model("model", path, 2), 0);
    assert_int_equal(planche_engine_fingerprint(engine, texts[1], &error), PLANCHE_OK);
    assert_string_equal(texts[1], texts[0]);
    planche_engine_close(&engine);
    engine = open_engine(chain, 0);
    assert_int_equal(planche_engine_fingerprint(engine, texts[2], &error), PLANCHE_OK);
    assert_string_not_equal(texts[2], texts[0]);
    planche_engine_close(&engine);
    assert_int_equal(write_model("model", path, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_beside_others),          cmocka_unit_test(test_least_memory),
        cmocka_unit_test(test_cancelled_size),         cmocka_unit_test(test_fingerprint),
        cmocka_unit_test(test_fingerprint_of_a_chain), cmocka_unit_test(test_only_page),
        cmocka_unit_test(test_only_page_of_a_chain),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
