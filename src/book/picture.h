/* SPDX-License-Identifier: MIT */
/* What a page's image looks like from afar. */
#ifndef PLANCHE_BOOK_PICTURE_H
#define PLANCHE_BOOK_PICTURE_H

#include "archive/entry.h"

/* For planche_archive_help. Errors: DATA (it is damaged), UNSUPPORTED (it is not grey or RGB of 8
 * bits), MEMORY, BUDGET, LIMIT. */
enum planche_status planche_book_look(const struct planche_archive_picture *picture,
                                      struct planche_cells *cells, struct planche_error *error);

#endif
