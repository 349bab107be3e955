/* SPDX-License-Identifier: MIT */
/* A helper program's half of the protocol of io/helper_protocol.h. */
#ifndef PLANCHE_CHILD_FRAMES_H
#define PLANCHE_CHILD_FRAMES_H

#include "io/helper_protocol.h"

#include <stdbool.h>
#include <stddef.h>

/* Sends a frame whose payload is head and then rest. Ends the program if nobody reads it. Allocates
 * nothing. */
void child_send(uint32_t type, const void *head, size_t head_size, const void *rest,
                size_t rest_size);
/* The next request. False: there is none, the reader has gone. */
bool child_receive(struct planche_helper_request *request);

#endif
