/* SPDX-License-Identifier: MIT */
/* Filling an error. */
#include "cli/failure.h"

#include <stdarg.h>
#include <stdio.h>

enum planche_status planche_cli_fail(struct planche_error *error, enum planche_status status,
                                     const char *format, ...)
{
    va_list values;
    va_start(values, format);
    vsnprintf(error->message, sizeof error->message, format, values);
    va_end(values);
    error->status = status;
    return status;
}
