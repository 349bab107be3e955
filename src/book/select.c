/* SPDX-License-Identifier: MIT */
/* Selection of pages: which of a book's pages are made, by their numbers or as a sample. */
#include "book/select.h"

#include "archive/name.h"
#include "base/status.h"

#include <stdlib.h>

/* No book has more pages: numbers beyond are cut to this. */
#define MAX_PAGE 99999999u

/* Numbers of pages, both inclusive. */
struct range {
    size_t first, last;
};

bool planche_book_selects(const struct planche_book_options *options)
{
    return options->pages || options->sample;
}

static bool read_number(const char **text, size_t *number)
{
    const char *at = *text;
    *number = 0;
    for (; *at >= '0' && *at <= '9'; at++)
        *number = *number < MAX_PAGE ? *number * 10 + (size_t)(*at - '0') : MAX_PAGE;
    bool any = at > *text;
    *text = at;
    return any && *number > 0;
}

/* The next of "3-5,12,20-"; false: there is none, or it is none. *text is what is left. */
static bool next_range(const char **text, struct range *range)
{
    const char *at = *text;
    if (!read_number(&at, &range->first))
        return false;
    range->last = range->first;
    if (*at == '-') {
        at++;
        range->last = MAX_PAGE;
        if (*at && *at != ',' && !read_number(&at, &range->last))
            return false;
    }
    if (range->last < range->first || (*at && *at != ',') || (*at == ',' && !at[1]))
        return false;
    *text = *at ? at + 1 : at;
    return true;
}

enum planche_status planche_book_check_selection(const char *pages, struct planche_error *error)
{
    struct range range;
    const char *at = pages ? pages : "";
    bool sound = !pages || *pages;
    while (sound && *at)
        sound = next_range(&at, &range);
    if (sound)
        return PLANCHE_OK;
    return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                        "'%.100s' is no list of pages such as 3-5,12,20- (option pages)", pages);
}

static bool is_listed(const char *pages, size_t number)
{
    struct range range;
    if (!pages)
        return true;
    while (*pages && next_range(&pages, &range))
        if (number >= range.first && number <= range.last)
            return true;
    return false;
}

/* The pages, in reading order; returns how many. numbers has room for all entries. */
static size_t list_pages(const struct planche_book *book, size_t *numbers)
{
    const struct planche_entries *entries = &book->entries;
    size_t count = 0, listed = book->order ? book->ordered : entries->count;
    for (size_t i = 0; i < listed; i++) {
        size_t index = book->order ? book->order[i] : i;
        if (entries->list[index].page)
            numbers[count++] = index;
    }
    if (!book->order)
        qsort_r(numbers, count, sizeof *numbers, planche_entries_compare, entries->list);
    return count;
}

/* Keeps those that are listed; returns how many. */
static size_t keep_listed(size_t *numbers, size_t count, const char *pages)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (is_listed(pages, i + 1))
            numbers[kept++] = numbers[i];
    return kept;
}

/* Keeps so many, from the middles of equal parts. */
static size_t keep_sample(size_t *numbers, size_t count, size_t sample)
{
    if (!sample || sample >= count)
        return count;
    for (size_t i = 0; i < sample; i++)
        numbers[i] = numbers[(2 * i + 1) * count / (2 * sample)];
    return sample;
}

/* Books in the book have selections of their own. */
static void drop_entries(struct planche_book *book)
{
    for (size_t i = 0; i < book->entries.count; i++) {
        struct planche_entry *entry = &book->entries.list[i];
        if (entry->inner_container || entry->outcome == PLANCHE_BOOK_DROPPED)
            continue;
        entry->page = false;
        entry->dropped = true;
        entry->outcome = PLANCHE_BOOK_UNSELECTED;
    }
}

static void keep_entries(struct planche_book *book, const size_t *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct planche_entry *entry = &book->entries.list[numbers[i]];
        entry->page = true;
        entry->dropped = false;
        entry->outcome = PLANCHE_BOOK_COPIED;
    }
    book->entries.pages = book->progress.pages = count;
}

enum planche_status planche_book_select(struct planche_book *book, struct planche_error *error)
{
    const struct planche_book_options *options = &book->options;
    if (!planche_book_selects(options) || book->entries.count == 0)
        return PLANCHE_OK;
    size_t *numbers = planche_calloc(&book->budget, book->entries.count, sizeof *numbers);
    if (!numbers)
        return planche_fail_memory(error, &book->budget, book->entries.count * sizeof *numbers,
                                   "the selection of pages");
    size_t pages = list_pages(book, numbers);
    size_t count =
        keep_sample(numbers, keep_listed(numbers, pages, options->pages), options->sample);
    if (pages > 0) {
        drop_entries(book);
        keep_entries(book, numbers, count);
    }
    planche_free(numbers);
    if (pages == 0 || count > 0)
        return PLANCHE_OK;
    return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "%s: has %zu pages, and none of %s",
                        book->input, pages, options->pages);
}
