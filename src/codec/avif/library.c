/* SPDX-License-Identifier: MIT */
/* Functions of libavif. */
#include "codec/avif/library.h"

#include "codec/format.h"
#include "codec/loaded.h"
#ifndef PLANCHE_LINKED_AVIF
#include "codec/sonames.h"
#endif

struct planche_libavif planche_libavif;

#ifdef PLANCHE_LINKED_AVIF
/* Linked in. */
#define PLANCHE_LIBAVIF NULL
static const char *find(void *library)
{
    (void)library;
#define PLANCHE_AVIF(name) planche_libavif.name = avif##name;
#include "codec/avif/functions.def"
#undef PLANCHE_AVIF
    return NULL;
}
#else
static const char *find(void *library)
{
#define PLANCHE_AVIF(name)                                                                         \
    planche_libavif.name =                                                                         \
        (__typeof__(planche_libavif.name))planche_dl_find(library, "avif" #name);                  \
    if (!planche_libavif.name)                                                                     \
        return "avif" #name;
#include "codec/avif/functions.def"
#undef PLANCHE_AVIF
    return NULL;
}
#endif

enum planche_status planche_avif_load(const char *name, struct planche_error *error)
{
    static struct planche_loaded library = {
        .file = PLANCHE_LIBAVIF, .find = find, .lock = PLANCHE_MUTEX_INIT};
    return planche_loaded_get(&library, name, error);
}

void planche_avif_prepare(void)
{
    struct planche_error error; /* is told when the image is opened */
    (void)planche_avif_load(NULL, &error);
}
