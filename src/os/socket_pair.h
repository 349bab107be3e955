/* SPDX-License-Identifier: MIT */
/* A pair of connected sockets: bytes to a program that may end at any time, without SIGPIPE. */
#ifndef PLANCHE_OS_SOCKET_PAIR_H
#define PLANCHE_OS_SOCKET_PAIR_H

#include <stdbool.h>
#include <stddef.h>

/* Two ends, to be closed by their owner, not inherited by other programs. False: errno says why. */
bool planche_socket_pair(int ends[2]);
/* Sends all of data, without waiting. False: errno says why, EPIPE when the other end is closed (no
 * signal comes), EAGAIN when it has not received what was sent before. */
bool planche_socket_send(int end, const void *data, size_t size);

#endif
