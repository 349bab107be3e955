/* SPDX-License-Identifier: MIT */
/* Survey of the books and pages of a plan, by their headers. */
#include "enlarge/survey.h"

#include <planche/planche.h>
#include <stdlib.h>
#include <string.h>

/* Of a page as long as none is known: a scan of a manga. */
#define USUAL_PIXELS 1.5e6

/* The book that is looked at. */
struct book {
    struct planche_cli_survey_item item;
    bool no_memory;
};

static void count_entry(void *user, const struct planche_book_page *page)
{
    struct book *book = user;
    struct planche_cli_survey_item *item = &book->item;
    double pixels = (double)page->result->input_width * page->result->input_height;
    if (page->index >= item->entries) {
        size_t entries = page->index * 2 + 64;
        float *grown = reallocarray(item->entry_pixels, entries, sizeof *grown);
        if (grown == NULL) {
            book->no_memory = true;
            return;
        }
        memset(grown + item->entries, 0, (entries - item->entries) * sizeof *grown);
        item->entry_pixels = grown;
        item->entries = entries;
    }
    if (page->outcome != PLANCHE_BOOK_ENLARGED)
        return;
    item->pages++;
    item->unsized += pixels <= 0.0;
    item->pixels += pixels;
    item->entry_pixels[page->index] = (float)pixels;
}

static struct planche_cli_survey_item look_at_book(const struct planche_cli_survey *survey,
                                                   const struct planche_cli_item *item)
{
    struct book book = {.item = {.known = true, .wanted = true}};
    struct planche_page_options page = survey->options->page;
    struct planche_book_options options = survey->options->book;
    page.cancel = survey->cancel;
    options.page = &page;
    options.container = item->container;
    options.headers_only = 1;
    options.on_page = count_entry;
    options.user = &book;
    enum planche_status status = planche_book_inspect(item->input, &options, NULL, NULL);
    book.item.failed = status != PLANCHE_OK || book.no_memory;
    if (book.item.failed) {
        free(book.item.entry_pixels);
        book.item = (struct planche_cli_survey_item){.known = true, .wanted = true, .failed = true};
    }
    return book.item;
}

static struct planche_cli_survey_item look_at_page(const struct planche_cli_survey *survey,
                                                   const struct planche_cli_item *item)
{
    const struct planche_book_options *options = &survey->options->book;
    struct planche_provenance mark = PLANCHE_PROVENANCE_INIT;
    struct planche_cli_survey_item found = {.known = true, .wanted = true};
    found.failed = planche_provenance_read(item->input, &mark, NULL) != PLANCHE_OK;
    uint32_t longer = mark.width > mark.height ? mark.width : mark.height;
    bool large = options->skip_above != 0 && longer > options->skip_above;
    if (found.failed || large || (!options->again && *mark.source != 0))
        return found;
    found.pages = 1;
    found.pixels = (double)mark.width * mark.height;
    return found;
}

void planche_cli_survey_note(struct planche_cli_survey *survey, size_t index,
                             const struct planche_cli_survey_item *found)
{
    planche_mutex_lock(&survey->lock);
    free(survey->items[index].entry_pixels);
    survey->items[index] = *found;
    if (found->known && found->wanted && found->pixels > 0.0)
        survey->known_bytes += survey->plan->items[index].bytes;
    planche_mutex_unlock(&survey->lock);
}

static void look(void *user)
{
    struct planche_cli_survey *survey = user;
    for (size_t i = 0; i < survey->plan->count; i++) {
        const struct planche_cli_item *item = &survey->plan->items[i];
        if (!survey->items[i].wanted) /* set before this thread began */
            continue;
        if (planche_cancel_requested(survey->cancel))
            return;
        const struct planche_cli_survey_item found =
            item->book ? look_at_book(survey, item) : look_at_page(survey, item);
        if (planche_cancel_requested(survey->cancel))
            free(found.entry_pixels); /* it may have been cut off */
        else
            planche_cli_survey_note(survey, i, &found);
    }
}

bool planche_cli_survey_start(struct planche_cli_survey *survey,
                              const struct planche_cli_plan *plan,
                              const struct planche_cli_options *options,
                              planche_cli_survey_wanted_fn wanted, void *user)
{
    *survey = (struct planche_cli_survey){.plan = plan, .options = options};
    planche_mutex_init(&survey->lock);
    survey->items = calloc(plan->count + 1, sizeof *survey->items);
    if (survey->items == NULL || planche_cancel_create(&survey->cancel, NULL) != PLANCHE_OK)
        return false;
    for (size_t i = 0; i < plan->count; i++)
        survey->items[i].wanted = wanted == NULL || wanted(user, i);
    survey->running = planche_thread_start(&survey->thread, look, survey);
    return survey->running;
}

void planche_cli_survey_wait(struct planche_cli_survey *survey)
{
    if (survey->running)
        planche_thread_join(&survey->thread);
    survey->running = false;
}

void planche_cli_survey_stop(struct planche_cli_survey *survey)
{
    if (survey->plan == NULL)
        return;
    if (survey->cancel != NULL)
        planche_cancel_request(survey->cancel);
    planche_cli_survey_wait(survey);
    for (size_t i = 0; survey->items != NULL && i < survey->plan->count; i++)
        free(survey->items[i].entry_pixels);
    free(survey->items);
    planche_cancel_destroy(&survey->cancel);
    planche_mutex_destroy(&survey->lock);
    *survey = (struct planche_cli_survey){0};
}

void planche_cli_survey_sum(struct planche_cli_survey *survey,
                            struct planche_cli_survey_totals *totals)
{
    size_t sized = 0, unsized = 0;
    double pixels = 0.0;
    *totals = (struct planche_cli_survey_totals){0};
    planche_mutex_lock(&survey->lock);
    for (size_t i = 0; i < survey->plan->count; i++) {
        const struct planche_cli_survey_item *item = &survey->items[i];
        totals->items += item->wanted;
        if (!item->wanted || !item->known)
            continue;
        totals->known++;
        totals->books += survey->plan->items[i].book;
        totals->pages += item->pages;
        sized += item->pages - item->unsized;
        unsized += item->unsized;
        pixels += item->pixels;
    }
    totals->mean_pixels = sized > 0 ? pixels / (double)sized : USUAL_PIXELS;
    totals->pixels = pixels + (double)unsized * totals->mean_pixels;
    if (survey->known_bytes > 0)
        totals->pixels_per_byte = pixels / (double)survey->known_bytes;
    planche_mutex_unlock(&survey->lock);
}

double planche_cli_survey_pixels(struct planche_cli_survey *survey, size_t index,
                                 const struct planche_cli_survey_totals *totals)
{
    planche_mutex_lock(&survey->lock);
    const struct planche_cli_survey_item *item = &survey->items[index];
    double pixels = item->pixels + (double)item->unsized * totals->mean_pixels;
    if (!item->known && survey->plan->items[index].book)
        pixels = (double)survey->plan->items[index].bytes * totals->pixels_per_byte;
    else if (!item->known)
        pixels = totals->mean_pixels;
    if (!item->wanted)
        pixels = 0.0;
    planche_mutex_unlock(&survey->lock);
    return pixels;
}

double planche_cli_survey_entry(struct planche_cli_survey *survey, size_t index, size_t entry,
                                const struct planche_cli_survey_totals *totals)
{
    double pixels = 0.0;
    planche_mutex_lock(&survey->lock);
    const struct planche_cli_survey_item *item = &survey->items[index];
    if (!survey->plan->items[index].book)
        pixels = item->pixels;
    else if (item->known && entry < item->entries)
        pixels = (double)item->entry_pixels[entry];
    planche_mutex_unlock(&survey->lock);
    return pixels > 0.0 ? pixels : totals->mean_pixels;
}
