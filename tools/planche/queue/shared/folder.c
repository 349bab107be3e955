/* SPDX-License-Identifier: MIT */
/* Folder of a store. */
#include "queue/shared/folder.h"

#include "base/status.h"
#include "io/temp_name.h"
#include "os/fd.h"
#include "os/file.h"
#include "os/file_info.h"
#include "os/system.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DIGITS       "0123456789abcdef"
#define SCHEME       "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-."
#define HIDDEN_BYTES (PATH_MAX + PLANCHE_TEMP_NAME_BYTES)
#define NOBODY       "0000000000000000000000000000000000000000000000000000000000000000"

bool planche_queue_is_address(const char *store)
{
    return store != NULL &&
           (strncmp(store, "http://", 7) == 0 || strncmp(store, "https://", 8) == 0);
}

enum planche_status planche_queue_store_check(const char *store, bool token,
                                              struct planche_error *error)
{
    const char *scheme = store != NULL ? strstr(store, "://") : NULL;
    if (scheme == NULL)
        return PLANCHE_OK;
    size_t length = (size_t)(scheme - store);
    if (planche_queue_is_address(store)) {
        if (scheme[3] == 0)
            return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                                "--store: the address is not like http://HOST:8377");
        if (!token && strchr(store, '@') == NULL) /* a name and a password are as good */
            return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                                "--store: a server lets nobody into its store without its token: "
                                "give it with --token-file FILE");
        return PLANCHE_OK;
    }
    if (length > 0 && strspn(store, SCHEME) == length)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                            "--store: an address begins with http:// or https://, not with "
                            "%.*s://",
                            length < 32 ? (int)length : 32, store);
    return PLANCHE_OK;
}

void planche_queue_object_name(const char *sha256, uint64_t number,
                               char name[PLANCHE_QUEUE_OBJECT_NAME])
{
    snprintf(name, PLANCHE_QUEUE_OBJECT_NAME, "%.64s-%016" PRIx64, sha256, number);
}

bool planche_queue_is_object_name(const char *text)
{
    return strlen(text) == PLANCHE_QUEUE_OBJECT_NAME - 1 && strspn(text, DIGITS) == 64 &&
           text[64] == '-' && strspn(text + 65, DIGITS) == 16;
}

static bool make_path(const char *folder, const char *name, char path[PATH_MAX])
{
    return snprintf(path, PATH_MAX, "%s/%s", folder, name) < PATH_MAX;
}

enum planche_status planche_queue_folder_check(const char *folder, struct planche_error *error)
{
    struct planche_file_info info;
    if (planche_file_find(folder, &info) != PLANCHE_FILE_PRESENT)
        return planche_fail(error, PLANCHE_ERROR_IO, "--store: %s: %s", folder, strerror(errno));
    if (info.kind != PLANCHE_FILE_FOLDER)
        return planche_fail(error, PLANCHE_ERROR_IO, "--store: %s is no folder", folder);
    if (access(folder, R_OK | W_OK | X_OK) != 0)
        return planche_fail(error, PLANCHE_ERROR_IO, "--store: %s: nothing can be kept there: %s",
                            folder, strerror(errno));
    return PLANCHE_OK;
}

/* Creates a hidden file for an object, with a number of its own: two may come of one name. -1:
 * errno says why not. */
static int create_hidden(const char *path, char hidden[HIDDEN_BYTES])
{
    uint64_t number;
    errno = EIO;
    if (!planche_system_random(&number, sizeof number))
        return -1;
    errno = ENAMETOOLONG;
    return planche_temp_name_numbered(hidden, HIDDEN_BYTES, path, number) < HIDDEN_BYTES
               ? planche_fd_create(hidden, 0666)
               : -1;
}

enum planche_status planche_queue_folder_put(const char *folder, const char *name, const void *data,
                                             size_t size, struct planche_error *error)
{
    char path[PATH_MAX], hidden[HIDDEN_BYTES];
    if (!make_path(folder, name, path))
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "--store: the path is too long");
    int fd = create_hidden(path, hidden), reason = errno;
    bool created = fd >= 0;
    bool written = fd >= 0 && planche_fd_write(fd, data, size) && planche_fd_has_size(fd, size);
    reason = fd >= 0 && !written ? errno : reason;
    bool closed = planche_fd_close(&fd);
    if (written && closed && planche_file_rename(hidden, path))
        return PLANCHE_OK;
    reason = written ? errno : reason;
    if (created)
        planche_file_remove(hidden);
    return planche_fail(error, PLANCHE_ERROR_IO, "%s: cannot be written: %s", path,
                        strerror(reason));
}

int planche_queue_folder_open(const char *folder, const char *name, uint64_t *size)
{
    char path[PATH_MAX];
    struct planche_file_info info;
    errno = ENAMETOOLONG;
    int fd = make_path(folder, name, path) ? planche_fd_open(path, PLANCHE_FD_NO_LINK, &info) : -1;
    if (fd >= 0 && info.kind != PLANCHE_FILE_REGULAR) {
        planche_fd_close(&fd);
        errno = EINVAL;
    }
    *size = fd >= 0 ? info.size : 0;
    return fd;
}

bool planche_queue_folder_remove(const char *folder, const char *name)
{
    char path[PATH_MAX];
    errno = ENAMETOOLONG;
    return make_path(folder, name, path) && planche_file_remove(path);
}

/* Whether it is the name of an object, or a hidden one. */
static bool is_ours(const char *entry)
{
    char name[PLANCHE_QUEUE_OBJECT_NAME];
    bool hidden = *entry == '.';
    snprintf(name, sizeof name, "%.81s", entry + hidden);
    const char *rest = entry + hidden + strnlen(entry + hidden, sizeof name - 1);
    return planche_queue_is_object_name(name) &&
           (hidden ? strncmp(rest, ".planche-", 9) == 0 : *rest == 0);
}

/* The time of the folder's own clock, by a file that is written there: this machine's may be
 * another. */
static bool read_clock(const char *folder, int64_t *now)
{
    char name[PLANCHE_QUEUE_OBJECT_NAME], path[PATH_MAX], hidden[HIDDEN_BYTES];
    struct planche_file_info info;
    planche_queue_object_name(NOBODY, 0, name);
    int fd = make_path(folder, name, path) ? create_hidden(path, hidden) : -1;
    if (fd < 0)
        return false;
    bool written = planche_fd_write(fd, "", 1);
    written = planche_fd_close(&fd) && written &&
              planche_file_find_link(hidden, &info) == PLANCHE_FILE_PRESENT;
    planche_file_remove(hidden);
    *now = written ? (int64_t)info.mtime.tv_sec : 0;
    return written;
}

void planche_queue_folder_sweep(const char *folder, int64_t seconds)
{
    char path[PATH_MAX];
    struct planche_file_info info;
    const struct dirent *entry;
    int64_t now = 0;
    if (seconds >= 0 && !read_clock(folder, &now))
        return;
    DIR *entries = opendir(folder);
    while (entries != NULL && (entry = readdir(entries)) != NULL) {
        if (is_ours(entry->d_name) && make_path(folder, entry->d_name, path) &&
            planche_file_find_link(path, &info) == PLANCHE_FILE_PRESENT &&
            info.kind == PLANCHE_FILE_REGULAR &&
            (seconds < 0 || now - (int64_t)info.mtime.tv_sec > seconds))
            planche_file_remove(path); /* else another has, or the next sweep does */
    }
    if (entries != NULL)
        closedir(entries);
}
