/* SPDX-License-Identifier: MIT */
/* Open files: how many the process may have. */
#ifndef PLANCHE_HTTP_OPEN_FILES_H
#define PLANCHE_HTTP_OPEN_FILES_H

#include <stdint.h>

/* Raises the number to wanted if it is less, as far as the system lets the process do so by itself.
 * Returns what it is then. */
uint64_t planche_http_raise_open_files(uint64_t wanted);

#endif
