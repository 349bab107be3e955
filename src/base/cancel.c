/* SPDX-License-Identifier: MIT */
/* Cancellation tokens, and waits that end when one fires. */
#include "base/cancel.h"

#include "base/status.h"
#include "os/clock.h"

/* How often who waits looks at the token: nothing signals the condition when a token fires. */
#define POLL_NS 100000000

void planche_cancel_set(struct planche_cancel *cancel)
{
    atomic_store_explicit(&cancel->requested, true, memory_order_release);
}

bool planche_cancel_is_set(const struct planche_cancel *cancel)
{
    return atomic_load_explicit(&cancel->requested, memory_order_acquire);
}

enum planche_status planche_cancel_check(const struct planche_cancel_token *token)
{
    for (; token; token = token->parent) {
        if (token->handle && planche_cancel_is_set(token->handle))
            return PLANCHE_ERROR_CANCELLED;
        if (token->deadline && planche_clock_ns() >= token->deadline)
            return PLANCHE_ERROR_DEADLINE;
    }
    return PLANCHE_OK;
}

enum planche_status planche_cancel_fail(const struct planche_cancel_token *token,
                                        struct planche_error *error)
{
    enum planche_status status = planche_cancel_check(token);
    if (status == PLANCHE_ERROR_CANCELLED)
        planche_fail(error, status, "cancelled");
    else if (status)
        planche_fail(error, status, "the deadline has passed");
    return status;
}

static int64_t next_check(const struct planche_cancel_token *token)
{
    int64_t at = planche_clock_ns() + POLL_NS;
    for (; token; token = token->parent)
        if (token->deadline && token->deadline < at)
            at = token->deadline;
    return at;
}

bool planche_cancel_wait(const struct planche_cancel_token *token, struct planche_cond *cond,
                         struct planche_mutex *mutex)
{
    if (planche_cancel_check(token))
        return false;
    if (token)
        planche_cond_wait_until(cond, mutex, next_check(token));
    else
        planche_cond_wait(cond, mutex);
    return planche_cancel_check(token) == PLANCHE_OK;
}

int64_t planche_cancel_deadline(uint64_t milliseconds)
{
    const uint64_t most = INT64_MAX / 2 / 1000000;
    uint64_t ms = milliseconds < most ? milliseconds : most;
    return ms ? planche_clock_ns() + (int64_t)(ms * 1000000) : 0;
}
