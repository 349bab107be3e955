/* SPDX-License-Identifier: MIT */
/* Tracing: the timeline of a page, a log line for each event, for whoever asks for it.
 *
 * The environment variable PLANCHE_TRACE names areas, "page,plan,gpu" or "all". An engine reads it
 * once, when it is created. Lines go where the engine's log goes, at PLANCHE_LOG_TRACE; without a
 * log there is no trace. When it is off, a trace point costs one load and evaluates none of its
 * arguments. See docs/tracing.md. */
#ifndef PLANCHE_BASE_TRACE_H
#define PLANCHE_BASE_TRACE_H

#include "base/log.h"
#include "os/clock.h"

#include <stdbool.h>
#include <stdint.h>

/* What is traced; values are bits. */
enum planche_trace_area {
    PLANCHE_TRACE_PAGE = 1, /* a page's states, from opened to finished */
    PLANCHE_TRACE_PLAN = 2, /* what was chosen: passes, stripes, tiles, memory */
    PLANCHE_TRACE_GPU = 4   /* submissions, waits and timestamps */
};

/* The areas that a list names; 0 for NULL or "". log (may be NULL) is warned of every name that is
 * unknown. */
unsigned planche_trace_parse(const char *names, const struct planche_log *log);
/* The areas that PLANCHE_TRACE names; says nothing of unknown names. */
unsigned planche_trace_wanted(void);
/* Sets log->trace to what PLANCHE_TRACE names, or to 0 if the log has no function; warns. */
void planche_trace_enable(struct planche_log *log);

/* One timeline. Owned by the thread that runs the page, which passes it down; read-only after
 * planche_trace_begin, so that other threads may write to it, too. */
struct planche_trace {
    const struct planche_log *log; /* not owned */
    unsigned areas;                /* 0: it is off */
    uint64_t page;                 /* number in the process, from 1 */
    int64_t begin;                 /* of planche_clock_ns */
};

/* Begins a timeline. If the log is not traced, the timeline is off and the page gets no number. */
void planche_trace_begin(struct planche_trace *trace, const struct planche_log *log);

static inline bool planche_trace_is_on(const struct planche_trace *trace,
                                       enum planche_trace_area area)
{
    return trace && trace->areas & area;
}

/* One line: "page 3 +12.345 ms thread 2 gpu: " and the text. Thread-safe. Threads have numbers in
 * the order in which they first write. */
__attribute__((format(printf, 3, 4))) void planche_trace_write(const struct planche_trace *trace,
                                                               enum planche_trace_area area,
                                                               const char *format, ...);

/* Work that belongs to no page, as what an engine begins with: the time of the clock in ms, or 0 if
 * the area is not traced; and then one line, "gpu: 12.345 ms for " and the text. */
static inline double planche_trace_start(const struct planche_log *log,
                                         enum planche_trace_area area)
{
    return log->trace & area ? planche_clock_ms() : 0;
}
__attribute__((format(printf, 4, 5))) void planche_trace_took(const struct planche_log *log,
                                                              enum planche_trace_area area,
                                                              double start, const char *format,
                                                              ...);

/* A trace point. trace may be NULL. */
#define PLANCHE_TRACE(trace, area, ...)                                                            \
    do {                                                                                           \
        if (planche_trace_is_on(trace, area))                                                      \
            planche_trace_write(trace, area, __VA_ARGS__);                                         \
    } while (0)

#endif
