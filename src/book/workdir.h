/* SPDX-License-Identifier: MIT */
/* Work folder of a book: ".NAME.planche" beside its output. Finished pages lie in it, so that a
 * run that was interrupted can be continued. In it are
 *
 * settings: what the pages are made with; others make a folder useless. They say that the folder
 * is Planche's, too: one that has other things and no settings is not touched.
 *
 * usual: how most pages of the book are cleaned, where they choose it; so, too.
 *
 * output: which file or folder gets the output's name, when all is done.
 *
 * DIGEST.page: what became of the page with that sha256, written when its files are there.
 *
 * DIGEST.EXT: the page, or DIGEST-N.EXT its parts.
 *
 * N.in, N.out: the content of entry N of this run, as it came and as it goes. */
#ifndef PLANCHE_BOOK_WORKDIR_H
#define PLANCHE_BOOK_WORKDIR_H

#include "book/entries.h"
#include "io/folder_lock.h"

#include <limits.h>

/* Names of files follow it in a path. */
#define PLANCHE_WORKDIR_FOLDER (PATH_MAX - 128)

/* An open work folder. While pages run, their threads may use it at once: each has files of its
 * own.
 */
struct planche_workdir {
    char folder[PLANCHE_WORKDIR_FOLDER];
    const char *output;
    struct planche_folder_lock lock; /* of the folder, which it keeps open */
    struct planche_budget *budget;
    const struct planche_log *log;
};

/* The path of a work folder, without making it. Errors: ARGUMENT. */
enum planche_status planche_workdir_name(char folder[PLANCHE_WORKDIR_FOLDER], const char *output,
                                         struct planche_error *error);

/* Makes or takes over the folder for an output (without a slash at the end), and locks it. What
 * other settings have left, or anything if fresh is set, is removed. Errors: EXISTS when another
 * run is at work on the same output, or a folder of that name has neither Planche's settings nor
 * only what a killed run leaves: nothing in it is touched then; IO, NOT_FOUND, ARGUMENT, MEMORY,
 * BUDGET. */
enum planche_status planche_workdir_open(struct planche_workdir *work, const char *output,
                                         const char *settings, bool fresh,
                                         struct planche_budget *budget,
                                         const struct planche_log *log,
                                         struct planche_error *error);
/* Notes how pages are made by a text beside the settings, that is known once the folder is open.
 * What others have left is removed. Errors: IO. */
enum planche_status planche_workdir_settle(const struct planche_workdir *work, const char *usual,
                                           struct planche_error *error);
/* Unlocks it. Removes it first if the book is done, or nothing in it is worth to be kept; a
 * warning says when it cannot be removed. */
void planche_workdir_close(struct planche_workdir *work, bool done);
/* Records what is about to get the output's name; user is the work folder. Whether that succeeds
 * does not matter: then the folder just stays if the run is killed before it can remove it. */
void planche_workdir_record_output(void *user, const struct planche_file_info *output);
/* Removes the work folder of an output (without a slash at the end) that has come out of it: the
 * run was killed before it could. What others have put under that name is not taken for it. An
 * empty work folder goes in any case. */
void planche_workdir_remove_stale(const char *output, const struct planche_log *log);

enum planche_workdir_file { PLANCHE_WORKDIR_IN, PLANCHE_WORKDIR_OUT };
void planche_workdir_entry_path(const struct planche_workdir *work, size_t index,
                                enum planche_workdir_file kind, char path[PATH_MAX]);
/* Reads so many bytes of an open file of the work folder. Errors: IO. */
enum planche_status planche_workdir_read(int fd, const char *path, void *data, size_t size,
                                         struct planche_error *error);
/* A file of a page that was made; the path of the whole page when parts is 0 or 1. */
void planche_workdir_page_path(const struct planche_workdir *work, const uint8_t *digest,
                               enum planche_format format, unsigned part, unsigned parts,
                               char path[PATH_MAX]);

/* Makes a file in the folder that need not outlive a crash of the machine: who reads it finds out
 * whether it is whole. */
enum planche_status planche_workdir_write(const struct planche_workdir *work, const char *path,
                                          const void *data, size_t size,
                                          struct planche_error *error);
/* The size and digest of a file of a page. Errors: IO. */
enum planche_status planche_workdir_measure(const struct planche_workdir *work, const char *path,
                                            struct planche_made_part *part,
                                            struct planche_error *error);
/* Records what a page became; its files are complete. Errors: IO, MEMORY, BUDGET. */
enum planche_status planche_workdir_record(const struct planche_workdir *work,
                                           const struct planche_entry *entry,
                                           struct planche_error *error);
/* Fills entry->made in from the record that an earlier run has left; parts stays 0 if there is none
 * to rely on, or a file of the page is not what was recorded. Errors: MEMORY, BUDGET. */
enum planche_status planche_workdir_lookup(const struct planche_workdir *work,
                                           struct planche_entry *entry,
                                           struct planche_error *error);

#endif
