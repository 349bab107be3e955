/* SPDX-License-Identifier: MIT */
/* Entries of a book: their list, their names in the output, and the table of their digests. */
#include "book/entries.h"

#include "base/status.h"
#include "codec/codec.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static enum planche_status no_memory(const struct planche_entries *entries,
                                     struct planche_error *error)
{
    return planche_fail_memory(error, entries->budget, sizeof(struct planche_entry),
                               "the list of the book's entries");
}

static bool grow(struct planche_entries *entries)
{
    size_t capacity = entries->capacity ? entries->capacity + entries->capacity / 2 : 64;
    struct planche_entry *list =
        planche_realloc(entries->budget, entries->list, capacity * sizeof *list);
    if (!list)
        return false;
    entries->list = list;
    entries->capacity = capacity;
    return true;
}

enum planche_status planche_entries_add(struct planche_entries *entries,
                                        const struct planche_archive_entry *from,
                                        struct planche_entry **out, struct planche_error *error)
{
    if (entries->count == entries->capacity && !grow(entries))
        return no_memory(entries, error);
    struct planche_entry *entry = &entries->list[entries->count++];
    *entry = (struct planche_entry){
        .folder = from->folder,
        .mtime = from->mtime,
        .comment_size = from->comment ? from->comment_size : 0,
        .original = PLANCHE_NO_ENTRY,
        .outcome = PLANCHE_BOOK_COPIED,
        .name = planche_strdup(entries->budget, from->name),
        .again = from->again ? planche_strdup(entries->budget, from->again) : NULL,
    };
    if (entry->comment_size) {
        entry->comment = planche_alloc(entries->budget, entry->comment_size);
        if (entry->comment)
            memcpy(entry->comment, from->comment, entry->comment_size);
    }
    *out = entry;
    return entry->name && (entry->again || !from->again) && (entry->comment || !entry->comment_size)
               ? PLANCHE_OK
               : no_memory(entries, error);
}

void planche_entry_free_inner(struct planche_entry *entry)
{
    for (size_t i = 0; i < entry->inner_count; i++) {
        planche_free(entry->inner[i].name);
        planche_free(entry->inner[i].output_name);
        planche_free(entry->inner[i].message);
    }
    planche_free(entry->inner);
    entry->inner = NULL;
    entry->inner_count = 0;
}

void planche_entries_free(struct planche_entries *entries)
{
    for (size_t i = 0; i < entries->count; i++) {
        struct planche_entry *entry = &entries->list[i];
        for (unsigned p = 0; entry->outputs && p < planche_entry_outputs(entry); p++)
            planche_free(entry->outputs[p]);
        planche_free(entry->outputs);
        planche_free(entry->made.part);
        planche_free(entry->candidate);
        planche_free(entry->message);
        planche_free(entry->comment);
        planche_free(entry->again);
        planche_free(entry->place);
        planche_entry_free_inner(entry);
        planche_free(entry->name);
    }
    planche_free(entries->list);
    planche_name_set_free(&entries->names);
    *entries = (struct planche_entries){.budget = entries->budget};
}

unsigned planche_entry_outputs(const struct planche_entry *entry)
{
    return entry->made.parts ? entry->made.parts : 1;
}

/* What its name in the output begins with. */
static const char *base_name(const struct planche_entry *entry)
{
    return entry->place ? entry->place : entry->name;
}

/* No file system of note takes more for the name of a file. */
#define MAX_FILE_NAME 255u

/* As much of a name's stem as leaves room for `behind` bytes, in whole characters. */
static size_t shorten(const char *name, size_t base, size_t stem, size_t behind)
{
    if (stem - base + behind <= MAX_FILE_NAME)
        return stem;
    stem = base + MAX_FILE_NAME - behind;
    while (stem > base && ((unsigned char)name[stem] & 0xc0) == 0x80)
        stem--;
    return stem;
}

/* "a/page.jpg", part 2 of 3: attempt 0 is "a/page-2.webp", 1 "a/page.jpg-2.webp", then
 * "a/page.jpg-2-1.webp" and so on. */
static bool format_name(char *to, size_t size, const struct planche_entry *entry, unsigned part,
                        unsigned attempt)
{
    const char *name = base_name(entry);
    const char *slash = strrchr(name, '/'), *base = slash ? slash + 1 : name;
    const char *dot = strrchr(base, '.');
    size_t stem = attempt == 0 && dot && dot != base ? (size_t)(dot - name) : strlen(name);
    char which[24] = "", again[24] = "";
    if (entry->made.parts > 1)
        snprintf(which, sizeof which, "-%u", part + 1);
    if (attempt > 1)
        snprintf(again, sizeof again, "-%u", attempt - 1);
    const char *extension = planche_codec_extension(entry->made.format);
    stem = shorten(name, (size_t)(base - name), stem,
                   strlen(which) + strlen(again) + 1 + strlen(extension));
    int length = snprintf(to, size, "%.*s%s%s.%s", (int)stem, name, which, again, extension);
    return length > 0 && (size_t)length < size;
}

/* A name for a part that is nobody's else. */
static enum planche_status find_name(struct planche_entries *entries, struct planche_entry *entry,
                                     unsigned part, struct planche_error *error)
{
    char name[PLANCHE_ENTRY_NAME_BYTES + 1];
    for (unsigned attempt = 0;; attempt++) {
        if (!format_name(name, sizeof name, entry, part, attempt))
            return planche_fail(error, PLANCHE_ERROR_LIMIT, "%s: the name is too long",
                                entry->name);
        if (strcmp(name, base_name(entry)) == 0)
            break; /* it is in the set, as its own */
        enum planche_name_found found = planche_name_set_add(&entries->names, name, false);
        if (found == PLANCHE_NAME_NO_MEMORY)
            return no_memory(entries, error);
        if (found == PLANCHE_NAME_NEW)
            break;
    }
    entry->outputs[part] = planche_strdup(entries->budget, name);
    return entry->outputs[part] ? PLANCHE_OK : no_memory(entries, error);
}

/* "page.jpeg" of a JPEG stays as it is; so does a name that has always been wrong where others
 * refer to it. */
static bool has_fitting_name(const struct planche_entries *entries,
                             const struct planche_entry *entry)
{
    return entry->made.parts == 1 &&
           (planche_codec_format_of(base_name(entry)) == entry->made.format ||
            (entries->referred && entry->format == entry->made.format));
}

static enum planche_status name_entry(struct planche_entries *entries, struct planche_entry *entry,
                                      struct planche_error *error)
{
    unsigned count = planche_entry_outputs(entry);
    enum planche_status status = PLANCHE_OK;
    entry->outputs = planche_calloc(entries->budget, count, sizeof *entry->outputs);
    if (!entry->outputs)
        return no_memory(entries, error);
    if (!entry->made.parts || has_fitting_name(entries, entry)) {
        entry->outputs[0] = planche_strdup(entries->budget, base_name(entry));
        return entry->outputs[0] ? PLANCHE_OK : no_memory(entries, error);
    }
    for (unsigned part = 0; part < count && !status; part++)
        status = find_name(entries, entry, part, error);
    return status;
}

/* The names of what stays are nobody's else. */
static enum planche_status keep_names(struct planche_entries *entries,
                                      const struct planche_entry *entry,
                                      struct planche_error *error)
{
    for (unsigned part = 0; part < planche_entry_outputs(entry); part++)
        if (planche_name_set_add(&entries->names, entry->outputs[part], false) ==
            PLANCHE_NAME_NO_MEMORY)
            return no_memory(entries, error);
    return PLANCHE_OK;
}

enum planche_status planche_entries_name(struct planche_entries *entries, bool skip,
                                         struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    entries->names.budget = entries->budget;
    for (size_t i = 0; i < entries->count; i++) {
        const struct planche_entry *entry = &entries->list[i];
        if (!entry->dropped && planche_name_set_add(&entries->names, base_name(entry),
                                                    entry->folder) == PLANCHE_NAME_NO_MEMORY)
            return no_memory(entries, error);
    }
    for (size_t i = 0; i < entries->count && !status; i++)
        if (entries->list[i].stays && !entries->list[i].dropped)
            status = keep_names(entries, &entries->list[i], error);
    for (size_t i = 0; i < entries->count && !status; i++) {
        struct planche_entry *entry = &entries->list[i];
        bool failed = entry->outcome == PLANCHE_BOOK_FAILED && (skip || entry->lost);
        if (!entry->stays && !failed && !entry->dropped)
            status = name_entry(entries, entry, error);
    }
    return status;
}

enum planche_status planche_entries_check_files(const struct planche_entries *entries,
                                                struct planche_error *error)
{
    for (size_t i = 0; i < entries->count; i++) {
        const char *at = entries->list[i].dropped ? "" : base_name(&entries->list[i]);
        for (size_t part = strcspn(at, "/"); *at; part = strcspn(at, "/")) {
            if (part > MAX_FILE_NAME)
                return planche_fail(error, PLANCHE_ERROR_LIMIT,
                                    "%s: is a name of more than 255 bytes, which no folder takes; "
                                    "an archive does",
                                    entries->list[i].name);
            at += part + (at[part] == '/');
        }
    }
    return PLANCHE_OK;
}

enum planche_status planche_digests_init(struct planche_digests *digests,
                                         struct planche_entries *entries,
                                         struct planche_error *error)
{
    digests->entries = entries;
    digests->capacity = 64;
    while (digests->capacity < entries->pages * 2)
        digests->capacity *= 2;
    digests->slots = planche_calloc(entries->budget, digests->capacity, sizeof *digests->slots);
    return digests->slots ? PLANCHE_OK : no_memory(entries, error);
}

size_t planche_digests_add(struct planche_digests *digests, size_t index)
{
    const struct planche_entry *list = digests->entries->list;
    const uint8_t *digest = list[index].digest;
    size_t at;
    assert(index < digests->entries->count && list[index].page);
    memcpy(&at, digest, sizeof at);
    for (at &= digests->capacity - 1; digests->slots[at]; at = (at + 1) & (digests->capacity - 1))
        if (memcmp(list[digests->slots[at] - 1].digest, digest, PLANCHE_DIGEST_BYTES) == 0)
            return digests->slots[at] - 1;
    digests->slots[at] = index + 1;
    return index;
}

void planche_digests_free(struct planche_digests *digests)
{
    planche_free(digests->slots);
    digests->slots = NULL;
}

int planche_entries_compare(const void *a, const void *b, void *list)
{
    const struct planche_entry *entries = list;
    return planche_name_compare(entries[*(const size_t *)a].name, entries[*(const size_t *)b].name);
}
