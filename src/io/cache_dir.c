/* SPDX-License-Identifier: MIT */
/* Cache directory: the folder of the user's cached files. */
#include "io/cache_dir.h"

#include "base/status.h"

#include <stdio.h>
#include <stdlib.h>

const char *planche_environment(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

enum planche_status planche_cache_path(char *path, size_t size, const char *name,
                                       struct planche_error *error)
{
    const char *cache = planche_environment("XDG_CACHE_HOME");
    const char *home = planche_environment("HOME");
    int length;
    if (cache && cache[0] == '/') /* the specification says to ignore relative paths */
        length = snprintf(path, size, "%s/planche/%s", cache, name);
    else if (home)
        length = snprintf(path, size, "%s/.cache/planche/%s", home, name);
    else
        return planche_fail(error, PLANCHE_ERROR_NOT_FOUND, "there is no home directory: set HOME");
    if (length < 0 || (size_t)length >= size)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "the path of the cache is too long");
    return PLANCHE_OK;
}
