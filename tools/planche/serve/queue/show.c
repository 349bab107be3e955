/* SPDX-License-Identifier: MIT */
/* Showing a queue and its workers. */
#include "metrics/metrics.h"
#include "queue/server/link.h"
#include "serve/queue/crew.h"

#include <stdio.h>
#include <string.h>

#define MAX_HOSTS 64

json_t *planche_serve_crew_json(struct planche_serve *serve)
{
    json_t *state = serve->link != NULL ? planche_queue_link_state(serve->link) : NULL;
    return state != NULL ? state : json_null();
}

static void set(struct planche_serve *serve, enum planche_metric metric, const json_t *state,
                const char *name, const char *label)
{
    double value = json_number_value(json_object_get(state, name));
    if (label != NULL)
        planche_metrics_set(serve->metrics, metric, value, PLANCHE_LABELS(label));
    else
        planche_metrics_set(serve->metrics, metric, value, NULL);
}

/* Rates of the workers of a machine. */
struct host {
    char name[PLANCHE_METRICS_LABEL_BYTES];
    double rate;
};

/* The machine of a worker: "nas" of "nas-4711". Processes come and go, machines stay: the metrics
 * have one number for each. */
static void name_host(const json_t *worker, char name[PLANCHE_METRICS_LABEL_BYTES])
{
    const char *id = json_string_value(json_object_get(worker, "id"));
    const char *dash = id != NULL ? strrchr(id, '-') : NULL;
    snprintf(name, PLANCHE_METRICS_LABEL_BYTES, "%.*s", dash != NULL ? (int)(dash - id) : 0,
             id != NULL ? id : "");
}

/* More machines than there is room for are one: "other". */
static struct host *find_host(struct host hosts[MAX_HOSTS], size_t *count, const char *name)
{
    for (size_t i = 0; i < *count; i++) {
        if (strcmp(hosts[i].name, name) == 0)
            return &hosts[i];
    }
    size_t at = *count < MAX_HOSTS ? (*count)++ : MAX_HOSTS - 1;
    snprintf(hosts[at].name, sizeof hosts[at].name, "%s", at < MAX_HOSTS - 1 ? name : "other");
    return &hosts[at];
}

static void set_rates(struct planche_serve *serve, const json_t *workers)
{
    struct host hosts[MAX_HOSTS] = {0};
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(workers); i++) {
        const json_t *worker = json_array_get(workers, i);
        char name[PLANCHE_METRICS_LABEL_BYTES];
        name_host(worker, name);
        find_host(hosts, &count, name)->rate +=
            json_number_value(json_object_get(worker, "pages_per_second"));
    }
    planche_metrics_clear(serve->metrics, PLANCHE_METRIC_CREW_RATE);
    if (count == 0) /* the family is there, also without a queue */
        planche_metrics_set(serve->metrics, PLANCHE_METRIC_CREW_RATE, 0, PLANCHE_LABELS(""));
    for (size_t i = 0; i < count; i++)
        planche_metrics_set(serve->metrics, PLANCHE_METRIC_CREW_RATE, hosts[i].rate,
                            PLANCHE_LABELS(hosts[i].name));
}

void planche_serve_crew_count(struct planche_serve *serve)
{
    json_t *state = serve->link != NULL ? planche_queue_link_state(serve->link) : json_object();
    const json_t *workers = json_object_get(state, "workers");
    const json_t *waiting = json_object_get(state, "waiting");
    planche_metrics_set(serve->metrics, PLANCHE_METRIC_CREW_UP,
                        json_is_true(json_object_get(state, "connected")), NULL);
    for (int i = 0; i < PLANCHE_QUEUE_CLASSES; i++) {
        const char *name = planche_queue_class_name((enum planche_queue_class)i);
        set(serve, PLANCHE_METRIC_CREW_PAGES, waiting, name, name);
    }
    set(serve, PLANCHE_METRIC_CREW_DEPTH, state, "pages", NULL);
    set(serve, PLANCHE_METRIC_CREW_RUNNING, state, "running", NULL);
    set(serve, PLANCHE_METRIC_CREW_AGAIN, state, "redelivered", NULL);
    set(serve, PLANCHE_METRIC_CREW_OLDEST, state, "oldest_seconds", NULL);
    set(serve, PLANCHE_METRIC_CREW_FAILED, state, "failed", NULL);
    set(serve, PLANCHE_METRIC_CREW_RESULTS, state, "made", "made");
    set(serve, PLANCHE_METRIC_CREW_RESULTS, state, "refused", "refused");
    planche_metrics_set(serve->metrics, PLANCHE_METRIC_CREW_WORKERS,
                        (double)json_array_size(workers), NULL);
    set_rates(serve, workers);
    json_decref(state);
}
