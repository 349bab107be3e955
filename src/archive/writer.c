/* SPDX-License-Identifier: MIT */
/* Archive writer: collects entries, and writes them all at once when they are committed. */
#include "archive/writer.h"

#include "archive/format.h"
#include "base/checked.h"
#include "base/status.h"
#include "io/atomic_file.h"
#include "os/file_info.h"

#include <string.h>

static enum planche_status prepare(struct planche_archive_writer *writer, const char *path,
                                   struct planche_error *error)
{
    writer->path = planche_strdup(writer->budget, path);
    writer->buffer = planche_alloc(writer->budget, PLANCHE_CONTENT_BYTES);
    if (!writer->path || !writer->buffer)
        return planche_fail_memory(error, writer->budget, PLANCHE_CONTENT_BYTES, path);
    if (writer->container != PLANCHE_CONTAINER_FOLDER)
        return planche_atomic_file_create(&writer->file, path, writer->overwrite, writer->budget,
                                          error);
    for (size_t end = strlen(path); end > 1 && writer->path[end - 1] == '/'; end--)
        writer->path[end - 1] = 0;
    return planche_folder_write_check(writer, error);
}

enum planche_status planche_archive_writer_create(struct planche_archive_writer **out,
                                                  enum planche_container container,
                                                  const char *path, bool overwrite,
                                                  struct planche_budget *budget,
                                                  struct planche_error *error)
{
    *out = NULL;
    if (container != PLANCHE_CONTAINER_ZIP && container != PLANCHE_CONTAINER_EPUB &&
        container != PLANCHE_CONTAINER_FOLDER)
        return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                            "%s: books are written as CBZ, EPUB or folder only", path);
    struct planche_archive_writer *writer = planche_calloc(budget, 1, sizeof *writer);
    if (!writer)
        return planche_fail_memory(error, budget, sizeof *writer, path);
    writer->container = container;
    writer->overwrite = overwrite;
    writer->budget = writer->names.budget = budget;
    enum planche_status status = prepare(writer, path, error);
    if (status)
        planche_archive_writer_destroy(&writer);
    *out = writer;
    return status;
}

static bool make_room(struct planche_archive_writer *writer)
{
    size_t room = writer->room ? writer->room * 2 : 64, bytes;
    if (writer->count < writer->room)
        return true;
    if (!planche_mul_size(room, sizeof(struct planche_added *), &bytes))
        return false;
    struct planche_added **entries = planche_realloc(writer->budget, writer->entries, bytes);
    if (!entries)
        return false;
    writer->entries = entries;
    writer->room = room;
    return true;
}

/* An entry and its strings in one block. */
static struct planche_added *copy_entry(struct planche_archive_writer *writer,
                                        const struct planche_archive_entry *entry,
                                        const char *content)
{
    size_t name_size = strlen(entry->name) + 1, content_size = content ? strlen(content) + 1 : 0;
    size_t comment = entry->comment ? entry->comment_size : 0;
    struct planche_added *added =
        planche_calloc(writer->budget, 1, sizeof *added + name_size + content_size + comment);
    if (!added)
        return NULL;
    char *text = (char *)(added + 1);
    added->mtime = entry->mtime;
    added->given = entry->given;
    added->packed = entry->packed;
    added->name = memcpy(text, entry->name, name_size);
    if (content)
        added->content = memcpy(text + name_size, content, content_size);
    if (comment)
        added->comment = memcpy(text + name_size + content_size, entry->comment, comment);
    added->comment_size = comment;
    return added;
}

static enum planche_status check_name(struct planche_archive_writer *writer,
                                      const struct planche_archive_entry *entry,
                                      struct planche_error *error)
{
    char plain[PLANCHE_ENTRY_NAME_BYTES + 1];
    bool stripped;
    const char *bad = planche_name_plain(entry->name, false, plain, &stripped);
    if (bad || strcmp(plain, entry->name) != 0)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "%s: the name of an entry %s: \"%s\"",
                            writer->path, bad ? bad : "is not plain", entry->name);
    switch (planche_name_set_add(&writer->names, entry->name, entry->folder)) {
    case PLANCHE_NAME_NO_MEMORY:
        return planche_fail_memory(error, writer->budget, writer->names.count * 16, writer->path);
    case PLANCHE_NAME_TAKEN:
    case PLANCHE_NAME_CLASH:
    case PLANCHE_NAME_IN_FILE:
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "%s: %s: the book would have it twice",
                            writer->path, entry->name);
    default:
        return PLANCHE_OK;
    }
}

enum planche_status planche_archive_writer_add(struct planche_archive_writer *writer,
                                               const struct planche_archive_entry *entry,
                                               const char *content, struct planche_error *error)
{
    struct planche_file_info info;
    if (entry->folder != !content || entry->comment_size > 0xffff)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                            "%s: %s: a folder with content, a file without, or a long comment",
                            writer->path, entry->name);
    enum planche_status status = check_name(writer, entry, error);
    if (status)
        return status;
    if (content && planche_file_find(content, &info) == PLANCHE_FILE_PRESENT &&
        info.kind == PLANCHE_FILE_REGULAR)
        writer->total += info.size;
    if (!make_room(writer) ||
        !(writer->entries[writer->count] = copy_entry(writer, entry, content)))
        return planche_fail_memory(error, writer->budget, sizeof **writer->entries, writer->path);
    writer->count++;
    return PLANCHE_OK;
}

enum planche_status planche_archive_writer_comment(struct planche_archive_writer *writer,
                                                   const void *comment, size_t size,
                                                   struct planche_error *error)
{
    if (size > 0xffff)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "%s: a comment has 65535 bytes at most",
                            writer->path);
    planche_free(writer->comment);
    writer->comment_size = 0;
    writer->comment = size ? planche_alloc(writer->budget, size) : NULL;
    if (size && !writer->comment)
        return planche_fail_memory(error, writer->budget, size, writer->path);
    if (size)
        memcpy(writer->comment, comment, size);
    writer->comment_size = size;
    return PLANCHE_OK;
}

void planche_archive_writer_watch(struct planche_archive_writer *writer, planche_appear_fn appear,
                                  void *user)
{
    writer->appear = appear;
    writer->appear_user = user;
}

enum planche_status planche_archive_writer_commit(struct planche_archive_writer *writer,
                                                  planche_progress_fn progress, void *user,
                                                  const struct planche_cancel_token *cancel,
                                                  struct planche_error *error)
{
    writer->progress = progress;
    writer->user = user;
    writer->cancel = cancel;
    writer->done = 0;
    return writer->container == PLANCHE_CONTAINER_FOLDER ? planche_folder_write(writer, error)
                                                         : planche_zip_write(writer, error);
}

void planche_archive_writer_destroy(struct planche_archive_writer **writer)
{
    struct planche_archive_writer *destroyed = *writer;
    if (!destroyed)
        return;
    planche_atomic_file_destroy(&destroyed->file);
    for (size_t i = 0; i < destroyed->count; i++)
        planche_free(destroyed->entries[i]);
    planche_free(destroyed->entries);
    planche_name_set_free(&destroyed->names);
    planche_free(destroyed->comment);
    planche_free(destroyed->buffer);
    planche_free(destroyed->path);
    planche_free(destroyed);
    *writer = NULL;
}
