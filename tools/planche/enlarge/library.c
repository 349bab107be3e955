/* SPDX-License-Identifier: MIT */
/* What lies in a folder: books, folders that are books, pages beside books. */
#include "enlarge/library.h"

#include "cli/paths.h"
#include "cli/terminal.h"

#include <dirent.h>
#include <errno.h>
#include <planche/planche.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct look {
    struct planche_cli_library *shelf;
    const char *root, *skip;
};

static bool add(struct planche_cli_library *shelf, enum planche_cli_find_kind kind,
                const char *path, uint64_t bytes)
{
    if (shelf->count == shelf->capacity) {
        size_t capacity = shelf->capacity * 2 + 16;
        void *finds = reallocarray(shelf->finds, capacity, sizeof *shelf->finds);
        if (finds == NULL)
            return false;
        shelf->finds = finds;
        shelf->capacity = capacity;
    }
    char *copy = strdup(path);
    if (copy != NULL)
        shelf->finds[shelf->count++] = (struct planche_cli_find){copy, kind, bytes};
    return copy != NULL;
}

static void drop(struct planche_cli_library *shelf, size_t from)
{
    while (shelf->count > from)
        free(shelf->finds[--shelf->count].path);
}

/* What a folder and all below it amount to. */
struct sum {
    bool books, pages;
    uint64_t bytes;
};

static bool look_at_file(struct look *look, const char *path, uint64_t bytes, struct sum *sum)
{
    const char *name = planche_cli_base_name(path);
    sum->bytes += bytes;
    if (planche_cli_book_stem_length(name) < strlen(name)) {
        sum->books = true;
        return add(look->shelf, PLANCHE_CLI_FIND_BOOK, path, bytes);
    }
    if (planche_format_from_name(name) != PLANCHE_FORMAT_AUTO) {
        sum->pages = true;
        return add(look->shelf, PLANCHE_CLI_FIND_PAGE, path, bytes);
    }
    look->shelf->others++;
    return true;
}

static bool look_at_folder(struct look *look, const char *path, struct sum *sum);

/* True if the folder must not be walked into. */
static bool is_skipped(const struct look *look, const char *full)
{
    char *canonical = look->skip != NULL ? planche_cli_canonical(full) : NULL;
    bool skipped = canonical != NULL && strcmp(canonical, look->skip) == 0;
    free(canonical);
    return skipped;
}

static bool look_at(struct look *look, const char *path, struct sum *sum)
{
    struct stat info, link;
    char *full = planche_cli_join(look->root, path);
    bool ok = full != NULL;
    if (!ok)
        return false;
    if (stat(full, &info) != 0 || lstat(full, &link) != 0)
        look->shelf->others++; /* a link to nowhere */
    else if (S_ISDIR(link.st_mode))
        ok = is_skipped(look, full) || look_at_folder(look, path, sum);
    else if (S_ISREG(info.st_mode))
        ok = look_at_file(look, path, (uint64_t)info.st_size, sum);
    else if (!S_ISDIR(info.st_mode))
        look->shelf->others++;
    free(full);
    return ok;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static bool look_at_entries(struct look *look, const char *path, struct sum *sum)
{
    struct dirent **entries = NULL;
    char *full = planche_cli_join(look->root, path);
    int count = full != NULL ? scandir(full, &entries, is_visible, versionsort) : -1;
    bool ok = full != NULL && (count >= 0 || errno != ENOMEM);
    if (ok && count < 0) {
        planche_cli_message("%s: cannot read this folder: %s", full, strerror(errno));
        look->shelf->trouble = true;
    }
    for (int i = 0; i < count; i++) {
        char *inner =
            *path != 0 ? planche_cli_join(path, entries[i]->d_name) : strdup(entries[i]->d_name);
        ok = ok && inner != NULL && look_at(look, inner, sum);
        free(inner);
        free(entries[i]);
    }
    free(entries);
    free(full);
    return ok;
}

/* A folder without books in it or below is one find, whatever was found in it. */
static bool look_at_folder(struct look *look, const char *path, struct sum *above)
{
    struct sum sum = {0};
    size_t finds = look->shelf->count, others = look->shelf->others;
    if (!look_at_entries(look, path, &sum))
        return false;
    above->books = above->books || sum.books;
    above->pages = above->pages || sum.pages;
    above->bytes += sum.bytes;
    if (sum.books || (!sum.pages && *path != 0))
        return true;
    drop(look->shelf, finds);
    look->shelf->others = others;
    return add(look->shelf, PLANCHE_CLI_FIND_FOLDER, path, sum.bytes);
}

bool planche_cli_library_scan(struct planche_cli_library *shelf, const char *root, const char *skip)
{
    struct look look = {shelf, root, skip};
    struct sum sum = {0};
    *shelf = (struct planche_cli_library){0};
    bool ok = look_at_folder(&look, "", &sum);
    shelf->books = sum.books;
    return ok;
}

void planche_cli_library_free(struct planche_cli_library *shelf)
{
    drop(shelf, 0);
    free(shelf->finds);
}
