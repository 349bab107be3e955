/* SPDX-License-Identifier: MIT */
/* Pages through pipes. The page is read whole, enlarged in memory, and written whole: who reads
 * gets a complete image or nothing. */
#include "enlarge/stream.h"

#include "base/status.h"
#include "cli/cli.h"
#include "cli/hints.h"
#include "cli/interrupt.h"
#include "cli/paths.h"
#include "cli/terminal.h"
#include "enlarge/plan_outputs.h"
#include "io/atomic_file.h"
#include "os/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BYTES ((size_t)256 << 10)

static bool is_dash(const char *name)
{
    return name != NULL && strcmp(name, "-") == 0;
}

bool planche_cli_is_stream(char **operands, size_t count, const struct planche_cli_options *options)
{
    for (size_t i = 0; i < count; i++) {
        if (is_dash(operands[i]))
            return true;
    }
    return is_dash(options->output);
}

/* Where the page goes: "planche -" alone is a filter. */
static bool writes_stdout(const struct planche_cli_options *options)
{
    return options->output == NULL || is_dash(options->output);
}

int planche_cli_stream_check(char **operands, size_t count, struct planche_cli_options *options)
{
    bool out = writes_stdout(options);
    if (count != 1)
        return planche_cli_usage_error("output", "%s takes one page, and there are %zu inputs",
                                       is_dash(options->output) ? "-o -" : "-", count);
    if (!out && planche_cli_output_is_folder(options->output))
        return planche_cli_usage_error("output",
                                       "a page of standard input has no name in %s: name "
                                       "the file",
                                       options->output);
    if (!is_dash(operands[0]) && planche_container_of(operands[0]) != PLANCHE_CONTAINER_AUTO)
        return planche_cli_usage_error("output",
                                       "%s is a book or a folder: only a page goes to "
                                       "standard output",
                                       operands[0]);
    if (options->book_option != NULL)
        return planche_cli_usage_error(
            options->book_option, "--%s is for books, and no input is one", options->book_option);
    if (options->dry_run)
        return planche_cli_usage_error("dry-run", "--dry-run does not read standard input");
    if (out && (options->json || options->progress == PLANCHE_CLI_PROGRESS_JSON))
        return planche_cli_usage_error("output", "standard output is for the page; leave out %s",
                                       options->json ? "--json" : "--progress json");
    if (out && planche_cli_prints_on_terminal())
        return planche_cli_usage_error("output", "standard output is a terminal; send it to a file "
                                                 "or a pipe, or name a file with -o");
    int status = planche_cli_choose_format(options, out ? NULL : options->output);
    if (!options->limit_said) /* the format is what was asked for */
        options->page.on_limit = PLANCHE_ON_LIMIT_FAIL;
    return status;
}

/* Bytes of a page; own. */
struct bytes {
    char *data;
    size_t size;
};

/* Reads all of a stream. A signal ends a read. */
static enum planche_status read_all(FILE *file, uint64_t most, struct bytes *bytes,
                                    struct planche_error *error)
{
    size_t capacity = FIRST_BYTES;
    for (;;) {
        char *grown = realloc(bytes->data, capacity);
        if (grown == NULL)
            return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for %zu bytes", capacity);
        bytes->data = grown;
        bytes->size += fread(bytes->data + bytes->size, 1, capacity - bytes->size, file);
        if (planche_cli_interrupt_signal() != 0)
            return planche_fail(error, PLANCHE_ERROR_CANCELLED, "stopped while it was read");
        if (bytes->size > most)
            return planche_fail(error, PLANCHE_ERROR_LIMIT, "has more than %llu bytes",
                                (unsigned long long)most);
        if (bytes->size < capacity)
            break;
        capacity *= 2;
    }
    if (ferror(file))
        return planche_fail(error, PLANCHE_ERROR_IO, "cannot be read: %s", strerror(errno));
    return bytes->size > 0 ? PLANCHE_OK : planche_fail(error, PLANCHE_ERROR_DATA, "is empty");
}

static enum planche_status read_input(const struct planche_cli_run *run, const char *input,
                                      struct bytes *bytes, struct planche_error *error)
{
    FILE *file = is_dash(input) ? stdin : fopen(input, "rbe");
    if (file == NULL)
        return planche_fail(error, PLANCHE_ERROR_IO, "cannot be opened: %s", strerror(errno));
    enum planche_status status = read_all(file, run->options.max_bytes, bytes, error);
    if (file != stdin)
        fclose(file);
    return status;
}

static enum planche_status write_file(const struct planche_cli_options *options, const void *data,
                                      size_t size, struct planche_error *error)
{
    struct planche_budget budget;
    struct planche_atomic_file *file = NULL;
    planche_budget_init(&budget, 0);
    enum planche_status status = planche_atomic_file_create(
        &file, options->output, options->page.overwrite != 0, &budget, error);
    if (status == PLANCHE_OK)
        status = planche_atomic_file_write(file, data, size, error);
    if (status == PLANCHE_OK)
        status = planche_atomic_file_commit(file, error);
    planche_atomic_file_destroy(&file);
    return status;
}

static enum planche_status write_output(const struct planche_cli_options *options, const void *data,
                                        size_t size, struct planche_error *error)
{
    if (!writes_stdout(options))
        return write_file(options, data, size, error);
    if (fwrite(data, 1, size, stdout) != size || fflush(stdout) != 0)
        return planche_fail(error, PLANCHE_ERROR_IO, "standard output cannot be written: %s",
                            strerror(errno));
    return PLANCHE_OK;
}

static enum planche_status run_page(const struct planche_cli_run *run, const char *input,
                                    struct planche_page_result *result, struct planche_error *error)
{
    const struct planche_cli_options *options = &run->options;
    struct planche_page_options page = options->page;
    struct bytes bytes = {0};
    void *data = NULL;
    size_t size = 0;
    enum planche_status status = PLANCHE_OK;
    page.cancel = planche_cli_interrupt_cancel();
    if (!writes_stdout(options)) /* before long work */
        status = planche_atomic_file_check(options->output, page.overwrite != 0, error);
    if (status == PLANCHE_OK)
        status = read_input(run, input, &bytes, error);
    if (status == PLANCHE_OK)
        status = planche_engine_run_bytes(run->engine, bytes.data, bytes.size, &data, &size, &page,
                                          result, error);
    if (status != PLANCHE_OK)
        planche_cli_hint_name(error->message, sizeof error->message, NULL);
    if (status == PLANCHE_OK)
        status = write_output(options, data, size, error);
    free(bytes.data);
    planche_free_bytes(data);
    return status;
}

int planche_cli_stream_run(struct planche_cli_run *run, const char *input)
{
    const struct planche_cli_options *options = &run->options;
    struct planche_error error = {0};
    struct planche_page_result result = PLANCHE_PAGE_RESULT_INIT;
    const char *from = is_dash(input) ? "standard input" : input;
    const char *to = writes_stdout(options) ? "standard output" : options->output;
    double start = planche_clock_ms();
    enum planche_status status = run_page(run, input, &result, &error);
    if (status == PLANCHE_OK && !options->quiet && !options->json)
        planche_cli_note("%s -> %s  %ux%u -> %ux%u  %.1f s", from, to, result.input_width,
                         result.input_height, result.output_width, result.output_height,
                         (planche_clock_ms() - start) / 1e3);
    if (status != PLANCHE_OK && status != PLANCHE_ERROR_CANCELLED)
        planche_cli_message("%s: %s%s", from, error.message,
                            status == PLANCHE_ERROR_EXISTS ? "; --overwrite replaces it" : "");
    if (options->json) {
        const struct planche_cli_outcome outcome = {.input = input,
                                                    .output = to,
                                                    .status = status,
                                                    .message = error.message,
                                                    .result = result};
        planche_cli_run_json(run, planche_cli_json_single(&outcome, &run->info));
    }
    return status == PLANCHE_OK ? PLANCHE_CLI_OK : PLANCHE_CLI_PAGE_FAILED;
}
