/* SPDX-License-Identifier: MIT */
/* Turns on the workers: external pages (a book's) against those of readers. What makes pages is
 * replaced, so that the order alone is looked at, and no test depends on time. */
#include "pages/pages.h"
#include "pages/run.h"
#include "service/engine_cache.h"

#include "support/testing.h"

#include <stdlib.h>
#include <string.h>

/* What is not linked. */
static void (*engine_waits)(void *user);
static void *engine_waits_user;

void planche_cli_engine_cache_on_wait(struct planche_cli_engine_cache *engines,
                                      void (*waits)(void *user), void *user)
{
    (void)engines;
    engine_waits = waits;
    engine_waits_user = user;
}

void planche_cli_engine_cache_trim(struct planche_cli_engine_cache *engines)
{
    (void)engines;
}

void planche_cli_request_clear(struct planche_cli_request *request)
{
    *request = (struct planche_cli_request){0};
}

void planche_pages_run(struct planche_pages_flight *flight,
                       struct planche_cli_engine_cache *engines,
                       const struct planche_pages_maker *maker, struct planche_cancel *cancel)
{
    (void)engines;
    (void)maker;
    (void)cancel;
    flight->status = PLANCHE_ERROR_DATA; /* it has no result that would have to be made */
}

static struct planche_http_loop *loop;
static struct planche_http_budget budget;
static struct planche_http_blob *input;
static char told[64]; /* what happened: g: an external page may begin, y: they are to yield, r, p,
                         b: ended */

static void tell(char what)
{
    size_t length = strlen(told);
    assert_in_range(length, 0, sizeof told - 2);
    told[length] = what;
    told[length + 1] = 0;
}

static void on_granted(void *user)
{
    (void)user;
    tell('g');
}

static void on_yield(void *user)
{
    (void)user;
    tell('y');
}

/* A page that is wanted. */
struct reader {
    struct planche_pages_waiter waiter;
    char name;
    bool last;
};

static void on_done(void *user, const struct planche_pages_outcome *outcome)
{
    const struct reader *reader = user;
    assert_int_equal(outcome->status, PLANCHE_ERROR_DATA);
    tell(reader->name);
    if (reader->last)
        planche_http_loop_stop(loop);
}

static struct planche_pages *create(void)
{
    const struct planche_pages_external external = {.granted = on_granted, .yield = on_yield};
    const struct planche_pages_settings settings = {
        .loop = loop, .budget = &budget, .workers = 1, .queue_limit = 8};
    struct planche_pages *pages = planche_pages_create(&settings, NULL);
    assert_non_null(pages);
    planche_pages_set_external(pages, &external);
    *told = 0;
    return pages;
}

static void come(struct planche_pages *pages, struct reader *reader, enum planche_pages_class class)
{
    static uint8_t number;
    struct planche_pages_wish wish = {.input = input, .size = 1, .class = class};
    struct planche_cache_result *result = NULL;
    wish.key.bytes[0] = ++number;
    reader->waiter = (struct planche_pages_waiter){.done = on_done, .user = reader};
    assert_int_equal(planche_pages_submit(pages, &wish, &reader->waiter, &result),
                     PLANCHE_PAGES_WAITS);
}

/* Readers wait for the page of the book that runs, and for no other; prefetch, too. */
static void test_readers_first(void **state)
{
    struct planche_pages *pages = create();
    struct reader prefetch = {.name = 'p', .last = true}, first = {.name = 'r'},
                  second = {.name = 'r'};
    (void)state;
    for (int i = 0; i < 3; i++)
        planche_pages_external_wait(pages);
    assert_string_equal(told, "g"); /* there is one worker */
    come(pages, &prefetch, PLANCHE_PAGES_PREFETCH);
    come(pages, &first, PLANCHE_PAGES_READER);
    come(pages, &second, PLANCHE_PAGES_READER);
    assert_string_equal(told, "g");
    planche_pages_external_leave(pages);
    assert_true(planche_http_loop_run(loop));
    assert_string_equal(told, "grrgp"); /* the worker goes on before the last one is told */
    planche_pages_external_leave(pages);
    assert_string_equal(told, "grrgpg");
    planche_pages_external_leave(pages);
    planche_pages_destroy(pages);
}

/* Pages of requests that are as patient take turns with it. */
static void test_patient_pages(void **state)
{
    struct planche_pages *pages = create();
    struct reader one = {.name = 'b'}, two = {.name = 'b', .last = true};
    (void)state;
    planche_pages_external_wait(pages);
    planche_pages_external_wait(pages);
    come(pages, &one, PLANCHE_PAGES_BOOK);
    come(pages, &two, PLANCHE_PAGES_BOOK);
    planche_pages_external_leave(pages);
    while (strcmp(told, "ggb") != 0 && strcmp(told, "gbg") != 0) { /* one, then the external one */
        planche_http_loop_flush(loop);
    }
    planche_pages_external_leave(pages);
    assert_true(planche_http_loop_run(loop));
    assert_int_equal(strlen(told), 4);
    assert_int_equal(told[3], 'b');
    planche_pages_destroy(pages);
}

/* What waits is forgotten; a page that lacks an engine makes the external ones yield. */
static void test_yields(void **state)
{
    struct planche_pages *pages = create();
    struct planche_pages_state now;
    (void)state;
    planche_pages_external_wait(pages);
    planche_pages_external_wait(pages);
    planche_pages_get_state(pages, &now);
    assert_int_equal(now.running, 1);
    assert_int_equal(now.waiting[PLANCHE_PAGES_BOOK], 1);
    engine_waits(engine_waits_user);
    engine_waits(engine_waits_user); /* the same news */
    planche_http_loop_flush(loop);
    assert_string_equal(told, "gy");
    planche_pages_external_leave(pages);
    assert_string_equal(told, "gy");
    planche_pages_external_wait(pages);
    planche_pages_external_forget(pages);
    planche_pages_external_leave(pages);
    planche_pages_get_state(pages, &now);
    assert_int_equal(now.running, 0);
    assert_int_equal(now.waiting[PLANCHE_PAGES_BOOK], 0);
    planche_pages_destroy(pages);
}

static int set_up(void **state)
{
    char *data = malloc(1);
    (void)state;
    loop = planche_http_loop_create();
    planche_http_budget_init(&budget, 1 << 20);
    input = planche_http_blob_create(data, 1, free, NULL, &budget, 0);
    return loop == NULL || input == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    planche_http_blob_drop(input);
    planche_http_budget_destroy(&budget);
    planche_http_loop_destroy(loop);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_readers_first),
        cmocka_unit_test(test_patient_pages),
        cmocka_unit_test(test_yields),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
