/* SPDX-License-Identifier: MIT */
/* Library scan: the books in a folder, folders that are books, and pages beside books. */
#include "enlarge/library.h"

#include "cli/paths.h"
#include "cli/terminal.h"
#include "os/file_info.h"

#include "base/file_names.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <planche/planche.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A scan under way. */
struct scan {
    struct planche_cli_library *library;
    const char *root, *skip;
};

static bool add(struct planche_cli_library *library, enum planche_cli_library_kind kind,
                const char *path, uint64_t bytes)
{
    if (library->count == library->capacity) {
        size_t capacity = library->capacity * 2 + 16;
        void *entries = reallocarray(library->entries, capacity, sizeof *library->entries);
        if (entries == NULL)
            return false;
        library->entries = entries;
        library->capacity = capacity;
    }
    struct planche_cli_library_entry entry = {strdup(path), kind, bytes};
    if (entry.path == NULL)
        return false;
    library->entries[library->count++] = entry;
    return true;
}

/* Removes the entries from an index on. */
static void drop(struct planche_cli_library *library, size_t from)
{
    while (library->count > from)
        free(library->entries[--library->count].path);
}

/* Contents of a folder and all below it. */
struct sum {
    bool books, pages;
    uint64_t bytes;
};

static bool scan_file(struct scan *scan, const char *path, uint64_t bytes, struct sum *sum)
{
    const char *name = planche_cli_base_name(path);
    sum->bytes += bytes;
    if (planche_cli_book_stem_length(name) < strlen(name)) {
        sum->books = true;
        return add(scan->library, PLANCHE_CLI_LIBRARY_BOOK, path, bytes);
    }
    if (planche_format_from_name(name) != PLANCHE_FORMAT_AUTO) {
        sum->pages = true;
        return add(scan->library, PLANCHE_CLI_LIBRARY_PAGE, path, bytes);
    }
    return add(scan->library, PLANCHE_CLI_LIBRARY_OTHER, path, bytes);
}

/* Counts what nobody misses. */
static bool is_junk(struct scan *scan, const char *path, bool folder)
{
    char name[NAME_MAX + 2];
    snprintf(name, sizeof name, "%s%s", planche_cli_base_name(path), folder ? "/" : "");
    bool junk = planche_name_is_junk(name);
    scan->library->junk += junk;
    return junk;
}

static bool scan_folder(struct scan *scan, const char *path, struct sum *sum);

/* True if the folder must not be walked into. */
static bool is_skipped(const struct scan *scan, const char *full)
{
    char *canonical = scan->skip != NULL ? planche_cli_canonical(full) : NULL;
    bool skipped = canonical != NULL && strcmp(canonical, scan->skip) == 0;
    free(canonical);
    return skipped;
}

/* A link to nowhere is passed over; what cannot be looked at may be a book. */
static void note_unknown(struct scan *scan, const char *full)
{
    if (planche_file_is_absent(errno) || errno == ELOOP) {
        scan->library->others++;
    } else {
        planche_cli_message("%s: cannot be read: %s", full, strerror(errno));
        scan->library->trouble = true;
    }
}

static bool scan_entry(struct scan *scan, const char *path, struct sum *sum)
{
    struct planche_file_info info, link;
    char *full = planche_cli_join(scan->root, path);
    bool ok = full != NULL;
    if (!ok)
        return false;
    if (planche_file_find_link(full, &link) != PLANCHE_FILE_PRESENT ||
        planche_file_find(full, &info) != PLANCHE_FILE_PRESENT)
        note_unknown(scan, full);
    else if (link.kind == PLANCHE_FILE_FOLDER)
        ok = is_junk(scan, path, true) || is_skipped(scan, full) || scan_folder(scan, path, sum);
    else if (info.kind == PLANCHE_FILE_REGULAR)
        ok = is_junk(scan, path, false) || scan_file(scan, path, info.size, sum);
    else if (info.kind == PLANCHE_FILE_FOLDER)
        scan->library->links += !is_junk(scan, path, true);
    else
        scan->library->others++;
    free(full);
    return ok;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static bool scan_entries(struct scan *scan, const char *path, struct sum *sum)
{
    struct dirent **entries = NULL;
    char *full = planche_cli_join(scan->root, path);
    int count = full != NULL ? scandir(full, &entries, is_visible, versionsort) : -1;
    bool ok = full != NULL && (count >= 0 || errno != ENOMEM);
    if (ok && count < 0) {
        planche_cli_message("%s: cannot read this folder: %s", full, strerror(errno));
        scan->library->trouble = true;
    }
    for (int i = 0; i < count; i++) {
        char *inner =
            *path != 0 ? planche_cli_join(path, entries[i]->d_name) : strdup(entries[i]->d_name);
        ok = ok && inner != NULL && scan_entry(scan, inner, sum);
        free(inner);
        free(entries[i]);
    }
    free(entries);
    free(full);
    return ok;
}

/* A folder without books in it or below is one entry, whatever was found in it. */
static bool scan_folder(struct scan *scan, const char *path, struct sum *above)
{
    struct sum sum = {0};
    size_t entries = scan->library->count, others = scan->library->others;
    size_t junk = scan->library->junk, links = scan->library->links;
    if (!scan_entries(scan, path, &sum))
        return false;
    above->books = above->books || sum.books;
    above->pages = above->pages || sum.pages;
    above->bytes += sum.bytes;
    if (sum.books || (!sum.pages && *path != 0))
        return true;
    drop(scan->library, entries);
    scan->library->others = others;
    scan->library->links = links;
    scan->library->junk = junk; /* the book counts its own */
    return add(scan->library, PLANCHE_CLI_LIBRARY_FOLDER, path, sum.bytes);
}

bool planche_cli_library_scan(struct planche_cli_library *library, const char *root,
                              const char *skip)
{
    struct scan scan = {library, root, skip};
    struct sum sum = {0};
    *library = (struct planche_cli_library){0};
    bool ok = scan_folder(&scan, "", &sum);
    library->books = sum.books;
    return ok;
}

void planche_cli_library_free(struct planche_cli_library *library)
{
    drop(library, 0);
    free(library->entries);
}
