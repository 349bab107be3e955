/* SPDX-License-Identifier: MIT */
/* Filling an error. */
#ifndef PLANCHE_CLI_FAILURE_H
#define PLANCHE_CLI_FAILURE_H

#include <planche/error.h>

/* Sets *error and returns the status. */
__attribute__((format(printf, 3, 4))) enum planche_status
planche_cli_fail(struct planche_error *error, enum planche_status status, const char *format, ...);

#endif
