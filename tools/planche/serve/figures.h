/* SPDX-License-Identifier: MIT */
/* Figures: counting what happens. The families are in metrics/metrics.def; serve/metrics.c adds
 * what is now. */
#ifndef PLANCHE_SERVE_FIGURES_H
#define PLANCHE_SERVE_FIGURES_H

#include "serve/server.h"

/* Makes the series whose labels are known, at 0: a rate needs the value before the first event. */
void planche_serve_figures_begin(struct planche_serve *serve);
/* The same for those of a route. */
void planche_serve_count_route(struct planche_serve *serve, const char *method, const char *path);

/* A request has come; and has ended, with its status, bytes and time. */
void planche_serve_count_begin(struct planche_serve *serve);
void planche_serve_count_end(struct planche_serve *serve, const struct planche_http_connection *c);

/* A method for labels and logs: one that is known, else "other"; clients may send any token. */
const char *planche_serve_method_name(const char *method);

/* A model file's name, without where it lies. */
const char *planche_serve_model_name(const char *model);

/* How a page was answered. */
enum planche_serve_result {
    PLANCHE_SERVE_UPSCALED,
    PLANCHE_SERVE_CACHED,
    PLANCHE_SERVE_UNCHANGED,
    PLANCHE_SERVE_ORIGINAL,
    PLANCHE_SERVE_ERROR
};
/* An answer for a page. result and page are what it was answered with; NULL: not known. */
void planche_serve_count_page(struct planche_serve *serve, enum planche_serve_result how,
                              const struct planche_cache_result *result,
                              const struct planche_page_result *page);
/* The original was answered; reason is a word, as in X-Planche-Result. */
void planche_serve_count_original(struct planche_serve *serve, const char *reason);

/* For planche_pages_settings; user is a struct planche_serve. */
void planche_serve_observe(void *user, const struct planche_pages_flight *flight);
/* For planche_cli_engine_cache_on_load, on any thread; user is a struct planche_serve. */
void planche_serve_count_load(void *user, const char *model, double ms,
                              const struct planche_engine *engine);

#endif
