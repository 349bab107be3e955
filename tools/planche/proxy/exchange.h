/* SPDX-License-Identifier: MIT */
/* Exchange: a request of a client and the upstream's answer, which is passed on as it comes. */
#ifndef PLANCHE_PROXY_EXCHANGE_H
#define PLANCHE_PROXY_EXCHANGE_H

#include "proxy/rewrite.h"
#include "proxy/state.h"

struct planche_proxy_page;

struct planche_proxy_exchange {
    struct planche_proxy *proxy;
    struct planche_http_connection *c;
    struct planche_proxy_exchange *next, **link; /* of the proxy's */
    struct planche_proxy_call call;
    struct planche_http_timer timer; /* for a client that waits for 100 Continue */
    unsigned interims;               /* answers before it that were passed on */
    bool begun;                      /* the client has the head of the answer */
    bool upgrade;                    /* the client wants another protocol */
    bool events;                     /* the answer is a stream of events */
    struct planche_proxy_page *page; /* NULL: it is no page */
    /* Frees what the exchange has of a page; NULL: it is none. */
    void (*drop_page)(struct planche_proxy_exchange *exchange);
    /* The upstream has agreed to another protocol: takes all. */
    void (*take_upgrade)(struct planche_proxy_exchange *exchange,
                         const struct planche_http_reply *reply);
};

/* NULL: no memory, and the connection was closed. */
struct planche_proxy_exchange *planche_proxy_exchange_create(struct planche_proxy *proxy,
                                                             struct planche_http_connection *c);
/* Passes the request on and its answer back. */
void planche_proxy_exchange_pass(struct planche_proxy_exchange *exchange);
/* The receiver for an answer that is passed on; user is the exchange. */
extern const struct planche_proxy_receiver planche_proxy_pass_receiver;
/* Gives the client the head of an answer of length bytes (-1: not known). reason as in
 * X-Planche-Result, or NULL. */
void planche_proxy_exchange_begin(struct planche_proxy_exchange *exchange,
                                  const struct planche_http_reply *reply,
                                  enum planche_proxy_fields kept, int64_t length);
/* Gives the client a piece of the body; reading stops while it takes no more. */
void planche_proxy_exchange_write(struct planche_proxy_exchange *exchange, const char *data,
                                  size_t size);
/* Ends it; the client's connection is answered, or gone. */
void planche_proxy_exchange_destroy(struct planche_proxy_exchange *exchange);

#endif
