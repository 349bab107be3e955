/* SPDX-License-Identifier: MIT */
/* Any bytes as the head of an upstream's answer: its texts lie in it, and what is written of it for
 * a client is fields of one line each, none of them of the connection. */
#include "http/reply.h"
#include "proxy/rewrite.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool right)
{
    if (!right)
        abort();
}

/* Every line ends with CR LF and has a name. */
static void check_lines(struct planche_text_buffer *text)
{
    const char *next = text->data ? text->data : "", *end = next + text->size;
    check(!text->failed);
    while (next < end) {
        const char *line = next, *stop = memmem(next, (size_t)(end - next), "\r\n", 2);
        check(stop != NULL && stop > line && memchr(line, ':', (size_t)(stop - line)) != NULL);
        check(memchr(line, '\n', (size_t)(stop - line)) == NULL && *line != ' ');
        check(memchr(line, 0, (size_t)(stop - line)) == NULL);
        next = stop + 2;
    }
    planche_text_buffer_free(text);
}

static void check_reply(const struct planche_http_reply *reply)
{
    struct planche_text_buffer text = {0};
    check(reply->status >= 100 && reply->status <= 999 && reply->minor <= 1);
    check(!(reply->chunked && reply->has_length));
    for (int kept = PLANCHE_PROXY_ALL; kept <= PLANCHE_PROXY_CHANGED; kept++) {
        planche_proxy_write_fields(&text, reply, (enum planche_proxy_fields)kept);
        check_lines(&text);
    }
    for (size_t i = 0; i < reply->count; i++) {
        planche_proxy_write_disposition(&text, reply->fields[i].value, "jpg");
        check_lines(&text);
    }
    struct planche_http_reply *copy = planche_http_reply_copy(reply);
    if (copy != NULL)
        check(copy->count == reply->count);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct planche_http_reply reply;
    size_t seen = 0, end = planche_http_head_end((const char *)data, size, &seen);
    char *copy = end > 0 ? malloc(end) : NULL;
    if (copy == NULL)
        return 0;
    memcpy(copy, data, end);
    if (planche_http_reply_parse(copy, end, &reply) == NULL)
        check_reply(&reply);
    free(copy);
    return 0;
}
