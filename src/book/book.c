/* SPDX-License-Identifier: MIT */
/* The public functions for books. */
#include "base/status.h"

#include <planche/book.h>
#include <stdbool.h>

enum planche_container planche_container_of(const char *path)
{
    (void)path;
    return PLANCHE_CONTAINER_AUTO;
}

const char *planche_container_extension(enum planche_container container)
{
    static const char *const extensions[] = {
        [PLANCHE_CONTAINER_AUTO] = "",   [PLANCHE_CONTAINER_ZIP] = "cbz",
        [PLANCHE_CONTAINER_FOLDER] = "", [PLANCHE_CONTAINER_EPUB] = "epub",
        [PLANCHE_CONTAINER_RAR] = "cbr", [PLANCHE_CONTAINER_7Z] = "cb7",
        [PLANCHE_CONTAINER_TAR] = "cbt", [PLANCHE_CONTAINER_PDF] = "pdf",
    };
    bool known = container >= PLANCHE_CONTAINER_AUTO && container <= PLANCHE_CONTAINER_PDF;
    return known ? extensions[container] : "";
}

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
