/* SPDX-License-Identifier: MIT */
/* Routes: which addresses are pages. */
#include "proxy/routes.h"

#include <stdio.h>
#include <string.h>

enum {
    OPDS = PLANCHE_PROXY_OPDS,
    PROGRESS = PLANCHE_PROXY_PROGRESS,
    BOOKMARKS = PLANCHE_PROXY_BOOKMARKS
};

static const struct route {
    const char *server, *path, *number, *book, *series;
    unsigned flags;
} routes[] = {
#define PAGE(server, path, number, book, series, flags) {server, path, number, book, series, flags},
#include "proxy/routes.def"
#undef PAGE
};

#define MAX_STARS  3
#define MAX_NUMBER 1000000

/* A part of the target. */
struct part {
    const char *text;
    size_t size;
};

/* What a path's pattern has found. */
struct found {
    struct part stars[MAX_STARS], number;
    unsigned star_count;
};

static bool read_number(const struct part *part, uint32_t *out)
{
    *out = 0;
    for (size_t i = 0; i < part->size; i++) {
        if (part->text[i] < '0' || part->text[i] > '9' || *out > MAX_NUMBER)
            return false;
        *out = *out * 10 + (uint32_t)(part->text[i] - '0');
    }
    return part->size > 0;
}

/* Whether a path, of size bytes, has a pattern's form as a whole. */
static bool fits(const char *pattern, const char *path, size_t size, struct found *found)
{
    const char *end = path + size;
    *found = (struct found){0};
    while (*pattern && path < end) {
        if (*pattern != '*' && *pattern != '#') {
            if (*pattern++ != *path++)
                return false;
            continue;
        }
        const char *slash = memchr(path, '/', (size_t)(end - path));
        struct part part = {path, (size_t)((slash != NULL ? slash : end) - path)};
        if (part.size == 0 || (*pattern == '*' && found->star_count == MAX_STARS))
            return false;
        if (*pattern == '#')
            found->number = part;
        else
            found->stars[found->star_count++] = part;
        path += part.size;
        pattern++;
    }
    return *pattern == 0 && path == end;
}

/* A parameter of the query, as it stands there; size 0: there is none. */
static struct part find_parameter(const char *target, size_t path_length, const char *name)
{
    size_t length = strlen(name);
    const char *text = target + path_length;
    while (*text) {
        text++;
        size_t size = strcspn(text, "&");
        if (size > length && strncmp(text, name, length) == 0 && text[length] == '=')
            return (struct part){text + length + 1, size - length - 1};
        text += size;
    }
    return (struct part){text, 0};
}

static struct part find_part(const struct found *found, const char *target, size_t path_length,
                             const char *where)
{
    if (*where == '*')
        return found->stars[where[1] - '1'];
    if (*where == 0)
        return (struct part){target, 0};
    return find_parameter(target, path_length, where);
}

/* Copies an id. One that is too long, or has other characters than ids have, is none. */
static void copy_name(char out[PLANCHE_PROXY_NAME], struct part part)
{
    *out = 0;
    if (part.text == NULL || part.size >= PLANCHE_PROXY_NAME)
        return;
    for (size_t i = 0; i < part.size; i++) {
        char c = part.text[i];
        bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                     c == '-' || c == '_' || c == '.';
        if (!plain)
            return;
    }
    memcpy(out, part.text, part.size);
    out[part.size] = 0;
}

static enum planche_proxy_server server_of(const struct route *route)
{
    if (strcmp(route->server, "komga") == 0)
        return PLANCHE_PROXY_KOMGA;
    return strcmp(route->server, "kavita") == 0 ? PLANCHE_PROXY_KAVITA : PLANCHE_PROXY_SUWAYOMI;
}

static bool take(const struct route *route, const struct found *found, const char *target,
                 size_t path_length, struct planche_proxy_match *match)
{
    struct part number =
        *route->number ? find_parameter(target, path_length, route->number) : found->number;
    if (!read_number(&number, &match->number))
        return false;
    match->server = server_of(route);
    match->flags = route->flags;
    match->number_at = (size_t)(number.text - target);
    match->number_size = number.size;
    copy_name(match->book, find_part(found, target, path_length, route->book));
    copy_name(match->series, find_part(found, target, path_length, route->series));
    copy_name(match->library, find_parameter(target, path_length, "libraryId"));
    copy_name(match->key, (route->flags & PROGRESS) != 0
                              ? found->stars[0]
                              : find_parameter(target, path_length, "apiKey"));
    return true;
}

bool planche_proxy_match_page(const char *target, size_t path_length,
                              struct planche_proxy_match *match)
{
    struct found found;
    for (size_t at = 0; at < path_length; at++) {
        if (target[at] != '/')
            continue;
        for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
            *match = (struct planche_proxy_match){.prefix = at};
            if (fits(routes[i].path, target + at, path_length - at, &found) &&
                take(&routes[i], &found, target, path_length, match))
                return true;
        }
    }
    return false;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Whether a parameter has a name, in whatever case and however it is escaped. */
static bool is_named(const char *text, size_t size, const char *name)
{
    size_t i = 0;
    for (; *name && i < size; name++, i++) {
        char c = text[i];
        if (c == '%' && i + 2 < size && hex_digit(text[i + 1]) >= 0 &&
            hex_digit(text[i + 2]) >= 0) {
            c = (char)(16 * hex_digit(text[i + 1]) + hex_digit(text[i + 2]));
            i += 2;
        }
        if ((c | 0x20) != (*name | 0x20))
            return false;
    }
    return *name == 0 && (i == size || text[i] == '=');
}

/* Suwayomi takes a page for read if the address says so. */
static void take_progress_off(char *target)
{
    char *query = target + strcspn(target, "?"), *out = query, *next = query;
    while (*next) {
        size_t size = 1 + strcspn(next + 1, "&"); /* with the mark before it */
        if (!is_named(next + 1, size - 1, "updateProgress")) {
            memmove(out, next, size);
            *out = out == query ? '?' : '&';
            out += size;
        }
        next += size;
    }
    *out = 0;
}

bool planche_proxy_page_target(const char *target, const struct planche_proxy_match *match,
                               uint32_t number, char *out, size_t size)
{
    int length;
    if ((match->flags & PLANCHE_PROXY_PROGRESS) != 0) {
        if (*match->book == 0 || *match->key == 0)
            return false;
        length = snprintf(out, size, "%.*s/api/reader/image?chapterId=%s&page=%u&apiKey=%s",
                          (int)match->prefix, target, match->book, number, match->key);
    } else {
        length = snprintf(out, size, "%.*s%u%s", (int)match->number_at, target, number,
                          target + match->number_at + match->number_size);
    }
    if (length < 0 || (size_t)length >= size)
        return false;
    take_progress_off(out);
    return true;
}
