/* SPDX-License-Identifier: MIT */
/* Cache and state directories: the folders of the user's cached files, and of what programs
 * remember. */
#ifndef PLANCHE_IO_CACHE_DIR_H
#define PLANCHE_IO_CACHE_DIR_H

#include <planche/error.h>

#include <stddef.h>

/* The value of an environment variable; NULL when it is unset or empty. */
const char *planche_environment(const char *name);
/* "$XDG_CACHE_HOME/planche/NAME" or "$HOME/.cache/planche/NAME". Errors: NOT_FOUND without any home
 * directory, ARGUMENT when it does not fit in size bytes. */
enum planche_status planche_cache_path(char *path, size_t size, const char *name,
                                       struct planche_error *error);

/* "$XDG_STATE_HOME/planche/NAME" or "$HOME/.local/state/planche/NAME", with the same errors. */
enum planche_status planche_state_path(char *path, size_t size, const char *name,
                                       struct planche_error *error);

#endif
