/* SPDX-License-Identifier: MIT */
/* A library for LD_PRELOAD: notes that the process has come to its exit handlers. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

__attribute__((destructor)) static void note(void)
{
    const char *path = getenv("WATCH_EXIT");
    int fd = path ? open(path, O_CREAT | O_WRONLY, 0600) : -1;
    if (fd >= 0)
        close(fd);
}
