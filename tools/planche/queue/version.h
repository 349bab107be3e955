/* SPDX-License-Identifier: MIT */
/* Versions of nats-server: which have known holes that are closed in later ones. */
#ifndef PLANCHE_QUEUE_VERSION_H
#define PLANCHE_QUEUE_VERSION_H

#include <stdbool.h>
#include <stddef.h>

/* The versions from which on all holes that were known when this was written are closed, for
 * messages. */
#define PLANCHE_QUEUE_FIXED "2.11.16, 2.12.7 or 2.14.0"

/* Whether a version ("2.11.16", "2.12.7-RC.1") has them closed. What is no version has not. */
bool planche_queue_version_is_fixed(const char *version);

/* Takes the version out of what a server says first ("INFO {...}"). False: it is no such line, or
 * has no version. */
bool planche_queue_version_read(const char *line, size_t length, char *version, size_t size);

#endif
