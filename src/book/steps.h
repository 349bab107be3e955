/* SPDX-License-Identifier: MIT */
/* The steps of a book's run, in the order in which book.c takes them. Each works on the state that
 * those before it have left; none knows the others. Unless they say otherwise, errors are those of
 * reading the archive and of the work folder, and CANCELLED. */
#ifndef PLANCHE_BOOK_STEPS_H
#define PLANCHE_BOOK_STEPS_H

#include "book/state.h"

/* Destination: sets book->to from the options and the output's name. Errors: UNSUPPORTED. */
enum planche_status planche_destination_choose(struct planche_book *book, const char *output,
                                               struct planche_error *error);
/* Refuses an output that is the input, or lies in it, or the other way round. Error: ARGUMENT. */
enum planche_status planche_destination_check(const struct planche_book *book,
                                              struct planche_error *error);

/* Bytes of a fingerprint, with the 0 at its end. */
#define PLANCHE_BOOK_FINGERPRINT 1024
/* Fingerprint: what pages are made with, as a text that is the same when the bytes are. Errors: IO.
 */
enum planche_status planche_book_fingerprint(const struct planche_book *book,
                                             char text[PLANCHE_BOOK_FINGERPRINT],
                                             struct planche_error *error);

/* Whether a file by this name is an image, as far as the name tells. */
bool planche_book_has_image_name(const char *name);
/* Scan: the first pass over the archive, which lists its entries and tells which are pages. */
enum planche_status planche_book_scan(struct planche_book *book, struct planche_error *error);

/* Pages: the second pass. Enlarges every page into the work folder, and puts everything else there.
 */
enum planche_status planche_book_run_pages(struct planche_book *book, struct planche_error *error);

/* Spools the entry that the archive has come to: its content goes to a file of the work folder, and
 * piece by piece to `more`. *unread: it is the archive that has failed. buffer: of
 * PLANCHE_SPOOL_BYTES. */
#define PLANCHE_SPOOL_BYTES ((size_t)256 << 10)
struct planche_spool {
    struct planche_archive *archive;
    const char *path;
    uint8_t *buffer;
    enum planche_status (*more)(void *user, size_t got, struct planche_error *error);
    void *user;
};
enum planche_status planche_book_spool(struct planche_book *book, const struct planche_spool *spool,
                                       bool *unread, struct planche_error *error);

/* Usual level: looks at some pages that are spread over the book, and sets book->usual by them, if
 * its pages choose their level of cleaning. The work folder is open; pages that another usual level
 * has made are removed from it. */
enum planche_status planche_book_find_usual(struct planche_book *book, struct planche_error *error);

/* Skip rules: whether a page's header says that it is kept as it is; its outcome is set then. */
bool planche_book_skip_page(const struct planche_book *book, struct planche_entry *entry,
                            const struct planche_image_info *info);

/* Repeats: which of several entries of one name are in the output, and by which names. Errors:
 * MEMORY, BUDGET. */
enum planche_status planche_book_settle_repeats(struct planche_book *book,
                                                struct planche_error *error);
/* Whether a file by this name is a ComicInfo.xml. */
bool planche_book_is_comicinfo(const char *name);

/* Assembly: names the outputs, updates what refers to them, and writes the output. */
enum planche_status planche_book_assemble(struct planche_book *book,
                                          struct planche_archive_writer *writer,
                                          struct planche_error *error);
/* References: makes a new content in the work folder for files that speak of pages whose names or
 * sizes have changed. A part of the assembly; the entries have their names in the output. */
enum planche_status planche_book_update_references(struct planche_book *book,
                                                   struct planche_error *error);

/* Inspection, in the place of the pages: finds out what would become of each page, reading only
 * headers. It needs no engine and no work folder. */
enum planche_status planche_book_inspect_pages(struct planche_book *book,
                                               struct planche_error *error);

#endif
