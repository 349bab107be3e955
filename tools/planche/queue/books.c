/* SPDX-License-Identifier: MIT */
/* Books through a queue. */
#include "queue/books.h"

#include "base/status.h"
#include "queue/front.h"

#include <stdlib.h>

enum planche_status planche_queue_books_open(struct planche_queue_front **front,
                                             const struct planche_cli_options *options,
                                             const struct planche_engine_info *info,
                                             struct planche_error *error)
{
    *front = calloc(1, sizeof **front);
    if (*front == NULL)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "out of memory");
    enum planche_status status =
        planche_queue_front_open(*front, &options->queue, &options->engine, info, error);
    if (status == PLANCHE_OK) /* results come from other machines, unlike what a book has here */
        (*front)->isolates = planche_isolation_check(NULL) == PLANCHE_OK;
    if (status != PLANCHE_OK) {
        free(*front);
        *front = NULL;
    }
    return status;
}

void planche_queue_books_close(struct planche_queue_front **front)
{
    if (*front != NULL)
        planche_queue_front_close(*front);
    free(*front);
    *front = NULL;
}

enum planche_status planche_queue_books_make(struct planche_queue_front *front, const char *name,
                                             const char *input, const char *output,
                                             const struct planche_page_options *options,
                                             struct planche_page_result *result,
                                             struct planche_error *error)
{
    const struct planche_queue_wanted wanted = {
        .class = PLANCHE_QUEUE_BOOK, .name = name, .input = input};
    struct planche_queue_target target = {.output = output};
    enum planche_status status =
        planche_queue_make(front, &wanted, &target, options, false, result, error);
    if (status == PLANCHE_ERROR_NOT_FOUND) /* no worker has the model */
        status = error->status = PLANCHE_ERROR_UNSUPPORTED;
    return status;
}
