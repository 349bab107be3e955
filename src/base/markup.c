/* SPDX-License-Identifier: MIT */
/* Markup scanner: a single forward pass that tolerates whatever is not well-formed. */
#include "base/markup.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool ends_name(char c)
{
    return is_space(c) || c == '/' || c == '>' || c == '=' || c == '<';
}

/* Behind the first `mark` from `at` on; SIZE_MAX: there is none. */
static size_t find_behind(const char *data, size_t size, size_t at, const char *mark)
{
    const char *found = memmem(data + at, size - at, mark, strlen(mark));
    return found ? (size_t)(found - data) + strlen(mark) : SIZE_MAX;
}

/* Behind what begins with '<' and is no tag; `at` itself: it is one; SIZE_MAX: it does not end. */
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

/* Behind the '>' of the tag that begins at `at`; SIZE_MAX: there is none. */
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
    return SIZE_MAX;
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
        *broken = behind == SIZE_MAX;
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

bool planche_markup_begins(const char *data, struct planche_span part, const char *wanted)
{
    size_t length = strlen(wanted);
    return part.end - part.at >= length && memcmp(data + part.at, wanted, length) == 0;
}

bool planche_markup_equals(const char *data, struct planche_span part, const char *wanted)
{
    return part.end - part.at == strlen(wanted) && planche_markup_begins(data, part, wanted);
}

void planche_markup_copy_until(struct planche_markup_edit *edit, size_t at)
{
    assert(at >= edit->copied);
    planche_text_buffer_put(edit->out, edit->data + edit->copied, at - edit->copied);
    edit->copied = at;
}

void planche_markup_replace(struct planche_markup_edit *edit, struct planche_span part,
                            const char *text, size_t size)
{
    assert(part.end >= part.at);
    planche_markup_copy_until(edit, part.at);
    planche_text_buffer_put(edit->out, text, size);
    edit->copied = part.end;
}

static void keep(struct planche_tag_reader *reader, const char *data, size_t size)
{
    /* The last byte is for '>'. */
    size_t capacity = PLANCHE_TAG_READER_BYTES - 1 - reader->size;
    size_t kept = size < capacity ? size : capacity;
    memcpy(reader->text + reader->size, data, kept);
    reader->size += kept;
    reader->last = data[size - 1];
}

/* How many bytes come before one that may change what is being read. */
static size_t plain_length(const struct planche_tag_reader *reader, const char *data, size_t size)
{
    size_t length = 0;
    const char *found;
    if (reader->size == 0 || reader->quote) {
        found = memchr(data, reader->size ? reader->quote : '<', size);
        return found ? (size_t)(found - data) : size;
    }
    while (length < size && data[length] != '>' && data[length] != '"' && data[length] != '\'')
        length++;
    return length;
}

static void complete(struct planche_tag_reader *reader, struct planche_tag *tag)
{
    bool empty = reader->last == '/';
    reader->text[reader->size++] = '>';
    reader->text[reader->size] = 0;
    tag->whole = (struct planche_span){0, reader->size};
    describe(reader->text, tag);
    tag->empty = empty;
    reader->size = 0;
}

bool planche_tag_reader_next(struct planche_tag_reader *reader, const char *data, size_t size,
                             size_t *at, struct planche_tag *tag)
{
    while (*at < size) {
        size_t length = plain_length(reader, data + *at, size - *at);
        if (length && reader->size)
            keep(reader, data + *at, length);
        *at += length;
        if (*at == size)
            return false;
        char c = data[(*at)++];
        if (c == '>' && !reader->quote) {
            complete(reader, tag);
            return true;
        }
        keep(reader, &c, 1);
        if (c != '<')
            reader->quote = reader->quote ? 0 : c;
    }
    return false;
}
