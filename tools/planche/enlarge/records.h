/* SPDX-License-Identifier: MIT */
/* Records: what outputs were made from and with, so that a later run knows which are up to date.
 *
 * They lie in the user's state directory, one small file for each folder of outputs, to which a
 * line is added for each output. Of several lines with a name the last counts. */
#ifndef PLANCHE_CLI_ENLARGE_RECORDS_H
#define PLANCHE_CLI_ENLARGE_RECORDS_H

#include "io/digest.h"

/* Hexadecimal digits that stand for the settings. */
#define PLANCHE_CLI_SETTINGS_TEXT 17

struct planche_cli_record {
    struct planche_stamp source;              /* when the output was made */
    char digest[PLANCHE_IO_DIGEST_TEXT];      /* of the source's content; "": not known */
    char settings[PLANCHE_CLI_SETTINGS_TEXT]; /* "": not known */
    uint64_t names;                           /* of an output that is a folder: of its stamp */
    uint64_t bytes;                           /* of the output when it was made; 0: not known */
    unsigned parts; /* of a book, pages that failed; of a page, files that it became, */
    int format;     /* and their format if it is not the planned one, else 0 */
};

struct planche_cli_record_folder;

/* All records that were looked at so far. Zero is empty. For one thread at a time. */
struct planche_cli_records {
    struct planche_cli_record_folder *folders;
    size_t count, capacity;
    int unkept; /* errno of the first record that the disk did not take; 0: none */
    size_t unkept_folder;
};

/* The record of an output, valid until the next call; NULL: there is none. */
const struct planche_cli_record *planche_cli_records_find(struct planche_cli_records *records,
                                                          const char *output);
/* Keeps a record on the disk. What cannot be kept does no harm but that the next run does not know
 * the output. */
void planche_cli_records_add(struct planche_cli_records *records, const char *output,
                             const struct planche_cli_record *record);
/* Says of the disk that takes no records why, once for all that it did not take. */
void planche_cli_records_complain(const struct planche_cli_records *records);
void planche_cli_records_free(struct planche_cli_records *records);

#endif
