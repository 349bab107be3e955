/* SPDX-License-Identifier: MIT */
/* Paths: names, extensions and kinds of files and folders. */
#include "cli/paths.h"

#include "os/file.h"
#include "os/file_info.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *planche_cli_base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

size_t planche_cli_stem_length(const char *name)
{
    const char *dot = strrchr(name, '.');
    if (dot == NULL || dot == name)
        return strlen(name);
    size_t length = strlen(dot + 1);
    bool letter = false, plain = length >= 1 && length <= 5;
    for (const char *c = dot + 1; *c != 0; c++) {
        letter = letter || isalpha((unsigned char)*c);
        plain = plain && isalnum((unsigned char)*c);
    }
    return plain && letter ? (size_t)(dot - name) : strlen(name);
}

size_t planche_cli_book_stem_length(const char *name)
{
    static const char *const extensions[] = {
        ".cbz", ".zip", ".cbr",    ".rar",     ".cb7",    ".7z",      ".cbt",  ".tar",
        ".tgz", ".pdf", ".tar.gz", ".tar.bz2", ".tar.xz", ".tar.zst", ".epub",
    };
    size_t length = strlen(name);
    for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++) {
        size_t tail = strlen(extensions[i]);
        if (length > tail && strcasecmp(name + length - tail, extensions[i]) == 0)
            return length - tail;
    }
    return length;
}

static enum planche_file_kind kind_of(const char *path)
{
    struct planche_file_info info;
    return planche_file_find(path, &info) == PLANCHE_FILE_PRESENT ? info.kind : PLANCHE_FILE_OTHER;
}

bool planche_cli_is_folder(const char *path)
{
    return kind_of(path) == PLANCHE_FILE_FOLDER;
}

bool planche_cli_is_file(const char *path)
{
    return kind_of(path) == PLANCHE_FILE_REGULAR;
}

uint64_t planche_cli_file_bytes(const char *path)
{
    struct planche_file_info info;
    bool file =
        planche_file_find(path, &info) == PLANCHE_FILE_PRESENT && info.kind == PLANCHE_FILE_REGULAR;
    return file ? info.size : 0;
}

static bool is_used_folder(const char *path)
{
    struct planche_listing listing;
    if (!planche_listing_open(&listing, path))
        return false;
    bool used = planche_listing_next(&listing) != NULL;
    planche_listing_close(&listing);
    return used;
}

bool planche_cli_is_taken(const char *path)
{
    struct planche_file_info info;
    if (planche_file_find_link(path, &info) != PLANCHE_FILE_PRESENT)
        return false;
    return planche_cli_is_folder(path) ? is_used_folder(path) : info.kind != PLANCHE_FILE_FOLDER;
}

bool planche_cli_output_is_folder(const char *output)
{
    size_t length = strlen(output);
    return (length > 0 && output[length - 1] == '/') || planche_cli_is_folder(output);
}

char *planche_cli_trimmed(const char *path)
{
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    return strndup(path, length);
}

char *planche_cli_join(const char *folder, const char *name)
{
    size_t length = strlen(folder);
    const char *slash = length == 0 || folder[length - 1] == '/' ? "" : "/";
    char *path = NULL;
    return asprintf(&path, "%s%s%s", folder, slash, name) < 0 ? NULL : path;
}

bool planche_cli_make_folder(const char *path)
{
    return planche_folder_make_whole(path, 0777) && planche_cli_is_folder(path);
}

bool planche_cli_make_parent(const char *path)
{
    const char *base = planche_cli_base_name(path);
    if (base == path)
        return true;
    char *parent = strndup(path, (size_t)(base - path));
    bool ok = parent != NULL && planche_cli_make_folder(parent);
    free(parent);
    return ok;
}

bool planche_cli_same_file(const char *left, const char *right)
{
    struct planche_file_info a, b;
    return planche_file_find(left, &a) == PLANCHE_FILE_PRESENT &&
           planche_file_find(right, &b) == PLANCHE_FILE_PRESENT && a.kind != PLANCHE_FILE_FOLDER &&
           planche_file_is_same(&a, &b);
}

/* The real path of the longest prefix that exists, and the rest as it is. */
char *planche_cli_canonical(const char *path)
{
    char *head = strdup(path), *real = NULL, *name = NULL;
    size_t length = head != NULL ? strlen(head) : 0;
    while (length > 1 && head[length - 1] == '/')
        head[--length] = 0;
    size_t whole = length;
    while (length > 0 && (real = realpath(head, NULL)) == NULL) {
        do
            length--;
        while (length > 0 && head[length - 1] != '/');
        while (length > 1 && head[length - 1] == '/')
            length--;
        head[length] = 0;
    }
    if (head != NULL && real == NULL)
        real = realpath(".", NULL);
    if (real != NULL) {
        const char *rest = path + length + strspn(path + length, "/");
        int kept = (int)(path + whole > rest ? path + whole - rest : 0);
        const char *slash = kept == 0 || strcmp(real, "/") == 0 ? "" : "/";
        if (asprintf(&name, "%s%s%.*s", real, slash, kept, rest) < 0)
            name = NULL;
    }
    free(real);
    free(head);
    return name;
}

bool planche_cli_lies_in(const char *path, const char *folder)
{
    size_t length = strlen(folder);
    return strncmp(path, folder, length) == 0 &&
           (path[length] == 0 || path[length] == '/' || folder[length - 1] == '/');
}
