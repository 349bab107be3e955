/* SPDX-License-Identifier: MIT */
/* Existing folder: which of its files are up to date, by the marks in them, or else their times. */
#include "book/existing.h"

#include "base/cancel.h"
#include "base/status.h"
#include "base/text.h"
#include "book/steps.h"
#include "choice/auto_model.h"
#include "codec/provenance.h"
#include "engine/internal.h"
#include "io/digest.h"
#include "io/file_end.h"
#include "os/fd.h"
#include "os/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* FAT keeps times to two seconds. */
#define SAME_SECONDS 2

static bool is_filled_folder(const char *path)
{
    struct planche_listing listing;
    if (!planche_listing_open(&listing, path))
        return false;
    bool filled = planche_listing_next(&listing) != NULL;
    planche_listing_close(&listing);
    return filled;
}

/* Names pages as if all became one file of the format that they usually become. */
static enum planche_status name_candidates(struct planche_book *book, struct planche_error *error)
{
    struct planche_entries *entries = &book->entries;
    for (size_t i = 0; i < entries->count; i++) {
        struct planche_entry *entry = &entries->list[i];
        if (entry->page)
            entry->made = (struct planche_made){planche_book_page_format(book, entry), 1, NULL};
    }
    enum planche_status status = planche_entries_name(entries, false, error);
    for (size_t i = 0; i < entries->count; i++) {
        struct planche_entry *entry = &entries->list[i];
        if (entry->outputs && entry->page)
            entry->candidate = entry->outputs[0];
        else if (entry->outputs)
            planche_free(entry->outputs[0]);
        planche_free(entry->outputs);
        entry->outputs = NULL;
        entry->made = (struct planche_made){0};
    }
    planche_name_set_free(&entries->names);
    entries->names = (struct planche_name_set){.budget = entries->budget};
    return status;
}

static bool join(char path[PATH_MAX], const struct planche_book *book, const char *name)
{
    return snprintf(path, PATH_MAX, "%s/%s", book->output, name) < PATH_MAX;
}

static bool find_file(const char *path, struct planche_file_info *info)
{
    return planche_file_find_link(path, info) == PLANCHE_FILE_PRESENT &&
           info->kind == PLANCHE_FILE_REGULAR;
}

/* A file of the output that a page may have become. */
struct found {
    char name[PLANCHE_ENTRY_NAME_BYTES + 8];
    enum planche_format format;
    struct planche_file_info info;
    struct planche_provenance mark; /* its source is "": none, or the file is no image */
    bool same_source;
};

/* Looks at found->name. False: there is no such file. */
static bool look_at(const struct planche_book *book, const struct planche_entry *entry,
                    struct found *found)
{
    char path[PATH_MAX], digest[2 * PLANCHE_DIGEST_BYTES + 1];
    struct planche_error error;
    if (!join(path, book, found->name) || !find_file(path, &found->info))
        return false;
    const struct planche_source source = {.name = path, .path = path};
    found->mark = (struct planche_provenance)PLANCHE_PROVENANCE_INIT;
    planche_source_provenance(&found->mark, &source, NULL, &error);
    planche_text_hex(digest, entry->digest, PLANCHE_DIGEST_BYTES);
    found->same_source = strcmp(found->mark.source, digest) == 0;
    return true;
}

/* "a.webp" as the first part ("a-1.jpg") of another format; parts 0: as a whole. */
static bool name_variant(struct found *found, const char *candidate, enum planche_format format,
                         unsigned part)
{
    const char *dot = strrchr(candidate, '.');
    int stem = dot ? (int)(dot - candidate) : (int)strlen(candidate);
    char which[16] = "";
    if (part > 0)
        snprintf(which, sizeof which, "-%u", part);
    found->format = format;
    int length = snprintf(found->name, sizeof found->name, "%.*s%s.%s", stem, candidate, which,
                          planche_codec_extension(format));
    return length > 0 && (size_t)length < sizeof found->name;
}

static const enum planche_format others[] = {
    PLANCHE_FORMAT_WEBP, PLANCHE_FORMAT_JPEG, PLANCHE_FORMAT_PNG,
    PLANCHE_FORMAT_AVIF, PLANCHE_FORMAT_JXL,
};

/* The files of the page: *parts of them. 0: it is not there. Under any name but the usual one only
 * the mark tells that a file is this page's. */
static unsigned find_files(const struct planche_book *book, const struct planche_entry *entry,
                           struct found *found)
{
    const enum planche_format usual = planche_codec_format_of(entry->candidate);
    snprintf(found->name, sizeof found->name, "%s", entry->candidate);
    found->format = usual;
    if (look_at(book, entry, found))
        return 1;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        unsigned parts = 0;
        if (name_variant(found, entry->candidate, others[i], 0) && look_at(book, entry, found) &&
            found->same_source)
            return 1;
        while (name_variant(found, entry->candidate, others[i], parts + 1) &&
               look_at(book, entry, found) && found->same_source)
            parts++;
        if (parts > 1)
            return parts;
    }
    return 0;
}

/* Whether a file of the output is the page as it came: what an earlier run has kept, if only
 * because it failed, is tried again. */
static bool is_original(const struct planche_entry *entry, const char *path,
                        const struct planche_file_info *info)
{
    const struct planche_source source = {.name = path, .path = path};
    struct planche_provenance own = PLANCHE_PROVENANCE_INIT;
    char digest[2 * PLANCHE_DIGEST_BYTES + 1];
    struct planche_error error;
    planche_text_hex(digest, entry->digest, PLANCHE_DIGEST_BYTES);
    return info->size == entry->input_bytes &&
           planche_provenance_digest(&own, &source, NULL, &error) == PLANCHE_OK &&
           strcmp(own.source, digest) == 0;
}

/* Whether the files are what the engine would make now of the page at `path`: by the same networks,
 * and as large. Where pages choose their level or their model, any that they may choose will do:
 * what other pages of the book have become must not make this one anew. */
static bool has_settings(const struct planche_book *book, const char *path,
                         const struct found *found, unsigned parts)
{
    const struct planche_source source = {.name = path, .path = path};
    struct planche_provenance page = PLANCHE_PROVENANCE_INIT;
    struct planche_page_result wanted = PLANCHE_PAGE_RESULT_INIT;
    struct planche_error error;
    if (planche_source_provenance(&page, &source, NULL, &error))
        return false;
    wanted.input_width = page.width;
    wanted.input_height = page.height;
    bool levels = planche_engine_chooses(book->engine);
    unsigned ways = planche_engine_way_count(book->engine);
    for (unsigned i = 0; i < ways * PLANCHE_AUTO_LEVELS; i++) {
        unsigned way = i / PLANCHE_AUTO_LEVELS, level = i % PLANCHE_AUTO_LEVELS;
        if (level > 0 && !levels)
            continue;
        if (planche_engine_size_page(book->engine, &book->page, way, level, &book->cancel, &wanted,
                                     &error))
            return false;
        bool as_large = parts > 1 || (found->mark.width == wanted.output_width &&
                                      found->mark.height == wanted.output_height);
        if (as_large && strcmp(found->mark.model, wanted.networks) == 0)
            return true;
    }
    return false;
}

/* What the results in the output are of, as far as pages and files were looked at. */
struct tally {
    size_t same;                             /* of the book's pages, or nobody can tell */
    size_t changed;                          /* of others, under names of the book's pages */
    size_t foreign;                          /* of others, under other names */
    bool adds;                               /* the book has something that is not in the output */
    char name[PLANCHE_ENTRY_NAME_BYTES + 8]; /* one of others */
};

static void count_other(struct tally *tally, size_t *count, const char *name)
{
    ++*count;
    snprintf(tally->name, sizeof tally->name, "%s", name);
}

/* A name up to its extension. */
struct stem {
    const char *name;
    size_t length;
};

static int compare_stems(const void *a, const void *b)
{
    const struct stem *left = a, *right = b;
    size_t both = left->length < right->length ? left->length : right->length;
    int order = memcmp(left->name, right->name, both);
    return order ? order : (left->length > right->length) - (left->length < right->length);
}

/* Stems of the results at the top of the output, sorted. */
struct stems {
    struct stem *list;
    size_t count;
};

static enum planche_status list_stems(const struct planche_book *book, struct stems *stems,
                                      struct planche_error *error)
{
    const struct planche_entries *entries = &book->entries;
    size_t count = entries->count > 0 ? entries->count : 1;
    *stems = (struct stems){planche_calloc(entries->budget, count, sizeof *stems->list), 0};
    if (!stems->list)
        return planche_fail_memory(error, entries->budget, count * sizeof *stems->list,
                                   book->output);
    for (size_t i = 0; i < entries->count; i++) {
        const char *name = entries->list[i].candidate;
        const char *dot = name ? strrchr(name, '.') : NULL;
        if (dot && dot > name && !strchr(name, '/'))
            stems->list[stems->count++] = (struct stem){name, (size_t)(dot - name)};
    }
    qsort(stems->list, stems->count, sizeof *stems->list, compare_stems);
    return PLANCHE_OK;
}

/* Whether a file has the name of a page's result, whatever its format, or of a part of one. */
static bool is_of_a_page(const struct stems *stems, const char *file)
{
    for (size_t at = strcspn(file, ".-"); file[at]; at += 1 + strcspn(file + at + 1, ".-")) {
        const struct stem stem = {file, at};
        bool ends = file[at] == '.' || (file[at + 1] >= '0' && file[at + 1] <= '9');
        if (ends && bsearch(&stem, stems->list, stems->count, sizeof stem, compare_stems))
            return true;
    }
    return false;
}

static bool is_result(const struct planche_book *book, const char *file)
{
    char path[PATH_MAX];
    const struct planche_source source = {.name = path, .path = path};
    struct planche_provenance mark = PLANCHE_PROVENANCE_INIT;
    struct planche_file_info info;
    struct planche_error error;
    return join(path, book, file) && find_file(path, &info) &&
           planche_source_provenance(&mark, &source, NULL, &error) == PLANCHE_OK && *mark.source;
}

/* Files at the top of the output that Planche has made, and not of pages with these names. Errors:
 * MEMORY, BUDGET, CANCELLED, DEADLINE. */
static enum planche_status count_foreign(const struct planche_book *book, struct tally *tally,
                                         struct planche_error *error)
{
    struct planche_listing listing;
    struct stems stems;
    const char *file;
    enum planche_status status = list_stems(book, &stems, error);
    if (status || !planche_listing_open(&listing, book->output)) {
        planche_free(stems.list);
        return status;
    }
    while (!status && (file = planche_listing_next(&listing)) != NULL) {
        status = planche_cancel_fail(&book->cancel, error);
        if (!status && planche_codec_format_of(file) != PLANCHE_FORMAT_AUTO &&
            !is_of_a_page(&stems, file) && is_result(book, file))
            count_other(tally, &tally->foreign, file);
    }
    planche_listing_close(&listing);
    planche_free(stems.list);
    return status;
}

/* Two books in one folder are none that can be read: nothing is added to a folder of whose results
 * the most are not of this book's pages. A few may be the same in any book: covers, credits. */
static enum planche_status check_tally(const struct planche_book *book, const struct tally *tally,
                                       struct planche_error *error)
{
    if (!tally->adds || tally->changed + tally->foreign <= tally->same)
        return PLANCHE_OK;
    return planche_fail(error, PLANCHE_ERROR_EXISTS,
                        "%s: %s is there with pages of another book (%s), or of another version of "
                        "this one; write it elsewhere",
                        book->input, book->output, tally->name);
}

/* Whether an entry that is no page is not in the output. */
static bool is_added(const struct planche_book *book, const struct planche_entry *entry)
{
    char path[PATH_MAX];
    return !entry->page && !entry->folder && !entry->dropped && join(path, book, entry->name) &&
           planche_file_find_link(path, NULL) == PLANCHE_FILE_ABSENT;
}

/* A page of a folder, before any is made. */
static void look_for_result(const struct planche_book *book, const struct planche_entry *page,
                            struct tally *tally)
{
    struct planche_entry entry = *page;
    struct found found = {0};
    char path[PATH_MAX];
    int length = snprintf(path, sizeof path, "%s/%s", book->input, entry.name);
    if (length >= (int)sizeof path || !planche_content_digest(path, &book->cancel, entry.digest))
        tally->same++; /* cannot tell */
    else if (find_files(book, &entry, &found) == 0)
        tally->adds = true;
    else if (found.same_source || !*found.mark.source)
        tally->same++;
    else
        count_other(tally, &tally->changed, found.name);
}

/* Of a folder that is told before its pages are made. */
static enum planche_status check_folder(const struct planche_book *book,
                                        struct planche_error *error)
{
    const struct planche_entries *entries = &book->entries;
    struct tally tally = {0};
    if (!book->into || book->options.existing != PLANCHE_EXISTING_ADD ||
        book->from != PLANCHE_CONTAINER_FOLDER)
        return PLANCHE_OK;
    enum planche_status status = count_foreign(book, &tally, error);
    for (size_t i = 0; !status && i < entries->count; i++) {
        const struct planche_entry *entry = &entries->list[i];
        if (tally.same >= tally.changed + tally.foreign + (entries->count - i))
            return PLANCHE_OK; /* whatever the rest is: they need not be read */
        if (entry->page && entry->candidate)
            look_for_result(book, entry, &tally);
        tally.adds = tally.adds || is_added(book, entry);
        status = planche_cancel_fail(&book->cancel, error);
    }
    return status ? status : check_tally(book, &tally, error);
}

enum planche_status planche_existing_check(const struct planche_book *book,
                                           struct planche_error *error)
{
    struct tally tally = {0};
    if (!book->into || book->options.existing != PLANCHE_EXISTING_ADD ||
        book->from == PLANCHE_CONTAINER_FOLDER)
        return PLANCHE_OK;
    enum planche_status status = count_foreign(book, &tally, error);
    for (size_t i = 0; !status && i < book->entries.count; i++) {
        const struct planche_entry *entry = &book->entries.list[i];
        if (entry->page && entry->stays && entry->outcome == PLANCHE_BOOK_SOURCE_CHANGED)
            count_other(&tally, &tally.changed, entry->candidate);
        else if (entry->page)
            tally.same += entry->stays;
        tally.adds = tally.adds || is_added(book, entry) ||
                     (entry->page && entry->made.parts > 0 && !entry->stays);
    }
    return status ? status : check_tally(book, &tally, error);
}

enum planche_status planche_existing_open(struct planche_book *book, struct planche_error *error)
{
    if (book->page.overwrite)
        book->options.existing = PLANCHE_EXISTING_REPLACE;
    book->into = book->to == PLANCHE_CONTAINER_FOLDER &&
                 book->options.existing != PLANCHE_EXISTING_FAIL && is_filled_folder(book->output);
    enum planche_status status = book->into ? name_candidates(book, error) : PLANCHE_OK;
    return status ? status : check_folder(book, error);
}

/* Whether a file of the page is empty, or its end is missing. */
static bool is_cut(const struct planche_book *book, const struct planche_entry *entry,
                   const struct found *found, unsigned parts)
{
    struct found file = *found;
    bool cut = false;
    for (unsigned part = 1; part <= parts && !cut; part++) {
        char path[PATH_MAX];
        if (parts > 1)
            (void)name_variant(&file, entry->candidate, found->format, part);
        cut = !join(path, book, file.name) || planche_file_is_cut(path);
    }
    return cut;
}

static enum planche_book_outcome judge(const struct planche_book *book,
                                       const struct planche_entry *entry, const char *path,
                                       const struct found *found, unsigned parts)
{
    if (is_cut(book, entry, found, parts))
        return PLANCHE_BOOK_SOURCE_CHANGED; /* the file is no longer what was made of the source */
    if (!*found->mark.source) {
        bool same_time = llabs((long long)found->info.mtime.tv_sec - entry->mtime) <= SAME_SECONDS;
        return same_time ? PLANCHE_BOOK_UP_TO_DATE : PLANCHE_BOOK_SOURCE_CHANGED;
    }
    if (!found->same_source)
        return PLANCHE_BOOK_SOURCE_CHANGED;
    return has_settings(book, path, found, parts) ? PLANCHE_BOOK_UP_TO_DATE
                                                  : PLANCHE_BOOK_OTHER_SETTINGS;
}

static enum planche_status keep_part(struct planche_book *book, struct planche_entry *entry,
                                     const struct found *found, unsigned part,
                                     struct planche_error *error)
{
    entry->made.part[part].width = found->mark.width;
    entry->made.part[part].height = found->mark.height;
    entry->made.part[part].bytes = found->info.size;
    entry->outputs[part] = planche_strdup(&book->budget, found->name);
    return entry->outputs[part]
               ? PLANCHE_OK
               : planche_fail_memory(error, &book->budget, sizeof found->name, entry->name);
}

/* The files are the result. */
static enum planche_status keep(struct planche_book *book, struct planche_entry *entry,
                                struct found *found, unsigned parts, struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    entry->outputs = planche_calloc(&book->budget, parts, sizeof *entry->outputs);
    entry->made.part = planche_calloc(&book->budget, parts, sizeof *entry->made.part);
    if (!entry->outputs || !entry->made.part)
        return planche_fail_memory(error, &book->budget, parts * sizeof *entry->made.part,
                                   entry->name);
    entry->made.format = found->format;
    entry->made.parts = parts;
    entry->stays = true;
    for (unsigned part = 0; part < parts && !status; part++) {
        if (parts > 1 && name_variant(found, entry->candidate, found->format, part + 1))
            look_at(book, entry, found);
        status = keep_part(book, entry, found, part, error);
    }
    return status;
}

enum planche_status planche_existing_find(struct planche_book *book, struct planche_entry *entry,
                                          const char *page, struct planche_error *error)
{
    struct found found = {0};
    char path[PATH_MAX];
    if (!book->into || !entry->candidate || book->options.existing == PLANCHE_EXISTING_REPLACE)
        return PLANCHE_OK;
    unsigned parts = find_files(book, entry, &found);
    if (parts == 0 || (join(path, book, found.name) && is_original(entry, path, &found.info)))
        return PLANCHE_OK;
    enum planche_book_outcome outcome = judge(book, entry, page, &found, parts);
    if (outcome != PLANCHE_BOOK_UP_TO_DATE && book->options.existing != PLANCHE_EXISTING_ADD)
        return PLANCHE_OK;
    entry->outcome = outcome;
    return keep(book, entry, &found, parts, error);
}

static bool are_same(const char *a, const char *b)
{
    static const size_t chunk = 16384;
    char left[16384], right[16384];
    int first = planche_fd_open(a, 0, NULL), second = planche_fd_open(b, 0, NULL);
    bool same = first >= 0 && second >= 0;
    for (int64_t got = 1; same && got > 0;) {
        got = planche_fd_read_all(first, left, chunk);
        same = got >= 0 && planche_fd_read_all(second, right, chunk) == got &&
               memcmp(left, right, (size_t)got) == 0;
    }
    planche_fd_close(&first);
    planche_fd_close(&second);
    return same;
}

bool planche_existing_keeps(const struct planche_book *book, struct planche_entry *entry,
                            const char *name, const char *content)
{
    char path[PATH_MAX];
    struct planche_file_info info, fresh;
    if (!book->into || !join(path, book, name) || !find_file(path, &info))
        return false;
    if (planche_file_find(content, &fresh) == PLANCHE_FILE_PRESENT && fresh.size == info.size &&
        are_same(path, content))
        return true;
    /* Files have the times of their sources, until somebody changes one of them. */
    if (book->options.existing != PLANCHE_EXISTING_ADD ||
        llabs((long long)info.mtime.tv_sec - entry->mtime) <= SAME_SECONDS)
        return false;
    entry->outcome = PLANCHE_BOOK_SOURCE_CHANGED;
    return true;
}

/* A page that failed because it was damaged, before its source was mended. */
static bool is_no_image(const char *path)
{
    const struct planche_source source = {.name = path, .path = path};
    struct planche_provenance mark = PLANCHE_PROVENANCE_INIT;
    struct planche_error error;
    enum planche_status status = planche_source_provenance(&mark, &source, NULL, &error);
    return status == PLANCHE_ERROR_DATA || status == PLANCHE_ERROR_UNSUPPORTED;
}

enum planche_status planche_existing_list_outputs(const struct planche_book *book,
                                                  struct planche_name_set *outputs,
                                                  struct planche_error *error)
{
    const struct planche_entries *entries = &book->entries;
    outputs->budget = entries->budget;
    for (size_t i = 0; book->into && i < entries->count; i++) {
        const struct planche_entry *entry = &entries->list[i];
        for (unsigned p = 0; entry->outputs && p < planche_entry_outputs(entry); p++)
            if (planche_name_set_add(outputs, entry->outputs[p], entry->folder) ==
                PLANCHE_NAME_NO_MEMORY)
                return planche_fail_memory(error, entries->budget, sizeof *outputs, book->output);
    }
    return PLANCHE_OK;
}

/* What the page was made into before, of another format: a reader would show it twice. Its mark
 * says that it is this page. */
static void remove_former(const struct planche_book *book, const struct planche_entry *entry,
                          const struct planche_name_set *outputs)
{
    struct found found = {0};
    char path[PATH_MAX];
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        for (unsigned part = 0; name_variant(&found, entry->candidate, others[i], part); part++) {
            bool former = look_at(book, entry, &found) && found.same_source;
            if (former && !planche_name_set_has_file(outputs, found.name) &&
                join(path, book, found.name))
                planche_file_remove(path);
            if (part > 0 && !former)
                break;
        }
    }
}

void planche_existing_remove_former(const struct planche_book *book,
                                    const struct planche_name_set *outputs)
{
    for (size_t i = 0; book->into && i < book->entries.count; i++) {
        const struct planche_entry *entry = &book->entries.list[i];
        struct planche_file_info info;
        char path[PATH_MAX];
        bool renewed = entry->page && !entry->stays && entry->made.parts && entry->outputs;
        if (renewed && entry->candidate)
            remove_former(book, entry, outputs);
        if (renewed && join(path, book, entry->name) && find_file(path, &info) &&
            !planche_name_set_has_file(outputs, entry->name) &&
            (is_original(entry, path, &info) || is_no_image(path)))
            planche_file_remove(path);
    }
}
