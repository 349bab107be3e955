/* SPDX-License-Identifier: MIT */
/* Messages of a queue: reading and publishing. */
#include "queue/queue.h"

#include "base/status.h"

#include <stdio.h>
#include <string.h>

#define TRIES  20
#define TRY_MS 100

bool planche_queue_is_away(struct planche_queue *queue)
{
    return planche_libnats.natsConnection_Status(queue->connection) != NATS_CONN_STATUS_CONNECTED;
}

/* What libnats' statuses mean here, and what is to be done; others are told in its words. */
static const char *explain(natsStatus status)
{
    switch (status) {
    case NATS_CONNECTION_AUTH_FAILED:
        return "the server does not take these credentials: give its own with --queue-auth FILE";
    case NATS_NOT_PERMITTED:
        return "its server does not permit that to this user: docs/scale.md has what is needed";
    case NATS_SECURE_CONNECTION_WANTED:
        return "its server has no TLS: use nats:// in the address, or give it a certificate";
    case NATS_SECURE_CONNECTION_REQUIRED:
        return "its server wants TLS: use tls:// in the address";
    case NATS_SSL_ERROR:
        return "TLS fails: --queue-ca names who vouches for the server, --queue-cert and "
               "--queue-key are for a server that wants to know its clients";
    case NATS_NO_RESPONDERS:
        return "JetStream is off: start nats-server -js";
    case NATS_TIMEOUT:
        return "no answer came in time: its server is overloaded or going down, its log may say "
               "why";
    case NATS_NO_SERVER:
    case NATS_CONNECTION_CLOSED:
    case NATS_CONNECTION_DISCONNECTED:
    case NATS_STALE_CONNECTION:
        return "the connection is lost: see whether nats-server runs and can be reached";
    default:
        return planche_libnats.natsStatus_GetText(status);
    }
}

enum planche_status planche_queue_fail(struct planche_error *error, natsStatus status,
                                       const char *what)
{
    return planche_fail(error, status == NATS_NO_MEMORY ? PLANCHE_ERROR_MEMORY : PLANCHE_ERROR_IO,
                        "the queue: %s: %s", what, explain(status));
}

natsStatus planche_queue_get_last(struct planche_queue *queue, const char *stream,
                                  const char *subject, natsMsg **message)
{
    jsDirectGetMsgOptions options;
    planche_libnats.jsDirectGetMsgOptions_Init(&options);
    options.LastBySubject = subject;
    *message = NULL;
    return planche_libnats.js_DirectGetMsg(message, queue->js, stream, NULL, &options);
}

natsStatus planche_queue_get_next(struct planche_queue *queue, const char *stream,
                                  const char *subject, uint64_t sequence, natsMsg **message)
{
    jsDirectGetMsgOptions options;
    planche_libnats.jsDirectGetMsgOptions_Init(&options);
    options.NextBySubject = subject;
    options.Sequence = sequence;
    *message = NULL;
    return planche_libnats.js_DirectGetMsg(message, queue->js, stream, NULL, &options);
}

/* A message that is there may be the one that was sent before, whose answer was lost. */
static bool is_same(natsMsg *present, const void *data, size_t size)
{
    return planche_libnats.natsMsg_GetDataLength(present) == (int)size &&
           memcmp(planche_libnats.natsMsg_GetData(present), data, size) == 0;
}

static const char *stream_of(const char *subject)
{
    return strncmp(subject, "planche.job.", 12) == 0    ? PLANCHE_QUEUE_JOBS
           : strncmp(subject, "planche.dead.", 13) == 0 ? PLANCHE_QUEUE_DEAD
                                                        : PLANCHE_QUEUE_RESULTS;
}

natsStatus planche_queue_publish(struct planche_queue *queue, const char *subject, const void *data,
                                 size_t size, uint64_t *sequence, bool *taken)
{
    jsPubOptions options;
    jsPubAck *ack = NULL;
    jsErrCode reason = (jsErrCode)0;
    natsMsg *present = NULL;
    planche_libnats.jsPubOptions_Init(&options);
    if (taken != NULL)
        *taken = true;
    natsStatus status = NATS_NO_RESPONDERS;
    /* A stream that another program makes at this moment does not answer yet. */
    for (int i = 0; i < TRIES && status == NATS_NO_RESPONDERS; i++) {
        if (i > 0)
            planche_libnats.nats_Sleep(TRY_MS);
        status = planche_libnats.js_Publish(&ack, queue->js, subject, data, (int)size, &options,
                                            &reason);
    }
    if (ack != NULL && sequence != NULL)
        *sequence = ack->Sequence;
    planche_libnats.jsPubAck_Destroy(ack);
    /* The server has one code for this and for a disk that is full. */
    if (status != NATS_OK && reason == JSStreamStoreFailedErr && taken != NULL) {
        if (planche_queue_get_last(queue, stream_of(subject), subject, &present) == NATS_OK) {
            *taken = is_same(present, data, size);
            if (*taken && sequence != NULL)
                *sequence = planche_libnats.natsMsg_GetSequence(present);
            status = NATS_OK;
        }
        planche_libnats.natsMsg_Destroy(present);
    }
    return status;
}

void planche_queue_consumer_name(enum planche_queue_class class, const char *need, char *name,
                                 size_t size)
{
    snprintf(name, size, "%s-%s", planche_queue_class_name(class), need);
}
