/* SPDX-License-Identifier: MIT */
/* Head of an answer of another server. */
#include "http/reply.h"

#include "http/text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* HTTP/1.x SP STATUS SP REASON; the reason may be empty, and the space before it left out. */
static const char *take_status_line(const char *line, struct planche_http_reply *out)
{
    if (strncmp(line, "HTTP/1.", 7) != 0 || (line[7] != '0' && line[7] != '1') || line[8] != ' ')
        return "its first line is none of HTTP/1.0 or HTTP/1.1";
    const char *status = line + 9;
    if (!is_digit(status[0]) || !is_digit(status[1]) || !is_digit(status[2]) ||
        (status[3] != 0 && status[3] != ' ') || status[0] == '0')
        return "its status is no number of three digits";
    out->minor = (unsigned)(line[7] - '0');
    out->status = (unsigned)((status[0] - '0') * 100 + (status[1] - '0') * 10 + (status[2] - '0'));
    out->reason = status[3] == ' ' ? status + 4 : "";
    return NULL;
}

static const char *take_length(const char *value, struct planche_http_reply *out)
{
    if (out->has_length || !planche_http_decimal(value, &out->length))
        return "its Content-Length is no number, or there are two";
    out->has_length = true;
    return NULL;
}

static const char *take_coding(const char *value, struct planche_http_reply *out)
{
    if (out->chunked || out->minor == 0 || strcasecmp(value, "chunked") != 0)
        return "its Transfer-Encoding is not chunked alone";
    out->chunked = true;
    return NULL;
}

static const char *take_meanings(struct planche_http_reply *out)
{
    const char *problem = NULL;
    bool close = false, keep = false;
    for (size_t i = 0; i < out->count && problem == NULL; i++) {
        const char *name = out->fields[i].name, *value = out->fields[i].value;
        if (strcasecmp(name, "content-length") == 0) {
            problem = take_length(value, out);
        } else if (strcasecmp(name, "transfer-encoding") == 0) {
            problem = take_coding(value, out);
        } else if (strcasecmp(name, "connection") == 0) {
            close = close || planche_http_has_token(value, "close");
            keep = keep || planche_http_has_token(value, "keep-alive");
        }
    }
    if (problem == NULL && out->chunked && out->has_length)
        problem = "it has both Content-Length and Transfer-Encoding";
    out->keep_alive = !close && (keep || out->minor == 1);
    return problem;
}

const char *planche_http_reply_parse(char *data, size_t size, struct planche_http_reply *out)
{
    char *next = data, *end = data + size;
    memset(out, 0, offsetof(struct planche_http_reply, fields));
    if (size < 4 || memcmp(end - 4, "\r\n\r\n", 4) != 0)
        return "it has no end";
    char *line = planche_http_cut_line(&next);
    const char *problem =
        line != NULL ? take_status_line(line, out) : "its first line has control characters";
    while (problem == NULL && next < end - 2) {
        line = planche_http_cut_line(&next);
        if (line == NULL)
            problem = "a field has control characters";
        else if (planche_http_take_field(line, out->fields, &out->count) != 0)
            problem = "a field has no name, or there are too many";
    }
    if (problem == NULL && next != end - 2)
        problem = "it ends too early";
    return problem != NULL ? problem : take_meanings(out);
}

bool planche_http_reply_has_body(const struct planche_http_reply *reply, bool head)
{
    return !head && reply->status >= 200 && reply->status != 204 && reply->status != 304 &&
           !(reply->has_length && reply->length == 0);
}

const char *planche_http_reply_field(const struct planche_http_reply *reply, const char *name)
{
    for (size_t i = 0; i < reply->count; i++) {
        if (strcasecmp(reply->fields[i].name, name) == 0)
            return reply->fields[i].value;
    }
    return NULL;
}

static const char *copy_text(char **next, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = memcpy(*next, text, size);
    *next += size;
    return copy;
}

struct planche_http_reply *planche_http_reply_copy(const struct planche_http_reply *reply)
{
    size_t size = sizeof *reply + strlen(reply->reason) + 1;
    for (size_t i = 0; i < reply->count; i++)
        size += strlen(reply->fields[i].name) + strlen(reply->fields[i].value) + 2;
    struct planche_http_reply *copy = malloc(size);
    if (copy == NULL)
        return NULL;
    char *next = (char *)(copy + 1);
    memcpy(copy, reply, offsetof(struct planche_http_reply, fields));
    copy->reason = copy_text(&next, reply->reason);
    for (size_t i = 0; i < reply->count; i++) {
        copy->fields[i].name = copy_text(&next, reply->fields[i].name);
        copy->fields[i].value = copy_text(&next, reply->fields[i].value);
    }
    return copy;
}
