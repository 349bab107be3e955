/* SPDX-License-Identifier: MIT */
/* Head of a request. What several servers in a row could read differently is refused: a request
 * that one takes for one and another for two is how requests are smuggled. */
#include "http/head.h"

#include "http/text.h"

#include <string.h>
#include <strings.h>

size_t planche_http_head_end(const char *data, size_t size, size_t *seen)
{
    size_t from = *seen > 3 ? *seen - 3 : 0;
    *seen = size;
    const char *found = size > from ? memmem(data + from, size - from, "\r\n\r\n", 4) : NULL;
    return found != NULL ? (size_t)(found - data) + 4 : 0;
}

char *planche_http_cut_line(char **next)
{
    char *line = *next, *end = line;
    while (planche_http_is_text((unsigned char)*end))
        end++;
    if (end[0] != '\r' || end[1] != '\n')
        return NULL;
    *end = 0;
    *next = end + 2;
    return line;
}

/* A host and perhaps its port: one, and nothing beside it. */
static bool is_host(const char *value, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (strchr(" \t,/@", value[i]) != NULL)
            return false;
    }
    return true;
}

/* "http://host" before the path of an absolute target, for requests to proxies. The host is moved
 * over what stands before it, to have room for its end. */
static bool take_absolute(char **target, struct planche_http_head *out)
{
    if (strncasecmp(*target, "http://", 7) != 0)
        return false;
    char *host = *target + 7;
    size_t length = strcspn(host, "/?");
    if (length == 0 || !is_host(host, length))
        return false;
    char *rest = host + length;
    memmove(host - 1, host, length);
    host[length - 1] = 0;
    out->host = host - 1;
    static const char root[] = "/";
    out->target = *rest == '/' ? rest : root;
    return *rest != '?';
}

static unsigned take_version(const char *version, struct planche_http_head *out)
{
    if (strncmp(version, "HTTP/", 5) != 0 || version[5] < '0' || version[5] > '9' ||
        version[6] != '.' || version[7] < '0' || version[7] > '9' || version[8] != 0)
        return 400;
    out->minor = (unsigned)(version[7] - '0');
    return version[5] == '1' && out->minor <= 1 ? 0 : 505;
}

static unsigned take_target(char *target, struct planche_http_head *out)
{
    if (strlen(target) > PLANCHE_HTTP_MAX_TARGET)
        return 414;
    for (const char *byte = target; *byte; byte++) {
        if ((unsigned char)*byte <= ' ' || *byte == '#')
            return 400;
    }
    out->target = target;
    bool star = strcmp(target, "*") == 0 && strcmp(out->method, "OPTIONS") == 0;
    if (*target != '/' && !star && !take_absolute(&target, out))
        return 400;
    out->path_length = strcspn(out->target, "?");
    return 0;
}

/* METHOD SP TARGET SP VERSION, with single spaces. */
static unsigned take_request_line(char *line, struct planche_http_head *out)
{
    char *target = strchr(line, ' ');
    char *version = target != NULL ? strchr(target + 1, ' ') : NULL;
    if (version == NULL || target == line || version == target + 1)
        return 400;
    *target++ = 0;
    *version++ = 0;
    if (!planche_http_is_token(line) || strlen(line) > 24)
        return 400;
    out->method = line;
    unsigned status = take_version(version, out);
    return status != 0 ? status : take_target(target, out);
}

unsigned planche_http_take_field(char *line, struct planche_http_field *fields, size_t *count)
{
    char *colon = strchr(line, ':');
    if (colon == NULL)
        return 400;
    *colon = 0;
    if (!planche_http_is_token(line)) /* obs-fold and spaces before the colon, too */
        return 400;
    if (*count == PLANCHE_HTTP_MAX_FIELDS)
        return 431;
    fields[(*count)++] = (struct planche_http_field){line, planche_http_trim(colon + 1)};
    return 0;
}

static unsigned take_length(const char *value, struct planche_http_head *out)
{
    if (out->has_length || out->chunked || !planche_http_decimal(value, &out->length))
        return 400;
    out->has_length = true;
    return 0;
}

static unsigned take_coding(const char *value, struct planche_http_head *out)
{
    if (out->has_length || out->chunked || out->minor == 0)
        return 400;
    out->chunked = true;
    return strcasecmp(value, "chunked") == 0 ? 0 : 501;
}

static unsigned take_host(const char *value, bool *seen, struct planche_http_head *out)
{
    if (*seen || !is_host(value, strlen(value)))
        return 400;
    *seen = true;
    if (out->host == NULL) /* else the target has said */
        out->host = value;
    return 0;
}

static unsigned take_expectation(const char *value, struct planche_http_head *out)
{
    if (out->minor == 0)
        return 0; /* to be ignored */
    out->expects_continue = true;
    return strcasecmp(value, "100-continue") == 0 ? 0 : 417;
}

/* What the fields say about how to read the request. */
static unsigned take_meanings(struct planche_http_head *out)
{
    unsigned status = 0;
    bool close = false, keep = false, host = false;
    for (size_t i = 0; i < out->count && status == 0; i++) {
        const char *name = out->fields[i].name, *value = out->fields[i].value;
        if (strcasecmp(name, "content-length") == 0)
            status = take_length(value, out);
        else if (strcasecmp(name, "transfer-encoding") == 0)
            status = take_coding(value, out);
        else if (strcasecmp(name, "host") == 0)
            status = take_host(value, &host, out);
        else if (strcasecmp(name, "expect") == 0)
            status = take_expectation(value, out);
        else if (strcasecmp(name, "connection") == 0) {
            close = close || planche_http_has_token(value, "close");
            keep = keep || planche_http_has_token(value, "keep-alive");
        }
    }
    out->keep_alive = !close && (keep || out->minor == 1);
    return status == 0 && out->minor == 1 && !host ? 400 : status;
}

unsigned planche_http_head_parse(char *data, size_t size, struct planche_http_head *out)
{
    char *next = data, *end = data + size;
    memset(out, 0, offsetof(struct planche_http_head, fields));
    if (size < 4 || memcmp(end - 4, "\r\n\r\n", 4) != 0)
        return 400;
    char *line = planche_http_cut_line(&next);
    unsigned status = line != NULL ? take_request_line(line, out) : 400;
    while (status == 0 && next < end - 2) {
        line = planche_http_cut_line(&next);
        status = line != NULL ? planche_http_take_field(line, out->fields, &out->count) : 400;
    }
    if (status == 0 && next != end - 2)
        return 400;
    return status != 0 ? status : take_meanings(out);
}

const char *planche_http_head_field(const struct planche_http_head *head, const char *name)
{
    for (size_t i = 0; i < head->count; i++) {
        if (strcasecmp(head->fields[i].name, name) == 0)
            return head->fields[i].value;
    }
    return NULL;
}
