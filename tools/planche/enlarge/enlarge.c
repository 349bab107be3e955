/* SPDX-License-Identifier: MIT */
/* planche INPUT... -o OUTPUT: pages, books and folders of both. */
#include "cli/cli.h"
#include "cli/interrupt.h"
#include "cli/logging.h"
#include "cli/mistakes.h"
#include "cli/model_options.h"
#include "cli/paths.h"
#include "cli/terminal.h"
#include "enlarge/copy_others.h"
#include "enlarge/judge.h"
#include "enlarge/leave.h"
#include "enlarge/operands.h"
#include "enlarge/plan_outputs.h"
#include "enlarge/run_state.h"
#include "enlarge/speed.h"
#include "enlarge/stream.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/file_info.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_json(struct planche_cli_run *run, const struct planche_cli_item *item,
                       enum planche_status status, const char *message)
{
    const struct planche_cli_outcome page = {
        .input = item->input, .output = item->output, .status = status, .message = message};
    static const size_t outcomes[PLANCHE_BOOK_OUTCOMES];
    const struct planche_cli_book_outcome book = {.input = item->input,
                                                  .output = item->output,
                                                  .status = status,
                                                  .message = message,
                                                  .outcomes = outcomes};
    planche_cli_run_json(run, item->book ? planche_cli_json_book(&book)
                                         : planche_cli_json_single(&page, NULL));
}

/* No engine, no pages: one line for people, one object per page or book for programs. */
static int report_not_started(struct planche_cli_run *run, enum planche_status status,
                              const char *message)
{
    planche_cli_message("%s", message);
    for (size_t i = 0; run->options.json && i < run->plan.count; i++)
        print_json(run, &run->plan.items[i], status, message);
    return PLANCHE_CLI_NOT_STARTED;
}

/* Single pages to make, as far as they are known; books count their own. With a book among several
 * things it is one more: the first page is not the only one then, for which an engine gives up
 * networks that others need. */
static unsigned count_pages(const struct planche_cli_plan *plan)
{
    unsigned pages = 0, books = 0;
    for (size_t i = 0; i < plan->count; i++) {
        books += plan->items[i].makes && plan->items[i].book;
        pages += plan->items[i].makes && !plan->items[i].book;
    }
    return pages + (books > 0 && books + pages > 1);
}

static int open_engine(struct planche_cli_run *run)
{
    struct planche_error error = {0};
    run->options.engine.log = planche_cli_log;
    run->options.engine.log_user = &run->options;
    run->options.engine.pages = count_pages(&run->plan);
    enum planche_status status = planche_engine_create(&run->engine, &run->options.engine, &error);
    if (status != PLANCHE_OK)
        return report_not_started(run, status, error.message);
    run->info = (struct planche_engine_info)PLANCHE_ENGINE_INFO_INIT;
    planche_engine_get_info(run->engine, &run->info, NULL);
    run->summary.device = run->info.device;
    if (run->info.device != NULL && run->options.verbose)
        planche_cli_note("on %s (%s)", run->info.device, run->info.gpu_path);
    return PLANCHE_CLI_OK;
}

static bool makes_book(const struct planche_cli_plan *plan)
{
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->items[i].makes && plan->items[i].book)
            return true;
    }
    return false;
}

static int open_queue(struct planche_cli_run *run)
{
    struct planche_error error = {0};
    if (run->options.queue.url == NULL || !makes_book(&run->plan))
        return PLANCHE_CLI_OK;
    enum planche_status status =
        planche_queue_books_open(&run->front, &run->options, &run->info, &error);
    if (status == PLANCHE_ERROR_ARGUMENT)
        return planche_cli_usage_error("queue", "%s", error.message);
    return status == PLANCHE_OK ? PLANCHE_CLI_OK : report_not_started(run, status, error.message);
}

/* The folder of a file that was named must be there: nobody makes it. */
static int check_output_folder(struct planche_cli_run *run)
{
    const struct planche_cli_plan *plan = &run->plan;
    const struct planche_cli_item *item = plan->count == 1 ? &plan->items[0] : NULL;
    if (item == NULL || !item->makes || item->resumes || run->options.output == NULL ||
        planche_cli_output_is_folder(run->options.output))
        return PLANCHE_CLI_OK;
    const char *base = planche_cli_base_name(item->output);
    char *folder = strndup(item->output, (size_t)(base - item->output));
    bool lacks = folder != NULL && *folder != 0 && !planche_cli_is_folder(folder);
    free(folder);
    if (!lacks)
        return PLANCHE_CLI_OK;
    char message[PLANCHE_ERROR_MESSAGE_SIZE];
    snprintf(message, sizeof message,
             "%s: there is no such folder to write into; make it first, or name another",
             item->output);
    return report_not_started(run, PLANCHE_ERROR_NOT_FOUND, message);
}

/* Bytes of the outermost name in a path that is missing; 0: none is. */
static size_t find_missing(const char *path)
{
    char *name = strdup(path);
    size_t missing = 0;
    for (size_t length = strlen(path); name != NULL && length > 0; length--) {
        if ((path[length] != 0 && path[length] != '/') || path[length - 1] == '/')
            continue;
        name[length] = 0;
        if (planche_file_find_link(name, NULL) == PLANCHE_FILE_PRESENT)
            break;
        missing = length;
    }
    free(name);
    return missing;
}

/* The folder of -o and those above it that are missing. */
static int make_output_folder(struct planche_cli_run *run)
{
    const char *folder = run->plan.folder;
    run->made_folder = run->options.output != NULL ? find_missing(run->options.output) : 0;
    if (folder == NULL || planche_cli_make_folder(folder))
        return PLANCHE_CLI_OK;
    char message[PLANCHE_ERROR_MESSAGE_SIZE];
    snprintf(message, sizeof message, "%s: cannot make this folder: %s", folder, strerror(errno));
    return report_not_started(run, PLANCHE_ERROR_IO, message);
}

/* Removes the folders above a path that are empty, innermost first: those whose names have at least
 * so many bytes. */
static void remove_above(const char *path, size_t least)
{
    char *folder = strdup(path);
    for (char *slash; folder != NULL && (slash = strrchr(folder, '/')) != NULL;) {
        while (slash > folder && slash[-1] == '/')
            slash--;
        *slash = 0;
        if (strlen(folder) < least)
            break;
        (void)planche_folder_remove(folder);
    }
    free(folder);
}

/* A run leaves no folder that nothing came into; one with something in it stays, and so do those
 * above it. All below one that this run made is of this run. */
static void remove_output_folder(const struct planche_cli_run *run)
{
    const struct planche_cli_plan *plan = &run->plan;
    if (run->made_folder == 0)
        return;
    for (size_t i = 0; i < plan->count; i++)
        remove_above(plan->items[i].output, run->made_folder);
    for (size_t i = 0; i < plan->copy_count; i++)
        remove_above(plan->copies[i].output, run->made_folder);
}

static bool makes_any(const struct planche_cli_plan *plan)
{
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->items[i].makes)
            return true;
    }
    return false;
}

/* Names first, so that a wrong command line is told before a model is loaded; the scale that only a
 * model file knows needs the engine before the names. */
static int prepare(struct planche_cli_run *run, char **operands, size_t count)
{
    struct planche_error error = {0};
    unsigned scale = 0;
    if (planche_cli_choose_typed(&run->options.engine, run->options.level, &scale, &error) !=
        PLANCHE_OK)
        return planche_cli_wrong_model(&run->options.engine, &error);
    int status = PLANCHE_CLI_OK;
    if (scale == 0) {
        status = open_engine(run);
        scale = run->info.scale;
    }
    run->scale = scale;
    if (status == PLANCHE_CLI_OK)
        status = planche_cli_plan_make(&run->plan, operands, count, &run->options, scale);
    if (status == PLANCHE_CLI_OK)
        planche_cli_judge(run);
    if (status == PLANCHE_CLI_OK)
        status = check_output_folder(run);
    if (run->options.dry_run)
        return status;
    if (status == PLANCHE_CLI_OK && run->engine == NULL && makes_any(&run->plan))
        status = open_engine(run);
    if (status == PLANCHE_CLI_OK)
        status = open_queue(run);
    if (status == PLANCHE_CLI_OK)
        status = make_output_folder(run);
    return status;
}

static bool is_wanted(void *user, size_t index)
{
    const struct planche_cli_run *run = user;
    return run->plan.items[index].makes;
}

/* After pages only, the lines of the pages have said it all, unless some were passed over. */
static bool needs_summary(const struct planche_cli_run *run)
{
    size_t passed = run->summary.pages_left;
    for (size_t i = 0; i < PLANCHE_CLI_VERDICTS; i++)
        passed += run->summary.passed[0][i];
    return run->plan.count > run->plan.pages || passed > 0;
}

static int run_all(struct planche_cli_run *run)
{
    const struct planche_cli_options *options = &run->options;
    /* Not into lines of JSON on the same screen. */
    run->each = options->verbose || (!options->quiet && !options->json);
    run->summary.start_ms = planche_clock_ms();
    run->summary.others = run->plan.others;
    run->summary.links = run->plan.links;
    run->summary.junk = run->plan.junk;
    struct planche_error error = {0};
    planche_cli_progress_start(&run->progress, &run->plan, options, run->info.device, is_wanted,
                               run);
    planche_cli_copy_others(run);
    enum planche_status status = planche_cli_run_pages(run, &error);
    if (status == PLANCHE_OK)
        planche_cli_run_books(run);
    double speed = planche_cli_progress_speed(&run->progress);
    if (speed <= 0.0) /* it was not shown */
        speed = planche_cli_summary_speed(&run->summary);
    if (speed > 0.0)
        planche_cli_speed_keep(options, run->scale, speed);
    planche_cli_progress_stop(&run->progress);
    if (status != PLANCHE_OK)
        return report_not_started(run, error.status, error.message);
    if (!options->quiet)
        planche_cli_records_complain(&run->records);
    if (!options->quiet && !options->json && needs_summary(run))
        planche_cli_summary_print(&run->summary);
    return PLANCHE_CLI_OK;
}

/* A page from standard input, or to standard output. */
static int run_stream(struct planche_cli_run *run, char **operands, size_t count)
{
    struct planche_error error = {0};
    unsigned scale = 0;
    int status = planche_cli_stream_check(operands, count, &run->options);
    if (status != PLANCHE_CLI_OK)
        return status;
    if (planche_cli_choose_typed(&run->options.engine, run->options.level, &scale, &error) !=
        PLANCHE_OK)
        return planche_cli_wrong_model(&run->options.engine, &error);
    status = open_engine(run);
    return status == PLANCHE_CLI_OK ? planche_cli_stream_run(run, operands[0]) : status;
}

/* The name of the output says what is wanted more than defaults do. */
static void prefer_name(struct planche_cli_options *options)
{
    const char *name = options->output != NULL ? planche_cli_base_name(options->output) : "";
    bool page = planche_format_is_written(planche_format_from_name(name));
    if (page && !planche_cli_option_is_typed(options, "format")) {
        options->page.format = PLANCHE_FORMAT_AUTO;
        options->keep_format = false;
    }
    if (page && !planche_cli_option_is_typed(options, "lossless") &&
        planche_format_from_name(name) == PLANCHE_FORMAT_JPEG)
        options->page.lossless = 0;
    if (planche_cli_book_stem_length(name) < strlen(name) &&
        !planche_cli_option_is_typed(options, "to"))
        options->book.container = PLANCHE_CONTAINER_AUTO;
}

static bool may_use_gpu(const struct planche_cli_options *options)
{
    const char *backend = options->engine.backend;
    return !options->dry_run && (backend == NULL || strcmp(backend, "cpu") != 0);
}

int planche_cli_enlarge(int argc, char **argv)
{
    static struct planche_cli_run run; /* the log's options last as long as an engine left open */
    int first, status;
    if (!planche_cli_options_parse(&run.options, PLANCHE_CLI_ENLARGE, "", argc, argv, &first,
                                   &status))
        return status;
    if (first == argc)
        return planche_cli_usage_error("", "no input: name pages, books or folders, such as "
                                           "planche page.jpg");
    status = planche_cli_check_operands(argv + first, (size_t)(argc - first), &run.options);
    if (status != PLANCHE_CLI_OK)
        return status;
    if (run.options.update + run.options.skip_existing + run.options.page.overwrite > 1)
        return planche_cli_usage_error(
            "", "--overwrite, --update and --skip-existing exclude each other");
    prefer_name(&run.options);
    if (may_use_gpu(&run.options))
        planche_cli_leave_prepare(PLANCHE_CLI_SLOW_DRIVER);
    planche_cli_interrupt_install();
    bool stream = planche_cli_is_stream(argv + first, (size_t)(argc - first), &run.options);
    if (stream)
        status = run_stream(&run, argv + first, (size_t)(argc - first));
    else
        status = prepare(&run, argv + first, (size_t)(argc - first));
    bool ready = !stream && status == PLANCHE_CLI_OK;
    if (ready && run.options.dry_run)
        planche_cli_run_dry(&run);
    else if (ready)
        status = run_all(&run);
    if (status == PLANCHE_CLI_OK && (run.failed || run.plan.trouble))
        status = PLANCHE_CLI_PAGE_FAILED;
    remove_output_folder(&run);
    planche_cli_records_free(&run.records);
    planche_cli_plan_free(&run.plan);
    planche_queue_books_close(&run.front);
    planche_cli_leave_engine(&run.engine, run.info.device != NULL);
    return status;
}
