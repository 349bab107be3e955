/* SPDX-License-Identifier: MIT */
/* Log messages. The library never prints; it calls a function of the engine's owner. */
#ifndef PLANCHE_LOG_H
#define PLANCHE_LOG_H

#ifdef __cplusplus
extern "C" {
#endif

enum planche_log_level {
    PLANCHE_LOG_TRACE = -1, /* only if the environment variable PLANCHE_TRACE asks for it */
    PLANCHE_LOG_DEBUG,
    PLANCHE_LOG_INFO,
    PLANCHE_LOG_WARNING,
    PLANCHE_LOG_ERROR
};

/* Receives one line, without a newline. May be called from several threads at once. */
typedef void (*planche_log_fn)(void *user, enum planche_log_level level, const char *message);

#ifdef __cplusplus
}
#endif
#endif
