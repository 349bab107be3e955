/* SPDX-License-Identifier: MIT */
/* Reading order of an EPUB: the images that the texts of the spine show, one after the other. */
#include "book/order.h"

#include "base/checked.h"
#include "base/status.h"
#include "book/epub.h"
#include "book/shown.h"
#include "book/steps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Larger texts are not looked into. */
#define MAX_TEXT ((size_t)16 << 20)
/* Lines about lost texts; the rest is counted. */
#define MAX_WARNINGS 100u

/* A text of the book, and the entries that it shows. */
struct text {
    size_t entry, first, count;
    struct planche_shown shown;
};

struct ordering {
    struct planche_book *book;
    size_t *sorted; /* entries by their names */
    struct text *texts;
    size_t text_count, text_room;
    size_t *images; /* entries that texts show */
    size_t image_count, image_room;
    size_t *text_of; /* of each entry: the number of its text + 1; 0: it is none */
    char path[PLANCHE_ENTRY_NAME_BYTES + 1]; /* of the package */
    char *data;                              /* the file that was read last */
    size_t size, room;
    size_t placed, lost, unplaced; /* pages in order; texts; pages that no text shows */
    bool failed;                   /* no memory */
};

static enum planche_status no_memory(const struct planche_book *book, struct planche_error *error)
{
    return planche_fail_memory(error, &book->budget, sizeof(struct text) * 64, book->input);
}

/* Room for one more in a list. */
static void *grow(struct planche_book *book, void *list, size_t count, size_t *room, size_t item)
{
    size_t wanted = *room ? *room * 2 : 64, bytes;
    if (count < *room)
        return list;
    void *grown =
        planche_mul_size(wanted, item, &bytes) ? planche_realloc(&book->budget, list, bytes) : NULL;
    if (grown)
        *room = wanted;
    return grown;
}

static int compare_names(const void *a, const void *b, void *user)
{
    const struct planche_entry *list = user;
    return strcmp(list[*(const size_t *)a].name, list[*(const size_t *)b].name);
}

/* The entry of this name; NO_ENTRY: there is none. */
static size_t find_entry(const struct ordering *o, const char *name)
{
    const struct planche_entries *entries = &o->book->entries;
    size_t low = 0, high = entries->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(name, entries->list[o->sorted[middle]].name);
        if (order == 0)
            return o->sorted[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return PLANCHE_NO_ENTRY;
}

/* The whole current entry; larger ones as if they were empty. */
static enum planche_status load(struct ordering *o, struct planche_archive *archive,
                                struct planche_error *error)
{
    size_t got = 1;
    o->size = 0;
    while (got > 0 && o->size < MAX_TEXT) {
        if (o->size == o->room) {
            char *data = planche_realloc(&o->book->budget, o->data, o->room * 2 + 65536);
            if (!data)
                return no_memory(o->book, error);
            o->data = data;
            o->room = o->room * 2 + 65536;
        }
        enum planche_status status =
            planche_archive_read(archive, o->data + o->size, o->room - o->size, &got, error);
        if (status)
            return status;
        o->size += got;
    }
    if (o->size >= MAX_TEXT)
        o->size = 0;
    return PLANCHE_OK;
}

static bool take_image(void *user, const char *path)
{
    struct ordering *o = user;
    size_t entry = find_entry(o, path);
    if (entry == PLANCHE_NO_ENTRY || !o->book->entries.list[entry].page)
        return true;
    size_t *images = grow(o->book, o->images, o->image_count, &o->image_room, sizeof *images);
    o->failed = o->failed || !images;
    if (!images)
        return false;
    o->images = images;
    o->images[o->image_count++] = entry;
    return true;
}

static enum planche_status read_text(struct ordering *o, size_t entry, struct planche_error *error)
{
    struct text *texts = grow(o->book, o->texts, o->text_count, &o->text_room, sizeof *texts);
    if (!texts)
        return no_memory(o->book, error);
    o->texts = texts;
    struct text *text = &o->texts[o->text_count++];
    *text = (struct text){.entry = entry, .first = o->image_count};
    o->text_of[entry] = o->text_count;
    planche_shown_read(&text->shown, o->book->entries.list[entry].name, o->data, o->size,
                       take_image, o);
    text->count = o->image_count - text->first;
    return o->failed ? no_memory(o->book, error) : PLANCHE_OK;
}

static bool is_text(const char *name)
{
    static const char *const extensions[] = {".xhtml", ".html", ".htm", ".xht", ".xml", ".svg"};
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < sizeof extensions / sizeof *extensions; i++)
        if (strcasecmp(dot, extensions[i]) == 0)
            return strncmp(name, "META-INF/", 9) != 0;
    return false;
}

static enum planche_status take_entry(struct ordering *o, struct planche_archive *archive,
                                      size_t index, bool first, struct planche_error *error)
{
    const struct planche_entry *entry = &o->book->entries.list[index];
    bool package = !first && strcmp(entry->name, o->path) == 0;
    bool wanted = first ? strcmp(entry->name, "META-INF/container.xml") == 0
                        : package || is_text(entry->name);
    if (!wanted || entry->folder || entry->page)
        return PLANCHE_OK;
    enum planche_status status = load(o, archive, error);
    if (status)
        return status;
    if (first)
        (void)planche_package_locate(o->data, o->size, o->path);
    else if (!package)
        status = read_text(o, index, error);
    else
        status = planche_package_read(&o->book->package, entry->name, o->data, o->size, error);
    /* Without one, pages follow each other by their names. */
    return package && status == PLANCHE_ERROR_DATA ? PLANCHE_OK : status;
}

/* One walk through the archive, of which only what is looked into is unpacked: first the file that
 * says where the package is, then that and the texts. */
static enum planche_status walk(struct ordering *o, bool first, struct planche_error *error)
{
    struct planche_book *book = o->book;
    struct planche_archive *archive;
    struct planche_archive_entry found;
    bool end = false;
    enum planche_status status = planche_book_open(book, &book->cancel, &archive, error);
    for (size_t i = 0; i < book->entries.count && !status; i++) {
        status = planche_archive_next(archive, &found, &end, error);
        if (!status && (end || strcmp(found.name, book->entries.list[i].name) != 0))
            status = planche_fail(error, PLANCHE_ERROR_IO, "%s: has changed while it was read",
                                  book->input);
        if (!status)
            status = take_entry(o, archive, i, first, error);
        if (!status)
            status = planche_cancel_fail(&book->cancel, error);
    }
    planche_archive_close(&archive);
    return status;
}

/* Puts a page behind those that have their places. */
static void place(struct ordering *o, size_t index, bool lone, enum planche_package_spread spread)
{
    struct planche_book *book = o->book;
    struct planche_entry *entry = &book->entries.list[index];
    char name[64];
    entry->lone = entry->lone || lone;
    if (entry->place)
        return;
    const char *dot = strrchr(entry->name, '.');
    bool extended = dot && strlen(dot) < 16 && !strchr(dot, '/');
    snprintf(name, sizeof name, "%04zu%s", o->placed + 1, extended ? dot : "");
    entry->place = planche_strdup(&book->budget, name);
    o->failed = o->failed || !entry->place;
    entry->spread = spread;
    book->order[o->placed++] = index;
}

static void place_cover(struct ordering *o)
{
    const struct planche_package *package = &o->book->package;
    for (size_t i = 0; i < package->item_count; i++) {
        size_t entry =
            package->items[i].cover ? find_entry(o, package->items[i].path) : PLANCHE_NO_ENTRY;
        if (entry == PLANCHE_NO_ENTRY || !o->book->entries.list[entry].page)
            continue;
        place(o, entry, true, PLANCHE_SPREAD_ANY);
        o->book->entries.list[entry].cover = true;
        return;
    }
}

/* What a reader of the CBZ will miss. */
static void warn_text(struct ordering *o, const struct text *text, bool nav)
{
    struct planche_book *book = o->book;
    const char *name = book->entries.list[text->entry].name, *sample = text->shown.sample;
    bool lost = *sample || (text->shown.drawing && text->count == 0);
    if (!lost || nav || o->lost++ >= MAX_WARNINGS)
        return;
    if (*sample)
        planche_log_write(&book->log, PLANCHE_LOG_WARNING,
                          "%s: %s: %s (\"%s\"); only the EPUB has it", book->input, name,
                          text->count ? "has text beside its image" : "is a page of text", sample);
    else
        planche_log_write(&book->log, PLANCHE_LOG_WARNING,
                          "%s: %s: is a drawing without an image; only the EPUB has it",
                          book->input, name);
}

static void place_text(struct ordering *o, const struct text *text, bool nav,
                       enum planche_package_spread spread)
{
    for (size_t i = 0; i < text->count; i++)
        place(o, o->images[text->first + i], text->count == 1, spread);
    warn_text(o, text, nav);
}

static void place_spine(struct ordering *o)
{
    const struct planche_package *package = &o->book->package;
    for (size_t i = 0; i < package->spine_count && !o->failed; i++) {
        const struct planche_package_place *at = &package->spine[i];
        const struct planche_package_item *item = planche_package_find(package, at->id);
        size_t entry = item ? find_entry(o, item->path) : PLANCHE_NO_ENTRY;
        if (entry == PLANCHE_NO_ENTRY)
            continue;
        /* A text is read once, however often the spine has it. */
        size_t text = o->text_of[entry];
        o->text_of[entry] = 0;
        if (text && o->texts)
            place_text(o, &o->texts[text - 1], item->nav, at->spread);
        else if (o->book->entries.list[entry].page)
            place(o, entry, true, at->spread);
    }
}

/* Pages that no text shows come last, by their names. */
static void place_rest(struct ordering *o)
{
    struct planche_entries *entries = &o->book->entries;
    qsort_r(o->sorted, entries->count, sizeof *o->sorted, planche_entries_compare, entries->list);
    for (size_t i = 0; i < entries->count && !o->failed; i++) {
        struct planche_entry *entry = &entries->list[o->sorted[i]];
        if (!entry->page || entry->place)
            continue;
        o->unplaced++;
        place(o, o->sorted[i], false, PLANCHE_SPREAD_ANY);
    }
}

/* A CBZ has pages and a ComicInfo.xml. */
static void drop_others(struct ordering *o)
{
    struct planche_book *book = o->book;
    size_t at = o->placed;
    for (size_t i = 0; i < book->entries.count && !o->failed; i++) {
        struct planche_entry *entry = &book->entries.list[i];
        if (entry->page)
            continue;
        entry->dropped = !planche_book_is_comicinfo(entry->name);
        if (entry->dropped)
            continue;
        entry->place = planche_strdup(&book->budget, "ComicInfo.xml");
        o->failed = !entry->place;
        book->order[at++] = i;
    }
    book->ordered = at;
}

static void warn_rest(const struct ordering *o)
{
    const struct planche_book *book = o->book;
    if (o->lost > MAX_WARNINGS)
        planche_log_write(&book->log, PLANCHE_LOG_WARNING,
                          "%s: %zu more texts are in the EPUB only", book->input,
                          o->lost - MAX_WARNINGS);
    if (book->package.spine_count == 0)
        planche_log_write(&book->log, PLANCHE_LOG_WARNING,
                          "%s: has no reading order; its pages are in the order of their names",
                          book->input);
    else if (o->unplaced > 0)
        planche_log_write(&book->log, PLANCHE_LOG_WARNING,
                          "%s: %zu images that no page of the EPUB shows come last", book->input,
                          o->unplaced);
}

static enum planche_status find_order(struct ordering *o, struct planche_error *error)
{
    struct planche_book *book = o->book;
    size_t count = book->entries.count;
    o->sorted = planche_calloc(&book->budget, count, sizeof *o->sorted);
    o->text_of = planche_calloc(&book->budget, count, sizeof *o->text_of);
    book->order = planche_calloc(&book->budget, count + 1, sizeof *book->order);
    if (!o->sorted || !o->text_of || !book->order)
        return no_memory(book, error);
    for (size_t i = 0; i < count; i++)
        o->sorted[i] = i;
    qsort_r(o->sorted, count, sizeof *o->sorted, compare_names, book->entries.list);
    enum planche_status status = walk(o, true, error);
    if (!status)
        status = walk(o, false, error);
    if (status)
        return status;
    place_cover(o);
    place_spine(o);
    place_rest(o);
    drop_others(o);
    warn_rest(o);
    return o->failed ? no_memory(book, error) : PLANCHE_OK;
}

enum planche_status planche_book_find_order(struct planche_book *book, struct planche_error *error)
{
    struct ordering o = {.book = book};
    book->package.budget = &book->budget;
    if (book->from != PLANCHE_CONTAINER_EPUB || book->to == PLANCHE_CONTAINER_EPUB ||
        book->entries.count == 0)
        return PLANCHE_OK;
    enum planche_status status = find_order(&o, error);
    planche_free(o.sorted);
    planche_free(o.texts);
    planche_free(o.images);
    planche_free(o.text_of);
    planche_free(o.data);
    return status;
}

void planche_book_drop_ornaments(struct planche_book *book)
{
    for (size_t i = 0; i < book->ordered; i++) {
        struct planche_entry *entry = &book->entries.list[book->order[i]];
        if (entry->page && !entry->lone && entry->outcome == PLANCHE_BOOK_COPIED)
            entry->dropped = true;
    }
}
