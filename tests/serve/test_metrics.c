/* SPDX-License-Identifier: MIT */
/* Metrics: counting by several threads, too many values of a label, and the text. */
#include "metrics/metrics.h"

#include "os/clock.h"
#include "os/thread.h"
#include "support/testing.h"

#include <stdio.h>
#include <string.h>

#define THREADS 4
#define ROUNDS  5000

static struct planche_metrics *metrics;

/* Whether the text has a line. */
static bool has_line(const char *line)
{
    struct planche_text_buffer text = {0};
    assert_true(planche_metrics_write(metrics, &text));
    planche_text_buffer_put(&text, "", 1);
    char wanted[256];
    snprintf(wanted, sizeof wanted, "\n%s\n", line);
    bool found = strstr(text.data, wanted) != NULL;
    planche_text_buffer_free(&text);
    return found;
}

static int begin(void **state)
{
    (void)state;
    metrics = planche_metrics_create();
    return metrics == NULL;
}

static int end(void **state)
{
    (void)state;
    planche_metrics_destroy(metrics);
    return 0;
}

/* All threads make the same series at once, and count in them. */
static void count_much(void *user)
{
    char code[16];
    (void)user;
    for (unsigned i = 0; i < ROUNDS; i++) {
        snprintf(code, sizeof code, "%u", 200 + i % 50);
        planche_metrics_add(metrics, PLANCHE_METRIC_HTTP_REQUESTS, 1,
                            PLANCHE_LABELS("/", "GET", code));
        planche_metrics_observe(metrics, PLANCHE_METRIC_STAGES, 7000000, PLANCHE_LABELS("queue"));
    }
}

static void test_threads(void **state)
{
    struct planche_thread threads[THREADS];
    char line[128];
    (void)state;
    for (int i = 0; i < THREADS; i++)
        assert_true(planche_thread_start(&threads[i], count_much, NULL));
    for (int i = 0; i < THREADS; i++)
        planche_thread_join(&threads[i]);
    for (int code = 200; code < 250; code++) {
        snprintf(line, sizeof line,
                 "planche_http_requests_total{route=\"/\",method=\"GET\",code=\"%d\"} %d", code,
                 THREADS * ROUNDS / 50);
        assert_true(has_line(line));
    }
    snprintf(line, sizeof line, "planche_page_stage_seconds_count{stage=\"queue\"} %d",
             THREADS * ROUNDS);
    assert_true(has_line(line));
    assert_true(has_line("planche_page_stage_seconds_sum{stage=\"queue\"} 140"));
}

static void test_bounds(void **state)
{
    char value[32];
    (void)state;
    for (int i = 0; i < 2000; i++) {
        snprintf(value, sizeof value, "reason-%d", i);
        planche_metrics_add(metrics, PLANCHE_METRIC_ORIGINALS, 1, PLANCHE_LABELS(value));
    }
    assert_true(has_line("planche_originals_total{reason=\"reason-255\"} 1"));
    assert_true(has_line("planche_originals_total{reason=\"other\"} 1744"));
    planche_metrics_add(metrics, PLANCHE_METRIC_ORIGINALS, 1, PLANCHE_LABELS("reason-3"));
    assert_true(has_line("planche_originals_total{reason=\"reason-3\"} 2"));
}

static void test_values(void **state)
{
    static const char long_one[] = "0123456789012345678901234567890123456789012345678901234567890";
    (void)state;
    planche_metrics_add(metrics, PLANCHE_METRIC_ORIGINALS, 3, PLANCHE_LABELS("a\"b\\c\n\xc3\xa4"));
    assert_true(has_line("planche_originals_total{reason=\"a\\\"b\\\\c???\"} 3"));
    planche_metrics_add(metrics, PLANCHE_METRIC_ORIGINALS, 1, PLANCHE_LABELS(long_one));
    assert_true(
        has_line("planche_originals_total{reason=\"01234567890123456789012345678901234567890"
                 "123456\"} 1"));
    planche_metrics_set(metrics, PLANCHE_METRIC_UPTIME, 0.25, NULL);
    assert_true(has_line("planche_uptime_seconds 0.25"));
    planche_metrics_set(metrics, PLANCHE_METRIC_UPTIME, 1e12, NULL);
    assert_true(has_line("planche_uptime_seconds 1000000000000"));
    planche_metrics_set(metrics, PLANCHE_METRIC_PROCESS_CPU, 1.5, NULL);
    assert_true(has_line("process_cpu_seconds_total 1.5"));
    planche_metrics_add(metrics, PLANCHE_METRIC_GPU_SECONDS, 1000000, NULL);
    assert_true(has_line("planche_gpu_seconds_total 0.001"));
    planche_metrics_set(metrics, PLANCHE_METRIC_ENGINES_LOADED, 2, PLANCHE_LABELS("m"));
    planche_metrics_clear(metrics, PLANCHE_METRIC_ENGINES_LOADED);
    assert_true(has_line("planche_engines_loaded{model=\"m\"} 0"));
    assert_true(has_line("planche_uptime_seconds 1000000000000"));
}

/* The bound of a bucket is in it. */
static void test_buckets(void **state)
{
    static const struct {
        int64_t ns;
        const char *bucket;
    } times[] = {{-1, NULL},        {0, "0.005"},          {5000000, "0.005"},
                 {5000001, "0.01"}, {120000000000, "120"}, {120000000001, "+Inf"}};
    char line[128], last[16] = "";
    unsigned count = 0;
    (void)state;
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        planche_metrics_observe(metrics, PLANCHE_METRIC_ENGINE_LOAD_SECONDS, times[i].ns, NULL);
        if (times[i].bucket == NULL) {
            assert_true(has_line("planche_engine_load_seconds_count 0"));
            continue;
        }
        count++;
        snprintf(line, sizeof line, "planche_engine_load_seconds_bucket{le=\"%s\"} %u",
                 times[i].bucket, count);
        assert_true(has_line(line));
        if (*last && strcmp(last, times[i].bucket) != 0) {
            snprintf(line, sizeof line, "planche_engine_load_seconds_bucket{le=\"%s\"} %u", last,
                     count - 1);
            assert_true(has_line(line));
        }
        snprintf(last, sizeof last, "%s", times[i].bucket);
    }
}

/* How long counting takes, and writing what was counted. */
static int bench(void)
{
    enum { COUNTS = 5000000, TEXTS = 1000 };
    struct planche_text_buffer text = {0};
    metrics = planche_metrics_create();
    double start = planche_clock_ms();
    for (int i = 0; i < COUNTS; i++)
        planche_metrics_add(metrics, PLANCHE_METRIC_HTTP_REQUESTS, 1,
                            PLANCHE_LABELS("/v1/upscale", "POST", "200"));
    double add = (planche_clock_ms() - start) / COUNTS * 1e6;
    start = planche_clock_ms();
    for (int i = 0; i < COUNTS; i++)
        planche_metrics_observe(metrics, PLANCHE_METRIC_STAGES, i, PLANCHE_LABELS("network"));
    double observe = (planche_clock_ms() - start) / COUNTS * 1e6;
    for (int i = 0; i < 100; i++)
        planche_metrics_observe(metrics, PLANCHE_METRIC_HTTP_SECONDS, i,
                                PLANCHE_LABELS((const char[]){(char)('0' + i % 16), 0}));
    start = planche_clock_ms();
    for (int i = 0; i < TEXTS; i++) {
        planche_text_buffer_free(&text);
        planche_metrics_write(metrics, &text);
    }
    printf("count %.0f ns, time %.0f ns, text of %zu bytes %.0f us\n", add, observe, text.size,
           (planche_clock_ms() - start) / TEXTS * 1e3);
    planche_text_buffer_free(&text);
    planche_metrics_destroy(metrics);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--bench") == 0)
        return bench();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_threads, begin, end),
        cmocka_unit_test_setup_teardown(test_bounds, begin, end),
        cmocka_unit_test_setup_teardown(test_values, begin, end),
        cmocka_unit_test_setup_teardown(test_buckets, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
