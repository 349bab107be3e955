/* SPDX-License-Identifier: MIT */
/* Folder reader: everything in them, folders included, in the order in which people count. Names
 * are looked up in open folders, so that nothing that changes meanwhile leads elsewhere. A link is
 * an entry if it leads to a file in the folder; else it is one that cannot be read. */
#include "archive/charset.h"
#include "archive/format.h"
#include "base/checked.h"
#include "base/status.h"
#include "base/text.h"
#include "os/fd.h"
#include "os/file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A folder that is open, and what is in it. */
struct level {
    int fd;
    char **names; /* sorted */
    size_t count, room, next;
    size_t prefix, shown; /* bytes of its path with the slash, on the disk and as it is told */
    struct planche_charset charset; /* of names that are not UTF-8 */
};

struct folder {
    struct level levels[PLANCHE_ENTRY_NAME_LEVELS + 1];
    size_t depth; /* open levels */
    uint64_t found;
    char path[PLANCHE_ENTRY_NAME_BYTES + 1];      /* of the current entry, on the disk */
    char shown[4 * PLANCHE_ENTRY_NAME_BYTES + 2]; /* the same in UTF-8 */
    char scratch[3 * PLANCHE_ENTRY_NAME_BYTES + 1];
    bool link; /* the current entry is one */
    int fd;    /* of the current file, -1: not open */
};

static enum planche_status fail_path(const struct planche_archive *archive, const char *path,
                                     int reason, struct planche_error *error)
{
    return planche_fail(error, PLANCHE_ERROR_IO, "%s%s%s: cannot be read: %s", archive->path,
                        *path ? "/" : "", path, strerror(reason));
}

static bool keep_name(struct planche_archive *archive, struct level *level, const char *name)
{
    if (level->count == level->room) {
        size_t room = level->room ? level->room * 2 : 64, bytes;
        char **names = planche_mul_size(room, sizeof *names, &bytes)
                           ? planche_realloc(archive->budget, level->names, bytes)
                           : NULL;
        if (!names)
            return false;
        level->names = names;
        level->room = room;
    }
    level->names[level->count] = planche_strdup(archive->budget, name);
    return level->names[level->count] && ++level->count;
}

static enum planche_status list_names(struct planche_archive *archive, struct level *level,
                                      struct planche_listing *listing, struct planche_error *error)
{
    struct folder *folder = archive->state;
    for (const char *name; (name = planche_listing_next(listing)) != NULL;) {
        if (planche_name_is_work(name))
            continue;
        if (folder->found++ >= archive->limits.entries)
            return planche_fail(error, PLANCHE_ERROR_LIMIT,
                                "%s: has more than %" PRIu64 " entries (option max_entries)",
                                archive->path, archive->limits.entries);
        if (!keep_name(archive, level, name))
            return planche_fail_memory(error, archive->budget, level->room * sizeof(char *),
                                       archive->path);
    }
    return errno ? fail_path(archive, folder->path, errno, error) : PLANCHE_OK;
}

static int compare_names(const void *a, const void *b)
{
    return planche_name_compare(*(char *const *)a, *(char *const *)b);
}

/* The names of a folder are in one character set, as those of the folders around it tell, too. */
static enum planche_status hear_names(struct planche_archive *archive, struct level *level,
                                      struct planche_error *error)
{
    struct folder *folder = archive->state;
    if (level > folder->levels) {
        const struct planche_charset *above = &level[-1].charset;
        level->charset.unfit = above->unfit;
        level->charset.letters = above->letters;
        level->charset.half_width = above->half_width;
    }
    for (size_t i = 0; i < level->count; i++) {
        size_t size = strlen(level->names[i]);
        if (size <= PLANCHE_ENTRY_NAME_BYTES &&
            !planche_charset_hear(&level->charset, level->names[i], size, folder->scratch))
            return planche_fail_memory(error, archive->budget, size, archive->path);
    }
    return PLANCHE_OK;
}

/* Opens the folder that fd is, whose path the current one is, and takes the descriptor over. */
static enum planche_status enter(struct planche_archive *archive, int fd,
                                 struct planche_error *error)
{
    struct folder *folder = archive->state;
    struct level *level = &folder->levels[folder->depth++];
    level->fd = fd;
    struct planche_listing listing;
    if (!planche_listing_open_fd(&listing, fd))
        return fail_path(archive, folder->path, errno, error);
    level->prefix = strlen(folder->path);
    level->shown = strlen(folder->shown);
    if (level->prefix > 0) {
        level->shown++;
        level->prefix++;
    }
    enum planche_status status = list_names(archive, level, &listing, error);
    planche_listing_close(&listing);
    if (!status)
        status = hear_names(archive, level, error);
    if (level->count > 1)
        qsort(level->names, level->count, sizeof *level->names, compare_names);
    return status;
}

static void leave(struct folder *folder)
{
    struct level *level = &folder->levels[--folder->depth];
    for (size_t i = 0; i < level->count; i++)
        planche_free(level->names[i]);
    planche_free(level->names);
    planche_charset_close(&level->charset);
    planche_fd_close(&level->fd);
    *level = (struct level){.fd = -1};
}

/* A folder's content follows it. */
static enum planche_status enter_child(struct planche_archive *archive, const struct level *parent,
                                       const char *name, struct planche_error *error)
{
    struct folder *folder = archive->state;
    if (folder->depth > PLANCHE_ENTRY_NAME_LEVELS)
        return planche_fail(error, PLANCHE_ERROR_DATA, "%s/%s: lies in more than %d folders",
                            archive->path, folder->path, PLANCHE_ENTRY_NAME_LEVELS);
    int fd = planche_fd_open_at(parent->fd, name, PLANCHE_FD_FOLDER | PLANCHE_FD_NO_LINK, NULL);
    if (fd < 0)
        return fail_path(archive, folder->path, errno, error);
    return enter(archive, fd, error);
}

/* Whether it is no entry, as what is in people's own folders may be. A file with a name that no
 * book can have is not passed over: it may be a page, and so may a link. */
static bool pass_over(struct planche_archive *archive, enum planche_file_kind kind)
{
    const struct folder *folder = archive->state;
    if (kind != PLANCHE_FILE_OTHER)
        return false;
    planche_log_write(archive->log, PLANCHE_LOG_WARNING,
                      "%s/%s: is a device or another special file; it is passed over",
                      archive->path, folder->path);
    return true;
}

/* The next name; false: there is none. */
static bool next_name(struct folder *folder, struct level **level, const char **name)
{
    while (folder->depth > 0 &&
           folder->levels[folder->depth - 1].next == folder->levels[folder->depth - 1].count)
        leave(folder);
    if (folder->depth == 0)
        return false;
    *level = &folder->levels[folder->depth - 1];
    *name = (*level)->names[(*level)->next++];
    return true;
}

/* A name with control characters, which no book can have, is told without them: one odd name in a
 * folder of the user's own is no reason to do nothing of it. */
static void make_tellable(struct planche_archive *archive, char *shown)
{
    struct folder *folder = archive->state;
    if (strlen(shown) > PLANCHE_ENTRY_NAME_BYTES)
        return;
    strcpy(folder->scratch, shown);
    planche_text_clean(shown);
    if (strcmp(folder->scratch, shown) != 0)
        planche_log_write(archive->log, PLANCHE_LOG_WARNING,
                          "%s/%s: has control characters in its name, which become ? or spaces",
                          archive->path, folder->shown);
}

static enum planche_status take_name(struct planche_archive *archive, const struct level *level,
                                     const char *name, struct planche_error *error)
{
    struct folder *folder = archive->state;
    size_t size = strlen(name);
    if (level->prefix + size > PLANCHE_ENTRY_NAME_BYTES ||
        level->shown > PLANCHE_ENTRY_NAME_BYTES + 1)
        return planche_fail(error, PLANCHE_ERROR_DATA,
                            "%s: the name of an entry is longer than 4096 bytes", archive->path);
    if (level->prefix > 0)
        folder->path[level->prefix - 1] = folder->shown[level->shown - 1] = '/';
    strcpy(folder->path + level->prefix, name);
    char *shown = folder->shown + level->shown;
    planche_charset_decode(&level->charset, name, size, shown);
    make_tellable(archive, shown);
    return PLANCHE_OK;
}

static enum planche_status look_at(struct planche_archive *archive, const struct level *level,
                                   const char *name, struct planche_raw_entry *entry, bool *passed,
                                   struct planche_error *error)
{
    struct folder *folder = archive->state;
    struct planche_file_info info;
    enum planche_status status = take_name(archive, level, name, error);
    if (status)
        return status;
    if (planche_file_find_link_at(level->fd, name, &info) != PLANCHE_FILE_PRESENT)
        return fail_path(archive, folder->path, errno, error);
    bool is_file = info.kind == PLANCHE_FILE_REGULAR;
    folder->link = info.kind == PLANCHE_FILE_LINK;
    *entry = (struct planche_raw_entry){.name = folder->shown,
                                        .folder = info.kind == PLANCHE_FILE_FOLDER,
                                        .mtime = info.mtime.tv_sec,
                                        .size = is_file ? info.size : PLANCHE_SIZE_UNKNOWN};
    *passed = pass_over(archive, info.kind);
    return entry->folder && !*passed ? enter_child(archive, level, name, error) : PLANCHE_OK;
}

static enum planche_status next(struct planche_archive *archive, struct planche_raw_entry *entry,
                                bool *end, struct planche_error *error)
{
    struct folder *folder = archive->state;
    struct level *level;
    const char *name;
    bool passed = true;
    enum planche_status status = PLANCHE_OK;
    planche_fd_close(&folder->fd);
    while (!status && passed && !*end) {
        *end = !next_name(folder, &level, &name);
        if (!*end)
            status = look_at(archive, level, name, entry, &passed, error);
    }
    return status;
}

/* A fault of this file alone. */
static enum planche_status fail_file(const struct planche_archive *archive, int reason,
                                     struct planche_error *error)
{
    const struct folder *folder = archive->state;
    return planche_fail(error, PLANCHE_ERROR_IO, "%s: %s: %s: %s", archive->path, archive->name,
                        folder->link && planche_file_is_absent(reason)
                            ? "is a symbolic link that leads to nothing"
                            : "cannot be read",
                        strerror(reason));
}

/* Whatever lies elsewhere on the machine is none of the book's. */
static enum planche_status check_link(struct planche_archive *archive, enum planche_file_kind kind,
                                      struct planche_error *error)
{
    const struct folder *folder = archive->state;
    if (!planche_fd_is_below(folder->fd, archive->fd))
        return planche_entry_fail(archive, error, PLANCHE_ERROR_IO,
                                  "is a symbolic link that leads out of the folder; copy the "
                                  "file itself there");
    return kind == PLANCHE_FILE_REGULAR
               ? PLANCHE_OK
               : planche_entry_fail(archive, error, PLANCHE_ERROR_IO,
                                    "is a symbolic link, but not to a file");
}

static enum planche_status open_file(struct planche_archive *archive, struct planche_error *error)
{
    struct folder *folder = archive->state;
    const struct level *level = &folder->levels[folder->depth - 1];
    struct planche_file_info info;
    folder->fd = planche_fd_open_at(level->fd, folder->path + level->prefix,
                                    folder->link ? 0 : PLANCHE_FD_NO_LINK, &info);
    if (folder->fd < 0)
        return fail_file(archive, errno, error);
    if (folder->link)
        return check_link(archive, info.kind, error);
    return info.kind == PLANCHE_FILE_REGULAR
               ? PLANCHE_OK
               : planche_entry_fail(archive, error, PLANCHE_ERROR_DATA,
                                    "is no regular file any more");
}

static enum planche_status read_entry(struct planche_archive *archive, void *data, size_t size,
                                      size_t *got, struct planche_error *error)
{
    struct folder *folder = archive->state;
    if (folder->fd < 0) {
        enum planche_status status = open_file(archive, error);
        if (status)
            return status;
    }
    int64_t done = planche_fd_read(folder->fd, data, size);
    if (done < 0)
        return fail_file(archive, errno, error);
    *got = (size_t)done;
    return PLANCHE_OK;
}

static void close_folder(struct planche_archive *archive)
{
    struct folder *folder = archive->state;
    if (!folder)
        return;
    planche_fd_close(&folder->fd);
    while (folder->depth > 0)
        leave(folder);
    planche_free(folder);
    archive->state = NULL;
}

static const struct planche_archive_ops ops = {
    .next = next, .read = read_entry, .close = close_folder};

enum planche_status planche_folder_open(struct planche_archive *archive,
                                        struct planche_error *error)
{
    struct folder *folder = planche_calloc(archive->budget, 1, sizeof *folder);
    archive->ops = &ops;
    archive->state = folder;
    if (!folder)
        return planche_fail_memory(error, archive->budget, sizeof *folder, archive->path);
    folder->fd = -1;
    int copy = planche_fd_duplicate(archive->fd);
    return copy < 0 ? fail_path(archive, "", errno, error) : enter(archive, copy, error);
}
