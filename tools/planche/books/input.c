/* SPDX-License-Identifier: MIT */
/* Input of a run. Files of a library are copied: the programs that read PDFs and archives open
 * them by their names, which may mean something else by then, and a book whose file changes while
 * it runs would have to begin again. */
#include "books/input.h"

#include "base/status.h"
#include "books/folder.h"
#include "os/fd.h"
#include "os/file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PIECE ((size_t)8 << 20) /* that is copied at once */

/* Copies what is left of a file by the calls of the system. False: errno says why, or cancelled. */
static bool copy_rest(int from, int to, const struct planche_cancel *cancel)
{
    static const size_t piece = 1 << 16;
    char data[1 << 16];
    ssize_t got;
    while (!planche_cancel_requested(cancel)) {
        got = copy_file_range(from, NULL, to, NULL, PIECE, 0);
        if (got == 0)
            return true;
        if (got < 0 && (errno == EINVAL || errno == EXDEV || errno == ENOSYS || errno == EPERM ||
                        errno == EOPNOTSUPP))
            break;
        if (got < 0 && errno != EINTR)
            return false;
    }
    while (!planche_cancel_requested(cancel)) {
        int64_t read = planche_fd_read(from, data, piece);
        if (read <= 0)
            return read == 0;
        if (!planche_fd_write(to, data, (size_t)read))
            return false;
    }
    errno = ECANCELED;
    return false;
}

static bool copy(int from, const char *folder, const char *input,
                 const struct planche_cancel *cancel)
{
    char part[PATH_MAX];
    snprintf(part, sizeof part, "%.*s/%s", (int)(sizeof part - 32), folder, PLANCHE_BOOKS_PART);
    int to = planche_fd_create_anew(part, 0600);
    if (to < 0)
        return false;
    bool ok = copy_rest(from, to, cancel) && planche_fd_sync(to);
    int problem = errno;
    ok = planche_fd_close(&to) && ok;
    ok = ok && planche_file_rename(part, input);
    if (!ok) {
        planche_file_remove(part);
        errno = problem;
    }
    return ok;
}

enum planche_status planche_books_take_input(const struct planche_library *library,
                                             const char *path, const char *folder,
                                             const struct planche_cancel *cancel, int *source,
                                             char input[PATH_MAX], struct planche_error *error)
{
    struct planche_file_info info;
    snprintf(input, PATH_MAX, "%.*s/%s", PATH_MAX - 32, folder, PLANCHE_BOOKS_INPUT);
    if (*path == 0 || planche_file_find(input, NULL) == PLANCHE_FILE_PRESENT)
        return PLANCHE_OK;
    if (planche_library_open(library, path, source, &info) != PLANCHE_LIBRARY_FOUND)
        return planche_fail(error, PLANCHE_ERROR_NOT_FOUND,
                            "the book is no longer where it was in the library");
    if (info.kind == PLANCHE_FILE_FOLDER) {
        snprintf(input, PATH_MAX, "/proc/self/fd/%d/.", *source);
        return PLANCHE_OK;
    }
    if (copy(*source, folder, input, cancel))
        return PLANCHE_OK;
    return planche_cancel_requested(cancel)
               ? planche_fail(error, PLANCHE_ERROR_CANCELLED, "cancelled")
               : planche_fail(error, PLANCHE_ERROR_IO, "%s: cannot be copied: %s", input,
                              strerror(errno));
}
