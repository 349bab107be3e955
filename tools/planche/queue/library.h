/* SPDX-License-Identifier: MIT */
/* Functions of libnats, which is loaded when the first connection is made: it brings OpenSSL with
 * it, which nothing else of the command needs. */
#ifndef PLANCHE_QUEUE_LIBRARY_H
#define PLANCHE_QUEUE_LIBRARY_H

#include <nats/nats.h>
#include <planche/error.h>

struct planche_libnats {
#define NATS(name) __typeof__(name) *name;
#include "queue/functions.def"
#undef NATS
};

/* Valid once planche_libnats_load was OK. */
extern struct planche_libnats planche_libnats;

/* Errors: UNSUPPORTED. Not thread-safe. */
enum planche_status planche_libnats_load(struct planche_error *error);

#endif
