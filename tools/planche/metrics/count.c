/* SPDX-License-Identifier: MIT */
/* Counting. */
#include "metrics/metrics.h"

#include "metrics/state.h"

#include <stdlib.h>
#include <string.h>

const struct planche_metrics_family planche_metrics_families[PLANCHE_METRICS] = {
#define FAMILY(id, kind, name, labels, help) {name, labels, help, PLANCHE_METRICS_##kind},
#include "metrics/metrics.def"
#undef FAMILY
};

const int64_t planche_metrics_bounds[PLANCHE_METRICS_BUCKETS - 1] = {
    5000000,    10000000,   25000000,   50000000,    100000000,   250000000,   500000000,
    1000000000, 2500000000, 5000000000, 10000000000, 25000000000, 60000000000, 120000000000};

struct planche_metrics *planche_metrics_create(void)
{
    return calloc(1, sizeof(struct planche_metrics));
}

void planche_metrics_destroy(struct planche_metrics *metrics)
{
    free(metrics);
}

static size_t count_labels(enum planche_metric metric)
{
    const char *labels = planche_metrics_families[metric].labels;
    size_t count = *labels != 0;
    for (; *labels; labels++)
        count += *labels == ',';
    return count;
}

static void copy_label(char *out, const char *value)
{
    for (size_t i = 0; value != NULL && value[i] && i < PLANCHE_METRICS_LABEL_BYTES - 1; i++)
        out[i] = (char)(value[i] >= ' ' && value[i] <= '~' ? value[i] : '?');
}

static void make_key(struct planche_metrics_key *key, enum planche_metric metric,
                     const char *const *labels)
{
    size_t count = labels != NULL ? count_labels(metric) : 0;
    memset(key, 0, sizeof *key);
    key->metric = metric;
    for (size_t i = 0; i < count; i++)
        copy_label(key->labels[i], labels[i]);
}

static uint64_t hash_key(const struct planche_metrics_key *key)
{
    const unsigned char *labels = (const unsigned char *)key->labels;
    uint64_t hash = UINT64_C(14695981039346656037) ^ key->metric;
    for (size_t i = 0; i < sizeof key->labels; i += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, labels + i, sizeof word);
        hash = (hash ^ word) * UINT64_C(1099511628211);
        hash ^= hash >> 32;
    }
    return hash;
}

/* A series that nobody sees yet. NULL: there is no room. */
static struct planche_metrics_series *take_series(struct planche_metrics *metrics)
{
    uint32_t number = atomic_load_explicit(&metrics->made, memory_order_relaxed);
    while (number < PLANCHE_METRICS_SERIES) {
        if (atomic_compare_exchange_weak_explicit(&metrics->made, &number, number + 1,
                                                  memory_order_relaxed, memory_order_relaxed))
            return &metrics->series[number];
    }
    return NULL;
}

/* The series of a key; make: if there is none, one is made. A thread that loses a race for a place
 * looks at it again; a series that was made for nothing then is one less. */
static struct planche_metrics_series *find_series(struct planche_metrics *metrics,
                                                  const struct planche_metrics_key *key, bool make)
{
    struct planche_metrics_series *fresh = NULL;
    size_t place = (size_t)(hash_key(key) % PLANCHE_METRICS_INDEX);
    for (;;) {
        uint16_t number = atomic_load_explicit(&metrics->index[place], memory_order_acquire);
        if (number == 0 && make) {
            if (fresh == NULL && (fresh = take_series(metrics)) == NULL)
                return NULL;
            fresh->key = *key;
            uint16_t own = (uint16_t)(fresh - metrics->series + 1);
            if (atomic_compare_exchange_strong_explicit(&metrics->index[place], &number, own,
                                                        memory_order_acq_rel, memory_order_acquire))
                return fresh;
        }
        if (number == 0)
            return NULL;
        struct planche_metrics_series *series = &metrics->series[number - 1];
        if (memcmp(&series->key, key, sizeof *key) == 0)
            return series;
        place = (place + 1) % PLANCHE_METRICS_INDEX;
    }
}

/* Another series of a family, unless it has too many. */
static struct planche_metrics_series *add_series(struct planche_metrics *metrics,
                                                 struct planche_metrics_key *key)
{
    _Atomic uint32_t *count = &metrics->per_family[key->metric];
    if (atomic_fetch_add_explicit(count, 1, memory_order_relaxed) >= PLANCHE_METRICS_PER_FAMILY) {
        atomic_fetch_sub_explicit(count, 1, memory_order_relaxed);
        for (size_t i = 0; i < count_labels((enum planche_metric)key->metric); i++)
            strncpy(key->labels[i], "other", sizeof key->labels[i]);
    }
    return find_series(metrics, key, true);
}

static struct planche_metrics_series *
get_series(struct planche_metrics *metrics, enum planche_metric metric, const char *const *labels)
{
    struct planche_metrics_key key;
    make_key(&key, metric, labels);
    struct planche_metrics_series *series = find_series(metrics, &key, false);
    if (series == NULL)
        series = add_series(metrics, &key);
    if (series == NULL && metric != PLANCHE_METRIC_SERIES_LOST)
        planche_metrics_add(metrics, PLANCHE_METRIC_SERIES_LOST, 1, NULL);
    return series;
}

static void add_to(_Atomic uint64_t *cell, uint64_t amount)
{
    atomic_fetch_add_explicit(cell, amount, memory_order_relaxed);
}

void planche_metrics_add(struct planche_metrics *metrics, enum planche_metric metric,
                         uint64_t amount, const char *const *labels)
{
    struct planche_metrics_series *series = get_series(metrics, metric, labels);
    if (series != NULL)
        add_to(&series->cells[0], amount);
}

void planche_metrics_set(struct planche_metrics *metrics, enum planche_metric metric, double value,
                         const char *const *labels)
{
    struct planche_metrics_series *series = get_series(metrics, metric, labels);
    uint64_t bits = (uint64_t)value;
    if (series == NULL)
        return;
    if (planche_metrics_families[metric].kind == PLANCHE_METRICS_GAUGE)
        memcpy(&bits, &value, sizeof bits);
    else if (planche_metrics_families[metric].kind == PLANCHE_METRICS_SECONDS)
        bits = (uint64_t)(value * 1e9);
    atomic_store_explicit(&series->cells[0], bits, memory_order_relaxed);
}

void planche_metrics_observe(struct planche_metrics *metrics, enum planche_metric metric,
                             int64_t ns, const char *const *labels)
{
    struct planche_metrics_series *series = get_series(metrics, metric, labels);
    size_t bucket = 0;
    if (series == NULL || ns < 0)
        return;
    while (bucket < PLANCHE_METRICS_BUCKETS - 1 && ns > planche_metrics_bounds[bucket])
        bucket++;
    add_to(&series->cells[bucket], 1);
    add_to(&series->cells[PLANCHE_METRICS_BUCKETS], (uint64_t)ns);
}

void planche_metrics_clear(struct planche_metrics *metrics, enum planche_metric metric)
{
    for (size_t i = 0; i < PLANCHE_METRICS_INDEX; i++) {
        uint16_t number = atomic_load_explicit(&metrics->index[i], memory_order_acquire);
        if (number != 0 && metrics->series[number - 1].key.metric == metric)
            atomic_store_explicit(&metrics->series[number - 1].cells[0], 0, memory_order_relaxed);
    }
}
