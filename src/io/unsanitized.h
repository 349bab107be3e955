/* SPDX-License-Identifier: MIT */
/* Code that shares memory with the process it was cloned from, until it executes a program. */
#ifndef PLANCHE_IO_UNSANITIZED_H
#define PLANCHE_IO_UNSANITIZED_H

/* Without the sanitizers' bookkeeping: it would be done in the parent's memory, and what is begun
 * there never ends, since such code does not return. */
#define PLANCHE_UNSANITIZED __attribute__((no_sanitize("address"), no_sanitize("thread")))

#endif
