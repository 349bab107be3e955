/* SPDX-License-Identifier: MIT */
/* Functions of libnats. */
#include "queue/library.h"

#include "base/status.h"
#include "os/dl.h"
#include "queue_sonames.h"

struct planche_libnats planche_libnats;

static const char *find(void *library)
{
#define NATS(name)                                                                                 \
    planche_libnats.name = (__typeof__(planche_libnats.name))planche_dl_find(library, #name);      \
    if (planche_libnats.name == NULL)                                                              \
        return #name;
#include "queue/functions.def"
#undef NATS
    return NULL;
}

enum planche_status planche_libnats_load(struct planche_error *error)
{
    const char *reason = NULL;
    void *library = planche_dl_open(PLANCHE_LIBNATS, &reason);
    if (library == NULL)
        return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                            "queues need " PLANCHE_LIBNATS ", which cannot be loaded: %s", reason);
    const char *missing = find(library);
    if (missing != NULL)
        return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                            PLANCHE_LIBNATS " has no function %s: install the version that "
                                            "Planche was built with",
                            missing);
    return PLANCHE_OK;
}
