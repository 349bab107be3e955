/* SPDX-License-Identifier: MIT */
/* Functions of libjxl. */
#include "codec/jxl/library.h"

#include "codec/format.h"
#include "codec/loaded.h"
#ifndef PLANCHE_LINKED_JXL
#include "codec/sonames.h"
#endif

struct planche_libjxl planche_libjxl;

#ifdef PLANCHE_LINKED_JXL
/* Linked in. */
#define PLANCHE_LIBJXL NULL
static const char *find(void *library)
{
    (void)library;
#define PLANCHE_JXL(name) planche_libjxl.name = Jxl##name;
#include "codec/jxl/functions.def"
#undef PLANCHE_JXL
    return NULL;
}
#else
static const char *find(void *library)
{
#define PLANCHE_JXL(name)                                                                          \
    planche_libjxl.name = (__typeof__(planche_libjxl.name))planche_dl_find(library, "Jxl" #name);  \
    if (!planche_libjxl.name)                                                                      \
        return "Jxl" #name;
#include "codec/jxl/functions.def"
#undef PLANCHE_JXL
    return NULL;
}
#endif

enum planche_status planche_jxl_load(const char *name, struct planche_error *error)
{
    static struct planche_loaded library = {
        .file = PLANCHE_LIBJXL, .find = find, .lock = PLANCHE_MUTEX_INIT};
    return planche_loaded_get(&library, name, error);
}

void planche_jxl_prepare(void)
{
    struct planche_error error; /* is told when the image is opened */
    (void)planche_jxl_load(NULL, &error);
}
