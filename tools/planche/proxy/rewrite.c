/* SPDX-License-Identifier: MIT */
/* Rewriting heads on their way. */
#include "proxy/rewrite.h"

#include "http/text.h"

#include <string.h>
#include <strings.h>

/* Fields of one connection, beside those that Connection names. */
static const char *const hop_by_hop[] = {
    "connection", "keep-alive",         "proxy-connection",   "te", "trailer", "transfer-encoding",
    "upgrade",    "proxy-authenticate", "proxy-authorization"};
/* What would make an answer something else than a page from its first byte to its last. */
static const char *const conditions[] = {
    "if-match", "if-none-match", "if-modified-since", "if-unmodified-since",
    "if-range", "range",         "accept-encoding"};
/* What the fields of an answer say of its bytes, and how long they may be kept. */
static const char *const of_keeping[] = {"etag",    "last-modified", "cache-control",
                                         "expires", "age",           "pragma"};
static const char *const of_bytes[] = {
    "content-type",   "content-disposition", "accept-ranges",    "content-md5",  "digest",
    "content-digest", "repr-digest",         "content-encoding", "content-range"};

#define COUNT(list)       (sizeof(list) / sizeof *(list))
#define IS_OF(name, list) is_of(name, list, COUNT(list))

static void put(struct planche_text_buffer *text, const char *word)
{
    planche_text_buffer_put(text, word, strlen(word));
}

static void put_field(struct planche_text_buffer *text, const char *name, const char *value)
{
    put(text, name);
    put(text, ": ");
    put(text, value);
    put(text, "\r\n");
}

static bool is_of(const char *name, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcasecmp(name, list[i]) == 0)
            return true;
    }
    return false;
}

static const char *find(const struct planche_http_field *fields, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcasecmp(fields[i].name, name) == 0)
            return fields[i].value;
    }
    return NULL;
}

/* Whether a field ends here: it is one of the connection, or Connection says so. */
static bool ends_here(const struct planche_http_field *fields, size_t count, const char *name)
{
    if (IS_OF(name, hop_by_hop))
        return true;
    for (size_t i = 0; i < count; i++) {
        if (strcasecmp(fields[i].name, "connection") == 0 &&
            planche_http_has_token(fields[i].value, name))
            return true;
    }
    return false;
}

bool planche_proxy_wants_upgrade(const struct planche_http_head *head)
{
    const char *wanted = find(head->fields, head->count, "upgrade");
    bool named = false;
    for (size_t i = 0; i < head->count; i++)
        named = named || (strcasecmp(head->fields[i].name, "connection") == 0 &&
                          planche_http_has_token(head->fields[i].value, "upgrade"));
    return named && wanted != NULL && head->minor == 1 && !head->chunked && head->length == 0;
}

/* Whether a field of a request is not passed on as it is. */
static bool is_replaced(const struct planche_http_head *head, const struct planche_proxy_way *way,
                        const char *name)
{
    static const char *const own[] = {"host", "via", "content-length", "x-forwarded-for",
                                      PLANCHE_PROXY_LOOP};
    return IS_OF(name, own) || ends_here(head->fields, head->count, name) ||
           (way->whole && IS_OF(name, conditions)) ||
           (way->no_body && strcasecmp(name, "content-type") == 0) ||
           /* RFC 9110, 10.1.1: of HTTP/1.0 it is to be ignored, and the upstream gets HTTP/1.1. */
           ((way->no_body || head->minor == 0) && strcasecmp(name, "expect") == 0);
}

/* "a, b", of several fields of a name and one value more. */
static void put_list(struct planche_text_buffer *text, const struct planche_http_head *head,
                     const char *name, const char *value)
{
    put(text, name);
    put(text, ": ");
    for (size_t i = 0; i < head->count; i++) {
        const char *own = head->fields[i].value;
        if (strcasecmp(head->fields[i].name, name) == 0 && own != NULL && *own) {
            put(text, own);
            put(text, ", ");
        }
    }
    put(text, value);
    put(text, "\r\n");
}

/* Who asks, by what address, so that the upstream's links are right. A server in front that has
 * said so is believed by the upstream, or not. */
static void put_forwarded(struct planche_text_buffer *text, const struct planche_http_head *head,
                          const struct planche_proxy_way *way)
{
    const char *host = head->host != NULL ? head->host : way->upstream;
    if (way->peer != NULL)
        put_list(text, head, "X-Forwarded-For", way->peer);
    if (find(head->fields, head->count, "x-forwarded-proto") == NULL)
        put_field(text, "X-Forwarded-Proto", "http");
    if (find(head->fields, head->count, "x-forwarded-host") == NULL)
        put_field(text, "X-Forwarded-Host", host);
    put_list(text, head, "Via", head->minor == 0 ? "1.0 planche" : "1.1 planche");
    put_field(text, PLANCHE_PROXY_LOOP, "1");
}

static void put_framing(struct planche_text_buffer *text, const struct planche_http_head *head,
                        const struct planche_proxy_way *way)
{
    const char *length = find(head->fields, head->count, "content-length");
    bool upgrade = !way->no_body && !way->whole && planche_proxy_wants_upgrade(head);
    if (head->chunked && !way->no_body)
        put_field(text, "Transfer-Encoding", "chunked");
    else if (length != NULL && !way->no_body)
        put_field(text, "Content-Length", length);
    if (way->whole)
        put_field(text, "Accept-Encoding", "identity");
    put_field(text, "Connection", upgrade ? "Upgrade" : "keep-alive");
    if (upgrade)
        put_field(text, "Upgrade", find(head->fields, head->count, "upgrade"));
}

void planche_proxy_write_request(struct planche_text_buffer *text,
                                 const struct planche_http_head *head,
                                 const struct planche_proxy_way *way)
{
    put(text, way->method != NULL ? way->method : head->method);
    put(text, " ");
    put(text, way->target != NULL ? way->target : head->target);
    put(text, " HTTP/1.1\r\n");
    put_field(text, "Host", head->host != NULL ? head->host : way->upstream);
    for (size_t i = 0; i < head->count; i++) {
        const struct planche_http_field *field = &head->fields[i];
        if (!is_replaced(head, way, field->name))
            put_field(text, field->name, field->value);
    }
    put_forwarded(text, head, way);
    put_framing(text, head, way);
    if (way->more != NULL)
        put(text, way->more);
    put(text, "\r\n");
}

void planche_proxy_write_fields(struct planche_text_buffer *text,
                                const struct planche_http_reply *reply,
                                enum planche_proxy_fields kept)
{
    for (size_t i = 0; i < reply->count; i++) {
        const char *name = reply->fields[i].name;
        bool drops = strcasecmp(name, "content-length") == 0 ||
                     strcasecmp(name, "x-request-id") == 0 || /* this server adds its own */
                     ends_here(reply->fields, reply->count, name) ||
                     (kept != PLANCHE_PROXY_ALL && IS_OF(name, of_keeping)) ||
                     (kept == PLANCHE_PROXY_CHANGED && IS_OF(name, of_bytes));
        if (!drops)
            put_field(text, name, reply->fields[i].value);
    }
}

/* Where a file name's extension begins; its end if it has none. */
static size_t extension_of(const char *name, size_t length)
{
    size_t i = length;
    while (i > 0 && name[i - 1] != '.' && name[i - 1] != '/' && name[i - 1] != '"')
        i--;
    return i > 1 && name[i - 1] == '.' && length - i <= 5 ? i - 1 : length;
}

/* The length of a value: as far as its closing quote, or the next parameter. */
static size_t value_length(const char *value)
{
    size_t i = 0;
    if (*value != '"')
        return strcspn(value, "; \t");
    for (i = 1; value[i] && value[i] != '"'; i++)
        i += value[i] == '\\' && value[i + 1] != 0;
    return i;
}

void planche_proxy_write_disposition(struct planche_text_buffer *text, const char *value,
                                     const char *extension)
{
    put(text, "Content-Disposition: ");
    while (*value) {
        size_t before = strcspn(value, ";=");
        bool named = value[before] == '=';
        const char *name = value + strspn(value, " \t");
        bool file = strncasecmp(name, "filename", 8) == 0;
        size_t size = before + (value[before] != 0);
        planche_text_buffer_put(text, value, size);
        value += size;
        if (!named)
            continue;
        size_t length = value_length(value), own = file ? extension_of(value, length) : length;
        planche_text_buffer_put(text, value, own);
        if (file) {
            put(text, ".");
            put(text, extension);
        }
        value += length;
        /* What stands between the value and the next parameter: the quote. */
        size = strcspn(value, ";");
        size += value[size] == ';';
        planche_text_buffer_put(text, value, size);
        value += size;
    }
    put(text, "\r\n");
}
