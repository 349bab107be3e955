/* SPDX-License-Identifier: MIT */
/* Filling a caller's error. */
#ifndef PLANCHE_BASE_STATUS_H
#define PLANCHE_BASE_STATUS_H

#include <planche/error.h>

/* Sets *error (never NULL inside the library: see api/args.h) to the status and the formatted
 * message (cut to fit, control characters replaced), and returns the status: `return
 * planche_fail(error, PLANCHE_ERROR_IO, "%s: ...", path);` */
__attribute__((format(printf, 3, 4))) enum planche_status
planche_fail(struct planche_error *error, enum planche_status status, const char *format, ...);

/* The status of a failed call that is told by errno: MEMORY for ENOMEM, else IO. */
enum planche_status planche_status_of(int reason);

#endif
