/* SPDX-License-Identifier: MIT */
/* Runs that were interrupted: the next one goes on, and ends with the same bytes. */
#include "book_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <dirent.h>
#include <fcntl.h>

#define PAGES 5
#define WORK  ".out.cbz.planche"

static struct book in;
static struct told told;

/* A book with pages, one of them twice, one damaged, and something else; and what becomes of it
 * without interruptions, in expected.cbz. */
static struct planche_engine *start(void)
{
    struct planche_engine *engine =
        test_engine((struct planche_engine_options){.jobs = 1, .threads = 1}, 2);
    for (int i = 0; i < PAGES; i++) {
        char name[32];
        snprintf(name, sizeof name, "p%d.png", i);
        book_add_page(&in, name, (uint64_t)i, 20, 24, PLANCHE_FORMAT_PNG);
    }
    book_add_text(&in, "ComicInfo.xml",
                  "<ComicInfo><Pages><Page Image=\"4\" ImageSize=\"1\"/></Pages></ComicInfo>");
    book_add(&in, "again.png", in.items[0].data, in.items[0].size);
    book_add(&in, "bad.png", in.items[0].data, in.items[0].size / 2);
    book_write(&in, test_path("in.cbz"), PLANCHE_CONTAINER_ZIP);
    book_make(engine, "in.cbz", "expected.cbz", book_options(&told), &told);
    assert_string_equal(told_outcomes(&told), "EEEEECDF");
    return engine;
}

static void finish(struct planche_engine **engine)
{
    planche_engine_destroy(engine);
    remove_all("in.cbz");
    remove_all("expected.cbz");
    book_free(&in);
    assert_int_equal(test_count_files(), 0);
}

static void interrupt(const struct planche_engine *engine, size_t pages)
{
    struct planche_book_options options = book_options(&told);
    told.cancel_at = pages;
    assert_int_equal(book_run(engine, "in.cbz", "out.cbz", options, &told),
                     PLANCHE_ERROR_CANCELLED);
    assert_int_equal(told.count, 0);
    assert_true(count_in(WORK) >= 0);
    assert_int_not_equal(access(test_path("out.cbz"), F_OK), 0);
}

/* Goes on with so many pages made already, or one less: the page that is there twice counts as soon
 * as it has been read. Looks at what comes out. */
static void go_on(const struct planche_engine *engine, size_t made)
{
    char outcomes[] = "EEEEECDF";
    book_make(engine, "in.cbz", "out.cbz", book_options(&told), &told);
    size_t found = told.result.outcomes[PLANCHE_BOOK_RESUMED];
    assert_true(found == made || (made > 0 && found == made - 1));
    memset(outcomes, 'R', found);
    assert_string_equal(told_outcomes(&told), outcomes);
    expect_same_files("out.cbz", "expected.cbz");
    assert_int_equal(count_in(WORK), -1);
    assert_int_equal(unlink(test_path("out.cbz")), 0);
    assert_int_equal(test_count_files(), 2);
}

static void test_every_page(void **state)
{
    struct planche_engine *engine = start();
    (void)state;
    for (size_t pages = 1; pages <= PAGES + 2; pages++) {
        interrupt(engine, pages);
        go_on(engine, pages < PAGES ? pages : PAGES);
    }
    /* Interrupted over and over. */
    for (size_t pages = 1; pages <= PAGES; pages++)
        interrupt(engine, pages);
    go_on(engine, PAGES);
    finish(&engine);
}

static void plant(const char *name, const char *text)
{
    char path[300];
    snprintf(path, sizeof path, WORK "/%s", name);
    test_write(test_path(path), text, strlen(text));
}

/* Calls for every finished page: its note, then its file. */
static void each_page(void (*call)(const char *note, const char *file))
{
    char note[400], file[400];
    DIR *folder = opendir(test_path(WORK));
    assert_non_null(folder);
    for (const struct dirent *entry; (entry = readdir(folder));) {
        size_t length = strlen(entry->d_name);
        if (length < 5 || strcmp(entry->d_name + length - 5, ".page") != 0)
            continue;
        snprintf(note, sizeof note, "%s/%s", test_path(WORK), entry->d_name);
        snprintf(file, sizeof file, "%.*spng", (int)(strlen(note) - 4), note);
        call(note, file);
    }
    closedir(folder);
}

static void remove_file(const char *note, const char *file)
{
    (void)note;
    assert_int_equal(unlink(file), 0);
}

/* Pages that lie elsewhere. */
static void link_file(const char *note, const char *file)
{
    char elsewhere[500];
    (void)note;
    snprintf(elsewhere, sizeof elsewhere, "%s.elsewhere", file);
    assert_int_equal(rename(file, elsewhere), 0);
    assert_int_equal(symlink(elsewhere, file), 0);
}

static void cut_file(const char *note, const char *file)
{
    (void)note;
    assert_int_equal(truncate(file, 10), 0);
}

/* A page of the right size with another content. */
static void spoil_file(const char *note, const char *file)
{
    size_t size;
    uint8_t *data = test_read(file, &size);
    (void)note;
    assert_non_null(data);
    data[size / 2] ^= 0x10;
    test_write(file, data, size);
    free(data);
}

static void remove_note(const char *note, const char *file)
{
    (void)file;
    assert_int_equal(unlink(note), 0);
}

static void empty_note(const char *note, const char *file)
{
    (void)file;
    assert_int_equal(truncate(note, 0), 0);
}

static void cut_note(const char *note, const char *file)
{
    struct stat info;
    (void)file;
    assert_int_equal(stat(note, &info), 0);
    assert_int_equal(truncate(note, info.st_size - 1), 0);
}

static void spoil_note(const char *note, const char *file)
{
    (void)file;
    test_write(note, "planche-page 2 png 4000000000\n", 30);
}

/* Whatever a killed run leaves: what is not whole is made again, and nothing stays. */
static void test_leftovers(void **state)
{
    void (*const calls[])(const char *, const char *) = {remove_file, cut_file,    spoil_file,
                                                         link_file,   remove_note, empty_note,
                                                         cut_note,    spoil_note};
    struct planche_engine *engine = start();
    (void)state;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        interrupt(engine, 3);
        each_page(calls[i]);
        go_on(engine, 0);
    }
    interrupt(engine, 2);
    plant("3.in", "half");
    plant("7.out", "half");
    plant(".1.png.planche-0123456789abcdef", "half");
    test_write(test_path(".out.cbz.planche-0123456789abcdef"), "half a book", 11);
    assert_int_equal(mkdir(test_path(".out.cbz.planche-fedcba9876543210"), 0777), 0);
    test_write(test_path(".out.cbz.planche-fedcba9876543210/1.png"), "half a book", 11);
    go_on(engine, 2);
    interrupt(engine, 2);
    plant("settings", "planche of others");
    go_on(engine, 0);
    assert_int_equal(mkdir(test_path(WORK), 0700), 0);
    go_on(engine, 0);
    finish(&engine);
}

/* A folder that others may have put pages into is not relied on, nor touched. */
static void test_planted(void **state)
{
    struct planche_engine *engine = start();
    (void)state;
    interrupt(engine, 3);
    struct stat info;
    assert_int_equal(stat(test_path(WORK), &info), 0);
    assert_int_equal(info.st_mode & 0777, 0700);
    int files = count_in(WORK);
    for (int i = 0; i < (geteuid() == 0 ? 3 : 2); i++) {
        assert_int_equal(chmod(test_path(WORK), i == 0 ? 0770 : i == 1 ? 0702 : 0700), 0);
        if (i == 2)
            assert_int_equal(chown(test_path(WORK), 65534, 65534), 0);
        assert_int_equal(book_run(engine, "in.cbz", "out.cbz", book_options(&told), &told),
                         PLANCHE_ERROR_IO);
        assert_non_null(strstr(told.error.message, test_path(WORK)));
        assert_int_equal(count_in(WORK), files);
    }
    assert_int_equal(chmod(test_path(WORK), 0700), 0);
    assert_int_equal(chown(test_path(WORK), geteuid(), getegid()), 0);
    go_on(engine, 3);
    finish(&engine);
}

/* Somebody else's file under the output's name, from the progress of a run. */
static void make_others(void *user, const struct planche_book_progress *progress)
{
    (void)user;
    if (progress->writing)
        test_write(test_path("out.cbz"), "others", 6);
}

/* What others put under the name costs no page, whenever they do it. */
static void test_others_output(void **state)
{
    struct planche_engine *engine = start();
    struct planche_book_options options = book_options(&told);
    (void)state;
    options.on_progress = make_others;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(book_run(engine, "in.cbz", "out.cbz", options, &told),
                         PLANCHE_ERROR_EXISTS);
        planche_book_tidy(test_path("out.cbz"));
        assert_true(count_in(WORK) > PAGES);
    }
    unlink(test_path("out.cbz"));
    go_on(engine, PAGES);
    finish(&engine);
}

/* A run that was killed when all was done but to remove the work folder. */
static void leave_work(const struct planche_engine *engine, const char *output)
{
    struct stat info;
    char text[64];
    interrupt(engine, 3);
    assert_int_equal(rename(test_path(output), test_path("out.cbz")), 0);
    assert_int_equal(stat(test_path("out.cbz"), &info), 0);
    snprintf(text, sizeof text, "%ju %ju\n", (uintmax_t)info.st_dev, (uintmax_t)info.st_ino);
    plant("output", text);
}

static void test_killed_at_the_end(void **state)
{
    struct planche_engine *engine = start();
    (void)state;
    test_write(test_path("done"), "the book", 8);
    leave_work(engine, "done");
    assert_int_equal(book_run(engine, "in.cbz", "out.cbz", book_options(&told), &told),
                     PLANCHE_ERROR_EXISTS);
    assert_int_equal(count_in(WORK), -1);
    assert_int_equal(rename(test_path("out.cbz"), test_path("done")), 0);
    leave_work(engine, "done");
    planche_book_tidy(test_path("out.cbz"));
    assert_int_equal(count_in(WORK), -1);
    unlink(test_path("out.cbz"));
    /* A folder. */
    assert_int_equal(mkdir(test_path("done"), 0777), 0);
    leave_work(engine, "done");
    planche_book_tidy(test_path("out.cbz/"));
    assert_int_equal(count_in(WORK), -1);
    remove_all("out.cbz");
    finish(&engine);
}

/* Another model of the same size in the place of the small one, or, twice, that again. */
static void swap_model(const char *how)
{
    char path[600], aside[600];
    size_t size;
    snprintf(path, sizeof path, "%s", test_path("model-2x.bin"));
    snprintf(aside, sizeof aside, "%s", test_path("aside.bin"));
    uint8_t *data = test_read(path, &size);
    assert_non_null(data);
    data[size / 2] ^= 0x40;
    if (strcmp(how, "rename") == 0) {
        test_write(aside, data, size);
        assert_int_equal(rename(aside, path), 0);
    } else {
        test_write(path, data, size);
    }
    free(data);
}

/* Clocks of file systems are coarse. */
static void age_model(void)
{
    const struct timespec times[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
    assert_int_equal(utimensat(AT_FDCWD, test_path("model-2x.bin"), times, 0), 0);
}

static void test_model_swapped(void **state)
{
    struct planche_engine *engine = start(), *other;
    (void)state;
    /* Under an engine that lives: what it has loaded counts. */
    swap_model("rename");
    interrupt(engine, 3);
    other = test_engine((struct planche_engine_options){.jobs = 1}, 2);
    book_make(other, "in.cbz", "out.cbz", book_options(&told), &told);
    assert_string_equal(told_outcomes(&told), "EEEEECDF");
    unlink(test_path("out.cbz"));
    /* Written over: nobody knows what was loaded, unless it is known already. */
    planche_engine_destroy(&other);
    other = test_engine((struct planche_engine_options){.jobs = 1}, 2);
    swap_model("write");
    age_model();
    assert_int_equal(book_run(other, "in.cbz", "out.cbz", book_options(&told), &told),
                     PLANCHE_ERROR_IO);
    assert_non_null(strstr(told.error.message, "have changed"));
    planche_engine_destroy(&other);
    interrupt(engine, 3);
    other = test_engine((struct planche_engine_options){.jobs = 1}, 2);
    go_on(other, 3);
    planche_engine_destroy(&other);
    finish(&engine);
}

static void test_settings(void **state)
{
    struct planche_engine *engine = start(),
                          *larger = test_engine((struct planche_engine_options){.jobs = 2}, 3);
    struct planche_book_options options;
    struct planche_page_options page;
    (void)state;
    interrupt(engine, 3);
    options = book_options(&told);
    page = *options.page;
    page.format = PLANCHE_FORMAT_WEBP;
    options.page = &page;
    book_make(engine, "in.cbz", "out.cbz", options, &told);
    assert_string_equal(told_outcomes(&told), "EEEEECDF");
    unlink(test_path("out.cbz"));
    interrupt(engine, 3);
    book_make(larger, "in.cbz", "out.cbz", book_options(&told), &told);
    assert_string_equal(told_outcomes(&told), "EEEEECDF");
    unlink(test_path("out.cbz"));
    interrupt(engine, 3);
    options = book_options(&told);
    options.fresh = 1;
    book_make(engine, "in.cbz", "out.cbz", options, &told);
    assert_string_equal(told_outcomes(&told), "EEEEECDF");
    unlink(test_path("out.cbz"));
    /* What does not change the bytes of pages changes nothing. */
    interrupt(engine, 3);
    options = book_options(&told);
    options.on_error = PLANCHE_ON_ERROR_FAIL;
    assert_int_equal(book_run(engine, "in.cbz", "out.cbz", options, &told), PLANCHE_ERROR_DATA);
    go_on(engine, PAGES);
    planche_engine_destroy(&larger);
    finish(&engine);
}

/* Runs with other pages or another book; what was made for others must not be in it. */
static void begin_anew(const struct planche_engine *engine, struct planche_page_options page,
                       void (*change)(struct planche_book_options *))
{
    struct planche_book_options options;
    interrupt(engine, 3);
    options = book_options(&told);
    if (!page.struct_size)
        page = *options.page;
    options.page = &page;
    if (change)
        change(&options);
    book_make(engine, "in.cbz", "out.cbz", options, &told);
    assert_int_equal(told.result.outcomes[PLANCHE_BOOK_RESUMED], 0);
    unlink(test_path("out.cbz"));
}

static void set_again(struct planche_book_options *options)
{
    options->again = 1;
}

static void set_skip_above(struct planche_book_options *options)
{
    options->skip_above = 1000;
}

/* Every option that may change a page's bytes. */
static void test_every_setting(void **state)
{
    struct planche_engine *engine = start();
    const struct planche_page_options same = *book_options(&told).page;
    struct planche_page_options pages[10];
    (void)state;
    for (size_t i = 0; i < 10; i++)
        pages[i] = same;
    pages[0].format = PLANCHE_FORMAT_WEBP;
    pages[1].quality = 50;
    pages[2].lossless = 1;
    pages[3].effort = 2;
    pages[4].tta = 1;
    pages[5].width = 30;
    pages[6].height = 30;
    pages[7].provenance = 1;
    pages[8].grey = PLANCHE_GREY_AUTO;
    pages[9].on_limit = PLANCHE_ON_LIMIT_SWITCH;
    for (size_t i = 0; i < 10; i++)
        begin_anew(engine, pages[i], NULL);
    begin_anew(engine, (struct planche_page_options){0}, set_again);
    begin_anew(engine, (struct planche_page_options){0}, set_skip_above);
    finish(&engine);
}

/* Takes all the time that the book has, once one page is there. */
static void take_long(void *user, const struct planche_book_progress *progress)
{
    const struct timespec longer = {.tv_sec = 1, .tv_nsec = 100000000};
    bool *taken = &((struct told *)user)->writing;
    if (progress->done == 0 || *taken)
        return;
    *taken = true;
    nanosleep(&longer, NULL);
}

/* A deadline is the whole book's; the next run continues behind it. */
static void test_deadline(void **state)
{
    struct planche_engine *engine = start();
    struct planche_book_options options = book_options(&told);
    (void)state;
    told.page.deadline_ms = 1000;
    options.on_progress = take_long;
    assert_int_equal(book_run(engine, "in.cbz", "out.cbz", options, &told), PLANCHE_ERROR_DEADLINE);
    assert_true(count_in(WORK) >= 0);
    book_make(engine, "in.cbz", "out.cbz", book_options(&told), &told);
    assert_true(told.writing);
    expect_same_files("out.cbz", "expected.cbz");
    assert_int_equal(unlink(test_path("out.cbz")), 0);
    finish(&engine);
}

/* Another run of the same output, from the progress of the first. */
static const struct planche_engine *running;
static size_t refusals;

static void run_again(void *user, const struct planche_book_progress *progress)
{
    struct planche_error error;
    (void)user;
    if (progress->done == 0 || progress->writing)
        return;
    assert_int_equal(planche_engine_run_book(running, test_path("in.cbz"), test_path("out.cbz"),
                                             NULL, NULL, &error),
                     PLANCHE_ERROR_EXISTS);
    assert_non_null(strstr(error.message, "another run"));
    refusals++;
}

static void test_lock(void **state)
{
    struct planche_engine *engine = start();
    struct planche_book_options options = book_options(&told);
    (void)state;
    running = engine;
    options.on_progress = run_again;
    assert_int_equal(book_run(engine, "in.cbz", "out.cbz", options, &told), PLANCHE_OK);
    assert_true(refusals > 0);
    unlink(test_path("out.cbz"));
    /* A lock without its owner holds nobody up. */
    assert_int_equal(mkdir(test_path(WORK), 0700), 0);
    int fd = open(test_path(WORK), O_RDONLY);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    assert_int_equal(book_run(engine, "in.cbz", "out.cbz", book_options(&told), &told),
                     PLANCHE_ERROR_EXISTS);
    close(fd);
    go_on(engine, 0);
    /* Nor is a link or a file in its place followed or removed. */
    assert_int_equal(symlink(test_folder, test_path(WORK)), 0);
    assert_int_equal(book_run(engine, "in.cbz", "out.cbz", book_options(&told), &told),
                     PLANCHE_ERROR_IO);
    unlink(test_path(WORK));
    finish(&engine);
}

static const struct planche_engine_options manners[] = {
    {.jobs = 1, .threads = 1},
    {.jobs = 3, .threads = 2},
    {.threads = 4},
    {.threads = 4, .memory = (uint64_t)20 << 20},
    {.jobs = 2, .threads = 3, .memory = (uint64_t)28 << 20},
};

/* The same bytes from any number of jobs and threads and any budget. */
static void test_invariance(void **state)
{
    struct planche_engine *engine = start();
    (void)state;
    for (size_t i = 0; i < sizeof manners / sizeof *manners; i++) {
        struct planche_engine *other = test_engine(manners[i], 2);
        go_on(other, 0);
        planche_engine_destroy(&other);
    }
    finish(&engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_page),        cmocka_unit_test(test_leftovers),
        cmocka_unit_test(test_settings),          cmocka_unit_test(test_every_setting),
        cmocka_unit_test(test_planted),           cmocka_unit_test(test_others_output),
        cmocka_unit_test(test_killed_at_the_end), cmocka_unit_test(test_model_swapped),
        cmocka_unit_test(test_deadline),          cmocka_unit_test(test_lock),
        cmocka_unit_test(test_invariance),
    };
    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
