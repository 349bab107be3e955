/* SPDX-License-Identifier: MIT */
/* Files of a cache. */
#include "cache/files.h"

#include "base/text.h"
#include "cache/entry.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MINUTE_NS ((int64_t)60 * 1000000000)

int64_t planche_cache_time(struct timespec time)
{
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

int64_t planche_cache_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return planche_cache_time(now);
}

void planche_cache_path_of(const struct planche_cache *cache, const char *folder, const char *name,
                           char path[PLANCHE_CACHE_PATH])
{
    /* It fits: planche_cache_open has seen to that. */
    snprintf(path, PLANCHE_CACHE_PATH, "%s/%s%s%s", cache->folder, folder, *folder ? "/" : "",
             name);
}

void planche_cache_entry_path(const struct planche_cache *cache,
                              const struct planche_cache_key *key, char path[PLANCHE_CACHE_PATH])
{
    char text[PLANCHE_CACHE_KEY_TEXT], folder[3];
    planche_cache_key_text(key, text);
    memcpy(folder, text, 2);
    folder[2] = 0;
    planche_cache_path_of(cache, folder, text + 2, path);
}

void planche_cache_folder_path(const struct planche_cache *cache, unsigned number,
                               char path[PLANCHE_CACHE_PATH])
{
    char name[3];
    const uint8_t byte = (uint8_t)number;
    planche_text_hex(name, &byte, 1);
    planche_cache_path_of(cache, "", name, path);
}

bool planche_cache_key_of(unsigned folder, const char *name, struct planche_cache_key *key)
{
    char text[PLANCHE_CACHE_KEY_TEXT];
    const uint8_t byte = (uint8_t)folder;
    if (strlen(name) != sizeof text - 3)
        return false;
    planche_text_hex(text, &byte, 1);
    memcpy(text + 2, name, sizeof text - 2);
    return planche_cache_key_parse(key, text);
}

/* Programs that save folders leave caches out: https://bford.info/cachedir/ */
static void write_tag(const struct planche_cache *cache)
{
    static const char text[] = "Signature: 8a477f597d28d172789f06886806bc55\n"
                               "# Results of Planche, which can be computed again: see planche "
                               "cache.\n";
    char path[PLANCHE_CACHE_PATH];
    planche_cache_path_of(cache, "", "CACHEDIR.TAG", path);
    int fd = planche_fd_create(path, 0600);
    if (fd >= 0)
        planche_fd_write(fd, text, sizeof text - 1);
    planche_fd_close(&fd);
}

const char *planche_cache_advice(int reason)
{
    return reason == EACCES    ? "; run this as who owns it, or choose another folder with --cache"
           : reason == ENOTDIR ? "; choose another folder with --cache"
                               : "";
}

bool planche_cache_make_folders(const struct planche_cache *cache)
{
    static const char *const names[] = {"tmp", "busy"};
    char path[PLANCHE_CACHE_PATH];
    bool made = false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        planche_cache_path_of(cache, "", names[i], path);
        bool is_new = planche_folder_make(path, 0700) ||
                      (errno == ENOENT && planche_folder_make_parents(path, 0700) &&
                       planche_folder_make(path, 0700));
        if (!is_new && errno != EEXIST)
            return false;
        made = made || is_new;
    }
    if (made)
        write_tag(cache);
    return true;
}

int planche_cache_open_entry(const char *path, struct stat *info)
{
    int fd;
    do
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    while (fd < 0 && errno == EINTR);
    if (fd < 0)
        return -1;
    if (fstat(fd, info) == 0 && S_ISREG(info->st_mode))
        return fd;
    planche_fd_close(&fd);
    errno = EIO;
    return -1;
}

bool planche_cache_is_ours(int fd, const struct planche_cache_key *key, bool unread)
{
    uint8_t head[PLANCHE_CACHE_HEAD_LOOK];
    int64_t got = planche_fd_read_at(fd, head, sizeof head, 0);
    return got < 0 ? unread : planche_cache_head_is_ours(head, (size_t)got, key);
}

void planche_cache_complain(struct planche_cache *cache, enum planche_cache_trouble about,
                            const char *format, ...)
{
    char text[512];
    int64_t now = planche_clock_ns(), said = atomic_load(&cache->said[about]);
    va_list args;
    atomic_fetch_add(&cache->errors, 1);
    if ((said != 0 && now - said < MINUTE_NS) ||
        !atomic_compare_exchange_strong(&cache->said[about], &said, now))
        return;
    va_start(args, format);
    planche_text_format(text, sizeof text, format, args);
    va_end(args);
    planche_log_write(&cache->log, PLANCHE_LOG_WARNING, "%s", text);
}
