/* SPDX-License-Identifier: MIT */
/* Files of results, and their names. */
#include "engine/output_files.h"

#include "base/checked.h"
#include "base/status.h"

#include <stdio.h>
#include <string.h>

size_t planche_output_file_name(char *name, size_t size, const char *output,
                                const struct planche_page_result *result, unsigned part)
{
    const char *dot = strrchr(output, '.');
    const char *extension = dot;
    char which[16] = "";
    /* What is no format's extension belongs to the name. */
    if (!dot || planche_codec_format_of(output) == PLANCHE_FORMAT_AUTO)
        dot = extension = output + strlen(output);
    if (result->parts > 1)
        snprintf(which, sizeof which, "-%u", part);
    bool other = result->switched && *dot;
    int length =
        snprintf(name, size, "%.*s%s%s%s", (int)(dot - output), output, which, other ? "." : "",
                 other ? planche_codec_extension(result->format) : extension);
    return length > 0 ? (size_t)length : 0;
}

static char *make_name(const struct planche_output_files *files, struct planche_budget *budget,
                       unsigned part)
{
    size_t size = planche_output_file_name(NULL, 0, files->path, files->result, part + 1) + 1;
    char *name = planche_alloc(budget, size);
    if (name)
        planche_output_file_name(name, size, files->path, files->result, part + 1);
    return name;
}

static enum planche_status no_memory(const struct planche_output_files *files,
                                     struct planche_error *error)
{
    return planche_fail(error, PLANCHE_ERROR_MEMORY, "%s: no memory for its name", files->path);
}

/* Before the first of them is written. */
static enum planche_status check_names(const struct planche_output_files *files,
                                       struct planche_budget *budget, struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    for (unsigned part = 0; !status && part < files->count; part++) {
        char *name = make_name(files, budget, part);
        if (!name)
            return no_memory(files, error);
        status = planche_atomic_file_check(name, files->overwrite, error);
        planche_free(name);
    }
    return status;
}

static enum planche_status begin_all(struct planche_output_files *files,
                                     struct planche_budget *budget, struct planche_error *error)
{
    planche_output_files_destroy(files);
    files->budget = budget;
    files->files = planche_calloc(budget, files->result->parts, sizeof *files->files);
    if (!files->files)
        return no_memory(files, error);
    files->count = files->result->parts;
    return check_names(files, budget, error);
}

enum planche_status planche_output_files_begin(void *user, struct planche_budget *budget,
                                               unsigned part, struct planche_error *error)
{
    struct planche_output_files *files = user;
    enum planche_status status = PLANCHE_OK;
    /* Files outlive the page and its part of the budget. */
    if (part == 0)
        status = begin_all(files, budget->parent, error);
    else
        status = planche_atomic_file_sync(files->files[part - 1], error);
    if (status)
        return status;
    char *name = make_name(files, files->budget, part);
    if (!name)
        return no_memory(files, error);
    files->current = part;
    status = planche_atomic_file_create(&files->files[part], name, files->overwrite, files->budget,
                                        error);
    if (status == PLANCHE_OK)
        planche_atomic_file_set_log(files->files[part], files->log);
    if (status == PLANCHE_OK && files->unsynced)
        planche_atomic_file_set_unsynced(files->files[part]);
    planche_free(name);
    return status;
}

/* One is written at a time; the others keep their names. */
uint64_t planche_output_files_memory(void *user, const struct planche_image_info *info,
                                     const struct planche_page_options *options, unsigned parts)
{
    const struct planche_output_files *files = user;
    (void)info;
    (void)options;
    return PLANCHE_ATOMIC_FILE_BYTES + parts * (2 * (uint64_t)strlen(files->path) + 1024);
}

enum planche_status planche_output_files_write(void *user, const void *data, size_t size,
                                               struct planche_error *error)
{
    struct planche_output_files *files = user;
    return planche_atomic_file_write(files->files[files->current], data, size, error);
}

enum planche_status planche_output_files_commit(struct planche_output_files *files,
                                                struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    unsigned done = 0;
    while (!status && done < files->count) {
        status = planche_atomic_file_commit(files->files[done], error);
        done += !status;
    }
    while (status && done > 0)
        planche_atomic_file_revoke(files->files[--done]);
    return status;
}

void planche_output_files_destroy(struct planche_output_files *files)
{
    for (unsigned part = 0; part < files->count; part++)
        planche_atomic_file_destroy(&files->files[part]);
    planche_free(files->files);
    files->files = NULL;
    files->count = files->current = 0;
}
