/* SPDX-License-Identifier: MIT */
/* Other files of libraries: copied to their places, complete or not at all. */
#include "enlarge/copy_others.h"

#include "base/cancel.h"
#include "cli/interrupt.h"
#include "cli/paths.h"
#include "cli/terminal.h"
#include "io/atomic_file.h"
#include "io/digest.h"
#include "os/fd.h"
#include "os/file_info.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COPY_BYTES ((size_t)256 << 10)

/* FAT keeps times to two seconds. */
#define SAME_SECONDS 2

static enum planche_status fail(struct planche_error *error, const char *path, int reason)
{
    error->status = PLANCHE_ERROR_IO;
    snprintf(error->message, sizeof error->message, "%s: %s", path, strerror(reason));
    return PLANCHE_ERROR_IO;
}

static enum planche_status copy_bytes(int from, struct planche_atomic_file *to, const char *path,
                                      struct planche_error *error)
{
    char *buffer = malloc(COPY_BYTES);
    enum planche_status status = buffer != NULL ? PLANCHE_OK : fail(error, path, ENOMEM);
    int64_t got = 1;
    while (status == PLANCHE_OK && got > 0) {
        got = planche_fd_read(from, buffer, COPY_BYTES);
        if (got < 0)
            status = fail(error, path, errno);
        else if (planche_cli_interrupt_signal() != 0)
            status = PLANCHE_ERROR_CANCELLED;
        else
            status = planche_atomic_file_write(to, buffer, (size_t)got, error);
    }
    free(buffer);
    return status;
}

/* The copy has the time of its source: a later run knows it by that. */
static void keep_time(const char *output, const struct planche_file_info *source)
{
    int fd = planche_fd_open(output, 0, NULL);
    if (fd >= 0)
        (void)!planche_fd_set_mtime(fd, (int64_t)source->mtime.tv_sec);
    planche_fd_close(&fd);
}

static enum planche_status copy(const struct planche_cli_item *item, struct planche_error *error)
{
    struct planche_atomic_file *file = NULL;
    struct planche_file_info info;
    if (!planche_cli_make_parent(item->output))
        return fail(error, item->output, errno);
    int from = planche_fd_open(item->input, 0, &info);
    if (from < 0)
        return fail(error, item->input, errno);
    enum planche_status status =
        planche_atomic_file_create(&file, item->output, item->replaces, NULL, error);
    if (status == PLANCHE_OK)
        status = copy_bytes(from, file, item->input, error);
    if (status == PLANCHE_OK)
        status = planche_atomic_file_commit(file, error);
    planche_atomic_file_destroy(&file);
    planche_fd_close(&from);
    if (status == PLANCHE_OK)
        keep_time(item->output, &info);
    return status;
}

static bool has_same_content(const struct planche_cli_item *item,
                             const struct planche_cancel_token *cancel)
{
    uint8_t source[PLANCHE_IO_DIGEST_BYTES], output[PLANCHE_IO_DIGEST_BYTES];
    return planche_content_digest(item->input, cancel, source) &&
           planche_content_digest(item->output, cancel, output) &&
           memcmp(source, output, sizeof source) == 0;
}

/* What somebody has changed in the output is not put back unless that is asked for. Nothing is
 * known, and the status PLANCHE_ERROR_CANCELLED, if the comparison was cancelled. */
static enum planche_status judge(const struct planche_cli_options *options,
                                 struct planche_cli_item *item)
{
    const struct planche_cancel_token cancel = {.handle = planche_cli_interrupt_cancel()};
    struct planche_file_info source, output;
    item->makes = item->replaces = options->page.overwrite;
    item->verdict = PLANCHE_CLI_MISSING;
    if (planche_file_find_link(item->output, &output) != PLANCHE_FILE_PRESENT ||
        output.kind == PLANCHE_FILE_FOLDER) {
        item->makes = true; /* of a folder in its place writing tells */
        return PLANCHE_OK;
    }
    bool same = planche_file_find(item->input, &source) == PLANCHE_FILE_PRESENT &&
                source.size == output.size &&
                (llabs((long long)(source.mtime.tv_sec - output.mtime.tv_sec)) <= SAME_SECONDS ||
                 options->skip_existing || has_same_content(item, &cancel));
    if (!same && planche_cancel_check(&cancel))
        return PLANCHE_ERROR_CANCELLED;
    item->verdict =
        same || options->skip_existing ? PLANCHE_CLI_UP_TO_DATE : PLANCHE_CLI_SOURCE_CHANGED;
    if (item->verdict == PLANCHE_CLI_SOURCE_CHANGED && options->update)
        item->makes = item->replaces = true;
    return PLANCHE_OK;
}

static void print_json(struct planche_cli_run *run, const struct planche_cli_item *item,
                       enum planche_status status, const char *message)
{
    json_t *object = planche_cli_json_other(item, status, message);
    if (run->options.dry_run)
        json_object_set_new(object, "dry_run", json_true());
    planche_cli_run_json(run, object);
}

/* What the run would do; its bytes count. */
static void foresee(struct planche_cli_run *run, const struct planche_cli_item *item)
{
    struct planche_file_info info;
    if (item->makes && planche_file_find(item->input, &info) == PLANCHE_FILE_PRESENT)
        run->summary.copied_bytes += info.size;
    if (item->makes && !run->options.json)
        planche_cli_print("%s -> %s  (copy)", item->input, item->output);
    if (run->options.json && item->verdict != PLANCHE_CLI_UP_TO_DATE)
        print_json(run, item, PLANCHE_OK, NULL);
}

static void report(struct planche_cli_run *run, const struct planche_cli_item *item,
                   enum planche_status status, const char *message)
{
    if (status != PLANCHE_OK && status != PLANCHE_ERROR_CANCELLED) {
        planche_cli_print_failure(run, item, status, message);
        run->failed = true;
    }
    if (run->options.verbose && status == PLANCHE_OK)
        planche_cli_note("%s -> %s  %s", item->input, item->output,
                         item->makes ? "copied" : planche_cli_verdict_name(item->verdict));
    if (run->options.json && (status != PLANCHE_OK || item->verdict != PLANCHE_CLI_UP_TO_DATE))
        print_json(run, item, status, message);
}

/* planned: the item of the plan that the file is; NULL: none. True if the copy is there. */
static bool treat(struct planche_cli_run *run, struct planche_cli_item *item,
                  const struct planche_cli_item *planned)
{
    struct planche_error error = {0};
    if (run->options.skip_others || planche_cli_plan_names(&run->plan, planned, item->output)) {
        run->summary.others++;
        return false;
    }
    enum planche_status status = judge(&run->options, item);
    bool makes = item->makes && status == PLANCHE_OK;
    if (makes && !run->options.dry_run)
        status = copy(item, &error);
    run->summary.copied += makes && status == PLANCHE_OK;
    run->summary.copies_changed +=
        !makes && status == PLANCHE_OK && item->verdict == PLANCHE_CLI_SOURCE_CHANGED;
    if (run->options.dry_run && status == PLANCHE_OK)
        foresee(run, item);
    else
        report(run, item, status,
               *error.message != 0 ? error.message : planche_status_name(status));
    return status == PLANCHE_OK && (makes || item->verdict == PLANCHE_CLI_UP_TO_DATE);
}

void planche_cli_copy_others(struct planche_cli_run *run)
{
    for (size_t i = 0; i < run->plan.copy_count && planche_cli_interrupt_signal() == 0; i++)
        (void)treat(run, &run->plan.copies[i], NULL);
}

bool planche_cli_copy_book(struct planche_cli_run *run, const struct planche_cli_item *book)
{
    struct planche_cli_item item = {.input = book->input};
    const char *base = planche_cli_base_name(book->output);
    if (asprintf(&item.output, "%.*s%s", (int)(base - book->output), book->output,
                 planche_cli_base_name(book->input)) < 0) {
        planche_cli_print_failure(run, book, PLANCHE_ERROR_MEMORY, NULL);
        run->failed = true;
        return false;
    }
    bool there = treat(run, &item, book);
    if (run->each && there == item.makes)
        planche_cli_note("%s: has no pages, %s", book->input, there ? "copied" : "left alone");
    bool same = strcmp(item.output, book->output) == 0;
    free(item.output);
    return there && same;
}
