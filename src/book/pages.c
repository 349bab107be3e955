/* SPDX-License-Identifier: MIT */
/* The second walk: one thread takes what is in the archive out of it, in order; others bring pages
 * through the engine, whose door sees to the memory. What waits between them lies in the work
 * folder, not in memory. */
#include "book/book.h"

#include "base/status.h"
#include "os/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_BYTES ((size_t)256 << 10)

struct page_queue {
    struct planche_book *book;
    struct planche_digests digests;
    uint8_t *buffer; /* of the reader */
    size_t jobs;

    /* Under the book's mutex. */
    struct planche_cond changed;
    size_t *ring; /* pages that wait, a ring of `capacity` */
    size_t capacity, first, waiting;
    bool read;    /* no more will come */
    double parts; /* finished, of the pages in flight */
    enum planche_status status;
    struct planche_error error;
    size_t failed_entry; /* the entry that stopped the book */
};

/* A page in flight. */
struct in_flight {
    struct page_queue *queue;
    struct planche_entry *entry;
    double done;
    bool kept;
};

/* Stops everything. Of several reasons, the one that comes first in the book is told. The mutex is
 * held. */
static void stop(struct page_queue *queue, size_t index, enum planche_status status,
                 const struct planche_error *error)
{
    bool worse = queue->status == PLANCHE_OK || queue->status == PLANCHE_ERROR_CANCELLED;
    if (worse || (status != PLANCHE_ERROR_CANCELLED && index < queue->failed_entry)) {
        queue->status = status;
        queue->error = *error;
        queue->failed_entry = index;
    }
    planche_cond_broadcast(&queue->changed);
}

static void stop_locked(struct page_queue *queue, size_t index, enum planche_status status,
                        const struct planche_error *error)
{
    planche_mutex_lock(&queue->book->mutex);
    stop(queue, index, status, error);
    planche_mutex_unlock(&queue->book->mutex);
}

/* Tells the owner of an entry (NULL: none) that has moved; `more` pages are done. True: stop. */
static bool report(struct page_queue *queue, const struct planche_entry *entry, size_t more)
{
    struct planche_book *book = queue->book;
    planche_mutex_lock(&book->mutex);
    book->progress.done += more;
    book->progress.done_parts = (double)book->progress.done + queue->parts;
    if (!queue->status && planche_book_report(book, entry ? entry->name : NULL)) {
        struct planche_error error;
        stop(queue, PLANCHE_NO_ENTRY, planche_book_fail_cancelled(&error), &error);
    }
    bool stopped = queue->status != PLANCHE_OK;
    planche_mutex_unlock(&book->mutex);
    return stopped;
}

static int on_page_progress(void *user, double done)
{
    struct in_flight *flight = user;
    planche_mutex_lock(&flight->queue->book->mutex);
    flight->queue->parts += done - flight->done;
    planche_mutex_unlock(&flight->queue->book->mutex);
    flight->done = done;
    return report(flight->queue, flight->entry, 0);
}

static enum planche_status filter_page(void *user, const struct planche_image_info *info,
                                       struct planche_error *error)
{
    struct in_flight *flight = user;
    flight->kept = planche_book_skip_page(flight->queue->book, flight->entry, info);
    return flight->kept ? planche_fail(error, PLANCHE_ERROR_CANCELLED, "is kept") : PLANCHE_OK;
}

/* In an EPUB, what is not told otherwise stays what it is. */
static enum planche_format choose_format(const struct planche_book *book,
                                         const struct planche_entry *entry)
{
    if (book->page.format != PLANCHE_FORMAT_AUTO)
        return book->page.format;
    return book->entries.referred && entry->format ? entry->format : PLANCHE_FORMAT_WEBP;
}

/* The size of a part; that of a page in one piece is known. */
static enum planche_status measure_part(struct planche_book *book, const char *path,
                                        struct planche_made_part *part, struct planche_error *error)
{
    const struct planche_source source = {.name = path, .path = path};
    const struct planche_reader_options options = {.budget = &book->budget, .header_only = true};
    struct planche_reader *reader;
    enum planche_status status = planche_reader_open(&reader, &source, &options, error);
    if (status)
        return status;
    part->width = planche_reader_info(reader)->width;
    part->height = planche_reader_info(reader)->height;
    planche_reader_destroy(&reader);
    return PLANCHE_OK;
}

static enum planche_status describe_part(struct planche_book *book, struct planche_entry *entry,
                                         unsigned index, struct planche_error *error)
{
    struct planche_made *made = &entry->made;
    struct planche_made_part *part = &made->part[index];
    struct stat info;
    char path[PATH_MAX];
    planche_workdir_page_path(&book->work, entry->digest, made->format, index, made->parts, path);
    if (stat(path, &info) != 0)
        return planche_fail(error, PLANCHE_ERROR_IO, "%s: %s", path, strerror(errno));
    *part = (struct planche_made_part){
        .width = entry->result.output_width,
        .height = entry->result.output_height,
        .bytes = (uint64_t)info.st_size,
    };
    return made->parts > 1 ? measure_part(book, path, part, error) : PLANCHE_OK;
}

static enum planche_status record_page(struct planche_book *book, struct planche_entry *entry,
                                       struct planche_error *error)
{
    struct planche_made *made = &entry->made;
    enum planche_status status = PLANCHE_OK;
    made->format = entry->result.format;
    made->part = planche_calloc(&book->budget, entry->result.parts, sizeof *made->part);
    if (!made->part)
        return planche_fail_memory(error, &book->budget, entry->result.parts * sizeof *made->part,
                                   entry->name);
    made->parts = entry->result.parts;
    for (unsigned part = 0; !status && part < made->parts; part++)
        status = describe_part(book, entry, part, error);
    if (!status)
        status = planche_workdir_record(&book->work, entry, error);
    if (status) {
        /* The page has failed, whatever lies in the work folder. */
        planche_free(made->part);
        *made = (struct planche_made){0};
    }
    return status;
}

static enum planche_status run_page(struct in_flight *flight, const char *input,
                                    struct planche_error *error)
{
    struct planche_book *book = flight->queue->book;
    struct planche_entry *entry = flight->entry;
    char name[PATH_MAX + PLANCHE_ENTRY_NAME_BYTES + 4], output[PATH_MAX];
    const struct planche_source source = {.name = name, .path = input};
    const struct planche_page_filter filter = {filter_page, flight};
    struct planche_page_options options = book->page;
    options.format = choose_format(book, entry);
    options.overwrite = true;
    /* What speaks of a page in an EPUB speaks of one file. */
    if (book->entries.referred && options.on_limit == PLANCHE_ON_LIMIT_SPLIT)
        options.on_limit = PLANCHE_ON_LIMIT_SWITCH;
    options.progress = on_page_progress;
    options.progress_user = flight;
    snprintf(name, sizeof name, "%s: %s", book->input, entry->name);
    planche_workdir_page_path(&book->work, entry->digest, options.format, 0, 1, output);
    entry->result.struct_size = sizeof entry->result;
    enum planche_status status = planche_engine_run_source(book->engine, &source, &filter, output,
                                                           &options, &entry->result, error);
    return status ? status : record_page(book, entry, error);
}

/* Faults of the page itself, not of the machine it runs on. */
static bool is_own_fault(enum planche_status status)
{
    return status == PLANCHE_ERROR_DATA || status == PLANCHE_ERROR_UNSUPPORTED ||
           status == PLANCHE_ERROR_LIMIT || status == PLANCHE_ERROR_BUDGET;
}

/* The file that cannot be written is the book, for its owner. */
static void name_output(const struct planche_book *book, enum planche_status status,
                        struct planche_error *error)
{
    char reason[PLANCHE_ERROR_MESSAGE_SIZE];
    size_t folder = strlen(book->work.folder);
    const char *colon = strstr(error->message, ": ");
    if (strncmp(error->message, book->work.folder, folder) != 0 || !colon)
        return;
    snprintf(reason, sizeof reason, "%s", colon + 2);
    planche_fail(error, status, "%s: %s (in the folder %s)", book->output, reason,
                 book->work.folder);
}

/* What a failure of a page means for the book. */
static enum planche_status judge_failure(struct planche_book *book, struct planche_entry *entry,
                                         enum planche_status status, struct planche_error *error)
{
    const struct planche_error why = *error;
    if (!is_own_fault(status)) {
        name_output(book, status, error);
        return status;
    }
    if (book->options.on_error == PLANCHE_ON_ERROR_FAIL)
        return status;
    return planche_book_fail_page(book, entry, status, &why, error);
}

static void run_one(struct page_queue *queue, size_t index)
{
    struct planche_book *book = queue->book;
    struct in_flight flight = {.queue = queue, .entry = &book->entries.list[index]};
    struct planche_error error = {0};
    char input[PATH_MAX];
    planche_workdir_entry_path(&book->work, index, PLANCHE_WORKDIR_IN, input);
    enum planche_status status = run_page(&flight, input, &error);
    if (status == PLANCHE_OK) {
        flight.entry->outcome = PLANCHE_BOOK_ENLARGED;
        unlink(input);
    } else if (flight.kept) {
        status = PLANCHE_OK;
    } else {
        status = judge_failure(book, flight.entry, status, &error);
    }
    planche_mutex_lock(&book->mutex);
    queue->parts -= flight.done;
    if (status)
        stop(queue, index, status, &error);
    planche_mutex_unlock(&book->mutex);
    if (!status)
        report(queue, flight.entry, 1);
}

static bool take_page(struct page_queue *queue, size_t *index)
{
    struct planche_mutex *mutex = &queue->book->mutex;
    planche_mutex_lock(mutex);
    while (!queue->status && !queue->waiting && !queue->read)
        planche_cond_wait(&queue->changed, mutex);
    bool taken = !queue->status && queue->waiting;
    if (taken) {
        *index = queue->ring[queue->first];
        queue->first = (queue->first + 1) % queue->capacity;
        queue->waiting--;
        planche_cond_broadcast(&queue->changed);
    }
    planche_mutex_unlock(mutex);
    return taken;
}

static void work(void *user)
{
    struct page_queue *queue = user;
    size_t index;
    while (take_page(queue, &index))
        run_one(queue, index);
}

/* Hands a page over as soon as there is room. False: the book has been stopped. */
static bool give_page(struct page_queue *queue, size_t index)
{
    struct planche_mutex *mutex = &queue->book->mutex;
    planche_mutex_lock(mutex);
    while (!queue->status && queue->waiting == queue->capacity)
        planche_cond_wait(&queue->changed, mutex);
    bool given = !queue->status;
    if (given) {
        queue->ring[(queue->first + queue->waiting) % queue->capacity] = index;
        queue->waiting++;
        planche_cond_broadcast(&queue->changed);
    }
    planche_mutex_unlock(mutex);
    return given;
}

static enum planche_status cannot_write(const struct planche_book *book,
                                        struct planche_error *error)
{
    return planche_fail(error, PLANCHE_ERROR_IO, "%s: cannot be written: %s (in the folder %s)",
                        book->output, strerror(errno), book->work.folder);
}

/* Puts content to where it waits. It need not outlive this run: the next takes it out of the
 * archive again. unread: it is the archive that has failed. */
static enum planche_status spool(struct page_queue *queue, struct planche_archive *archive,
                                 struct planche_entry *entry, const char *path, bool *unread,
                                 struct planche_error *error)
{
    struct sha256_ctx context;
    size_t got = 0;
    enum planche_status status;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return cannot_write(queue->book, error);
    sha256_init(&context);
    do {
        status = planche_archive_read(archive, queue->buffer, READ_BYTES, &got, error);
        *unread = status != PLANCHE_OK;
        if (status)
            break;
        sha256_update(&context, got, queue->buffer);
        entry->input_bytes += got;
        if (!planche_fd_write(fd, queue->buffer, got))
            status = cannot_write(queue->book, error);
        else if (report(queue, entry, 0))
            status = planche_book_fail_cancelled(error);
    } while (!status && got > 0);
    sha256_digest(&context, sizeof entry->digest, entry->digest);
    if (close(fd) != 0 && !status)
        status = cannot_write(queue->book, error);
    return status;
}

/* A page that has come: it is there already, or goes to the engine. */
static enum planche_status dispatch_page(struct page_queue *queue, size_t index, const char *path,
                                         struct planche_error *error)
{
    struct planche_entry *entry = &queue->book->entries.list[index];
    size_t first = planche_digests_add(&queue->digests, index);
    if (first != index) {
        entry->original = first;
    } else {
        enum planche_status status = planche_workdir_lookup(&queue->book->work, entry, error);
        if (status)
            return status;
        entry->outcome = PLANCHE_BOOK_RESUMED;
        if (!entry->made.parts)
            return give_page(queue, index) ? PLANCHE_OK : planche_book_fail_cancelled(error);
    }
    unlink(path);
    return report(queue, entry, 1) ? planche_book_fail_cancelled(error) : PLANCHE_OK;
}

static enum planche_status take_entry(struct page_queue *queue, struct planche_archive *archive,
                                      size_t index, struct planche_error *error)
{
    struct planche_book *book = queue->book;
    struct planche_entry *entry = &book->entries.list[index];
    char path[PATH_MAX];
    if (entry->folder)
        return PLANCHE_OK;
    planche_workdir_entry_path(&book->work, index, PLANCHE_WORKDIR_IN, path);
    bool unread = false;
    enum planche_status status = spool(queue, archive, entry, path, &unread, error);
    if (unread && planche_book_survives(book, entry, status)) {
        struct planche_error why = *error;
        entry->lost = entry->input_bytes == 0 || status == PLANCHE_ERROR_IO;
        if (entry->lost && status != PLANCHE_ERROR_IO)
            planche_fail(&why, status, "%s (nothing of it could be read)", error->message);
        report(queue, entry, entry->page);
        return planche_book_fail_page(book, entry, status, &why, error);
    }
    return status || !entry->page ? status : dispatch_page(queue, index, path, error);
}

/* What the survey has seen must still be there. */
static bool is_same(const struct planche_book *book, size_t index, bool end,
                    const struct planche_archive_entry *found)
{
    const struct planche_entry *entry = &book->entries.list[index];
    if (end || index == book->entries.count)
        return end && index == book->entries.count;
    return strcmp(found->name, entry->name) == 0 && found->folder == entry->folder;
}

static bool wants_to_stop(void *user)
{
    return report(user, NULL, 0);
}

static enum planche_status read_archive(struct page_queue *queue, struct planche_archive *archive,
                                        struct planche_error *error)
{
    struct planche_book *book = queue->book;
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
            status = planche_book_reserve(book, wants_to_stop, queue, error);
        if (status)
            stop_locked(queue, index, status, error);
        if (status || end)
            return status;
    }
}

/* Threads for pages, and this one for the archive. Fewer threads than wanted will do. */
static enum planche_status run(struct page_queue *queue, struct planche_archive *archive,
                               struct planche_thread *threads, struct planche_error *error)
{
    size_t started = 0;
    while (started < queue->jobs && planche_thread_start(&threads[started], work, queue))
        started++;
    if (!started && queue->jobs) {
        planche_fail(error, PLANCHE_ERROR_MEMORY, "%s: no memory for a thread", queue->book->input);
        stop_locked(queue, 0, PLANCHE_ERROR_MEMORY, error);
    } else {
        read_archive(queue, archive, error);
    }
    planche_mutex_lock(&queue->book->mutex);
    queue->read = true;
    planche_cond_broadcast(&queue->changed);
    planche_mutex_unlock(&queue->book->mutex);
    for (size_t i = 0; i < started; i++)
        planche_thread_join(&threads[i]);
    if (queue->status && error)
        *error = queue->error;
    return queue->status;
}

/* A page with the bytes of another before it fares like that. */
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
        if (book->entries.list[i].original != PLANCHE_NO_ENTRY)
            status = copy_outcome(book, &book->entries.list[i], error);
    return status;
}

enum planche_status planche_book_run_pages(struct planche_book *book, struct planche_error *error)
{
    size_t jobs = book->engine->state->admission.jobs;
    struct page_queue queue = {.book = book, .failed_entry = PLANCHE_NO_ENTRY};
    struct planche_archive *archive = NULL;
    struct planche_error reason = {0};
    planche_cond_init(&queue.changed);
    queue.jobs = jobs < book->entries.pages ? jobs : book->entries.pages;
    queue.capacity = queue.jobs + 1;
    queue.ring = planche_calloc(&book->budget, queue.capacity, sizeof *queue.ring);
    queue.buffer = planche_alloc(&book->budget, READ_BYTES);
    struct planche_thread *threads = planche_calloc(&book->budget, queue.capacity, sizeof *threads);
    enum planche_status status = planche_digests_init(&queue.digests, &book->entries, &reason);
    if (!queue.ring || !queue.buffer || !threads)
        status = planche_fail_memory(&reason, &book->budget, READ_BYTES, book->input);
    if (!status)
        status = planche_book_open(book, wants_to_stop, &queue, &archive, &reason);
    if (!status)
        status = planche_book_reserve(book, wants_to_stop, &queue, &reason);
    if (!status)
        status = run(&queue, archive, threads, &reason);
    if (!status)
        status = copy_outcomes(book, &reason);
    planche_archive_close(&archive);
    planche_digests_free(&queue.digests);
    planche_free(threads);
    planche_free(queue.buffer);
    planche_free(queue.ring);
    planche_cond_destroy(&queue.changed);
    if (status && error)
        *error = reason;
    return status;
}
