/* SPDX-License-Identifier: MIT */
/* Any head of a request: what is written of it for the upstream is one head, with the same body,
 * and nothing of the client's connection; and so is the address of the next page. */
#include "proxy/accept.h"
#include "proxy/rewrite.h"
#include "proxy/routes.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool right)
{
    if (!right)
        abort();
}

/* Parses what was written: exactly one head. */
static void check_written(const struct planche_http_head *from, const struct planche_proxy_way *way)
{
    static struct planche_http_head head;
    struct planche_text_buffer text = {0};
    size_t seen = 0;
    planche_proxy_write_request(&text, from, way);
    check(!text.failed && planche_http_head_end(text.data, text.size, &seen) == text.size);
    unsigned status = planche_http_head_parse(text.data, text.size, &head);
    check(status == 0 || status == 431); /* it has grown by some fields */
    if (status == 0) {
        check(head.chunked == (from->chunked && !way->no_body));
        check(head.has_length == (from->has_length && !way->no_body));
        check(head.length == (way->no_body ? 0 : from->length));
        check(strcmp(head.target, way->target != NULL ? way->target : from->target) == 0);
        check(planche_http_head_field(&head, "proxy-authorization") == NULL);
    }
    planche_text_buffer_free(&text);
}

static void check_page(const struct planche_http_head *head)
{
    struct planche_proxy_match match;
    char target[PLANCHE_HTTP_MAX_TARGET + 64];
    if (!planche_proxy_match_page(head->target, head->path_length, &match) ||
        !planche_proxy_page_target(head->target, &match, match.number + 1, target, sizeof target))
        return;
    check(strpbrk(target, " \r\n") == NULL);
    const struct planche_proxy_way way = {
        .upstream = "a:1", .method = "GET", .target = target, .whole = true, .no_body = true};
    if (strlen(target) <= PLANCHE_HTTP_MAX_TARGET)
        check_written(head, &way);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct planche_http_head head;
    size_t seen = 0, end = planche_http_head_end((const char *)data, size, &seen);
    char *copy = end > 0 && end <= PLANCHE_HTTP_MAX_HEAD / 2 ? malloc(end) : NULL;
    if (copy == NULL)
        return 0;
    memcpy(copy, data, end);
    if (planche_http_head_parse(copy, end, &head) == 0) {
        const struct planche_proxy_way way = {.peer = "::1", .upstream = "a:1"};
        check_written(&head, &way);
        check_page(&head);
        struct planche_proxy_accepted accepted = planche_proxy_read_accept(&head);
        const char *format = planche_proxy_choose_format(&accepted, "image/png", "avif", true);
        check(format == NULL || strcmp(format, "png") == 0 || strcmp(format, "jpg") == 0);
    }
    free(copy);
    return 0;
}
