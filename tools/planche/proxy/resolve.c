/* SPDX-License-Identifier: MIT */
/* Resolving. What the thread and the loop share is freed by whoever leaves it last. */
#include "proxy/resolve.h"

#include "os/thread.h"

#include <netdb.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Threads that hang are not joined by more than this. */
#define MOST_THREADS 8

struct planche_proxy_resolving {
    char host[256], port[8];
    struct planche_thread thread;
    struct planche_mutex lock; /* of the next two */
    unsigned holders;
    struct planche_http_loop *loop; /* NULL: nobody wants the addresses */
    struct planche_http_task task;
    bool posted;
    struct planche_proxy_found found;
    void (*done)(void *user, const struct planche_proxy_found *found);
    void *user;
};

static atomic_uint threads;

/* Keeps the addresses of a list that a TCP connection can be made to. */
static unsigned keep_addresses(union planche_proxy_address *out, const struct addrinfo *list)
{
    unsigned count = 0;
    for (; list != NULL && count < PLANCHE_PROXY_ADDRESSES; list = list->ai_next) {
        bool known = list->ai_family == AF_INET || list->ai_family == AF_INET6;
        if (known && list->ai_addrlen <= sizeof *out)
            memcpy(&out[count++], list->ai_addr, list->ai_addrlen);
    }
    return count;
}

void planche_proxy_find_addresses(const char *host, const char *port, bool number,
                                  struct planche_proxy_found *found)
{
    const struct addrinfo wanted = {.ai_family = AF_UNSPEC,
                                    .ai_socktype = SOCK_STREAM,
                                    .ai_flags =
                                        AI_NUMERICSERV | (number ? AI_NUMERICHOST : AI_ADDRCONFIG)};
    struct addrinfo *list = NULL;
    found->count = 0;
    found->problem = getaddrinfo(host, port, &wanted, &list);
    if (found->problem != 0)
        return;
    found->count = keep_addresses(found->addresses, list);
    freeaddrinfo(list);
    found->problem = found->count > 0 ? 0 : EAI_NONAME;
}

static void leave(struct planche_proxy_resolving *resolving)
{
    planche_mutex_lock(&resolving->lock);
    bool last = --resolving->holders == 0;
    planche_mutex_unlock(&resolving->lock);
    if (!last)
        return;
    planche_mutex_destroy(&resolving->lock);
    free(resolving);
}

/* On the thread. */
static void run(void *user)
{
    struct planche_proxy_resolving *resolving = user;
    planche_proxy_find_addresses(resolving->host, resolving->port, false, &resolving->found);
    planche_mutex_lock(&resolving->lock);
    if (resolving->loop != NULL) {
        resolving->posted = true;
        planche_http_loop_post(resolving->loop, &resolving->task);
    }
    planche_mutex_unlock(&resolving->lock);
    atomic_fetch_sub(&threads, 1);
    leave(resolving);
}

/* Also of one that was abandoned after it was posted. */
static void on_found(void *user)
{
    struct planche_proxy_resolving *resolving = user;
    if (resolving->done != NULL)
        resolving->done(resolving->user, &resolving->found);
    leave(resolving);
}

static bool start(struct planche_proxy_resolving *resolving)
{
    bool started = atomic_fetch_add(&threads, 1) < MOST_THREADS &&
                   planche_thread_start(&resolving->thread, run, resolving);
    if (started)
        planche_thread_detach(&resolving->thread);
    else
        atomic_fetch_sub(&threads, 1);
    return started;
}

struct planche_proxy_resolving *
planche_proxy_resolve_begin(struct planche_http_loop *loop, const char *host, const char *port,
                            void (*done)(void *user, const struct planche_proxy_found *found),
                            void *user)
{
    struct planche_proxy_resolving *resolving = calloc(1, sizeof *resolving);
    if (resolving == NULL)
        return NULL;
    snprintf(resolving->host, sizeof resolving->host, "%s", host);
    snprintf(resolving->port, sizeof resolving->port, "%s", port);
    planche_mutex_init(&resolving->lock);
    resolving->holders = 2;
    resolving->loop = loop;
    resolving->task = (struct planche_http_task){.run = on_found, .user = resolving};
    resolving->done = done;
    resolving->user = user;
    if (start(resolving))
        return resolving;
    planche_mutex_destroy(&resolving->lock);
    free(resolving);
    return NULL;
}

void planche_proxy_resolve_abandon(struct planche_proxy_resolving *resolving)
{
    if (resolving == NULL)
        return;
    planche_mutex_lock(&resolving->lock);
    bool posted = resolving->posted;
    resolving->loop = NULL;
    resolving->done = NULL; /* read on the loop's thread alone, which this is */
    planche_mutex_unlock(&resolving->lock);
    if (!posted) /* else the task leaves it */
        leave(resolving);
}
