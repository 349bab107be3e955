/* SPDX-License-Identifier: MIT */
/* What a text of an EPUB shows. Style sheets of their own files are not read. */
#include "book/shown.h"

#include "base/text.h"
#include "book/epub.h"

#include <string.h>
#include <strings.h>

/* A text while it is read. */
struct reading {
    struct planche_shown *shown;
    const char *name, *data;
    size_t filled; /* bytes of the sample */
    bool space;    /* it goes on behind one */
    bool words;    /* there is text */
    planche_shown_image_fn image;
    void *user;
    bool stopped;
};

static void take_image(struct reading *reading, struct planche_span reference)
{
    char path[PLANCHE_ENTRY_NAME_BYTES + 1];
    if (!reading->stopped && planche_epub_resolve(reading->name, reading->data, reference, path))
        reading->stopped = !reading->image(reading->user, path);
}

/* Every url(...) of a style. */
static void take_style(struct reading *reading, struct planche_span style)
{
    const char *data = reading->data;
    for (size_t at = style.at; at + 4 < style.end; at++) {
        if (strncasecmp(data + at, "url(", 4) != 0)
            continue;
        struct planche_span url = {at + 4, at + 4};
        while (url.at < style.end && strchr(" \t\r\n\"'", data[url.at]) && data[url.at])
            url.at++;
        url.end = url.at;
        while (url.end < style.end && !strchr(" \t\r\n\"')", data[url.end]))
            url.end++;
        take_image(reading, url);
        at = url.end;
    }
}

static void take_images(struct reading *reading, const struct planche_tag *tag)
{
    /* Attributes by the elements that show what they refer to. */
    static const char *const shows[][2] = {
        {"img", "src"}, {"image", "href"}, {"object", "data"}, {"embed", "src"}, {"input", "src"}};
    struct planche_attribute a;
    for (size_t at = tag->name.end; planche_markup_attribute(reading->data, tag, &at, &a);) {
        for (size_t i = 0; i < sizeof shows / sizeof *shows; i++)
            if (planche_markup_is(reading->data, tag->name, shows[i][0]) &&
                planche_markup_is(reading->data, a.name, shows[i][1]))
                take_image(reading, a.value);
        if (planche_markup_is(reading->data, a.name, "style"))
            take_style(reading, a.value);
    }
}

/* Bytes of a blank, as text or as an entity; 0: it is none. */
static size_t blank_length(const char *text, size_t size)
{
    static const char *const blanks[] = {" ",        "\t",           "\r",           "\n",
                                         "\xc2\xa0", "\xe3\x80\x80", "\xe2\x80\x8b", "\xef\xbb\xbf",
                                         "&nbsp;",   "&#160;",       "&#xa0;",       "&#xA0;",
                                         "&#32;",    "&#x20;"};
    for (size_t i = 0; i < sizeof blanks / sizeof *blanks; i++) {
        size_t length = strlen(blanks[i]);
        if (size >= length && memcmp(text, blanks[i], length) == 0)
            return length;
    }
    return 0;
}

/* Bytes of markup that is no tag; 0: there is none. */
static size_t other_length(const char *text, size_t size)
{
    static const char *const others[][2] = {{"<!--", "-->"}, {"<?", "?>"}, {"<!", ">"}};
    static const char data[] = "<![CDATA[";
    if (size >= sizeof data - 1 && memcmp(text, data, sizeof data - 1) == 0)
        return sizeof data - 1;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        size_t begin = strlen(others[i][0]);
        if (size < begin || memcmp(text, others[i][0], begin) != 0)
            continue;
        const char *end = memmem(text + begin, size - begin, others[i][1], strlen(others[i][1]));
        return end ? (size_t)(end - text) + strlen(others[i][1]) : size;
    }
    return 0;
}

static void add_byte(struct reading *reading, char byte)
{
    char *sample = reading->shown->sample;
    if (reading->space && reading->filled > 0 && reading->filled + 1 < PLANCHE_SHOWN_SAMPLE)
        sample[reading->filled++] = ' ';
    if (reading->filled + 1 < PLANCHE_SHOWN_SAMPLE)
        sample[reading->filled++] = byte;
    reading->space = false;
    reading->words = true;
}

static void take_text(struct reading *reading, struct planche_span text)
{
    const char *data = reading->data;
    for (size_t at = text.at; at < text.end;) {
        size_t other = other_length(data + at, text.end - at);
        size_t blank = other ? 0 : blank_length(data + at, text.end - at);
        reading->space = reading->space || blank > 0;
        if (!other && !blank)
            add_byte(reading, data[at]);
        at += other + blank > 0 ? other + blank : 1;
    }
}

/* Elements whose content is no text of the page. */
static bool hides_text(const char *data, struct planche_span name)
{
    static const char *const names[] = {"head", "script", "style", "title", "desc", "metadata"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (planche_markup_is(data, name, names[i]))
            return true;
    return false;
}

static bool is_shape(const char *data, struct planche_span name)
{
    static const char *const names[] = {"path", "circle", "ellipse", "polygon", "polyline", "line"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (planche_markup_is(data, name, names[i]))
            return true;
    return false;
}

static bool is_same_name(const char *data, struct planche_span a, struct planche_span b)
{
    return a.end - a.at == b.end - b.at && memcmp(data + a.at, data + b.at, a.end - a.at) == 0;
}

bool planche_shown_read(struct planche_shown *shown, const char *name, const char *data,
                        size_t size, planche_shown_image_fn image, void *user)
{
    struct reading reading = {
        .shown = shown, .name = name, .data = data, .image = image, .user = user};
    struct planche_span hidden = {0, 0}; /* name of the element around */
    struct planche_tag tag;
    bool broken = false;
    size_t behind = 0;
    *shown = (struct planche_shown){0};
    for (size_t at = 0; !reading.stopped && planche_markup_next(data, size, &at, &tag, &broken);) {
        struct planche_span between = {behind, tag.whole.at};
        bool inside = hidden.end > 0;
        if (!inside)
            take_text(&reading, between);
        else if (planche_markup_is(data, hidden, "style") ||
                 planche_markup_is(data, hidden, "head"))
            take_style(&reading, between);
        behind = tag.whole.end;
        if (inside && tag.closing && is_same_name(data, tag.name, hidden))
            hidden = (struct planche_span){0, 0};
        else if (!inside && !tag.closing && !tag.empty && hides_text(data, tag.name))
            hidden = tag.name;
        if (!tag.closing)
            take_images(&reading, &tag);
        shown->drawing = shown->drawing || is_shape(data, tag.name);
    }
    if (hidden.end == 0 && !broken && !reading.stopped)
        take_text(&reading, (struct planche_span){behind, size});
    planche_text_clean(shown->sample);
    if (reading.words && !*shown->sample)
        strcpy(shown->sample, "?");
    return !reading.stopped;
}
