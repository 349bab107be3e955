/* SPDX-License-Identifier: MIT */
/* Pages and results of drop-in mode, named as the ncnn programs name them. */
#ifndef PLANCHE_CLI_NCNN_DROPIN_PAGES_H
#define PLANCHE_CLI_NCNN_DROPIN_PAGES_H

#include "ncnn/dropin_options.h"

#include <planche/planche.h>
#include <stddef.h>

struct planche_cli_dropin_page {
    char *input, *output;
    enum planche_format format;
};

/* One page, or those of the folder of -i: *count, to be freed. NULL after a message. */
struct planche_cli_dropin_page *
planche_cli_dropin_pages(const struct planche_cli_dropin_options *options, size_t *count);
void planche_cli_dropin_pages_free(struct planche_cli_dropin_page *pages, size_t count);

#endif
