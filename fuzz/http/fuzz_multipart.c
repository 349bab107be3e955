/* SPDX-License-Identifier: MIT */
/* Any bytes as a form: the first line is its Content-Type, the rest its body. */
#include "http/multipart.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_form(const char *type, const char *data, size_t size)
{
    struct planche_http_multipart form;
    struct planche_http_part part;
    const char *last = data;
    if (!planche_http_multipart_begin(&form, type, data, size))
        return;
    while (planche_http_multipart_next(&form, &part) == 1) {
        if (part.data < last || part.size > size - (size_t)(part.data - data))
            abort();
        last = part.data + part.size;
        if (memmem(part.data, part.size, form.delimiter, form.length) != NULL)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = memchr(data, '\n', size);
    size_t length = end != NULL ? (size_t)(end - data) : 0;
    if (end == NULL || memchr(data, 0, length) != NULL)
        return 0;
    char *type = malloc(length + 1), *body = malloc(size - length);
    if (type != NULL && body != NULL) {
        memcpy(type, data, length);
        type[length] = 0;
        memcpy(body, end + 1, size - length - 1);
        read_form(type, body, size - length - 1);
    }
    free(type);
    free(body);
    return 0;
}
