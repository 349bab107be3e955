/* SPDX-License-Identifier: MIT */
/* Guard: who may ask at all. */
#include "serve/guard.h"

#include "http/query.h"
#include "http/text.h"

#include <string.h>
#include <strings.h>

/* Whether two texts are equal, in a time that depends on the given one alone. */
static bool is_token(const char *token, const char *given)
{
    size_t length = strlen(token), i = 0;
    unsigned char difference = 0;
    for (; given[i]; i++)
        difference |= (unsigned char)(given[i] ^ token[i < length ? i : length]);
    return difference == 0 && i == length;
}

static int value_of(char digit)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *found = digit != 0 ? strchr(digits, digit) : NULL;
    return found != NULL ? (int)(found - digits) : -1;
}

/* The password of "user:password" in base64; false: it is none. */
static bool read_password(const char *text, char *password, size_t size)
{
    unsigned bits = 0, count = 0;
    size_t length = 0;
    bool behind = false;
    for (; *text && *text != '='; text++) {
        int value = value_of(*text);
        if (value < 0)
            return false;
        bits = (bits << 6 | (unsigned)value) & 0xffff;
        count += 6;
        if (count < 8)
            continue;
        count -= 8;
        char byte = (char)(bits >> count & 0xff);
        if (behind && (byte == 0 || length + 1 >= size))
            return false;
        if (behind)
            password[length++] = byte;
        behind = behind || byte == ':';
    }
    password[length] = 0;
    return behind;
}

/* Bearer TOKEN; or, for readers that know only names and passwords, the token as the password. */
static bool field_has_token(const char *field, const char *token)
{
    char password[PLANCHE_TOKEN_BYTES];
    if (field == NULL)
        return false;
    if (strncasecmp(field, "bearer ", 7) == 0)
        return is_token(token, field + 7 + strspn(field + 7, " "));
    return strncasecmp(field, "basic ", 6) == 0 &&
           read_password(field + 6 + strspn(field + 6, " "), password, sizeof password) &&
           is_token(token, password);
}

static bool query_has_token(const struct planche_http_head *head, const char *token)
{
    char buffer[PLANCHE_HTTP_MAX_TARGET];
    const char *next = head->target + head->path_length, *name, *value;
    next += *next == '?';
    while (planche_http_query_next(&next, buffer, sizeof buffer, &name, &value) == 1) {
        if (strcmp(name, "token") == 0)
            return is_token(token, value);
    }
    return false;
}

bool planche_serve_is_allowed(const struct planche_serve *serve,
                              const struct planche_http_connection *c, bool query)
{
    if (*serve->token == 0)
        return true;
    return field_has_token(planche_http_head_field(&c->head, "authorization"), serve->token) ||
           (query && query_has_token(&c->head, serve->token));
}

/* The length of a host without its port. */
static size_t host_length(const char *host)
{
    const char *bracket = *host == '[' ? strchr(host, ']') : NULL;
    return bracket != NULL ? (size_t)(bracket - host) + 1 : strcspn(host, ":");
}

static bool is_name(const char *host, size_t length, const char *name)
{
    return strlen(name) == length && strncasecmp(host, name, length) == 0;
}

/* 127.0.0.1 and its like. Names such as 127.0.0.1.example.org are not. */
static bool is_loopback_number(const char *host, size_t length)
{
    return length >= 7 && strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") >= length;
}

static bool is_named(const struct planche_serve *serve, const char *host, size_t length)
{
    for (unsigned i = 0; i < serve->options.serve.host_count; i++) {
        if (is_name(host, length, serve->options.serve.hosts[i]))
            return true;
    }
    return false;
}

/* Whether the other side is on this machine, as a browser on it is, whichever address it was let in
 * at. */
static bool is_here(const struct planche_http_connection *c)
{
    return c->place == PLANCHE_HTTP_LOOPBACK || strncmp(c->peer, "127.", 4) == 0 ||
           strcmp(c->peer, "::1") == 0 || strncmp(c->peer, "::ffff:127.", 11) == 0;
}

/* Without a token it counts where a request comes from: a page of another site must not use a
 * browser on this machine. With --no-token everybody may use what others can reach. */
static bool checks_sites(const struct planche_serve *serve, const struct planche_http_connection *c)
{
    bool everybody = serve->options.serve.no_token && c->place != PLANCHE_HTTP_LOOPBACK;
    return *serve->token == 0 && is_here(c) && !everybody;
}

bool planche_serve_host_is_ours(const struct planche_serve *serve,
                                const struct planche_http_connection *c)
{
    const char *host = c->head.host;
    if (!checks_sites(serve, c) || host == NULL)
        return true;
    size_t length = host_length(host);
    if (is_name(host, length, "localhost") || is_name(host, length, "[::1]") ||
        is_loopback_number(host, length))
        return true;
    return is_named(serve, host, length);
}

/* Browsers name the site of the page that sends: its scheme and host, or "null". */
bool planche_serve_site_is_ours(const struct planche_serve *serve,
                                const struct planche_http_connection *c)
{
    const char *origin = planche_http_head_field(&c->head, "origin");
    const char *site = planche_http_head_field(&c->head, "sec-fetch-site");
    if (!checks_sites(serve, c))
        return true;
    if (origin == NULL)
        return site == NULL || strcmp(site, "cross-site") != 0;
    const char *host = strstr(origin, "://");
    if (host == NULL)
        return false;
    host += 3;
    return (c->head.host != NULL && strcasecmp(host, c->head.host) == 0) ||
           is_named(serve, host, host_length(host));
}

bool planche_serve_may_use(const struct planche_serve *serve,
                           const struct planche_http_connection *c)
{
    bool here = c->place == PLANCHE_HTTP_UNIX || is_here(c);
    /* A server in front brings others. */
    bool brought = planche_http_head_field(&c->head, "x-forwarded-for") != NULL ||
                   planche_http_head_field(&c->head, "forwarded") != NULL;
    return serve->proxy == NULL || *serve->token != 0 || serve->options.serve.no_token ||
           (here && !brought);
}
