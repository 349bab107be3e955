/* SPDX-License-Identifier: MIT */
/* Lines for the owner of an engine. */
#include "base/log.h"

#include "base/text.h"

#include <stdarg.h>

bool planche_log_wants(const struct planche_log *log, enum planche_log_level level)
{
    return log && log->fn && (level == PLANCHE_LOG_TRACE || (int)level >= log->least);
}

void planche_log_write(const struct planche_log *log, enum planche_log_level level,
                       const char *format, ...)
{
    if (!planche_log_wants(log, level))
        return;
    char line[1024];
    va_list args;
    va_start(args, format);
    planche_text_format(line, sizeof line, format, args);
    va_end(args);
    log->fn(log->user, level, line);
}

/* FNV-1a. */
static uint64_t hash(const char *text)
{
    uint64_t value = UINT64_C(0xcbf29ce484222325);
    for (; *text; text++)
        value = (value ^ (uint8_t)*text) * UINT64_C(0x100000001b3);
    return value;
}

/* Remembers a line. False: it is known. */
static bool remember(struct planche_log_once *once, uint64_t line)
{
    for (unsigned i = 0; i < once->count; i++)
        if (once->told[i] == line)
            return false;
    if (once->count < PLANCHE_LOG_ONCE_LINES)
        once->told[once->count++] = line;
    return true;
}

static void say_once(void *user, enum planche_log_level level, const char *message)
{
    struct planche_log_once *once = user;
    planche_mutex_lock(&once->mutex);
    bool is_new = remember(once, hash(message));
    planche_mutex_unlock(&once->mutex);
    if (is_new)
        once->target->fn(once->target->user, level, message);
}

void planche_log_once_init(struct planche_log_once *once, const struct planche_log *target)
{
    *once = (struct planche_log_once){.target = target};
    planche_mutex_init(&once->mutex);
    if (target && target->fn)
        once->log = (struct planche_log){say_once, once, target->trace, target->least};
}

void planche_log_once_destroy(struct planche_log_once *once)
{
    planche_mutex_destroy(&once->mutex);
}
