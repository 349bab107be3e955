/* SPDX-License-Identifier: MIT */
/* The truthful output file: it appears under its name complete, or not at all. */
#ifndef PLANCHE_CODEC_FILE_SINK_H
#define PLANCHE_CODEC_FILE_SINK_H

#include "base/alloc.h"

#include <planche/error.h>

struct planche_output_file;

/* Makes a temporary file beside path, with the permissions of a new file. What is at path already
 * may only be a regular file, and only if overwrite. Errors: EXISTS, NOT_FOUND (no such folder),
 * IO, ARGUMENT, MEMORY, BUDGET. */
enum planche_status planche_output_file_create(struct planche_output_file **out, const char *path,
                                               bool overwrite, struct planche_budget *budget,
                                               struct planche_error *error);
/* A planche_sink_fn; user is the output file. */
bool planche_output_file_write(void *user, const void *data, size_t size);
/* After the writer said IO because of the sink: says why (IO). */
enum planche_status planche_output_file_fail(const struct planche_output_file *file,
                                             struct planche_error *error);
/* Brings everything to the disk and gives the file its name, then closes it. Errors: IO; EXISTS
 * when something else has come to be at path meanwhile (and not overwrite). */
enum planche_status planche_output_file_commit(struct planche_output_file *file,
                                               struct planche_error *error);
/* Removes the temporary file unless it was committed. */
void planche_output_file_destroy(struct planche_output_file **file);
/* The path of the temporary file, for who must remove it in an emergency (a signal): it stays valid
 * until destroy, and names nothing once committed. */
const char *planche_output_file_temporary(const struct planche_output_file *file);

#endif
