/* SPDX-License-Identifier: MIT */
/* Private folders beside a file that is being made. */
#include "io/tree.h"

#include "io/temp_name.h"
#include "os/system.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ATTEMPTS 16

char *planche_tree_create(const char *path, mode_t mode, struct planche_budget *budget)
{
    size_t size = planche_temp_name_folder(path) + PLANCHE_TEMP_NAME_BYTES;
    char *name = planche_alloc(budget, size);
    if (!name)
        errno = ENOMEM;
    for (int attempt = 0; name && attempt < ATTEMPTS; attempt++) {
        uint64_t number;
        if (!planche_system_random(&number, sizeof number))
            break;
        planche_temp_name_numbered(name, size, path, number);
        if (mkdir(name, mode) == 0)
            return name;
        if (errno != EEXIST)
            break;
    }
    int reason = errno == EEXIST ? EIO : errno;
    planche_free(name);
    errno = reason;
    return NULL;
}

static bool remove_at(int parent, const char *name, int levels);

static bool empty(int fd, int levels)
{
    DIR *folder = fdopendir(fd);
    bool all = folder != NULL;
    if (!folder) {
        close(fd);
        return false;
    }
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            all = remove_at(dirfd(folder), entry->d_name, levels) && all;
    closedir(folder);
    return all;
}

/* levels bounds what can only be a loop of mounts. */
static bool remove_at(int parent, const char *name, int levels)
{
    if (unlinkat(parent, name, 0) == 0)
        return true;
    if ((errno != EISDIR && errno != EPERM) || levels == 0)
        return false;
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return fd >= 0 && empty(fd, levels - 1) && unlinkat(parent, name, AT_REMOVEDIR) == 0;
}

bool planche_tree_remove(const char *path)
{
    return remove_at(AT_FDCWD, path, 64);
}
