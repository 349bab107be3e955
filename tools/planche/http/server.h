/* SPDX-License-Identifier: MIT */
/* Server: listeners and their connections. */
#ifndef PLANCHE_HTTP_SERVER_H
#define PLANCHE_HTTP_SERVER_H

#include "http/listen.h"

struct planche_http_server;

/* Serves on these sockets from now on: so many requests at once. As many more wait, for room_ns,
 * and what comes then is refused with 503; urgent ones are answered in any case. settings->closed
 * and user of the connections are called with what the caller has set; both live as long as the
 * server. NULL: no memory. */
struct planche_http_server *planche_http_server_create(struct planche_http_settings *settings,
                                                       struct planche_http_listener *listeners,
                                                       unsigned count, unsigned max_requests);
/* The connections that a server takes for so many requests. */
unsigned planche_http_server_capacity(unsigned max_requests);
/* Closes everything at once. NULL is fine. */
void planche_http_server_destroy(struct planche_http_server *server);
/* Accepts no more, closes idle connections, and each other one after its answer. drained is called
 * once there are none. */
void planche_http_server_drain(struct planche_http_server *server, void (*drained)(void *user),
                               void *user);
unsigned planche_http_server_connections(const struct planche_http_server *server);

#endif
