/* SPDX-License-Identifier: MIT */
/* GET /v1/books/ID/result. A result never changes, so its tag is made of its id. */
#include "serve/book_result.h"

#include "http/partial.h"
#include "http/text.h"
#include "io/digest.h"
#include "serve/book_json.h"
#include "serve/problem.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TAG 35 /* a tag with its quotes and the 0 */

static void make_tag(const struct planche_books_book *book, char tag[TAG])
{
    uint8_t digest[PLANCHE_IO_DIGEST_BYTES];
    char text[PLANCHE_BOOKS_ID + 8];
    size_t used = 0;
    int length = snprintf(text, sizeof text, "result %s", book->id);
    planche_digest_of(text, (size_t)length, digest);
    tag[used++] = '"';
    for (size_t i = 0; i < 16; i++, used += 2)
        snprintf(tag + used, 3, "%02x", digest[i]);
    memcpy(tag + used, "\"", 2);
}

/* attachment; filename="ASCII"; filename*=UTF-8''NAME (RFC 6266). */
static void add_disposition(struct planche_http_connection *c, const char *name)
{
    char plain[sizeof((struct planche_books_book *)0)->result_name], value[1024];
    char escaped[3 * sizeof plain];
    size_t used = 0;
    snprintf(plain, sizeof plain, "%s", name);
    for (char *at = plain; *at; at++)
        *at = *at < 0x20 || *at > 0x7e || strchr("\"\\%", *at) != NULL ? '_' : *at;
    for (const char *at = name; *at; at++) {
        bool safe = (*at >= '0' && *at <= '9') || (*at >= 'A' && *at <= 'Z') ||
                    (*at >= 'a' && *at <= 'z') || strchr("-._~", *at) != NULL;
        used += (size_t)snprintf(escaped + used, sizeof escaped - used, safe ? "%c" : "%%%02X",
                                 (unsigned char)*at);
    }
    snprintf(value, sizeof value, "attachment; filename=\"%s\"; filename*=UTF-8''%s", plain,
             escaped);
    planche_http_add_field(c, "Content-Disposition", value);
}

static void answer_bare(struct planche_http_connection *c, unsigned status, int fd)
{
    const struct planche_http_answer answer = {.status = status};
    close(fd);
    planche_http_answer(c, &answer);
}

static void answer_file(struct planche_http_connection *c, const struct planche_books_book *book,
                        const char *tag, int fd)
{
    const char *only_if = planche_http_head_field(&c->head, "if-range");
    const struct planche_http_answer answer = {.type = planche_serve_book_type(book->result),
                                               .has_file = true,
                                               .fd = fd,
                                               .file_size = book->result_bytes};
    add_disposition(c, book->result_name);
    planche_http_answer_part(c, &answer, only_if == NULL || strcmp(only_if, tag) == 0);
}

void planche_serve_book_result(struct planche_serve *serve, struct planche_http_connection *c)
{
    const struct planche_books_book *book = planche_serve_find_book(serve, c);
    char tag[TAG];
    if (book == NULL)
        return;
    if (book->state != PLANCHE_BOOKS_DONE) {
        planche_serve_problem(c, planche_serve_book_is_over(book->state) ? 410 : 409,
                              "the book is %s: there is no result",
                              planche_serve_book_state(book->state));
        return;
    }
    int fd = planche_books_open_result(serve->books, book);
    if (fd < 0) {
        planche_serve_problem(c, 410, "the result is damaged or gone");
        return;
    }
    const char *tags = planche_http_head_field(&c->head, "if-none-match");
    const char *match = planche_http_head_field(&c->head, "if-match");
    make_tag(book, tag);
    planche_http_add_field(c, "ETag", tag);
    planche_http_add_field(c, "Accept-Ranges", "bytes");
    planche_http_add_field(c, "Cache-Control", "private, no-cache");
    if (match != NULL && !planche_http_matches_tag(match, tag))
        answer_bare(c, 412, fd);
    else if (tags != NULL && planche_http_matches_tag(tags, tag))
        answer_bare(c, 304, fd);
    else
        answer_file(c, book, tag, fd);
}
