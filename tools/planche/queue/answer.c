/* SPDX-License-Identifier: MIT */
/* What a worker answers to who asks for workers. */
#include "queue/answer.h"

#include "cli/json.h"
#include "os/clock.h"

#include <stdlib.h>
#include <string.h>

static char *describe(struct planche_queue_worker *worker)
{
    json_t *json = json_object();
    int64_t now = planche_clock_ns();
    json_object_set_new(json, "id", planche_cli_json_text(worker->id));
    json_object_set_new(json, "device", planche_cli_json_text(worker->device));
    json_object_set_new(json, "numerics", json_string(worker->numerics));
    json_object_set_new(json, "version", json_string(planche_version()));
    planche_mutex_lock(&worker->lock);
    json_object_set_new(json, "slots", json_integer(worker->slots));
    json_object_set_new(json, "running", json_integer(worker->running));
    json_object_set_new(json, "waiting", json_integer(worker->held - worker->running));
    planche_cli_json_set_count(json, "done", worker->done);
    planche_cli_json_set_count(json, "failed", worker->failed);
    json_object_set_new(json, "pages_per_second",
                        json_real(planche_queue_rate_get(&worker->rate, now)));
    json_object_set_new(json, "stopping", json_boolean(worker->stopping));
    /* For a lease after its rest: it may come upon the same again. */
    if (*worker->problem != 0 &&
        now < worker->resting + worker->options.queue.lease_s * INT64_C(1000000000))
        json_object_set_new(json, "problem", planche_cli_json_text(worker->problem));
    planche_mutex_unlock(&worker->lock);
    json_object_set_new(json, "seconds", json_integer((now - worker->started) / 1000000000));
    char *text = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    return text;
}

static void on_who(natsConnection *connection, natsSubscription *subscription, natsMsg *message,
                   void *user)
{
    const char *reply = planche_libnats.natsMsg_GetReply(message);
    char *text = reply != NULL ? describe(user) : NULL;
    (void)subscription;
    if (text != NULL)
        planche_libnats.natsConnection_Publish(connection, reply, text, (int)strlen(text));
    free(text);
    planche_libnats.natsMsg_Destroy(message);
}

static void on_wake(natsConnection *connection, natsSubscription *subscription, natsMsg *message,
                    void *user)
{
    struct planche_queue_worker *worker = user;
    (void)connection;
    (void)subscription;
    planche_mutex_lock(&worker->lock);
    worker->woken = true;
    planche_cond_broadcast(&worker->changed);
    planche_mutex_unlock(&worker->lock);
    planche_libnats.natsMsg_Destroy(message);
}

enum planche_status planche_queue_answer(struct planche_queue_worker *worker,
                                         struct planche_error *error)
{
    natsStatus status =
        planche_queue_listen(&worker->who, &worker->queue, PLANCHE_QUEUE_WHO, on_who, worker);
    if (status == NATS_OK)
        status = planche_queue_listen(&worker->wake, &worker->queue, PLANCHE_QUEUE_WAKE, on_wake,
                                      worker);
    return status == NATS_OK ? PLANCHE_OK : planche_queue_fail(error, status, "cannot subscribe");
}
