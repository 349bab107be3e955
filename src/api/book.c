/* SPDX-License-Identifier: MIT */
/* Books. */
#include "book/book.h"
#include "book/inner.h"

#include "api/page_options.h"
#include "book/select.h"
#include "engine/internal.h"

/* As many as a job queue has threads. */
#define MAX_MAKERS 1024

#define RESULT PLANCHE_ARGS_STRUCT(struct planche_book_result, PLANCHE_BOOK_RESULT_INIT)

/* Options in this library's size; those of the pages lie in *page. */
static enum planche_status take_options(struct planche_book_options *taken,
                                        struct planche_page_options *page,
                                        const struct planche_book_options *options,
                                        const struct planche_book_result *result,
                                        struct planche_error *error)
{
    enum planche_status status = planche_args_check_result(result, RESULT, error);
    if (!status)
        status = planche_args_take(
            taken, options,
            PLANCHE_ARGS_STRUCT(struct planche_book_options, PLANCHE_BOOK_OPTIONS_INIT), error);
    if (!status)
        status = planche_args_take_page(page, taken->page, error);
    if (!status)
        status = planche_book_check_selection(taken->pages, error);
    if (!status && taken->make_page && (taken->makers < 1 || taken->makers > MAX_MAKERS))
        status = planche_fail(error, PLANCHE_ERROR_ARGUMENT, "%u makers are not within 1..%d",
                              taken->makers, MAX_MAKERS);
    if (!status)
        taken->page = page;
    return status;
}

enum planche_status planche_engine_run_book(const struct planche_engine *engine, const char *input,
                                            const char *output,
                                            const struct planche_book_options *options,
                                            struct planche_book_result *result,
                                            struct planche_error *error)
{
    struct planche_book_options taken;
    struct planche_page_options page;
    struct planche_book_result full;
    struct planche_error own = {0};
    error = planche_args_error(error, &own);
    if (!engine || !input || !output)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                            "engine, input and output must be given");
    enum planche_status status = planche_engine_check_process(engine, error);
    if (!status)
        status = take_options(&taken, &page, options, result, error);
    if (status)
        return status;
    status = planche_book_run(engine, input, output, &taken, &full, error);
    planche_args_give(result, &full, RESULT);
    return status;
}

enum planche_status planche_book_inspect(const char *input,
                                         const struct planche_book_options *options,
                                         struct planche_book_result *result,
                                         struct planche_error *error)
{
    struct planche_book_options taken;
    struct planche_page_options page;
    struct planche_book_result full;
    struct planche_error own = {0};
    error = planche_args_error(error, &own);
    if (!input)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "input must be given");
    enum planche_status status = take_options(&taken, &page, options, result, error);
    if (status)
        return status;
    status = planche_book_inspect_all(input, &taken, &full, error);
    planche_args_give(result, &full, RESULT);
    return status;
}

void planche_book_tidy(const char *output)
{
    if (output)
        planche_book_remove_work(output, NULL);
}

int planche_book_is_library(const char *path)
{
    return path && planche_inner_is_library(path);
}
