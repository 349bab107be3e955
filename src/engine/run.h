/* SPDX-License-Identifier: MIT */
/* The ways to run a page: a file, bytes, pixels. Options and results have this library's size. */
#ifndef PLANCHE_ENGINE_RUN_H
#define PLANCHE_ENGINE_RUN_H

#include "engine/page.h"

/* A format that is AUTO becomes the one of the output's extension; a name without one gets WebP.
 * Errors: ARGUMENT: no format has this extension. */
enum planche_status planche_run_choose_format(enum planche_format *format, const char *output,
                                              struct planche_error *error);

/* Where a page's result goes. */
struct planche_run_output {
    const char *path;
    bool unsynced; /* it is a part of something that is synced later: of a book */
};

/* planche_engine_run_file for a page that may lie in memory (a book's entry): source->name is what
 * messages call it. filter and cancel (beside what options have) may be NULL. result is filled in
 * any case. */
enum planche_status planche_run_source(
    const struct planche_engine *engine, const struct planche_source *source,
    const struct planche_page_filter *filter, const struct planche_cancel_token *cancel,
    const struct planche_run_output *output, const struct planche_page_options *options,
    struct planche_page_result *result, struct planche_error *error);

/* What is seen of a page (planche_page_look). filter and cancel may be NULL. */
enum planche_status planche_run_look(const struct planche_engine *engine,
                                     const struct planche_source *source,
                                     const struct planche_page_filter *filter,
                                     const struct planche_cancel_token *cancel,
                                     struct planche_signs *signs, struct planche_error *error);

/* planche_engine_look: *result is set on success only. */
enum planche_status planche_run_look_file(const struct planche_engine *engine, const char *path,
                                          struct planche_page_result *result,
                                          struct planche_error *error);

/* planche_engine_run_bytes: *out_data and *out_size are set on success only. */
enum planche_status planche_run_bytes(const struct planche_engine *engine, const void *data,
                                      size_t size, void **out_data, size_t *out_size,
                                      const struct planche_page_options *options,
                                      struct planche_page_result *result,
                                      struct planche_error *error);

/* planche_engine_run_pixels. */
enum planche_status
planche_run_pixels(const struct planche_engine *engine, const struct planche_pixels *in,
                   const struct planche_pixels *out, const struct planche_page_options *options,
                   struct planche_page_result *result, struct planche_error *error);

#endif
