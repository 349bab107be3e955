/* SPDX-License-Identifier: MIT */
/* Lines for the owner of an engine; the library itself never prints. */
#ifndef PLANCHE_BASE_LOG_H
#define PLANCHE_BASE_LOG_H

#include <planche/log.h>

struct planche_log {
    planche_log_fn fn; /* NULL: silent */
    void *user;
    unsigned trace; /* areas that are traced, see base/trace.h; 0: none */
};

__attribute__((format(printf, 3, 4))) void planche_log_write(const struct planche_log *log,
                                                             enum planche_log_level level,
                                                             const char *format, ...);

#endif
