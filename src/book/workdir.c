/* SPDX-License-Identifier: MIT */
/* The work folder: its name, its lock, and what is left in it. */
#include "book/workdir.h"

#include "base/status.h"
#include "io/temp_name.h"
#include "io/tree.h"
#include "os/fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define DIGEST_CHARS ((size_t)2 * PLANCHE_DIGEST_BYTES)
#define SETTINGS     "settings"
#define OUTPUT       "output"
#define RECORD_HEAD  "planche-page 1"
#define ATTEMPTS     8

#define IDENTITY_CHARS 48

static void format_digest(char *text, const uint8_t *digest, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
}

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

enum planche_status planche_workdir_name(char folder[PLANCHE_WORKDIR_FOLDER], const char *output,
                                         struct planche_error *error)
{
    if (planche_temp_name(folder, PLANCHE_WORKDIR_FOLDER, output) >= PLANCHE_WORKDIR_FOLDER)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "%s: the path is too long", output);
    return PLANCHE_OK;
}

static enum planche_status say(struct planche_error *error, const struct planche_workdir *work,
                               int reason)
{
    return planche_fail(error, reason == ENOENT ? PLANCHE_ERROR_NOT_FOUND : PLANCHE_ERROR_IO,
                        "%s: cannot be written: %s (in the folder %s)", work->output,
                        reason == ENOENT ? "there is no such folder to write into"
                                         : strerror(reason),
                        work->folder);
}

/* Whether the folder that was locked is still the one of that name: the run before may have removed
 * it meanwhile. */
static bool is_still_there(const struct planche_workdir *work)
{
    struct stat mine, named;
    return fstat(work->lock, &mine) == 0 && lstat(work->folder, &named) == 0 &&
           mine.st_dev == named.st_dev && mine.st_ino == named.st_ino;
}

/* Where anybody may write (/tmp), anybody may have made the folder and put pages into it. */
static bool is_private(const struct planche_workdir *work)
{
    struct stat info;
    return fstat(work->lock, &info) == 0 && info.st_uid == geteuid() &&
           !(info.st_mode & (S_IWGRP | S_IWOTH));
}

/* What is not ours must not be cleaned. */
static void leave(struct planche_workdir *work)
{
    close(work->lock);
    work->lock = -1;
}

static enum planche_status lock_folder(struct planche_workdir *work, struct planche_error *error)
{
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        /* Some file systems have owners and modes of their own: what was made now is ours. */
        bool made = mkdir(work->folder, 0700) == 0;
        if (!made && errno != EEXIST)
            return say(error, work, errno);
        work->lock = open(work->folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (work->lock < 0 && errno == ENOENT)
            continue;
        if (work->lock < 0)
            return say(error, work, errno);
        /* Some file systems know no locks: then there is none to respect. */
        bool taken = flock(work->lock, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
        bool trusted = made || is_private(work);
        if (trusted && !taken && is_still_there(work))
            return PLANCHE_OK;
        leave(work);
        if (!trusted)
            return planche_fail(error, PLANCHE_ERROR_IO,
                                "%s: the folder %s is another's, or others may write into it: "
                                "nothing in it can be relied on; remove it",
                                work->output, work->folder);
        if (taken)
            return planche_fail(error, PLANCHE_ERROR_EXISTS,
                                "%s: another run is making this book now; wait until it has ended",
                                work->output);
    }
    return say(error, work, ENOENT);
}

/* Which files survive the run that made them. */
static bool is_finished(const char *name)
{
    return strspn(name, "0123456789abcdef") == DIGEST_CHARS;
}

/* Removes what is in the folder, but for what is finished if keep is set. Returns whether anything
 * is. */
static bool clean(const struct planche_workdir *work, bool keep)
{
    int fd = dup(work->lock);
    DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
    bool finished = false;
    if (!folder && fd >= 0)
        close(fd);
    if (folder)
        rewinddir(folder);
    for (const struct dirent *entry; folder && (entry = readdir(folder));) {
        const char *name = entry->d_name;
        bool own = strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
                   strcmp(name, SETTINGS) == 0 || strcmp(name, OUTPUT) == 0;
        finished |= is_finished(name);
        if (!own && !(keep && is_finished(name)))
            unlinkat(work->lock, name, 0);
    }
    if (folder)
        closedir(folder);
    return finished;
}

static void remove_folder(const struct planche_workdir *work)
{
    clean(work, false);
    unlinkat(work->lock, SETTINGS, 0);
    unlinkat(work->lock, OUTPUT, 0); /* the last: whoever is killed here is followed by another */
    rmdir(work->folder);
}

/* Outputs that a killed run was putting together, ".NAME.planche-0123456789abcdef". */
static void remove_temporaries(const struct planche_workdir *work)
{
    const char *hidden = base_of(work->folder);
    size_t folder = (size_t)(hidden - work->folder), length = strlen(hidden);
    char path[PATH_MAX + NAME_MAX + 1];
    DIR *beside;
    snprintf(path, sizeof path, "%.*s", (int)folder, work->folder);
    beside = opendir(folder ? path : ".");
    for (const struct dirent *entry; beside && (entry = readdir(beside));) {
        const char *name = entry->d_name;
        if (strncmp(name, hidden, length) != 0 || name[length] != '-' ||
            strspn(name + length + 1, "0123456789abcdef") != 16 || strlen(name) != length + 17)
            continue;
        snprintf(path, sizeof path, "%.*s%s", (int)folder, work->folder, name);
        planche_tree_remove(path);
    }
    if (beside)
        closedir(beside);
}

/* A regular file in the folder; -1: there is none. */
static int open_file(const struct planche_workdir *work, const char *path, struct stat *info)
{
    int fd = openat(work->lock, base_of(path), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0 && (fstat(fd, info) != 0 || !S_ISREG(info->st_mode))) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* The first bytes of a small file; 0 when there are none. */
static size_t read_small(const struct planche_workdir *work, const char *path, char *text,
                         size_t size)
{
    struct stat info;
    int fd = open_file(work, path, &info);
    size_t length = 0;
    ssize_t got = 1;
    while (fd >= 0 && got > 0 && length < size - 1) {
        got = read(fd, text + length, size - 1 - length);
        if (got > 0)
            length += (size_t)got;
    }
    if (fd >= 0)
        close(fd);
    text[length] = 0;
    return length;
}

/* The size of a file in the folder; -1: there is none. */
static int64_t size_of(const struct planche_workdir *work, const char *path)
{
    struct stat info;
    int fd = open_file(work, path, &info);
    if (fd >= 0)
        close(fd);
    return fd >= 0 ? (int64_t)info.st_size : -1;
}

enum planche_status planche_workdir_write(const struct planche_workdir *work, const char *path,
                                          const void *data, size_t size,
                                          struct planche_error *error)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666), reason = 0;
    if (fd < 0)
        return say(error, work, errno);
    if (!planche_fd_write(fd, data, size))
        reason = errno;
    if (close(fd) != 0 && !reason)
        reason = errno;
    return reason ? say(error, work, reason) : PLANCHE_OK;
}

enum planche_status planche_workdir_open(struct planche_workdir *work, const char *output,
                                         const char *settings, bool fresh,
                                         struct planche_budget *budget, struct planche_error *error)
{
    char path[PATH_MAX], found[4096];
    *work = (struct planche_workdir){.output = output, .lock = -1, .budget = budget};
    enum planche_status status = planche_workdir_name(work->folder, output, error);
    if (!status)
        status = lock_folder(work, error);
    if (status)
        goto fail;
    remove_temporaries(work);
    unlinkat(work->lock, OUTPUT, 0);
    snprintf(path, sizeof path, "%s/" SETTINGS, work->folder);
    read_small(work, path, found, sizeof found);
    bool same = !fresh && strcmp(found, settings) == 0;
    clean(work, same);
    if (!same)
        status = planche_workdir_write(work, path, settings, strlen(settings), error);
    if (!status)
        return PLANCHE_OK;
fail:
    planche_workdir_close(work, false);
    return status;
}

void planche_workdir_close(struct planche_workdir *work, bool done)
{
    if (work->lock < 0)
        return;
    if (done || !clean(work, true))
        remove_folder(work);
    else
        unlinkat(work->lock, OUTPUT, 0);
    close(work->lock);
    work->lock = -1;
}

/* How a file or folder is told from another that has its name. */
static void format_identity(char text[IDENTITY_CHARS], const struct stat *info)
{
    snprintf(text, IDENTITY_CHARS, "%" PRIuMAX " %" PRIuMAX "\n", (uintmax_t)info->st_dev,
             (uintmax_t)info->st_ino);
}

void planche_workdir_record_output(void *user, const struct stat *output)
{
    const struct planche_workdir *work = user;
    char path[PATH_MAX], text[IDENTITY_CHARS];
    struct planche_error error;
    format_identity(text, output);
    snprintf(path, sizeof path, "%s/" OUTPUT, work->folder);
    planche_workdir_write(work, path, text, strlen(text), &error);
}

static bool is_recorded_output(const struct planche_workdir *work)
{
    char path[PATH_MAX], noted[IDENTITY_CHARS], text[IDENTITY_CHARS];
    struct stat info;
    if (lstat(work->output, &info) != 0)
        return false;
    format_identity(text, &info);
    snprintf(path, sizeof path, "%s/" OUTPUT, work->folder);
    return read_small(work, path, noted, sizeof noted) && strcmp(noted, text) == 0;
}

void planche_workdir_remove_stale(const char *output)
{
    struct planche_workdir work = {.output = output, .lock = -1};
    if (planche_workdir_name(work.folder, output, NULL))
        return;
    work.lock = open(work.folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (work.lock < 0)
        return;
    if (flock(work.lock, LOCK_EX | LOCK_NB) == 0 && is_private(&work) && is_still_there(&work) &&
        is_recorded_output(&work))
        remove_folder(&work);
    close(work.lock);
}

void planche_workdir_entry_path(const struct planche_workdir *work, size_t index,
                                enum planche_workdir_file kind, char path[PATH_MAX])
{
    snprintf(path, PATH_MAX, "%s/%zu.%s", work->folder, index,
             kind == PLANCHE_WORKDIR_IN ? "in" : "out");
}

void planche_workdir_page_path(const struct planche_workdir *work, const uint8_t *digest,
                               enum planche_format format, unsigned part, unsigned parts,
                               char path[PATH_MAX])
{
    char name[DIGEST_CHARS + 1], which[16] = "";
    format_digest(name, digest, PLANCHE_DIGEST_BYTES);
    if (parts > 1)
        snprintf(which, sizeof which, "-%u", part + 1);
    snprintf(path, PATH_MAX, "%s/%s%s.%s", work->folder, name, which,
             planche_format_extension(format));
}

static void record_path(const struct planche_workdir *work, const uint8_t *digest,
                        char path[PATH_MAX])
{
    char name[DIGEST_CHARS + 1];
    format_digest(name, digest, PLANCHE_DIGEST_BYTES);
    snprintf(path, PATH_MAX, "%s/%s.page", work->folder, name);
}

/* Most parts of a page that a note tells of. */
#define MAX_PARTS  1024
#define PART_CHARS 64

enum planche_status planche_workdir_record(const struct planche_workdir *work,
                                           const struct planche_entry *entry,
                                           struct planche_error *error)
{
    const struct planche_made *made = &entry->made;
    char path[PATH_MAX];
    size_t size = (size_t)made->parts * PART_CHARS + 256, at = 0;
    char *text = planche_alloc(work->budget, size);
    if (!text)
        return planche_fail_memory(error, work->budget, size, entry->name);
    at += (size_t)snprintf(text, size, RECORD_HEAD " %s %u\n",
                           planche_format_extension(made->format), made->parts);
    for (unsigned p = 0; p < made->parts; p++)
        at += (size_t)snprintf(text + at, size - at, "%" PRIu32 " %" PRIu32 " %" PRIu64 "\n",
                               made->part[p].width, made->part[p].height, made->part[p].bytes);
    snprintf(text + at, size - at, "end\n");
    record_path(work, entry->digest, path);
    enum planche_status status = planche_workdir_write(work, path, text, strlen(text), error);
    planche_free(text);
    return status;
}

/* False: it is not what planche_workdir_record writes, or not what lies there. */
static bool parse_record(const struct planche_workdir *work, struct planche_entry *entry,
                         const char *text)
{
    struct planche_made *made = &entry->made;
    char path[PATH_MAX];
    for (unsigned p = 0; p < made->parts; p++) {
        struct planche_made_part *part = &made->part[p];
        int used = 0;
        if (sscanf(text, "%" SCNu32 " %" SCNu32 " %" SCNu64 "\n%n", &part->width, &part->height,
                   &part->bytes, &used) != 3)
            return false;
        text += used;
        planche_workdir_page_path(work, entry->digest, made->format, p, made->parts, path);
        if (part->bytes > INT64_MAX || size_of(work, path) != (int64_t)part->bytes)
            return false;
    }
    return strcmp(text, "end\n") == 0;
}

static bool parse_head(struct planche_made *made, const char *text, int *used)
{
    char extension[16], name[20];
    if (sscanf(text, RECORD_HEAD " %15[a-z0-9] %u\n%n", extension, &made->parts, used) != 2)
        return false;
    snprintf(name, sizeof name, "x.%s", extension);
    made->format = planche_format_from_name(name);
    return made->format != PLANCHE_FORMAT_AUTO && made->parts > 0 && made->parts <= MAX_PARTS;
}

enum planche_status planche_workdir_lookup(const struct planche_workdir *work,
                                           struct planche_entry *entry, struct planche_error *error)
{
    char path[PATH_MAX], head[128];
    struct planche_made *made = &entry->made;
    enum planche_status status = PLANCHE_OK;
    char *text = NULL;
    int used = 0;
    record_path(work, entry->digest, path);
    if (!read_small(work, path, head, sizeof head))
        return PLANCHE_OK;
    if (!parse_head(made, head, &used))
        goto nothing;
    size_t size = (size_t)made->parts * PART_CHARS + 256;
    made->part = planche_calloc(work->budget, made->parts, sizeof *made->part);
    text = planche_alloc(work->budget, size);
    if (!made->part || !text)
        status = planche_fail_memory(error, work->budget, size, entry->name);
    else if (read_small(work, path, text, size) && parse_record(work, entry, text + used))
        goto done;
nothing:
    planche_free(made->part);
    *made = (struct planche_made){0};
done:
    planche_free(text);
    return status;
}
