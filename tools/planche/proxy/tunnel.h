/* SPDX-License-Identifier: MIT */
/* Tunnel: two connections that have changed to another protocol (WebSocket): bytes both ways. */
#ifndef PLANCHE_PROXY_TUNNEL_H
#define PLANCHE_PROXY_TUNNEL_H

#include "proxy/exchange.h"

/* The upstream has agreed (101): takes the connections of the exchange, which ends. */
void planche_proxy_tunnel_begin(struct planche_proxy_exchange *exchange,
                                const struct planche_http_reply *reply);
/* Closes all. */
void planche_proxy_tunnels_close(struct planche_proxy *proxy);

#endif
