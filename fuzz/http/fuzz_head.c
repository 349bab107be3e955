/* SPDX-License-Identifier: MIT */
/* Any bytes as the head of a request: it is found at the same place however its bytes come, and its
 * texts lie in it. */
#include "http/head.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool right)
{
    if (!right)
        abort();
}

static void check_text(const char *text, const char *data, size_t size)
{
    check(text >= data && text < data + size && memchr(text, 0, size - (size_t)(text - data)));
    check(strpbrk(text, "\r\n") == NULL);
}

static void check_head(const struct planche_http_head *head, const char *data, size_t size)
{
    check_text(head->method, data, size);
    check(head->path_length <= strlen(head->target));
    check(head->target[0] == '/' || head->target[0] == '*');
    check(!(head->chunked && head->has_length) && head->minor <= 1);
    check(head->host != NULL || head->minor == 0);
    for (size_t i = 0; i < head->count; i++) {
        check_text(head->fields[i].name, data, size);
        check_text(head->fields[i].value, data, size);
    }
    (void)planche_http_head_field(head, "content-type");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct planche_http_head head;
    size_t seen = 0, bytewise = 0, found = 0;
    const char *text = (const char *)data;
    size_t end = planche_http_head_end(text, size, &seen);
    for (size_t i = 1; i <= size && found == 0 && size < 4096; i++)
        found = planche_http_head_end(text, i, &bytewise);
    check(size >= 4096 || found == end);
    if (end == 0)
        return 0;
    char *copy = malloc(end);
    if (copy == NULL)
        return 0;
    memcpy(copy, data, end);
    if (planche_http_head_parse(copy, end, &head) == 0)
        check_head(&head, copy, end);
    free(copy);
    return 0;
}
