/* SPDX-License-Identifier: MIT */
/* Provenance marks in XMP packets. A packet is somebody else's XML: only the few bytes that the
 * mark needs are looked for and changed, in UTF-8; attributes and elements are understood, since
 * other programs turn one into the other. */
#include "codec/provenance.h"

#include "base/markup.h"
#include "base/status.h"
#include "base/text.h"
#include "codec/metadata.h"
#include "codec/stream.h"

#include <ctype.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROPERTIES   3
#define NAME_BYTES   64 /* most of a prefix, with the 0 at its end */
#define DIGEST_CHARS 64
#define MAX_PREFIXES 16 /* of a packet that are looked at: a hostile one may have any number */

/* Bytes of a description of a mark, at most. */
#define DESCRIPTION_BYTES 2048

static const char *const names[PROPERTIES] = {"Source", "Model", "Version"};

static const char new_packet[] =
    "<?xpacket begin=\"\xef\xbb\xbf\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>"
    "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">"
    "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">"
    "</rdf:RDF></x:xmpmeta><?xpacket end=\"w\"?>";

/* A packet: text that is only read. */
struct packet {
    const char *data;
    size_t size;
};

/* What a packet says under a prefix that may be that of the mark. */
struct properties {
    char prefix[NAME_BYTES];
    bool found[PROPERTIES];
    struct planche_span value[PROPERTIES];
};

static bool is_name(const char *data, struct planche_span span)
{
    for (size_t i = span.at; i < span.end; i++) {
        char c = data[i];
        if (!isalnum((unsigned char)c) && c != '_' && c != '-' && c != '.')
            return false;
    }
    return span.end > span.at;
}

/* Copies the prefix that an attribute declares for the namespace: xmlns:PREFIX="urn:planche:1". */
static bool take_prefix(const char *data, const struct planche_attribute *attribute,
                        char prefix[NAME_BYTES])
{
    static const char declaration[] = "xmlns:";
    struct planche_span name = attribute->name;
    if (!planche_markup_equals(data, attribute->value, PLANCHE_PROVENANCE_NAMESPACE) ||
        !planche_markup_begins(data, name, declaration))
        return false;
    name.at += sizeof declaration - 1;
    if (!is_name(data, name) || name.end - name.at >= NAME_BYTES)
        return false;
    memcpy(prefix, data + name.at, name.end - name.at);
    prefix[name.end - name.at] = 0;
    return true;
}

static bool is_listed(const struct properties *list, size_t count, const char *prefix)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i].prefix, prefix) == 0)
            return true;
    return false;
}

/* The prefixes of the namespace, each once. Returns how many. */
static size_t find_prefixes(const struct packet *packet, struct properties list[MAX_PREFIXES])
{
    struct planche_tag tag;
    struct planche_attribute attribute;
    char prefix[NAME_BYTES];
    bool broken;
    size_t count = 0;
    for (size_t at = 0; planche_markup_next(packet->data, packet->size, &at, &tag, &broken);)
        for (size_t in = tag.name.end;
             planche_markup_attribute(packet->data, &tag, &in, &attribute);) {
            if (count == MAX_PREFIXES || !take_prefix(packet->data, &attribute, prefix) ||
                is_listed(list, count, prefix))
                continue;
            list[count] = (struct properties){0};
            strcpy(list[count++].prefix, prefix);
        }
    return count;
}

/* Notes a value if its name is that of a property, under a prefix of the list. */
static void note_value(const char *data, struct planche_span name, struct planche_span value,
                       struct properties *list, size_t count)
{
    const char *colon = memchr(data + name.at, ':', name.end - name.at);
    if (!colon)
        return;
    const struct planche_span local = {(size_t)(colon - data) + 1, name.end},
                              prefix = {name.at, (size_t)(colon - data)};
    for (int p = 0; p < PROPERTIES; p++)
        for (size_t i = 0; planche_markup_equals(data, local, names[p]) && i < count; i++)
            if (!list[i].found[p] && planche_markup_equals(data, prefix, list[i].prefix)) {
                list[i].found[p] = true;
                list[i].value[p] = value;
            }
}

/* Whether a value stands in quotes, as XML demands: another text may come between them. */
static bool is_quoted(const char *data, struct planche_span value)
{
    return data[value.at - 1] == '"' || data[value.at - 1] == '\'';
}

/* Finds the properties: attributes, PREFIX:NAME="value", or elements, <PREFIX:NAME>value<. */
static void find_properties(const struct packet *packet, struct properties *list, size_t count)
{
    struct planche_tag tag;
    struct planche_attribute attribute;
    const char *data = packet->data;
    bool broken;
    for (size_t at = 0; planche_markup_next(data, packet->size, &at, &tag, &broken);) {
        const char *end = memchr(data + at, '<', packet->size - at);
        if (tag.closing)
            continue;
        if (end && !tag.empty)
            note_value(data, tag.name, (struct planche_span){at, (size_t)(end - data)}, list,
                       count);
        for (size_t in = tag.name.end; planche_markup_attribute(data, &tag, &in, &attribute);)
            if (is_quoted(data, attribute.value))
                note_value(data, attribute.name, attribute.value, list, count);
    }
}

/* The mark: what is said under the first prefix for the namespace that has a source. */
static bool find_mark(const struct packet *packet, struct properties *mark)
{
    struct properties list[MAX_PREFIXES];
    size_t count = find_prefixes(packet, list);
    find_properties(packet, list, count);
    for (size_t i = 0; i < count; i++)
        if (list[i].found[0]) {
            *mark = list[i];
            return true;
        }
    return false;
}

static void take_value(const struct packet *packet, const struct properties *mark, int property,
                       char *out, size_t size)
{
    struct planche_span value = mark->value[property];
    if (mark->found[property] && value.end - value.at < size)
        memcpy(out, packet->data + value.at, value.end - value.at);
}

void planche_provenance_find(struct planche_provenance *mark, const void *xmp, size_t size)
{
    const struct packet packet = {xmp, size};
    struct properties found;
    *mark = (struct planche_provenance)PLANCHE_PROVENANCE_INIT;
    if (size == 0 || !find_mark(&packet, &found))
        return;
    take_value(&packet, &found, 0, mark->source, sizeof mark->source);
    take_value(&packet, &found, 1, mark->model, sizeof mark->model);
    take_value(&packet, &found, 2, mark->version, sizeof mark->version);
    if (strspn(mark->source, "0123456789abcdef") != DIGEST_CHARS)
        *mark = (struct planche_provenance)PLANCHE_PROVENANCE_INIT;
}

/* Where the list of descriptions ends, "</PREFIX:RDF>", and its prefix with the colon. */
static bool find_end(const struct packet *packet, struct planche_span *place,
                     char prefix[NAME_BYTES])
{
    struct planche_tag tag;
    bool broken;
    for (size_t at = 0; planche_markup_next(packet->data, packet->size, &at, &tag, &broken);) {
        struct planche_span name = tag.name;
        size_t length = name.end - name.at;
        if (!tag.closing || length < 5 || length - 3 >= NAME_BYTES ||
            memcmp(packet->data + name.end - 4, ":RDF", 4) != 0)
            continue;
        name.end -= 4;
        if (!is_name(packet->data, name))
            continue;
        memcpy(prefix, packet->data + name.at, length - 3);
        prefix[length - 3] = 0;
        *place = (struct planche_span){tag.whole.at, tag.whole.at};
        return true;
    }
    return false;
}

void planche_provenance_clean(char *value)
{
    planche_text_show(value);
    for (char *c = value; (c = strpbrk(c, "&<>\"'")) != NULL;)
        *c = '_';
}

/* A part of the packet, and what comes in its place. */
struct change {
    struct planche_span place;
    char text[DESCRIPTION_BYTES];
};

static int compare_changes(const void *a, const void *b)
{
    const struct change *x = a, *y = b;
    return (x->place.at > y->place.at) - (x->place.at < y->place.at);
}

/* A description of the properties that the packet lacks, at the end of its list. False: there is no
 * list. */
static bool describe_missing(const struct packet *packet, const char *own, const char *missing,
                             struct change *change)
{
    char prefix[NAME_BYTES];
    if (!find_end(packet, &change->place, prefix))
        return false;
    snprintf(change->text, sizeof change->text,
             "<%sDescription %sabout=\"\" xmlns:%s=\"" PLANCHE_PROVENANCE_NAMESPACE "\"%s/>",
             prefix, prefix, own, missing);
    return true;
}

/* Lists how the values that are there change, and the description of those that are not. Returns
 * how many changes there are; 0: the packet has no place for the mark. */
static size_t plan_changes(const struct packet *packet, const struct planche_provenance *mark,
                           struct change changes[PROPERTIES + 1])
{
    const char *const values[PROPERTIES] = {mark->source, mark->model, mark->version};
    struct properties present = {.prefix = "planche"};
    char missing[DESCRIPTION_BYTES / 2] = "";
    size_t count = 0;
    bool known = find_mark(packet, &present);
    if (!known)
        find_properties(packet, &present, 1);
    for (int i = 0; i < PROPERTIES; i++) {
        char clean[2 * sizeof mark->model];
        size_t length = strlen(missing);
        planche_text_print(clean, sizeof clean, "%s", values[i]);
        planche_provenance_clean(clean);
        if (present.found[i]) {
            changes[count].place = present.value[i];
            snprintf(changes[count++].text, sizeof changes->text, "%s", clean);
        }
        /* What is found without a declaration is none, but it comes first. */
        if (!present.found[i] || !known)
            snprintf(missing + length, sizeof missing - length, " %s:%s=\"%s\"", present.prefix,
                     names[i], clean);
    }
    if (*missing && !describe_missing(packet, present.prefix, missing, &changes[count++]))
        return 0;
    qsort(changes, count, sizeof *changes, compare_changes);
    return count;
}

enum planche_status planche_provenance_add(struct planche_blob *out, const struct planche_blob *xmp,
                                           const struct planche_provenance *mark,
                                           struct planche_budget *budget,
                                           struct planche_error *error)
{
    const struct packet packet = {xmp->size ? (const char *)xmp->data : new_packet,
                                  xmp->size ? xmp->size : sizeof new_packet - 1};
    struct planche_text_buffer text = {.budget = budget};
    struct planche_markup_edit edit = {.data = packet.data, .out = &text};
    struct change changes[PROPERTIES + 1];
    size_t count = plan_changes(&packet, mark, changes);
    enum planche_status status = PLANCHE_OK;
    *out = (struct planche_blob){NULL, 0};
    for (size_t i = 0; i < count; i++)
        planche_markup_replace(&edit, changes[i].place, changes[i].text, strlen(changes[i].text));
    if (count)
        planche_markup_copy_until(&edit, packet.size);
    if (text.failed)
        status = planche_fail_memory(error, budget, packet.size, "the page's mark");
    else if (count)
        status = planche_blob_set(out, text.data, text.size, budget, "the page's mark", error);
    planche_text_buffer_free(&text);
    return status;
}

enum planche_status planche_provenance_digest(struct planche_provenance *mark,
                                              const struct planche_source *source,
                                              struct planche_budget *budget,
                                              struct planche_error *error)
{
    struct planche_stream stream;
    struct sha256_ctx context;
    uint8_t digest[SHA256_DIGEST_SIZE];
    const uint8_t *data;
    size_t size = 0;
    enum planche_status status = planche_stream_open(&stream, source, source->name, budget, error);
    if (status)
        return status;
    sha256_init(&context);
    do {
        status = planche_stream_next(&stream, &data, &size, error);
        if (!status && size)
            sha256_update(&context, size, data);
    } while (!status && size);
    planche_stream_close(&stream);
    sha256_digest(&context, sizeof digest, digest);
    planche_text_hex(mark->source, digest, sizeof digest);
    return status;
}

enum planche_status planche_source_provenance(struct planche_provenance *mark,
                                              const struct planche_source *source,
                                              struct planche_budget *budget,
                                              struct planche_error *error)
{
    const struct planche_reader_options options = {.budget = budget, .header_only = true};
    struct planche_reader *reader;
    *mark = (struct planche_provenance)PLANCHE_PROVENANCE_INIT;
    enum planche_status status = planche_reader_open(&reader, source, &options, error);
    if (status)
        return status;
    const struct planche_image_info *info = planche_reader_info(reader);
    const struct planche_blob *xmp = &info->metadata->xmp;
    planche_provenance_find(mark, xmp->data, xmp->size);
    mark->width = info->width;
    mark->height = info->height;
    planche_reader_destroy(&reader);
    return PLANCHE_OK;
}
