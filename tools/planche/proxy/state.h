/* SPDX-License-Identifier: MIT */
/* What the parts of the proxy share. */
#ifndef PLANCHE_PROXY_STATE_H
#define PLANCHE_PROXY_STATE_H

#include "base/text_buffer.h"
#include "proxy/call.h"
#include "proxy/settings.h"
#include "proxy/upstream.h"

struct planche_proxy_exchange;
struct planche_proxy_tunnel;
struct planche_proxy_reader;
struct planche_proxy_rules;
struct planche_proxy_book;

#define PLANCHE_PROXY_READERS 32 /* that pages are fetched for in advance */

struct planche_proxy {
    struct planche_proxy_settings settings;
    struct planche_proxy_upstream upstream;
    struct planche_proxy_exchange *exchanges; /* all that are under way */
    struct planche_proxy_tunnel *tunnels;
    unsigned tunnel_count;
    struct planche_proxy_rules *rules;
    struct planche_proxy_book *books;     /* whose series are known: proxy/identify.h */
    struct planche_proxy_reader *readers; /* proxy/prefetch.h */
    bool draining;
};

__attribute__((format(printf, 4, 5))) void
planche_proxy_log(const struct planche_proxy *proxy, const struct planche_http_connection *c,
                  enum planche_cli_log_level level, const char *format, ...);

#endif
