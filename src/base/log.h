/* SPDX-License-Identifier: MIT */
/* Lines for the owner of an engine; the library itself never prints. */
#ifndef PLANCHE_BASE_LOG_H
#define PLANCHE_BASE_LOG_H

#include "os/thread.h"

#include <planche/log.h>
#include <stdbool.h>
#include <stdint.h>

struct planche_log {
    planche_log_fn fn; /* NULL: silent */
    void *user;
    unsigned trace; /* areas that are traced, see base/trace.h; 0: none */
    int least;      /* level of lines that are made; PLANCHE_LOG_TRACE always are */
};

/* Whether somebody gets lines of this level: for what is found out for a line alone. */
bool planche_log_wants(const struct planche_log *log, enum planche_log_level level);

__attribute__((format(printf, 3, 4))) void planche_log_write(const struct planche_log *log,
                                                             enum planche_log_level level,
                                                             const char *format, ...);

/* Different lines that are remembered. */
#define PLANCHE_LOG_ONCE_LINES 32

/* A log that says each line once, for work that may begin anew. Thread-safe. */
struct planche_log_once {
    struct planche_log log; /* to be handed out */
    const struct planche_log *target;
    struct planche_mutex mutex;
    uint64_t told[PLANCHE_LOG_ONCE_LINES]; /* hashes */
    unsigned count;
};

/* `once` must stay where it is, and target be there, as long as the log is used. */
void planche_log_once_init(struct planche_log_once *once, const struct planche_log *target);
void planche_log_once_destroy(struct planche_log_once *once);

#endif
