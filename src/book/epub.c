/* SPDX-License-Identifier: MIT */
/* References in an EPUB: attributes of the package, of XHTML and SVG, and url() in style sheets. */
#include "book/epub.h"

#include "base/status.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define MAX_ENCRYPTION ((size_t)1 << 20)

bool planche_epub_is_encryption(const char *name)
{
    return strcmp(name, "META-INF/encryption.xml") == 0;
}

/* Whether nothing but fonts is hidden; their methods are no encryption, and we leave fonts alone.
 */
static bool hides_fonts_only(const char *data, size_t size)
{
    static const char *const methods[] = {"http://www.idpf.org/2008/embedding",
                                          "http://ns.adobe.com/pdf/enc#RC"};
    struct planche_tag tag;
    struct planche_attribute a;
    bool broken, fine = true;
    for (size_t at = 0; planche_markup_next(data, size, &at, &tag, &broken);) {
        if (tag.closing || !planche_markup_is(data, tag.name, "EncryptionMethod"))
            continue;
        bool font = false;
        for (size_t in = tag.name.end; planche_markup_attribute(data, &tag, &in, &a);)
            for (size_t m = 0; m < 2; m++)
                font |= planche_markup_equals(data, a.value, methods[m]);
        fine &= font;
    }
    return fine && !broken;
}

enum planche_status planche_epub_check_encryption(const char *book, struct planche_archive *archive,
                                                  struct planche_budget *budget,
                                                  struct planche_error *error)
{
    size_t size = 0, got = 1;
    char *data = planche_alloc(budget, MAX_ENCRYPTION);
    enum planche_status status = PLANCHE_OK;
    if (!data)
        return planche_fail_memory(error, budget, MAX_ENCRYPTION, book);
    while (!status && got > 0 && size < MAX_ENCRYPTION) {
        status = planche_archive_read(archive, data + size, MAX_ENCRYPTION - size, &got, error);
        size += status ? 0 : got;
    }
    if (!status && (size == MAX_ENCRYPTION || !hides_fonts_only(data, size)))
        status = planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                              "%s: is encrypted (DRM), so its pages cannot be read", book);
    planche_free(data);
    return status;
}

static bool has_extension(const char *name, const char *const *extensions)
{
    const char *dot = strrchr(name, '.');
    for (; dot && *extensions; extensions++)
        if (strcasecmp(dot + 1, *extensions) == 0)
            return true;
    return false;
}

static bool is_style(const char *name)
{
    static const char *const extensions[] = {"css", NULL};
    return has_extension(name, extensions);
}

bool planche_epub_may_refer(const char *name)
{
    static const char *const extensions[] = {"opf", "xhtml", "html", "htm", "xml",
                                             "svg", "ncx",   "css",  NULL};
    return has_extension(name, extensions) && strncmp(name, "META-INF/", 9) != 0;
}

/* An edit of a file that refers to pages. */
struct edit {
    struct planche_markup_edit text;
    const char *name; /* of the file */
    planche_renamed_fn find;
    void *user;
};

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* One character of a reference: "%20", "&amp;" or itself. Returns how many bytes it is written in.
 */
static size_t decode(const char *at, size_t left, bool markup, char *c)
{
    static const struct {
        const char *text;
        char c;
    } entities[] = {{"&amp;", '&'},  {"&#38;", '&'},  {"&apos;", '\''},
                    {"&#39;", '\''}, {"&quot;", '"'}, {"&#34;", '"'}};
    *c = *at;
    if (*at == '%' && left > 2 && hex_digit(at[1]) >= 0 && hex_digit(at[2]) >= 0) {
        *c = (char)(hex_digit(at[1]) * 16 + hex_digit(at[2]));
        return 3;
    }
    for (size_t i = 0; markup && *at == '&' && i < sizeof entities / sizeof *entities; i++)
        if (left >= strlen(entities[i].text) &&
            memcmp(at, entities[i].text, strlen(entities[i].text)) == 0) {
            *c = entities[i].c;
            return strlen(entities[i].text);
        }
    return 1;
}

/* "text/../images/a.jpg" becomes "images/a.jpg". False: it leaves the book. */
static bool make_plain(char *path)
{
    char *to = path;
    const char *from = path, *end = path + strlen(path);
    while (from < end) {
        size_t length = strcspn(from, "/");
        if (length == 2 && memcmp(from, "..", 2) == 0) {
            if (to == path)
                return false;
            for (to--; to > path && to[-1] != '/';)
                to--;
        } else if (length > 0 && /* NOLINTNEXTLINE(clang-analyzer-core.*): *from is in the path */
                   !(length == 1 && *from == '.')) {
            memmove(to, from, length);
            to += length;
            *to++ = '/';
        }
        from += length + 1;
    }
    *(to > path ? to - 1 : to) = 0;
    return true;
}

/* The name in the book that a reference in this file means; false: none. `end` is where its path
 * ends: a query or a fragment may follow. */
static bool resolve(const char *name, const char *data, struct planche_span reference, bool markup,
                    char path[PLANCHE_ENTRY_NAME_BYTES + 1], size_t *end)
{
    const char *slash = strrchr(name, '/');
    size_t size = slash ? (size_t)(slash - name) + 1 : 0, at = reference.at;
    memcpy(path, name, size);
    while (at < reference.end && data[at] != '#' && data[at] != '?') {
        if (size == PLANCHE_ENTRY_NAME_BYTES)
            return false;
        at += decode(data + at, reference.end - at, markup, &path[size]);
        if (path[size++] == 0)
            return false;
    }
    path[size] = 0;
    *end = at;
    return at > reference.at && make_plain(path);
}

bool planche_epub_resolve(const char *name, const char *data, struct planche_span reference,
                          char path[PLANCHE_ENTRY_NAME_BYTES + 1])
{
    size_t end;
    return resolve(name, data, reference, true, path, &end);
}

/* Writes a file name so that it can stand in a reference. */
static void put_encoded(struct edit *edit, const char *name)
{
    for (; *name; name++) {
        char code[4];
        bool plain = isalnum((unsigned char)*name) || strchr("-._~", *name) || *name & 0x80;
        int length = plain ? snprintf(code, sizeof code, "%c", *name)
                           : snprintf(code, sizeof code, "%%%02X", (unsigned char)*name);
        planche_text_buffer_put(edit->text.out, code, (size_t)length);
    }
}

/* Replaces the file name of a reference to a page that has another name now: its end, if that is
 * all that differs. Returns the page, or NULL. */
static const struct planche_renamed *edit_reference(struct edit *edit,
                                                    struct planche_span reference, bool markup)
{
    char path[PLANCHE_ENTRY_NAME_BYTES + 1];
    size_t end;
    if (!resolve(edit->name, edit->text.data, reference, markup, path, &end))
        return NULL;
    const struct planche_renamed *page = edit->find(edit->user, path);
    if (!page)
        return NULL;
    const char *slash = strrchr(page->to, '/'), *base = slash ? slash + 1 : page->to;
    const char *dot = strrchr(page->from, '.');
    size_t stem = dot ? (size_t)(dot - page->from) : strlen(page->from);
    size_t tail = dot ? strlen(dot) : 0;
    bool same_stem = strncmp(page->from, page->to, stem) == 0 && end - reference.at > tail &&
                     tail > 0 && memcmp(edit->text.data + end - tail, dot, tail) == 0;
    if (same_stem) {
        planche_markup_copy_until(&edit->text, end - tail);
        put_encoded(edit, page->to + stem);
    } else {
        const char *last = memrchr(edit->text.data + reference.at, '/', end - reference.at);
        planche_markup_copy_until(&edit->text,
                                  last ? (size_t)(last - edit->text.data) + 1 : reference.at);
        put_encoded(edit, base);
    }
    edit->text.copied = end;
    return page;
}

static size_t count_quote(const char *text, size_t size, bool behind)
{
    static const char *const quotes[] = {" ", "\t",     "\r",    "\n",   "\"",
                                         "'", "&quot;", "&#34;", "&#39;"};
    for (size_t i = 0; i < sizeof quotes / sizeof *quotes; i++) {
        size_t length = strlen(quotes[i]);
        if (size >= length && memcmp(behind ? text - length : text, quotes[i], length) == 0)
            return length;
    }
    return 0;
}

/* Takes quotes and spaces off both ends. */
static void trim(const char *data, struct planche_span *value)
{
    size_t length;
    while ((length = count_quote(data + value->at, value->end - value->at, false)))
        value->at += length;
    while ((length = count_quote(data + value->end, value->end - value->at, true)))
        value->end -= length;
}

/* Every url(...) in a part of the text. */
static void edit_style(struct edit *edit, struct planche_span part, bool markup)
{
    const char *data = edit->text.data;
    for (size_t at = part.at; part.end - at > 4; at++) {
        if (strncasecmp(data + at, "url(", 4) != 0)
            continue;
        struct planche_span value = {at + 4, at + 4};
        while (value.end < part.end && data[value.end] != ')')
            value.end++;
        at = value.end - 1;
        trim(data, &value);
        edit_reference(edit, value, markup);
    }
}

/* The next URL in a srcset, "a.png 1x, b.png 2x", from *at on, which is then behind its candidate.
 * False: there is none. */
static bool next_candidate(const char *data, struct planche_span value, size_t *at,
                           struct planche_span *url)
{
    while (*at < value.end && (isspace((unsigned char)data[*at]) || data[*at] == ','))
        ++*at;
    *url = (struct planche_span){*at, *at};
    while (url->end < value.end && !isspace((unsigned char)data[url->end]))
        url->end++;
    *at = url->end;
    while (url->end > url->at && data[url->end - 1] == ',')
        url->end--;
    if (*at == url->end) /* no comma ended it: widths and densities may follow */
        while (*at < value.end && data[*at] != ',')
            ++*at;
    return url->end > url->at;
}

static void edit_srcset(struct edit *edit, struct planche_span value)
{
    struct planche_span url;
    for (size_t at = value.at; next_candidate(edit->text.data, value, &at, &url);)
        edit_reference(edit, url, true);
}

static bool is_srcset(const char *data, struct planche_span name)
{
    return planche_markup_is(data, name, "srcset") || planche_markup_is(data, name, "imagesrcset");
}

static bool is_reference(const char *data, struct planche_span name)
{
    return planche_markup_is(data, name, "href") || planche_markup_is(data, name, "src") ||
           planche_markup_is(data, name, "poster") || planche_markup_is(data, name, "data");
}

/* The page that a tag refers to, whatever the order of its attributes. */
static const struct planche_renamed *find_page(const struct edit *edit,
                                               const struct planche_tag *tag)
{
    char path[PLANCHE_ENTRY_NAME_BYTES + 1];
    struct planche_attribute a;
    size_t end;
    for (size_t at = tag->name.end; planche_markup_attribute(edit->text.data, tag, &at, &a);) {
        struct planche_span url = a.value;
        size_t in = a.value.at;
        bool refers = is_srcset(edit->text.data, a.name)
                          ? next_candidate(edit->text.data, a.value, &in, &url)
                          : is_reference(edit->text.data, a.name);
        if (refers && resolve(edit->name, edit->text.data, url, true, path, &end)) {
            const struct planche_renamed *page = edit->find(edit->user, path);
            if (page)
                return page;
        }
    }
    return NULL;
}

static void edit_tag(struct edit *edit, const struct planche_tag *tag)
{
    const struct planche_renamed *page = find_page(edit, tag);
    const char *data = edit->text.data;
    struct planche_attribute a;
    for (size_t at = tag->name.end; planche_markup_attribute(data, tag, &at, &a);) {
        bool type = planche_markup_is(data, a.name, "media-type") ||
                    planche_markup_is(data, a.name, "type");
        if (planche_markup_is(data, a.name, "style")) {
            edit_style(edit, a.value, true);
        } else if (is_srcset(data, a.name)) {
            edit_srcset(edit, a.value);
        } else if (is_reference(data, a.name)) {
            edit_reference(edit, a.value, true);
        } else if (page && type && a.value.end - a.value.at > 6 &&
                   strncasecmp(data + a.value.at, "image/", 6) == 0) {
            planche_markup_replace(&edit->text, a.value, page->type, strlen(page->type));
        }
    }
}

bool planche_epub_edit(const char *name, const char *data, size_t size, planche_renamed_fn find,
                       void *user, struct planche_text_buffer *out)
{
    struct edit edit = {
        .text = {.data = data, .out = out}, .name = name, .find = find, .user = user};
    struct planche_tag tag;
    bool broken = false;
    size_t at = 0, style = 0; /* style: where the content of a <style> begins */
    if (size >= 2 && (memcmp(data, "\xff\xfe", 2) == 0 || memcmp(data, "\xfe\xff", 2) == 0))
        return false;
    if (is_style(name))
        edit_style(&edit, (struct planche_span){0, size}, false);
    while (!is_style(name) && planche_markup_next(data, size, &at, &tag, &broken)) {
        if (style)
            edit_style(&edit, (struct planche_span){style, tag.whole.at}, false);
        bool opens = planche_markup_is(data, tag.name, "style") && !tag.closing && !tag.empty;
        style = opens ? tag.whole.end : 0;
        if (!tag.closing)
            edit_tag(&edit, &tag);
    }
    planche_markup_copy_until(&edit.text, size);
    return !broken;
}
