/* SPDX-License-Identifier: MIT */
/* Cancel handles: how to stop work that is under way. */
#ifndef PLANCHE_CANCEL_H
#define PLANCHE_CANCEL_H

#include <planche/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Cancel handle. It may be given to any number of pages, books and jobs. Once it is requested they
 * end with CANCELLED: a page that runs within about a tenth of a second of CPU time, one that waits
 * within a tenth of a second. */
struct planche_cancel;

/* Makes a handle that is not cancelled. Errors: MEMORY. */
PLANCHE_API enum planche_status planche_cancel_create(struct planche_cancel **out,
                                                      struct planche_error *error);
/* Destroys *cancel and sets it to NULL; NULL is fine. No page, book or job that was given it may
 * still be running. */
PLANCHE_API void planche_cancel_destroy(struct planche_cancel **cancel);
/* Cancels, for good; NULL is fine. From any thread; also from a signal handler. */
PLANCHE_API void planche_cancel_request(struct planche_cancel *cancel);
/* Not 0: it was requested. cancel may be NULL (0). Thread-safe. */
PLANCHE_API int planche_cancel_requested(const struct planche_cancel *cancel);

#ifdef __cplusplus
}
#endif
#endif
