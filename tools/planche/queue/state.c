/* SPDX-License-Identifier: MIT */
/* State of a queue. */
#include "queue/state.h"

#include "base/status.h"
#include "cli/json.h"
#include "os/clock.h"
#include "queue/job.h"

#include <planche/cancel.h>
#include <string.h>
#include <time.h>

#define MAX_WORKERS 2000
#define SLICE_MS    100 /* between looks whether who waits has gone */

static bool goes_on(natsStatus status, const struct planche_cancel *cancel)
{
    return status == NATS_OK && !planche_cancel_requested(cancel);
}

static natsStatus ask_stream(struct planche_queue *queue, const char *name, jsStreamInfo **info)
{
    jsErrCode reason;
    *info = NULL;
    return planche_libnats.js_GetStreamInfo(info, queue->js, name, NULL, &reason);
}

static natsStatus count_stream(struct planche_queue *queue, const char *name, uint64_t *messages,
                               uint64_t *bytes)
{
    jsStreamInfo *info;
    natsStatus status = ask_stream(queue, name, &info);
    if (status == NATS_OK) {
        *messages = info->State.Msgs;
        *bytes = info->State.Bytes;
    }
    planche_libnats.jsStreamInfo_Destroy(info);
    return status;
}

/* "book-any" is of the class "book". */
static void count_consumer(struct planche_queue_state *state, const jsConsumerInfo *info)
{
    for (int i = 0; i < PLANCHE_QUEUE_CLASSES; i++) {
        const char *name = planche_queue_class_name((enum planche_queue_class)i);
        size_t length = strlen(name);
        if (strncmp(info->Name, name, length) == 0 && info->Name[length] == '-')
            state->waiting[i] += info->NumPending;
    }
    state->running += (uint64_t)info->NumAckPending;
    state->redelivered += (uint64_t)info->NumRedelivered;
}

static natsStatus count_jobs(struct planche_queue *queue, const struct planche_cancel *cancel,
                             struct planche_queue_state *state)
{
    jsConsumerInfoList *list = NULL;
    jsErrCode reason;
    jsStreamInfo *info;
    natsStatus status = ask_stream(queue, PLANCHE_QUEUE_JOBS, &info);
    if (status == NATS_OK) {
        state->pages = info->State.Msgs;
        /* The server's clock may be ahead of this one. */
        int64_t age = (int64_t)time(NULL) - info->State.FirstTime / 1000000000;
        state->oldest_s = info->State.Msgs > 0 && age > 0 ? age : 0;
    }
    planche_libnats.jsStreamInfo_Destroy(info);
    if (goes_on(status, cancel))
        status = planche_libnats.js_Consumers(&list, queue->js, PLANCHE_QUEUE_JOBS, NULL, &reason);
    for (int i = 0; status == NATS_OK && list != NULL && i < list->Count; i++)
        count_consumer(state, list->List[i]);
    planche_libnats.jsConsumerInfoList_Destroy(list);
    return status == NATS_NOT_FOUND ? NATS_OK : status; /* no consumer yet */
}

static void add_worker(struct planche_queue_state *state, natsMsg *message)
{
    json_t *worker =
        planche_queue_worker_read(planche_libnats.natsMsg_GetData(message),
                                  (size_t)planche_libnats.natsMsg_GetDataLength(message));
    if (worker != NULL && json_array_size(state->workers) < MAX_WORKERS) {
        /* One that has no page though some wait is none that makes them. */
        if (json_integer_value(json_object_get(worker, "running")) > 0)
            state->pages_per_second +=
                json_number_value(json_object_get(worker, "pages_per_second"));
        json_array_append(state->workers, worker);
    }
    json_decref(worker);
}

/* Ends early when cancel is requested; it may be NULL. */
static natsStatus ask_workers(struct planche_queue *queue, int64_t wait_ms,
                              const struct planche_cancel *cancel,
                              struct planche_queue_state *state)
{
    natsInbox *inbox = NULL;
    natsSubscription *answers = NULL;
    natsMsg *message = NULL;
    int64_t end = planche_clock_ns() + wait_ms * 1000000;
    natsStatus status = planche_libnats.natsInbox_Create(&inbox);
    if (status == NATS_OK)
        status = planche_libnats.natsConnection_SubscribeSync(&answers, queue->connection, inbox);
    if (status == NATS_OK)
        status = planche_libnats.natsConnection_PublishRequest(queue->connection, PLANCHE_QUEUE_WHO,
                                                               inbox, "", 0);
    int64_t left = wait_ms;
    while (left > 0 && goes_on(status, cancel)) {
        natsStatus got = planche_libnats.natsSubscription_NextMsg(
            &message, answers, left < SLICE_MS ? left : SLICE_MS);
        if (got != NATS_OK && got != NATS_TIMEOUT)
            break;
        if (got == NATS_OK) {
            add_worker(state, message);
            planche_libnats.natsMsg_Destroy(message);
        }
        left = (end - planche_clock_ns() + 999999) / 1000000;
    }
    planche_libnats.natsSubscription_Destroy(answers);
    planche_libnats.natsInbox_Destroy(inbox);
    return status;
}

/* Of who is cancelled not all may have answered, and what failed meanwhile is nobody's concern. */
static enum planche_status judge(natsStatus status, const struct planche_cancel *cancel,
                                 struct planche_error *error)
{
    if (planche_cancel_requested(cancel))
        return planche_fail(error, PLANCHE_ERROR_CANCELLED, "cancelled");
    if (status != NATS_OK)
        return planche_queue_fail(error, status, "cannot be asked");
    return PLANCHE_OK;
}

enum planche_status planche_queue_ask_workers(struct planche_queue *queue, int64_t wait_ms,
                                              const struct planche_cancel *cancel,
                                              struct planche_queue_state *state,
                                              struct planche_error *error)
{
    *state = (struct planche_queue_state){.workers = json_array()};
    natsStatus status =
        state->workers != NULL ? ask_workers(queue, wait_ms, cancel, state) : NATS_NO_MEMORY;
    return judge(status, cancel, error);
}

enum planche_status planche_queue_ask(struct planche_queue *queue, int64_t wait_ms,
                                      const struct planche_cancel *cancel,
                                      struct planche_queue_state *state,
                                      struct planche_error *error)
{
    uint64_t ignored;
    *state = (struct planche_queue_state){.workers = json_array()};
    natsStatus status = state->workers != NULL ? NATS_OK : NATS_NO_MEMORY;
    if (goes_on(status, cancel))
        status = count_jobs(queue, cancel, state);
    if (goes_on(status, cancel))
        status = count_stream(queue, PLANCHE_QUEUE_RESULTS, &state->results, &ignored);
    if (goes_on(status, cancel))
        status = count_stream(queue, PLANCHE_QUEUE_DEAD, &state->dead, &ignored);
    if (goes_on(status, cancel))
        status = count_stream(queue, PLANCHE_QUEUE_STORE, &ignored, &state->store_bytes);
    if (goes_on(status, cancel))
        status = ask_workers(queue, wait_ms, cancel, state);
    return judge(status, cancel, error);
}

void planche_queue_state_clear(struct planche_queue_state *state)
{
    json_decref(state->workers);
    state->workers = NULL;
}

json_t *planche_queue_state_json(const struct planche_queue_state *state)
{
    json_t *json = json_object(), *waiting = json_object();
    for (int i = 0; i < PLANCHE_QUEUE_CLASSES; i++)
        planche_cli_json_set_count(waiting, planche_queue_class_name((enum planche_queue_class)i),
                                   state->waiting[i]);
    planche_cli_json_set_count(json, "pages", state->pages);
    json_object_set_new(json, "waiting", waiting);
    planche_cli_json_set_count(json, "running", state->running);
    planche_cli_json_set_count(json, "redelivered", state->redelivered);
    planche_cli_json_set_count(json, "results", state->results);
    planche_cli_json_set_count(json, "failed", state->dead);
    planche_cli_json_set_count(json, "store_bytes", state->store_bytes);
    json_object_set_new(json, "oldest_seconds", json_integer(state->oldest_s));
    json_object_set_new(json, "pages_per_second", json_real(state->pages_per_second));
    json_object_set(json, "workers", state->workers);
    return json;
}
