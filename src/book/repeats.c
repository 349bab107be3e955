/* SPDX-License-Identifier: MIT */
/* Entries of one name: the archive reader numbers the later ones ("001 (2).jpg"), and here it shows
 * which of them the book needs. What has the same content is there once; of several ComicInfo.xml
 * the last counts, which whoever added one last has meant. */
#include "base/status.h"
#include "book/steps.h"

#include <stdlib.h>
#include <string.h>

static bool is_known(const struct planche_book *book, const struct planche_entry *entry)
{
    return entry->outcome != PLANCHE_BOOK_FAILED && (entry->page || book->engine);
}

/* What is known of entries by their names in the archive, a value each. */
struct repeats {
    struct planche_book *book;
    size_t *first; /* the first entry of its name, and at that place the one that is kept of it */
    size_t *twin;  /* the first entry of its name and content */
    struct planche_name_set taken;
};

static const char *name_of(const struct planche_entry *entry)
{
    return entry->again ? entry->again : entry->name;
}

static int compare_contents(const struct planche_book *book, const struct planche_entry *a,
                            const struct planche_entry *b)
{
    int known = (int)is_known(book, a) - (int)is_known(book, b);
    int page = (int)a->page - (int)b->page;
    return known ? known : page ? page : memcmp(a->digest, b->digest, sizeof a->digest);
}

/* For qsort_r of indices: by name, content and place. */
static int compare(const void *a, const void *b, void *user)
{
    const struct planche_book *book = user;
    size_t x = *(const size_t *)a, y = *(const size_t *)b;
    const struct planche_entry *left = &book->entries.list[x], *right = &book->entries.list[y];
    int order = strcmp(name_of(left), name_of(right));
    if (order == 0)
        order = compare_contents(book, left, right);
    return order ? order : (x > y) - (x < y);
}

/* Notes the entries of one name, which are sorted by content. */
static size_t note_name(struct repeats *repeats, const size_t *sorted, size_t count)
{
    const struct planche_entry *list = repeats->book->entries.list;
    size_t first = sorted[0], end = 1;
    for (; end < count && strcmp(name_of(&list[*sorted]), name_of(&list[sorted[end]])) == 0; end++)
        first = sorted[end] < first ? sorted[end] : first;
    for (size_t i = 0; i < end; i++) {
        repeats->first[sorted[i]] = first;
        if (i > 0 && compare_contents(repeats->book, &list[sorted[i - 1]], &list[sorted[i]]) == 0)
            repeats->twin[sorted[i]] = repeats->twin[sorted[i - 1]];
    }
    return end;
}

static enum planche_status note_names(struct repeats *repeats, struct planche_error *error)
{
    struct planche_book *book = repeats->book;
    const size_t count = book->entries.count;
    size_t *sorted = planche_calloc(&book->budget, count, sizeof *sorted), seen = 0;
    repeats->first = planche_calloc(&book->budget, count, sizeof *repeats->first);
    repeats->twin = planche_calloc(&book->budget, count, sizeof *repeats->twin);
    bool room = sorted && repeats->first && repeats->twin;
    for (size_t i = 0; i < count && room; i++) {
        const struct planche_entry *entry = &book->entries.list[i];
        repeats->first[i] = repeats->twin[i] = i;
        if (!entry->folder && !entry->dropped)
            sorted[seen++] = i;
        room = planche_name_set_add(&repeats->taken, entry->name, entry->folder) !=
               PLANCHE_NAME_NO_MEMORY;
    }
    if (room && seen > 1)
        qsort_r(sorted, seen, sizeof *sorted, compare, book);
    for (size_t i = 0; i < seen && room;)
        i += note_name(repeats, sorted + i, seen - i);
    planche_free(sorted);
    return room ? PLANCHE_OK
                : planche_fail_memory(error, &book->budget, count * sizeof *sorted, book->input);
}

static enum planche_status rename_entry(struct planche_book *book, struct planche_entry *entry,
                                        const char *name, struct planche_error *error)
{
    char *copy = planche_strdup(&book->budget, name);
    if (!copy)
        return planche_fail_memory(error, &book->budget, strlen(name), entry->name);
    planche_free(entry->name);
    entry->name = copy;
    return PLANCHE_OK;
}

static void drop(struct planche_entry *entry)
{
    entry->dropped = true;
    if (entry->page)
        entry->outcome = PLANCHE_BOOK_DUPLICATE;
}

/* The last of several ComicInfo.xml stands for all. */
static enum planche_status replace(struct repeats *repeats, size_t index,
                                   struct planche_error *error)
{
    struct planche_book *book = repeats->book;
    struct planche_entry *entry = &book->entries.list[index];
    size_t *kept = &repeats->first[repeats->first[index]];
    planche_log_write(&book->log, PLANCHE_LOG_WARNING,
                      "%s: has %s more than once; the last is kept", book->input, entry->again);
    if (*kept != index)
        drop(&book->entries.list[*kept]);
    *kept = index;
    return rename_entry(book, entry, entry->again, error);
}

/* Two pages of one name: the first is number 1, so that they are in order by their names, too. What
 * an EPUB refers to keeps its name. */
static enum planche_status keep_both(struct repeats *repeats, size_t index,
                                     struct planche_error *error)
{
    char name[PLANCHE_ENTRY_NAME_BYTES + PLANCHE_NAME_NUMBER_BYTES + 1];
    struct planche_book *book = repeats->book;
    const struct planche_entry *entry = &book->entries.list[index];
    struct planche_entry *first = &book->entries.list[repeats->first[index]];
    planche_log_write(
        &book->log, PLANCHE_LOG_WARNING,
        "%s: has %s more than once, with different contents; another one is called %s", book->input,
        entry->again, entry->name);
    if (first->again || first->place || !first->page || !entry->page || book->entries.referred ||
        strlen(first->name) + PLANCHE_NAME_NUMBER_BYTES > PLANCHE_ENTRY_NAME_BYTES)
        return PLANCHE_OK;
    planche_name_number(first->name, 1, name);
    enum planche_name_found found = planche_name_set_add(&repeats->taken, name, false);
    if (found == PLANCHE_NAME_NO_MEMORY)
        return planche_fail_memory(error, &book->budget, strlen(name), name);
    if (found != PLANCHE_NAME_NEW)
        return PLANCHE_OK;
    first->again = planche_strdup(&book->budget, first->name);
    if (!first->again)
        return planche_fail_memory(error, &book->budget, strlen(name), name);
    return rename_entry(book, first, name, error);
}

static enum planche_status settle(struct repeats *repeats, size_t index,
                                  struct planche_error *error)
{
    struct planche_book *book = repeats->book;
    struct planche_entry *entry = &book->entries.list[index];
    if (!entry->again || entry->dropped)
        return PLANCHE_OK;
    if (planche_book_is_comicinfo(entry->again))
        return replace(repeats, index, error);
    if (!is_known(book, entry) || repeats->twin[index] == index)
        return keep_both(repeats, index, error);
    planche_log_write(&book->log, PLANCHE_LOG_WARNING,
                      "%s: has %s more than once, with the same content; one is kept", book->input,
                      entry->again);
    drop(entry);
    return PLANCHE_OK;
}

static bool has_repeats(const struct planche_entries *entries)
{
    bool any = false;
    for (size_t i = 0; i < entries->count && !any; i++)
        any = entries->list[i].again != NULL;
    return any;
}

enum planche_status planche_book_settle_repeats(struct planche_book *book,
                                                struct planche_error *error)
{
    struct repeats repeats = {.book = book, .taken = {.budget = &book->budget}};
    if (!has_repeats(&book->entries))
        return PLANCHE_OK;
    enum planche_status status = note_names(&repeats, error);
    for (size_t i = 0; i < book->entries.count && !status; i++)
        status = settle(&repeats, i, error);
    planche_free(repeats.first);
    planche_free(repeats.twin);
    planche_name_set_free(&repeats.taken);
    return status;
}
