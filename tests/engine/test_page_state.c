/* SPDX-License-Identifier: MIT */
/* State machine of a page: each transition that page_state.h names is possible, and no other: a
 * debug build stops at those. */
#include "engine/page_state.h"
#include "support/testing.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define STATES (PLANCHE_PAGE_ENCODING + 1)

/* As the table in page_state.h has it: [from][to]; all may go to NEW. */
static const bool possible[STATES][STATES] = {
    [PLANCHE_PAGE_NEW] = {[PLANCHE_PAGE_OPENED] = true},
    [PLANCHE_PAGE_OPENED] = {[PLANCHE_PAGE_RESOLVED] = true},
    [PLANCHE_PAGE_RESOLVED] = {[PLANCHE_PAGE_PLANNED] = true},
    [PLANCHE_PAGE_PLANNED] = {[PLANCHE_PAGE_ADMITTED] = true, [PLANCHE_PAGE_DEFERRED] = true},
    [PLANCHE_PAGE_DEFERRED] = {[PLANCHE_PAGE_RESOLVED] = true},
    [PLANCHE_PAGE_ADMITTED] = {[PLANCHE_PAGE_RUNNING] = true},
    [PLANCHE_PAGE_RUNNING] = {[PLANCHE_PAGE_ENCODING] = true},
};

static bool is_possible(int from, int to)
{
    return to == PLANCHE_PAGE_NEW || possible[from][to];
}

static void test_possible(void **state)
{
    (void)state;
    for (int from = 0; from < STATES; from++)
        for (int to = 0; to < STATES; to++)
            if (is_possible(from, to)) {
                struct planche_page page = {.state = (enum planche_page_state)from};
                planche_page_set_state(&page, (enum planche_page_state)to);
                assert_int_equal(page.state, to);
            }
}

#ifndef NDEBUG
/* How a process ends that makes the transition. */
static int end_of(int from, int to)
{
    int end = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit none = {0, 0};
        struct planche_page page = {.state = (enum planche_page_state)from};
        setrlimit(RLIMIT_CORE, &none);
        signal(SIGABRT, SIG_DFL);
        close(STDERR_FILENO); /* the assertion's text */
        planche_page_set_state(&page, (enum planche_page_state)to);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &end, 0), child);
    return end;
}
#endif

static void test_impossible(void **state)
{
    (void)state;
#ifdef NDEBUG
    print_message("SKIPPED: a build without assertions\n");
    skip();
#else
    for (int from = 0; from < STATES; from++)
        for (int to = 0; to < STATES; to++)
            if (!is_possible(from, to)) {
                int end = end_of(from, to);
                if (!WIFSIGNALED(end) || WTERMSIG(end) != SIGABRT)
                    fail_msg("%d -> %d is possible", from, to);
            }
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_possible),
        cmocka_unit_test(test_impossible),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
