/* SPDX-License-Identifier: MIT */
/* Marks in XMP packets. A packet is somebody else's XML: only the few bytes that the mark needs are
 * looked for and changed, in UTF-8; attributes and elements are understood, since other programs
 * turn one into the other. */
#include "codec/provenance.h"

#include "base/checked.h"
#include "base/status.h"
#include "codec/metadata.h"
#include "codec/stream.h"

#include <ctype.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <string.h>

#define PROPERTIES   3
#define NAME_BYTES   64 /* most of a prefix, and of a prefix with a name */
#define DIGEST_CHARS 64
#define MAX_TRIED    16 /* declarations: each is a walk through the packet */

/* What a mark adds to a packet at most, several times over. */
#define ROOM ((size_t)4096)

static const char *const names[PROPERTIES] = {"Source", "Model", "Version"};

static const char new_packet[] =
    "<?xpacket begin=\"\xef\xbb\xbf\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>"
    "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">"
    "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">"
    "</rdf:RDF></x:xmpmeta><?xpacket end=\"w\"?>";

/* A packet, and a part of one. */
struct text {
    char *data;
    size_t size;
};
struct span {
    size_t at, size;
};

static bool is_name(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.';
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static size_t skip_spaces(const struct text *text, size_t at)
{
    while (at < text->size && is_space(text->data[at]))
        at++;
    return at;
}

static bool find(const struct text *text, size_t from, const char *what, size_t *at)
{
    const char *found =
        from < text->size ? memmem(text->data + from, text->size - from, what, strlen(what)) : NULL;
    *at = found ? (size_t)(found - text->data) : 0;
    return found != NULL;
}

/* The prefix that a declaration gives the namespace that is named at `at`:
 * xmlns:PREFIX="urn:planche:1". */
static bool prefix_at(const struct text *text, size_t at, char prefix[NAME_BYTES])
{
    static const char declaration[] = "xmlns:";
    const size_t declared = sizeof declaration - 1;
    size_t end = at, length = 0;
    while (end > 0 && (is_space(text->data[end - 1]) || strchr("\"'=", text->data[end - 1])))
        end--;
    while (length < end && is_name(text->data[end - length - 1]))
        length++;
    size_t start = end - length;
    if (length == 0 || length >= NAME_BYTES || start < declared ||
        memcmp(text->data + start - declared, declaration, declared) != 0)
        return false;
    memcpy(prefix, text->data + start, length);
    prefix[length] = 0;
    return true;
}

/* The value behind a name: NAME="value" or <NAME>value<. */
static bool value_at(const struct text *text, size_t at, struct span *value)
{
    char end = '<';
    at = skip_spaces(text, at);
    if (at < text->size && text->data[at] == '=') {
        at = skip_spaces(text, at + 1);
        end = at < text->size ? text->data[at] : 0;
        if (end != '"' && end != '\'')
            return false;
    } else if (at >= text->size || text->data[at] != '>') {
        return false;
    }
    const char *start = text->data + at + 1;
    const char *stop = at + 1 < text->size ? memchr(start, end, text->size - at - 1) : NULL;
    if (stop)
        *value = (struct span){at + 1, (size_t)(stop - start)};
    return stop != NULL;
}

static bool find_value(const struct text *text, const char *prefix, const char *name,
                       struct span *value)
{
    char full[2 * NAME_BYTES];
    size_t at = 0, length = (size_t)snprintf(full, sizeof full, "%s:%s", prefix, name);
    for (size_t from = 0; find(text, from, full, &at); from = at + 1) {
        bool begins = at > 0 && (is_space(text->data[at - 1]) || text->data[at - 1] == '<');
        if (begins && value_at(text, at + length, value))
            return true;
    }
    return false;
}

/* The prefix of the mark: one for the namespace, with a source. */
static bool find_prefix(const struct text *text, char prefix[NAME_BYTES])
{
    struct span source;
    unsigned tried = 0;
    size_t at = 0;
    for (size_t from = 0; tried < MAX_TRIED && find(text, from, PLANCHE_PROVENANCE_NAMESPACE, &at);
         from = at + 1) {
        if (!prefix_at(text, at, prefix))
            continue;
        if (find_value(text, prefix, names[0], &source))
            return true;
        tried++;
    }
    return false;
}

static void take_value(const struct text *text, const char *prefix, const char *name, char *out,
                       size_t size)
{
    struct span value;
    if (find_value(text, prefix, name, &value) && value.size < size)
        memcpy(out, text->data + value.at, value.size);
}

void planche_provenance_find(struct planche_provenance *mark, const void *xmp, size_t size)
{
    struct text text = {(char *)xmp, size};
    char prefix[NAME_BYTES];
    *mark = (struct planche_provenance)PLANCHE_PROVENANCE_INIT;
    if (size == 0 || !find_prefix(&text, prefix))
        return;
    take_value(&text, prefix, names[0], mark->source, sizeof mark->source);
    take_value(&text, prefix, names[1], mark->model, sizeof mark->model);
    take_value(&text, prefix, names[2], mark->version, sizeof mark->version);
    if (strspn(mark->source, "0123456789abcdef") != DIGEST_CHARS)
        *mark = (struct planche_provenance)PLANCHE_PROVENANCE_INIT;
}

/* text has room. */
static void replace(struct text *text, const struct span *old, const char *with)
{
    size_t length = strlen(with), behind = old->at + old->size;
    memmove(text->data + old->at + length, text->data + behind, text->size - behind);
    memcpy(text->data + old->at, with, length);
    text->size = text->size - old->size + length;
}

/* Where the list of descriptions ends, "</PREFIX:RDF>", and its prefix with the colon. */
static bool find_end(const struct text *text, struct span *place, char prefix[NAME_BYTES])
{
    size_t at = 0;
    for (size_t from = 0; find(text, from, ":RDF", &at); from = at + 1) {
        size_t start = at, end = skip_spaces(text, at + 4);
        while (start > 0 && is_name(text->data[start - 1]))
            start--;
        if (start < 2 || at - start + 2 > NAME_BYTES || end >= text->size ||
            text->data[end] != '>' || memcmp(text->data + start - 2, "</", 2) != 0)
            continue;
        memcpy(prefix, text->data + start, at + 1 - start);
        prefix[at + 1 - start] = 0;
        *place = (struct span){start - 2, 0};
        return true;
    }
    return false;
}

/* A value that needs no escapes. */
static void clean_value(char *out, size_t size, const char *value)
{
    snprintf(out, size, "%s", value);
    for (char *c = out; *c; c++)
        if (strchr("&<>\"'", *c) || (unsigned char)*c < ' ' || (unsigned char)*c >= 0x7f)
            *c = '_';
}

/* Changes the values that are there, and adds a description with those that are not. False: the
 * packet has no place for one. */
static bool edit(struct text *text, const struct planche_provenance *mark)
{
    const char *const values[PROPERTIES] = {mark->source, mark->model, mark->version};
    char own[NAME_BYTES] = "planche", prefix[NAME_BYTES];
    char missing[ROOM / 2] = "", description[ROOM];
    bool known = find_prefix(text, own);
    struct span place;
    for (int i = 0; i < PROPERTIES; i++) {
        char clean[2 * sizeof mark->model];
        size_t length = strlen(missing);
        clean_value(clean, sizeof clean, values[i]);
        bool found = find_value(text, own, names[i], &place);
        if (found)
            replace(text, &place, clean);
        /* What is found without a declaration is none, but it comes first. */
        if (!found || !known)
            snprintf(missing + length, sizeof missing - length, " %s:%s=\"%s\"", own, names[i],
                     clean);
    }
    if (!*missing)
        return true;
    if (!find_end(text, &place, prefix))
        return false;
    snprintf(description, sizeof description,
             "<%sDescription %sabout=\"\" xmlns:%s=\"" PLANCHE_PROVENANCE_NAMESPACE "\"%s/>",
             prefix, prefix, own, missing);
    replace(text, &place, description);
    return true;
}

enum planche_status planche_provenance_add(struct planche_blob *out, const struct planche_blob *xmp,
                                           const struct planche_provenance *mark,
                                           struct planche_budget *budget,
                                           struct planche_error *error)
{
    const void *from = xmp->size ? (const void *)xmp->data : new_packet;
    size_t size = xmp->size ? xmp->size : sizeof new_packet - 1, room;
    *out = (struct planche_blob){NULL, 0};
    if (!planche_add_size(size, ROOM, &room))
        room = SIZE_MAX;
    struct text text = {planche_alloc(budget, room), size};
    if (!text.data)
        return planche_fail_memory(error, budget, room, "the page's mark");
    memcpy(text.data, from, size);
    enum planche_status status = PLANCHE_OK;
    if (edit(&text, mark))
        status = planche_blob_set(out, text.data, text.size, budget, "the page's mark", error);
    planche_free(text.data);
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
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(mark->source + 2 * i, 3, "%02x", digest[i]);
    return status;
}

enum planche_status planche_source_mark(struct planche_provenance *mark,
                                        const struct planche_source *source,
                                        struct planche_budget *budget, struct planche_error *error)
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
