/* SPDX-License-Identifier: MIT */
/* Inter-process protocol between the library and its helper programs: what all of them share. A
 * helper reads hostile bytes in a process of its own, bounded by the operating system. Both sides
 * are of one build and one machine, so numbers are in its byte order.
 *
 * The library starts "PROGRAM VERSION KIND GRANT MAX SECONDS" (KIND: what is to be read; GRANT and
 * MAX: bytes of memory at first and at most; SECONDS: computing time) with requests to come on
 * PLANCHE_HELPER_REQUESTS, the input open as PLANCHE_HELPER_INPUT, and answers to go to standard
 * output. It sends a request and reads frames until the answer; between them, MEMORY asks for more
 * memory and is answered at once. */
#ifndef PLANCHE_IO_HELPER_PROTOCOL_H
#define PLANCHE_IO_HELPER_PROTOCOL_H

#include <stdint.h>

#define PLANCHE_HELPER_REQUESTS 3
#define PLANCHE_HELPER_INPUT    4

/* Exit statuses besides 0. */
#define PLANCHE_HELPER_EXIT_USAGE   2 /* another version's library started it, or a person */
#define PLANCHE_HELPER_EXIT_SECONDS 3 /* the computing time was used up */
#define PLANCHE_HELPER_EXIT_OPEN    4 /* it cannot be confined, and must not run without */

/* Bytes of an error's text at most. */
#define PLANCHE_HELPER_TEXT_BYTES 512u

/* Verbs and types from 16 on are the program's own. */
enum planche_helper_verb {
    PLANCHE_HELPER_GRANT = 1, /* answers of MEMORY */
    PLANCHE_HELPER_DENY,
};

struct planche_helper_request {
    uint32_t verb, size;
};

enum planche_helper_type {
    PLANCHE_HELPER_ERROR = 1, /* struct planche_helper_error, then a text: an answer */
    PLANCHE_HELPER_MEMORY,    /* uint64_t: bytes beyond those granted */
    PLANCHE_HELPER_EXHAUSTED, /* uint64_t: bytes that were granted, but the system has not; no
                                 answer is wanted */
};

struct planche_helper_frame {
    uint32_t type, size; /* of the payload that follows */
};

struct planche_helper_error {
    uint32_t status; /* enum planche_status: DATA, UNSUPPORTED, IO, MEMORY or LIMIT */
    uint32_t fatal;  /* nothing can follow */
};

#endif
