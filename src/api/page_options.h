/* SPDX-License-Identifier: MIT */
/* Page options of a caller, taken and checked. */
#ifndef PLANCHE_API_PAGE_OPTIONS_H
#define PLANCHE_API_PAGE_OPTIONS_H

#include "api/args.h"

#include <planche/page.h>

/* Copies the caller's options (NULL: defaults) and checks their values. Errors: ARGUMENT,
 * UNSUPPORTED. */
enum planche_status planche_args_take_page(struct planche_page_options *to,
                                           const struct planche_page_options *from,
                                           struct planche_error *error);

#endif
