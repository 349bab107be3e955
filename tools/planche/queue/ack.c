/* SPDX-License-Identifier: MIT */
/* Acknowledgements. */
#include "queue/ack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAIT_MS 5000
#define PAGE_MS 1000 /* a page that comes later is taken with the next request */

/* Where pages come to, made with the first request. */
static natsStatus open_inbox(struct planche_queue *queue)
{
    char subject[PLANCHE_QUEUE_INBOX_BYTES];
    natsStatus status = NATS_OK;
    if (queue->inbox == NULL)
        status = planche_libnats.natsInbox_Create(&queue->inbox);
    snprintf(subject, sizeof subject, "%s.*", queue->inbox != NULL ? queue->inbox : "");
    if (status == NATS_OK && queue->pages == NULL)
        status =
            planche_libnats.natsConnection_SubscribeSync(&queue->pages, queue->connection, subject);
    return status;
}

/* A page, whichever request it answers, or what the server says to the request of this subject. */
static natsStatus wait_for_page(struct planche_queue *queue, const char *reply, natsMsg **message)
{
    natsStatus status;
    while ((status = planche_libnats.natsSubscription_NextMsg(message, queue->pages, PAGE_MS)) ==
           NATS_OK) {
        const char *code = NULL;
        if (planche_libnats.natsMsgHeader_Get(*message, "Status", &code) != NATS_OK)
            return NATS_OK;
        bool mine = strcmp(planche_libnats.natsMsg_GetSubject(*message), reply) == 0;
        planche_libnats.natsMsg_Destroy(*message);
        *message = NULL;
        if (mine)
            return NATS_NOT_FOUND;
    }
    return status;
}

natsStatus planche_queue_next(struct planche_queue *queue, const char *consumer, natsMsg **message)
{
    static const char request[] = "{\"batch\":1,\"no_wait\":true}";
    char subject[PLANCHE_QUEUE_CONSUMER_BYTES + 64], reply[PLANCHE_QUEUE_INBOX_BYTES];
    *message = NULL;
    natsStatus status = open_inbox(queue);
    if (status != NATS_OK)
        return status;
    snprintf(subject, sizeof subject, "$JS.API.CONSUMER.MSG.NEXT." PLANCHE_QUEUE_JOBS ".%s",
             consumer);
    snprintf(reply, sizeof reply, "%s.%u", queue->inbox, ++queue->asked);
    status = planche_libnats.natsConnection_PublishRequest(queue->connection, subject, reply,
                                                           request, (int)strlen(request));
    return status == NATS_OK ? wait_for_page(queue, reply, message) : status;
}

/* A number of where acknowledgements go: the first is of deliveries, the second the sequence.
 * "$JS.ACK.STREAM.CONSUMER.1.2...", of newer servers "$JS.ACK.DOMAIN.ACCOUNT.STREAM...". */
static uint64_t number_of(natsMsg *message, unsigned index)
{
    const char *reply = planche_libnats.natsMsg_GetReply(message), *at = reply;
    unsigned dots = 0;
    for (const char *c = reply; c != NULL && *c != 0; c++)
        dots += *c == '.';
    unsigned skip = (dots <= 8 ? 4 : 6) + index;
    for (unsigned i = 0; i < skip && at != NULL; i++) {
        at = strchr(at, '.');
        at = at != NULL ? at + 1 : NULL;
    }
    return at != NULL ? strtoull(at, NULL, 10) : 0;
}

uint64_t planche_queue_tries(natsMsg *message)
{
    uint64_t tries = number_of(message, 0);
    return tries > 0 ? tries : 1;
}

bool planche_queue_is_wanted(struct planche_queue *queue, natsMsg *message)
{
    natsMsg *found = NULL;
    uint64_t sequence = number_of(message, 1);
    natsStatus status = planche_queue_get_next(
        queue, PLANCHE_QUEUE_JOBS, planche_libnats.natsMsg_GetSubject(message), sequence, &found);
    bool gone = status == NATS_NOT_FOUND ||
                (status == NATS_OK && planche_libnats.natsMsg_GetSequence(found) != sequence);
    planche_libnats.natsMsg_Destroy(found);
    return sequence == 0 || !gone;
}

void planche_queue_tell_gone(struct planche_queue *queue, const char *key)
{
    char subject[128];
    snprintf(subject, sizeof subject, PLANCHE_QUEUE_GONE ".%s", key);
    planche_libnats.natsConnection_Publish(queue->connection, subject, "", 0);
}

void planche_queue_ack(struct planche_queue *queue, natsMsg *message)
{
    natsMsg *answer = NULL;
    const char *reply = planche_libnats.natsMsg_GetReply(message);
    if (reply != NULL)
        planche_libnats.natsConnection_RequestString(&answer, queue->connection, reply, "+ACK",
                                                     WAIT_MS);
    planche_libnats.natsMsg_Destroy(answer);
}

static void say(struct planche_queue *queue, natsMsg *message, const char *text)
{
    const char *reply = planche_libnats.natsMsg_GetReply(message);
    if (reply != NULL)
        planche_libnats.natsConnection_PublishString(queue->connection, reply, text);
}

void planche_queue_nak(struct planche_queue *queue, natsMsg *message, unsigned ms)
{
    char text[64];
    snprintf(text, sizeof text, "-NAK {\"delay\": %u000000}", ms > 0 ? ms : 1);
    say(queue, message, text);
}

void planche_queue_beat(struct planche_queue *queue, natsMsg *message)
{
    say(queue, message, "+WPI");
}
