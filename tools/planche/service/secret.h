/* SPDX-License-Identifier: MIT */
/* Secrets in files: tokens, keys, credentials. */
#ifndef PLANCHE_SERVICE_SECRET_H
#define PLANCHE_SERVICE_SECRET_H

#include <planche/error.h>
#include <stddef.h>

struct planche_log;

/* Where warnings go from now on, before other threads read secrets; NULL: to the terminal. */
void planche_secret_warn_in(const struct planche_log *log);
/* Reads at most size bytes of a file; *got: how many. what: "token", for messages. Who runs the
 * command is warned, once a file, if others on this machine may read or change it. Thread-safe.
 * Errors: IO. */
enum planche_status planche_secret_read(const char *path, const char *what, char *data, size_t size,
                                        size_t *got, struct planche_error *error);
/* The same warning for a file that another library reads; an error if it cannot be opened. */
enum planche_status planche_secret_check(const char *path, const char *what,
                                         struct planche_error *error);

#endif
