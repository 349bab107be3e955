/* SPDX-License-Identifier: MIT */
/* GET /metrics. */
#ifndef PLANCHE_SERVE_METRICS_H
#define PLANCHE_SERVE_METRICS_H

#include "serve/server.h"

/* Makes the metrics of a server, to be destroyed with planche_metrics_destroy. False: no memory. */
bool planche_serve_metrics_create(struct planche_serve *serve);
void planche_serve_metrics(struct planche_serve *serve, struct planche_http_connection *c);

#endif
