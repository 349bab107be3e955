/* SPDX-License-Identifier: MIT */
/* Dynamic loading, POSIX. */
#include "os/dl.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

void *planche_dl_open(const char *name, const char **reason)
{
    void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    *reason = library ? NULL : dlerror();
    return library;
}

planche_dl_function planche_dl_find(void *library, const char *name)
{
    /* The way POSIX has it to make a function pointer of an object pointer. */
    planche_dl_function function = NULL;
    *(void **)&function = dlsym(library, name);
    return function;
}

bool planche_dl_folder(planche_dl_function function, char *folder, size_t size)
{
    Dl_info info;
    char path[PATH_MAX];
    void *address = *(void **)&function;
    if (dladdr(address, &info) == 0 || !info.dli_fname || !realpath(info.dli_fname, path))
        return false;
    char *slash = strrchr(path, '/');
    size_t length = slash ? (size_t)(slash - path) : 0;
    if (length >= size)
        return false;
    memcpy(folder, path, length);
    folder[length] = 0;
    return slash != NULL;
}
