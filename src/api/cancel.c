/* SPDX-License-Identifier: MIT */
/* Cancel handles. */
#include "base/cancel.h"

#include "api/args.h"
#include "base/alloc.h"

enum planche_status planche_cancel_create(struct planche_cancel **out, struct planche_error *error)
{
    struct planche_error own = {0};
    error = planche_args_error(error, &own);
    if (!out)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "out must be given");
    *out = planche_calloc(NULL, 1, sizeof(**out));
    return *out ? PLANCHE_OK
                : planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for a cancel handle");
}

void planche_cancel_destroy(struct planche_cancel **cancel)
{
    if (!cancel)
        return;
    planche_free(*cancel);
    *cancel = NULL;
}

void planche_cancel_request(struct planche_cancel *cancel)
{
    if (cancel)
        planche_cancel_set(cancel);
}

int planche_cancel_requested(const struct planche_cancel *cancel)
{
    return cancel && planche_cancel_is_set(cancel);
}
