/* SPDX-License-Identifier: MIT */
/* GET /v1/status and /v1/models. */
#include "serve/status.h"

#include "cache/open.h"
#include "cli/json.h"
#include "cli/model_options.h"
#include "os/clock.h"
#include "serve/problem.h"
#include "serve/queue/crew.h"
#include "service/engine_cache.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

static void set_seconds(json_t *object, const char *name, double seconds)
{
    json_object_set_new(object, name, json_real(round(seconds * 1e3) / 1e3));
}

static json_t *make_queue(const struct planche_pages_state *state)
{
    json_t *queue = json_object();
    planche_cli_json_set_count(queue, "readers", state->waiting[PLANCHE_PAGES_READER]);
    planche_cli_json_set_count(queue, "prefetch", state->waiting[PLANCHE_PAGES_PREFETCH]);
    planche_cli_json_set_count(queue, "books", state->waiting[PLANCHE_PAGES_BOOK]);
    planche_cli_json_set_count(queue, "limit", state->queue_limit);
    return queue;
}

static json_t *make_pages(const struct planche_pages_state *state)
{
    json_t *pages = json_object();
    planche_cli_json_set_count(pages, "made", state->made);
    planche_cli_json_set_count(pages, "failed", state->failed);
    planche_cli_json_set_count(pages, "cancelled", state->cancelled);
    planche_cli_json_set_count(pages, "shared", state->shared);
    planche_cli_json_set_count(pages, "running", state->running);
    planche_cli_json_set_count(pages, "workers", state->workers);
    set_seconds(pages, "page_seconds", state->page_seconds);
    set_seconds(pages, "oldest_seconds", state->oldest_seconds);
    return pages;
}

static json_t *make_memory(const struct planche_serve *serve)
{
    json_t *memory = json_object();
    planche_cli_json_set_count(memory, "bodies", serve->budget.used);
    planche_cli_json_set_count(memory, "bodies_peak", serve->budget.peak);
    planche_cli_json_set_count(memory, "bodies_limit", serve->budget.limit);
    planche_cli_json_set_count(memory, "engines_limit", serve->options.engine.memory);
    return memory;
}

static json_t *make_cache(const struct planche_cache *kept)
{
    struct planche_cache_stats stats;
    if (kept == NULL)
        return json_null();
    json_t *cache = json_object();
    planche_cache_get_stats(kept, &stats);
    planche_cli_json_set_count(cache, "entries", stats.entries);
    planche_cli_json_set_count(cache, "bytes", stats.bytes);
    planche_cli_json_set_count(cache, "bytes_limit", stats.max_bytes);
    planche_cli_json_set_count(cache, "hits", stats.hits);
    planche_cli_json_set_count(cache, "misses", stats.misses);
    planche_cli_json_set_count(cache, "stores", stats.stores);
    planche_cli_json_set_count(cache, "evictions", stats.evictions);
    planche_cli_json_set_count(cache, "damaged", stats.damaged);
    planche_cli_json_set_count(cache, "errors", stats.errors);
    return cache;
}

struct devices {
    struct planche_serve *serve;
    json_t *list;
};

/* Each once, however many engines it has. */
static void add_device(void *user, const struct planche_engine_info *info, unsigned same)
{
    const struct devices *devices = user;
    const char *name = info->device != NULL ? info->device : "CPU";
    uint64_t memory = info->device != NULL ? atomic_load(&devices->serve->gpu_memory) : 0;
    size_t i;
    json_t *device;
    (void)same;
    json_array_foreach(
        devices->list, i,
        device) if (strcmp(json_string_value(json_object_get(device, "name")), name) == 0) return;
    device = json_object();
    json_object_set_new(device, "name", planche_cli_json_text(name));
    json_object_set_new(device, "backend", json_string(info->backend));
    if (memory > 0)
        planche_cli_json_set_count(device, "memory", memory);
    else
        json_object_set_new(device, "memory", json_null());
    json_array_append_new(devices->list, device);
}

static json_t *make_devices(struct planche_serve *serve)
{
    struct devices devices = {serve, json_array()};
    planche_cli_engine_cache_visit(serve->engines, add_device, &devices);
    return devices.list;
}

void planche_serve_status(struct planche_serve *serve, struct planche_http_connection *c)
{
    struct planche_pages_state state;
    json_t *object = json_object();
    planche_pages_get_state(serve->pages, &state);
    json_object_set_new(object, "version", json_string(planche_version()));
    set_seconds(object, "uptime_seconds", (double)(planche_clock_ns() - serve->started) * 1e-9);
    json_object_set_new(object, "draining", json_boolean(serve->draining));
    json_object_set_new(object, "isolated", json_boolean(serve->options.engine.isolate));
    planche_cli_json_set_count(object, "connections",
                               planche_http_server_connections(serve->server));
    json_object_set_new(object, "queue", make_queue(&state));
    json_object_set_new(object, "pages", make_pages(&state));
    json_object_set_new(object, "memory", make_memory(serve));
    json_object_set_new(object, "cache", make_cache(serve->cache));
    json_object_set_new(object, "shared_queue", planche_serve_crew_json(serve));
    planche_cli_json_set_count(object, "engines", planche_cli_engine_cache_count(serve->engines));
    json_object_set_new(object, "devices", make_devices(serve));
    planche_serve_json(c, 200, object);
}

static json_t *make_variant(const struct planche_serve *serve,
                            const struct planche_model_variant *variant)
{
    const char *folder = serve->options.engine.model_directory;
    json_t *object = json_object();
    int level;
    json_object_set_new(object, "model", json_string(variant->model));
    json_object_set_new(object, "family", json_string(variant->family));
    planche_cli_json_set_count(object, "scale", variant->scale);
    json_object_set_new(object, "denoise",
                        planche_cli_level(variant, &level) ? json_integer(level) : json_null());
    json_object_set_new(object, "licence", json_string(variant->licence));
    bool here = planche_model_check(variant, folder, 0, NULL) == PLANCHE_OK;
    json_object_set_new(object, "here", json_boolean(here));
    return object;
}

void planche_serve_models(struct planche_serve *serve, struct planche_http_connection *c)
{
    const struct planche_model_variant *variant;
    const char *model = serve->options.engine.model;
    json_t *object = json_object(), *models = json_array();
    for (size_t i = 0; (variant = planche_model_variant_get(i)) != NULL; i++)
        json_array_append_new(models, make_variant(serve, variant));
    /* Of a model file the name: where it lies is nobody's business. */
    const char *slash = model != NULL ? strrchr(model, '/') : NULL;
    json_object_set_new(object, "default",
                        planche_cli_json_text(slash != NULL   ? slash + 1
                                              : model != NULL ? model
                                                              : PLANCHE_CLI_DEFAULT_MODEL));
    json_object_set_new(object, "models", models);
    planche_serve_json(c, 200, object);
}
