/* SPDX-License-Identifier: MIT */
/* Lines for the owner of an engine. */
#include "base/log.h"

#include "base/text.h"

#include <stdarg.h>

void planche_log_write(const struct planche_log *log, enum planche_log_level level,
                       const char *format, ...)
{
    if (!log || !log->fn)
        return;
    char line[1024];
    va_list args;
    va_start(args, format);
    planche_text_format(line, sizeof line, format, args);
    va_end(args);
    log->fn(log->user, level, line);
}
