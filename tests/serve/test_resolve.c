/* SPDX-License-Identifier: MIT */
/* Names of upstreams: a system that does not answer keeps neither the loop nor the end waiting.
 * getaddrinfo is replaced. */
#include "proxy/upstream.h"

#include "os/clock.h"
#include "os/thread.h"
#include "support/testing.h"

#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#define MS INT64_C(1000000)

int __real_getaddrinfo(const char *host, const char *port, const struct addrinfo *wanted,
                       struct addrinfo **found);
int __wrap_getaddrinfo(const char *host, const char *port, const struct addrinfo *wanted,
                       struct addrinfo **found);

static struct planche_mutex lock = PLANCHE_MUTEX_INIT;
static struct planche_cond changed;
static bool hangs;
static unsigned returned;
static int problem;

int __wrap_getaddrinfo(const char *host, const char *port, const struct addrinfo *wanted,
                       struct addrinfo **found)
{
    if ((wanted->ai_flags & AI_NUMERICHOST) != 0)
        return __real_getaddrinfo(host, port, wanted, found);
    planche_mutex_lock(&lock);
    while (hangs)
        planche_cond_wait(&changed, &lock);
    returned++;
    planche_cond_broadcast(&changed);
    int what = problem;
    planche_mutex_unlock(&lock);
    struct addrinfo numeric = *wanted;
    numeric.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
    return what != 0 ? what : __real_getaddrinfo("127.0.0.1", port, &numeric, found);
}

static struct planche_http_loop *loop;
static struct planche_proxy_upstream upstream;
static unsigned told;
static char why[128];

static void on_all(struct planche_proxy_upstream *of, const char *what)
{
    (void)of;
    told++;
    strncpy(why, what != NULL ? what : "", sizeof why - 1);
    planche_http_loop_stop(loop);
}

static void set_hangs(bool on)
{
    planche_mutex_lock(&lock);
    hangs = on;
    planche_cond_broadcast(&changed);
    planche_mutex_unlock(&lock);
}

/* Until so many threads have come back from the system. */
static void wait_for_threads(unsigned count)
{
    planche_mutex_lock(&lock);
    while (returned < count)
        planche_cond_wait(&changed, &lock);
    planche_mutex_unlock(&lock);
}

static int setup(void **state)
{
    struct planche_error error = {0};
    (void)state;
    loop = planche_http_loop_create();
    assert_non_null(loop);
    upstream = (struct planche_proxy_upstream){
        .loop = loop, .resolve_ns = 60000 * MS, .found_all = on_all};
    assert_int_equal(planche_proxy_upstream_parse(&upstream, "http://komga:25600", &error),
                     PLANCHE_OK);
    assert_false(upstream.numeric);
    planche_mutex_lock(&lock);
    returned = 0;
    planche_mutex_unlock(&lock);
    told = 0;
    problem = 0;
    set_hangs(false);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    planche_proxy_upstream_close(&upstream);
    planche_http_loop_destroy(loop);
    return 0;
}

static void test_names(void **state)
{
    (void)state;
    planche_proxy_resolve(&upstream);
    planche_proxy_resolve(&upstream); /* is under way */
    assert_int_equal(told, 0);
    assert_true(planche_http_loop_run(loop));
    assert_int_equal(told, 1);
    assert_string_equal(why, "");
    assert_int_equal(returned, 1);
    assert_int_equal(upstream.found.count, 1);
    assert_int_equal(ntohl(upstream.found.addresses[0].v4.sin_addr.s_addr), INADDR_LOOPBACK);
    assert_int_equal(ntohs(upstream.found.addresses[0].v4.sin_port), 25600);
    problem = EAI_NONAME;
    planche_proxy_resolve(&upstream);
    assert_true(planche_http_loop_run(loop));
    assert_int_equal(told, 2);
    assert_non_null(strstr(why, "cannot be resolved"));
    assert_int_equal(upstream.found.count, 1); /* what was found before is kept */
}

static void test_no_answer(void **state)
{
    (void)state;
    set_hangs(true);
    upstream.resolve_ns = 20 * MS;
    planche_proxy_resolve(&upstream);
    assert_true(planche_http_loop_run(loop)); /* the loop goes on, and says so */
    assert_int_equal(told, 1);
    assert_non_null(strstr(why, "does not answer"));
    /* Others are asked, but not without end. */
    for (unsigned i = 0; i < 20; i++) {
        planche_proxy_resolve(&upstream);
        if (upstream.resolving != NULL)
            assert_true(planche_http_loop_run(loop));
    }
    assert_int_equal(told, 21);
    assert_non_null(strstr(why, "no thread"));
    set_hangs(false);
    wait_for_threads(8);
    /* Threads come free again: soon, not at once. */
    upstream.resolve_ns = 60000 * MS;
    do {
        planche_proxy_resolve(&upstream);
        if (upstream.resolving != NULL)
            assert_true(planche_http_loop_run(loop));
    } while (*why != 0);
}

/* The end comes while the system does not answer, and while the answer is on its way. */
static void test_end(void **state)
{
    (void)state;
    set_hangs(true);
    planche_proxy_resolve(&upstream);
    teardown(NULL);
    setup(NULL);
    set_hangs(false);
    planche_proxy_resolve(&upstream);
    wait_for_threads(1);
    teardown(NULL);
    assert_int_equal(told, 0);
    setup(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_names, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_answer, setup, teardown),
        cmocka_unit_test_setup_teardown(test_end, setup, teardown),
    };
    planche_cond_init(&changed);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
