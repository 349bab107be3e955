/* SPDX-License-Identifier: MIT */
/* Text buffer: a text that grows at its end. */
#ifndef PLANCHE_BASE_TEXT_BUFFER_H
#define PLANCHE_BASE_TEXT_BUFFER_H

#include "base/alloc.h"

/* Zeroed, but for the budget (may be NULL), it is empty. Not thread-safe. */
struct planche_text_buffer {
    struct planche_budget *budget;
    char *data; /* without a 0 at its end; NULL: nothing has come */
    size_t size, capacity;
    bool failed; /* memory was short, and what came since is lost */
};

void planche_text_buffer_put(struct planche_text_buffer *text, const char *data, size_t size);
/* Leaves an empty buffer. */
void planche_text_buffer_free(struct planche_text_buffer *text);

#endif
