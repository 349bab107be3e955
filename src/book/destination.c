/* SPDX-License-Identifier: MIT */
/* Destination of a book: its container, and whether it would overwrite or contain its input. */

#include "base/status.h"
#include "book/select.h"
#include "book/steps.h"
#include "os/file_info.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *extension_of(const char *path)
{
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    const char *dot = strrchr(base, '.');
    return dot && dot != base ? dot + 1 : "";
}

/* What an output's name asks for; AUTO: nothing in particular. */
static enum planche_container container_from_name(const char *path)
{
    static const struct {
        const char *extension;
        enum planche_container container;
    } known[] = {
        {"cbz", PLANCHE_CONTAINER_ZIP},   {"zip", PLANCHE_CONTAINER_ZIP},
        {"epub", PLANCHE_CONTAINER_EPUB}, {"cbr", PLANCHE_CONTAINER_RAR},
        {"rar", PLANCHE_CONTAINER_RAR},   {"cb7", PLANCHE_CONTAINER_7Z},
        {"7z", PLANCHE_CONTAINER_7Z},     {"cbt", PLANCHE_CONTAINER_TAR},
        {"tar", PLANCHE_CONTAINER_TAR},   {"pdf", PLANCHE_CONTAINER_PDF},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcasecmp(extension_of(path), known[i].extension) == 0)
            return known[i].container;
    return PLANCHE_CONTAINER_AUTO;
}

static bool is_folder(const char *path)
{
    struct planche_file_info info;
    return planche_file_find(path, &info) == PLANCHE_FILE_PRESENT &&
           info.kind == PLANCHE_FILE_FOLDER;
}

enum planche_status planche_destination_choose(struct planche_book *book, const char *output,
                                               struct planche_error *error)
{
    enum planche_container to = book->options.container;
    size_t length = strlen(output);
    if (!to && ((length && output[length - 1] == '/') || is_folder(output)))
        to = PLANCHE_CONTAINER_FOLDER;
    if (!to)
        to = container_from_name(output);
    bool selects = planche_book_selects(&book->options);
    if (!to)
        to = book->from == PLANCHE_CONTAINER_FOLDER ||
                     (book->from == PLANCHE_CONTAINER_EPUB && !selects)
                 ? book->from
                 : PLANCHE_CONTAINER_ZIP;
    book->to = to;
    if (to == PLANCHE_CONTAINER_EPUB && selects)
        return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                            "%s: some pages alone are no EPUB; use .cbz, or a folder", output);
    if (to > PLANCHE_CONTAINER_EPUB)
        return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                            "%s: books are written as CBZ, EPUB or folder, not as %s", output,
                            planche_archive_extension(to));
    if (to == PLANCHE_CONTAINER_EPUB && book->from != PLANCHE_CONTAINER_EPUB)
        return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                            "%s: only an EPUB becomes an EPUB; use .cbz", output);
    return PLANCHE_OK;
}

/* "/a/b" is within "/a" and itself. */
static bool is_within(const char *path, const char *folder)
{
    size_t length = strlen(folder);
    if (strcmp(folder, "/") == 0)
        return true;
    return strncmp(path, folder, length) == 0 && (path[length] == 0 || path[length] == '/');
}

/* The real path of a file that need not be there, in a folder that must. False: there is none. */
static bool resolve(const char *path, char real[PATH_MAX])
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    if (realpath(path, real))
        return true;
    size_t length = (size_t)(base - path);
    if (length >= sizeof folder)
        return false;
    memcpy(folder, path, length);
    folder[length] = 0;
    if (!realpath(length ? folder : ".", real))
        return false;
    size_t end = strlen(real), size = strlen(base);
    if (end + size + 2 > PATH_MAX)
        return false;
    if (end > 1)
        real[end++] = '/';
    memcpy(real + end, base, size + 1);
    return true;
}

/* Errors: IO, where the system does not tell; ARGUMENT, where they are one. */
static enum planche_status check_different(const char *input, const char *output,
                                           struct planche_error *error)
{
    struct planche_file_info in, out;
    enum planche_file_state there = planche_file_find(output, &out);
    const char *unknown = there == PLANCHE_FILE_UNKNOWN ? output : NULL;
    if (there == PLANCHE_FILE_PRESENT) {
        there = planche_file_find(input, &in);
        unknown = there == PLANCHE_FILE_UNKNOWN ? input : NULL;
    }
    if (unknown)
        return planche_fail(error, PLANCHE_ERROR_IO, "%s: cannot be looked at: %s", unknown,
                            strerror(errno));
    if (there == PLANCHE_FILE_PRESENT && planche_file_is_same(&in, &out))
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "%s: is the input itself", output);
    return PLANCHE_OK;
}

/* Pages are kept in a folder beside the output and moved into it at the end, which takes one file
 * system: a folder on which a disk is mounted cannot be the output. */
static enum planche_status check_disk(const struct planche_book *book, struct planche_error *error)
{
    struct planche_file_info output, beside;
    char path[PATH_MAX];
    int length = snprintf(path, sizeof path, "%s/..", book->output);
    if (book->to != PLANCHE_CONTAINER_FOLDER || length >= (int)sizeof path ||
        planche_file_find_link(book->output, &output) != PLANCHE_FILE_PRESENT ||
        output.kind != PLANCHE_FILE_FOLDER ||
        planche_file_find(path, &beside) != PLANCHE_FILE_PRESENT || output.device == beside.device)
        return PLANCHE_OK;
    return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                        "%s: is a disk of its own (a mount point), beside which pages cannot be "
                        "kept until all are made; write into a folder on it, %s/NAME",
                        book->output, book->output);
}

enum planche_status planche_destination_check(const struct planche_book *book,
                                              struct planche_error *error)
{
    char input[PATH_MAX], output[PATH_MAX];
    bool known = resolve(book->input, input) && resolve(book->output, output);
    enum planche_status status = check_different(book->input, book->output, error);
    if (status)
        return status;
    if (known && strcmp(input, output) == 0)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "%s: is the input itself", book->output);
    if (known && book->from == PLANCHE_CONTAINER_FOLDER && is_within(output, input))
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "%s: lies in the input, %s",
                            book->output, book->input);
    if (known && book->to == PLANCHE_CONTAINER_FOLDER && is_within(input, output))
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "%s: the input lies in it, %s",
                            book->output, book->input);
    return check_disk(book, error);
}
