/* SPDX-License-Identifier: MIT */
/* Removing what a test has made. */
#ifndef PLANCHE_TESTS_SUPPORT_REMOVE_TREE_H
#define PLANCHE_TESTS_SUPPORT_REMOVE_TREE_H

#include <ftw.h>
#include <stdio.h>

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

#endif
