/* SPDX-License-Identifier: MIT */
/* The files that a page becomes: all of them appear, or none. */
#ifndef PLANCHE_ENGINE_OUTPUT_FILES_H
#define PLANCHE_ENGINE_OUTPUT_FILES_H

#include "codec/codec.h"
#include "io/atomic_file.h"

struct planche_output_files {
    const struct planche_log *log;
    const char *path; /* as it was asked for */
    bool overwrite;
    bool unsynced;                            /* planche_atomic_file_set_unsynced */
    const struct planche_page_result *result; /* says how many there are, and their format */

    struct planche_budget *budget;
    struct planche_atomic_file **files; /* [count] */
    unsigned count, current;
};

/* As planche_page_file_name. */
size_t planche_output_file_name(char *name, size_t size, const char *output,
                                const struct planche_page_result *result, unsigned part);

/* For planche_page_job; user is the files. */
enum planche_status planche_output_files_begin(void *user, struct planche_budget *budget,
                                               unsigned part, struct planche_error *error);
uint64_t planche_output_files_memory(void *user, const struct planche_image_info *info,
                                     const struct planche_page_options *options, unsigned parts);
enum planche_status planche_output_files_write(void *user, const void *data, size_t size,
                                               struct planche_error *error);

enum planche_status planche_output_files_commit(struct planche_output_files *files,
                                                struct planche_error *error);
/* Removes what was not committed. */
void planche_output_files_destroy(struct planche_output_files *files);

#endif
