/* SPDX-License-Identifier: MIT */
/* Library roots: folders whose books may be named by their paths below them. */
#ifndef PLANCHE_BOOKS_LIBRARY_H
#define PLANCHE_BOOKS_LIBRARY_H

#include "os/file_info.h"

#include <planche/error.h>
#include <stdbool.h>

#define PLANCHE_LIBRARY_ROOTS 16
#define PLANCHE_LIBRARY_PATH  1024 /* bytes of a path below a root, with the 0 */

/* Zeroed, there is none. */
struct planche_library {
    int roots[PLANCHE_LIBRARY_ROOTS]; /* open folders */
    unsigned count;
};

enum planche_library_found {
    PLANCHE_LIBRARY_FOUND,
    PLANCHE_LIBRARY_ABSENT,  /* below no root */
    PLANCHE_LIBRARY_OUTSIDE, /* absolute, or it leads out of the root: by .. or by a link */
    PLANCHE_LIBRARY_REFUSED  /* the system does not let it be read, or it is no file or folder */
};

/* Opens a root, which must be a folder. Errors: ARGUMENT (too many), IO. */
enum planche_status planche_library_add(struct planche_library *library, const char *path,
                                        struct planche_error *error);
/* Opens what a path is below the first root that has it. The kernel resolves it, so no link that is
 * changed meanwhile leads elsewhere. *fd is the caller's to close. */
enum planche_library_found planche_library_open(const struct planche_library *library,
                                                const char *path, int *fd,
                                                struct planche_file_info *info);
void planche_library_close(struct planche_library *library);

#endif
