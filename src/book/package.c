/* SPDX-License-Identifier: MIT */
/* EPUB package document: manifest, spine and metadata, of EPUB 2 and 3. */
#include "book/package.h"

#include "base/checked.h"
#include "base/status.h"
#include "book/epub.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Bytes of a fact at most: a summary may be long. */
#define MAX_FACT ((size_t)64 << 10)
#define MAX_ID   256u
/* Creators and collections whose roles and positions may be said elsewhere in the document. */
#define MAX_NAMED 32u

/* Something that other elements say more of. */
struct named {
    char id[MAX_ID];
    enum planche_package_fact fact;
    struct planche_span text;
    bool used;
};

/* A document while it is read. */
struct reading {
    struct planche_package *package;
    const char *name, *data;
    size_t size;
    struct named named[MAX_NAMED]; /* creators */
    size_t named_count;
    char collection[MAX_ID]; /* id of the series */
    char cover[MAX_ID];      /* id of the item that is the cover, as EPUB 2 has it */
    bool failed;             /* no memory */
};

static void *grow(struct planche_budget *budget, void *list, size_t count, size_t *room,
                  size_t item)
{
    size_t bytes, wanted = *room ? *room * 2 : 64;
    if (count < *room)
        return list;
    void *grown =
        planche_mul_size(wanted, item, &bytes) ? planche_realloc(budget, list, bytes) : NULL;
    if (grown)
        *room = wanted;
    return grown;
}

static char *copy_span(struct reading *reading, struct planche_span span)
{
    char *copy = planche_alloc(reading->package->budget, span.end - span.at + 1);
    if (!copy) {
        reading->failed = true;
        return NULL;
    }
    memcpy(copy, reading->data + span.at, span.end - span.at);
    copy[span.end - span.at] = 0;
    return copy;
}

/* A short value; longer ones are none. */
static void keep(const struct reading *reading, struct planche_span value, char text[MAX_ID])
{
    size_t length = value.end - value.at;
    text[0] = 0;
    if (length >= MAX_ID)
        return;
    memcpy(text, reading->data + value.at, length);
    text[length] = 0;
}

static bool find_attribute(const struct reading *reading, const struct planche_tag *tag,
                           const char *name, struct planche_span *value)
{
    struct planche_attribute attribute;
    for (size_t at = tag->name.end;
         planche_markup_attribute(reading->data, tag, &at, &attribute);) {
        *value = attribute.value;
        if (planche_markup_is(reading->data, attribute.name, name))
            return true;
    }
    *value = (struct planche_span){0, 0};
    return false;
}

/* Whether a list of words, with or without prefixes, has this one. */
static bool has_word(const struct reading *reading, struct planche_span list, const char *word)
{
    size_t length = strlen(word);
    for (size_t at = list.at; at + length <= list.end; at++) {
        bool begins = at == list.at || strchr(" \t\r\n:", reading->data[at - 1]);
        bool ends = at + length == list.end || strchr(" \t\r\n", reading->data[at + length]);
        if (begins && ends && memcmp(reading->data + at, word, length) == 0)
            return true;
    }
    return false;
}

/* The text behind a tag, without the space around it. */
static struct planche_span text_behind(const struct reading *reading, const struct planche_tag *tag)
{
    static const char mark[] = "<![CDATA[";
    const char *data = reading->data, *end;
    struct planche_span text = {tag->whole.end, tag->whole.end};
    if (tag->empty)
        return text;
    while (text.at < reading->size && strchr(" \t\r\n", data[text.at]) && data[text.at])
        text.at++;
    if (reading->size - text.at >= sizeof mark - 1 &&
        memcmp(data + text.at, mark, sizeof mark - 1) == 0) {
        text.at += sizeof mark - 1;
        end = memmem(data + text.at, reading->size - text.at, "]]>", 3);
    } else {
        end = memchr(data + text.at, '<', reading->size - text.at);
    }
    text.end = end ? (size_t)(end - data) : text.at;
    while (text.end > text.at && strchr(" \t\r\n", data[text.end - 1]))
        text.end--;
    return text;
}

static void add_item(struct reading *reading, const struct planche_tag *tag)
{
    struct planche_package *package = reading->package;
    struct planche_span id, href, properties;
    char path[PLANCHE_ENTRY_NAME_BYTES + 1];
    if (!find_attribute(reading, tag, "id", &id) || !find_attribute(reading, tag, "href", &href) ||
        !planche_epub_resolve(reading->name, reading->data, href, path))
        return;
    void *list = grow(package->budget, package->items, package->item_count, &package->item_room,
                      sizeof *package->items);
    reading->failed = reading->failed || !list;
    if (reading->failed)
        return;
    package->items = list;
    find_attribute(reading, tag, "properties", &properties);
    struct planche_package_item *item = &package->items[package->item_count++];
    *item = (struct planche_package_item){
        .id = copy_span(reading, id),
        .path = planche_strdup(package->budget, path),
        .nav = has_word(reading, properties, "nav"),
        .cover = has_word(reading, properties, "cover-image"),
    };
    reading->failed = reading->failed || !item->path;
}

static void add_place(struct reading *reading, const struct planche_tag *tag)
{
    struct planche_package *package = reading->package;
    struct planche_span id, properties;
    if (!find_attribute(reading, tag, "idref", &id))
        return;
    void *list = grow(package->budget, package->spine, package->spine_count, &package->spine_room,
                      sizeof *package->spine);
    reading->failed = reading->failed || !list;
    if (reading->failed)
        return;
    package->spine = list;
    find_attribute(reading, tag, "properties", &properties);
    bool half = has_word(reading, properties, "page-spread-left") ||
                has_word(reading, properties, "page-spread-right");
    bool centre = has_word(reading, properties, "page-spread-center");
    package->spine[package->spine_count++] = (struct planche_package_place){
        .id = copy_span(reading, id),
        .spread = half     ? PLANCHE_SPREAD_HALF
                  : centre ? PLANCHE_SPREAD_CENTRE
                           : PLANCHE_SPREAD_ANY,
    };
}

/* Length of an entity that XML knows without being told; 0: it is none. */
static size_t entity_length(const char *text, size_t size)
{
    static const char *const known[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&apos;"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (size >= strlen(known[i]) && memcmp(text, known[i], strlen(known[i])) == 0)
            return strlen(known[i]);
    size_t at = 2, hex = 0;
    if (size < 4 || text[1] != '#')
        return 0;
    hex = text[2] == 'x';
    at += hex;
    size_t first = at;
    while (at < size && at < 10 &&
           strchr(hex ? "0123456789abcdefABCDEF" : "0123456789", text[at]) && text[at])
        at++;
    return at > first && at < size && text[at] == ';' ? at + 1 : 0;
}

/* Adds text to a fact, behind ", " if there is one; it stays XML. */
static void add_fact(struct reading *reading, enum planche_package_fact fact,
                     struct planche_span text)
{
    struct planche_package *package = reading->package;
    struct planche_text_buffer out = {.budget = package->budget};
    const char *data = reading->data, *had = package->facts[fact];
    if (text.end == text.at || text.end - text.at > MAX_FACT || (had && strlen(had) > MAX_FACT))
        return;
    if (had) {
        planche_text_buffer_put(&out, had, strlen(had));
        planche_text_buffer_put(&out, ", ", 2);
    }
    for (size_t at = text.at; at < text.end;) {
        size_t length = data[at] == '&' ? entity_length(data + at, text.end - at) : 1;
        const char *put = length == 0       ? "&amp;"
                          : data[at] == '<' ? "&lt;"
                          : data[at] == '>' ? "&gt;"
                                            : NULL;
        planche_text_buffer_put(&out, put ? put : data + at, put ? strlen(put) : length);
        at += length ? length : 1;
    }
    planche_text_buffer_put(&out, "", 1);
    reading->failed = reading->failed || out.failed;
    planche_free(package->facts[fact]);
    package->facts[fact] = out.failed ? NULL : out.data;
    if (out.failed)
        planche_text_buffer_free(&out);
}

static void set_fact(struct reading *reading, enum planche_package_fact fact,
                     struct planche_span text)
{
    if (!reading->package->facts[fact])
        add_fact(reading, fact, text);
}

/* The fact that somebody with a role of MARC's list is; PLANCHE_FACTS: none of ComicInfo.xml. */
static enum planche_package_fact fact_of_role(const struct reading *reading,
                                              struct planche_span role)
{
    static const struct {
        const char *role;
        enum planche_package_fact fact;
    } roles[] = {{"aut", PLANCHE_FACT_WRITER},     {"art", PLANCHE_FACT_PENCILLER},
                 {"ill", PLANCHE_FACT_PENCILLER},  {"clr", PLANCHE_FACT_COLORIST},
                 {"trl", PLANCHE_FACT_TRANSLATOR}, {"cre", PLANCHE_FACT_WRITER}};
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
        if (planche_markup_equals(reading->data, role, roles[i].role))
            return roles[i].fact;
    return PLANCHE_FACTS;
}

static void take_person(struct reading *reading, const struct planche_tag *tag, bool creator)
{
    struct planche_span id, role;
    if (reading->named_count == MAX_NAMED)
        return;
    struct named *named = &reading->named[reading->named_count++];
    named->text = text_behind(reading, tag);
    named->fact = creator ? PLANCHE_FACT_WRITER : PLANCHE_FACTS;
    if (find_attribute(reading, tag, "role", &role))
        named->fact = fact_of_role(reading, role);
    find_attribute(reading, tag, "id", &id);
    keep(reading, id, named->id);
}

/* "2014-05-01", or less of it. */
static void take_date(struct reading *reading, struct planche_span text)
{
    static const size_t ends[] = {4, 7, 10};
    for (unsigned part = 0; part < 3; part++) {
        struct planche_span value = {text.at + (part ? ends[part - 1] + 1 : 0),
                                     text.at + ends[part]};
        if (value.end > text.end)
            return;
        for (size_t at = value.at; at < value.end; at++)
            if (reading->data[at] < '0' || reading->data[at] > '9')
                return;
        if (part && reading->data[value.at - 1] != '-')
            return;
        set_fact(reading, (enum planche_package_fact)(PLANCHE_FACT_YEAR + part), value);
    }
}

/* <meta refines="#id" property="role">aut</meta> */
static void take_refinement(struct reading *reading, struct planche_span id,
                            struct planche_span property, struct planche_span text)
{
    char wanted[MAX_ID];
    id.at += id.end > id.at && reading->data[id.at] == '#';
    keep(reading, id, wanted);
    if (*wanted && has_word(reading, property, "group-position") &&
        strcmp(wanted, reading->collection) == 0)
        set_fact(reading, PLANCHE_FACT_NUMBER, text);
    for (size_t i = 0; i < reading->named_count && has_word(reading, property, "role"); i++)
        if (*wanted && strcmp(wanted, reading->named[i].id) == 0)
            reading->named[i].fact = fact_of_role(reading, text);
}

static void take_meta(struct reading *reading, const struct planche_tag *tag)
{
    struct planche_span name, content, property, refines, id;
    struct planche_span text = text_behind(reading, tag);
    find_attribute(reading, tag, "content", &content);
    if (find_attribute(reading, tag, "property", &property)) {
        if (find_attribute(reading, tag, "refines", &refines)) {
            take_refinement(reading, refines, property, text);
        } else if (has_word(reading, property, "belongs-to-collection")) {
            find_attribute(reading, tag, "id", &id);
            if (!reading->package->facts[PLANCHE_FACT_SERIES])
                keep(reading, id, reading->collection);
            set_fact(reading, PLANCHE_FACT_SERIES, text);
        }
    }
    if (!find_attribute(reading, tag, "name", &name))
        return;
    if (planche_markup_equals(reading->data, name, "cover"))
        keep(reading, content, reading->cover);
    else if (planche_markup_equals(reading->data, name, "calibre:series"))
        set_fact(reading, PLANCHE_FACT_SERIES, content);
    else if (planche_markup_equals(reading->data, name, "calibre:series_index"))
        set_fact(reading, PLANCHE_FACT_NUMBER, content);
    else if (planche_markup_equals(reading->data, name, "primary-writing-mode") &&
             content.end - content.at > 3 && memcmp(reading->data + content.end - 3, "-rl", 3) == 0)
        reading->package->right_to_left = true;
}

static void take_tag(struct reading *reading, const struct planche_tag *tag)
{
    static const struct {
        const char *name;
        enum planche_package_fact fact;
    } facts[] = {{"title", PLANCHE_FACT_TITLE},
                 {"language", PLANCHE_FACT_LANGUAGE},
                 {"publisher", PLANCHE_FACT_PUBLISHER},
                 {"description", PLANCHE_FACT_SUMMARY}};
    struct planche_span value;
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
        if (planche_markup_is(reading->data, tag->name, facts[i].name))
            set_fact(reading, facts[i].fact, text_behind(reading, tag));
    if (planche_markup_is(reading->data, tag->name, "item"))
        add_item(reading, tag);
    else if (planche_markup_is(reading->data, tag->name, "itemref"))
        add_place(reading, tag);
    else if (planche_markup_is(reading->data, tag->name, "creator"))
        take_person(reading, tag, true);
    else if (planche_markup_is(reading->data, tag->name, "contributor"))
        take_person(reading, tag, false);
    else if (planche_markup_is(reading->data, tag->name, "date"))
        take_date(reading, text_behind(reading, tag));
    else if (planche_markup_is(reading->data, tag->name, "meta"))
        take_meta(reading, tag);
    else if (planche_markup_is(reading->data, tag->name, "spine") &&
             find_attribute(reading, tag, "page-progression-direction", &value) &&
             planche_markup_equals(reading->data, value, "rtl"))
        reading->package->right_to_left = true;
}

static int compare_items(const void *a, const void *b)
{
    const struct planche_package_item *x = a, *y = b;
    return strcmp(x->id, y->id);
}

static void finish(struct reading *reading)
{
    struct planche_package *package = reading->package;
    for (size_t i = 0; i < reading->named_count; i++)
        if (reading->named[i].fact != PLANCHE_FACTS)
            add_fact(reading, reading->named[i].fact, reading->named[i].text);
    if (reading->failed)
        return;
    if (package->item_count > 0)
        qsort(package->items, package->item_count, sizeof *package->items, compare_items);
    bool known = false;
    for (size_t i = 0; i < package->item_count; i++)
        known = known || package->items[i].cover;
    for (size_t i = 0; i < package->item_count && !known && *reading->cover; i++)
        package->items[i].cover = strcmp(package->items[i].id, reading->cover) == 0;
}

enum planche_status planche_package_read(struct planche_package *package, const char *name,
                                         const char *data, size_t size, struct planche_error *error)
{
    struct planche_tag tag;
    bool broken;
    struct reading *reading = planche_calloc(package->budget, 1, sizeof *reading);
    if (!reading)
        return planche_fail_memory(error, package->budget, sizeof *reading, name);
    *reading = (struct reading){.package = package, .name = name, .data = data, .size = size};
    for (size_t at = 0; !reading->failed && planche_markup_next(data, size, &at, &tag, &broken);)
        if (!tag.closing)
            take_tag(reading, &tag);
    finish(reading);
    bool failed = reading->failed;
    planche_free(reading);
    if (failed)
        return planche_fail_memory(error, package->budget, size, name);
    return package->spine_count > 0
               ? PLANCHE_OK
               : planche_fail(error, PLANCHE_ERROR_DATA, "%s: has no reading order", name);
}

const struct planche_package_item *planche_package_find(const struct planche_package *package,
                                                        const char *id)
{
    const struct planche_package_item key = {.id = (char *)id};
    return package->item_count ? bsearch(&key, package->items, package->item_count,
                                         sizeof *package->items, compare_items)
                               : NULL;
}

void planche_package_free(struct planche_package *package)
{
    for (size_t i = 0; i < package->item_count; i++) {
        planche_free(package->items[i].id);
        planche_free(package->items[i].path);
    }
    for (size_t i = 0; i < package->spine_count; i++)
        planche_free(package->spine[i].id);
    for (size_t i = 0; i < PLANCHE_FACTS; i++)
        planche_free(package->facts[i]);
    planche_free(package->items);
    planche_free(package->spine);
    *package = (struct planche_package){.budget = package->budget};
}

bool planche_package_locate(const char *data, size_t size, char path[PLANCHE_ENTRY_NAME_BYTES + 1])
{
    const struct reading reading = {.data = data, .size = size};
    struct planche_tag tag;
    struct planche_span value;
    bool broken;
    for (size_t at = 0; planche_markup_next(data, size, &at, &tag, &broken);)
        if (planche_markup_is(data, tag.name, "rootfile") && !tag.closing &&
            find_attribute(&reading, &tag, "full-path", &value) &&
            planche_epub_resolve("", data, value, path))
            return true;
    return false;
}
