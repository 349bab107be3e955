/* SPDX-License-Identifier: MIT */
/* The program's half of the protocol of archive/unpack_protocol.h. */
#ifndef PLANCHE_UNPACK_FRAMES_H
#define PLANCHE_UNPACK_FRAMES_H

#include "archive/unpack_protocol.h"

#include <stdbool.h>
#include <stddef.h>

/* Sends a frame whose payload is head and then rest. Ends the program if nobody reads it. Allocates
 * nothing. */
void unpack_send(enum planche_unpack_type type, const void *head, size_t head_size,
                 const void *rest, size_t rest_size);
/* The next request. False: there is none, the reader has gone. */
bool unpack_receive(struct planche_unpack_request *request);

#endif
