/* SPDX-License-Identifier: MIT */
/* Any bytes as a chunked body: whole and byte by byte it is the same. */
#include "http/chunked.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Decodes data in reads of at most step bytes into out; returns the size of the body. */
static size_t decode(const char *data, size_t size, size_t step, char *out, size_t *used,
                     enum planche_http_chunked_state *state)
{
    struct planche_http_chunked chunked = {0};
    size_t at = 0, body = 0;
    while (at < size && chunked.state < PLANCHE_HTTP_CHUNK_DONE) {
        size_t here = size - at < step ? size - at : step, taken = 0;
        while (taken < here && chunked.state < PLANCHE_HTTP_CHUNK_DONE) {
            const char *piece = NULL;
            size_t length;
            size_t got = planche_http_chunked_take(&chunked, data + at + taken, here - taken,
                                                   &piece, &length);
            if (got == 0 || got > here - taken || length > got)
                abort();
            if (length > 0)
                memcpy(out + body, piece, length);
            body += length;
            taken += got;
        }
        at += taken;
    }
    *used = at;
    *state = chunked.state;
    return body;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *whole = malloc(size + 1), *parts = malloc(size + 1);
    enum planche_http_chunked_state states[2];
    size_t used[2];
    if (whole != NULL && parts != NULL) {
        size_t a = decode((const char *)data, size, size + 1, whole, &used[0], &states[0]);
        size_t b = decode((const char *)data, size, 1, parts, &used[1], &states[1]);
        if (a != b || memcmp(whole, parts, a) != 0 || states[0] != states[1] || used[0] != used[1])
            abort();
    }
    free(whole);
    free(parts);
    return 0;
}
