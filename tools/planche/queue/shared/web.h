/* SPDX-License-Identifier: MIT */
/* Store by HTTP: the folder of a planche serve (--store DIR), which machines that do not see it
 * read by ranges, and write, with the server's token. libcurl is loaded for it. */
#ifndef PLANCHE_QUEUE_WEB_H
#define PLANCHE_QUEUE_WEB_H

#include "queue/shared/folder.h"

#include <planche/page.h>

struct planche_queue_web;

/* Opens the store of a server, "http://nas:8377", and asks whether it lets this machine in.
 * token_file: its first line is the token; NULL: none is sent. Errors: ARGUMENT, UNSUPPORTED (no
 * libcurl), IO (no server, no store there, another token), MEMORY. */
enum planche_status planche_queue_web_open(struct planche_queue_web **out, const char *address,
                                           const char *token_file, struct planche_error *error);
/* NULL is fine. Nobody uses it any more. */
void planche_queue_web_close(struct planche_queue_web *web);

/* All that follows is thread-safe; name is one of planche_queue_object_name. */

/* Whether the server's last answer was that this machine may not use it: repeating does not help.
 * NULL is fine. */
bool planche_queue_web_is_refused(struct planche_queue_web *web);
/* Reads the object of size bytes into data, a range at a time; what breaks off goes on from there,
 * a few times. waits (may be NULL): its cancel ends the request, and its progress is called
 * meanwhile. Errors: NOT_FOUND, DATA (it has another size), IO, MEMORY, CANCELLED. */
enum planche_status planche_queue_web_get(struct planche_queue_web *web, const char *name,
                                          char *data, uint64_t size,
                                          const struct planche_page_options *waits,
                                          struct planche_error *error);
/* Errors: LIMIT (the server takes none of this size), IO, MEMORY, CANCELLED. */
enum planche_status planche_queue_web_put(struct planche_queue_web *web, const char *name,
                                          const void *data, size_t size,
                                          const struct planche_page_options *waits,
                                          struct planche_error *error);
/* OK, or NOT_FOUND. Errors: IO, MEMORY. */
enum planche_status planche_queue_web_find(struct planche_queue_web *web, const char *name,
                                           struct planche_error *error);
enum planche_status planche_queue_web_remove(struct planche_queue_web *web, const char *name,
                                             struct planche_error *error);

#endif
