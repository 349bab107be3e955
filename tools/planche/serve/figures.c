/* SPDX-License-Identifier: MIT */
/* Figures: counting what happens. */
#include "serve/figures.h"

#include "cache/result.h"
#include "metrics/metrics.h"
#include "os/clock.h"

#include <stdio.h>
#include <string.h>

#define MS 1e6 /* in nanoseconds */

static const char *const results[] = {
    [PLANCHE_SERVE_UPSCALED] = "upscaled",   [PLANCHE_SERVE_CACHED] = "cached",
    [PLANCHE_SERVE_UNCHANGED] = "unchanged", [PLANCHE_SERVE_ORIGINAL] = "original",
    [PLANCHE_SERVE_ERROR] = "error",
};
static const char *const stages[] = {"queue", "decode", "network", "encode"};

#define COUNT(list) (sizeof(list) / sizeof *(list))

static void add(struct planche_serve *serve, enum planche_metric metric, uint64_t amount,
                const char *label)
{
    planche_metrics_add(serve->metrics, metric, amount, PLANCHE_LABELS(label));
}

void planche_serve_figures_begin(struct planche_serve *serve)
{
    static const char *const reasons[] = {"deadline",  "queue",    "damaged",
                                          "too-large", "own-mark", "threshold"};
    static const char *const failures[] = {"unreachable", "timeout", "cut", "malformed"};
    static const char *const fetched[] = {"made", "cached", "dropped"};
    static const enum planche_metric plain[] = {PLANCHE_METRIC_HTTP_REQUEST_BYTES,
                                                PLANCHE_METRIC_HTTP_RESPONSE_BYTES,
                                                PLANCHE_METRIC_FAILED,
                                                PLANCHE_METRIC_INPUT_PIXELS,
                                                PLANCHE_METRIC_GPU_SECONDS,
                                                PLANCHE_METRIC_GPU_FALLBACKS,
                                                PLANCHE_METRIC_SERIES_LOST};
    for (size_t i = 0; i < COUNT(results); i++)
        planche_metrics_add(serve->metrics, PLANCHE_METRIC_PAGES, 0,
                            PLANCHE_LABELS("", "", "", results[i]));
    for (size_t i = 0; i < COUNT(reasons); i++)
        add(serve, PLANCHE_METRIC_ORIGINALS, 0, reasons[i]);
    for (size_t i = 0; i < COUNT(failures); i++)
        add(serve, PLANCHE_METRIC_UPSTREAM_ERRORS, 0, failures[i]);
    for (size_t i = 0; i < COUNT(fetched); i++)
        add(serve, PLANCHE_METRIC_PREFETCHED, 0, fetched[i]);
    add(serve, PLANCHE_METRIC_UPSTREAM_REQUESTS, 0, "200");
    planche_metrics_observe(serve->metrics, PLANCHE_METRIC_UPSTREAM_SECONDS, -1, NULL);
    for (size_t i = 0; i < COUNT(stages); i++)
        planche_metrics_observe(serve->metrics, PLANCHE_METRIC_STAGES, -1,
                                PLANCHE_LABELS(stages[i]));
    planche_metrics_observe(serve->metrics, PLANCHE_METRIC_ENGINE_LOAD_SECONDS, -1, NULL);
    add(serve, PLANCHE_METRIC_CANCELLED, 0, "queue");
    add(serve, PLANCHE_METRIC_CANCELLED, 0, "running");
    for (size_t i = 0; i < COUNT(plain); i++)
        planche_metrics_add(serve->metrics, plain[i], 0, NULL);
}

void planche_serve_count_route(struct planche_serve *serve, const char *method, const char *path)
{
    planche_metrics_add(serve->metrics, PLANCHE_METRIC_HTTP_REQUESTS, 0,
                        PLANCHE_LABELS(path, method, "200"));
    planche_metrics_observe(serve->metrics, PLANCHE_METRIC_HTTP_SECONDS, -1, PLANCHE_LABELS(path));
}

void planche_serve_count_begin(struct planche_serve *serve)
{
    serve->in_flight++;
}

const char *planche_serve_method_name(const char *method)
{
    static const char *const methods[] = {"GET", "POST",   "HEAD", "OPTIONS",
                                          "PUT", "DELETE", "PATCH"};
    for (size_t i = 0; i < COUNT(methods); i++) {
        if (strcmp(methods[i], method) == 0)
            return methods[i];
    }
    return "other";
}

void planche_serve_count_end(struct planche_serve *serve, const struct planche_http_connection *c)
{
    char code[16] = "none";
    const char *route = *c->route ? c->route : "other";
    if (c->status != 0)
        snprintf(code, sizeof code, "%u", c->status);
    if (*c->head.method && serve->in_flight > 0) /* else it was refused before it was a request */
        serve->in_flight--;
    planche_metrics_add(serve->metrics, PLANCHE_METRIC_HTTP_REQUESTS, 1,
                        PLANCHE_LABELS(route, planche_serve_method_name(c->head.method), code));
    planche_metrics_observe(serve->metrics, PLANCHE_METRIC_HTTP_SECONDS,
                            planche_clock_ns() - c->began, PLANCHE_LABELS(route));
    planche_metrics_add(serve->metrics, PLANCHE_METRIC_HTTP_REQUEST_BYTES, c->bytes_in, NULL);
    planche_metrics_add(serve->metrics, PLANCHE_METRIC_HTTP_RESPONSE_BYTES, c->bytes_out, NULL);
}

void planche_serve_count_page(struct planche_serve *serve, enum planche_serve_result how,
                              const struct planche_cache_result *result,
                              const struct planche_page_result *page)
{
    char scale[16] = "";
    const char *model = NULL, *device = NULL;
    if (result != NULL)
        model = planche_cache_result_header(result, "X-Planche-Model");
    if (page != NULL && page->scale != 0)
        snprintf(scale, sizeof scale, "%u", page->scale);
    if (page != NULL)
        device = page->backend;
    planche_metrics_add(serve->metrics, PLANCHE_METRIC_PAGES, 1,
                        PLANCHE_LABELS(model, scale, device, results[how]));
}

void planche_serve_count_original(struct planche_serve *serve, const char *reason)
{
    planche_serve_count_page(serve, PLANCHE_SERVE_ORIGINAL, NULL, NULL);
    add(serve, PLANCHE_METRIC_ORIGINALS, 1, reason);
}

static void observe_stages(struct planche_serve *serve, const struct planche_pages_flight *flight)
{
    const struct planche_page_result *page = &flight->page;
    const int64_t times[COUNT(stages)] = {
        flight->start - flight->arrival + (int64_t)(flight->queued_ms * MS),
        (int64_t)(page->decode_ms * MS), (int64_t)(page->network_ms * MS),
        (int64_t)(page->encode_ms * MS)};
    for (size_t i = 0; i < COUNT(stages); i++)
        planche_metrics_observe(serve->metrics, PLANCHE_METRIC_STAGES, times[i],
                                PLANCHE_LABELS(stages[i]));
}

static void count_made(struct planche_serve *serve, const struct planche_pages_flight *flight)
{
    const struct planche_page_result *page = &flight->page;
    observe_stages(serve, flight);
    planche_metrics_add(serve->metrics, PLANCHE_METRIC_INPUT_PIXELS,
                        (uint64_t)page->input_width * page->input_height, NULL);
    planche_metrics_add(serve->metrics, PLANCHE_METRIC_GPU_SECONDS, (uint64_t)(page->gpu_ms * MS),
                        NULL);
    planche_metrics_add(serve->metrics, PLANCHE_METRIC_GPU_FALLBACKS, page->redone != 0, NULL);
    if (flight->result != NULL)
        add(serve, PLANCHE_METRIC_OUTPUT_BYTES, flight->result->size,
            planche_format_extension(page->format));
}

void planche_serve_observe(void *user, const struct planche_pages_flight *flight)
{
    struct planche_serve *serve = user;
    if (flight->status == PLANCHE_ERROR_CANCELLED)
        add(serve, PLANCHE_METRIC_CANCELLED, 1, flight->start != 0 ? "running" : "queue");
    else if (flight->status != PLANCHE_OK)
        planche_metrics_add(serve->metrics, PLANCHE_METRIC_FAILED, 1, NULL);
    else if (!flight->cached)
        count_made(serve, flight);
}

const char *planche_serve_model_name(const char *model)
{
    const char *slash = strrchr(model, '/');
    return slash != NULL ? slash + 1 : model;
}

/* Of the first GPU of that name; 0: the driver does not tell. names goes on with others behind
 * " + ": length is that of the first. */
static uint64_t find_memory(const char *names, size_t length)
{
    struct planche_gpu_info gpu = PLANCHE_GPU_INFO_INIT;
    for (unsigned i = 0; planche_gpu_get_info(i, &gpu, NULL) == PLANCHE_OK; i++)
        if (strlen(gpu.name) == length && strncmp(gpu.name, names, length) == 0)
            return gpu.memory;
    return 0;
}

/* Here, since drivers take a moment to answer, which the loop's thread has not. */
static void note_memory(struct planche_serve *serve, const struct planche_engine *engine)
{
    static const char between[] = " + ";
    struct planche_engine_info info = PLANCHE_ENGINE_INFO_INIT;
    uint64_t memory = 0;
    if (planche_engine_get_info(engine, &info, NULL) != PLANCHE_OK || info.device == NULL)
        return;
    for (const char *at = info.device; at != NULL;) {
        const char *end = strstr(at, between);
        memory += find_memory(at, end != NULL ? (size_t)(end - at) : strlen(at));
        at = end != NULL ? end + strlen(between) : NULL;
    }
    atomic_store(&serve->gpu_memory, memory);
}

void planche_serve_count_load(void *user, const char *model, double ms,
                              const struct planche_engine *engine)
{
    struct planche_serve *serve = user;
    const char *result = engine != NULL ? "ok" : "error";
    planche_metrics_add(serve->metrics, PLANCHE_METRIC_ENGINE_LOADS, 1,
                        PLANCHE_LABELS(planche_serve_model_name(model), result));
    if (engine == NULL)
        return;
    planche_metrics_observe(serve->metrics, PLANCHE_METRIC_ENGINE_LOAD_SECONDS, (int64_t)(ms * MS),
                            NULL);
    note_memory(serve, engine);
}
