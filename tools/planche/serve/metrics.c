/* SPDX-License-Identifier: MIT */
/* GET /metrics: what is counted, and what is now. */
#include "serve/metrics.h"

#include "books/books.h"
#include "cache/open.h"
#include "cli/build_facts.h"
#include "commit.h"
#include "metrics/metrics.h"
#include "metrics/process.h"
#include "os/clock.h"
#include "proxy/proxy.h"
#include "serve/figures.h"
#include "serve/problem.h"
#include "serve/queue/crew.h"
#include "service/engine_cache.h"

static const char *const classes[PLANCHE_PAGES_CLASSES] = {"reader", "prefetch", "book"};

static void set(struct planche_serve *serve, enum planche_metric metric, double value,
                const char *label)
{
    planche_metrics_set(serve->metrics, metric, value, PLANCHE_LABELS(label));
}

/* What does not change while the process runs. */
static void set_facts(struct planche_serve *serve)
{
    const struct planche_cli_options *options = &serve->options;
    uint32_t mask = options->engine.cpu_mask, features = planche_cpu_features();
    if (mask != 0)
        features &= mask | PLANCHE_CPU_PORTABLE;
    planche_metrics_set(
        serve->metrics, PLANCHE_METRIC_BUILD_INFO, 1,
        PLANCHE_LABELS(planche_version(), PLANCHE_COMMIT, planche_cli_best_feature(features)));
    planche_metrics_set(serve->metrics, PLANCHE_METRIC_HTTP_CONNECTION_LIMIT,
                        planche_http_server_capacity(options->serve.max_connections), NULL);
    planche_metrics_set(serve->metrics, PLANCHE_METRIC_ENGINE_LIMIT, options->engines, NULL);
    set(serve, PLANCHE_METRIC_MEMORY_BUDGET, (double)serve->budget.limit, "bodies");
    set(serve, PLANCHE_METRIC_MEMORY_BUDGET, (double)options->engine.memory, "engines");
}

bool planche_serve_metrics_create(struct planche_serve *serve)
{
    serve->metrics = planche_metrics_create();
    if (serve->metrics == NULL)
        return false;
    planche_serve_figures_begin(serve);
    set_facts(serve);
    return true;
}

static void set_queue(struct planche_serve *serve)
{
    struct planche_pages_state state;
    planche_pages_get_state(serve->pages, &state);
    for (size_t i = 0; i < PLANCHE_PAGES_CLASSES; i++)
        set(serve, PLANCHE_METRIC_QUEUE_PAGES, state.waiting[i], classes[i]);
    planche_metrics_set(serve->metrics, PLANCHE_METRIC_QUEUE_LIMIT, state.queue_limit, NULL);
    planche_metrics_set(serve->metrics, PLANCHE_METRIC_QUEUE_OLDEST, state.oldest_waiting_seconds,
                        NULL);
    planche_metrics_set(serve->metrics, PLANCHE_METRIC_OLDEST, state.oldest_seconds, NULL);
    planche_metrics_set(serve->metrics, PLANCHE_METRIC_COALESCED, (double)state.shared, NULL);
    set(serve, PLANCHE_METRIC_WORKERS, state.running, "busy");
    set(serve, PLANCHE_METRIC_WORKERS, state.workers - state.running, "idle");
}

static void set_cache(struct planche_serve *serve)
{
    struct planche_cache_stats stats;
    if (serve->cache == NULL)
        return;
    planche_cache_get_stats(serve->cache, &stats);
    set(serve, PLANCHE_METRIC_CACHE_REQUESTS, (double)stats.hits, "hit");
    set(serve, PLANCHE_METRIC_CACHE_REQUESTS, (double)stats.misses, "miss");
    const struct {
        enum planche_metric metric;
        uint64_t value;
    } values[] = {{PLANCHE_METRIC_CACHE_BYTES, stats.bytes},
                  {PLANCHE_METRIC_CACHE_LIMIT, stats.max_bytes},
                  {PLANCHE_METRIC_CACHE_FILES, stats.entries},
                  {PLANCHE_METRIC_CACHE_STORES, stats.stores},
                  {PLANCHE_METRIC_CACHE_EVICTIONS, stats.evictions},
                  {PLANCHE_METRIC_CACHE_ERRORS, stats.errors},
                  {PLANCHE_METRIC_CACHE_DAMAGED, stats.damaged}};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        planche_metrics_set(serve->metrics, values[i].metric, (double)values[i].value, NULL);
}

static void set_books(struct planche_serve *serve)
{
    struct planche_books_stats stats;
    planche_books_get_stats(serve->books, &stats);
    set(serve, PLANCHE_METRIC_BOOKS_NOW, (double)stats.waiting, "waiting");
    set(serve, PLANCHE_METRIC_BOOKS_NOW, (double)stats.running, "running");
    set(serve, PLANCHE_METRIC_BOOKS_NOW, (double)stats.kept, "kept");
    planche_metrics_set(serve->metrics, PLANCHE_METRIC_BOOKS_BYTES, (double)stats.bytes, NULL);
    planche_metrics_set(serve->metrics, PLANCHE_METRIC_BOOKS_LIMIT, (double)stats.max_bytes, NULL);
}

/* Sums over the engines that are loaded. */
struct engines {
    struct planche_serve *serve;
    uint64_t weights, peak;
};

static void set_engine(void *user, const struct planche_engine_info *info, unsigned same)
{
    struct engines *engines = user;
    engines->weights += info->weight_bytes;
    engines->peak += info->peak_bytes;
    set(engines->serve, PLANCHE_METRIC_ENGINES_LOADED, same, planche_serve_model_name(info->model));
}

static void set_memory(struct planche_serve *serve)
{
    struct engines engines = {.serve = serve};
    planche_metrics_clear(serve->metrics, PLANCHE_METRIC_ENGINES_LOADED);
    planche_cli_engine_cache_visit(serve->engines, set_engine, &engines);
    set(serve, PLANCHE_METRIC_MEMORY_USED, (double)serve->budget.used, "bodies");
    set(serve, PLANCHE_METRIC_MEMORY_USED, (double)engines.weights, "engines");
    set(serve, PLANCHE_METRIC_MEMORY_PEAK, (double)serve->budget.peak, "bodies");
    set(serve, PLANCHE_METRIC_MEMORY_PEAK, (double)engines.peak, "engines");
}

static void set_upstream(struct planche_serve *serve)
{
    struct planche_proxy_state state = {0};
    if (serve->proxy != NULL)
        planche_proxy_get_state(serve->proxy, &state);
    set(serve, PLANCHE_METRIC_UPSTREAM_CONNECTIONS, state.idle, "idle");
    set(serve, PLANCHE_METRIC_UPSTREAM_CONNECTIONS, state.busy, "busy");
    planche_metrics_set(serve->metrics, PLANCHE_METRIC_TUNNELS, state.tunnels, NULL);
}

static void set_all(struct planche_serve *serve)
{
    struct planche_metrics *metrics = serve->metrics;
    planche_metrics_set(metrics, PLANCHE_METRIC_UPTIME,
                        (double)(planche_clock_ns() - serve->started) * 1e-9, NULL);
    planche_metrics_set(metrics, PLANCHE_METRIC_DRAINING, serve->draining, NULL);
    planche_metrics_set(metrics, PLANCHE_METRIC_HTTP_IN_FLIGHT, (double)serve->in_flight, NULL);
    planche_metrics_set(metrics, PLANCHE_METRIC_HTTP_CONNECTIONS,
                        planche_http_server_connections(serve->server), NULL);
    set_queue(serve);
    set_cache(serve);
    set_books(serve);
    set_memory(serve);
    set_upstream(serve);
    planche_serve_crew_count(serve);
    planche_metrics_set_process(metrics);
}

void planche_serve_metrics(struct planche_serve *serve, struct planche_http_connection *c)
{
    struct planche_text_buffer text = {0};
    set_all(serve);
    if (planche_metrics_write(serve->metrics, &text)) {
        planche_http_add_field(c, "Cache-Control", "no-store");
        const struct planche_http_answer answer = {
            .status = 200, .type = PLANCHE_METRICS_TYPE, .text = text.data, .size = text.size};
        planche_http_answer(c, &answer);
    } else {
        planche_serve_problem(c, 503, "there is no memory for the metrics");
    }
    planche_text_buffer_free(&text);
}
