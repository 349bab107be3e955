/* SPDX-License-Identifier: MIT */
/* Survey: how many pages the books and pages of a plan have and how large they are, from their
 * headers alone, read on a thread of its own while the first pages are computed. The time left and
 * the totals of --dry-run come from it. */
#ifndef PLANCHE_CLI_ENLARGE_SURVEY_H
#define PLANCHE_CLI_ENLARGE_SURVEY_H

#include "cli/option_values.h"
#include "enlarge/plan.h"
#include "os/thread.h"

#include <planche/cancel.h>

/* What is known of an item of the plan. */
struct planche_cli_survey_item {
    bool known;     /* looked at; what follows is set */
    bool wanted;    /* its pages are to be made: its output is not there yet */
    bool failed;    /* it cannot be read */
    size_t pages;   /* to be made, those of unknown size among them */
    size_t unsized; /* of them: their sizes cannot be told from headers (PDF) */
    double pixels;  /* of the input, of the pages whose size is known */
    /* Of a book: pixels of each entry; 0: no page, one that is left as it is, or one of unknown
     * size. Owned by the survey. */
    float *entry_pixels;
    size_t entries;
};

/* Sums over the items that are wanted. */
struct planche_cli_survey_totals {
    size_t items, known; /* known: those that have been looked at */
    size_t books, pages; /* of those that are known */
    double pixels;       /* likewise; pages of unknown size count as the mean of the others */
    double mean_pixels;  /* of a page; a guess as long as no page is known */
    /* Pixels for each byte of those that are known, by which the others are guessed; 0: none. */
    double pixels_per_byte;
};

struct planche_cli_survey {
    const struct planche_cli_plan *plan;
    const struct planche_cli_options *options;
    struct planche_cli_survey_item *items; /* [plan->count], under the lock */
    uint64_t known_bytes;                  /* of the inputs that have pixels; under the lock */
    struct planche_mutex lock;
    struct planche_cancel *cancel;
    struct planche_thread thread;
    bool running;
};

/* Whether an item's pages are to be made. Called on the caller's thread. */
typedef bool (*planche_cli_survey_wanted_fn)(void *user, size_t index);

/* Starts to look at the wanted items in their order. plan and options must outlive it. False: no
 * memory, no thread. */
bool planche_cli_survey_start(struct planche_cli_survey *survey,
                              const struct planche_cli_plan *plan,
                              const struct planche_cli_options *options,
                              planche_cli_survey_wanted_fn wanted, void *user);
/* Waits until all items are known. */
void planche_cli_survey_wait(struct planche_cli_survey *survey);
/* Gives up what is not known yet and frees everything; a survey that was not started is fine. */
void planche_cli_survey_stop(struct planche_cli_survey *survey);

/* Thread-safe. The totals so far. */
void planche_cli_survey_sum(struct planche_cli_survey *survey,
                            struct planche_cli_survey_totals *totals);
/* Thread-safe. Input pixels of an item that is wanted: known, or guessed from its bytes. */
double planche_cli_survey_pixels(struct planche_cli_survey *survey, size_t index,
                                 const struct planche_cli_survey_totals *totals);
/* Thread-safe. Pixels of an entry of a book, or of the page that an item is; the mean if they are
 * not known. */
double planche_cli_survey_entry(struct planche_cli_survey *survey, size_t index, size_t entry,
                                const struct planche_cli_survey_totals *totals);
/* Notes what is known of an item: for tests, and where somebody knows it already. Takes
 * found->entry_pixels, allocated with malloc. */
void planche_cli_survey_note(struct planche_cli_survey *survey, size_t index,
                             const struct planche_cli_survey_item *found);

#endif
