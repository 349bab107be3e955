/* SPDX-License-Identifier: MIT */
/* What counting and writing metrics share. */
#ifndef PLANCHE_METRICS_STATE_H
#define PLANCHE_METRICS_STATE_H

#include "metrics/metrics.h"

#include <stdatomic.h>

#define PLANCHE_METRICS_BUCKETS 15 /* of a histogram, with +Inf */
#define PLANCHE_METRICS_INDEX   (2 * PLANCHE_METRICS_SERIES)

enum planche_metrics_kind {
    PLANCHE_METRICS_COUNTER,
    PLANCHE_METRICS_SECONDS,
    PLANCHE_METRICS_GAUGE,
    PLANCHE_METRICS_HISTOGRAM
};

struct planche_metrics_family {
    const char *name, *labels, *help;
    enum planche_metrics_kind kind;
};
extern const struct planche_metrics_family planche_metrics_families[PLANCHE_METRICS];
/* Upper bounds of the buckets but for the last. */
extern const int64_t planche_metrics_bounds[PLANCHE_METRICS_BUCKETS - 1];

/* What a series is; compared as bytes. */
struct planche_metrics_key {
    uint32_t metric;
    char labels[PLANCHE_METRICS_LABELS][PLANCHE_METRICS_LABEL_BYTES];
};

struct planche_metrics_series {
    struct planche_metrics_key key;
    /* [0]: the value, of a gauge the bits of a double. Of a histogram: how many fell into each
     * bucket, and the sum in nanoseconds. */
    _Atomic uint64_t cells[PLANCHE_METRICS_BUCKETS + 1];
};

struct planche_metrics {
    /* Numbers of series plus 1, hashed; 0: free. A series is never changed once its number is here.
     */
    _Atomic uint16_t index[PLANCHE_METRICS_INDEX];
    _Atomic uint32_t made, per_family[PLANCHE_METRICS];
    struct planche_metrics_series series[PLANCHE_METRICS_SERIES];
};

#endif
