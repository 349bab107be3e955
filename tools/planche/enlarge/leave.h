/* SPDX-License-Identifier: MIT */
/* Leaving: how a process that has made its pages ends.
 *
 * NVIDIA's driver takes a tenth of a second to put a device away when its process ends, whoever
 * asks for it: the program, or the kernel. So that nobody waits for that, the pages are made by a
 * child, and the process that was started ends when the child has closed its outputs and knows its
 * exit status. */
#ifndef PLANCHE_CLI_LEAVE_H
#define PLANCHE_CLI_LEAVE_H

#include <planche/planche.h>
#include <stdbool.h>

/* The device file of drivers that take long. */
#define PLANCHE_CLI_SLOW_DRIVER "/dev/nvidiactl"

/* Where that file is there, returns in a child only, before which the process has no threads; the
 * parent passes signals on and ends as the child does. In builds that count or check at exit, or
 * without memory for a child, returns in the process itself. */
void planche_cli_leave_prepare(const char *device_file);

/* Ends the use of an engine whose pages are done and whose files are closed. One on a GPU stays
 * open: the end of the process frees what it has. Builds that count or check at exit destroy it.
 * What its log writes to must last until then. */
void planche_cli_leave_engine(struct planche_engine **engine, bool gpu);

/* Closes the standard streams and lets the parent end with this status; does nothing where there is
 * none. */
void planche_cli_leave_tell(int status);
/* Ends the process with this status, if an engine was left open: without exit handlers, since the
 * engine's threads and the driver's are still there. Standard streams are flushed. */
void planche_cli_leave(int status);

#endif
