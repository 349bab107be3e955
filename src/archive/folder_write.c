/* SPDX-License-Identifier: MIT */
/* Folder writer: made under a hidden name beside its own, then renamed. */
#include "archive/format.h"
#include "base/status.h"
#include "io/tree.h"
#include "os/fd.h"
#include "os/file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static enum planche_status fail_write(const struct planche_archive_writer *writer, const char *name,
                                      int reason, struct planche_error *error)
{
    return planche_fail(error, PLANCHE_ERROR_IO, "%s%s%s: cannot be written: %s", writer->path,
                        *name ? "/" : "", name, strerror(reason));
}

/* False: errno is 0, or says why that cannot be told. */
static bool is_empty(const char *path)
{
    struct planche_listing listing;
    if (!planche_listing_open(&listing, path))
        return false;
    bool used = planche_listing_next(&listing) != NULL;
    int reason = used ? 0 : errno;
    planche_listing_close(&listing);
    errno = reason;
    return !used && !reason;
}

enum planche_status planche_folder_write_check(const struct planche_archive_writer *writer,
                                               struct planche_error *error)
{
    struct planche_file_info info;
    if (*writer->path == 0 || strcmp(writer->path, "/") == 0)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "\"%s\" is not the name of a new folder",
                            writer->path);
    if (planche_file_find_link(writer->path, &info) != PLANCHE_FILE_PRESENT)
        return planche_file_is_absent(errno) ? PLANCHE_OK : fail_write(writer, "", errno, error);
    if (info.kind != PLANCHE_FILE_FOLDER)
        return planche_fail(error, PLANCHE_ERROR_EXISTS, "%s: exists already and is not a folder",
                            writer->path);
    if (writer->overwrite || is_empty(writer->path))
        return PLANCHE_OK;
    return errno ? fail_write(writer, "", errno, error)
                 : planche_fail(error, PLANCHE_ERROR_EXISTS, "%s: exists already and is not empty",
                                writer->path);
}

/* Makes the folders a name lies in, as far as they are missing; with_last also the name itself. */
static bool make_folders(int root, const char *name, bool with_last)
{
    char path[PLANCHE_ENTRY_NAME_BYTES + 1];
    for (const char *end = strchr(name, '/'); end || with_last; end = strchr(end + 1, '/')) {
        size_t length = end ? (size_t)(end - name) : strlen(name);
        memcpy(path, name, length);
        path[length] = 0;
        if (!planche_folder_make_at(root, path, 0777) && errno != EEXIST)
            return false;
        if (!end)
            break;
    }
    return true;
}

/* A file that is written. */
struct piece_sink {
    const struct planche_archive_writer *writer;
    const char *name;
    int fd;
};

static enum planche_status write_piece(void *user, const void *data, size_t size,
                                       struct planche_error *error)
{
    const struct piece_sink *sink = user;
    return planche_fd_write(sink->fd, data, size)
               ? PLANCHE_OK
               : fail_write(sink->writer, sink->name, errno, error);
}

/* A file with a name somewhere else is not given one here: who changes one of two pages that were
 * the same would change both. */
static bool take_file(const struct planche_content *content, int root,
                      const struct planche_added *added)
{
    if (!added->given || !content->lone || !planche_file_link_at(added->content, root, added->name))
        return false;
    if (added->mtime != 0)
        (void)!planche_fd_set_mtime(content->fd, added->mtime);
    return true;
}

static enum planche_status write_file(struct planche_archive_writer *writer, int root,
                                      const struct planche_added *added,
                                      struct planche_error *error)
{
    struct planche_content content;
    enum planche_status status = planche_content_open(&content, added, error);
    if (status)
        return status;
    if (take_file(&content, root, added))
        return planche_content_pass(&content, writer, error);
    int fd = planche_fd_create_at(root, added->name, 0666);
    if (fd < 0) {
        status = fail_write(writer, added->name, errno, error);
        planche_fd_close(&content.fd);
        return status;
    }
    struct piece_sink sink = {.writer = writer, .name = added->name, .fd = fd};
    status = planche_content_copy(&content, writer, added, write_piece, &sink, error);
    /* A time that the file system cannot keep is no reason to fail. */
    if (added->mtime != 0)
        (void)!planche_fd_set_mtime(fd, added->mtime);
    if (status == PLANCHE_OK && !planche_fd_has_size(fd, content.size))
        status = fail_write(writer, added->name, errno, error);
    if (!planche_fd_close(&fd) && status == PLANCHE_OK)
        status = fail_write(writer, added->name, errno, error);
    return status;
}

/* Whether the disk has taken the file. The file system as a whole tells of errors only since root
 * was opened, and finished pages were written before. */
static enum planche_status check_file(const struct planche_archive_writer *writer, int root,
                                      const char *name, struct planche_error *error)
{
    int fd = planche_fd_open_at(root, name, PLANCHE_FD_NO_LINK, NULL);
    bool written = fd >= 0 && planche_fd_end_sync(fd);
    int reason = errno;
    planche_fd_close(&fd);
    return written ? PLANCHE_OK : fail_write(writer, name, reason, error);
}

/* One wait for the disk, not one for each of thousands of pages. */
static enum planche_status sync_entries(const struct planche_archive_writer *writer, int root,
                                        struct planche_error *error)
{
    if (!planche_fd_sync_filesystem(root))
        return fail_write(writer, "", errno, error);
    enum planche_status status = PLANCHE_OK;
    for (size_t i = 0; !status && i < writer->count; i++)
        if (writer->entries[i]->content)
            status = check_file(writer, root, writer->entries[i]->name, error);
    return status;
}

static enum planche_status write_entries(struct planche_archive_writer *writer, int root,
                                         struct planche_error *error)
{
    for (size_t i = 0; i < writer->count; i++) {
        const struct planche_added *added = writer->entries[i];
        enum planche_status status = PLANCHE_OK;
        if (!make_folders(root, added->name, !added->content))
            status = fail_write(writer, added->name, errno, error);
        else if (added->content)
            status = write_file(writer, root, added, error);
        if (status)
            return status;
    }
    return sync_entries(writer, root, error);
}

/* Moves what was made into a folder that is there. */
static enum planche_status move_entries(const struct planche_archive_writer *writer, int from,
                                        int to, struct planche_error *error)
{
    for (size_t i = 0; i < writer->count; i++) {
        const struct planche_added *added = writer->entries[i];
        if (!make_folders(to, added->name, !added->content))
            return fail_write(writer, added->name, errno, error);
        if (!added->content || planche_file_rename_at(from, added->name, to, added->name))
            continue;
        if (errno == EISDIR || errno == ENOTEMPTY || errno == EEXIST)
            return planche_fail(error, PLANCHE_ERROR_EXISTS,
                                "%s/%s: exists already and is a folder", writer->path, added->name);
        return fail_write(writer, added->name, errno, error);
    }
    return PLANCHE_OK;
}

/* The folder keeps the work of others, so it is not exchanged as a whole. Only when all is there it
 * is announced: until then whoever goes on needs what was not moved. */
static enum planche_status appear_in(const struct planche_archive_writer *writer, int root,
                                     const char *temporary, struct planche_error *error)
{
    int to = planche_fd_open(writer->path, PLANCHE_FD_FOLDER, NULL);
    enum planche_status status =
        to < 0 ? fail_write(writer, "", errno, error) : move_entries(writer, root, to, error);
    if (!status && !planche_fd_sync_filesystem(to))
        status = fail_write(writer, "", errno, error);
    planche_fd_close(&to);
    if (!status) {
        planche_archive_writer_announce(writer, writer->path);
        planche_tree_remove(temporary);
    }
    return status;
}

/* A folder that somebody has made for us says who may use it. */
static void take_mode(const struct planche_archive_writer *writer, int root)
{
    int like = planche_fd_open(writer->path, PLANCHE_FD_FOLDER | PLANCHE_FD_NO_LINK, NULL);
    if (like >= 0)
        planche_fd_take_mode(root, like);
    planche_fd_close(&like);
}

/* rename replaces an empty folder, and nothing else. */
static enum planche_status appear(const struct planche_archive_writer *writer, int root,
                                  const char *temporary, struct planche_error *error)
{
    struct planche_file_info info;
    if (writer->overwrite && planche_file_find(writer->path, &info) == PLANCHE_FILE_PRESENT &&
        !is_empty(writer->path))
        return appear_in(writer, root, temporary, error);
    take_mode(writer, root);
    planche_archive_writer_announce(writer, temporary);
    if (planche_file_rename(temporary, writer->path)) {
        planche_folder_sync_parent(writer->path);
        return PLANCHE_OK;
    }
    if (errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR)
        return planche_fail(error, PLANCHE_ERROR_EXISTS, "%s: exists already and is not empty",
                            writer->path);
    return fail_write(writer, "", errno, error);
}

enum planche_status planche_folder_write(struct planche_archive_writer *writer,
                                         struct planche_error *error)
{
    char *temporary = planche_tree_create(writer->path, 0777, writer->budget);
    if (!temporary && errno == ENOMEM)
        return planche_fail_memory(error, writer->budget, PLANCHE_ENTRY_NAME_BYTES, writer->path);
    if (!temporary)
        return errno == ENOENT
                   ? planche_fail(error, PLANCHE_ERROR_NOT_FOUND,
                                  "%s: there is no such folder to write into", writer->path)
                   : fail_write(writer, "", errno, error);
    int root = planche_fd_open(temporary, PLANCHE_FD_FOLDER | PLANCHE_FD_NO_LINK, NULL);
    enum planche_status status =
        root < 0 ? fail_write(writer, "", errno, error) : write_entries(writer, root, error);
    if (status == PLANCHE_OK)
        status = appear(writer, root, temporary, error);
    planche_fd_close(&root);
    if (status)
        planche_tree_remove(temporary);
    planche_free(temporary);
    return status;
}
