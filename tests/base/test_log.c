/* SPDX-License-Identifier: MIT */
/* A log that says each line once. */
#include "base/log.h"
#include "support/testing.h"

#include <string.h>

struct lines {
    unsigned count;
    char last[64];
};

static void take_line(void *user, enum planche_log_level level, const char *line)
{
    struct lines *lines = user;
    assert_int_equal(level, PLANCHE_LOG_WARNING);
    assert_true(strlen(line) < sizeof lines->last);
    strcpy(lines->last, line);
    lines->count++;
}

static void test_once(void **state)
{
    struct lines lines = {0};
    const struct planche_log log = {.fn = take_line, .user = &lines};
    struct planche_log_once once;
    (void)state;
    planche_log_once_init(&once, &log);
    for (int i = 0; i < 3; i++) {
        planche_log_write(&once.log, PLANCHE_LOG_WARNING, "%s", "page: a");
        planche_log_write(&once.log, PLANCHE_LOG_WARNING, "page: %c", 'b');
    }
    assert_int_equal(lines.count, 2);
    assert_string_equal(lines.last, "page: b");
    planche_log_once_destroy(&once);
    /* The next piece of work says it again. */
    planche_log_once_init(&once, &log);
    planche_log_write(&once.log, PLANCHE_LOG_WARNING, "page: a");
    assert_int_equal(lines.count, 3);
    planche_log_once_destroy(&once);
}

/* Lines below the least level are not made; traces always are. */
static void test_level(void **state)
{
    struct lines lines = {0};
    const struct planche_log log = {.fn = take_line, .user = &lines, .least = PLANCHE_LOG_WARNING};
    struct planche_log_once once;
    (void)state;
    planche_log_once_init(&once, &log);
    planche_log_write(&log, PLANCHE_LOG_INFO, "not wanted");
    planche_log_write(&once.log, PLANCHE_LOG_DEBUG, "not wanted");
    assert_int_equal(lines.count, 0);
    assert_false(planche_log_wants(&once.log, PLANCHE_LOG_INFO));
    assert_true(planche_log_wants(&once.log, PLANCHE_LOG_WARNING));
    assert_true(planche_log_wants(&log, PLANCHE_LOG_TRACE));
    assert_false(planche_log_wants(NULL, PLANCHE_LOG_ERROR));
    planche_log_write(&once.log, PLANCHE_LOG_WARNING, "wanted");
    assert_int_equal(lines.count, 1);
    planche_log_once_destroy(&once);
}

/* What cannot be remembered is said. */
static void test_many(void **state)
{
    struct lines lines = {0};
    const struct planche_log log = {.fn = take_line, .user = &lines};
    struct planche_log_once once;
    (void)state;
    planche_log_once_init(&once, &log);
    for (int i = 0; i < 200; i++)
        planche_log_write(&once.log, PLANCHE_LOG_WARNING, "line %d", i);
    assert_int_equal(lines.count, 200);
    planche_log_write(&once.log, PLANCHE_LOG_WARNING, "line 0");
    assert_int_equal(lines.count, 200);
    planche_log_once_destroy(&once);
}

static void test_silent(void **state)
{
    const struct planche_log silent = {0};
    struct planche_log_once once;
    (void)state;
    planche_log_once_init(&once, &silent);
    planche_log_write(&once.log, PLANCHE_LOG_WARNING, "nobody hears it");
    planche_log_once_destroy(&once);
    planche_log_once_init(&once, NULL);
    planche_log_write(&once.log, PLANCHE_LOG_WARNING, "nobody hears it");
    planche_log_once_destroy(&once);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_once),
        cmocka_unit_test(test_level),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_silent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
