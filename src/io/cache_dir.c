/* SPDX-License-Identifier: MIT */
/* Cache and state directories: the folders of the user's cached files, and of what programs
 * remember. */
#include "io/cache_dir.h"

#include "base/status.h"

#include <stdio.h>
#include <stdlib.h>

const char *planche_environment(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

/* The specification says to ignore relative paths; a relative HOME would leave files wherever a
 * program runs. */
static enum planche_status format_path(char *path, size_t size, const char *variable,
                                       const char *below_home, const char *name,
                                       struct planche_error *error)
{
    const char *folder = planche_environment(variable), *home = planche_environment("HOME");
    int length;
    if (folder && folder[0] == '/')
        length = snprintf(path, size, "%s/planche/%s", folder, name);
    else if (home && home[0] == '/')
        length = snprintf(path, size, "%s/%s/planche/%s", home, below_home, name);
    else
        return planche_fail(error, PLANCHE_ERROR_NOT_FOUND,
                            "there is no home directory: set HOME to a whole path");
    if (length < 0 || (size_t)length >= size)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "the path of %s is too long", name);
    return PLANCHE_OK;
}

enum planche_status planche_cache_path(char *path, size_t size, const char *name,
                                       struct planche_error *error)
{
    return format_path(path, size, "XDG_CACHE_HOME", ".cache", name, error);
}

enum planche_status planche_state_path(char *path, size_t size, const char *name,
                                       struct planche_error *error)
{
    return format_path(path, size, "XDG_STATE_HOME", ".local/state", name, error);
}
