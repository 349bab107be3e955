/* SPDX-License-Identifier: MIT */
/* The book's own memory: what it takes of the engine's budget, the engine's pages must do without.
 */
#include "base/status.h"
#include "book/book.h"

/* What may come until the next time that is asked: buffers of files, another entry. */
#define RESERVE ((uint64_t)1 << 20)

enum planche_status planche_book_reserve(struct planche_book *book, planche_admission_stop_fn stop,
                                         void *user, struct planche_error *error)
{
    uint64_t wanted = atomic_load(&book->budget.used) + RESERVE;
    if (wanted <= book->reserved)
        return PLANCHE_OK;
    /* More than must be, so that this happens a few times and not for every entry. */
    uint64_t more = wanted - book->reserved + RESERVE / 4;
    if (planche_admission_set_aside(&book->engine->state->admission, more, stop, user)) {
        book->reserved += more;
        return PLANCHE_OK;
    }
    planche_mutex_lock(&book->mutex);
    bool cancelled = book->cancelled;
    planche_mutex_unlock(&book->mutex);
    if (cancelled)
        return planche_book_fail_cancelled(error);
    return planche_fail(error, PLANCHE_ERROR_BUDGET,
                        "%s: reading and writing the book takes %llu MiB, which leaves nothing of "
                        "the memory budget for its pages; raise it (--memory)",
                        book->input, (unsigned long long)(wanted >> 20) + 1);
}

void planche_book_unreserve(struct planche_book *book)
{
    if (book->reserved)
        planche_admission_put_back(&book->engine->state->admission, book->reserved);
    book->reserved = 0;
}
