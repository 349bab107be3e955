/* SPDX-License-Identifier: MIT */
/* Cancellation: tokens that say whether work should stop, and why.
 *
 * Whatever takes long or waits gets a token and asks planche_cancel_check now and then: at least
 * every tenth of a second, and between rows, entries, tiles. A token fires when its handle is
 * cancelled, when its deadline has passed, or when its parent fires. It never un-fires. Tokens are
 * plain values on the stack of their owner, immutable while others use them; checking is
 * thread-safe and takes no lock. */
#ifndef PLANCHE_BASE_CANCEL_H
#define PLANCHE_BASE_CANCEL_H

#include "os/thread.h"

#include <planche/cancel.h>

#include <stdatomic.h>

/* The public handle. Zeroed, it is not cancelled. */
struct planche_cancel {
    atomic_bool requested;
};

/* What the public functions do: cancels, for good; whether that was done. From any thread. */
void planche_cancel_set(struct planche_cancel *cancel);
bool planche_cancel_is_set(const struct planche_cancel *cancel);

struct planche_cancel_token {
    const struct planche_cancel *handle;       /* NULL: none */
    const struct planche_cancel_token *parent; /* NULL: none */
    int64_t deadline;                          /* of planche_clock_ns; 0: none */
};

/* OK: go on. CANCELLED, or DEADLINE: stop. token may be NULL. */
enum planche_status planche_cancel_check(const struct planche_cancel_token *token);
/* The same, with a message. */
enum planche_status planche_cancel_fail(const struct planche_cancel_token *token,
                                        struct planche_error *error);

/* Waits for a signal of cond, a tenth of a second, or until the token's deadline, whichever is
 * first. False: the token has fired. token may be NULL. */
bool planche_cancel_wait(const struct planche_cancel_token *token, struct planche_cond *cond,
                         struct planche_mutex *mutex);

/* The time of planche_clock_ns that is so many milliseconds away; 0 for 0. */
int64_t planche_cancel_deadline(uint64_t milliseconds);

#endif
