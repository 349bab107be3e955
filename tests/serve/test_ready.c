/* SPDX-License-Identifier: MIT */
/* What keys of pages depend on is found out beside the loop: who waits for what, and in which
 * order. The thread is this test. */
#include "pages/ready.h"

#include "support/testing.h"

#include <stdio.h>
#include <string.h>

/* What is not linked. */
static void (*asked)(void *user); /* NULL: nothing is under way */
static void *asked_user;
static struct planche_http_task *asked_done;
static char told[256]; /* "[a]": model a was read; "a": who waits for a goes on */
static char known[64]; /* names of models that need not be read */

static void tell(const char *format, const char *name)
{
    size_t length = strlen(told);
    snprintf(told + length, sizeof told - length, format, name != NULL ? name : "-");
}

void planche_pages_call(struct planche_pages *pages, void (*run)(void *user), void *user,
                        struct planche_http_task *done)
{
    (void)pages;
    assert_null(asked); /* one at a time */
    asked = run;
    asked_user = user;
    asked_done = done;
}

void planche_pages_keys_prepare(struct planche_pages_keys *keys, const char *model)
{
    (void)keys;
    tell("[%s]", model);
    if (model != NULL && strcmp(model, "broken") != 0)
        strcat(known, model);
}

bool planche_cache_model_is_read(const char *model)
{
    return model == NULL || strstr(known, model) != NULL;
}

/* What is under way is done, and the loop is told. */
static void work(void)
{
    void (*run)(void *user) = asked;
    struct planche_http_task *done = asked_done;
    assert_non_null(run);
    run(asked_user);
    asked = NULL;
    done->run(done->user);
}

static struct planche_pages_ready *ready;
static struct planche_pages_ready_waiter waiters[4];

static void go(void *user)
{
    struct planche_pages_ready_waiter *waiter = user;
    tell("%s", waiter->model);
}

static bool wait_for(unsigned number, const char *model)
{
    waiters[number] =
        (struct planche_pages_ready_waiter){.go = go, .user = &waiters[number], .model = model};
    return planche_pages_ready_wait(ready, &waiters[number]);
}

/* Leaves with its neighbour, as a connection does that brings two pages down. */
static void go_with_next(void *user)
{
    go(user);
    planche_pages_ready_leave(&waiters[2]);
    assert_true(wait_for(0, "b"));
}

static int setup(void **state)
{
    (void)state;
    *told = *known = 0;
    asked = NULL;
    ready = planche_pages_ready_create(NULL, NULL);
    assert_non_null(ready);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    planche_pages_ready_destroy(ready);
    return 0;
}

static void test_machine(void **state)
{
    (void)state;
    planche_pages_ready_prepare(ready);
    planche_pages_ready_prepare(ready);
    assert_true(wait_for(0, NULL));
    assert_true(wait_for(1, "a"));
    work(); /* the machine is known: the default goes on, the other model is read */
    assert_string_equal(told, "[-]-");
    work();
    assert_string_equal(told, "[-]-[a]a");
    assert_null(asked);
    assert_false(wait_for(0, NULL));
    assert_false(wait_for(0, "a"));
    planche_pages_ready_prepare(ready);
    assert_null(asked);
}

static void test_models(void **state)
{
    (void)state;
    assert_true(wait_for(0, "a"));
    assert_true(wait_for(1, "b"));
    assert_true(wait_for(2, "broken"));
    assert_true(wait_for(3, "a"));
    work();
    assert_string_equal(told, "[a]aa");
    work();
    work(); /* it cannot be read, which its key will say */
    assert_string_equal(told, "[a]aa[b]b[broken]broken");
    assert_null(asked);
    assert_true(wait_for(2, "broken")); /* it may have been mended */
    planche_pages_ready_leave(&waiters[2]);
    planche_pages_ready_leave(&waiters[2]);
    work();
    assert_string_equal(told, "[a]aa[b]b[broken]broken[broken]");
    assert_null(asked);
}

/* Those who are told change the list. */
static void test_changes_meanwhile(void **state)
{
    (void)state;
    assert_true(wait_for(1, "a"));
    waiters[1].go = go_with_next;
    assert_true(wait_for(2, "a"));
    assert_true(wait_for(3, "a"));
    work();
    assert_string_equal(told, "[a]aa");
    work();
    assert_string_equal(told, "[a]aa[b]b");
    assert_null(asked);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_machine, setup, teardown),
        cmocka_unit_test_setup_teardown(test_models, setup, teardown),
        cmocka_unit_test_setup_teardown(test_changes_meanwhile, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
