/* SPDX-License-Identifier: MIT */
/* Ranges of a representation (RFC 9110, 14). */
#ifndef PLANCHE_HTTP_RANGE_H
#define PLANCHE_HTTP_RANGE_H

#include <stdint.h>

enum planche_http_range {
    PLANCHE_HTTP_RANGE_WHOLE, /* none that is understood, or several: all of it is the answer */
    PLANCHE_HTTP_RANGE_PART,
    PLANCHE_HTTP_RANGE_BEYOND /* 416 */
};

/* The part of size bytes that a Range field asks for; value NULL: there is none. */
enum planche_http_range planche_http_range_read(const char *value, uint64_t size, uint64_t *first,
                                                uint64_t *count);

#endif
