/* SPDX-License-Identifier: MIT */
/* Tracing: what PLANCHE_TRACE may say, and what a line says. */
#include "base/trace.h"
#include "support/testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a log has taken. */
struct lines {
    int traces, warnings, others;
    char last[1024];
};

static void take_line(void *user, enum planche_log_level level, const char *line)
{
    struct lines *lines = user;
    *(level == PLANCHE_LOG_TRACE     ? &lines->traces
      : level == PLANCHE_LOG_WARNING ? &lines->warnings
                                     : &lines->others) += 1;
    snprintf(lines->last, sizeof(lines->last), "%s", line);
}

static void test_names(void **state)
{
    static const struct {
        const char *names;
        unsigned areas;
        int warnings;
    } cases[] = {
        {NULL, 0, 0},
        {"", 0, 0},
        {"page", PLANCHE_TRACE_PAGE, 0},
        {"plan", PLANCHE_TRACE_PLAN, 0},
        {"gpu", PLANCHE_TRACE_GPU, 0},
        {"gpu,page", PLANCHE_TRACE_GPU | PLANCHE_TRACE_PAGE, 0},
        {"page,page,", PLANCHE_TRACE_PAGE, 0},
        {",plan", PLANCHE_TRACE_PLAN, 0},
        {"all", PLANCHE_TRACE_PAGE | PLANCHE_TRACE_PLAN | PLANCHE_TRACE_GPU, 0},
        {"all,gpu", PLANCHE_TRACE_PAGE | PLANCHE_TRACE_PLAN | PLANCHE_TRACE_GPU, 0},
        {"pages", 0, 1},
        {"pag", 0, 1},
        {"PAGE", 0, 1},
        {"page plan", 0, 1},
        {"gpu,cpu,net", PLANCHE_TRACE_GPU, 2},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct lines lines = {0};
        const struct planche_log log = {.fn = take_line, .user = &lines};
        assert_int_equal(planche_trace_parse(cases[i].names, &log), cases[i].areas);
        assert_int_equal(lines.warnings, cases[i].warnings);
        assert_int_equal(lines.traces + lines.others, 0);
        if (cases[i].warnings)
            assert_non_null(strstr(lines.last, "PLANCHE_TRACE"));
        assert_int_equal(planche_trace_parse(cases[i].names, NULL), cases[i].areas);
    }
}

/* The variable counts only where there is a log. */
static void test_environment(void **state)
{
    struct lines lines = {0};
    struct planche_log log = {.fn = take_line, .user = &lines}, none = {0};
    (void)state;
    setenv("PLANCHE_TRACE", "plan,tree", 1);
    planche_trace_enable(&log);
    planche_trace_enable(&none);
    assert_int_equal(log.trace, PLANCHE_TRACE_PLAN);
    assert_int_equal(none.trace, 0);
    assert_int_equal(lines.warnings, 1);
    assert_non_null(strstr(lines.last, "'tree'"));
    assert_int_equal(planche_trace_wanted(), PLANCHE_TRACE_PLAN);
    unsetenv("PLANCHE_TRACE");
    planche_trace_enable(&log);
    assert_int_equal(log.trace, 0);
    assert_int_equal(planche_trace_wanted(), 0);
    assert_int_equal(lines.warnings, 1);
}

static int evaluated;

static int argument(void)
{
    return ++evaluated;
}

/* Lines have the page, a time that grows, the thread and the area; what is off says and computes
 * nothing. */
static void test_lines(void **state)
{
    struct lines lines = {0};
    struct planche_log log = {.fn = take_line, .user = &lines};
    struct planche_trace trace, next;
    unsigned long long page, next_page;
    unsigned thread;
    double first, second;
    char area[8], text[64];
    (void)state;
    planche_trace_begin(&trace, &log);
    PLANCHE_TRACE(&trace, PLANCHE_TRACE_PAGE, "%d", argument());
    PLANCHE_TRACE(NULL, PLANCHE_TRACE_PAGE, "%d", argument());
    planche_trace_begin(&trace, NULL);
    PLANCHE_TRACE(&trace, PLANCHE_TRACE_PAGE, "%d", argument());
    log.trace = PLANCHE_TRACE_PAGE | PLANCHE_TRACE_GPU;
    planche_trace_begin(&trace, &log);
    PLANCHE_TRACE(&trace, PLANCHE_TRACE_PLAN, "%d", argument());
    assert_int_equal(lines.traces + lines.warnings + lines.others, 0);
    assert_int_equal(evaluated, 0);
    PLANCHE_TRACE(&trace, PLANCHE_TRACE_GPU, "value %d", argument());
    assert_int_equal(sscanf(lines.last, "page %llu +%lf ms thread %u %7[a-z]: %63[^\n]", &page,
                            &first, &thread, area, text),
                     5);
    assert_string_equal(area, "gpu");
    assert_string_equal(text, "value 1");
    assert_true(page > 0 && thread > 0 && first >= 0);
    planche_trace_begin(&next, &log);
    PLANCHE_TRACE(&next, PLANCHE_TRACE_PAGE, "other");
    assert_int_equal(sscanf(lines.last, "page %llu", &next_page), 1);
    assert_int_equal(next_page, page + 1);
    PLANCHE_TRACE(&trace, PLANCHE_TRACE_PAGE, "later");
    assert_int_equal(sscanf(lines.last, "page %llu +%lf ms thread", &next_page, &second), 2);
    assert_int_equal(next_page, page);
    assert_true(second >= first);
    assert_int_equal(lines.traces, 3);
    assert_int_equal(evaluated, 1);
}

/* What belongs to no page says how long it took. */
static void test_took(void **state)
{
    struct lines lines = {0};
    struct planche_log log = {.fn = take_line, .user = &lines, .trace = PLANCHE_TRACE_PAGE};
    unsigned thread;
    double ms;
    char text[64];
    (void)state;
    assert_true(planche_trace_start(&log, PLANCHE_TRACE_GPU) == 0);
    planche_trace_took(&log, PLANCHE_TRACE_GPU, 0, "nothing");
    assert_int_equal(lines.traces, 0);
    double start = planche_trace_start(&log, PLANCHE_TRACE_PAGE);
    assert_true(start > 0);
    planche_trace_took(&log, PLANCHE_TRACE_PAGE, start, "part %d", 7);
    assert_int_equal(lines.traces, 1);
    assert_int_equal(sscanf(lines.last, "thread %u page: %lf ms for %63[^\n]", &thread, &ms, text),
                     3);
    assert_string_equal(text, "part 7");
    assert_true(thread > 0 && ms >= 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_names),
                                       cmocka_unit_test(test_environment),
                                       cmocka_unit_test(test_lines), cmocka_unit_test(test_took)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
