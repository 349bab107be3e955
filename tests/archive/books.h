/* SPDX-License-Identifier: MIT */
/* Archives for tests, sound and otherwise, made from the formats' descriptions. */
#ifndef PLANCHE_TESTS_ARCHIVE_BOOKS_H
#define PLANCHE_TESTS_ARCHIVE_BOOKS_H

#include "support/testing.h"

#include "archive/archive.h"
#include "archive/writer.h"

#include <stdbool.h>

/* Bytes that grow; initialise with zeroes, free data. */
struct bytes {
    uint8_t *data;
    size_t size, room;
};
void bytes_add(struct bytes *bytes, const void *data, size_t size);
void bytes_text(struct bytes *bytes, const char *text);
void bytes_16(struct bytes *bytes, unsigned value);
void bytes_32(struct bytes *bytes, uint32_t value);
void bytes_64(struct bytes *bytes, uint64_t value);
/* The file at path has these bytes from now on, which are freed. */
void bytes_write(struct bytes *bytes, const char *path);

/* An entry of a ZIP. What is 0 or NULL is as it should be. */
struct zip_entry {
    const char *name;
    size_t name_size; /* 0: up to its NUL */
    const void *data;
    size_t size; /* 0: data is text */
    bool packed, utf8, encrypted, central_only;
    int lie_size, lie_packed, lie_crc, lie_start; /* added to what the directory says */
    uint32_t mode;                                /* of Unix */
    unsigned method, dos_date;
    const char *comment, *utf8_name;
    bool zip64;
};
/* comment may be NULL; lie_count is added to the number of entries. */
struct bytes make_zip(const struct zip_entry *entries, size_t count, const char *comment,
                      int lie_count);

/* The tests' own folder, the current one, below the system's temporary folder; it must be empty in
 * the end. For cmocka_run_group_tests. */
int enter_folder(void **state);
int leave_folder(void **state);
/* Files and folders in the current folder, hidden ones as well. */
unsigned count_files(void);
void write_file(const char *path, const char *text);

extern const struct planche_archive_limits wide;

/* Opens; fails the test if that fails. */
struct planche_archive *open_book(const char *path);
/* The next entry must have this name and content; text NULL: is a folder; name NULL: there is none.
 */
void expect_entry(struct planche_archive *archive, const char *name, const char *text);
/* Reading the whole archive ends with this error, whose message has the file's name and words. */
void expect_failure(const char *path, enum planche_status status, const char *words);
void expect_failure_within(const char *path, const struct planche_archive_limits *limits,
                           enum planche_status status, const char *words);
/* Opens, reads all, closes. */
enum planche_status read_all(const char *path, const struct planche_archive_limits *limits,
                             struct planche_budget *budget, struct planche_error *error);

#endif
