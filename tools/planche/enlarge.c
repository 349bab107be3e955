/* SPDX-License-Identifier: MIT */
/* planche INPUT... -o OUTPUT: pages from files to files. */
#include "choice.h"
#include "cli.h"
#include "interrupt.h"
#include "json.h"
#include "logging.h"
#include "options.h"
#include "pages.h"
#include "progress.h"
#include "terminal.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A page that came to its end. */
struct ended {
    bool done;
    struct planche_cli_outcome outcome; /* message is own; NULL: none */
    double ms;
};

struct run {
    struct planche_cli_options options;
    struct planche_engine *engine;
    struct planche_engine_info info;
    struct planche_cli_page *pages;
    size_t count;
    atomic_size_t next;
    atomic_bool failed;
    bool talkative; /* a line for each page that came out */
    struct planche_cli_progress progress;
    struct ended *ended; /* [count] */
    size_t reported;
    pthread_mutex_t report_lock;
};

struct page_progress {
    struct run *run;
    size_t page;
};

static int on_progress(void *user, double done)
{
    const struct page_progress *progress = user;
    planche_cli_progress_update(&progress->run->progress, progress->page,
                                progress->run->pages[progress->page].input, done);
    return planche_cli_interrupt_signal();
}

static void print_json(struct run *run, const struct planche_cli_outcome *outcome)
{
    json_t *object = json_object();
    planche_cli_json_page(object, outcome, run->engine != NULL ? &run->info : NULL);
    if (!planche_cli_json_print(object))
        run->failed = true;
}

/* The line of a failure names the file, once. */
static void print_failure(const struct planche_cli_outcome *outcome)
{
    const char *message = outcome->message != NULL ? outcome->message : "out of memory";
    size_t input = strlen(outcome->input), output = strlen(outcome->output);
    bool named = (strncmp(message, outcome->input, input) == 0 && message[input] == ':') ||
                 (strncmp(message, outcome->output, output) == 0 && message[output] == ':');
    /* The library cannot know what the option is called here. */
    const char *advice = outcome->status == PLANCHE_ERROR_EXISTS ? "; --overwrite replaces it" : "";
    if (named)
        planche_cli_message("%s%s", message, advice);
    else
        planche_cli_message("%s: %s%s", outcome->input, message, advice);
}

static void report(struct run *run, const struct planche_cli_outcome *outcome, double ms)
{
    const struct planche_page_result *result = &outcome->result;
    if (outcome->marked && !run->options.quiet)
        planche_cli_note("%s: left alone, Planche has made it; --again enlarges it all the same",
                         outcome->input);
    else if (outcome->status == PLANCHE_OK && run->talkative)
        planche_cli_note("%s -> %s  %ux%u -> %ux%u  %.1f s", outcome->input, outcome->output,
                         result->input_width, result->input_height, result->output_width,
                         result->output_height, ms / 1e3);
    if (outcome->status != PLANCHE_OK && outcome->status != PLANCHE_ERROR_CANCELLED)
        print_failure(outcome);
    if (outcome->status != PLANCHE_OK)
        run->failed = true;
    if (run->options.json)
        print_json(run, outcome);
}

/* Reports come in the order of the pages, whichever ends first. */
static void end_page(struct run *run, size_t index, const struct planche_cli_outcome *outcome,
                     double ms)
{
    struct ended *ended = &run->ended[index];
    pthread_mutex_lock(&run->report_lock);
    *ended = (struct ended){true, *outcome, ms};
    ended->outcome.message = outcome->status != PLANCHE_OK ? strdup(outcome->message) : NULL;
    for (; run->reported < run->count && run->ended[run->reported].done; run->reported++) {
        ended = &run->ended[run->reported];
        report(run, &ended->outcome, ended->ms);
        free((char *)ended->outcome.message);
    }
    pthread_mutex_unlock(&run->report_lock);
}

/* Whether Planche has made the page; one that cannot be read is told of when it is enlarged. */
static bool is_marked(const char *path)
{
    struct planche_mark mark = PLANCHE_MARK_INIT;
    return planche_read_mark(path, &mark, NULL) == PLANCHE_OK && *mark.source;
}

static enum planche_status run_page(struct run *run, size_t index,
                                    struct planche_cli_outcome *outcome,
                                    struct planche_error *error)
{
    const struct planche_cli_page *page = &run->pages[index];
    struct stat info;
    if (planche_cli_interrupt_signal() != 0) {
        snprintf(error->message, sizeof error->message, "stopped before this page began");
        return PLANCHE_ERROR_CANCELLED;
    }
    if (stat(page->input, &info) == 0 && S_ISDIR(info.st_mode)) {
        snprintf(error->message, sizeof error->message, "is a folder; name the pages in it");
        return PLANCHE_ERROR_UNSUPPORTED;
    }
    struct page_progress progress = {run, index};
    struct planche_page_options options = run->options.page;
    options.progress = on_progress;
    options.progress_user = &progress;
    outcome->marked = !run->options.again && is_marked(page->input);
    if (outcome->marked)
        return PLANCHE_OK;
    return planche_engine_run_file(run->engine, page->input, page->output, &options,
                                   &outcome->result, error);
}

static void *work(void *user)
{
    struct run *run = user;
    for (;;) {
        size_t index = run->next++;
        if (index >= run->count)
            return NULL;
        struct planche_error error = {0};
        struct planche_cli_outcome outcome = {
            .input = run->pages[index].input,
            .output = run->pages[index].output,
            .message = error.message,
            .result = PLANCHE_PAGE_RESULT_INIT,
        };
        double start = planche_cli_now_ms();
        outcome.status = run_page(run, index, &outcome, &error);
        planche_cli_progress_page_end(&run->progress, index, outcome.input);
        end_page(run, index, &outcome, planche_cli_now_ms() - start);
    }
}

/* Runs the pages on as many threads as pages may be in flight, this one among them. */
static void run_pages(struct run *run)
{
    pthread_t threads[PLANCHE_CLI_MAX_JOBS - 1];
    size_t jobs = run->info.jobs < run->count ? run->info.jobs : run->count;
    size_t started = 0;
    while (started + 1 < jobs && started < PLANCHE_CLI_MAX_JOBS - 1 &&
           pthread_create(&threads[started], NULL, work, run) == 0)
        started++;
    work(run);
    for (size_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
}

/* No engine, no pages: one line for people, one object per page for programs. */
static void report_not_started(struct run *run, enum planche_status status, const char *message)
{
    planche_cli_message("%s", message);
    for (size_t i = 0; run->options.json && run->pages != NULL && i < run->count; i++) {
        struct planche_cli_outcome outcome = {
            .input = run->pages[i].input,
            .output = run->pages[i].output,
            .status = status,
            .message = message,
        };
        print_json(run, &outcome);
    }
}

static int open_engine(struct run *run)
{
    struct planche_error error = {0};
    run->options.engine.log = planche_cli_log;
    run->options.engine.log_user = &run->options;
    enum planche_status status = planche_engine_create(&run->engine, &run->options.engine, &error);
    if (status != PLANCHE_OK) {
        report_not_started(run, status, error.message);
        return PLANCHE_CLI_NOT_STARTED;
    }
    run->info = (struct planche_engine_info)PLANCHE_ENGINE_INFO_INIT;
    planche_engine_get_info(run->engine, &run->info);
    return PLANCHE_CLI_OK;
}

static int make_output_folder(struct run *run)
{
    const char *folder = run->options.output;
    if (folder == NULL || !planche_cli_output_is_folder(folder) || planche_cli_make_folder(folder))
        return PLANCHE_CLI_OK;
    char message[PLANCHE_ERROR_MESSAGE_SIZE];
    snprintf(message, sizeof message, "%s: cannot make this folder: %s", folder, strerror(errno));
    report_not_started(run, PLANCHE_ERROR_IO, message);
    return PLANCHE_CLI_NOT_STARTED;
}

/* Names first, so that a wrong command line is told before a model is loaded; the scale that only a
 * model file knows needs the engine before the names. */
static int prepare(struct run *run, char **inputs)
{
    struct planche_error error = {0};
    unsigned scale = 0;
    if (planche_cli_choose(&run->options.engine, run->options.level, &scale, &error) != PLANCHE_OK)
        return planche_cli_usage_error("", "%s", error.message);
    int status = PLANCHE_CLI_OK;
    if (scale == 0) {
        status = open_engine(run);
        scale = run->info.scale;
    }
    if (status == PLANCHE_CLI_OK)
        status = planche_cli_pages_plan(&run->pages, inputs, run->count, &run->options, scale);
    if (status == PLANCHE_CLI_OK && run->engine == NULL)
        status = open_engine(run);
    if (status == PLANCHE_CLI_OK)
        status = make_output_folder(run);
    return status;
}

/* The bar is for people at a terminal; not into lines of JSON on the same screen. */
static bool wants_bar(const struct planche_cli_options *options)
{
    return isatty(STDERR_FILENO) && !options->quiet && !(options->json && isatty(STDOUT_FILENO));
}

int planche_cli_enlarge(int argc, char **argv)
{
    struct run run = {.report_lock = PTHREAD_MUTEX_INITIALIZER};
    int first, status;
    if (!planche_cli_options_parse(&run.options, PLANCHE_CLI_ENLARGE, "", argc, argv, &first,
                                   &status))
        return status;
    if (first == argc)
        return planche_cli_usage_error("", "no input");
    run.count = (size_t)(argc - first);
    planche_cli_interrupt_install();
    status = prepare(&run, argv + first);
    if (status != PLANCHE_CLI_OK)
        goto done;
    bool bar = wants_bar(&run.options);
    run.talkative = run.options.verbose || bar;
    run.ended = calloc(run.count, sizeof *run.ended);
    if (run.ended == NULL || !planche_cli_progress_start(&run.progress, run.count, bar)) {
        report_not_started(&run, PLANCHE_ERROR_MEMORY, "out of memory; give fewer files");
        status = PLANCHE_CLI_NOT_STARTED;
        goto done;
    }
    run_pages(&run);
    planche_cli_progress_stop(&run.progress);
    status = run.failed ? PLANCHE_CLI_PAGE_FAILED : PLANCHE_CLI_OK;
done:
    free(run.ended);
    planche_cli_pages_free(run.pages, run.count);
    planche_engine_destroy(&run.engine);
    return status;
}
