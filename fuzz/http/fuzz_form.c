/* SPDX-License-Identifier: MIT */
/* Any bytes as a form that comes in pieces: the first line is its Content-Type, the rest its body.
 * The file is the same whatever the pieces are. */
#include "http/form.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct file {
    char *data;
    size_t size, capacity;
};

static bool take(void *user, const char *data, size_t size)
{
    struct file *file = user;
    if (size == 0 || size > file->capacity - file->size)
        abort();
    memcpy(file->data + file->size, data, size);
    file->size += size;
    return true;
}

/* The state in the end. */
static enum planche_http_form_state read_form(const char *type, const char *data, size_t size,
                                              size_t piece, struct file *file)
{
    struct planche_http_form form;
    file->size = 0;
    if (!planche_http_form_begin(&form, type))
        return PLANCHE_HTTP_FORM_BROKEN;
    for (size_t at = 0; at < size; at += piece) {
        size_t length = size - at < piece ? size - at : piece;
        if (!planche_http_form_take(&form, data + at, length, take, file))
            break;
    }
    return form.state;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = memchr(data, '\n', size);
    size_t length = end != NULL ? (size_t)(end - data) : 0;
    if (end == NULL || memchr(data, 0, length) != NULL)
        return 0;
    size_t rest = size - length - 1;
    char *type = malloc(length + 1);
    struct file whole = {malloc(rest + 1), 0, rest}, pieces = {malloc(rest + 1), 0, rest};
    if (type != NULL && whole.data != NULL && pieces.data != NULL) {
        const char *body = (const char *)end + 1;
        memcpy(type, data, length);
        type[length] = 0;
        enum planche_http_form_state state = read_form(type, body, rest, rest + 1, &whole);
        for (size_t piece = 1; piece < 8; piece += 3) {
            if (read_form(type, body, rest, piece, &pieces) != state || pieces.size != whole.size ||
                memcmp(pieces.data, whole.data, whole.size) != 0)
                abort();
        }
    }
    free(type);
    free(whole.data);
    free(pieces.data);
    return 0;
}
