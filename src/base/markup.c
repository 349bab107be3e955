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

/* Where in a tag the scanner is, by the rules of HTML: a quote counts where a value begins, and
 * nowhere else. */
enum place {
    PLACE_BETWEEN, /* attributes; what follows the tag's name */
    PLACE_NAME,    /* in or behind an attribute's name */
    PLACE_EQUALS,  /* behind '=' */
    PLACE_VALUE,   /* in one without quotes */
    PLACE_DOUBLE,  /* in one with double quotes */
    PLACE_SINGLE,
    PLACE_TAG, /* in the tag's name */
};

static enum place begin_value(char c)
{
    if (is_space(c))
        return PLACE_EQUALS;
    return c == '"' ? PLACE_DOUBLE : c == '\'' ? PLACE_SINGLE : PLACE_VALUE;
}

/* The place behind a byte of a tag, which does not end it. */
static enum place advance(enum place place, char c)
{
    switch (place) {
    case PLACE_TAG:
        return ends_name(c) ? PLACE_BETWEEN : PLACE_TAG;
    case PLACE_BETWEEN:
        return ends_name(c) ? PLACE_BETWEEN : PLACE_NAME;
    case PLACE_NAME:
        if (c == '=')
            return PLACE_EQUALS;
        return c == '/' || c == '<' ? PLACE_BETWEEN : PLACE_NAME;
    case PLACE_EQUALS:
        return begin_value(c);
    case PLACE_VALUE:
        return is_space(c) ? PLACE_BETWEEN : PLACE_VALUE;
    case PLACE_DOUBLE:
        return c == '"' ? PLACE_BETWEEN : PLACE_DOUBLE;
    case PLACE_SINGLE:
        break;
    }
    return c == '\'' ? PLACE_BETWEEN : PLACE_SINGLE;
}

static bool is_quoted(enum place place)
{
    return place == PLACE_DOUBLE || place == PLACE_SINGLE;
}

/* Behind the '>' of the tag that begins at `at`; SIZE_MAX: there is none. */
static size_t find_end(const char *data, size_t size, size_t at)
{
    enum place place = PLACE_TAG;
    at++;
    at += at < size && data[at] == '/';
    for (; at < size; at++) {
        if (data[at] == '>' && !is_quoted(place))
            return at + 1;
        place = advance(place, data[at]);
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
    assert(data && size > 0);
    memcpy(reader->text + reader->size, data, kept);
    reader->size += kept;
    reader->last = data[size - 1];
}

/* The byte that ends what is being read, and nothing before it does; 0: any may. */
static char end_of(const struct planche_tag_reader *reader)
{
    if (reader->size == 0)
        return '<';
    return reader->place == PLACE_DOUBLE ? '"' : reader->place == PLACE_SINGLE ? '\'' : 0;
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
    reader->place = PLACE_TAG;
}

/* Reads up to a byte that means something, or all. */
static size_t skip(struct planche_tag_reader *reader, const char *data, size_t size)
{
    char end = end_of(reader);
    const char *found = end ? memchr(data, end, size) : data;
    size_t length = found ? (size_t)(found - data) : size;
    if (length && reader->size)
        keep(reader, data, length);
    return length;
}

bool planche_tag_reader_next(struct planche_tag_reader *reader, const char *data, size_t size,
                             size_t *at, struct planche_tag *tag)
{
    for (*at += skip(reader, data + *at, size - *at); *at < size;
         *at += skip(reader, data + *at, size - *at)) {
        char c = data[(*at)++];
        if (c == '>' && !is_quoted((enum place)reader->place)) {
            complete(reader, tag);
            return true;
        }
        bool begins = reader->size == 0 || (reader->size == 1 && c == '/');
        reader->place = begins ? PLACE_TAG : advance((enum place)reader->place, c);
        keep(reader, &c, 1);
    }
    return false;
}
