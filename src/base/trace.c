/* SPDX-License-Identifier: MIT */
/* Tracing: names of areas, and lines with the time since the page began. */
#include "base/trace.h"

#include "base/text.h"
#include "os/clock.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    unsigned areas;
} names_of[] = {
    {"page", PLANCHE_TRACE_PAGE},
    {"plan", PLANCHE_TRACE_PLAN},
    {"gpu", PLANCHE_TRACE_GPU},
    {"all", PLANCHE_TRACE_PAGE | PLANCHE_TRACE_PLAN | PLANCHE_TRACE_GPU},
};

static unsigned areas_of(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof(names_of) / sizeof(*names_of); i++)
        if (strlen(names_of[i].name) == length && memcmp(names_of[i].name, name, length) == 0)
            return names_of[i].areas;
    return 0;
}

unsigned planche_trace_parse(const char *names, const struct planche_log *log)
{
    unsigned areas = 0;
    while (names && *names) {
        size_t length = strcspn(names, ",");
        unsigned found = areas_of(names, length);
        if (!found && length)
            planche_log_write(
                log, PLANCHE_LOG_WARNING,
                "PLANCHE_TRACE: there is nothing called '%.*s' to trace: it takes page, "
                "plan, gpu, or all, with commas between",
                length < 64 ? (int)length : 64, names);
        areas |= found;
        names += length + (names[length] == ',');
    }
    return areas;
}

unsigned planche_trace_wanted(void)
{
    return planche_trace_parse(getenv("PLANCHE_TRACE"), NULL);
}

void planche_trace_enable(struct planche_log *log)
{
    log->trace = log->fn ? planche_trace_parse(getenv("PLANCHE_TRACE"), log) : 0;
}

void planche_trace_begin(struct planche_trace *trace, const struct planche_log *log)
{
    static _Atomic uint64_t pages;
    *trace = (struct planche_trace){.log = log, .areas = log ? log->trace : 0};
    if (!trace->areas)
        return;
    trace->page = atomic_fetch_add(&pages, 1) + 1;
    trace->begin = planche_clock_ns();
}

static unsigned thread_number(void)
{
    static _Atomic unsigned threads;
    static _Thread_local unsigned number;
    if (!number)
        number = atomic_fetch_add(&threads, 1) + 1;
    return number;
}

static const char *name_of(enum planche_trace_area area)
{
    const char *name = "";
    for (size_t i = 0; i < sizeof(names_of) / sizeof(*names_of); i++)
        if (names_of[i].areas == (unsigned)area)
            name = names_of[i].name;
    return name;
}

void planche_trace_took(const struct planche_log *log, enum planche_trace_area area, double start,
                        const char *format, ...)
{
    char text[512];
    va_list args;
    if (!(log->trace & area))
        return;
    va_start(args, format);
    planche_text_format(text, sizeof(text), format, args);
    va_end(args);
    planche_log_write(log, PLANCHE_LOG_TRACE, "thread %u %s: %.3f ms for %s", thread_number(),
                      name_of(area), planche_clock_ms() - start, text);
}

void planche_trace_write(const struct planche_trace *trace, enum planche_trace_area area,
                         const char *format, ...)
{
    char text[512];
    double ms = (double)(planche_clock_ns() - trace->begin) / 1e6;
    va_list args;
    va_start(args, format);
    planche_text_format(text, sizeof(text), format, args);
    va_end(args);
    planche_log_write(trace->log, PLANCHE_LOG_TRACE, "page %llu +%.3f ms thread %u %s: %s",
                      (unsigned long long)trace->page, ms, thread_number(), name_of(area), text);
}
