/* SPDX-License-Identifier: MIT */
/* Private folders beside a file that is being made. */
#ifndef PLANCHE_IO_TREE_H
#define PLANCHE_IO_TREE_H

#include "base/alloc.h"

#include <sys/types.h>

/* Makes a new folder beside path: ".NAME.planche-NUMBER". Its path, to be freed with planche_free,
 * or NULL: errno says why, ENOMEM when the budget has no room. */
char *planche_tree_create(const char *path, mode_t mode, struct planche_budget *budget);
/* Removes a folder or file with everything in it; links are removed, not followed. False: something
 * is left, errno says why. */
bool planche_tree_remove(const char *path);

#endif
