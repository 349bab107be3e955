/* SPDX-License-Identifier: MIT */
/* Drop-in mode: pages through the engine, as the ncnn programs take and report them. */
#include "ncnn/dropin.h"

#include "cli/cli.h"
#include "cli/hints.h"
#include "cli/interrupt.h"
#include "cli/logging.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "cli/workers.h"
#include "ncnn/copy_page.h"
#include "ncnn/dropin_model.h"
#include "ncnn/dropin_pages.h"

#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

/* A run of drop-in mode. */
struct run {
    struct planche_cli_dropin_options options;
    struct planche_engine *engine;
    struct planche_engine_info info;
    bool copies; /* there is nothing to do */
    struct planche_cli_dropin_page *pages;
    size_t count;
    atomic_bool failed;
};

/* Progress of one page. */
struct percent {
    bool shown;
    int last;
};

/* Lines such as "12.00%", which callers read; these programs never print 100. */
static void on_progress(void *user, double done)
{
    struct percent *percent = user;
    int now = (int)(done * 100);
    if (percent->shown && now > percent->last && now < 100) {
        percent->last = now;
        planche_cli_note("%.2f%%", now * 1.0);
    }
}

/* What follows "PATH: " in a message; NULL if it does not begin so. */
static const char *after_path(const char *message, const char *path)
{
    size_t length = strlen(path);
    return strncmp(message, path, length) == 0 && strncmp(message + length, ": ", 2) == 0
               ? message + length + 2
               : NULL;
}

static void report_failure(const struct planche_cli_dropin_page *page, enum planche_status status,
                           const char *message)
{
    const char *of_output = after_path(message, page->output);
    const char *of_input = after_path(message, page->input);
    if (status == PLANCHE_ERROR_CANCELLED)
        planche_cli_note("process image %s stopped", page->input);
    else if (of_output != NULL)
        planche_cli_note("encode image %s failed: %s", page->output, of_output);
    else if (of_input != NULL)
        planche_cli_note("decode image %s failed: %s", page->input, of_input);
    else
        planche_cli_note("process image %s failed: %s", page->input, message);
}

static void report_done(const struct run *run, const struct planche_cli_dropin_page *page)
{
    if (!run->options.verbose)
        return;
    if (run->options.peer->talks_on_stderr) {
        planche_cli_note("%s -> %s done", page->input, page->output);
        return;
    }
    planche_cli_print("%s -> %s done", page->input, page->output);
    fflush(stdout);
}

static void run_page(struct run *run, const struct planche_cli_dropin_page *page)
{
    struct percent percent = {run->options.peer->percents, -1};
    struct planche_error error = {0};
    struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    options.format = page->format;
    options.quality = 100; /* as these programs write JPEG and WebP */
    options.lossless = page->format == PLANCHE_FORMAT_WEBP;
    options.overwrite = 1;
    options.tta = run->options.tta;
    options.cancel = planche_cli_interrupt_cancel();
    options.progress = on_progress;
    options.progress_user = &percent;
    enum planche_status status =
        run->copies ? planche_cli_copy_page(page->input, page->output, &options, &error)
                    : planche_engine_run_file(run->engine, page->input, page->output, &options,
                                              NULL, &error);
    if (status == PLANCHE_OK) {
        report_done(run, page);
        return;
    }
    run->failed = true;
    report_failure(page, status, error.message);
}

static void run_one(void *user, size_t index)
{
    struct run *run = user;
    if (planche_cli_interrupt_signal() != 0)
        run->failed = true;
    else
        run_page(run, &run->pages[index]);
}

/* Pages side by side; the exit status. */
static int run_all(struct run *run)
{
    struct planche_error error = {0};
    if (planche_cli_for_each(run->info.jobs, run->count, run_one, run, &error) != PLANCHE_OK) {
        planche_cli_note("%s", error.message);
        return PLANCHE_CLI_DROPIN_NOT_STARTED;
    }
    return run->failed ? PLANCHE_CLI_PAGE_FAILED : PLANCHE_CLI_OK;
}

/* False after a message. */
static bool open_engine(struct run *run, const char *program)
{
    static const struct planche_cli_options warnings = {.verbose = false};
    char path[PATH_MAX];
    struct planche_error error = {0};
    struct planche_engine_options options = PLANCHE_ENGINE_OPTIONS_INIT;
    options.se = run->options.gap == 1 ? PLANCHE_SE_EXACT : PLANCHE_SE_SAMPLED;
    options.backend = run->options.backend;
    options.tile = run->options.tile;
    options.log = planche_cli_log;
    options.log_user = (void *)&warnings;
    if (planche_cli_dropin_model(&run->options, program, &options, path, sizeof path, &error) ||
        planche_engine_create(&run->engine, &options, &error)) {
        planche_cli_note("%s", error.message);
        return false;
    }
    run->info = (struct planche_engine_info)PLANCHE_ENGINE_INFO_INIT;
    planche_engine_get_info(run->engine, &run->info, NULL);
    run->copies = run->options.peer->kind == PLANCHE_CLI_WAIFU2X && run->options.scale == 1 &&
                  run->options.noise == -1;
    return true;
}

int planche_cli_dropin(const struct planche_cli_peer *peer, int argc, char **argv)
{
    struct run run = {0};
    int status = PLANCHE_CLI_DROPIN_NOT_STARTED;
    planche_cli_hint_no_options();
    if (!planche_cli_dropin_parse(&run.options, peer, argc, argv))
        return status;
    planche_cli_interrupt_install();
    run.pages = planche_cli_dropin_pages(&run.options, &run.count);
    if (run.pages != NULL && open_engine(&run, argv[0]))
        status = run_all(&run);
    planche_cli_dropin_pages_free(run.pages, run.count);
    planche_engine_destroy(&run.engine);
    return status;
}
