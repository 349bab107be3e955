/* SPDX-License-Identifier: MIT */
/* ComicInfo.xml: an edit of the sizes and numbers of its images. */
#include "book/comicinfo.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* An edit of a ComicInfo.xml. */
struct edit {
    struct planche_markup_edit text;
    size_t size;
    const struct planche_comicinfo_image *images;
    size_t count;
    size_t outputs; /* of all images */
};

static void replace_number(struct edit *edit, struct planche_span span, uint64_t number)
{
    char text[24];
    int length = snprintf(text, sizeof text, "%" PRIu64, number);
    planche_markup_replace(&edit->text, span, text, (size_t)length);
}

static bool parse_number(const struct edit *edit, struct planche_span span, size_t *number)
{
    *number = 0;
    if (span.end == span.at || span.end - span.at > 9)
        return false;
    for (size_t i = span.at; i < span.end; i++) {
        if (edit->text.data[i] < '0' || edit->text.data[i] > '9')
            return false;
        *number = *number * 10 + (size_t)(edit->text.data[i] - '0');
    }
    return true;
}

/* The image that a <Page> is about; false: it does not say, or there is none. */
static bool find_image(const struct edit *edit, const struct planche_tag *tag, size_t *image)
{
    struct planche_attribute attribute;
    size_t at = tag->name.end;
    while (planche_markup_attribute(edit->text.data, tag, &at, &attribute))
        if (planche_markup_is(edit->text.data, attribute.name, "Image"))
            return parse_number(edit, attribute.value, image) && *image < edit->count;
    return false;
}

static void update(struct edit *edit, const struct planche_tag *tag, size_t image)
{
    const struct planche_comicinfo_image *now = &edit->images[image];
    struct planche_attribute attribute;
    size_t at = tag->name.end;
    while (planche_markup_attribute(edit->text.data, tag, &at, &attribute)) {
        if (planche_markup_is(edit->text.data, attribute.name, "Image") && now->number != image)
            replace_number(edit, attribute.value, now->number);
        if (!now->changed)
            continue;
        if (planche_markup_is(edit->text.data, attribute.name, "ImageSize"))
            replace_number(edit, attribute.value, now->bytes);
        if (planche_markup_is(edit->text.data, attribute.name, "ImageWidth"))
            replace_number(edit, attribute.value, now->width);
        if (planche_markup_is(edit->text.data, attribute.name, "ImageHeight"))
            replace_number(edit, attribute.value, now->height);
    }
}

/* Drops an element, and the space before it. *at is behind its first tag. */
static void drop(struct edit *edit, const struct planche_tag *tag, size_t *at)
{
    size_t begin = tag->whole.at;
    struct planche_tag next = *tag;
    bool broken;
    while (begin > edit->text.copied && strchr(" \t\r\n", edit->text.data[begin - 1]))
        begin--;
    planche_markup_copy_until(&edit->text, begin);
    if (!tag->empty)
        while (planche_markup_next(edit->text.data, edit->size, at, &next, &broken) &&
               !(next.closing && planche_markup_is(edit->text.data, next.name, "Page")))
            continue;
    edit->text.copied = *at;
}

/* The text of <PageCount>, when the number of images has changed. */
static void update_count(struct edit *edit, const struct planche_tag *tag)
{
    const char *end = memchr(edit->text.data + tag->whole.end, '<', edit->size - tag->whole.end);
    size_t number;
    if (!end || tag->empty || edit->outputs == edit->count)
        return;
    const struct planche_span value = {tag->whole.end, (size_t)(end - edit->text.data)};
    if (parse_number(edit, value, &number) && number == edit->count)
        replace_number(edit, value, edit->outputs);
}

const char *planche_comicinfo_edit(const char *data, size_t size,
                                   const struct planche_comicinfo_image *images, size_t count,
                                   struct planche_text_buffer *out)
{
    struct edit edit = {
        .text = {.data = data, .out = out}, .size = size, .images = images, .count = count};
    struct planche_tag tag;
    bool broken = false, rooted = false;
    size_t at = 0, image;
    for (size_t i = 0; i < count; i++)
        edit.outputs += images[i].outputs;
    if (size >= 2 && (memcmp(data, "\xff\xfe", 2) == 0 || memcmp(data, "\xfe\xff", 2) == 0))
        return "is in UTF-16";
    while (planche_markup_next(data, size, &at, &tag, &broken)) {
        rooted |= planche_markup_is(data, tag.name, "ComicInfo");
        if (tag.closing)
            continue;
        if (planche_markup_is(data, tag.name, "PageCount"))
            update_count(&edit, &tag);
        if (!planche_markup_is(data, tag.name, "Page") || !find_image(&edit, &tag, &image))
            continue;
        if (images[image].outputs)
            update(&edit, &tag, image);
        else
            drop(&edit, &tag, &at);
    }
    planche_markup_copy_until(&edit.text, size);
    return broken ? "has a tag without an end" : rooted ? NULL : "has no <ComicInfo>";
}

/* Most elements that can be filled in at once. */
#define MAX_FIELDS 64u

static void put_field(struct planche_text_buffer *out, const struct planche_comicinfo_field *field)
{
    planche_text_buffer_put(out, "  <", 3);
    planche_text_buffer_put(out, field->name, strlen(field->name));
    planche_text_buffer_put(out, ">", 1);
    planche_text_buffer_put(out, field->content, strlen(field->content));
    planche_text_buffer_put(out, "</", 2);
    planche_text_buffer_put(out, field->name, strlen(field->name));
    planche_text_buffer_put(out, ">\n", 2);
}

const char *planche_comicinfo_fill(const char *data, size_t size,
                                   const struct planche_comicinfo_field *fields, size_t count,
                                   struct planche_text_buffer *out)
{
    struct planche_markup_edit edit = {.data = data, .out = out};
    struct planche_tag tag, end = {0}; /* end: of the root, or all of it if it is empty */
    bool had[MAX_FIELDS] = {false}, broken = false;
    if (size >= 2 && (memcmp(data, "\xff\xfe", 2) == 0 || memcmp(data, "\xfe\xff", 2) == 0))
        return "is in UTF-16";
    for (size_t at = 0; planche_markup_next(data, size, &at, &tag, &broken);) {
        if (planche_markup_is(data, tag.name, "ComicInfo") && (tag.closing || tag.empty))
            end = tag;
        for (size_t i = 0; i < count && i < MAX_FIELDS && !tag.closing; i++)
            had[i] = had[i] || planche_markup_is(data, tag.name, fields[i].name);
    }
    if (broken || end.whole.end == 0)
        return broken ? "has a tag without an end" : "has no <ComicInfo>";
    if (end.empty) {
        /* "<ComicInfo a='b' />" becomes a pair. */
        planche_markup_copy_until(&edit, end.whole.end - 2);
        planche_text_buffer_put(out, ">\n", 2);
        edit.copied = end.whole.end;
    } else {
        planche_markup_copy_until(&edit, end.whole.at);
    }
    for (size_t i = 0; i < count && i < MAX_FIELDS; i++)
        if (!had[i] && fields[i].content)
            put_field(out, &fields[i]);
    if (end.empty)
        planche_text_buffer_put(out, "</ComicInfo>", 12);
    planche_markup_copy_until(&edit, size);
    return NULL;
}
