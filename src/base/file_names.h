/* SPDX-License-Identifier: MIT */
/* File names with a meaning of their own: what programs leave behind, covers, and models of two
 * files. */
#ifndef PLANCHE_BASE_FILE_NAMES_H
#define PLANCHE_BASE_FILE_NAMES_H

#include <stdbool.h>
#include <stddef.h>

/* Whether a path, with '/' between its parts, is that of something that an operating system or a
 * viewer has left there, or lies in a folder of such: Thumbs.db, desktop.ini, .DS_Store,
 * ._page.jpg, __MACOSX, @eaDir, folders of thumbnails. Nobody misses it. */
bool planche_name_is_junk(const char *path);

/* Whether a picture has a name that readers and servers look for beside books and chapters:
 * cover.jpg, folder.png. */
bool planche_name_is_cover(const char *path);

/* The other of the two files of a model of ncnn's format: of FILE.param, FILE.bin, and the other
 * way round. Writes it to `out`, as much as fits. Returns the length of the whole, as snprintf
 * does; 0: the path is of neither. */
size_t planche_name_partner(const char *path, char *out, size_t size);

/* The index-th file, from 0, that may tell the licence of a model: first those of its name (.json,
 * .txt, .md, .LICENSE), then LICENSE and others of its folder. Writes its path to `out`. Returns
 * its length as planche_name_partner does; 0: there is no such index. *own: it has the model's
 * name. */
size_t planche_name_licence(const char *model, size_t index, char *out, size_t size, bool *own);
#define PLANCHE_NAME_LICENCE ".LICENSE"

/* Whether a path's name is one that planche_name_licence gives for some model. */
bool planche_name_is_licence(const char *path);

/* In the folder of models: those that are in no catalogue. */
#define PLANCHE_NAME_IMPORTED "imported"

#endif
