/* SPDX-License-Identifier: MIT */
/* A small, tolerant scanner of markup. */
#include "book/markup.h"

#include "base/checked.h"

#include <string.h>
#include <strings.h>

void planche_text_put(struct planche_text *text, const char *data, size_t size)
{
    size_t wanted;
    if (text->failed || size == 0)
        return;
    if (!planche_add_size(text->size, size, &wanted) || wanted > SIZE_MAX / 2) {
        text->failed = true;
        return;
    }
    if (wanted > text->capacity) {
        size_t capacity = wanted + wanted / 8 + 256;
        char *grown = planche_realloc(text->budget, text->data, capacity);
        text->failed = !grown;
        if (!grown)
            return;
        text->data = grown;
        text->capacity = capacity;
    }
    memcpy(text->data + text->size, data, size);
    text->size = wanted;
}

void planche_text_free(struct planche_text *text)
{
    planche_free(text->data);
    *text = (struct planche_text){.budget = text->budget};
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool ends_name(char c)
{
    return is_space(c) || c == '/' || c == '>' || c == '=' || c == '<';
}

/* Behind the first `mark` from `at` on; 0: there is none. */
static size_t find_behind(const char *data, size_t size, size_t at, const char *mark)
{
    const char *found = memmem(data + at, size - at, mark, strlen(mark));
    return found ? (size_t)(found - data) + strlen(mark) : 0;
}

/* Behind what begins with '<' and is no tag; `at` itself: it is one; 0: it does not end. */
static size_t pass_over(const char *data, size_t size, size_t at)
{
    static const struct {
        const char *begin, *end;
    } others[] = {{"<!--", "-->"}, {"<![CDATA[", "]]>"}, {"<?", "?>"}, {"<!", ">"}};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        size_t length = strlen(others[i].begin);
        if (size - at >= length && memcmp(data + at, others[i].begin, length) == 0)
            return find_behind(data, size, at + length, others[i].end);
    }
    return at;
}

/* Behind the '>' of the tag that begins at `at`; 0: there is none. */
static size_t find_end(const char *data, size_t size, size_t at)
{
    char quote = 0;
    for (; at < size; at++) {
        if (quote)
            quote = data[at] == quote ? 0 : quote;
        else if (data[at] == '"' || data[at] == '\'')
            quote = data[at];
        else if (data[at] == '>')
            return at + 1;
    }
    return 0;
}

static void describe(const char *data, struct planche_tag *tag)
{
    size_t at = tag->whole.at + 1;
    tag->closing = data[at] == '/';
    tag->empty = data[tag->whole.end - 2] == '/';
    at += tag->closing;
    tag->name.at = at;
    while (!ends_name(data[at]))
        at++;
    tag->name.end = at;
}

bool planche_markup_next(const char *data, size_t size, size_t *at, struct planche_tag *tag,
                         bool *broken)
{
    *broken = false;
    while (*at < size) {
        const char *open = memchr(data + *at, '<', size - *at);
        if (!open)
            return false;
        size_t begin = (size_t)(open - data), behind = pass_over(data, size, begin);
        bool is_tag = behind == begin;
        if (is_tag)
            behind = find_end(data, size, begin);
        *broken = behind == 0;
        if (*broken)
            return false;
        *at = behind;
        if (!is_tag)
            continue;
        tag->whole = (struct planche_span){begin, behind};
        describe(data, tag);
        return true;
    }
    return false;
}

bool planche_markup_attribute(const char *data, const struct planche_tag *tag, size_t *at,
                              struct planche_attribute *attribute)
{
    size_t end = tag->whole.end - 1, i = *at; /* data[end] is '>' */
    while (i < end && (is_space(data[i]) || data[i] == '/' || data[i] == '='))
        i++;
    attribute->name.at = i;
    while (i < end && !ends_name(data[i]))
        i++;
    attribute->name.end = i;
    while (i < end && is_space(data[i]))
        i++;
    attribute->value = (struct planche_span){i, i};
    if (i < end && data[i] == '=') {
        i++;
        while (i < end && is_space(data[i]))
            i++;
        char quote = i < end && (data[i] == '"' || data[i] == '\'') ? data[i++] : 0;
        attribute->value.at = i;
        while (i < end && (quote ? data[i] != quote : !is_space(data[i])))
            i++;
        attribute->value.end = i;
        i += quote && i < end;
    }
    bool found = attribute->name.end > attribute->name.at;
    *at = found || i > *at ? i : end;
    return found;
}

bool planche_markup_is(const char *data, struct planche_span name, const char *wanted)
{
    const char *colon = memrchr(data + name.at, ':', name.end - name.at);
    if (colon)
        name.at = (size_t)(colon - data) + 1;
    size_t length = strlen(wanted);
    return name.end - name.at == length && strncasecmp(data + name.at, wanted, length) == 0;
}
