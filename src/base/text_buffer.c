/* SPDX-License-Identifier: MIT */
/* Text buffer: amortised growth within a budget. */
#include "base/text_buffer.h"

#include "base/checked.h"

#include <assert.h>
#include <string.h>

void planche_text_buffer_put(struct planche_text_buffer *text, const char *data, size_t size)
{
    size_t wanted;
    assert(text->size <= text->capacity);
    if (text->failed || size == 0)
        return;
    if (!planche_add_size(text->size, size, &wanted) || wanted > SIZE_MAX / 2) {
        text->failed = true;
        return;
    }
    if (wanted > text->capacity) {
        size_t capacity = wanted + wanted / 8 + 256;
        char *grown = planche_realloc(text->budget, text->data, capacity);
        text->failed = !grown;
        if (!grown)
            return;
        text->data = grown;
        text->capacity = capacity;
    }
    memcpy(text->data + text->size, data, size);
    text->size = wanted;
}

void planche_text_buffer_free(struct planche_text_buffer *text)
{
    planche_free(text->data);
    *text = (struct planche_text_buffer){.budget = text->budget};
}
