/* SPDX-License-Identifier: MIT */
/* Writing metrics in Prometheus' text format: families in the order of the table, each with its
 * HELP and TYPE, and its series in the order of their labels. */
#include "metrics/metrics.h"
#include "metrics/state.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_LINE 1024

__attribute__((format(printf, 2, 3))) static void put(struct planche_text_buffer *text,
                                                      const char *format, ...)
{
    char line[MAX_LINE];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (length > 0)
        planche_text_buffer_put(text, line,
                                (size_t)length < sizeof line ? (size_t)length : sizeof line - 1);
}

static void put_value(struct planche_text_buffer *text, const char *value)
{
    for (; *value; value++) {
        if (*value == '\\' || *value == '"')
            planche_text_buffer_put(text, "\\", 1);
        planche_text_buffer_put(text, value, 1);
    }
}

/* {a="1",b="2"}, with le as the last one unless it is NULL; nothing if there is no label. */
static void put_labels(struct planche_text_buffer *text, const struct planche_metrics_key *key,
                       const char *le)
{
    const char *name = planche_metrics_families[key->metric].labels;
    const char *before = "{";
    for (size_t i = 0; *name; i++) {
        size_t length = strcspn(name, ",");
        put(text, "%s%.*s=\"", before, (int)length, name);
        put_value(text, key->labels[i]);
        put(text, "\"");
        name += length + (name[length] == ',');
        before = ",";
    }
    if (le != NULL)
        put(text, "%sle=\"%s\"", before, le);
    if (le != NULL || *before == ',')
        put(text, "}");
}

/* Nanoseconds as seconds, whatever the locale's decimal point. */
static const char *format_ns(char out[32], uint64_t ns)
{
    int length = snprintf(out, 32, "%" PRIu64 ".%09" PRIu64, ns / 1000000000, ns % 1000000000);
    while (out[length - 1] == '0')
        out[--length] = 0;
    if (out[length - 1] == '.')
        out[--length] = 0;
    return out;
}

static uint64_t load(const struct planche_metrics_series *series, size_t cell)
{
    return atomic_load_explicit(&series->cells[cell], memory_order_relaxed);
}

static void put_histogram(struct planche_text_buffer *text,
                          const struct planche_metrics_family *family,
                          const struct planche_metrics_series *series)
{
    uint64_t count = 0;
    char number[32];
    for (size_t i = 0; i < PLANCHE_METRICS_BUCKETS; i++) {
        bool last = i == PLANCHE_METRICS_BUCKETS - 1;
        count += load(series, i);
        put(text, "%s_bucket", family->name);
        put_labels(text, &series->key,
                   last ? "+Inf" : format_ns(number, (uint64_t)planche_metrics_bounds[i]));
        put(text, " %" PRIu64 "\n", count);
    }
    put(text, "%s_sum", family->name);
    put_labels(text, &series->key, NULL);
    put(text, " %s\n", format_ns(number, load(series, PLANCHE_METRICS_BUCKETS)));
    put(text, "%s_count", family->name);
    put_labels(text, &series->key, NULL);
    put(text, " %" PRIu64 "\n", count);
}

static void put_gauge(struct planche_text_buffer *text, uint64_t bits)
{
    double value;
    char number[32];
    memcpy(&value, &bits, sizeof value);
    bool whole = value == (double)(uint64_t)value;
    put(text, " %s\n",
        value <= 0 ? "0"
        : whole    ? (snprintf(number, sizeof number, "%.0f", value), number)
                   : format_ns(number, (uint64_t)(value * 1e9)));
}

static void put_series(struct planche_text_buffer *text,
                       const struct planche_metrics_family *family,
                       const struct planche_metrics_series *series)
{
    char number[32];
    if (family->kind == PLANCHE_METRICS_HISTOGRAM) {
        put_histogram(text, family, series);
        return;
    }
    put(text, "%s", family->name);
    put_labels(text, &series->key, NULL);
    if (family->kind == PLANCHE_METRICS_GAUGE)
        put_gauge(text, load(series, 0));
    else if (family->kind == PLANCHE_METRICS_SECONDS)
        put(text, " %s\n", format_ns(number, load(series, 0)));
    else
        put(text, " %" PRIu64 "\n", load(series, 0));
}

static void put_family(struct planche_text_buffer *text,
                       const struct planche_metrics_family *family)
{
    static const char *const types[] = {"counter", "counter", "gauge", "histogram"};
    put(text, "# HELP %s %s\n", family->name, family->help);
    put(text, "# TYPE %s %s\n", family->name, types[family->kind]);
}

static int compare(const void *a, const void *b)
{
    const struct planche_metrics_series *const *left = a, *const *right = b;
    uint32_t first = (*left)->key.metric, second = (*right)->key.metric;
    if (first != second)
        return first < second ? -1 : 1;
    return memcmp((*left)->key.labels, (*right)->key.labels, sizeof(*left)->key.labels);
}

bool planche_metrics_write(const struct planche_metrics *metrics, struct planche_text_buffer *text)
{
    const struct planche_metrics_series *found[PLANCHE_METRICS_SERIES] = {NULL};
    size_t count = 0;
    for (size_t i = 0; i < PLANCHE_METRICS_INDEX; i++) {
        uint16_t number = atomic_load_explicit(&metrics->index[i], memory_order_acquire);
        if (number != 0 && count < PLANCHE_METRICS_SERIES)
            found[count++] = &metrics->series[number - 1];
    }
    qsort(found, count, sizeof *found, compare);
    for (size_t i = 0; i < count; i++) {
        uint32_t metric = found[i]->key.metric;
        if (i == 0 || metric != found[i - 1]->key.metric)
            put_family(text, &planche_metrics_families[metric]);
        put_series(text, &planche_metrics_families[metric], found[i]);
    }
    return !text->failed;
}
