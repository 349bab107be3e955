/* SPDX-License-Identifier: MIT */
/* Acknowledgements. */
#include "queue/ack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAIT_MS 5000

natsStatus planche_queue_next(struct planche_queue *queue, const char *consumer, natsMsg **message)
{
    char subject[PLANCHE_QUEUE_CONSUMER_BYTES + 64];
    const char *status = NULL;
    *message = NULL;
    snprintf(subject, sizeof subject, "$JS.API.CONSUMER.MSG.NEXT." PLANCHE_QUEUE_JOBS ".%s",
             consumer);
    natsStatus outcome = planche_libnats.natsConnection_RequestString(
        message, queue->connection, subject, "{\"batch\":1,\"no_wait\":true}", WAIT_MS);
    if (outcome != NATS_OK)
        return outcome;
    if (planche_libnats.natsMsgHeader_Get(*message, "Status", &status) != NATS_OK)
        return NATS_OK;
    planche_libnats.natsMsg_Destroy(*message);
    *message = NULL;
    return NATS_NOT_FOUND;
}

/* "$JS.ACK.STREAM.CONSUMER.DELIVERED...", of newer servers "$JS.ACK.DOMAIN.ACCOUNT.STREAM...". */
uint64_t planche_queue_tries(natsMsg *message)
{
    const char *reply = planche_libnats.natsMsg_GetReply(message), *at = reply;
    unsigned dots = 0;
    for (const char *c = reply; c != NULL && *c != 0; c++)
        dots += *c == '.';
    unsigned skip = dots <= 8 ? 4 : 6;
    for (unsigned i = 0; i < skip && at != NULL; i++) {
        at = strchr(at, '.');
        at = at != NULL ? at + 1 : NULL;
    }
    uint64_t tries = at != NULL ? strtoull(at, NULL, 10) : 1;
    return tries > 0 ? tries : 1;
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
