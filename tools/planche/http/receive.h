/* SPDX-License-Identifier: MIT */
/* Bodies of requests: whole and in memory within the budget, or piece by piece. */
#ifndef PLANCHE_HTTP_RECEIVE_H
#define PLANCHE_HTTP_RECEIVE_H

#include "http/connection.h"

/* Receives the whole body, of at most limit bytes; receiver is called once, perhaps before this
 * returns, unless the client goes first. After RECEIVED, planche_http_take_body has it; after
 * anything else the request can still be answered. Sends 100 Continue when the client waits for it
 * and there is room. */
void planche_http_receive(struct planche_http_connection *connection, uint64_t limit,
                          void (*receiver)(void *user, struct planche_http_connection *connection,
                                           enum planche_http_received outcome),
                          void *user);
/* The body that was received, now the caller's. */
struct planche_http_blob *planche_http_take_body(struct planche_http_connection *connection);

/* Receives the body piece by piece, as it comes and without a limit: stream is called for each, and
 * with size 0 at the end. failed: instead of an end; the request can still be answered. */
void planche_http_stream(struct planche_http_connection *connection,
                         void (*stream)(void *user, struct planche_http_connection *connection,
                                        const char *data, size_t size),
                         void (*failed)(void *user, struct planche_http_connection *connection,
                                        enum planche_http_received why),
                         void *user);
/* No more pieces until resume: what the client sends waits in the system's buffers. */
void planche_http_pause(struct planche_http_connection *connection);
void planche_http_resume(struct planche_http_connection *connection);

#endif
