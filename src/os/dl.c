/* SPDX-License-Identifier: MIT */
/* Dynamic loading, POSIX. */
#include "os/dl.h"

#include <dlfcn.h>
#include <stddef.h>

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
