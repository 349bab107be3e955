/* SPDX-License-Identifier: MIT */
/* Streams and consumers of a queue. */
#include "queue/streams.h"

#include "queue/shared/folder.h"

#include <stdio.h>

#define SECOND INT64_C(1000000000)
#define DAY    (86400 * SECOND)

static const struct stream {
    const char *name, *subject;
    bool work;   /* messages go when they are acknowledged */
    bool one;    /* one message for each subject: the first stays */
    int64_t age; /* ns */
} streams[] = {
    {PLANCHE_QUEUE_JOBS, "planche.job.>", true, true, 30 * DAY},
    {PLANCHE_QUEUE_RESULTS, "planche.result.>", false, true, 7 * DAY},
    {PLANCHE_QUEUE_DEAD, "planche.dead.>", false, true, 30 * DAY},
    {PLANCHE_QUEUE_STORE, "planche.store", false, false, (PLANCHE_QUEUE_STORE_AGE_S)*SECOND},
};

/* Gives a stream of an older version what this one relies on. Limits that its owner has set stay:
 * sizes, copies, ages. */
static natsStatus update_stream(struct planche_queue *queue, const struct stream *stream,
                                const jsStreamConfig *present)
{
    jsStreamConfig config = *present;
    jsErrCode reason;
    config.AllowDirect = true;
    config.Discard = js_DiscardNew;
    config.MaxAge = config.MaxAge > 0 ? config.MaxAge : stream->age;
    if (stream->one) {
        config.MaxMsgsPerSubject = 1;
        config.DiscardNewPerSubject = true;
    }
    if (config.AllowDirect == present->AllowDirect && config.Discard == present->Discard &&
        config.MaxAge == present->MaxAge &&
        config.MaxMsgsPerSubject == present->MaxMsgsPerSubject &&
        config.DiscardNewPerSubject == present->DiscardNewPerSubject)
        return NATS_OK;
    return planche_libnats.js_UpdateStream(NULL, queue->js, &config, NULL, &reason);
}

static natsStatus make_stream(struct planche_queue *queue, const struct stream *stream)
{
    jsStreamConfig config;
    jsStreamInfo *info = NULL;
    jsErrCode reason = (jsErrCode)0;
    natsStatus status =
        planche_libnats.js_GetStreamInfo(&info, queue->js, stream->name, NULL, &reason);
    if (status == NATS_OK)
        status = update_stream(queue, stream, info->Config);
    planche_libnats.jsStreamInfo_Destroy(info);
    if (status != NATS_NOT_FOUND)
        return status;
    planche_libnats.jsStreamConfig_Init(&config);
    config.Name = stream->name;
    config.Subjects = (const char *[1]){stream->subject};
    config.SubjectsLen = 1;
    config.Retention = stream->work ? js_WorkQueuePolicy : js_LimitsPolicy;
    config.MaxAge = stream->age;
    config.Storage = js_FileStorage;
    config.Discard = js_DiscardNew;
    config.AllowDirect = true;
    if (stream->one) {
        config.MaxMsgsPerSubject = 1;
        config.DiscardNewPerSubject = true;
    }
    status = planche_libnats.js_AddStream(NULL, queue->js, &config, NULL, &reason);
    /* Two programs may start at once. */
    return reason == JSStreamNameExistErr ? NATS_OK : status;
}

static enum planche_status fail_at(struct planche_error *error, natsStatus status, const char *kind,
                                   const char *name)
{
    char what[160];
    snprintf(what, sizeof what, "the %s %s cannot be made", kind, name);
    return planche_queue_fail(error, status, what);
}

enum planche_status planche_queue_make_streams(struct planche_queue *queue,
                                               struct planche_error *error)
{
    for (size_t i = 0; i < sizeof streams / sizeof *streams; i++) {
        natsStatus status = make_stream(queue, &streams[i]);
        if (status != NATS_OK)
            return fail_at(error, status, "stream", streams[i].name);
    }
    return PLANCHE_OK;
}

enum planche_status planche_queue_make_consumer(struct planche_queue *queue,
                                                enum planche_queue_class class, const char *need,
                                                struct planche_error *error)
{
    jsConsumerConfig config;
    jsErrCode reason = (jsErrCode)0;
    char name[128], filter[160];
    planche_queue_consumer_name(class, need, name, sizeof name);
    snprintf(filter, sizeof filter, "planche.job.%s.%s.>", planche_queue_class_name(class), need);
    planche_libnats.jsConsumerConfig_Init(&config);
    config.Durable = name;
    config.FilterSubject = filter;
    config.AckPolicy = js_AckExplicit;
    config.AckWait = (int64_t)queue->options->lease_s * SECOND;
    config.MaxDeliver = -1; /* who gets a page once too often gives it up, with the reason */
    config.MaxAckPending = 100000;
    config.MaxWaiting = 100000;
    natsStatus status =
        planche_libnats.js_AddConsumer(NULL, queue->js, PLANCHE_QUEUE_JOBS, &config, NULL, &reason);
    return status == NATS_OK ? PLANCHE_OK : fail_at(error, status, "consumer", name);
}
