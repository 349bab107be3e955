/* SPDX-License-Identifier: MIT */
/* File names with a meaning of their own: what programs leave behind, and covers. */
#ifndef PLANCHE_BASE_FILE_NAMES_H
#define PLANCHE_BASE_FILE_NAMES_H

#include <stdbool.h>

/* Whether a path, with '/' between its parts, is that of something that an operating system or a
 * viewer has left there, or lies in a folder of such: Thumbs.db, desktop.ini, .DS_Store,
 * ._page.jpg,
 * __MACOSX, @eaDir, folders of thumbnails. Nobody misses it. */
bool planche_name_is_junk(const char *path);

/* Whether a picture has a name that readers and servers look for beside books and chapters:
 * cover.jpg, folder.png. */
bool planche_name_is_cover(const char *path);

#endif
