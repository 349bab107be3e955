/* SPDX-License-Identifier: MIT */
/* Folders of tests, and removing what a test has made. */
#ifndef PLANCHE_TESTS_SUPPORT_REMOVE_TREE_H
#define PLANCHE_TESTS_SUPPORT_REMOVE_TREE_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static inline int remove_entry(const char *path, const struct stat *info, int type,
                               struct FTW *walk)
{
    (void)info;
    (void)type;
    (void)walk;
    return remove(path);
}

/* A folder with all that is in it; links are not followed. 0, or -1 and errno. */
static inline int remove_tree(const char *path)
{
    return nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* Makes an empty folder and makes it the working directory; path ends with six letters, which
 * become those of a free name. 0, or -1. */
static inline int enter_new_folder(char *path)
{
    memcpy(path + strlen(path) - 6, "XXXXXX", 6);
    return mkdtemp(path) ? chdir(path) : -1;
}

static inline int leave_folder(const char *path)
{
    return chdir("/") == 0 ? remove_tree(path) : -1;
}

#endif
