/* SPDX-License-Identifier: MIT */
/* planche serve: what its parts share. docs/serve.md says which part does what. */
#ifndef PLANCHE_SERVE_SERVER_H
#define PLANCHE_SERVE_SERVER_H

#include "base/log.h"
#include "cli/options.h"
#include "http/answer.h"
#include "http/receive.h"
#include "http/server.h"
#include "io/process.h"
#include "pages/ready.h"
#include "service/token.h"

struct planche_books;
struct planche_metrics;
struct planche_proxy;
struct planche_queue_link;
struct planche_serve_crew;
struct planche_serve_stream;

/* One server. All of it but gpu_memory belongs to the loop's thread. */
struct planche_serve {
    struct planche_cli_options options; /* of the command line: defaults of every request */
    struct planche_http_loop *loop;
    struct planche_http_budget budget; /* bodies and results in memory */
    struct planche_http_settings settings;
    struct planche_http_listener listeners[PLANCHE_HTTP_MAX_LISTENERS];
    unsigned listener_count;
    struct planche_http_server *server;
    struct planche_cli_engine_cache *engines;
    struct planche_pages *pages;
    struct planche_pages_keys *keys;
    struct planche_pages_ready *ready;
    struct planche_cache *cache; /* NULL: results are not kept */
    struct planche_log log;      /* of the cache */
    struct planche_books *books;
    struct planche_serve_stream *streams;   /* of events */
    struct planche_serve_stream *next_beat; /* the next one that has a heartbeat; NULL: none */
    struct planche_http_timer heartbeat;    /* of streams */
    struct planche_metrics *metrics;
    struct planche_queue_link *link; /* NULL: this process makes the pages */
    struct planche_serve_crew *crew; /* with link */
    struct planche_http_timer sweep; /* of the store's folder */
    struct planche_http_task swept;
    struct planche_proxy *proxy;     /* NULL: there is no upstream */
    uint64_t in_flight;              /* requests that have not ended */
    char token[PLANCHE_TOKEN_BYTES]; /* "": none is wanted */
    int64_t started;                 /* planche_clock_ns */
    uint64_t max_bytes;              /* of a request's body */
    _Atomic uint64_t gpu_memory;     /* bytes, of the GPUs of engines; 0: unknown, or the CPU */
    bool draining;
    bool warned;                    /* --check: something was said that is not right */
    struct planche_process browser; /* of --open */
    struct planche_http_watch browser_watch;
};

/* A handler of a route: answers the request, now or later. c->context is its own. */
typedef void (*planche_serve_handler)(struct planche_serve *serve,
                                      struct planche_http_connection *c);

#endif
