/* SPDX-License-Identifier: MIT */
/* State folder of books. */
#include "books/folder.h"

#include "base/status.h"
#include "os/fd.h"
#include "os/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECORD     "record.json"
#define NEW_RECORD "record.new"
#define LOCK       "lock"
#define DEEPEST    16 /* folders in folders of a work folder */

enum planche_status planche_books_folder_open(struct planche_books_folder *folder, bool make,
                                              struct planche_error *error)
{
    char path[PATH_MAX];
    /* What is there is looked at below. */
    bool made = !make || planche_folder_make_whole(folder->path, 0700);
    int fd = made ? planche_fd_open(folder->path, PLANCHE_FD_FOLDER, NULL) : -1;
    if (fd < 0)
        return planche_fail(
            error, planche_file_is_absent(errno) ? PLANCHE_ERROR_NOT_FOUND : PLANCHE_ERROR_IO,
            "%s: books cannot be kept there: %s", folder->path, strerror(errno));
    bool private = planche_folder_is_private(fd, folder->path);
    planche_fd_close(&fd);
    if (!private)
        return planche_fail(error, PLANCHE_ERROR_IO,
                            "%s: books cannot be kept there: other users may write into it",
                            folder->path);
    snprintf(path, sizeof path, "%s/%s", folder->path, LOCK);
    enum planche_folder_lock_result result = planche_file_lock_take(&folder->lock, path);
    if (result == PLANCHE_FOLDER_LOCK_BUSY)
        return planche_fail(error, PLANCHE_ERROR_EXISTS,
                            "%s: another server keeps its books there; choose another folder",
                            folder->path);
    if (result != PLANCHE_FOLDER_LOCK_TAKEN)
        return planche_fail(error, PLANCHE_ERROR_IO, "%s: books cannot be kept there: %s",
                            folder->path, strerror(errno));
    folder->open = true;
    return PLANCHE_OK;
}

void planche_books_folder_close(struct planche_books_folder *folder)
{
    if (folder->open)
        planche_folder_lock_release(&folder->lock);
    folder->open = false;
}

void planche_books_folder_path(const struct planche_books_folder *folder, const char *handle,
                               const char *name, char path[PATH_MAX])
{
    snprintf(path, PATH_MAX, "%s/%s%s%s", folder->path, handle, name != NULL ? "/" : "",
             name != NULL ? name : "");
}

const char *planche_books_result_file(enum planche_container container)
{
    return container == PLANCHE_CONTAINER_EPUB ? "result.epub" : "result.cbz";
}

static uint64_t measure(const char *path, unsigned depth)
{
    struct planche_listing listing;
    char below[PATH_MAX];
    const char *name;
    uint64_t bytes = 0;
    if (depth == DEEPEST || !planche_listing_open(&listing, path))
        return 0;
    while ((name = planche_listing_next(&listing)) != NULL) {
        struct planche_file_info info;
        int length = snprintf(below, sizeof below, "%s/%s", path, name);
        if (length < 0 || (size_t)length >= sizeof below ||
            planche_file_find_link(below, &info) != PLANCHE_FILE_PRESENT)
            continue;
        bytes += info.kind == PLANCHE_FILE_REGULAR  ? info.size
                 : info.kind == PLANCHE_FILE_FOLDER ? measure(below, depth + 1)
                                                    : 0;
    }
    planche_listing_close(&listing);
    return bytes;
}

uint64_t planche_books_measure(const char *path)
{
    return measure(path, 0);
}

bool planche_books_write_record(const char *path, const char *text)
{
    char temporary[PATH_MAX], final[PATH_MAX];
    if (text == NULL) {
        errno = ENOMEM;
        return false;
    }
    snprintf(temporary, sizeof temporary, "%s/%s", path, NEW_RECORD);
    snprintf(final, sizeof final, "%s/%s", path, RECORD);
    int fd = planche_fd_create_anew(temporary, 0600);
    if (fd < 0)
        return false;
    bool ok = planche_fd_write(fd, text, strlen(text)) && planche_fd_sync(fd);
    ok = planche_fd_close(&fd) && ok;
    ok = ok && planche_file_rename(temporary, final);
    if (ok)
        planche_folder_sync_parent(final);
    return ok;
}

/* The work folder of a result, or a result that was being put together. */
static bool is_work(const char *name)
{
    static const char *const names[] = {".result.cbz.planche", ".result.epub.planche"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t length = strlen(names[i]);
        if (strncmp(name, names[i], length) == 0 && (name[length] == 0 || name[length] == '-'))
            return true;
    }
    return false;
}

bool planche_books_folder_is_remnant(const char *path)
{
    static const char *const names[] = {PLANCHE_BOOKS_INPUT, PLANCHE_BOOKS_PART, RECORD,
                                        NEW_RECORD,          "result.cbz",       "result.epub"};
    struct planche_listing listing;
    const char *name;
    bool own = true;
    if (!planche_listing_open(&listing, path))
        return false;
    while (own && (name = planche_listing_next(&listing)) != NULL) {
        own = is_work(name);
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            own = own || strcmp(name, names[i]) == 0;
    }
    own = own && errno == 0;
    planche_listing_close(&listing);
    return own;
}

json_t *planche_books_read_record(const char *path)
{
    char file[PATH_MAX];
    json_error_t problem;
    snprintf(file, sizeof file, "%s/%s", path, RECORD);
    return json_load_file(file, JSON_REJECT_DUPLICATES, &problem);
}
