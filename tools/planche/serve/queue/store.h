/* SPDX-License-Identifier: MIT */
/* /v1/store: the folder of a queue's store (--store DIR), for machines that do not see it. */
#ifndef PLANCHE_SERVE_QUEUE_STORE_H
#define PLANCHE_SERVE_QUEUE_STORE_H

#include "serve/server.h"

/* Looks at the options: a folder that is named is there. A status of the command; what is wrong has
 * been told. */
int planche_serve_check_store(const struct planche_serve *serve);
/* Removes what nobody has taken for a week from the folder, now and once a day. */
void planche_serve_begin_sweeps(struct planche_serve *serve);
/* Handlers. All answer 404 where there is no folder, and 403 from a server without a token. */
void planche_serve_show_store(struct planche_serve *serve, struct planche_http_connection *c);
void planche_serve_get_object(struct planche_serve *serve, struct planche_http_connection *c);
void planche_serve_put_object(struct planche_serve *serve, struct planche_http_connection *c);
void planche_serve_remove_object(struct planche_serve *serve, struct planche_http_connection *c);

#endif
