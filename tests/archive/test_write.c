/* SPDX-License-Identifier: MIT */
/* Books are written complete, always the same way, or not at all. */
#include "books.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Of what succeeds or fails for a reason that is tested elsewhere. */
static struct planche_error ignored;

static void add(struct planche_archive_writer *writer, const char *name, const char *content)
{
    struct planche_error error;
    struct planche_archive_entry entry = {
        .name = name, .folder = !content, .mtime = 1000000001, .comment = "c", .comment_size = 1};
    if (planche_archive_writer_add(writer, &entry, content, &error))
        fail_msg("%s", error.message);
}

static struct planche_file_info appeared;

static void on_appear(void *user, const struct planche_file_info *info)
{
    assert_ptr_equal(user, &appeared);
    appeared = *info;
}

static void write_book(const char *path, enum planche_container container)
{
    struct planche_archive_writer *writer;
    struct planche_error error;
    int before = access(path, F_OK);
    struct stat info;
    if (planche_archive_writer_create(&writer, container, path, false, NULL, &error))
        fail_msg("%s", error.message);
    add(writer, "p10.jpg", "one");
    add(writer, "empty folder", NULL);
    add(writer, "sub/p2.jpg", "two");
    add(writer, "\xe6\xbc\xab.txt", "nothing");
    if (container == PLANCHE_CONTAINER_EPUB)
        add(writer, "mimetype", "type");
    assert_int_equal(planche_archive_writer_comment(writer, "hello", 5, &ignored), PLANCHE_OK);
    assert_int_equal(access(path, F_OK), before);
    planche_archive_writer_watch(writer, on_appear, &appeared);
    if (planche_archive_writer_commit(writer, NULL, NULL, NULL, &error))
        fail_msg("%s", error.message);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_ino, appeared.inode);
    assert_int_equal(info.st_dev, appeared.device);
    planche_archive_writer_destroy(&writer);
    planche_archive_writer_destroy(&writer);
}

static void make_contents(void)
{
    write_file("one", "first page");
    write_file("two", "second page");
    write_file("nothing", "");
    write_file("type", "application/epub+zip");
}

static void remove_contents(void)
{
    unlink("one");
    unlink("two");
    unlink("nothing");
    unlink("type");
    assert_int_equal(count_files(), 0);
}

static void test_zip(void **state)
{
    (void)state;
    make_contents();
    write_book("book", PLANCHE_CONTAINER_ZIP);
    write_book("again", PLANCHE_CONTAINER_ZIP);
    assert_int_equal(system("cmp -s book again"), 0);
    struct planche_archive *archive = open_book("book");
    size_t size;
    assert_memory_equal(planche_archive_comment(archive, &size), "hello", 5);
    assert_int_equal(size, 5);
    expect_entry(archive, "p10.jpg", "first page");
    expect_entry(archive, "empty folder", NULL);
    expect_entry(archive, "sub/p2.jpg", "second page");
    expect_entry(archive, "\xe6\xbc\xab.txt", "");
    expect_entry(archive, NULL, NULL);
    planche_archive_close(&archive);
    unlink("book");
    unlink("again");
    remove_contents();
}

static void test_folder(void **state)
{
    (void)state;
    make_contents();
    write_book("book/", PLANCHE_CONTAINER_FOLDER);
    struct planche_archive *archive = open_book("book");
    struct stat info;
    assert_int_equal(stat("book/p10.jpg", &info), 0);
    assert_int_equal(info.st_mtime, 1000000001);
    assert_int_equal(planche_container_of("book"), PLANCHE_CONTAINER_FOLDER);
    expect_entry(archive, "empty folder", NULL);
    expect_entry(archive, "p10.jpg", "first page");
    expect_entry(archive, "sub", NULL);
    expect_entry(archive, "sub/p2.jpg", "second page");
    expect_entry(archive, "\xe6\xbc\xab.txt", "");
    expect_entry(archive, NULL, NULL);
    planche_archive_close(&archive);
    assert_int_equal(system("rm -r book"), 0);
    remove_contents();
}

static void give(struct planche_archive_writer *writer, const char *name, const char *content,
                 bool given)
{
    const struct planche_archive_entry entry = {.name = name, .mtime = 1000000001, .given = given};
    assert_int_equal(planche_archive_writer_add(writer, &entry, content, &ignored), PLANCHE_OK);
}

static struct stat stat_of(const char *path)
{
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    return info;
}

/* A folder gets the files that are given to it, each by one name; all others are copied. */
static void test_given(void **state)
{
    struct planche_archive_writer *writer;
    (void)state;
    make_contents();
    assert_int_equal(planche_archive_writer_create(&writer, PLANCHE_CONTAINER_FOLDER, "book", false,
                                                   NULL, &ignored),
                     PLANCHE_OK);
    give(writer, "sub/given", "one", true);
    give(writer, "again", "one", true);
    give(writer, "kept", "two", false);
    assert_int_equal(planche_archive_writer_commit(writer, NULL, NULL, NULL, &ignored), PLANCHE_OK);
    planche_archive_writer_destroy(&writer);
    assert_int_equal(stat_of("book/sub/given").st_ino, stat_of("one").st_ino);
    assert_int_equal(stat_of("book/sub/given").st_mtime, 1000000001);
    assert_int_not_equal(stat_of("book/again").st_ino, stat_of("one").st_ino);
    assert_int_not_equal(stat_of("book/kept").st_ino, stat_of("two").st_ino);
    assert_int_equal(system("cmp -s book/again one && cmp -s book/kept two && rm -r book"), 0);
    remove_contents();
}

static void test_epub(void **state)
{
    (void)state;
    make_contents();
    write_book("book", PLANCHE_CONTAINER_EPUB);
    struct planche_archive *archive = open_book("book");
    assert_int_equal(planche_container_of("book"), PLANCHE_CONTAINER_EPUB);
    expect_entry(archive, "mimetype", "application/epub+zip");
    expect_entry(archive, "p10.jpg", "first page");
    planche_archive_close(&archive);
    unlink("book");
    remove_contents();
}

static enum planche_status create_error(enum planche_container container, const char *path,
                                        bool overwrite)
{
    struct planche_archive_writer *writer;
    struct planche_error error = {.message = ""};
    enum planche_status status =
        planche_archive_writer_create(&writer, container, path, overwrite, NULL, &error);
    assert_int_equal(status, error.status);
    if (status)
        assert_null(writer);
    planche_archive_writer_destroy(&writer);
    return status;
}

static void test_existing(void **state)
{
    (void)state;
    write_file("file", "x");
    assert_int_equal(mkdir("full", 0777), 0);
    write_file("full/x", "x");
    assert_int_equal(create_error(PLANCHE_CONTAINER_ZIP, "file", false), PLANCHE_ERROR_EXISTS);
    assert_int_equal(create_error(PLANCHE_CONTAINER_FOLDER, "file", true), PLANCHE_ERROR_EXISTS);
    assert_int_equal(create_error(PLANCHE_CONTAINER_FOLDER, "full", false), PLANCHE_ERROR_EXISTS);
    assert_int_equal(create_error(PLANCHE_CONTAINER_FOLDER, "full", true), PLANCHE_OK);
    assert_int_equal(create_error(PLANCHE_CONTAINER_ZIP, "full", true), PLANCHE_ERROR_IO);
    assert_int_equal(create_error(PLANCHE_CONTAINER_FOLDER, "", false), PLANCHE_ERROR_ARGUMENT);
    assert_int_equal(create_error(PLANCHE_CONTAINER_ZIP, "no/x", false), PLANCHE_ERROR_NOT_FOUND);
    assert_int_equal(create_error(PLANCHE_CONTAINER_RAR, "x", false), PLANCHE_ERROR_UNSUPPORTED);
    unlink("full/x");
    make_contents();
    write_book("full/", PLANCHE_CONTAINER_FOLDER); /* it is empty now */
    assert_int_equal(access("full/sub/p2.jpg", F_OK), 0);
    assert_int_equal(system("rm -r full"), 0);
    unlink("file");
    remove_contents();
}

/* A folder that fills while we work is not replaced. */
static void test_race(void **state)
{
    (void)state;
    struct planche_archive_writer *writer;
    struct planche_error error;
    make_contents();
    assert_int_equal(planche_archive_writer_create(&writer, PLANCHE_CONTAINER_FOLDER, "book", false,
                                                   NULL, &ignored),
                     PLANCHE_OK);
    add(writer, "p", "one");
    assert_int_equal(mkdir("book", 0777), 0);
    write_file("book/theirs", "x");
    assert_int_equal(planche_archive_writer_commit(writer, NULL, NULL, NULL, &error),
                     PLANCHE_ERROR_EXISTS);
    planche_archive_writer_destroy(&writer);
    assert_int_equal(unlink("book/theirs"), 0);
    assert_int_equal(rmdir("book"), 0);
    remove_contents();
}

static void test_bad_entries(void **state)
{
    (void)state;
    struct planche_archive_writer *writer;
    make_contents();
    assert_int_equal(planche_archive_writer_create(&writer, PLANCHE_CONTAINER_ZIP, "book", false,
                                                   NULL, &ignored),
                     PLANCHE_OK);
    add(writer, "a/b", "one");
    const char *const names[] = {"../x", "/x", "", "a/b", "a/b/c", "a", "x/", "a//c", "C:x", "n\n"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct planche_archive_entry entry = {.name = names[i]};
        struct planche_error error;
        assert_int_equal(planche_archive_writer_add(writer, &entry, "one", &error),
                         PLANCHE_ERROR_ARGUMENT);
    }
    planche_archive_writer_destroy(&writer);
    remove_contents();
}

struct countdown {
    int calls;
    struct planche_cancel cancel;
};

static void stop_late(void *user, double done)
{
    struct countdown *countdown = user;
    assert_true(done >= 0 && done <= 1);
    if (--countdown->calls < 0)
        planche_cancel_request(&countdown->cancel);
}

static void grow_a_file(void *user, double done)
{
    (void)done;
    write_file("two", user);
}

/* Whatever goes wrong in the end: the reason is told and nothing is left. */
static void test_failures(void **state)
{
    (void)state;
    const enum planche_container containers[] = {PLANCHE_CONTAINER_ZIP, PLANCHE_CONTAINER_FOLDER,
                                                 PLANCHE_CONTAINER_EPUB};
    make_contents();
    for (int i = 0; i < 9; i++) {
        struct planche_archive_writer *writer;
        struct planche_error error;
        struct countdown countdown = {.calls = i < 3 ? 2 : 1000};
        const struct planche_cancel_token token = {.handle = &countdown.cancel};
        assert_int_equal(planche_archive_writer_create(&writer, containers[i % 3], "book", false,
                                                       NULL, &ignored),
                         PLANCHE_OK);
        add(writer, i < 3 ? "mimetype" : "other", "type");
        add(writer, "first", "one");
        add(writer, "second", i < 6 ? "two" : "missing");
        enum planche_status status =
            planche_archive_writer_commit(writer, stop_late, &countdown, &token, &error);
        if (i >= 3 && i < 6 && containers[i % 3] != PLANCHE_CONTAINER_EPUB) {
            assert_int_equal(status, PLANCHE_OK);
            assert_int_equal(system("rm -r book"), 0);
        } else {
            const enum planche_status expected[] = {PLANCHE_ERROR_CANCELLED, PLANCHE_ERROR_ARGUMENT,
                                                    PLANCHE_ERROR_IO};
            bool untyped = i >= 3 && containers[i % 3] == PLANCHE_CONTAINER_EPUB;
            assert_int_equal(status, untyped ? PLANCHE_ERROR_ARGUMENT : expected[i / 3]);
        }
        planche_archive_writer_destroy(&writer);
        assert_int_equal(count_files(), 4);
    }
    remove_contents();
}

/* A content that grows meanwhile is taken as far as it was there when its turn came. */
static void test_growing(void **state)
{
    (void)state;
    struct planche_archive_writer *writer;
    struct planche_error error;
    make_contents();
    assert_int_equal(planche_archive_writer_create(&writer, PLANCHE_CONTAINER_ZIP, "book", false,
                                                   NULL, &ignored),
                     PLANCHE_OK);
    add(writer, "second", "two");
    assert_int_equal(planche_archive_writer_commit(writer, grow_a_file,
                                                   (void *)"second page and more", NULL, &error),
                     PLANCHE_OK);
    planche_archive_writer_destroy(&writer);
    assert_int_equal(read_all("book", &wide, NULL, &error), PLANCHE_OK);
    unlink("book");
    assert_int_equal(planche_archive_writer_create(&writer, PLANCHE_CONTAINER_ZIP, "book", false,
                                                   NULL, &ignored),
                     PLANCHE_OK);
    add(writer, "second", "two");
    assert_int_equal(
        planche_archive_writer_commit(writer, grow_a_file, (void *)"less", NULL, &error),
        PLANCHE_ERROR_IO);
    assert_non_null(strstr(error.message, "shorter"));
    planche_archive_writer_destroy(&writer);
    remove_contents();
}

static void make_noise(const char *path, size_t size)
{
    char *text = calloc(1, size + 1);
    uint32_t state = 1;
    assert_non_null(text);
    for (size_t i = 0; i < size; i++) {
        state = state * 1664525 + 1013904223;
        text[i] = state >> 24 ? (char)(state >> 24) : 'x';
    }
    write_file(path, text);
    free(text);
}

static void make_zeros(const char *path, off_t size)
{
    write_file(path, "");
    assert_int_equal(truncate(path, size), 0);
}

static void write_packed(const char *path, const char *content, bool packed)
{
    struct planche_archive_writer *writer;
    struct planche_error error;
    const struct planche_archive_entry entry = {.name = "page.bmp", .packed = packed};
    assert_int_equal(
        planche_archive_writer_create(&writer, PLANCHE_CONTAINER_ZIP, path, true, NULL, &ignored),
        PLANCHE_OK);
    assert_int_equal(planche_archive_writer_add(writer, &entry, content, &ignored), PLANCHE_OK);
    if (planche_archive_writer_commit(writer, NULL, NULL, NULL, &error))
        fail_msg("%s", error.message);
    planche_archive_writer_destroy(&writer);
}

/* Headers of an archive with one entry of that name. */
#define HEADERS (30 + 46 + 22 + 2 * strlen("page.bmp"))

/* What becomes smaller by a tenth is packed, as long as nothing says that it is. What is packed
 * best is within the ratio that readers allow. */
static void test_packing(void **state)
{
    (void)state;
    const struct planche_archive_limits usual = {100000, 1 << 30, 1 << 30, 1000};
    const off_t zeros = (4 << 20) + 5;
    struct planche_error error;
    make_zeros("zeros", zeros);
    make_noise("noise", 100000);
    write_file("short", "aaaaaaaaaaaaaaaaaaaa");
    write_packed("book", "zeros", false);
    write_packed("again", "zeros", false);
    assert_int_equal(system("cmp -s book again"), 0);
    assert_in_range(stat_of("book").st_size, zeros / 1000, zeros / 500);
    if (read_all("book", &usual, NULL, &error))
        fail_msg("%s", error.message);
    write_packed("book", "zeros", true);
    assert_int_equal(stat_of("book").st_size, zeros + HEADERS);
    write_packed("book", "noise", false);
    assert_int_equal(stat_of("book").st_size, 100000 + HEADERS);
    assert_int_equal(read_all("book", &usual, NULL, &error), PLANCHE_OK);
    write_packed("book", "short", false);
    assert_in_range(stat_of("book").st_size, HEADERS + 3, HEADERS + 18);
    struct planche_archive *archive = open_book("book");
    expect_entry(archive, "page.bmp", "aaaaaaaaaaaaaaaaaaaa");
    planche_archive_close(&archive);
    assert_int_equal(system("rm zeros noise short book again"), 0);
}

/* Of a content only the beginning is tried; what follows is written as it comes. */
static void test_packed_noise(void **state)
{
    (void)state;
    struct planche_error error;
    make_noise("noise", 300000);
    make_zeros("zeros", 100000);
    assert_int_equal(system("cat zeros noise > mixed && cat noise zeros > other"), 0);
    write_packed("book", "mixed", false);
    assert_in_range(stat_of("book").st_size, 250000, 302000);
    assert_int_equal(read_all("book", &wide, NULL, &error), PLANCHE_OK);
    write_packed("book", "other", false);
    assert_int_equal(stat_of("book").st_size, 400000 + HEADERS);
    assert_int_equal(system("rm zeros noise mixed other book"), 0);
}

/* The first entry of an EPUB is read by its place, so it is never packed. */
static void test_packed_epub(void **state)
{
    (void)state;
    struct planche_archive_writer *writer;
    const char type[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    char head[80];
    write_file("type", type);
    assert_int_equal(planche_archive_writer_create(&writer, PLANCHE_CONTAINER_EPUB, "book", false,
                                                   NULL, &ignored),
                     PLANCHE_OK);
    add(writer, "mimetype", "type");
    assert_int_equal(planche_archive_writer_commit(writer, NULL, NULL, NULL, &ignored), PLANCHE_OK);
    planche_archive_writer_destroy(&writer);
    FILE *file = fopen("book", "rb");
    assert_non_null(file);
    assert_int_equal(fread(head, sizeof head, 1, file), 1);
    assert_int_equal(fclose(file), 0);
    assert_memory_equal(head + 30 + strlen("mimetype"), type, strlen(type));
    assert_int_equal(system("rm type book"), 0);
}

/* A full disk, here a limit on the size of files. */
static void test_full_disk(void **state)
{
    (void)state;
    struct rlimit old, small = {.rlim_cur = 100000};
    make_noise("large", 400000);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small.rlim_max = old.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    for (int i = 0; i < 2; i++) {
        struct planche_archive_writer *writer;
        struct planche_error error;
        assert_int_equal(planche_archive_writer_create(
                             &writer, i ? PLANCHE_CONTAINER_FOLDER : PLANCHE_CONTAINER_ZIP, "book",
                             false, NULL, &ignored),
                         PLANCHE_OK);
        add(writer, "page.jpg", "large");
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
        assert_int_equal(planche_archive_writer_commit(writer, NULL, NULL, NULL, &error),
                         PLANCHE_ERROR_IO);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
        assert_non_null(strstr(error.message, strerror(EFBIG)));
        planche_archive_writer_destroy(&writer);
        assert_int_equal(count_files(), 1);
    }
    signal(SIGXFSZ, SIG_DFL);
    unlink("large");
}

/* More entries than 16 bits count; descriptors are not kept. */
static void test_many(void **state)
{
    (void)state;
    struct planche_archive_writer *writer;
    struct planche_error error;
    char name[32];
    const unsigned count = 66000;
    make_contents();
    assert_int_equal(planche_archive_writer_create(&writer, PLANCHE_CONTAINER_ZIP, "book", false,
                                                   NULL, &ignored),
                     PLANCHE_OK);
    for (unsigned i = 0; i < count; i++) {
        snprintf(name, sizeof name, "%u/%u", i / 1000, i);
        add(writer, name, i + 1 == count ? "one" : NULL);
    }
    assert_int_equal(planche_archive_writer_commit(writer, NULL, NULL, NULL, &error), PLANCHE_OK);
    planche_archive_writer_destroy(&writer);
    struct planche_archive *archive = open_book("book");
    for (unsigned i = 0; i < count; i++) {
        snprintf(name, sizeof name, "%u/%u", i / 1000, i);
        expect_entry(archive, name, i + 1 == count ? "first page" : NULL);
    }
    expect_entry(archive, NULL, NULL);
    planche_archive_close(&archive);
    unlink("book");
    remove_contents();
}

/* Times before and after what the format knows; the zone of the machine does not matter. */
static void test_times(void **state)
{
    (void)state;
    const struct {
        int64_t given, expected;
    } times[] = {
        {0, 315532800}, {-5, 315532800}, {1000000001, 1000000000}, {1LL << 40, 4354819198}};
    make_contents();
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        struct planche_archive_writer *writer;
        struct planche_archive_entry entry = {.name = "p", .mtime = times[i].given};
        struct planche_error error;
        bool end;
        setenv("TZ", i % 2 ? "Asia/Tokyo" : "UTC", 1);
        tzset();
        assert_int_equal(planche_archive_writer_create(&writer, PLANCHE_CONTAINER_ZIP, "book",
                                                       false, NULL, &ignored),
                         PLANCHE_OK);
        assert_int_equal(planche_archive_writer_add(writer, &entry, "one", &error), PLANCHE_OK);
        assert_int_equal(planche_archive_writer_commit(writer, NULL, NULL, NULL, &error),
                         PLANCHE_OK);
        planche_archive_writer_destroy(&writer);
        struct planche_archive *archive = open_book("book");
        assert_int_equal(planche_archive_next(archive, &entry, &end, &error), PLANCHE_OK);
        assert_int_equal(entry.mtime, times[i].expected);
        planche_archive_close(&archive);
        unlink("book");
    }
    unsetenv("TZ");
    remove_contents();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zip),         cmocka_unit_test(test_folder),
        cmocka_unit_test(test_given),       cmocka_unit_test(test_epub),
        cmocka_unit_test(test_existing),    cmocka_unit_test(test_race),
        cmocka_unit_test(test_bad_entries), cmocka_unit_test(test_failures),
        cmocka_unit_test(test_growing),     cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_many),        cmocka_unit_test(test_times),
        cmocka_unit_test(test_packing),     cmocka_unit_test(test_packed_noise),
        cmocka_unit_test(test_packed_epub),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
