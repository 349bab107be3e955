/* SPDX-License-Identifier: MIT */
/* Writing whole blocks to descriptors. */
#ifndef PLANCHE_OS_FD_H
#define PLANCHE_OS_FD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Writes all of data where the descriptor stands, or, of a file, at an offset. False: errno says
 * why not, ENOSPC where the system says nothing but takes nothing. */
bool planche_fd_write(int fd, const void *data, size_t size);
bool planche_fd_write_at(int fd, const void *data, size_t size, uint64_t offset);

#endif
