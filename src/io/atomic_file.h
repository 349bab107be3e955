/* SPDX-License-Identifier: MIT */
/* Atomic file: an output that appears under its name complete, or not at all. */
#ifndef PLANCHE_IO_ATOMIC_FILE_H
#define PLANCHE_IO_ATOMIC_FILE_H

#include "base/alloc.h"
#include "base/log.h"

#include <planche/error.h>

struct planche_atomic_file;

/* No file takes more than this from its budget. */
#define PLANCHE_ATOMIC_FILE_BYTES ((uint64_t)300 << 10)

/* Whether there may be an output at path: nothing is there yet, or a regular file and overwrite.
 * Says so before long work; create asks again. Errors: EXISTS, IO, ARGUMENT. */
enum planche_status planche_atomic_file_check(const char *path, bool overwrite,
                                              struct planche_error *error);
/* Makes a temporary file beside path, without a name until it is synced where the system can, with
 * the permissions of a new file. Errors: those of check; NOT_FOUND (no such folder), IO, MEMORY,
 * BUDGET. */
enum planche_status planche_atomic_file_create(struct planche_atomic_file **out, const char *path,
                                               bool overwrite, struct planche_budget *budget,
                                               struct planche_error *error);
/* A planche_sink_fn; user is the output file. Once it has failed it fails for the same reason.
 * Error: IO. */
enum planche_status planche_atomic_file_write(void *user, const void *data, size_t size,
                                              struct planche_error *error);
/* Puts other bytes in the place of some that were written. Error: IO, as when writing. */
enum planche_status planche_atomic_file_patch(struct planche_atomic_file *file, uint64_t offset,
                                              const void *data, size_t size,
                                              struct planche_error *error);
/* Of a file that another will be made of: sync and commit only begin to bring it to the disk. After
 * a crash of the machine it may have its name and not its content. Before it is written. */
void planche_atomic_file_set_unsynced(struct planche_atomic_file *file);
/* Brings everything to the disk and gives back what only writing needs, before others are written
 * that are to appear together with it. Error: IO. */
enum planche_status planche_atomic_file_sync(struct planche_atomic_file *file,
                                             struct planche_error *error);
/* Brings everything to the disk and gives the file its name, then closes it. Errors: IO; EXISTS
 * when something else has come to be at path meanwhile (and not overwrite). */
enum planche_status planche_atomic_file_commit(struct planche_atomic_file *file,
                                               struct planche_error *error);
/* Removes a file that was committed. */
void planche_atomic_file_revoke(struct planche_atomic_file *file);
/* Where a temporary file is named that cannot be removed. log must be there until destroy. */
void planche_atomic_file_set_log(struct planche_atomic_file *file, const struct planche_log *log);
/* Removes the temporary file unless it was committed. */
void planche_atomic_file_destroy(struct planche_atomic_file **file);
/* The path of the temporary file once it is synced, for who must remove it in an emergency (a
 * signal): it stays valid until destroy, and names nothing once committed. */
const char *planche_atomic_file_temporary_path(const struct planche_atomic_file *file);

#endif
