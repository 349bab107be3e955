/* SPDX-License-Identifier: MIT */
/* Listeners: subscriptions whose messages a function gets, on a thread of libnats. */
#ifndef PLANCHE_QUEUE_LISTEN_H
#define PLANCHE_QUEUE_LISTEN_H

#include "os/thread.h"
#include "queue/queue.h"

/* Zeroed: it does not listen. Stays where it is while it does. */
struct planche_queue_listener {
    natsSubscription *subscription;
    struct planche_mutex lock;
    struct planche_cond changed;
    bool ended; /* the function is not called any more */
};

/* Calls handle(.., user) for each message of a subject. */
natsStatus planche_queue_listen(struct planche_queue_listener *listener,
                                struct planche_queue *queue, const char *subject,
                                natsMsgHandler handle, void *user);
/* Stops, and waits for a call that runs: natsSubscription_Destroy does not. */
void planche_queue_unlisten(struct planche_queue_listener *listener);

#endif
