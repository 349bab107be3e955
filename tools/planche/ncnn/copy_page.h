/* SPDX-License-Identifier: MIT */
/* Copy of a page: what waifu2x-ncnn-vulkan makes at scale 1 without noise removal. */
#ifndef PLANCHE_CLI_NCNN_COPY_PAGE_H
#define PLANCHE_CLI_NCNN_COPY_PAGE_H

#include <planche/planche.h>

/* The output becomes a copy of the input, which must have the output's format (options->format; not
 * AUTO). It appears complete, or not at all. Errors: ARGUMENT: it has another; IO, EXISTS, MEMORY,
 * CANCELLED. */
enum planche_status planche_cli_copy_page(const char *input, const char *output,
                                          const struct planche_page_options *options,
                                          struct planche_error *error);

#endif
