/* SPDX-License-Identifier: MIT */
/* Probe: which version a server is, before anything secret is sent to it. libnats does not tell. */
#ifndef PLANCHE_QUEUE_PROBE_H
#define PLANCHE_QUEUE_PROBE_H

#include <planche/error.h>
#include <stdbool.h>

/* Connects to each of the servers of a list ("nats://host:4222,nats://...") and refuses it if one
 * that answers has known holes, unless insecure. Errors: IO (none answers), UNSUPPORTED. */
enum planche_status planche_queue_probe(const char *const *servers, int count, bool insecure,
                                        struct planche_error *error);

#endif
