/* SPDX-License-Identifier: MIT */
/* Paths: names, extensions and kinds of files and folders. */
#ifndef PLANCHE_CLI_PATHS_H
#define PLANCHE_CLI_PATHS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What follows the last '/'. */
const char *planche_cli_base_name(const char *path);
/* Length of a file name without its extension. "page.v2 final" has none. */
size_t planche_cli_stem_length(const char *name);
/* The same for books: only a book's extension (".cbz", ".tar.gz") counts as one. */
size_t planche_cli_book_stem_length(const char *name);
bool planche_cli_is_folder(const char *path);
bool planche_cli_is_file(const char *path);
/* Bytes of a file; 0 if there is none. */
uint64_t planche_cli_file_bytes(const char *path);
/* True for a file and for a folder with something in it. */
bool planche_cli_is_taken(const char *path);
/* True if -o names a folder (it ends in / or is one). */
bool planche_cli_output_is_folder(const char *output);
/* The path without '/' at its end, own; NULL: no memory. */
char *planche_cli_trimmed(const char *path);
/* "FOLDER/NAME", own; NULL: no memory. */
char *planche_cli_join(const char *folder, const char *name);
/* Makes a folder and those above it. False: errno says why not. */
bool planche_cli_make_folder(const char *path);
/* The same for the folder that path lies in. */
bool planche_cli_make_parent(const char *path);
/* True if both paths lead to one file, whatever their names. */
bool planche_cli_same_file(const char *left, const char *right);
/* One name for one place, however it was written and whether it exists or not; own. NULL: no
 * memory. */
char *planche_cli_canonical(const char *path);
/* True if path is folder or lies below it; both canonical. */
bool planche_cli_lies_in(const char *path, const char *folder);

#endif
