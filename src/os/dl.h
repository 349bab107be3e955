/* SPDX-License-Identifier: MIT */
/* Dynamic loading: shared libraries that are found at run time, and functions in them. */
#ifndef PLANCHE_OS_DL_H
#define PLANCHE_OS_DL_H

#include <stdbool.h>
#include <stddef.h>

/* Any function: cast it to what it is. */
typedef void (*planche_dl_function)(void);

/* Loads a shared library, which stays until the process ends: drivers do not stand being unloaded.
 * NULL: *reason says why not, in the loader's words, until this thread loads something again. */
void *planche_dl_open(const char *name, const char **reason);
/* NULL: the library has no such function. */
planche_dl_function planche_dl_find(void *library, const char *name);
/* The folder of the shared library or program that a function is a part of. False: it is not known,
 * or too long for size bytes. */
bool planche_dl_folder(planche_dl_function function, char *folder, size_t size);

#endif
