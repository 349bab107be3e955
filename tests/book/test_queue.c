/* SPDX-License-Identifier: MIT */
/* The queue between a book's reader and its pages: it is bounded, and a failure ends it. */
#include "book_test.h"

#include "book/page_run.h"

#include <dirent.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGES   16
#define JOBS    2u
#define WAITING (JOBS + 1)

static struct book in;
static struct told told;

static struct planche_engine *engine_with(unsigned jobs)
{
    return test_engine((struct planche_engine_options){.jobs = jobs, .threads = jobs}, 2);
}

static void make_input(bool first_is_bad)
{
    char name[16];
    if (first_is_bad)
        book_add_text(&in, "00.png", "not an image");
    for (unsigned i = 1; i <= PAGES; i++) {
        snprintf(name, sizeof name, "%02u.png", i);
        book_add_page(&in, name, i, 96, 96, PLANCHE_FORMAT_PNG);
    }
    book_write(&in, test_path("in.cbz"), PLANCHE_CONTAINER_ZIP);
}

static void tidy(struct planche_engine **engine)
{
    planche_engine_destroy(engine);
    remove_all("in.cbz");
    remove_all("out.cbz");
    book_free(&in);
    assert_int_equal(test_count_files(), 0);
}

/* Pages that have been read and are not made yet, by their files in the work folder. */
static size_t count_spooled(void)
{
    DIR *folder = opendir(test_path(".out.cbz.planche"));
    size_t count = 0;
    for (const struct dirent *entry; folder && (entry = readdir(folder));) {
        size_t length = strlen(entry->d_name);
        count += length > 3 && strcmp(entry->d_name + length - 3, ".in") == 0;
    }
    if (folder)
        closedir(folder);
    return count;
}

struct seen {
    size_t most;
};

static void see_spooled(void *user, const struct planche_book_progress *progress)
{
    struct seen *seen = user;
    size_t count = progress->writing ? 0 : count_spooled();
    seen->most = count > seen->most ? count : seen->most;
}

/* Those that run, those that wait, and the one that the reader has. */
static void test_bounded(void **state)
{
    struct planche_engine *engine = engine_with(JOBS);
    struct planche_book_options options = book_options(&told);
    struct seen seen = {0};
    char from[600], to[600];
    (void)state;
    make_input(false);
    snprintf(from, sizeof from, "%s", test_path("in.cbz"));
    snprintf(to, sizeof to, "%s", test_path("out.cbz"));
    options.on_page = NULL;
    options.on_progress = see_spooled;
    options.user = &seen;
    assert_int_equal(planche_engine_run_book(engine, from, to, &options, NULL, NULL), PLANCHE_OK);
    assert_in_range(seen.most, 1, JOBS + WAITING + 1);
    tidy(&engine);
}

/* Turns of pages. */
struct turns {
    atomic_uint begun, ended, most;
};

static void begin_page(void *user)
{
    struct turns *turns = user;
    unsigned between = ++turns->begun - turns->ended;
    if (between > turns->most)
        turns->most = between;
}

static void end_page(void *user)
{
    struct turns *turns = user;
    turns->ended++;
}

/* Each page has its turn, which ends; no more at once than the engine makes. */
static void test_turns(void **state)
{
    struct planche_engine *engine = engine_with(1);
    struct planche_book_options options = book_options(&told);
    struct planche_book_result result = PLANCHE_BOOK_RESULT_INIT;
    struct turns turns = {0};
    char from[600], to[600];
    (void)state;
    make_input(true);
    snprintf(from, sizeof from, "%s", test_path("in.cbz"));
    snprintf(to, sizeof to, "%s", test_path("out.cbz"));
    options.on_page = NULL;
    options.on_progress = NULL;
    options.begin_page = begin_page;
    options.end_page = end_page;
    options.user = &turns;
    assert_int_equal(planche_engine_run_book(engine, from, to, &options, &result, NULL),
                     PLANCHE_OK);
    assert_int_equal(turns.begun, result.pages);
    assert_int_equal(turns.ended, result.pages);
    assert_int_equal(turns.most, 1);
    tidy(&engine);
}

/* Who makes pages in the place of the engine: as it would, but for every third, which fails. */
struct makers {
    const struct planche_engine *engine;
    atomic_uint calls;
    bool fails;
};

static enum planche_status make_page(void *user, const char *name, const char *input,
                                     const char *output, const struct planche_page_options *options,
                                     struct planche_page_result *result,
                                     struct planche_error *error)
{
    struct makers *makers = user;
    unsigned call = makers->calls++;
    assert_non_null(strstr(name, "in.cbz: "));
    assert_non_null(options->progress);
    assert_non_null(options->cancel);
    if (makers->fails && call % 3 == 2) {
        error->status = PLANCHE_ERROR_LIMIT;
        snprintf(error->message, sizeof error->message, "%s: the other machine said no", name);
        return PLANCHE_ERROR_LIMIT;
    }
    options->progress(options->progress_user, 0.5);
    return planche_engine_run_file(makers->engine, input, output, options, result, error);
}

static enum planche_status run_makers(struct makers *makers, const char *output, unsigned count,
                                      struct planche_book_result *result)
{
    struct planche_book_options options = book_options(&told);
    char from[600], to[600];
    snprintf(from, sizeof from, "%s", test_path("in.cbz"));
    snprintf(to, sizeof to, "%s", test_path(output));
    options.on_page = NULL;
    options.on_progress = NULL;
    options.make_page = count > 0 ? make_page : NULL;
    options.makers = count;
    options.user = makers;
    return planche_engine_run_book(makers->engine, from, to, &options, result, NULL);
}

/* Pages that are made elsewhere are a book as any other, to the byte; what fails there is kept. */
static void test_makers(void **state)
{
    struct planche_engine *engine = engine_with(2);
    struct planche_book_result alone = PLANCHE_BOOK_RESULT_INIT, made = PLANCHE_BOOK_RESULT_INIT;
    struct makers makers = {.engine = engine};
    (void)state;
    make_input(false);
    assert_int_equal(run_makers(&makers, "alone.cbz", 0, &alone), PLANCHE_OK);
    assert_int_equal(run_makers(&makers, "made.cbz", 5, &made), PLANCHE_OK);
    assert_int_equal(makers.calls, made.outcomes[PLANCHE_BOOK_ENLARGED]);
    assert_int_equal(made.outcomes[PLANCHE_BOOK_ENLARGED], alone.outcomes[PLANCHE_BOOK_ENLARGED]);
    assert_int_equal(made.output_bytes, alone.output_bytes);
    expect_same_files("alone.cbz", "made.cbz");
    makers.calls = 0;
    makers.fails = true;
    assert_int_equal(run_makers(&makers, "some.cbz", 1, &made), PLANCHE_OK);
    assert_int_equal(made.outcomes[PLANCHE_BOOK_FAILED], makers.calls / 3);
    remove_all("alone.cbz");
    remove_all("made.cbz");
    remove_all("some.cbz");
    tidy(&engine);
}

/* A page and one with the same bytes, which is read while the first is made. */
struct repeat {
    const struct planche_engine *engine;
    atomic_bool read;   /* the second one was */
    atomic_size_t done; /* pages, as last told */
    size_t early;       /* that were done when the first was made */
    bool two;           /* the second was told to be over */
};

static void see_repeat(void *user, const struct planche_book_progress *progress)
{
    struct repeat *repeat = user;
    bool second = progress->name && strcmp(progress->name, "2.png") == 0;
    repeat->two = repeat->two || (second && progress->part >= 1.0 && progress->done == 2);
    atomic_store(&repeat->done, progress->done);
    if (second)
        atomic_store(&repeat->read, true);
}

static enum planche_status make_late(void *user, const char *name, const char *input,
                                     const char *output, const struct planche_page_options *options,
                                     struct planche_page_result *result,
                                     struct planche_error *error)
{
    struct repeat *repeat = user;
    (void)name;
    for (int i = 0; i < 10000 && !atomic_load(&repeat->read); i++)
        usleep(1000);
    for (int i = 0; i < 20; i++) { /* it is put aside a moment after it was read */
        usleep(1000);
        options->progress(options->progress_user, 0.0);
    }
    repeat->early = atomic_load(&repeat->done);
    return planche_engine_run_file(repeat->engine, input, output, options, result, error);
}

/* A page that has the bytes of another is done when that one is, not when it is read. */
static void test_repeats(void **state)
{
    struct planche_engine *engine = engine_with(1);
    struct planche_book_options options = book_options(&told);
    struct repeat repeat = {.engine = engine};
    char from[600], to[600];
    (void)state;
    book_add_page(&in, "1.png", 1, 96, 96, PLANCHE_FORMAT_PNG);
    book_add_page(&in, "2.png", 1, 96, 96, PLANCHE_FORMAT_PNG);
    book_write(&in, test_path("in.cbz"), PLANCHE_CONTAINER_ZIP);
    snprintf(from, sizeof from, "%s", test_path("in.cbz"));
    snprintf(to, sizeof to, "%s", test_path("out.cbz"));
    options.on_page = NULL;
    options.on_progress = see_repeat;
    options.make_page = make_late;
    options.makers = 1;
    options.user = &repeat;
    assert_int_equal(planche_engine_run_book(engine, from, to, &options, NULL, NULL), PLANCHE_OK);
    assert_true(repeat.read);
    assert_int_equal(repeat.early, 0);
    assert_true(repeat.two);
    assert_int_equal(repeat.done, 2);
    tidy(&engine);
}

/* Where no page waits for another, none of those behind a page is looked at when it is over: here
 * nobody may. */
static void test_no_repeats(void **state)
{
    struct planche_engine *engine = engine_with(1);
    size_t room = (size_t)sysconf(_SC_PAGESIZE);
    room *= sizeof(struct planche_entry) / room + 1;
    uint8_t *memory =
        mmap(NULL, 2 * room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char name[] = "1.png", input[] = "in.cbz";
    struct planche_book book = {.engine = engine, .input = input};
    struct planche_page_runs runs;
    (void)state;
    assert_ptr_not_equal(memory, MAP_FAILED);
    assert_int_equal(mprotect(memory + room, room, PROT_NONE), 0);
    struct planche_entry *entry =
        (struct planche_entry *)(void *)(memory + room - sizeof(struct planche_entry));
    *entry = (struct planche_entry){
        .name = name, .page = true, .running = true, .original = PLANCHE_NO_ENTRY};
    book.entries = (struct planche_entries){.list = entry, .count = 1000, .pages = 1};
    book.progress.pages = 1;
    book.page = (struct planche_page_options)PLANCHE_PAGE_OPTIONS_INIT;
    planche_budget_init(&book.budget, (size_t)1 << 24);
    planche_mutex_init(&book.mutex);
    snprintf(book.work.folder, sizeof book.work.folder, "%s", test_path("in"));
    assert_int_equal(mkdir(book.work.folder, 0777), 0);
    test_write(test_path("in/0.in"), "no page", 7);
    planche_page_runs_init(&runs, &book);
    planche_book_run_page(&runs, 0);
    assert_int_equal(runs.status, PLANCHE_OK);
    assert_int_equal(entry->outcome, PLANCHE_BOOK_FAILED);
    assert_int_equal(book.progress.done, 1);
    planche_free(entry->message);
    planche_mutex_destroy(&book.mutex);
    munmap(memory, 2 * room);
    remove_all("in");
    tidy(&engine);
}

/* With one worker pages run in their order: after the first has failed none is run. */
static void test_failure(void **state)
{
    struct planche_engine *engine = engine_with(1);
    struct planche_book_options options = book_options(&told);
    (void)state;
    make_input(true);
    options.on_error = PLANCHE_ON_ERROR_FAIL;
    assert_int_equal(book_run(engine, "in.cbz", "out.cbz", options, &told), PLANCHE_ERROR_DATA);
    assert_non_null(strstr(told.error.message, "00.png"));
    /* Nothing is worth to be kept. */
    assert_int_equal(count_in(".out.cbz.planche"), -1);
    tidy(&engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bounded), cmocka_unit_test(test_turns),
        cmocka_unit_test(test_makers),  cmocka_unit_test(test_repeats),
        cmocka_unit_test(test_failure), cmocka_unit_test(test_no_repeats),
    };
    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
