/* SPDX-License-Identifier: MIT */
/* Reading and writing whole blocks of descriptors. */
#ifndef PLANCHE_OS_FD_H
#define PLANCHE_OS_FD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Writes all of data where the descriptor stands, or, of a file, at an offset. False: errno says
 * why not, ENOSPC where the system says nothing but takes nothing. */
bool planche_fd_write(int fd, const void *data, size_t size);
bool planche_fd_write_at(int fd, const void *data, size_t size, uint64_t offset);
/* Reads until size bytes are there or the file ends, from an offset of a file. Returns how many
 * there were; -1: errno says why. */
int64_t planche_fd_read_at(int fd, void *data, size_t size, uint64_t offset);

#endif
