/* SPDX-License-Identifier: MIT */
/* EPUB: what is protected, and what refers to pages. */
#ifndef PLANCHE_BOOK_EPUB_H
#define PLANCHE_BOOK_EPUB_H

#include "archive/archive.h"
#include "base/markup.h"

bool planche_epub_is_encryption(const char *name);
/* Reads META-INF/encryption.xml, the archive's current entry: only fonts may be hidden. Errors:
 * UNSUPPORTED; those of planche_archive_read; MEMORY, BUDGET. */
enum planche_status planche_epub_check_encryption(const char *book, struct planche_archive *archive,
                                                  struct planche_budget *budget,
                                                  struct planche_error *error);

/* The name in the archive of what a reference in the file `name` means. False: nothing in it. */
bool planche_epub_resolve(const char *name, const char *data, struct planche_span reference,
                          char path[PLANCHE_ENTRY_NAME_BYTES + 1]);

/* Whether a file by this name may refer to pages. */
bool planche_epub_may_refer(const char *name);

/* A page by another name. */
struct planche_renamed {
    const char *from, *to; /* in the book; only what is behind the last '/' differs */
    const char *type;      /* "image/webp" */
};
/* The page that had this name, or NULL. */
typedef const struct planche_renamed *(*planche_renamed_fn)(void *user, const char *name);

/* Writes the text of the file `name` to `out` with new names where pages are referred to. False: it
 * cannot be understood, and out is to be forgotten. */
bool planche_epub_edit(const char *name, const char *data, size_t size, planche_renamed_fn find,
                       void *user, struct planche_text_buffer *out);

#endif
