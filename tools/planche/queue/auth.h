/* SPDX-License-Identifier: MIT */
/* Credentials for a queue, from one file of any kind. */
#ifndef PLANCHE_QUEUE_AUTH_H
#define PLANCHE_QUEUE_AUTH_H

#include "queue/library.h"

/* Takes credentials from a file: one that nsc has made (a JWT and a seed), an nkey (a line with the
 * seed SU... and one with the public key U...), or a token, its first line. Errors: IO, DATA. */
enum planche_status planche_queue_auth(natsOptions *options, const char *path,
                                       struct planche_error *error);

#endif
