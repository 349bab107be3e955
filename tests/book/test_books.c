/* SPDX-License-Identifier: MIT */
/* Whole books: what comes out, in which order, under which names. */
#include "book_test.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct book in, out;
static struct told told;

static struct planche_engine *engine_2x(void)
{
    return test_engine((struct planche_engine_options){.jobs = 0}, 2);
}

/* Nothing but the models is left in the tests' folder. */
static void tidy(struct planche_engine **engine)
{
    static const char *const made[] = {"in.cbz", "out.cbz", "in.epub", "out.epub", "in", "out"};
    planche_engine_destroy(engine);
    for (size_t i = 0; i < sizeof made / sizeof *made; i++)
        remove_all(made[i]);
    book_free(&in);
    book_free(&out);
    assert_int_equal(test_count_files(), 0);
}

static void expect_size(const char *name, uint32_t width, uint32_t height,
                        enum planche_format format)
{
    uint32_t w, h;
    enum planche_format f;
    item_size(book_find(&out, name), &w, &h, &f);
    assert_int_equal(w, width);
    assert_int_equal(h, height);
    assert_int_equal(f, format);
}

static void expect_kept(const char *name)
{
    const struct item *before = book_find(&in, name), *after = book_find(&out, name);
    assert_int_equal(before->size, after->size);
    assert_memory_equal(before->data, after->data, before->size);
}

static void test_order_and_names(void **state)
{
    struct planche_engine *engine = engine_2x();
    (void)state;
    strcpy(in.comment, "the archive's comment");
    book_add(&in, "z/", NULL, 0);
    book_add_page(&in, "z/p10.jpeg", 1, 20, 30, PLANCHE_FORMAT_JPEG);
    strcpy(in.items[1].comment, "of an entry");
    book_add_page(&in, "z/p2.PNG", 2, 24, 16, PLANCHE_FORMAT_PNG);
    book_add_text(&in, "notes.txt", "not a page");
    book_add_page(&in, "a/no extension", 3, 17, 19, PLANCHE_FORMAT_PNG);
    book_add_page(&in, "a/same.jpg", 4, 16, 16, PLANCHE_FORMAT_JPEG);
    book_add_page(&in, "a/same.webp", 5, 16, 16, PLANCHE_FORMAT_WEBP);
    book_add_page(&in, "a/same.png", 6, 16, 16, PLANCHE_FORMAT_PNG);
    book_add_page(&in, "__MACOSX/p.png", 7, 16, 16, PLANCHE_FORMAT_PNG);
    book_add_page(&in, "a/._p.png", 7, 16, 16, PLANCHE_FORMAT_PNG);
    book_add_page(&in, "wrong.gif", 8, 16, 16, PLANCHE_FORMAT_PNG);
    book_add(&in, "empty.txt", NULL, 0);
    book_write(&in, test_path("in.cbz"), PLANCHE_CONTAINER_ZIP);
    book_make(engine, "in.cbz", "out.cbz", book_options(&told), &told);
    book_read(&out, test_path("out.cbz"));
    assert_string_equal(book_names(&out),
                        "z/,z/p10.png,z/p2.PNG,notes.txt,a/no extension.png,a/same.jpg.png,"
                        "a/same.webp.png,a/same.png,wrong.png,empty.txt");
    assert_string_equal(told_outcomes(&told), "CEECEEEEXXEC");
    assert_string_equal(told.pages[1], "E z/p10.jpeg>z/p10.png");
    assert_string_equal(out.comment, in.comment);
    assert_string_equal(out.items[1].comment, "of an entry");
    assert_int_equal(out.mtime, 1577934244);
    expect_size("z/p10.png", 40, 60, PLANCHE_FORMAT_PNG);
    expect_size("a/same.jpg.png", 32, 32, PLANCHE_FORMAT_PNG);
    expect_kept("notes.txt");
    assert_int_equal(told.result.pages, 7);
    assert_int_equal(told.result.outcomes[PLANCHE_BOOK_ENLARGED], 7);
    assert_int_equal(told.result.outcomes[PLANCHE_BOOK_COPIED], 2);
    assert_int_equal(told.result.outcomes[PLANCHE_BOOK_DROPPED], 2);
    assert_int_equal(told.result.container, PLANCHE_CONTAINER_ZIP);
    assert_true(told.result.input_bytes > 0 && told.result.output_bytes > 0);
    assert_int_equal(told.most_done, 7);
    tidy(&engine);
}

/* Left out: what programs leave behind, in archives and folders; folders of it, too. */
static void test_junk(void **state)
{
    static const char *const junk[] = {"__MACOSX/",     "__MACOSX/ch/._1.png", "Thumbs.db",
                                       "ch/.DS_Store",  "ch/desktop.ini",      "ch/@eaDir/1.png",
                                       ".thumbs/1.png", "thumbs/1.png",        "ch/._1.png"};
    struct planche_engine *engine = engine_2x();
    (void)state;
    book_add_page(&in, "ch/1.png", 1, 16, 16, PLANCHE_FORMAT_PNG);
    for (size_t i = 0; i < sizeof junk / sizeof *junk; i++)
        book_add_text(&in, junk[i], junk[i][strlen(junk[i]) - 1] == '/' ? "" : "junk");
    book_add_text(&in, "ch/thumbs.txt", "no junk");
    book_write(&in, test_path("in.cbz"), PLANCHE_CONTAINER_ZIP);
    book_write(&in, test_path("in"), PLANCHE_CONTAINER_FOLDER);
    for (int folder = 0; folder < 2; folder++) {
        book_make(engine, folder ? "in" : "in.cbz", folder ? "out" : "out.cbz", book_options(&told),
                  &told);
        assert_int_equal(told.result.outcomes[PLANCHE_BOOK_DROPPED], 8);
        assert_int_equal(told.result.outcomes[PLANCHE_BOOK_ENLARGED], 1);
        book_read(&out, test_path(folder ? "out" : "out.cbz"));
        assert_string_equal(book_names(&out),
                            folder ? "ch/,ch/1.png,ch/thumbs.txt" : "ch/1.png,ch/thumbs.txt");
        book_free(&out);
    }
    tidy(&engine);
}

/* Own formats where they can be written; covers keep theirs in folders. */
static void test_keep_format(void **state)
{
    struct planche_engine *engine = engine_2x();
    struct planche_book_options options;
    (void)state;
    book_add_page(&in, "1.jpeg", 1, 16, 16, PLANCHE_FORMAT_JPEG);
    book_add_page(&in, "2.webp", 2, 16, 16, PLANCHE_FORMAT_WEBP);
    book_add_page(&in, "3", 3, 16, 16, PLANCHE_FORMAT_PNG);
    book_add_page(&in, "Cover.JPG", 4, 16, 16, PLANCHE_FORMAT_JPEG);
    book_write(&in, test_path("in.cbz"), PLANCHE_CONTAINER_ZIP);
    options = book_options(&told);
    options.keep_format = 1;
    book_make(engine, "in.cbz", "out.cbz", options, &told);
    book_read(&out, test_path("out.cbz"));
    assert_string_equal(book_names(&out), "1.jpeg,2.webp,3.png,Cover.JPG");
    expect_size("1.jpeg", 32, 32, PLANCHE_FORMAT_JPEG);
    expect_size("2.webp", 32, 32, PLANCHE_FORMAT_WEBP);
    book_free(&out);
    book_make(engine, "in.cbz", "out/", book_options(&told), &told);
    book_read(&out, test_path("out"));
    assert_string_equal(book_names(&out), "1.png,2.png,3.png,Cover.JPG");
    expect_size("Cover.JPG", 32, 32, PLANCHE_FORMAT_JPEG);
    tidy(&engine);
}

/* A book of originals would be taken for a result. */
static void test_all_failed(void **state)
{
    struct planche_engine *engine = engine_2x();
    (void)state;
    book_add_text(&in, "1.png", "no page");
    book_add_text(&in, "2.png", "no page either");
    book_add_text(&in, "3.txt", "text");
    book_write(&in, test_path("in.cbz"), PLANCHE_CONTAINER_ZIP);
    for (int i = 0; i < 2; i++) {
        struct planche_book_options options = book_options(&told);
        options.on_error = i ? PLANCHE_ON_ERROR_SKIP : PLANCHE_ON_ERROR_KEEP;
        enum planche_status status = book_run(engine, "in.cbz", "out.cbz", options, &told);
        assert_true(status == PLANCHE_ERROR_UNSUPPORTED || status == PLANCHE_ERROR_DATA);
        assert_non_null(strstr(told.error.message, "none of its 2 pages"));
        assert_non_null(strstr(told.error.message, "1.png"));
        assert_int_equal(test_count_files(), 1);
    }
    book_add_page(&in, "4.png", 1, 16, 16, PLANCHE_FORMAT_PNG);
    unlink(test_path("in.cbz"));
    book_write(&in, test_path("in.cbz"), PLANCHE_CONTAINER_ZIP);
    book_make(engine, "in.cbz", "out.cbz", book_options(&told), &told);
    assert_string_equal(told_outcomes(&told), "FFCE");
    tidy(&engine);
}

static void test_folders(void **state)
{
    struct planche_engine *engine = engine_2x();
    (void)state;
    book_add_page(&in, "b/2.png", 1, 20, 30, PLANCHE_FORMAT_PNG);
    book_add_page(&in, "10.png", 2, 20, 30, PLANCHE_FORMAT_PNG);
    book_add_text(&in, "b/x.txt", "x");
    book_write(&in, test_path("in"), PLANCHE_CONTAINER_FOLDER);
    book_make(engine, "in", "out/", book_options(&told), &told);
    assert_int_equal(told.result.container, PLANCHE_CONTAINER_FOLDER);
    book_read(&out, test_path("out"));
    assert_string_equal(book_names(&out), "10.png,b/,b/2.png,b/x.txt");
    expect_size("b/2.png", 40, 60, PLANCHE_FORMAT_PNG);
    book_make(engine, "in", "out.cbz", book_options(&told), &told);
    assert_int_equal(told.result.container, PLANCHE_CONTAINER_ZIP);
    tidy(&engine);
}

/* Same bytes are computed once, whatever their names. */
static void test_duplicates(void **state)
{
    struct planche_engine *engine = engine_2x();
    (void)state;
    for (int i = 0; i < 6; i++) {
        char name[32];
        snprintf(name, sizeof name, "%d.png", i);
        book_add_page(&in, name, (uint64_t)i % 2, 20, 20, PLANCHE_FORMAT_PNG);
    }
    book_add(&in, "bad1.png", "nothing", 7);
    book_add(&in, "bad2.png", "nothing", 7);
    book_add(&in, "copy.txt", in.items[0].data, in.items[0].size);
    book_write(&in, test_path("in.cbz"), PLANCHE_CONTAINER_ZIP);
    book_make(engine, "in.cbz", "out.cbz", book_options(&told), &told);
    assert_string_equal(told_outcomes(&told), "EEDDDDFFD");
    /* In a folder, who changes one changes no other. */
    char command[400];
    book_make(engine, "in.cbz", "out", book_options(&told), &told);
    assert_string_equal(told_outcomes(&told), "EEDDDDFFD");
    snprintf(command, sizeof command, "test -z \"$(find '%s' -type f -links +1)\"",
             test_path("out"));
    assert_int_equal(system(command), 0);
    remove_all("out");
    tidy(&engine);
}

static unsigned syncs;

/* What a folder's output waits for, in its order: a file system (s), a file (w), a folder (f); and
 * when a file of it gets its name (m), or all of it (r). */
static struct {
    char letters[32];
    size_t count;
    char fails; /* this one does, the next time */
} waits;

static int note(char letter)
{
    if (waits.count + 1 < sizeof waits.letters)
        waits.letters[waits.count++] = letter;
    if (waits.fails != letter)
        return 0;
    waits.fails = 0;
    errno = EIO;
    return -1;
}

static const char *take_waits(void)
{
    static char letters[sizeof waits.letters];
    memcpy(letters, waits.letters, sizeof letters);
    memset(&waits, 0, sizeof waits);
    return letters;
}

/* In the place of the C library's. */
int fsync(int fd)
{
    syncs++;
    note('f');
    return (int)syscall(SYS_fsync, fd);
}

int syncfs(int fd)
{
    return note('s') ? -1 : (int)syscall(SYS_syncfs, fd);
}

int sync_file_range(int fd, off64_t offset, off64_t size, unsigned flags)
{
    (void)fd, (void)offset, (void)size;
    return flags & SYNC_FILE_RANGE_WAIT_BEFORE ? note('w') : 0;
}

int rename(const char *from, const char *to)
{
    const char *name = strrchr(to, '/');
    if (name && strcmp(name, "/out") == 0)
        note('r');
    return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
    note('m');
    return (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, 0);
}

/* A book waits for the disk when it is complete, not for each of its pages. */
static void test_syncs(void **state)
{
    struct planche_engine *engine = engine_2x();
    unsigned first = 0;
    (void)state;
    for (int pages = 1; pages <= 4; pages += 3) {
        while (in.count < (size_t)pages) {
            char name[32];
            snprintf(name, sizeof name, "%zu.png", in.count);
            book_add_page(&in, name, in.count, 20, 20, PLANCHE_FORMAT_PNG);
        }
        remove_all("out.cbz");
        book_write(&in, test_path("in.cbz"), PLANCHE_CONTAINER_ZIP);
        syncs = 0;
        book_make(engine, "in.cbz", "out.cbz", book_options(&told), &told);
        if (pages == 1)
            first = syncs;
        assert_true(syncs > 0);
        assert_int_equal(syncs, first);
        remove_all("in.cbz");
    }
    tidy(&engine);
}

static void add_to_input(const char *name, uint64_t seed)
{
    remove_all("in.cbz");
    book_add_page(&in, name, seed, 20, 20, PLANCHE_FORMAT_PNG);
    book_write(&in, test_path("in.cbz"), PLANCHE_CONTAINER_ZIP);
    (void)take_waits();
}

/* All of a folder is on the disk before any of it has its name. */
static void test_folder_syncs(void **state)
{
    struct planche_engine *engine = engine_2x();
    struct planche_book_options options;
    (void)state;
    book_add_text(&in, "1.txt", "text");
    book_add_page(&in, "1.png", 1, 20, 20, PLANCHE_FORMAT_PNG);
    add_to_input("2.png", 2);
    book_make(engine, "in.cbz", "out/", book_options(&told), &told);
    assert_string_equal(take_waits(), "swwwrf");
    add_to_input("3.png", 3);
    options = book_options(&told);
    options.existing = PLANCHE_EXISTING_ADD;
    book_make(engine, "in.cbz", "out/", options, &told);
    assert_string_equal(take_waits(), "swms");
    tidy(&engine);
}

/* What the disk has not taken is no success, whoever tells of it. */
static void test_folder_sync_fails(void **state)
{
    struct planche_engine *engine = engine_2x();
    (void)state;
    add_to_input("1.png", 1);
    waits.fails = 's';
    assert_int_equal(book_run(engine, "in.cbz", "out/", book_options(&told), &told),
                     PLANCHE_ERROR_IO);
    assert_string_equal(take_waits(), "s");
    waits.fails = 'w';
    assert_int_equal(book_run(engine, "in.cbz", "out/", book_options(&told), &told),
                     PLANCHE_ERROR_IO);
    assert_non_null(strstr(told.error.message, "out/1.png: cannot be written: Input/output error"));
    assert_string_equal(take_waits(), "sw");
    assert_int_equal(count_in("out"), -1);
    book_make(engine, "in.cbz", "out/", book_options(&told), &told);
    assert_string_equal(told_outcomes(&told), "R");
    tidy(&engine);
}

static void expect_on_error(enum planche_on_error on_error, const char *outcomes, const char *names)
{
    struct planche_engine *engine = engine_2x();
    struct planche_book_options options = book_options(&told);
    options.on_error = on_error;
    book_add_page(&in, "1.png", 1, 20, 20, PLANCHE_FORMAT_PNG);
    book_add_page(&in, "2.png", 2, 20, 20, PLANCHE_FORMAT_PNG);
    in.items[1].size /= 2;
    book_add(&in, "3.jpg", "not an image", 12);
    book_add_text(&in, "4.gif", "GIF89a");
    book_add_page(&in, "5.png", 3, 20, 20, PLANCHE_FORMAT_PNG);
    book_write(&in, test_path("in.cbz"), PLANCHE_CONTAINER_ZIP);
    enum planche_status status = book_run(engine, "in.cbz", "out.cbz", options, &told);
    assert_int_equal(status != PLANCHE_OK, on_error == PLANCHE_ON_ERROR_FAIL);
    if (status) {
        assert_int_equal(status, PLANCHE_ERROR_DATA);
        assert_non_null(strstr(told.error.message, "in.cbz: 2.png: "));
        assert_int_equal(told.count, 0);
        remove_all(".out.cbz.planche");
    } else {
        assert_string_equal(told_outcomes(&told), outcomes);
        assert_non_null(strstr(told.message, "in.cbz: 4.gif: "));
        book_read(&out, test_path("out.cbz"));
        assert_string_equal(book_names(&out), names);
    }
    if (on_error == PLANCHE_ON_ERROR_KEEP) {
        expect_kept("2.png");
        expect_kept("4.gif");
    }
    tidy(&engine);
}

static void test_on_error(void **state)
{
    (void)state;
    expect_on_error(PLANCHE_ON_ERROR_KEEP, "EFFFE", "1.png,2.png,3.jpg,4.gif,5.png");
    expect_on_error(PLANCHE_ON_ERROR_SKIP, "EFFFE", "1.png,5.png");
    expect_on_error(PLANCHE_ON_ERROR_FAIL, NULL, NULL);
}

/* Damages the content of an entry, which is stored, behind the archive's back. */
static void damage(const struct item *item)
{
    size_t size;
    uint8_t *file = test_read(test_path("in.cbz"), &size);
    uint8_t *found = memmem(file, size, item->data, item->size);
    assert_non_null(found);
    found[item->size - 1] ^= 1;
    test_write(test_path("in.cbz"), file, size);
    free(file);
}

/* A page that the archive itself says is damaged: what can be read of it is kept. */
static void expect_damaged(enum planche_on_error on_error)
{
    struct planche_engine *engine = engine_2x();
    struct planche_book_options options = book_options(&told);
    options.on_error = on_error;
    book_add_page(&in, "1.png", 1, 20, 20, PLANCHE_FORMAT_PNG);
    book_add_page(&in, "2.png", 2, 20, 20, PLANCHE_FORMAT_PNG);
    book_add_text(&in, "3.txt", "some text");
    book_write(&in, test_path("in.cbz"), PLANCHE_CONTAINER_ZIP);
    damage(&in.items[0]);
    enum planche_status status = book_run(engine, "in.cbz", "out.cbz", options, &told);
    if (on_error == PLANCHE_ON_ERROR_FAIL) {
        assert_int_equal(status, PLANCHE_ERROR_DATA);
        assert_non_null(strstr(told.error.message, "1.png"));
        remove_all(".out.cbz.planche");
    } else {
        assert_int_equal(status, PLANCHE_OK);
        assert_string_equal(told_outcomes(&told), "FEC");
        assert_non_null(strstr(told.message, "1.png"));
        book_read(&out, test_path("out.cbz"));
        assert_int_equal(out.count, on_error == PLANCHE_ON_ERROR_KEEP ? 3 : 2);
        assert_int_equal(unlink(test_path("out.cbz")), 0);
    }
    /* Nor does another entry end the book. */
    book_free(&out);
    damage(&in.items[2]);
    options = book_options(&told);
    options.on_error = on_error;
    status = book_run(engine, "in.cbz", "out.cbz", options, &told);
    if (on_error == PLANCHE_ON_ERROR_FAIL) {
        assert_int_equal(status, PLANCHE_ERROR_DATA);
        remove_all(".out.cbz.planche");
    } else {
        assert_int_equal(status, PLANCHE_OK);
        assert_string_equal(told_outcomes(&told), "FEF");
        assert_non_null(strstr(told.message, "3.txt"));
        assert_int_equal(told.result.pages, 2);
        book_read(&out, test_path("out.cbz"));
        assert_string_equal(book_names(&out),
                            on_error == PLANCHE_ON_ERROR_KEEP ? "1.png,2.png,3.txt" : "2.png");
    }
    tidy(&engine);
}

static void test_damaged_entry(void **state)
{
    (void)state;
    expect_damaged(PLANCHE_ON_ERROR_KEEP);
    expect_damaged(PLANCHE_ON_ERROR_SKIP);
    expect_damaged(PLANCHE_ON_ERROR_FAIL);
}

static void test_skips(void **state)
{
    struct planche_engine *engine = engine_2x();
    struct planche_page_options page = PLANCHE_PAGE_OPTIONS_INIT;
    struct planche_book_options options = book_options(&told);
    (void)state;
    page.format = PLANCHE_FORMAT_PNG;
    page.provenance = 1;
    options.page = &page;
    book_add_page(&in, "1.png", 1, 20, 20, PLANCHE_FORMAT_PNG);
    book_add_page(&in, "2.jpg", 2, 20, 30, PLANCHE_FORMAT_JPEG);
    book_add_page(&in, "3.jpg", 2, 20, 30, PLANCHE_FORMAT_JPEG);
    book_write(&in, test_path("in.cbz"), PLANCHE_CONTAINER_ZIP);
    options.skip_above = 29;
    book_make(engine, "in.cbz", "out.cbz", options, &told);
    assert_string_equal(told_outcomes(&told), "ELL");
    assert_string_equal(told.pages[1], "L 2.jpg>2.jpg");
    book_read(&out, test_path("out.cbz"));
    expect_kept("2.jpg");
    expect_kept("3.jpg");
    /* What Planche made is not made again, unless told to. */
    assert_int_equal(rename(test_path("out.cbz"), test_path("in.cbz")), 0);
    options = book_options(&told);
    options.page = &page;
    book_make(engine, "in.cbz", "out.cbz", options, &told);
    assert_string_equal(told_outcomes(&told), "MED");
    page.overwrite = 1;
    options = book_options(&told);
    options.page = &page;
    options.again = 1;
    book_make(engine, "in.cbz", "out.cbz", options, &told);
    assert_string_equal(told_outcomes(&told), "EED");
    tidy(&engine);
}

static void test_comicinfo(void **state)
{
    struct planche_engine *engine = engine_2x();
    char expected[256];
    (void)state;
    book_add_text(&in, "ComicInfo.xml",
                  "<ComicInfo><Pages><Page Image=\"0\" ImageSize=\"1\"/><Page Image=\"1\" "
                  "ImageWidth=\"1\"/></Pages></ComicInfo>");
    book_add_page(&in, "p10.png", 1, 20, 20, PLANCHE_FORMAT_PNG);
    book_add_page(&in, "p9.png", 2, 10, 10, PLANCHE_FORMAT_PNG);
    book_add_text(&in, "x/comicinfo.XML", "broken < xml");
    book_write(&in, test_path("in.cbz"), PLANCHE_CONTAINER_ZIP);
    book_make(engine, "in.cbz", "out.cbz", book_options(&told), &told);
    book_read(&out, test_path("out.cbz"));
    snprintf(expected, sizeof expected,
             "<ComicInfo><Pages><Page Image=\"0\" ImageSize=\"%zu\"/><Page Image=\"1\" "
             "ImageWidth=\"40\"/></Pages></ComicInfo>",
             book_find(&out, "p9.png")->size);
    const struct item *info = book_find(&out, "ComicInfo.xml");
    assert_int_equal(info->size, strlen(expected));
    assert_memory_equal(info->data, expected, info->size);
    expect_kept("x/comicinfo.XML");
    tidy(&engine);
}

/* A strip that the format cannot hold becomes several pages, and ComicInfo.xml counts them. */
static void test_split(void **state)
{
    struct planche_engine *engine = engine_2x();
    struct planche_page_options page = PLANCHE_PAGE_OPTIONS_INIT;
    struct planche_book_options options = book_options(&told);
    char expected[256];
    (void)state;
    page.on_limit = PLANCHE_ON_LIMIT_SPLIT;
    page.cancel = &told.cancel;
    options.page = &page;
    book_add_page(&in, "1.png", 1, 8, 9000, PLANCHE_FORMAT_PNG);
    book_add_page(&in, "1-2.png", 2, 8, 8, PLANCHE_FORMAT_PNG);
    book_add(&in, "2.png", in.items[0].data, in.items[0].size);
    book_add_text(&in, "1-1.webp.txt", "text");
    book_add_text(&in, "ComicInfo.xml",
                  "<ComicInfo><PageCount>3</PageCount><Page Image=\"1\" ImageHeight=\"1\"/><Page "
                  "Image=\"2\" ImageSize=\"1\"/></ComicInfo>");
    book_write(&in, test_path("in.cbz"), PLANCHE_CONTAINER_ZIP);
    told.cancel_at = 2;
    assert_int_equal(book_run(engine, "in.cbz", "out.cbz", options, &told),
                     PLANCHE_ERROR_CANCELLED);
    options = book_options(&told);
    page.cancel = NULL;
    options.page = &page;
    book_make(engine, "in.cbz", "out.cbz", options, &told);
    book_read(&out, test_path("out.cbz"));
    assert_string_equal(book_names(&out), "1-1.webp,1-2.webp,1-2.png.webp,2-1.webp,2-2.webp,"
                                          "1-1.webp.txt,ComicInfo.xml");
    uint32_t width, height, more;
    enum planche_format format;
    item_size(book_find(&out, "1-1.webp"), &width, &height, &format);
    item_size(book_find(&out, "1-2.webp"), &width, &more, &format);
    assert_int_equal(height + more, 18000);
    snprintf(expected, sizeof expected,
             "<ComicInfo><PageCount>5</PageCount><Page Image=\"0\" ImageHeight=\"%u\"/><Page "
             "Image=\"3\" ImageSize=\"%zu\"/></ComicInfo>",
             height, book_find(&out, "2-1.webp")->size);
    const struct item *info = book_find(&out, "ComicInfo.xml");
    assert_int_equal(info->size, strlen(expected));
    assert_memory_equal(info->data, expected, info->size);
    tidy(&engine);
}

static void make_epub(void)
{
    book_add_text(&in, "mimetype", "application/epub+zip");
    book_add_text(&in, "META-INF/container.xml",
                  "<container><rootfiles><rootfile full-path='O/c.opf'/></rootfiles></container>");
    book_add_text(&in, "O/c.opf",
                  "<package><manifest><item href='i/1.png' media-type='image/png'/>"
                  "<item href='i/icon.png' media-type='image/png'/></manifest></package>");
    book_add_text(&in, "O/1.xhtml", "<html><img src='i/1.png'/><img src='i/icon.png'/></html>");
    book_add_page(&in, "O/i/1.png", 1, 200, 64, PLANCHE_FORMAT_PNG);
    book_add_page(&in, "O/i/icon.png", 1, 199, 64, PLANCHE_FORMAT_PNG);
}

static void expect_text(const char *name, const char *text)
{
    const struct item *item = book_find(&out, name);
    assert_int_equal(item->size, strlen(text));
    assert_memory_equal(item->data, text, item->size);
}

/* Pages are counted in the order of people there, too, whose tenth page is the tenth. */
static void test_epub_comicinfo(void **state)
{
    static const char info[] = "<ComicInfo><Page Image=\"0\"/><Page Image=\"1\"/><Page Image=\"2\" "
                               "ImageWidth=\"1\"/><Page "
                               "Image=\"9\"/><Page Image=\"10\"/></ComicInfo>";
    struct planche_engine *engine = engine_2x();
    char name[16];
    (void)state;
    book_add_text(&in, "mimetype", "application/epub+zip");
    book_add_text(&in, "META-INF/container.xml",
                  "<container><rootfiles><rootfile full-path='c.opf'/></rootfiles></container>");
    book_add_text(&in, "c.opf", "<package><manifest><item href='2.png'/></manifest></package>");
    book_add_text(&in, "ComicInfo.xml", info);
    for (unsigned i = 1; i <= 11; i++) {
        snprintf(name, sizeof name, "%u.png", i);
        book_add_page(&in, name, i, 200 + i, 64, PLANCHE_FORMAT_PNG);
    }
    book_write(&in, test_path("in.epub"), PLANCHE_CONTAINER_EPUB);
    book_make(engine, "in.epub", "out.epub", book_options(&told), &told);
    book_read(&out, test_path("out.epub"));
    expect_text("ComicInfo.xml", "<ComicInfo><Page Image=\"0\"/><Page Image=\"1\"/><Page "
                                 "Image=\"2\" ImageWidth=\"406\"/><Page "
                                 "Image=\"9\"/><Page Image=\"10\"/></ComicInfo>");
    tidy(&engine);
}

static void test_epub(void **state)
{
    struct planche_engine *engine = engine_2x();
    struct planche_page_options page = PLANCHE_PAGE_OPTIONS_INIT;
    struct planche_book_options options = book_options(&told);
    (void)state;
    options.page = &page;
    make_epub();
    book_write(&in, test_path("in.epub"), PLANCHE_CONTAINER_EPUB);
    book_make(engine, "in.epub", "out.epub", options, &told);
    assert_int_equal(told.result.container, PLANCHE_CONTAINER_EPUB);
    assert_string_equal(told_outcomes(&told), "CCCCEC");
    book_read(&out, test_path("out.epub"));
    assert_string_equal(book_names(&out), book_names(&in));
    expect_size("O/i/1.png", 400, 128, PLANCHE_FORMAT_PNG);
    expect_kept("O/c.opf");
    book_free(&out);
    page.format = PLANCHE_FORMAT_WEBP;
    page.overwrite = 1;
    options = book_options(&told);
    options.page = &page;
    book_make(engine, "in.epub", "out.epub", options, &told);
    book_read(&out, test_path("out.epub"));
    assert_string_equal(out.items[0].name, "mimetype");
    expect_size("O/i/1.webp", 400, 128, PLANCHE_FORMAT_WEBP);
    expect_text("O/c.opf", "<package><manifest><item href='i/1.webp' media-type='image/webp'/>"
                           "<item href='i/icon.png' media-type='image/png'/></manifest></package>");
    expect_text("O/1.xhtml", "<html><img src='i/1.webp'/><img src='i/icon.png'/></html>");
    expect_kept("O/i/icon.png");
    tidy(&engine);
}

static void test_epub_refused(void **state)
{
    struct planche_engine *engine = engine_2x();
    struct planche_page_options page = PLANCHE_PAGE_OPTIONS_INIT;
    struct planche_book_options options = book_options(&told);
    (void)state;
    make_epub();
    book_add_text(&in, "META-INF/encryption.xml",
                  "<encryption><EncryptionMethod Algorithm='http://www.idpf.org/2008/embedding'/>"
                  "</encryption>");
    book_write(&in, test_path("in.epub"), PLANCHE_CONTAINER_EPUB);
    page.format = PLANCHE_FORMAT_AVIF;
    options.page = &page;
    assert_int_equal(book_run(engine, "in.epub", "out.epub", options, &told),
                     PLANCHE_ERROR_UNSUPPORTED);
    assert_non_null(strstr(told.error.message, "avif"));
    book_make(engine, "in.epub", "out.epub", book_options(&told), &told);
    in.items[in.count - 1].size = 0;
    free(in.items[--in.count].data);
    book_add_text(&in, "META-INF/encryption.xml",
                  "<encryption><EncryptionMethod Algorithm='http://www.idpf.org/2008/embedding'/>"
                  "<e:EncryptionMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#aes256-cbc\"/>"
                  "</encryption>");
    book_write(&in, test_path("in.epub"), PLANCHE_CONTAINER_EPUB);
    assert_int_equal(book_run(engine, "in.epub", "out", book_options(&told), &told),
                     PLANCHE_ERROR_UNSUPPORTED);
    assert_non_null(strstr(told.error.message, "DRM"));
    tidy(&engine);
}

static void expect_refused(const struct planche_engine *engine, const char *input,
                           const char *output, enum planche_status status, const char *words)
{
    assert_int_equal(book_run(engine, input, output, book_options(&told), &told), status);
    if (!strstr(told.error.message, words))
        fail_msg("%s", told.error.message);
    assert_int_equal(told.calls, 0);
}

static void test_refused(void **state)
{
    struct planche_engine *engine = engine_2x();
    char name[300];
    (void)state;
    book_add_page(&in, "1.png", 1, 20, 20, PLANCHE_FORMAT_PNG);
    book_write(&in, test_path("in.cbz"), PLANCHE_CONTAINER_ZIP);
    book_write(&in, test_path("in"), PLANCHE_CONTAINER_FOLDER);
    expect_refused(engine, "in.cbz", "in.cbz", PLANCHE_ERROR_ARGUMENT, "is the input itself");
    expect_refused(engine, "in", "in/", PLANCHE_ERROR_ARGUMENT, "is the input itself");
    expect_refused(engine, "in", "in/out.cbz", PLANCHE_ERROR_ARGUMENT, "lies in the input");
    expect_refused(engine, "in/", "in/out", PLANCHE_ERROR_ARGUMENT, "lies in the input");
    expect_refused(engine, "in.cbz", "", PLANCHE_ERROR_ARGUMENT, "the input lies in it");
    expect_refused(engine, "in.cbz", "out.cbr", PLANCHE_ERROR_UNSUPPORTED, "not as cbr");
    expect_refused(engine, "in.cbz", "out.epub", PLANCHE_ERROR_UNSUPPORTED, "only an EPUB");
    expect_refused(engine, "gone.cbz", "out.cbz", PLANCHE_ERROR_NOT_FOUND, "gone.cbz");
    expect_refused(engine, "model-2x.param", "out.cbz", PLANCHE_ERROR_DATA, "is not a book");
    test_write(test_path("out.cbz"), "x", 1);
    expect_refused(engine, "in.cbz", "out.cbz", PLANCHE_ERROR_EXISTS, "out.cbz");
    unlink(test_path("out.cbz"));
    snprintf(name, sizeof name, "no such folder/out.cbz");
    assert_int_equal(book_run(engine, "in.cbz", name, book_options(&told), &told),
                     PLANCHE_ERROR_NOT_FOUND);
    tidy(&engine);
}

static void test_inspect(void **state)
{
    struct planche_book_options options = book_options(&told);
    struct planche_engine *engine = NULL;
    (void)state;
    book_add_page(&in, "1.png", 1, 20, 20, PLANCHE_FORMAT_PNG);
    book_add_page(&in, "2.jpg", 2, 20, 30, PLANCHE_FORMAT_JPEG);
    book_add_text(&in, "3.gif", "GIF89a");
    book_add_text(&in, "4.txt", "text");
    book_write(&in, test_path("in.cbz"), PLANCHE_CONTAINER_ZIP);
    options.skip_above = 29;
    told.result = (struct planche_book_result)PLANCHE_BOOK_RESULT_INIT;
    assert_int_equal(planche_book_inspect(test_path("in.cbz"), &options, &told.result, &told.error),
                     PLANCHE_OK);
    assert_string_equal(told_outcomes(&told), "ELFC");
    assert_int_equal(told.result.pages, 3);
    assert_true(told.calls > 0);
    assert_int_equal(planche_book_inspect(test_path("gone"), NULL, NULL, &told.error),
                     PLANCHE_ERROR_NOT_FOUND);
    tidy(&engine);
}

/* The beginnings of pages tell their sizes, also where a profile of 100 KB comes first. */
static void test_inspect_headers(void **state)
{
    struct planche_book_options options = book_options(&told);
    struct planche_engine *engine = NULL;
    (void)state;
    book_add_page(&in, "1.png", 1, 400, 300, PLANCHE_FORMAT_PNG);
    book_add_page(&in, "2.png", 1, 400, 300, PLANCHE_FORMAT_PNG);
    book_add_page(&in, "3.webp", 3, 300, 300, PLANCHE_FORMAT_WEBP);
    book_add_text(&in, "4.gif", "GIF89a");
    book_add_text(&in, "5.txt", "text");
    assert_true(in.items[0].size > 100000);
    book_write(&in, test_path("in.cbz"), PLANCHE_CONTAINER_ZIP);
    options.headers_only = 1;
    told.result = (struct planche_book_result)PLANCHE_BOOK_RESULT_INIT;
    assert_int_equal(planche_book_inspect(test_path("in.cbz"), &options, &told.result, &told.error),
                     PLANCHE_OK);
    assert_string_equal(told_outcomes(&told), "EEEFC");
    options = book_options(&told);
    options.headers_only = 1;
    options.skip_above = 350;
    told.result = (struct planche_book_result)PLANCHE_BOOK_RESULT_INIT;
    assert_int_equal(planche_book_inspect(test_path("in.cbz"), &options, &told.result, &told.error),
                     PLANCHE_OK);
    assert_string_equal(told_outcomes(&told), "LLEFC");
    tidy(&engine);
}

/* What was told of each entry. */
struct moved {
    double part[4];
    int computed[4];
    bool backwards;
};

static void note_moved(void *user, const struct planche_book_progress *progress)
{
    struct moved *moved = user;
    if (!progress->name)
        return;
    assert_true(progress->index < 4 && progress->part >= 0.0 && progress->part <= 1.0);
    moved->backwards = moved->backwards || progress->part < moved->part[progress->index];
    moved->part[progress->index] = progress->part;
    moved->computed[progress->index] = progress->computed;
}

static void test_progress_of_entries(void **state)
{
    struct planche_engine *engine = engine_2x();
    struct planche_book_options options = book_options(&told);
    struct moved moved = {0};
    (void)state;
    book_add_page(&in, "1.png", 1, 40, 300, PLANCHE_FORMAT_PNG);
    book_add_page(&in, "2.png", 1, 40, 300, PLANCHE_FORMAT_PNG); /* the same */
    book_add_page(&in, "3.png", 3, 40, 500, PLANCHE_FORMAT_PNG); /* large */
    book_add_page(&in, "4.png", 4, 40, 200, PLANCHE_FORMAT_PNG);
    book_write(&in, test_path("in"), PLANCHE_CONTAINER_FOLDER);
    options.skip_above = 400;
    options.on_progress = note_moved;
    options.on_page = NULL;
    options.user = &moved;
    char from[600], to[600];
    snprintf(from, sizeof from, "%s", test_path("in"));
    snprintf(to, sizeof to, "%s", test_path("out.cbz"));
    assert_int_equal(planche_engine_run_book(engine, from, to, &options, NULL, &told.error),
                     PLANCHE_OK);
    assert_false(moved.backwards);
    for (int i = 0; i < 4; i++) {
        assert_true(moved.part[i] == 1.0);
        assert_int_equal(moved.computed[i], i == 0 || i == 3);
    }
    tidy(&engine);
}

/* An error is optional, also where one is needed inside. */
static void test_no_error(void **state)
{
    struct planche_engine *engine = engine_2x();
    struct planche_book_options options = book_options(&told);
    (void)state;
    book_add_page(&in, "1.png", 1, 20, 20, PLANCHE_FORMAT_PNG);
    book_add_page(&in, "2.png", 2, 20, 20, PLANCHE_FORMAT_PNG);
    book_write(&in, test_path("in.cbz"), PLANCHE_CONTAINER_ZIP);
    damage(&in.items[0]);
    assert_int_equal(planche_book_inspect(test_path("in.cbz"), &options, NULL, NULL), PLANCHE_OK);
    assert_string_equal(told_outcomes(&told), "FE");
    assert_non_null(strstr(told.message, "1.png"));
    assert_int_equal(planche_book_inspect(test_path("gone"), NULL, NULL, NULL),
                     PLANCHE_ERROR_NOT_FOUND);
    char from[600], to[600];
    snprintf(from, sizeof from, "%s", test_path("in.cbz"));
    snprintf(to, sizeof to, "%s", test_path("out.cbz"));
    options = book_options(&told);
    assert_int_equal(planche_engine_run_book(engine, from, to, &options, NULL, NULL), PLANCHE_OK);
    assert_string_equal(told_outcomes(&told), "FE");
    options = book_options(&told);
    options.on_error = PLANCHE_ON_ERROR_FAIL;
    unlink(to);
    assert_int_equal(planche_engine_run_book(engine, from, to, &options, NULL, NULL),
                     PLANCHE_ERROR_DATA);
    remove_all(".out.cbz.planche");
    tidy(&engine);
}

struct seen {
    pthread_t caller;
    unsigned others; /* calls from threads of the library */
    unsigned open;   /* of them, with a signal that could come */
};

static void see_signals(void *user, const struct planche_book_progress *progress)
{
    struct seen *seen = user;
    sigset_t blocked;
    (void)progress;
    if (pthread_equal(pthread_self(), seen->caller))
        return;
    seen->others++;
    assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &blocked), 0);
    seen->open += !sigismember(&blocked, SIGINT) || !sigismember(&blocked, SIGTERM);
}

/* Signals are for the threads of the program, not for those of the library. */
static void test_signals_blocked(void **state)
{
    struct planche_engine *engine = engine_2x();
    struct planche_book_options options = book_options(&told);
    struct seen seen = {.caller = pthread_self()};
    char from[600], to[600];
    (void)state;
    book_add_page(&in, "1.png", 1, 20, 20, PLANCHE_FORMAT_PNG);
    book_write(&in, test_path("in.cbz"), PLANCHE_CONTAINER_ZIP);
    snprintf(from, sizeof from, "%s", test_path("in.cbz"));
    snprintf(to, sizeof to, "%s", test_path("out.cbz"));
    options.on_page = NULL;
    options.on_progress = see_signals;
    options.user = &seen;
    assert_int_equal(planche_engine_run_book(engine, from, to, &options, NULL, NULL), PLANCHE_OK);
    assert_true(seen.others > 0);
    assert_int_equal(seen.open, 0);
    tidy(&engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_and_names),
        cmocka_unit_test(test_folders),
        cmocka_unit_test(test_duplicates),
        cmocka_unit_test(test_syncs),
        cmocka_unit_test(test_folder_syncs),
        cmocka_unit_test(test_folder_sync_fails),
        cmocka_unit_test(test_on_error),
        cmocka_unit_test(test_damaged_entry),
        cmocka_unit_test(test_skips),
        cmocka_unit_test(test_comicinfo),
        cmocka_unit_test(test_all_failed),
        cmocka_unit_test(test_junk),
        cmocka_unit_test(test_keep_format),
        cmocka_unit_test(test_split),
        cmocka_unit_test(test_epub),
        cmocka_unit_test(test_epub_comicinfo),
        cmocka_unit_test(test_epub_refused),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_inspect),
        cmocka_unit_test(test_inspect_headers),
        cmocka_unit_test(test_progress_of_entries),
        cmocka_unit_test(test_no_error),
        cmocka_unit_test(test_signals_blocked),
    };
    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
