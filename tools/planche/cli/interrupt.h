/* SPDX-License-Identifier: MIT */
/* Signal handling (SIGINT, SIGTERM, SIGHUP): the first signal cancels what runs, the second ends
 * the process at once. */
#ifndef PLANCHE_CLI_INTERRUPT_H
#define PLANCHE_CLI_INTERRUPT_H

#include <planche/cancel.h>
#include <stdbool.h>

/* Catches SIGINT, SIGTERM and SIGHUP from now on. False: the system refused. */
bool planche_cli_interrupt_install(void);
/* The handle that a signal cancels; NULL before install. Of the process: never destroyed. */
struct planche_cancel *planche_cli_interrupt_cancel(void);
/* The signal that came, or 0. */
int planche_cli_interrupt_signal(void);
/* A descriptor that becomes readable for good when a signal comes (-1 before install). */
int planche_cli_interrupt_fd(void);
/* Stops as a signal would: requests the handle and makes the descriptor readable, but there is no
 * signal. From any thread. */
void planche_cli_interrupt_stop(void);
/* Forgets a signal that has been dealt with. */
void planche_cli_interrupt_forget(void);
/* If a signal came: dies of it, so that the shell sees what happened. */
void planche_cli_interrupt_finish(void);

#endif
