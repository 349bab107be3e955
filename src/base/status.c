/* SPDX-License-Identifier: MIT */
/* Filling an error. */
#include "base/status.h"

#include "base/text.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>

enum planche_status planche_fail(struct planche_error *error, enum planche_status status,
                                 const char *format, ...)
{
    assert(error && status != PLANCHE_OK);
    error->status = status;
    va_list args;
    va_start(args, format);
    planche_text_format(error->message, sizeof error->message, format, args);
    va_end(args);
    return status;
}

enum planche_status planche_status_of(int reason)
{
    return reason == ENOMEM ? PLANCHE_ERROR_MEMORY : PLANCHE_ERROR_IO;
}
