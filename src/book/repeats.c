/* SPDX-License-Identifier: MIT */
/* Entries of one name: the archive reader numbers the later ones ("001 (2).jpg"), and here it shows
 * which of them the book needs. What has the same content is there once; of several ComicInfo.xml
 * the last counts, which whoever added one last has meant. */
#include "base/status.h"
#include "book/steps.h"

#include <string.h>

static bool is_known(const struct planche_book *book, const struct planche_entry *entry)
{
    return entry->outcome != PLANCHE_BOOK_FAILED && (entry->page || book->engine);
}

static bool has_name_of(const struct planche_entry *entry, const char *name)
{
    return !entry->folder && !entry->dropped &&
           strcmp(entry->again ? entry->again : entry->name, name) == 0;
}

/* The first entry before this one that has its name and, if same is set, its content; NULL: none.
 */
static struct planche_entry *find_before(const struct planche_book *book,
                                         const struct planche_entry *entry, bool same)
{
    for (struct planche_entry *at = book->entries.list; at < entry; at++)
        if (has_name_of(at, entry->again) &&
            (!same || (is_known(book, at) && at->page == entry->page &&
                       memcmp(at->digest, entry->digest, sizeof at->digest) == 0)))
            return at;
    return NULL;
}

static bool is_name_free(const struct planche_book *book, const char *name)
{
    for (size_t i = 0; i < book->entries.count; i++)
        if (strcmp(book->entries.list[i].name, name) == 0)
            return false;
    return true;
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
static enum planche_status replace(struct planche_book *book, struct planche_entry *entry,
                                   struct planche_error *error)
{
    planche_log_write(&book->log, PLANCHE_LOG_WARNING,
                      "%s: has %s more than once; the last is kept", book->input, entry->again);
    for (struct planche_entry *at; (at = find_before(book, entry, false)) != NULL;)
        drop(at);
    return rename_entry(book, entry, entry->again, error);
}

/* Two pages of one name: the first is number 1, so that they are in order by their names, too. What
 * an EPUB refers to keeps its name. */
static enum planche_status keep_both(struct planche_book *book, struct planche_entry *entry,
                                     struct planche_error *error)
{
    char name[PLANCHE_ENTRY_NAME_BYTES + PLANCHE_NAME_NUMBER_BYTES + 1];
    struct planche_entry *first = find_before(book, entry, false);
    planche_log_write(
        &book->log, PLANCHE_LOG_WARNING,
        "%s: has %s more than once, with different contents; another one is called %s", book->input,
        entry->again, entry->name);
    if (!first || first->again || first->place || !first->page || !entry->page ||
        book->entries.referred ||
        strlen(first->name) + PLANCHE_NAME_NUMBER_BYTES > PLANCHE_ENTRY_NAME_BYTES)
        return PLANCHE_OK;
    planche_name_number(first->name, 1, name);
    if (!is_name_free(book, name))
        return PLANCHE_OK;
    first->again = planche_strdup(&book->budget, first->name);
    if (!first->again)
        return planche_fail_memory(error, &book->budget, strlen(name), name);
    return rename_entry(book, first, name, error);
}

enum planche_status planche_book_settle_repeats(struct planche_book *book,
                                                struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    for (size_t i = 0; i < book->entries.count && !status; i++) {
        struct planche_entry *entry = &book->entries.list[i];
        if (!entry->again || entry->dropped)
            continue;
        if (planche_book_is_comicinfo(entry->again)) {
            status = replace(book, entry, error);
        } else if (is_known(book, entry) && find_before(book, entry, true)) {
            planche_log_write(&book->log, PLANCHE_LOG_WARNING,
                              "%s: has %s more than once, with the same content; one is kept",
                              book->input, entry->again);
            drop(entry);
        } else {
            status = keep_both(book, entry, error);
        }
    }
    return status;
}
