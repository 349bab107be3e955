/* SPDX-License-Identifier: MIT */
/* Any bytes as a query, and as the values of fields. */
#include "http/query.h"
#include "http/text.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_query(const char *text)
{
    char buffer[64];
    const char *next = text, *name, *value;
    int found;
    while ((found = planche_http_query_next(&next, buffer, sizeof buffer, &name, &value)) == 1) {
        if (name != buffer || value + strlen(value) >= buffer + sizeof buffer)
            abort();
    }
    if (next > text + strlen(text))
        abort();
}

static void read_values(char *text)
{
    char out[32];
    uint64_t number;
    (void)planche_http_has_token(text, "close");
    (void)planche_http_matches_tag(text, "\"abc\"");
    (void)planche_http_decimal(text, &number);
    (void)planche_http_is_token(text);
    if (planche_http_parameter(text, "boundary", out, sizeof out) &&
        memchr(out, 0, sizeof out) == NULL)
        abort();
    (void)planche_http_trim(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1), *plain = malloc(size + 1);
    if (text != NULL && plain != NULL) {
        if (size > 0)
            memcpy(text, data, size);
        text[size] = 0;
        if (planche_http_unescape(text, size, true, plain) && strlen(plain) > size)
            abort();
        read_query(text);
        read_values(text);
    }
    free(text);
    free(plain);
    return 0;
}
