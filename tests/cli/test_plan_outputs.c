/* SPDX-License-Identifier: MIT */
/* Output planning: which file each input becomes, and which command lines are refused. Nothing is
 * enlarged; the inputs are empty files in a folder of the test's own. */
#include "support/testing.h"

#include "cli/cli.h"
#include "cli/paths.h"
#include "cli/terminal.h"
#include "enlarge/plan_outputs.h"
#include "support/remove_tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_WORDS 16
#define TEXT_SIZE 2048

static char root[] = "/tmp/planche-test-plan-XXXXXX";
static char message[TEXT_SIZE]; /* the last one */

/* In the place of cli/terminal.c: messages are looked at, not printed. */
void planche_cli_message(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    vsnprintf(message, sizeof(message), format, values);
    va_end(values);
}

int planche_cli_usage_error(const char *command, const char *format, ...)
{
    va_list values;
    (void)command;
    va_start(values, format);
    vsnprintf(message, sizeof(message), format, values);
    va_end(values);
    return PLANCHE_CLI_USAGE;
}

int planche_cli_no_memory(void)
{
    fail_msg("no memory");
    return PLANCHE_CLI_NOT_STARTED;
}

/* An EPUB is known by its first bytes, whatever its name is. */
static void write_file(const char *path)
{
    static const char epub[] = "PK\3\4\24\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\10\0\0\0"
                               "mimetypeapplication/epub+zip";
    const char *dot = strrchr(path, '.');
    assert_true(planche_cli_make_parent(path));
    FILE *file = fopen(path, "wbe");
    assert_non_null(file);
    if (dot && strcmp(dot, ".epub") == 0)
        assert_int_equal(fwrite(epub, 1, sizeof(epub) - 1, file), sizeof(epub) - 1);
    assert_int_equal(fclose(file), 0);
}

/* Every test has an empty folder, which is the working directory. */
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

/* The words between blanks; text is cut. */
static size_t split(char *text, char **words)
{
    size_t count = 0;
    char *rest;
    for (char *word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        assert_true(count < MAX_WORDS);
        words[count++] = word;
    }
    return count;
}

static void write_files(const char *names)
{
    char text[TEXT_SIZE], *words[MAX_WORDS];
    snprintf(text, sizeof(text), "%s", names);
    size_t count = split(text, words);
    for (size_t i = 0; i < count; i++)
        write_file(words[i]);
}

/* A command line. */
struct line {
    const char *inputs; /* words between blanks */
    const char *output; /* of -o; NULL: none */
    enum planche_format format;
    enum planche_container to;
    uint32_t width, height;
    unsigned scale; /* 0: 2 */
    int lossless;
    const char *book_option;
};

static int make_plan(struct planche_cli_plan *plan, const struct line *line)
{
    char text[TEXT_SIZE], *words[MAX_WORDS];
    struct planche_cli_options options = {
        .page = PLANCHE_PAGE_OPTIONS_INIT,
        .book = PLANCHE_BOOK_OPTIONS_INIT,
        .output = line->output,
        .book_option = line->book_option,
    };
    options.page.format = line->format;
    options.page.width = line->width;
    options.page.height = line->height;
    options.page.lossless = line->lossless;
    options.book.container = line->to;
    snprintf(text, sizeof(text), "%s", line->inputs);
    size_t count = split(text, words);
    return planche_cli_plan_make(plan, words, count, &options, line->scale ? line->scale : 2);
}

/* "page.jpg>page-2x.webp book.cbr>book-2x.cbz" */
static void describe(const struct planche_cli_plan *plan, char *text)
{
    size_t length = 0;
    *text = 0;
    for (size_t i = 0; i < plan->count; i++)
        length += (size_t)snprintf(text + length, TEXT_SIZE - length, "%s%s>%s", i ? " " : "",
                                   plan->items[i].input, plan->items[i].output);
}

static void expect(const char *expected, struct line line)
{
    struct planche_cli_plan plan;
    char text[TEXT_SIZE];
    int status = make_plan(&plan, &line);
    if (status != PLANCHE_CLI_OK)
        fail_msg("%s -o %s: %s", line.inputs, line.output ? line.output : "", message);
    describe(&plan, text);
    assert_string_equal(text, expected);
    planche_cli_plan_free(&plan);
}

/* part: of the message */
static void refuse(const char *part, struct line line)
{
    struct planche_cli_plan plan;
    *message = 0;
    int status = make_plan(&plan, &line);
    planche_cli_plan_free(&plan);
    if (status != PLANCHE_CLI_USAGE || !strstr(message, part))
        fail_msg("%s -o %s: status %d, '%s' is not in '%s'", line.inputs,
                 line.output ? line.output : "", status, part, message);
}

static void test_a_page_lies_beside_its_input(void **state)
{
    (void)state;
    write_files("page.jpg sub/page.png");
    expect("page.jpg>page-2x.webp", (struct line){.inputs = "page.jpg"});
    expect("sub/page.png>sub/page-2x.webp", (struct line){.inputs = "sub/page.png"});
    expect("page.jpg>page-4x.png",
           (struct line){.inputs = "page.jpg", .scale = 4, .format = PLANCHE_FORMAT_PNG});
    expect("page.jpg>page-2400h.webp", (struct line){.inputs = "page.jpg", .height = 2400});
    expect("page.jpg>page-1600w.webp", (struct line){.inputs = "page.jpg", .width = 1600});
    expect("page.jpg>page-1600x2400.webp",
           (struct line){.inputs = "page.jpg", .width = 1600, .height = 2400});
    expect("page.jpg>page-2x.webp sub/page.png>sub/page-2x.webp",
           (struct line){.inputs = "page.jpg sub/page.png"});
}

static void test_o_names_a_file_or_a_folder(void **state)
{
    (void)state;
    write_files("page.jpg other.png there/old.txt");
    expect("page.jpg>big.png", (struct line){.inputs = "page.jpg", .output = "big.png"});
    expect("page.jpg>big",
           (struct line){.inputs = "page.jpg", .output = "big", .format = PLANCHE_FORMAT_PNG});
    expect("page.jpg>out/page.webp", (struct line){.inputs = "page.jpg", .output = "out/"});
    expect("page.jpg>there/page.webp", (struct line){.inputs = "page.jpg", .output = "there"});
    expect("page.jpg>out/page.jxl other.png>out/other.jxl",
           (struct line){
               .inputs = "page.jpg other.png", .output = "out/", .format = PLANCHE_FORMAT_JXL});
}

/* The folder of -o is made before anything runs; not one that the only book becomes. */
static void test_the_folder_of_o_is_noted(void **state)
{
    (void)state;
    struct planche_cli_plan plan;
    write_files("page.jpg comic/1.jpg");
    assert_int_equal(make_plan(&plan, &(struct line){.inputs = "page.jpg", .output = "out//"}),
                     PLANCHE_CLI_OK);
    assert_string_equal(plan.folder, "out");
    planche_cli_plan_free(&plan);
    assert_int_equal(make_plan(&plan, &(struct line){.inputs = "comic", .output = "out/"}),
                     PLANCHE_CLI_OK);
    assert_null(plan.folder);
    planche_cli_plan_free(&plan);
    assert_int_equal(make_plan(&plan, &(struct line){.inputs = "page.jpg", .output = "big.png"}),
                     PLANCHE_CLI_OK);
    assert_null(plan.folder);
    planche_cli_plan_free(&plan);
}

/* What follows the last dot is an extension if it is short and has letters and digits only, of
 * them a letter. */
static void test_names_with_dots(void **state)
{
    (void)state;
    write_files(
        "vol.1.page.02.jpg page.2024 page.v2_final .hidden no page.jpg2000 trail. vol.1.cbz "
        "vol.tar.gz");
    expect("vol.1.page.02.jpg>vol.1.page.02-2x.webp", (struct line){.inputs = "vol.1.page.02.jpg"});
    expect("page.2024>page.2024-2x.webp", (struct line){.inputs = "page.2024"});
    expect("page.v2_final>page.v2_final-2x.webp", (struct line){.inputs = "page.v2_final"});
    expect(".hidden>.hidden-2x.webp", (struct line){.inputs = ".hidden"});
    expect("no>no-2x.webp", (struct line){.inputs = "no"});
    expect("page.jpg2000>page.jpg2000-2x.webp", (struct line){.inputs = "page.jpg2000"});
    expect("trail.>trail.-2x.webp", (struct line){.inputs = "trail."});
    expect("page.2024>out/page.2024.webp", (struct line){.inputs = "page.2024", .output = "out/"});
    expect("vol.1.cbz>vol.1-2x.cbz", (struct line){.inputs = "vol.1.cbz"});
    expect("vol.tar.gz>out/vol.cbz", (struct line){.inputs = "vol.tar.gz", .output = "out/"});
}

static void test_books(void **state)
{
    (void)state;
    write_files("book.cbr novel.epub");
    expect("book.cbr>book-2x.cbz", (struct line){.inputs = "book.cbr"});
    expect("book.cbr>new.zip", (struct line){.inputs = "book.cbr", .output = "new.zip"});
    expect("book.cbr>out/book.cbz", (struct line){.inputs = "book.cbr", .output = "out/"});
    expect("book.cbr>book-2x", (struct line){.inputs = "book.cbr", .to = PLANCHE_CONTAINER_FOLDER});
    expect("novel.epub>novel-2x.epub", (struct line){.inputs = "novel.epub"});
    expect("novel.epub>novel-2x.cbz",
           (struct line){.inputs = "novel.epub", .to = PLANCHE_CONTAINER_ZIP});
    expect("novel.epub>new.cbz", (struct line){.inputs = "novel.epub", .output = "new.cbz"});
    refuse("only an EPUB becomes one", (struct line){.inputs = "book.cbr", .output = "new.epub"});
}

static void test_a_folder_of_pages_is_a_book(void **state)
{
    (void)state;
    write_files("comic.v1/2.jpg comic.v1/ch2/10.png comic.v1/ch2/notes.txt page.jpg");
    expect("comic.v1>comic.v1-2x", (struct line){.inputs = "comic.v1"});
    expect("comic.v1>comic.v1-2x", (struct line){.inputs = "comic.v1//"});
    expect("comic.v1>comic.v1-2x.cbz",
           (struct line){.inputs = "comic.v1", .to = PLANCHE_CONTAINER_ZIP});
    expect("comic.v1>new", (struct line){.inputs = "comic.v1", .output = "new"});
    expect("comic.v1>new", (struct line){.inputs = "comic.v1", .output = "new/"});
    expect("comic.v1>new.cbz", (struct line){.inputs = "comic.v1", .output = "new.cbz"});
    expect("page.jpg>out/page.webp comic.v1>out/comic.v1",
           (struct line){.inputs = "comic.v1 page.jpg", .output = "out/"});
    assert_int_equal(chdir("comic.v1/ch2"), 0);
    struct planche_cli_plan plan;
    assert_int_equal(make_plan(&plan, &(struct line){.inputs = "."}), PLANCHE_CLI_OK);
    assert_string_equal(planche_cli_base_name(plan.items[0].output), "ch2-2x");
    planche_cli_plan_free(&plan);
}

/* Books, folders that are books, and pages beside them keep their places below the output. */
static void test_a_library(void **state)
{
    (void)state;
    struct planche_cli_plan plan;
    write_files("lib/10.cbz lib/9.cb7 lib/cover.png lib/read.txt lib/.hidden.cbz lib/sub/1.jpg "
                "lib/deep/er/novel.epub page.jpg");
    const char *expected = "lib/cover.png>out/cover.png lib/9.cb7>out/9.cbz lib/10.cbz>out/10.cbz "
                           "lib/deep/er/novel.epub>out/deep/er/novel.epub lib/sub>out/sub";
    expect(expected, (struct line){.inputs = "lib", .output = "out"});
    expect(expected, (struct line){.inputs = "lib/", .output = "out"});
    expect("lib/cover.png>lib-2x/cover.png lib/9.cb7>lib-2x/9.cbz lib/10.cbz>lib-2x/10.cbz "
           "lib/deep/er/novel.epub>lib-2x/deep/er/novel.epub lib/sub>lib-2x/sub",
           (struct line){.inputs = "lib"});
    expect("lib/cover.png>out/lib/cover.png page.jpg>out/page.webp lib/9.cb7>out/lib/9.cbz "
           "lib/10.cbz>out/lib/10.cbz lib/deep/er/novel.epub>out/lib/deep/er/novel.epub "
           "lib/sub>out/lib/sub",
           (struct line){.inputs = "lib page.jpg", .output = "out/"});
    assert_int_equal(make_plan(&plan, &(struct line){.inputs = "lib", .output = "out/"}),
                     PLANCHE_CLI_OK);
    assert_int_equal(plan.pages, 1);
    assert_int_equal(plan.copy_count, 1);
    for (size_t i = 0; i < plan.count; i++)
        assert_true(plan.items[i].resumes);
    planche_cli_plan_free(&plan);
    /* What an earlier run has made lies in the library itself: it is no input. */
    write_files("lib/out/9.cbz");
    expect("lib/cover.png>lib/out/cover.png lib/9.cb7>lib/out/9.cbz lib/10.cbz>lib/out/10.cbz "
           "lib/deep/er/novel.epub>lib/out/deep/er/novel.epub lib/sub>lib/out/sub",
           (struct line){.inputs = "lib", .output = "lib/out/"});
}

/* Of files in a library that would get one name, one gets it: the one that has it already, else
 * the first. */
static void test_collisions_in_a_library_are_resolved(void **state)
{
    (void)state;
    write_files("lib/a.cb7 lib/a.cbz lib/a.cbr lib/p.jpg lib/p.png lib/q.jpg lib/q.webp");
    expect("lib/p.jpg>out/p.webp lib/p.png>out/p.png.webp lib/q.jpg>out/q.jpg.webp "
           "lib/q.webp>out/q.webp lib/a.cb7>out/a.cb7.cbz lib/a.cbr>out/a.cbr.cbz "
           "lib/a.cbz>out/a.cbz",
           (struct line){.inputs = "lib", .output = "out/"});
    /* The longer name may be another's. */
    write_files("more/a.cbz more/a.cbr more/a.cbr.cbz");
    refuse("would both become", (struct line){.inputs = "more", .output = "out/"});
}

static void test_collisions_are_refused(void **state)
{
    (void)state;
    write_files("a.jpg a.png one/x.jpg two/x.png book.cbz book.cbr");
    refuse("a.jpg and a.png would both become out/a.webp; run one of them with another -o",
           (struct line){.inputs = "a.jpg a.png", .output = "out/"});
    refuse("would both become a-2x.webp", (struct line){.inputs = "a.jpg a.png"});
    refuse("would both become out/x.webp",
           (struct line){.inputs = "one/x.jpg two/x.png", .output = "out/"});
    refuse("would both become out/book.cbz",
           (struct line){.inputs = "book.cbz book.cbr", .output = "out/"});
    refuse("a.jpg is named twice", (struct line){.inputs = "a.jpg a.jpg"});
    refuse("./a.jpg is named twice", (struct line){.inputs = "a.jpg ./a.jpg", .output = "out/"});
    expect("one/x.jpg>one/x-2x.webp two/x.png>two/x-2x.webp",
           (struct line){.inputs = "one/x.jpg two/x.png"});
}

static void test_an_output_is_no_input(void **state)
{
    (void)state;
    write_files("page.webp page.png page-2x.webp comic/1.jpg lib/a.cbz");
    assert_int_equal(link("page.png", "hard.png"), 0);
    assert_int_equal(symlink("page.png", "soft.png"), 0);
    refuse("page.png is an input", (struct line){.inputs = "page.png", .output = "page.png"});
    refuse("hard.png is an input", (struct line){.inputs = "page.png", .output = "hard.png"});
    refuse("soft.png is an input", (struct line){.inputs = "page.png", .output = "soft.png"});
    refuse("is an input", (struct line){.inputs = "page.webp", .output = "./"});
    /* Of another input. */
    refuse("page-2x.webp is an input", (struct line){.inputs = "page.png page-2x.webp"});
    refuse("comic/ is an input", (struct line){.inputs = "comic", .output = "comic/"});
    refuse("lib is an input", (struct line){.inputs = "lib", .output = "lib"});
    refuse("comic/new.cbz lies in comic, an input",
           (struct line){.inputs = "comic", .output = "comic/new.cbz"});
    refuse("lies in comic, an input",
           (struct line){.inputs = "comic page.png", .output = "comic/out/"});
    expect("comic>comical.cbz", (struct line){.inputs = "comic", .output = "comical.cbz"});
}

static void test_names_and_options_must_agree(void **state)
{
    (void)state;
    write_files("page.jpg other.jpg book.cbz comic/1.jpg lib/a.cbz lib/b.cbz");
    refuse("-o big.png names one file for 2 inputs",
           (struct line){.inputs = "page.jpg other.jpg", .output = "big.png"});
    refuse("-f webp contradicts the name big.png",
           (struct line){.inputs = "page.jpg", .output = "big.png", .format = PLANCHE_FORMAT_WEBP});
    refuse("cannot write a page to new.cbz",
           (struct line){.inputs = "page.jpg", .output = "new.cbz"});
    refuse("cannot write notes.txt", (struct line){.inputs = "page.jpg", .output = "notes.txt"});
    refuse("--lossless: JPEG files",
           (struct line){.inputs = "page.jpg", .output = "big.jpg", .lossless = 1});
    refuse("cannot write a book to big.png",
           (struct line){.inputs = "book.cbz", .output = "big.png"});
    refuse("cannot write a book to new", (struct line){.inputs = "book.cbz", .output = "new"});
    refuse("--to contradicts the name new.cbz",
           (struct line){.inputs = "comic", .output = "new.cbz", .to = PLANCHE_CONTAINER_FOLDER});
    refuse("-o all.cbz names one file, and there are several books in lib",
           (struct line){.inputs = "lib", .output = "all.cbz"});
    refuse("-o page.jpg is a file, and the results of lib need a folder",
           (struct line){.inputs = "lib", .output = "page.jpg"});
    refuse("--to is for books, and no input is one",
           (struct line){.inputs = "page.jpg", .book_option = "to"});
    expect("book.cbz>book-2x.cbz", (struct line){.inputs = "book.cbz", .book_option = "to"});
}

static void test_standard_streams_are_for_stdio(void **state)
{
    (void)state;
    struct planche_cli_plan plan;
    struct planche_cli_options options = {.page = PLANCHE_PAGE_OPTIONS_INIT,
                                          .book = PLANCHE_BOOK_OPTIONS_INIT};
    write_files("page.jpg");
    assert_int_equal(planche_cli_plan_make(&plan, (char *[]){(char[]){""}}, 1, &options, 2),
                     PLANCHE_CLI_USAGE);
    assert_string_equal(message, "an input's name is empty");
    planche_cli_plan_free(&plan);
}

int main(void)
{
#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, enter, leave)
    const struct CMUnitTest tests[] = {
        IN_A_FOLDER(test_a_page_lies_beside_its_input),
        IN_A_FOLDER(test_o_names_a_file_or_a_folder),
        IN_A_FOLDER(test_the_folder_of_o_is_noted),
        IN_A_FOLDER(test_names_with_dots),
        IN_A_FOLDER(test_books),
        IN_A_FOLDER(test_a_folder_of_pages_is_a_book),
        IN_A_FOLDER(test_a_library),
        IN_A_FOLDER(test_collisions_in_a_library_are_resolved),
        IN_A_FOLDER(test_collisions_are_refused),
        IN_A_FOLDER(test_an_output_is_no_input),
        IN_A_FOLDER(test_names_and_options_must_agree),
        IN_A_FOLDER(test_standard_streams_are_for_stdio),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
