/* SPDX-License-Identifier: MIT */
/* Pages: the second pass. This thread reads the archive in order into the work folder (the spool),
 * and submits each page as a job to a bounded queue whose workers run pages through the engine,
 * whose admission control bounds the memory. What waits lies in the work folder, not in memory. */
#include "base/status.h"
#include "book/existing.h"
#include "book/page_run.h"
#include "book/steps.h"
#include "engine/internal.h"
#include "job/queue.h"
#include "job/submit.h"
#include "os/fd.h"
#include "os/file.h"

#include <errno.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <string.h>

/* The reader of the archive and the queue that it feeds. */
struct page_queue {
    struct planche_page_runs runs;
    struct planche_digests digests; /* of the pages so far */
    struct planche_job_queue *jobs; /* NULL: the book has no pages */
    uint8_t *buffer;                /* PLANCHE_SPOOL_BYTES */
};

/* A page that was submitted. */
struct page_job {
    struct planche_page_runs *runs;
    size_t index;
};

static enum planche_status run_job(void *user, struct planche_cancel *cancel)
{
    const struct page_job *job = user;
    (void)cancel; /* pages heed the token of all runs */
    planche_book_run_page(job->runs, job->index);
    return PLANCHE_OK;
}

static void free_job(void *user, enum planche_status status)
{
    (void)status;
    planche_free(user);
}

/* Waits until the queue has room for a page. Errors: MEMORY, BUDGET; CANCELLED when the book has
 * been stopped. */
static enum planche_status submit_page(struct page_queue *queue, size_t index,
                                       struct planche_error *error)
{
    struct planche_book *book = queue->runs.book;
    struct page_job *page = planche_alloc(&book->budget, sizeof *page);
    if (!page)
        return planche_fail_memory(error, &book->budget, sizeof *page,
                                   book->entries.list[index].name);
    *page = (struct page_job){&queue->runs, index};
    const struct planche_job job = {
        .struct_size = sizeof job, .run = run_job, .done = free_job, .user = page};
    book->entries.list[index].running = true;
    /* When the book's own token fires, the pages in flight notice, and stop all the rest. */
    enum planche_status status =
        planche_job_queue_add(queue->jobs, &job, true, &queue->runs.stopped, NULL, error);
    if (status)
        planche_free(page);
    return status;
}

static enum planche_status cannot_write(const struct planche_book *book,
                                        struct planche_error *error)
{
    return planche_fail(error, PLANCHE_ERROR_IO, "%s: cannot be written: %s (in the folder %s)",
                        book->output, strerror(errno), book->work.folder);
}

/* Without a file to spool to, the book cannot go on. */
static enum planche_status copy_entry(struct planche_book *book, const struct planche_spool *spool,
                                      int fd, uint64_t *bytes, bool *unread,
                                      struct planche_error *error)
{
    size_t got = 0;
    enum planche_status status = PLANCHE_OK;
    do {
        status =
            planche_archive_read(spool->archive, spool->buffer, PLANCHE_SPOOL_BYTES, &got, error);
        *unread = status != PLANCHE_OK;
        if (status)
            break;
        *bytes += got;
        status = planche_fd_write(fd, spool->buffer, got) ? spool->more(spool->user, got, error)
                                                          : cannot_write(book, error);
    } while (!status && got > 0);
    return status;
}

/* The file need not outlive this run: the next takes the entry out of the archive again. */
enum planche_status planche_book_spool(struct planche_book *book, const struct planche_spool *spool,
                                       bool *unread, struct planche_error *error)
{
    uint64_t bytes = 0;
    int fd = planche_fd_create(spool->path, 0666);
    *unread = false;
    if (fd < 0)
        return cannot_write(book, error);
    enum planche_status status = copy_entry(book, spool, fd, &bytes, unread, error);
    if (!status && !planche_fd_has_size(fd, bytes))
        status = cannot_write(book, error);
    if (!planche_fd_close(&fd) && !status)
        status = cannot_write(book, error);
    return status;
}

/* An entry that is being spooled. */
struct arrival {
    struct page_queue *queue;
    struct planche_entry *entry;
    struct sha256_ctx context;
};

static enum planche_status take_piece(void *user, size_t got, struct planche_error *error)
{
    struct arrival *arrival = user;
    struct page_queue *queue = arrival->queue;
    sha256_update(&arrival->context, got, queue->buffer);
    arrival->entry->input_bytes += got;
    return planche_page_runs_report(&queue->runs, arrival->entry, 0.0, 0)
               ? planche_cancel_fail(&queue->runs.cancel, error)
               : PLANCHE_OK;
}

/* Spools an entry, with its digest. */
static enum planche_status spool(struct page_queue *queue, struct planche_archive *archive,
                                 struct planche_entry *entry, const char *path, bool *unread,
                                 struct planche_error *error)
{
    struct arrival arrival = {.queue = queue, .entry = entry};
    const struct planche_spool how = {
        .archive = archive,
        .path = path,
        .buffer = queue->buffer,
        .more = take_piece,
        .user = &arrival,
    };
    sha256_init(&arrival.context);
    enum planche_status status = planche_book_spool(queue->runs.book, &how, unread, error);
    sha256_digest(&arrival.context, sizeof entry->digest, entry->digest);
    return status;
}

/* A page that has come: it is there already, or goes to the engine. */
static enum planche_status dispatch_page(struct page_queue *queue, size_t index, const char *path,
                                         struct planche_error *error)
{
    struct planche_entry *entry = &queue->runs.book->entries.list[index];
    size_t first = planche_digests_add(&queue->digests, index);
    enum planche_status found = planche_existing_find(queue->runs.book, entry, path, error);
    if (found)
        return found;
    if (entry->stays) {
        /* Nothing is to be done. */
    } else if (first != index) {
        planche_file_remove(path);
        return planche_page_runs_repeat(&queue->runs, entry, first)
                   ? planche_cancel_fail(&queue->runs.cancel, error)
                   : PLANCHE_OK;
    } else {
        enum planche_status status = planche_workdir_lookup(&queue->runs.book->work, entry, error);
        if (status)
            return status;
        entry->outcome = PLANCHE_BOOK_RESUMED;
        if (!entry->made.parts)
            return submit_page(queue, index, error);
    }
    planche_file_remove(path);
    return planche_page_runs_report(&queue->runs, entry, 0.0, 1)
               ? planche_cancel_fail(&queue->runs.cancel, error)
               : PLANCHE_OK;
}

static enum planche_status take_entry(struct page_queue *queue, struct planche_archive *archive,
                                      size_t index, struct planche_error *error)
{
    struct planche_book *book = queue->runs.book;
    struct planche_entry *entry = &book->entries.list[index];
    char path[PATH_MAX];
    if (entry->folder || entry->dropped)
        return PLANCHE_OK;
    planche_workdir_entry_path(&book->work, index, PLANCHE_WORKDIR_IN, path);
    bool unread = false;
    enum planche_status status = spool(queue, archive, entry, path, &unread, error);
    if (unread && planche_book_survives(book, entry, status)) {
        struct planche_error why = *error;
        entry->lost = entry->input_bytes == 0 || status == PLANCHE_ERROR_IO;
        if (entry->lost && status != PLANCHE_ERROR_IO)
            planche_fail(&why, status, "%s (nothing of it could be read)", error->message);
        planche_page_runs_report(&queue->runs, entry, 0.0, entry->page);
        return planche_book_fail_page(book, entry, status, &why, error);
    }
    return status || !entry->page ? status : dispatch_page(queue, index, path, error);
}

/* Whether the second pass finds the entry that the first has listed. */
static bool is_same(const struct planche_book *book, size_t index, bool end,
                    const struct planche_archive_entry *found)
{
    if (end || index == book->entries.count)
        return end && index == book->entries.count;
    const struct planche_entry *entry = &book->entries.list[index];
    return strcmp(found->name, entry->name) == 0 && found->folder == entry->folder;
}

static enum planche_status read_archive(struct page_queue *queue, struct planche_archive *archive,
                                        struct planche_error *error)
{
    struct planche_book *book = queue->runs.book;
    struct planche_archive_entry found;
    bool end = false;
    for (size_t index = 0;; index++) {
        enum planche_status status = planche_archive_next(archive, &found, &end, error);
        if (!status && !is_same(book, index, end, &found))
            status = planche_fail(error, PLANCHE_ERROR_IO, "%s: has changed while it was read",
                                  book->input);
        if (!status && !end)
            status = take_entry(queue, archive, index, error);
        /* What the archive takes may only show when it is read. */
        if (!status && !end)
            status = planche_book_reserve(book, &queue->runs.cancel, error);
        if (status)
            planche_page_runs_fail(&queue->runs, index, status, error);
        if (status || end)
            return status;
    }
}

/* Reads the archive, and waits until the pages have been run. */
static enum planche_status run(struct page_queue *queue, struct planche_archive *archive,
                               struct planche_error *error)
{
    enum planche_status status = read_archive(queue, archive, error);
    if (queue->jobs && !status)
        planche_job_queue_wait_done(queue->jobs, NULL, error);
    planche_job_queue_unmake(&queue->jobs);
    /* No page is in flight any more. */
    if (queue->runs.status)
        *error = queue->runs.error;
    return queue->runs.status;
}

/* A page with the same bytes as an earlier one gets the outcome of that one. */
static enum planche_status copy_outcome(struct planche_book *book, struct planche_entry *entry,
                                        struct planche_error *error)
{
    const struct planche_entry *original = &book->entries.list[entry->original];
    const struct planche_made *made = &original->made;
    entry->width = original->width;
    entry->height = original->height;
    entry->outcome = original->outcome;
    if (entry->outcome == PLANCHE_BOOK_FAILED) {
        struct planche_error why;
        snprintf(why.message, sizeof why.message, "%s", original->message);
        return planche_book_fail_page(book, entry, original->status, &why, error);
    }
    if (!made->parts)
        return PLANCHE_OK;
    entry->outcome = PLANCHE_BOOK_DUPLICATE;
    size_t size = made->parts * sizeof *made->part;
    entry->made = *made;
    entry->made.part = planche_alloc(&book->budget, size);
    if (!entry->made.part)
        return planche_fail_memory(error, &book->budget, size, entry->name);
    memcpy(entry->made.part, made->part, size);
    return PLANCHE_OK;
}

static enum planche_status copy_outcomes(struct planche_book *book, struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    for (size_t i = 0; i < book->entries.count && !status; i++)
        if (book->entries.list[i].original != PLANCHE_NO_ENTRY && !book->entries.list[i].stays)
            status = copy_outcome(book, &book->entries.list[i], error);
    return status;
}

/* As many workers as there are pages, and the engine can run. Fewer will do. */
static enum planche_status open_queue(struct page_queue *queue, struct planche_error *error)
{
    struct planche_book *book = queue->runs.book;
    struct planche_job_queue_options options = PLANCHE_JOB_QUEUE_OPTIONS_INIT;
    size_t jobs =
        book->options.make_page ? book->options.makers : planche_engine_jobs(book->engine);
    options.workers = (unsigned)(jobs < book->entries.pages ? jobs : book->entries.pages);
    options.capacity = options.workers + 1;
    planche_engine_expect(book->engine, book->entries.pages);
    queue->buffer = planche_alloc(&book->budget, PLANCHE_SPOOL_BYTES);
    if (!queue->buffer)
        return planche_fail_memory(error, &book->budget, PLANCHE_SPOOL_BYTES, book->input);
    enum planche_status status = planche_digests_init(&queue->digests, &book->entries, error);
    if (!status && options.workers)
        status = planche_job_queue_make(&queue->jobs, &options, NULL, error);
    return status;
}

static void close_queue(struct page_queue *queue)
{
    planche_job_queue_unmake(&queue->jobs);
    planche_digests_free(&queue->digests);
    planche_free(queue->buffer);
}

enum planche_status planche_book_run_pages(struct planche_book *book, struct planche_error *error)
{
    struct page_queue queue = {0};
    struct planche_archive *archive = NULL;
    planche_page_runs_init(&queue.runs, book);
    enum planche_status status = open_queue(&queue, error);
    if (!status)
        status = planche_book_open(book, &queue.runs.cancel, &archive, error);
    if (!status)
        status = planche_book_reserve(book, &queue.runs.cancel, error);
    if (!status)
        status = run(&queue, archive, error);
    if (!status)
        status = copy_outcomes(book, error);
    planche_archive_close(&archive);
    close_queue(&queue);
    return status;
}
