/* SPDX-License-Identifier: MIT */
/* Metrics: counting, from any thread and without locks, and the text that Prometheus reads.
 *
 * A series is a family of metrics.def with values of its labels. It is made when it is first
 * counted, and never removed. Counting costs about 0.1 us: the labels are hashed, and one number is
 * added to. */
#ifndef PLANCHE_METRICS_METRICS_H
#define PLANCHE_METRICS_METRICS_H

#include "base/text_buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLANCHE_METRICS_LABELS      4    /* of a family at most */
#define PLANCHE_METRICS_LABEL_BYTES 48   /* of a value, with the 0; longer ones are cut */
#define PLANCHE_METRICS_SERIES      2048 /* of all families */
#define PLANCHE_METRICS_PER_FAMILY  256  /* more become one whose values are "other" */

enum planche_metric {
#define FAMILY(id, kind, name, labels, help) PLANCHE_METRIC_##id,
#include "metrics/metrics.def"
#undef FAMILY
    PLANCHE_METRICS
};

/* Values of labels, in the order of the table. */
#define PLANCHE_LABELS(...)                                                                        \
    (const char *const[PLANCHE_METRICS_LABELS])                                                    \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

struct planche_metrics;

/* NULL: no memory. */
struct planche_metrics *planche_metrics_create(void);
/* NULL is fine. */
void planche_metrics_destroy(struct planche_metrics *metrics);

/* The next three may be called from any thread. labels: PLANCHE_LABELS(...), NULL for families
 * without; their values are copied, and what is not printable ASCII in them becomes '?'. */

/* Adds to a counter: units, or nanoseconds. 0 makes the series, so that it is there before it is
 * counted. */
void planche_metrics_add(struct planche_metrics *metrics, enum planche_metric metric,
                         uint64_t amount, const char *const *labels);
/* Sets a gauge, or a counter that is kept elsewhere (SECONDS: in seconds). */
void planche_metrics_set(struct planche_metrics *metrics, enum planche_metric metric, double value,
                         const char *const *labels);
/* A time for a histogram; below 0: nothing but the series. */
void planche_metrics_observe(struct planche_metrics *metrics, enum planche_metric metric,
                             int64_t ns, const char *const *labels);
/* Sets all gauges of a family to 0. */
void planche_metrics_clear(struct planche_metrics *metrics, enum planche_metric metric);

/* Writes all series in Prometheus' text format 0.0.4. False: no memory. */
bool planche_metrics_write(const struct planche_metrics *metrics, struct planche_text_buffer *text);
#define PLANCHE_METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

#endif
