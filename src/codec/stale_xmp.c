/* SPDX-License-Identifier: MIT */
/* Removal of properties by their namespaces. A property is an attribute, or an element with all
 * that is in it. */
#include "codec/stale_xmp.h"

#include "base/markup.h"
#include "base/status.h"
#include "codec/format.h"

#include <string.h>

/* Prefixes of a packet that are looked at: a hostile one may have any number. */
#define MAX_PREFIXES 32

/* Properties that go: all of a namespace, or those whose names begin so. */
struct rule {
    const char *space;
    const char *name; /* NULL: all, and the declaration of the namespace */
    unsigned lost;
    bool items; /* the property Semantic tells what is lost */
};

#define GOOGLE "http://ns.google.com/photos/"

static const struct rule rules[] = {
    {"http://ns.adobe.com/hdr-gain-map/1.0/", NULL, PLANCHE_LOST_GAIN_MAP, false},
    {"http://ns.apple.com/HDRGainMap/1.0/", NULL, PLANCHE_LOST_GAIN_MAP, false},
    {GOOGLE "1.0/camera/", "MotionPhoto", PLANCHE_LOST_VIDEO, false},
    {GOOGLE "1.0/camera/", "MicroVideo", PLANCHE_LOST_VIDEO, false},
    {"http://ns.oneplus.com/media/1.0/", NULL, PLANCHE_LOST_VIDEO, false},
    {GOOGLE "1.0/depthmap/", NULL, PLANCHE_LOST_DEPTH, false},
    {GOOGLE "1.0/image/", NULL, PLANCHE_LOST_PICTURES, false},
    {GOOGLE "1.0/audio/", NULL, PLANCHE_LOST_AUDIO, false},
    {GOOGLE "1.0/container/", NULL, 0, false},
    {GOOGLE "1.0/container/item/", NULL, 0, true},
    {GOOGLE "dd/1.0/container/", NULL, 0, false},
    {GOOGLE "dd/1.0/item/", NULL, 0, true},
    {GOOGLE "dd/1.0/device/", NULL, PLANCHE_LOST_DEPTH, false},
    {GOOGLE "dd/1.0/profile/", NULL, PLANCHE_LOST_DEPTH, false},
    {GOOGLE "dd/1.0/camera/", NULL, PLANCHE_LOST_DEPTH, false},
    {GOOGLE "dd/1.0/depthmap/", NULL, PLANCHE_LOST_DEPTH, false},
    {GOOGLE "dd/1.0/image/", NULL, PLANCHE_LOST_DEPTH, false},
    {"http://ns.adobe.com/xap/1.0/", "Thumbnails", 0, false},
    {"http://ns.adobe.com/xmp/note/", "HasExtendedXMP", PLANCHE_LOST_XMP, false},
    {"http://purl.org/dc/terms/", "provenance", 0, false}, /* points to a manifest in the file */
};
#define RULES (sizeof rules / sizeof *rules)

/* What a prefix stands for; a NULL space: for several namespaces, so that nothing is certain. */
struct prefix {
    struct planche_span name;
    const char *space;
};

/* A packet, and what is to go. */
struct packet {
    const char *data;
    size_t size;
    struct prefix prefixes[MAX_PREFIXES];
    size_t count;
    unsigned lost;
    bool changed;
    struct planche_markup_edit edit;
};

static const char *find_space(const char *data, struct planche_span value)
{
    for (size_t i = 0; i < RULES; i++)
        if (planche_markup_equals(data, value, rules[i].space))
            return rules[i].space;
    return NULL;
}

static bool same(const char *data, struct planche_span a, struct planche_span b)
{
    return a.end - a.at == b.end - b.at && memcmp(data + a.at, data + b.at, a.end - a.at) == 0;
}

/* The prefix that an attribute declares: xmlns:PREFIX="...". False: it declares none. */
static bool get_declared(const char *data, const struct planche_attribute *attribute,
                         struct planche_span *name)
{
    static const char declaration[] = "xmlns:";
    *name = attribute->name;
    if (!planche_markup_begins(data, attribute->name, declaration))
        return false;
    name->at += sizeof declaration - 1;
    return name->end > name->at;
}

static struct prefix *find_prefix(struct packet *packet, struct planche_span name)
{
    for (size_t i = 0; i < packet->count; i++)
        if (same(packet->data, packet->prefixes[i].name, name))
            return &packet->prefixes[i];
    return NULL;
}

/* Notes what a prefix stands for. Namespaces that no rule is about are noted only for prefixes that
 * stand for others too. */
static void note_prefix(struct packet *packet, const struct planche_attribute *attribute,
                        bool second)
{
    struct planche_span name;
    if (!get_declared(packet->data, attribute, &name))
        return;
    const char *space = find_space(packet->data, attribute->value);
    struct prefix *known = find_prefix(packet, name);
    if (second) {
        if (known && known->space != space)
            known->space = NULL;
    } else if (!known && space && packet->count < MAX_PREFIXES) {
        packet->prefixes[packet->count++] = (struct prefix){name, space};
    }
}

static void find_prefixes(struct packet *packet, bool second)
{
    struct planche_tag tag;
    struct planche_attribute attribute;
    bool broken;
    for (size_t at = 0; planche_markup_next(packet->data, packet->size, &at, &tag, &broken);)
        for (size_t in = tag.name.end;
             planche_markup_attribute(packet->data, &tag, &in, &attribute);)
            note_prefix(packet, &attribute, second);
}

/* The rule by which a property goes; NULL: it stays. *local is its name without the prefix. */
static const struct rule *find_rule(struct packet *packet, struct planche_span name,
                                    struct planche_span *local)
{
    const char *data = packet->data, *colon = memchr(data + name.at, ':', name.end - name.at);
    if (!colon)
        return NULL;
    *local = (struct planche_span){(size_t)(colon - data) + 1, name.end};
    const struct prefix *prefix =
        find_prefix(packet, (struct planche_span){name.at, (size_t)(colon - data)});
    for (size_t i = 0; prefix && prefix->space && i < RULES; i++)
        if (strcmp(rules[i].space, prefix->space) == 0 &&
            (!rules[i].name || planche_markup_begins(data, *local, rules[i].name)))
            return &rules[i];
    return NULL;
}

/* What an item of the file is. */
static unsigned lost_by_semantic(const char *data, struct planche_span value)
{
    static const struct {
        const char *name;
        unsigned lost;
    } semantics[] = {
        {"Primary", 0},
        {"GainMap", PLANCHE_LOST_GAIN_MAP},
        {"MotionPhoto", PLANCHE_LOST_VIDEO},
        {"Depth", PLANCHE_LOST_DEPTH},
        {"Confidence", PLANCHE_LOST_DEPTH},
    };
    for (size_t i = 0; i < sizeof semantics / sizeof *semantics; i++)
        if (planche_markup_begins(data, value, semantics[i].name))
            return semantics[i].lost;
    return value.end > value.at ? PLANCHE_LOST_PICTURES : 0;
}

/* Whether a property goes; notes what is lost with it. */
static bool goes(struct packet *packet, struct planche_span name, struct planche_span value)
{
    struct planche_span local;
    const struct rule *rule = find_rule(packet, name, &local);
    if (!rule)
        return false;
    packet->lost |= rule->lost;
    if (rule->items && planche_markup_equals(packet->data, local, "Semantic"))
        packet->lost |= lost_by_semantic(packet->data, value);
    return true;
}

/* Whether an attribute declares a namespace of which nothing stays. */
static bool declares_stale(struct packet *packet, const struct planche_attribute *attribute)
{
    struct planche_span name;
    const struct prefix *prefix =
        get_declared(packet->data, attribute, &name) ? find_prefix(packet, name) : NULL;
    for (size_t i = 0; prefix && prefix->space && i < RULES; i++)
        if (strcmp(rules[i].space, prefix->space) == 0)
            return !rules[i].name;
    return false;
}

/* Parts of text that is not well-formed may overlap. */
static void remove_part(struct packet *packet, struct planche_span part)
{
    if (part.at < packet->edit.copied)
        part.at = packet->edit.copied;
    if (part.end <= part.at)
        return;
    packet->changed = true;
    planche_markup_replace(&packet->edit, part, "", 0);
}

/* An attribute with its quotes, if it has a value, and the spaces before it. */
static struct planche_span whole_attribute(const struct packet *packet,
                                           const struct planche_attribute *attribute)
{
    const char *data = packet->data;
    struct planche_span part = attribute->name;
    bool quoted = memchr("\"'", data[attribute->value.end], 2) &&
                  data[attribute->value.at - 1] == data[attribute->value.end];
    if (quoted || attribute->value.end > attribute->value.at)
        part.end = attribute->value.end + quoted;
    while (part.at > 0 && strchr(" \t\r\n", data[part.at - 1]) && data[part.at - 1])
        part.at--;
    return part;
}

/* Notes the attributes of a tag, and removes those that go unless the whole element does. */
static void look_at_attributes(struct packet *packet, const struct planche_tag *tag, bool inside)
{
    struct planche_attribute attribute;
    for (size_t in = tag->name.end; planche_markup_attribute(packet->data, tag, &in, &attribute);) {
        bool stale = goes(packet, attribute.name, attribute.value);
        if (!inside && (stale || declares_stale(packet, &attribute)))
            remove_part(packet, whole_attribute(packet, &attribute));
    }
}

/* The text behind a tag. */
static struct planche_span text_behind(const struct packet *packet, const struct planche_tag *tag)
{
    size_t at = tag->whole.end;
    const char *end = tag->empty ? NULL : memchr(packet->data + at, '<', packet->size - at);
    return (struct planche_span){at, end ? (size_t)(end - packet->data) : at};
}

static void remove_properties(struct packet *packet)
{
    struct planche_tag tag;
    bool broken;
    size_t begin = 0, depth = 0; /* of the element that goes; 0: none does */
    for (size_t at = 0; planche_markup_next(packet->data, packet->size, &at, &tag, &broken);) {
        if (tag.closing) {
            if (depth > 0 && --depth == 0)
                remove_part(packet, (struct planche_span){begin, tag.whole.end});
            continue;
        }
        bool stale = goes(packet, tag.name, text_behind(packet, &tag));
        if (stale && depth == 0)
            begin = tag.whole.at;
        look_at_attributes(packet, &tag, stale || depth > 0);
        if (stale && depth == 0 && tag.empty)
            remove_part(packet, tag.whole);
        else if (!tag.empty && (stale || depth > 0))
            depth++;
    }
}

/* The packet becomes the text that was put together, with a zero byte behind it as all blobs have.
 */
static enum planche_status take_text(struct planche_blob *xmp, struct planche_text_buffer *text,
                                     const char *name, struct planche_error *error)
{
    planche_text_buffer_put(text, "", 1);
    if (text->failed)
        return planche_fail_memory(error, text->budget, xmp->size, name);
    planche_free(xmp->data);
    *xmp = (struct planche_blob){(uint8_t *)text->data, text->size - 1};
    text->data = NULL;
    return PLANCHE_OK;
}

enum planche_status planche_stale_xmp_remove(struct planche_blob *xmp, unsigned *lost,
                                             struct planche_budget *budget, const char *name,
                                             struct planche_error *error)
{
    struct planche_text_buffer text = {.budget = budget};
    struct packet packet = {.data = (const char *)xmp->data, .size = xmp->size};
    enum planche_status status = PLANCHE_OK;
    if (xmp->size == 0)
        return PLANCHE_OK;
    find_prefixes(&packet, false);
    if (packet.count == 0)
        return PLANCHE_OK;
    find_prefixes(&packet, true);
    packet.edit = (struct planche_markup_edit){.data = packet.data, .out = &text};
    remove_properties(&packet);
    *lost |= packet.lost;
    if (packet.changed) {
        planche_markup_copy_until(&packet.edit, packet.size);
        status = take_text(xmp, &text, name, error);
    }
    planche_text_buffer_free(&text);
    return status;
}
