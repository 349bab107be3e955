/* SPDX-License-Identifier: MIT */
/* Listeners. */
#include "queue/shared/listen.h"

/* The last that the thread does with the subscription. */
static void on_end(void *user)
{
    struct planche_queue_listener *listener = user;
    planche_mutex_lock(&listener->lock);
    listener->ended = true;
    planche_cond_signal(&listener->changed);
    planche_mutex_unlock(&listener->lock);
}

natsStatus planche_queue_listen(struct planche_queue_listener *listener,
                                struct planche_queue *queue, const char *subject,
                                natsMsgHandler handle, void *user)
{
    *listener = (struct planche_queue_listener){0};
    planche_mutex_init(&listener->lock);
    planche_cond_init(&listener->changed);
    natsStatus status = planche_libnats.natsConnection_Subscribe(
        &listener->subscription, queue->connection, subject, handle, user);
    if (status == NATS_OK)
        status = planche_libnats.natsSubscription_SetOnCompleteCB(listener->subscription, on_end,
                                                                  listener);
    if (status == NATS_OK)
        return status;
    planche_libnats.natsSubscription_Destroy(listener->subscription);
    listener->subscription = NULL;
    planche_cond_destroy(&listener->changed);
    planche_mutex_destroy(&listener->lock);
    return status;
}

void planche_queue_unlisten(struct planche_queue_listener *listener)
{
    if (listener->subscription == NULL)
        return;
    planche_libnats.natsSubscription_Destroy(listener->subscription);
    listener->subscription = NULL;
    planche_mutex_lock(&listener->lock);
    while (!listener->ended)
        planche_cond_wait(&listener->changed, &listener->lock);
    planche_mutex_unlock(&listener->lock);
    planche_cond_destroy(&listener->changed);
    planche_mutex_destroy(&listener->lock);
}
