/* SPDX-License-Identifier: MIT */
/* Progress of a whole run: counts work in pixels of the input, and draws. */
#include "enlarge/progress.h"

#include "cli/json.h"
#include "cli/paths.h"
#include "cli/terminal.h"
#include "os/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Seconds between two drawings of each kind, and between two looks whether it is time. */
#define BAR_SECONDS   0.2
#define JSON_SECONDS  1.0
#define PLAIN_SECONDS 10.0
#define TICK_NS       INT64_C(100000000)

static double now_seconds(void)
{
    return planche_clock_ms() / 1e3;
}

/* Pixels computed so far of the book that runs, and those passed over. */
static double count_book(struct planche_cli_progress *p,
                         const struct planche_cli_survey_totals *totals, double *passed)
{
    double computed = 0.0;
    *passed = 0.0;
    for (size_t i = 0; p->book < p->plan->count && i < p->entry_count; i++) {
        if (p->entries[i].part <= 0.0)
            continue;
        double pixels = planche_cli_survey_entry(&p->survey, p->book, i, totals);
        if (p->entries[i].computed)
            computed += p->entries[i].part * pixels;
        else
            *passed += pixels;
    }
    return computed;
}

/* Pixels of an item that are still to be made. */
static double count_left(struct planche_cli_progress *p, size_t index, double book_done,
                         const struct planche_cli_survey_totals *totals)
{
    const struct planche_cli_progress_item *item = &p->items[index];
    double pixels = planche_cli_survey_pixels(&p->survey, index, totals);
    if (item->ended)
        return 0.0;
    double left = index == p->book ? pixels - book_done : pixels * (1.0 - item->part);
    return left > 0.0 ? left : 0.0;
}

/* All work of the run, and what is left of it. */
struct amounts {
    double all, left, done;
    size_t books; /* that have not ended, but for the one that runs */
    struct planche_cli_survey_totals totals;
};

static void measure(struct planche_cli_progress *p, struct amounts *amounts)
{
    double passed;
    *amounts = (struct amounts){0};
    planche_cli_survey_sum(&p->survey, &amounts->totals);
    double book = count_book(p, &amounts->totals, &passed);
    amounts->done = p->ended_work + book;
    for (size_t i = 0; i < p->plan->count; i++) {
        const struct planche_cli_progress_item *item = &p->items[i];
        amounts->all += planche_cli_survey_pixels(&p->survey, i, &amounts->totals);
        amounts->left += count_left(p, i, book + passed, &amounts->totals);
        if (!p->plan->items[i].book && item->begun && !item->ended)
            amounts->done +=
                item->part * planche_cli_survey_entry(&p->survey, i, 0, &amounts->totals);
        amounts->books += p->plan->items[i].book && item->wanted && !item->ended && i != p->book;
    }
}

/* Work is counted by other pixels than before once the book that runs is known. */
static bool is_new_basis(struct planche_cli_progress *p, const struct amounts *amounts)
{
    bool known = p->book == p->plan->count;
    if (!known) {
        planche_mutex_lock(&p->survey.lock);
        known = p->survey.items[p->book].known;
        planche_mutex_unlock(&p->survey.lock);
    }
    bool moved = known != p->book_basis ||
                 (p->page_basis != amounts->totals.mean_pixels && p->entry_count > 0 && !known);
    p->book_basis = known;
    p->page_basis = amounts->totals.mean_pixels;
    return moved;
}

/* Tells the estimate what has been done until now. Books whose pages have all been passed over so
 * far are no time to be reckoned with. */
static void update_estimate(struct planche_cli_progress *p, struct amounts *amounts)
{
    double now = now_seconds();
    measure(p, amounts);
    if (is_new_basis(p, amounts))
        planche_cli_estimate_restart(&p->estimate, now, amounts->done);
    else if (p->computing || amounts->done > p->estimate.done)
        planche_cli_estimate_update(&p->estimate, now, amounts->done, !p->writing);
}

static void take_snapshot(const struct planche_cli_progress *p, const struct amounts *amounts,
                          struct planche_cli_snapshot *snapshot)
{
    bool in_book = p->book < p->plan->count;
    const char *name = "";
    if (in_book)
        name = planche_cli_base_name(p->plan->items[p->book].input);
    else if (p->plan->pages > 0)
        name = planche_cli_base_name(p->plan->items[p->last_page].input);
    size_t pages = in_book ? p->book_pages : p->plan->pages;
    size_t ended = in_book ? p->book_done : p->pages_ended;
    *snapshot = (struct planche_cli_snapshot){
        .fraction = amounts->all > 0.0 ? 1.0 - amounts->left / amounts->all : 0.0,
        .left = planche_cli_estimate_left(&p->estimate, amounts->left, amounts->books),
        .page_seconds = planche_cli_estimate_page_seconds(&p->estimate),
        .books = in_book ? p->books : 0,
        .book = p->books_ended + 1,
        .pages = pages,
        .page = ended < pages ? ended + 1 : pages,
        .name = name,
        .device = p->device,
        .writing = in_book && p->writing,
    };
    if (snapshot->fraction < 0.0)
        snapshot->fraction = 0.0;
}

static void set_number(json_t *object, const char *key, double value)
{
    json_object_set_new(object, key, value >= 0.0 ? planche_cli_json_ms(value) : json_null());
}

static json_t *make_json(const struct planche_cli_progress *p, const struct amounts *amounts,
                         const struct planche_cli_snapshot *snapshot)
{
    bool in_book = p->book < p->plan->count;
    const struct planche_cli_item *item =
        p->plan->count > 0 ? &p->plan->items[in_book ? p->book : p->last_page] : NULL;
    json_t *object = json_object();
    json_object_set_new(object, "type", json_string("progress"));
    set_number(object, "seconds", now_seconds() - p->start);
    set_number(object, "fraction", snapshot->fraction);
    set_number(object, "seconds_left", snapshot->left);
    set_number(object, "seconds_a_page", snapshot->page_seconds);
    json_object_set_new(object, "books", json_integer((json_int_t)p->books));
    json_object_set_new(object, "books_done", json_integer((json_int_t)p->books_ended));
    json_object_set_new(object, "pages", json_integer((json_int_t)snapshot->pages));
    json_object_set_new(object, "pages_done",
                        json_integer((json_int_t)(in_book ? p->book_done : p->pages_ended)));
    json_object_set_new(object, "pixels", json_integer((json_int_t)amounts->all));
    json_object_set_new(object, "pixels_left", json_integer((json_int_t)amounts->left));
    json_object_set_new(object, "surveyed",
                        json_boolean(amounts->totals.known == amounts->totals.items));
    json_object_set_new(object, "input", planche_cli_json_text(item ? item->input : NULL));
    json_object_set_new(object, "entry",
                        planche_cli_json_text(in_book && *p->entry ? p->entry : NULL));
    json_object_set_new(object, "writing", json_boolean(snapshot->writing));
    return object;
}

/* What is to be shown, by the mode. */
struct picture {
    char line[1024];
    json_t *object;
};

/* The lock is held. */
static void compose(struct planche_cli_progress *p, struct picture *picture)
{
    struct amounts amounts;
    struct planche_cli_snapshot snapshot;
    *picture = (struct picture){0};
    update_estimate(p, &amounts);
    take_snapshot(p, &amounts, &snapshot);
    if (p->mode == PLANCHE_CLI_PROGRESS_BAR)
        planche_cli_progress_line(&snapshot, planche_cli_columns(), picture->line,
                                  sizeof picture->line);
    else if (p->mode == PLANCHE_CLI_PROGRESS_PLAIN)
        planche_cli_progress_plain(&snapshot, picture->line, sizeof picture->line);
    else
        picture->object = make_json(p, &amounts, &snapshot);
}

/* The lock is not held: a terminal may be stopped, and pages need not wait for it. */
static void show(enum planche_cli_progress_mode mode, const struct picture *picture)
{
    if (mode == PLANCHE_CLI_PROGRESS_BAR)
        planche_cli_status_line(picture->line);
    else if (mode == PLANCHE_CLI_PROGRESS_PLAIN)
        planche_cli_note("%s", picture->line);
    else
        planche_cli_json_print(picture->object);
}

static void tick(void *user)
{
    static const double seconds[] = {
        [PLANCHE_CLI_PROGRESS_BAR] = BAR_SECONDS,
        [PLANCHE_CLI_PROGRESS_PLAIN] = PLAIN_SECONDS,
        [PLANCHE_CLI_PROGRESS_JSON] = JSON_SECONDS,
    };
    struct planche_cli_progress *p = user;
    planche_mutex_lock(&p->lock);
    while (!p->stopping) {
        double now = now_seconds();
        bool begun = p->book < p->plan->count || p->items[p->last_page].begun;
        if (begun && now - p->drawn >= seconds[p->mode]) {
            struct picture picture;
            p->drawn = now;
            compose(p, &picture);
            planche_mutex_unlock(&p->lock);
            show(p->mode, &picture);
            planche_mutex_lock(&p->lock);
            continue; /* it may have been asked to stop meanwhile */
        }
        planche_cond_wait_until(&p->stop_asked, &p->lock, planche_clock_ns() + TICK_NS);
    }
    planche_mutex_unlock(&p->lock);
}

static enum planche_cli_progress_mode choose_mode(const struct planche_cli_options *options)
{
    enum planche_cli_progress_mode mode = options->progress;
    bool terminal = planche_cli_is_terminal(), escapes = planche_cli_has_escapes();
    if (mode == PLANCHE_CLI_PROGRESS_AUTO) {
        bool quiet = options->quiet || (options->json && planche_cli_prints_on_terminal());
        mode = terminal && !quiet ? PLANCHE_CLI_PROGRESS_BAR : PLANCHE_CLI_PROGRESS_NONE;
    }
    /* A bar is drawn with escapes, and moves the cursor. */
    if (mode == PLANCHE_CLI_PROGRESS_BAR && !escapes)
        mode = PLANCHE_CLI_PROGRESS_PLAIN;
    return mode;
}

bool planche_cli_progress_start(struct planche_cli_progress *p, const struct planche_cli_plan *plan,
                                const struct planche_cli_options *options, const char *device,
                                planche_cli_survey_wanted_fn wanted, void *user)
{
    *p =
        (struct planche_cli_progress){.mode = choose_mode(options), .plan = plan, .device = device};
    planche_mutex_init(&p->lock);
    planche_cond_init(&p->stop_asked);
    p->book = plan->count;
    p->book_basis = true;
    p->books = plan->count - plan->pages;
    p->start = now_seconds();
    p->drawn = p->mode == PLANCHE_CLI_PROGRESS_PLAIN ? p->start : 0.0;
    planche_cli_estimate_start(&p->estimate, p->start);
    if (p->mode == PLANCHE_CLI_PROGRESS_NONE)
        return true;
    p->items = calloc(plan->count + 1, sizeof *p->items);
    for (size_t i = 0; p->items != NULL && i < plan->count; i++)
        p->items[i].wanted = wanted == NULL || wanted(user, i);
    bool ok = p->items != NULL &&
              planche_cli_survey_start(&p->survey, plan, options, wanted, user) &&
              planche_thread_start(&p->ticker, tick, p);
    p->ticking = ok;
    if (!ok)
        p->mode = PLANCHE_CLI_PROGRESS_NONE;
    return ok;
}

void planche_cli_progress_begin(struct planche_cli_progress *p, size_t item)
{
    if (p->mode == PLANCHE_CLI_PROGRESS_NONE)
        return;
    planche_mutex_lock(&p->lock);
    p->items[item].begun = true;
    if (p->plan->items[item].book) {
        struct amounts amounts;
        update_estimate(p, &amounts); /* before this book's time */
        planche_cli_estimate_restart(&p->estimate, now_seconds(), amounts.done);
        p->book = item;
        is_new_basis(p, &amounts);
        p->book_pages = p->book_done = 0;
        p->writing = p->computing = false;
        p->entry_count = 0;
        p->entry[0] = 0;
    } else {
        p->last_page = item;
        p->computing = true;
    }
    /* What begins shows at once, however soon it ends. */
    struct picture picture;
    bool at_once =
        p->mode == PLANCHE_CLI_PROGRESS_BAR && (p->plan->items[item].book || p->drawn <= 0.0);
    if (at_once) {
        p->drawn = now_seconds();
        compose(p, &picture);
    }
    planche_mutex_unlock(&p->lock);
    if (at_once)
        show(p->mode, &picture);
}

void planche_cli_progress_page(struct planche_cli_progress *p, size_t item, double part)
{
    if (p->mode == PLANCHE_CLI_PROGRESS_NONE)
        return;
    planche_mutex_lock(&p->lock);
    p->items[item].part = part;
    p->last_page = part > 0.0 ? item : p->last_page;
    planche_mutex_unlock(&p->lock);
}

/* Room for an entry. False: no memory; it is not counted then. */
static bool make_room(struct planche_cli_progress *p, size_t index)
{
    if (index < p->entry_count)
        return true;
    size_t count = index + 64;
    void *grown = reallocarray(p->entries, count, sizeof *p->entries);
    if (grown == NULL)
        return false;
    p->entries = grown;
    memset(p->entries + p->entry_count, 0, (count - p->entry_count) * sizeof *p->entries);
    p->entry_count = count;
    return true;
}

/* A page has been computed. */
static void note_page(struct planche_cli_progress *p, size_t item, size_t entry)
{
    struct planche_cli_survey_totals totals;
    planche_cli_survey_sum(&p->survey, &totals);
    planche_cli_estimate_page(&p->estimate,
                              planche_cli_survey_entry(&p->survey, item, entry, &totals));
}

void planche_cli_progress_book(struct planche_cli_progress *p,
                               const struct planche_book_progress *moved)
{
    if (p->mode == PLANCHE_CLI_PROGRESS_NONE)
        return;
    planche_mutex_lock(&p->lock);
    p->book_pages = moved->pages;
    p->book_done = moved->done;
    if (moved->writing && !p->writing) { /* until now the time was the pages' */
        struct amounts amounts;
        update_estimate(p, &amounts);
    }
    p->writing = moved->writing;
    if (moved->name != NULL)
        snprintf(p->entry, sizeof p->entry, "%s", moved->name);
    if (moved->name != NULL && moved->part > 0.0 && make_room(p, moved->index)) {
        struct planche_cli_progress_entry *entry = &p->entries[moved->index];
        if (moved->computed && moved->part >= 1.0 && entry->part < 1.0)
            note_page(p, p->book, moved->index);
        entry->part = moved->part;
        entry->computed = moved->computed;
        p->computing = p->computing || moved->computed;
    }
    planche_mutex_unlock(&p->lock);
}

void planche_cli_progress_end(struct planche_cli_progress *p, size_t item, bool computed)
{
    struct amounts amounts;
    if (p->mode == PLANCHE_CLI_PROGRESS_NONE)
        return;
    planche_mutex_lock(&p->lock);
    if (!p->plan->items[item].book && computed)
        p->items[item].part = 1.0;
    update_estimate(p, &amounts);
    if (p->plan->items[item].book) {
        double passed;
        p->ended_work += count_book(p, &amounts.totals, &passed);
        if (p->computing)
            planche_cli_estimate_book(&p->estimate);
        p->books_ended++;
        p->book = p->plan->count;
        p->entry_count = 0;
        p->writing = p->computing = false; /* what comes may be passed over */
    } else {
        double pixels = planche_cli_survey_entry(&p->survey, item, 0, &amounts.totals);
        p->ended_work += computed ? pixels : 0.0;
        if (computed)
            planche_cli_estimate_page(&p->estimate, pixels);
        p->pages_ended++;
    }
    p->items[item].ended = true;
    if (p->pages_ended == p->plan->pages && !p->plan->items[item].book)
        p->computing = false;
    planche_mutex_unlock(&p->lock);
}

double planche_cli_progress_speed(struct planche_cli_progress *p)
{
    if (p->mode == PLANCHE_CLI_PROGRESS_NONE)
        return 0.0;
    planche_mutex_lock(&p->lock);
    const struct planche_cli_estimate *estimate = &p->estimate;
    bool enough = estimate->pages >= 2 && estimate->seconds >= 2.0;
    double speed = enough ? estimate->work / estimate->seconds : 0.0;
    planche_mutex_unlock(&p->lock);
    return speed;
}

void planche_cli_progress_stop(struct planche_cli_progress *p)
{
    if (p->ticking) {
        planche_mutex_lock(&p->lock);
        p->stopping = true;
        planche_cond_signal(&p->stop_asked);
        planche_mutex_unlock(&p->lock);
        planche_thread_join(&p->ticker);
    }
    if (p->mode == PLANCHE_CLI_PROGRESS_BAR)
        planche_cli_status_line("");
    if (p->mode == PLANCHE_CLI_PROGRESS_JSON) {
        struct picture picture;
        compose(p, &picture);
        show(p->mode, &picture);
    }
    planche_cli_survey_stop(&p->survey);
    free(p->items);
    free(p->entries);
    planche_cond_destroy(&p->stop_asked);
    planche_mutex_destroy(&p->lock);
    *p = (struct planche_cli_progress){.mode = PLANCHE_CLI_PROGRESS_NONE};
}
