/* SPDX-License-Identifier: MIT */
/* Settings: what the server lends its proxy. */
#ifndef PLANCHE_PROXY_SETTINGS_H
#define PLANCHE_PROXY_SETTINGS_H

#include "cli/options.h"
#include "http/answer.h"
#include "http/receive.h"
#include "pages/ready.h"

struct planche_metrics;

/* What the server lends its proxy; all of it lives longer. */
struct planche_proxy_settings {
    struct planche_http_loop *loop;
    struct planche_http_budget *budget;
    const struct planche_cli_options *options;
    struct planche_pages *pages;
    struct planche_pages_keys *keys;
    struct planche_pages_ready *ready;
    struct planche_metrics *metrics;
    bool keeps;         /* results are kept on the disk */
    uint64_t max_bytes; /* of a page */
    /* A line of the log; c may be NULL. */
    void (*log)(void *user, const struct planche_http_connection *c,
                enum planche_cli_log_level level, const char *message);
    /* Answers with an error. */
    void (*problem)(void *user, struct planche_http_connection *c, unsigned status,
                    const char *detail);
    /* A page was answered: with a result (page NULL: of the cache), with 304, or as its original.
     */
    void (*made)(void *user, const struct planche_cache_result *result,
                 const struct planche_page_result *page);
    void (*unchanged)(void *user);
    void (*original)(void *user, const char *reason);
    void *user;
};

#endif
