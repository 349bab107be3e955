/* SPDX-License-Identifier: MIT */
/* Copy of a page, byte for byte. */
#include "ncnn/copy_page.h"

#include "base/alloc.h"
#include "base/status.h"
#include "io/atomic_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static enum planche_status copy_bytes(FILE *from, const char *input, struct planche_atomic_file *to,
                                      struct planche_cancel *cancel, struct planche_error *error)
{
    char bytes[1 << 14];
    enum planche_status status = PLANCHE_OK;
    size_t size;
    while (!status && (size = fread(bytes, 1, sizeof bytes, from)) > 0) {
        status = planche_atomic_file_write(to, bytes, size, error);
        if (!status && cancel != NULL && planche_cancel_requested(cancel))
            status = planche_fail(error, PLANCHE_ERROR_CANCELLED, "cancelled");
    }
    if (!status && ferror(from) != 0)
        status = planche_fail(error, PLANCHE_ERROR_IO, "%s: %s", input, strerror(errno));
    return status;
}

static enum planche_status copy_file(const char *input, const char *output,
                                     const struct planche_page_options *options,
                                     struct planche_error *error)
{
    struct planche_atomic_file *to = NULL;
    struct planche_budget budget;
    FILE *from = fopen(input, "rbe");
    if (from == NULL)
        return planche_fail(error, errno == ENOENT ? PLANCHE_ERROR_NOT_FOUND : PLANCHE_ERROR_IO,
                            "%s: %s", input, strerror(errno));
    planche_budget_init(&budget, 0);
    enum planche_status status =
        planche_atomic_file_create(&to, output, options->overwrite != 0, &budget, error);
    if (!status)
        status = copy_bytes(from, input, to, options->cancel, error);
    if (!status)
        status = planche_atomic_file_commit(to, error);
    planche_atomic_file_destroy(&to);
    fclose(from);
    return status;
}

enum planche_status planche_cli_copy_page(const char *input, const char *output,
                                          const struct planche_page_options *options,
                                          struct planche_error *error)
{
    if (planche_format_from_name(input) == options->format)
        return copy_file(input, output, options, error);
    return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                        "at scale 1 without noise removal there is nothing to do, and formats are "
                        "not converted; give the result the page's format");
}
