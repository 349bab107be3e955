/* SPDX-License-Identifier: MIT */
/* Digests of files and folders. */
#include "io/digest.h"

#include "os/fd.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Folders in folders: more can only be a loop of mounts. */
#define LEVELS 32

static bool digest_fd(int fd, const struct planche_cancel_token *cancel,
                      uint8_t digest[PLANCHE_IO_DIGEST_BYTES])
{
    struct sha256_ctx context;
    uint8_t buffer[32768];
    int64_t got = -1;
    sha256_init(&context);
    while (!planche_cancel_check(cancel) && (got = planche_fd_read(fd, buffer, sizeof buffer)) > 0)
        sha256_update(&context, (size_t)got, buffer);
    sha256_digest(&context, PLANCHE_IO_DIGEST_BYTES, digest);
    return got == 0;
}

bool planche_fd_digest(int fd, uint8_t digest[PLANCHE_IO_DIGEST_BYTES])
{
    return digest_fd(fd, NULL, digest);
}

void planche_digest_of(const void *data, size_t size, uint8_t digest[PLANCHE_IO_DIGEST_BYTES])
{
    struct sha256_ctx context;
    sha256_init(&context);
    sha256_update(&context, size, data);
    sha256_digest(&context, PLANCHE_IO_DIGEST_BYTES, digest);
}

/* A walk through a folder: what it has seen. */
struct walk {
    struct sha256_ctx stamps, names, contents;
    bool with_contents;
    const struct planche_cancel_token *cancel;
    uint64_t bytes;
};

static bool digest_file(const char *path, const struct planche_cancel_token *cancel,
                        uint8_t digest[PLANCHE_IO_DIGEST_BYTES])
{
    struct planche_file_info info;
    int fd = planche_fd_open(path, 0, &info);
    bool known = fd >= 0 && info.kind == PLANCHE_FILE_REGULAR && digest_fd(fd, cancel, digest);
    planche_fd_close(&fd);
    return known;
}

static void see_name(struct walk *walk, const char *path)
{
    sha256_update(&walk->stamps, strlen(path) + 1, (const uint8_t *)path);
    sha256_update(&walk->names, strlen(path) + 1, (const uint8_t *)path);
    sha256_update(&walk->contents, strlen(path) + 1, (const uint8_t *)path);
}

static bool see_file(struct walk *walk, const char *path, const char *relative,
                     const struct planche_file_info *info)
{
    const int64_t values[] = {(int64_t)info->size, (int64_t)info->mtime.tv_sec,
                              (int64_t)info->mtime.tv_nsec};
    uint8_t digest[PLANCHE_IO_DIGEST_BYTES] = {0};
    walk->bytes += info->size;
    see_name(walk, relative);
    sha256_update(&walk->stamps, sizeof values, (const uint8_t *)values);
    if (walk->with_contents && !digest_file(path, walk->cancel, digest))
        return false;
    sha256_update(&walk->contents, sizeof digest, digest);
    return true;
}

/* ".NAME.planche", with or without a number behind it. */
static int is_seen(const struct dirent *entry)
{
    const char *name = entry->d_name;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return 0;
    return name[0] != '.' || !strstr(name, ".planche");
}

static int compare(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static bool walk_folder(struct walk *walk, const char *path, size_t root, int levels)
{
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, is_seen, compare);
    bool ok = count >= 0;
    for (int i = 0; i < count; i++) {
        char inner[PATH_MAX];
        struct planche_file_info info;
        int length = snprintf(inner, sizeof inner, "%s/%s", path, entries[i]->d_name);
        free(entries[i]);
        if (!ok)
            continue;
        if (length < 0 || (size_t)length >= sizeof inner) {
            errno = ENAMETOOLONG;
            ok = false;
        } else if (planche_file_find_link(inner, &info) != PLANCHE_FILE_PRESENT) {
            ok = false;
        } else if (info.kind == PLANCHE_FILE_FOLDER) {
            see_name(walk, inner + root);
            ok = levels > 0 && walk_folder(walk, inner, root, levels - 1);
        } else if (info.kind == PLANCHE_FILE_REGULAR) {
            ok = see_file(walk, inner, inner + root, &info);
        }
    }
    free(entries);
    return ok;
}

static bool walk_all(struct walk *walk, const char *path, bool with_contents,
                     const struct planche_cancel_token *cancel)
{
    *walk = (struct walk){.with_contents = with_contents, .cancel = cancel};
    sha256_init(&walk->stamps);
    sha256_init(&walk->names);
    sha256_init(&walk->contents);
    return walk_folder(walk, path, strlen(path) + 1, LEVELS);
}

bool planche_stamp_take(struct planche_stamp *stamp, const char *path)
{
    struct planche_file_info info;
    struct walk walk;
    if (planche_file_find(path, &info) != PLANCHE_FILE_PRESENT)
        return false;
    *stamp = (struct planche_stamp){.bytes = info.size};
    stamp->time = (int64_t)info.mtime.tv_sec * 1000000000 + info.mtime.tv_nsec;
    if (info.kind != PLANCHE_FILE_FOLDER)
        return true;
    if (!walk_all(&walk, path, false, NULL))
        return false;
    stamp->bytes = walk.bytes;
    sha256_digest(&walk.stamps, sizeof stamp->time, (uint8_t *)&stamp->time);
    sha256_digest(&walk.names, sizeof stamp->names, (uint8_t *)&stamp->names);
    return true;
}

bool planche_stamp_is_same(const struct planche_stamp *a, const struct planche_stamp *b)
{
    return a->bytes == b->bytes && a->time == b->time && a->names == b->names;
}

bool planche_content_digest(const char *path, const struct planche_cancel_token *cancel,
                            uint8_t digest[PLANCHE_IO_DIGEST_BYTES])
{
    struct planche_file_info info;
    struct walk walk;
    if (planche_file_find(path, &info) != PLANCHE_FILE_PRESENT)
        return false;
    if (info.kind != PLANCHE_FILE_FOLDER)
        return digest_file(path, cancel, digest);
    if (!walk_all(&walk, path, true, cancel))
        return false;
    sha256_digest(&walk.contents, PLANCHE_IO_DIGEST_BYTES, digest);
    return true;
}
