/* SPDX-License-Identifier: MIT */
/* Output of a connection: pieces of memory and files that are yet to be written. */
#ifndef PLANCHE_HTTP_OUTPUT_H
#define PLANCHE_HTTP_OUTPUT_H

#include "http/budget.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct planche_http_piece;

/* Zeroed, it is empty. */
struct planche_http_output {
    struct planche_http_piece *first, *last;
    uint64_t size; /* bytes that are left */
};

/* Adds a copy of data. False, as for the next two: no memory. */
bool planche_http_output_copy(struct planche_http_output *output, const void *data, size_t size);
/* Adds bytes of a blob, which it holds until they are written. */
bool planche_http_output_blob(struct planche_http_output *output, struct planche_http_blob *blob,
                              size_t offset, size_t size);
/* Adds bytes of a file, which it closes, also if it fails. */
bool planche_http_output_file(struct planche_http_output *output, int fd, uint64_t offset,
                              uint64_t size);
/* Adds bytes that are in a pipe, which stays the caller's. */
bool planche_http_output_pipe(struct planche_http_output *output, int fd, uint64_t size);
/* Adds all that another has, which is empty then. */
void planche_http_output_move(struct planche_http_output *output, struct planche_http_output *from);
/* Hands pieces to the socket, if nothing waits. How many of their bytes it has taken; an error
 * shows with the next flush. */
struct iovec;
size_t planche_http_output_send(const struct planche_http_output *output, int fd,
                                const struct iovec *pieces, int count);
/* Writes what the socket takes: as much as there is in one call of the system. Returns the bytes
 * written; -1: the other side is gone, or a file is shorter than it was. */
int64_t planche_http_output_flush(struct planche_http_output *output, int fd);
void planche_http_output_clear(struct planche_http_output *output);

#endif
