/* SPDX-License-Identifier: MIT */
/* Upstream: the server behind this one. Its address comes from the command line alone, and nothing
 * that a client or the upstream sends can change where a connection goes. */
#ifndef PLANCHE_PROXY_UPSTREAM_H
#define PLANCHE_PROXY_UPSTREAM_H

#include "proxy/resolve.h"

#include <planche/error.h>

#include <stdbool.h>

#define PLANCHE_PROXY_IDLE 32 /* connections that are kept */

struct planche_proxy_call;
struct planche_proxy_link;
struct planche_metrics;

struct planche_proxy_upstream {
    struct planche_http_loop *loop;
    struct planche_metrics *metrics;
    int64_t wait_ns;    /* without a byte of an answer */
    int64_t resolve_ns; /* for the host's addresses */
    char host[256];     /* as a name or number, without brackets */
    char port[8];
    char name[300];                   /* HOST:PORT, for Host fields and people */
    bool numeric;                     /* the host is a number: the addresses are known */
    struct planche_proxy_found found; /* as they were found last */
    /* Links that are free, the newest first, and those with a call. */
    struct planche_proxy_link *idle, *busy;
    unsigned idle_count, busy_count;
    struct planche_proxy_link *closed; /* to be freed when no code of theirs runs */
    struct planche_http_timer free_closed;
    struct planche_proxy_resolving *resolving; /* NULL: nothing is looked up */
    struct planche_http_timer late;            /* the look-up takes too long */
    struct planche_proxy_call *waiting;        /* for the addresses */
    /* The calls that wait go on. problem: NULL, or why there are no addresses. */
    void (*found_all)(struct planche_proxy_upstream *upstream, const char *problem);
};

/* Reads "http://HOST[:PORT]". Errors: ARGUMENT. */
enum planche_status planche_proxy_upstream_parse(struct planche_proxy_upstream *upstream,
                                                 const char *address, struct planche_error *error);
/* Ends the look-up. No call is under way, and no connection is kept. */
void planche_proxy_upstream_close(struct planche_proxy_upstream *upstream);
/* Has the host's addresses found; found_all is called, perhaps before this returns. */
void planche_proxy_resolve(struct planche_proxy_upstream *upstream);

#endif
