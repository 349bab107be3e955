/* SPDX-License-Identifier: MIT */
/* The public functions for books. */
#include "base/status.h"

#include <planche/book.h>
#include <stdbool.h>

enum planche_status planche_engine_run_book(const struct planche_engine *engine, const char *input,
                                            const char *output,
                                            const struct planche_book_options *options,
                                            struct planche_book_result *result,
                                            struct planche_error *error)
{
    (void)engine, (void)output, (void)options, (void)result;
    return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED, "%s: books are not read yet", input);
}

enum planche_status planche_book_inspect(const char *input,
                                         const struct planche_book_options *options,
                                         struct planche_book_result *result,
                                         struct planche_error *error)
{
    (void)options, (void)result;
    return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED, "%s: books are not read yet", input);
}
