/* SPDX-License-Identifier: MIT */
/* Loading of a format's library. */
#include "codec/loaded.h"

#include "base/alloc.h"
#include "base/status.h"

/* Starting takes less; it ends the process where the system has no memory. */
#define START_BYTES ((uint64_t)4 << 20)

static enum planche_status load(const struct planche_loaded *library, const char *name,
                                struct planche_error *error)
{
    const char *reason, *subject = name ? name : "the format", *missing;
    if (!library->file) {
        (void)library->find(NULL);
        return PLANCHE_OK;
    }
    if (!planche_foreign_enter(START_BYTES))
        return planche_fail_memory(error, NULL, START_BYTES, subject);
    void *handle = planche_dl_open(library->file, &reason);
    planche_foreign_leave(START_BYTES);
    if (!handle)
        return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                            "%s needs a library that cannot be loaded: %s (install %s)", subject,
                            reason, library->file);
    missing = library->find(handle);
    if (!missing)
        return PLANCHE_OK;
    return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                        "%s needs a function %s, which %s lacks (install another version of it)",
                        subject, missing, library->file);
}

enum planche_status planche_loaded_get(struct planche_loaded *library, const char *name,
                                       struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    if (atomic_load(&library->ready))
        return PLANCHE_OK;
    planche_mutex_lock(&library->lock);
    if (!atomic_load(&library->ready))
        status = load(library, name, error);
    if (!status)
        atomic_store(&library->ready, true);
    planche_mutex_unlock(&library->lock);
    return status;
}
