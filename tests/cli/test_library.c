/* SPDX-License-Identifier: MIT */
/* Library scan: what of a folder is a book, a folder that is a book, a page beside books, or none
 * of them. */
#include "support/testing.h"

#include "cli/paths.h"
#include "cli/terminal.h"
#include "enlarge/library.h"
#include "support/remove_tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEXT_SIZE 1024

static char root[] = "/tmp/planche-test-library-XXXXXX";
static char message[TEXT_SIZE];

/* In the place of cli/terminal.c. */
void planche_cli_message(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    vsnprintf(message, sizeof(message), format, values);
    va_end(values);
}

static int enter(void **state)
{
    (void)state;
    *message = 0;
    return enter_new_folder(root);
}

static int leave(void **state)
{
    (void)state;
    return leave_folder(root);
}

/* A file of as many bytes as its name has. */
static void write_file(const char *path)
{
    assert_true(planche_cli_make_parent(path));
    FILE *file = fopen(path, "wbe");
    assert_non_null(file);
    assert_true(fputs(planche_cli_base_name(path), file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* "page:cover.png:9 book:a.cbz:5 folder:sub:5 2 others" */
static void expect(const char *expected, const char *folder, const char *skip)
{
    static const char *const kinds[] = {
        [PLANCHE_CLI_LIBRARY_PAGE] = "page",
        [PLANCHE_CLI_LIBRARY_BOOK] = "book",
        [PLANCHE_CLI_LIBRARY_FOLDER] = "folder",
        [PLANCHE_CLI_LIBRARY_OTHER] = "other",
    };
    struct planche_cli_library library;
    char text[TEXT_SIZE];
    size_t length = 0;
    assert_true(planche_cli_library_scan(&library, folder, skip));
    for (size_t i = 0; i < library.count; i++)
        length += (size_t)snprintf(text + length, sizeof(text) - length, "%s:%s:%u ",
                                   kinds[library.entries[i].kind], library.entries[i].path,
                                   (unsigned)library.entries[i].bytes);
    length += (size_t)snprintf(text + length, sizeof(text) - length, "%zu others", library.others);
    if (library.junk > 0)
        length += (size_t)snprintf(text + length, sizeof(text) - length, " %zu junk", library.junk);
    if (library.links > 0)
        snprintf(text + length, sizeof(text) - length, " %zu links", library.links);
    assert_string_equal(text, expected);
    planche_cli_library_free(&library);
}

static void test_a_folder_without_books_is_one(void **state)
{
    (void)state;
    write_file("comic/10.jpg");
    write_file("comic/2.png");
    write_file("comic/ch2/notes.txt");
    write_file("comic/ch2/3.webp");
    /* All its files are the book's, those that are no pages too. */
    expect("folder::26 0 others", "comic", NULL);
    assert_int_equal(mkdir("empty", 0777), 0);
    expect("folder::0 0 others", "empty", NULL);
}

static void test_a_folder_with_books_is_a_library(void **state)
{
    (void)state;
    write_file("lib/10.cbz");
    write_file("lib/9.CBR");
    write_file("lib/cover.png");
    write_file("lib/read.me");
    write_file("lib/only/text/a.txt");
    write_file("lib/pages/1.jpg");
    write_file("lib/pages/more/2.jpg");
    write_file("lib/series/one.tar.gz");
    write_file("lib/series/extra/3.jpg");
    assert_int_equal(mkdir("lib/empty", 0777), 0);
    write_file("lib/Thumbs.db");
    write_file("lib/series/@eaDir/4.jpg");
    write_file("lib/pages/thumbs/1.jpg");
    expect("book:9.CBR:5 book:10.cbz:6 page:cover.png:9 other:only/text/a.txt:5 folder:pages:10 "
           "other:read.me:7 folder:series/extra:5 book:series/one.tar.gz:10 0 others 2 junk",
           "lib", NULL);
    struct planche_cli_library library;
    assert_true(planche_cli_library_scan(&library, "lib", NULL));
    assert_true(library.books);
    assert_false(library.trouble);
    planche_cli_library_free(&library);
    assert_true(planche_cli_library_scan(&library, "lib/pages", NULL));
    assert_false(library.books);
    planche_cli_library_free(&library);
}

static void test_what_is_passed_over(void **state)
{
    (void)state;
    write_file("lib/a.cbz");
    write_file("lib/.b.cbz");
    write_file("lib/.work/c.cbz");
    write_file("lib/out/d.cbz");
    write_file("far/e.cbz");
    assert_int_equal(symlink("../far", "lib/link"), 0);
    assert_int_equal(symlink("../far/e.cbz", "lib/linked.cbz"), 0);
    assert_int_equal(symlink("nowhere.cbz", "lib/broken.cbz"), 0);
    assert_int_equal(mkfifo("lib/pipe.cbz", 0666), 0);
    char *skip = planche_cli_canonical("lib/out");
    assert_non_null(skip);
    /* Of links only those to files count; a link to nowhere and a pipe are other files. */
    expect("book:a.cbz:5 book:linked.cbz:5 2 others 1 links", "lib", skip);
    expect("book:a.cbz:5 book:linked.cbz:5 book:out/d.cbz:5 2 others 1 links", "lib", NULL);
    free(skip);
}

static void test_a_folder_that_cannot_be_read(void **state)
{
    (void)state;
    struct planche_cli_library library;
    assert_true(planche_cli_library_scan(&library, "missing", NULL));
    assert_true(library.trouble);
    assert_non_null(strstr(message, "missing/: cannot read this folder: "));
    planche_cli_library_free(&library);
}

int main(void)
{
#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, enter, leave)
    const struct CMUnitTest tests[] = {
        IN_A_FOLDER(test_a_folder_without_books_is_one),
        IN_A_FOLDER(test_a_folder_with_books_is_a_library),
        IN_A_FOLDER(test_what_is_passed_over),
        IN_A_FOLDER(test_a_folder_that_cannot_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
