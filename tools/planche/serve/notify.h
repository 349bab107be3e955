/* SPDX-License-Identifier: MIT */
/* Notices to the service manager (sd_notify): ready, stopping, alive. */
#ifndef PLANCHE_SERVE_NOTIFY_H
#define PLANCHE_SERVE_NOTIFY_H

#include <stdint.h>

/* Sends a state ("READY=1") to NOTIFY_SOCKET, if there is one. */
void planche_serve_notify(const char *state);
/* How often "WATCHDOG=1" is wanted, in ns: half of what WATCHDOG_USEC allows; 0: not at all. */
int64_t planche_serve_watchdog_interval(void);

#endif
