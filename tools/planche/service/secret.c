/* SPDX-License-Identifier: MIT */
/* Secrets in files. */
#include "service/secret.h"

#include "base/log.h"
#include "base/status.h"
#include "cli/terminal.h"
#include "os/fd.h"
#include "os/thread.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define WARNING "others on this machine may %s %s (mode %03o): chmod 600 %s"
#define OTHERS  (S_IROTH | S_IWOTH)

/* A file that was warned of, for as long as the process lives, as its line in the log does. */
struct told {
    dev_t device;
    ino_t file;
    struct told *next;
};

static struct planche_mutex lock = PLANCHE_MUTEX_INIT;
static struct told *told;

static const struct planche_log *warnings; /* NULL: the terminal */

void planche_secret_warn_in(const struct planche_log *log)
{
    warnings = log;
}

/* Without memory to remember it, a file stays news. */
static bool is_news(const struct stat *info)
{
    planche_mutex_lock(&lock);
    const struct told *same = told;
    while (same != NULL && (same->device != info->st_dev || same->file != info->st_ino))
        same = same->next;
    struct told *added = same == NULL ? malloc(sizeof *added) : NULL;
    if (added != NULL) {
        *added = (struct told){info->st_dev, info->st_ino, told};
        told = added;
    }
    planche_mutex_unlock(&lock);
    return same == NULL;
}

/* A warning, not an error: what a container's runtime mounts may be readable by all in it. */
static void warn(int fd, const char *path)
{
    struct stat info;
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || !(info.st_mode & OTHERS) ||
        !is_news(&info))
        return;
    const char *what = info.st_mode & S_IWOTH ? "change" : "read";
    unsigned mode = (unsigned)info.st_mode & 0777;
    if (warnings != NULL)
        planche_log_write(warnings, PLANCHE_LOG_WARNING, WARNING, what, path, mode, path);
    else
        planche_cli_message(WARNING, what, path, mode, path);
}

static int open_secret(const char *path, const char *what, struct planche_error *error)
{
    int fd = planche_fd_open(path, 0, NULL);
    if (fd < 0)
        planche_fail(error, PLANCHE_ERROR_IO, "%s: cannot read the %s: %s", path, what,
                     strerror(errno));
    else
        warn(fd, path);
    return fd;
}

enum planche_status planche_secret_read(const char *path, const char *what, char *data, size_t size,
                                        size_t *got, struct planche_error *error)
{
    int fd = open_secret(path, what, error);
    *got = 0;
    if (fd < 0)
        return PLANCHE_ERROR_IO;
    int64_t read = planche_fd_read_all(fd, data, size);
    int reason = errno;
    planche_fd_close(&fd);
    if (read < 0)
        return planche_fail(error, PLANCHE_ERROR_IO, "%s: cannot read the %s: %s", path, what,
                            strerror(reason));
    *got = (size_t)read;
    return PLANCHE_OK;
}

enum planche_status planche_secret_check(const char *path, const char *what,
                                         struct planche_error *error)
{
    int fd = open_secret(path, what, error);
    bool opened = fd >= 0;
    planche_fd_close(&fd);
    return opened ? PLANCHE_OK : PLANCHE_ERROR_IO;
}
