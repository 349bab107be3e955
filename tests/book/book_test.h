/* SPDX-License-Identifier: MIT */
/* Books for tests: made, run through an engine with a small model, and looked at. */
#ifndef PLANCHE_TESTS_BOOK_TEST_H
#define PLANCHE_TESTS_BOOK_TEST_H

#include "api_test.h"
#include "archive/archive.h"
#include "archive/writer.h"

#define MAX_ITEMS 1100

/* An entry; a name with '/' at its end is a folder. */
struct item {
    char name[120];
    uint8_t *data;
    size_t size;
    char comment[32];
};
struct book {
    struct item items[MAX_ITEMS];
    size_t count;
    char comment[64];
    /* Of a book that was read. */
    int64_t mtime;
};
void book_add(struct book *book, const char *name, const void *data, size_t size);
void book_add_text(struct book *book, const char *name, const char *text);
/* A page of noise; the same seed, width and height are the same bytes. */
void book_add_page(struct book *book, const char *name, uint64_t seed, uint32_t width,
                   uint32_t height, enum planche_format format);
void book_write(const struct book *book, const char *path, enum planche_container container);
void book_read(struct book *book, const char *path);
const struct item *book_find(const struct book *book, const char *name);
void book_free(struct book *book);
/* Names with commas between them. */
const char *book_names(const struct book *book);

/* The size of the picture in an entry. */
void item_size(const struct item *item, uint32_t *width, uint32_t *height,
               enum planche_format *format);

/* What was told of a run. */
struct told {
    char pages[MAX_ITEMS]
              [200]; /* "name>output" with a letter for the outcome before it, EDRMLFCUOSX- */
    size_t count;
    char message[PLANCHE_ERROR_MESSAGE_SIZE]; /* of the last failure */
    size_t calls, most_done;
    struct planche_page_options page; /* of book_options */
    struct planche_cancel cancel;     /* of page */
    size_t cancel_at;                 /* cancels as soon as so many pages are done; 0: never */
    bool writing;
    struct planche_book_result result;
    struct planche_error error;
};
struct planche_book_options book_options(struct told *told);
/* Runs test_path(input) to test_path(output). */
enum planche_status book_run(const struct planche_engine *engine, const char *input,
                             const char *output, struct planche_book_options options,
                             struct told *told);
/* As before, and must succeed. */
void book_make(const struct planche_engine *engine, const char *input, const char *output,
               struct planche_book_options options, struct told *told);
/* The outcomes, one letter each. */
const char *told_outcomes(const struct told *told);

/* Files and folders in a folder of the tests'; -1: it is not there. */
int count_in(const char *name);
void remove_all(const char *name);
/* Fails the test unless two files are the same. */
void expect_same_files(const char *a, const char *b);

#endif
