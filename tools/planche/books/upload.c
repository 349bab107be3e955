/* SPDX-License-Identifier: MIT */
/* Upload. Pieces gather in a block, which the thread of chores writes while the client waits: so
 * neither a slow disk nor a large book costs memory, and the loop waits for no disk. */
#include "books/upload.h"

#include "books/state.h"
#include "cli/json.h"
#include "io/tree.h"
#include "os/fd.h"
#include "os/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK ((size_t)256 << 10)
#define PIECE ((size_t)64 << 10) /* most bytes that come at once */

struct planche_books_upload {
    struct planche_books *books;
    struct planche_books_uploader uploader;
    struct planche_books_chore chore;
    struct planche_books_book *book; /* of the folder; not in the list yet */
    char folder[PATH_MAX];
    uint64_t size, reserved; /* bytes that have come; that the folder's room is kept for */
    char *block;
    size_t used;
    int fd;
    bool made; /* the folder */
    bool writing, finished, failed, abandoned;
    bool entered; /* the book is the list's */
    int problem;  /* errno */
    enum planche_books_refusal refusal;
    char *record;
};

static void destroy(struct planche_books_upload *upload)
{
    struct planche_books *books = upload->books;
    books->reserved -= upload->reserved;
    books->uploads--;
    planche_http_budget_release(books->settings.budget, BLOCK);
    planche_fd_close(&upload->fd);
    if (!upload->entered)
        planche_books_free(upload->book);
    free(upload->record);
    free(upload->block);
    free(upload);
}

static void start(struct planche_books_upload *upload, bool (*run)(void *user),
                  void (*done)(void *user, bool ok))
{
    upload->writing = true;
    upload->chore = (struct planche_books_chore){.run = run, .done = done, .user = upload};
    planche_books_chore_begin(&upload->chore, upload->books->chores, upload->books->settings.loop);
}

static bool run_removal(void *user)
{
    struct planche_books_upload *upload = user;
    planche_fd_close(&upload->fd);
    return !upload->made || planche_tree_remove(upload->folder);
}

static void on_removed(void *user, bool ok)
{
    struct planche_books_upload *upload = user;
    (void)ok; /* the next start removes what has no record */
    if (!upload->abandoned)
        upload->uploader.ended(upload->uploader.user, NULL, upload->refusal);
    destroy(upload);
}

/* Ends it without a book; who waits is told when nothing is left. */
static void fail(struct planche_books_upload *upload, enum planche_books_refusal refusal)
{
    if (!upload->failed)
        upload->refusal = refusal;
    upload->failed = true;
    if (!upload->writing)
        start(upload, run_removal, on_removed);
}

static bool open_part(struct planche_books_upload *upload)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%.*s/%s", PATH_MAX - 32, upload->folder, PLANCHE_BOOKS_PART);
    upload->made = planche_folder_make(upload->folder, 0700);
    upload->fd = upload->made ? planche_fd_create(path, 0600) : -1;
    return upload->fd >= 0;
}

/* On the thread of chores. */
static bool run_write(void *user)
{
    struct planche_books_upload *upload = user;
    bool ok = (upload->fd >= 0 || open_part(upload)) &&
              planche_fd_write(upload->fd, upload->block, upload->used);
    upload->problem = ok ? 0 : errno;
    return ok;
}

static enum planche_books_refusal judge(const struct planche_books_upload *upload)
{
    if (upload->problem == ENOSPC || upload->problem == EDQUOT || upload->problem == EFBIG)
        return PLANCHE_BOOKS_FULL;
    planche_log_write(upload->books->settings.log, PLANCHE_LOG_WARNING,
                      "an uploaded book cannot be written to %s: %s", upload->books->folder.path,
                      strerror(upload->problem));
    return PLANCHE_BOOKS_ERROR;
}

static void go_on(struct planche_books_upload *upload);

static void on_written(void *user, bool ok)
{
    struct planche_books_upload *upload = user;
    upload->writing = false;
    upload->used = 0;
    if (upload->failed || upload->abandoned)
        fail(upload, upload->refusal);
    else if (!ok)
        fail(upload, judge(upload));
    else
        go_on(upload);
}

/* The rest, the name and the record; all of it is on the disk then. */
static bool run_finish(void *user)
{
    struct planche_books_upload *upload = user;
    char part[PATH_MAX], input[PATH_MAX];
    snprintf(part, sizeof part, "%.*s/%s", PATH_MAX - 32, upload->folder, PLANCHE_BOOKS_PART);
    snprintf(input, sizeof input, "%.*s/%s", PATH_MAX - 32, upload->folder, PLANCHE_BOOKS_INPUT);
    bool ok = run_write(upload) && planche_fd_sync(upload->fd) && planche_fd_close(&upload->fd) &&
              planche_file_rename(part, input) &&
              planche_books_write_record(upload->folder, upload->record);
    upload->problem = ok ? 0 : errno;
    planche_folder_sync_parent(upload->folder);
    return ok;
}

static void on_finished(void *user, bool ok)
{
    struct planche_books_upload *upload = user;
    struct planche_books_book *book = upload->book;
    upload->writing = false;
    if (upload->failed || upload->abandoned || !ok) {
        fail(upload, ok ? PLANCHE_BOOKS_BUSY : judge(upload));
        return;
    }
    upload->entered = true;
    book->disk_bytes = upload->size;
    upload->books->reserved -= upload->reserved;
    upload->reserved = 0;
    planche_books_enter(upload->books, book);
    upload->uploader.ended(upload->uploader.user, book, PLANCHE_BOOKS_ACCEPTED);
    destroy(upload);
}

static void go_on(struct planche_books_upload *upload)
{
    if (upload->finished)
        start(upload, run_finish, on_finished);
    else
        upload->uploader.ready(upload->uploader.user);
}

static struct planche_books_upload *make_upload(struct planche_books *books)
{
    const struct planche_books_wish wish = {.name = "", .path = ""};
    struct planche_books_upload *upload = calloc(1, sizeof *upload);
    if (upload != NULL) {
        upload->block = malloc(BLOCK);
        upload->book = planche_books_new(&wish);
        upload->fd = -1;
        upload->books = books;
    }
    if (upload != NULL && upload->block != NULL && upload->book != NULL)
        return upload;
    if (upload != NULL && upload->book != NULL)
        planche_books_free(upload->book);
    free(upload != NULL ? upload->block : NULL);
    free(upload);
    return NULL;
}

struct planche_books_upload *
planche_books_upload_begin(struct planche_books *books, uint64_t size,
                           const struct planche_books_uploader *uploader,
                           enum planche_books_refusal *refusal)
{
    struct planche_books_upload *upload = NULL;
    *refusal = PLANCHE_BOOKS_BUSY;
    if (size > books->settings.upload_bytes) {
        *refusal = PLANCHE_BOOKS_TOO_LARGE;
        return NULL;
    }
    if (books->draining || books->count >= PLANCHE_BOOKS_MOST ||
        books->uploads >= PLANCHE_BOOKS_UPLOADS)
        return NULL;
    if (!books->ready) {
        *refusal = PLANCHE_BOOKS_NOWHERE;
        return NULL;
    }
    if (planche_books_room(books) == 0 || size > planche_books_room(books)) {
        *refusal = PLANCHE_BOOKS_FULL;
        return NULL;
    }
    if (!planche_http_budget_try(books->settings.budget, BLOCK))
        return NULL;
    upload = make_upload(books);
    if (upload == NULL) {
        planche_http_budget_release(books->settings.budget, BLOCK);
        return NULL;
    }
    upload->uploader = *uploader;
    upload->reserved = size;
    books->reserved += size;
    books->uploads++;
    planche_books_folder_path(&books->folder, upload->book->handle, NULL, upload->folder);
    return upload;
}

/* Keeps room for bytes whose number was not known. False: there is none. */
static bool reserve(struct planche_books_upload *upload)
{
    uint64_t more = upload->size > upload->reserved ? upload->size - upload->reserved : 0;
    if (more > planche_books_room(upload->books))
        return false;
    upload->reserved += more;
    upload->books->reserved += more;
    return true;
}

bool planche_books_upload_take(struct planche_books_upload *upload, const char *data, size_t size)
{
    if (upload->failed)
        return false;
    upload->size += size;
    if (size > BLOCK - upload->used || upload->size > upload->books->settings.upload_bytes)
        fail(upload, PLANCHE_BOOKS_TOO_LARGE);
    else if (!reserve(upload))
        fail(upload, PLANCHE_BOOKS_FULL);
    if (upload->failed)
        return false;
    memcpy(upload->block + upload->used, data, size);
    upload->used += size;
    return true;
}

bool planche_books_upload_flush(struct planche_books_upload *upload)
{
    if (BLOCK - upload->used < 2 * PIECE && !upload->writing)
        start(upload, run_write, on_written);
    return upload->writing;
}

void planche_books_upload_finish(struct planche_books_upload *upload,
                                 const struct planche_books_wish *wish)
{
    struct planche_books_book *book = upload->book;
    if (upload->failed)
        return;
    planche_books_clean_name(wish->name, book->name);
    json_decref(book->settings);
    book->settings = json_incref(wish->settings);
    book->container = wish->container;
    book->input_bytes = upload->size;
    upload->record = planche_cli_json_line(planche_books_make_record(book));
    upload->finished = true;
    if (!upload->writing)
        start(upload, run_finish, on_finished);
}

void planche_books_upload_abandon(struct planche_books_upload *upload)
{
    upload->abandoned = true;
    fail(upload, PLANCHE_BOOKS_BUSY);
}

/* A book of a library: its path is looked up, then its record is written. */
struct addition {
    struct planche_books_chore chore;
    struct planche_books *books;
    struct planche_books_book *book;
    enum planche_library_found found;
    struct planche_file_info info;
    char folder[PATH_MAX];
    char *record;
    void (*added)(void *user, struct planche_books_book *book, enum planche_books_refusal refusal);
    void *user;
};

static void end_addition(struct addition *addition, enum planche_books_refusal refusal)
{
    bool ok = refusal == PLANCHE_BOOKS_ACCEPTED;
    if (ok)
        planche_books_enter(addition->books, addition->book);
    else
        planche_books_free(addition->book);
    addition->added(addition->user, ok ? addition->book : NULL, refusal);
    free(addition->record);
    free(addition);
}

static bool run_addition(void *user)
{
    const struct addition *addition = user;
    bool ok = planche_folder_make(addition->folder, 0700) &&
              planche_books_write_record(addition->folder, addition->record);
    planche_folder_sync_parent(addition->folder);
    return ok;
}

static void on_added(void *user, bool ok)
{
    end_addition(user, ok ? PLANCHE_BOOKS_ACCEPTED : PLANCHE_BOOKS_ERROR);
}

static bool run_look(void *user)
{
    struct addition *addition = user;
    int fd;
    addition->found =
        planche_library_open(&addition->books->library, addition->book->path, &fd, &addition->info);
    if (addition->found == PLANCHE_LIBRARY_FOUND)
        planche_fd_close(&fd);
    return true;
}

/* Whether what was found can be taken. */
static enum planche_books_refusal judge_path(const struct addition *addition)
{
    const struct planche_books *books = addition->books;
    uint64_t size = addition->book->input_bytes, room = planche_books_room(books);
    if (addition->found != PLANCHE_LIBRARY_FOUND)
        return addition->found == PLANCHE_LIBRARY_ABSENT ? PLANCHE_BOOKS_ABSENT
                                                         : PLANCHE_BOOKS_OUTSIDE;
    if (size > books->settings.upload_bytes)
        return PLANCHE_BOOKS_TOO_LARGE;
    if (books->draining || books->count >= PLANCHE_BOOKS_MOST)
        return PLANCHE_BOOKS_BUSY;
    if (!books->ready)
        return PLANCHE_BOOKS_NOWHERE;
    return room == 0 || size > room ? PLANCHE_BOOKS_FULL : PLANCHE_BOOKS_ACCEPTED;
}

static void on_looked(void *user, bool ok)
{
    struct addition *addition = user;
    struct planche_books *books = addition->books;
    struct planche_books_book *book = addition->book;
    bool is_file = addition->info.kind == PLANCHE_FILE_REGULAR;
    book->input_bytes = book->disk_bytes = is_file ? addition->info.size : 0;
    enum planche_books_refusal refusal = ok ? judge_path(addition) : PLANCHE_BOOKS_BUSY;
    if (refusal != PLANCHE_BOOKS_ACCEPTED) {
        end_addition(addition, refusal);
        return;
    }
    addition->chore =
        (struct planche_books_chore){.run = run_addition, .done = on_added, .user = addition};
    addition->record = planche_cli_json_line(planche_books_make_record(book));
    planche_books_folder_path(&books->folder, book->handle, NULL, addition->folder);
    planche_books_chore_begin(&addition->chore, books->chores, books->settings.loop);
}

enum planche_books_refusal planche_books_add_path(
    struct planche_books *books, const struct planche_books_wish *wish,
    void (*added)(void *user, struct planche_books_book *book, enum planche_books_refusal refusal),
    void *user)
{
    if (books->looks == NULL)
        return PLANCHE_BOOKS_NO_ROOT;
    struct addition *addition = calloc(1, sizeof *addition);
    struct planche_books_book *book = addition != NULL ? planche_books_new(wish) : NULL;
    if (book == NULL) {
        free(addition);
        return PLANCHE_BOOKS_BUSY;
    }
    *addition = (struct addition){.books = books, .book = book, .added = added, .user = user};
    addition->chore =
        (struct planche_books_chore){.run = run_look, .done = on_looked, .user = addition};
    planche_books_chore_begin(&addition->chore, books->looks, books->settings.loop);
    return PLANCHE_BOOKS_ACCEPTED;
}
