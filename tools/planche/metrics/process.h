/* SPDX-License-Identifier: MIT */
/* The process's own figures, as Prometheus' client libraries name them. */
#ifndef PLANCHE_METRICS_PROCESS_H
#define PLANCHE_METRICS_PROCESS_H

#include "metrics/metrics.h"

/* Sets the families process_*, as far as /proc says. */
void planche_metrics_set_process(struct planche_metrics *metrics);

#endif
