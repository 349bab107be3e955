/* SPDX-License-Identifier: MIT */
/* Memory that two processes share: a file without a name, which a program inherits as a descriptor.
 */
#ifndef PLANCHE_OS_SHARED_MEMORY_H
#define PLANCHE_OS_SHARED_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

struct planche_shared {
    int fd; /* -1: there is none */
    void *data;
    size_t size; /* of data */
};
#define PLANCHE_SHARED_NONE                                                                        \
    {                                                                                              \
        .fd = -1                                                                                   \
    }

/* Makes one of no bytes. False: errno says why. */
bool planche_shared_create(struct planche_shared *shared);
/* Puts bytes at its end, for a program to read as a file. False: errno says why. */
bool planche_shared_append(const struct planche_shared *shared, const void *data, size_t size);
/* Gives it that size, for good, and maps it: whoever else has it can change the content, but not
 * take it away. False: errno says why. */
bool planche_shared_map(struct planche_shared *shared, size_t size);
void planche_shared_destroy(struct planche_shared *shared);

/* The other process: the whole of an inherited descriptor, until the process ends; NULL: it cannot
 * be mapped. */
void *planche_shared_attach(int fd, size_t *size);

#endif
