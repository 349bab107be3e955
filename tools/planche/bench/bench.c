/* SPDX-License-Identifier: MIT */
/* planche bench: speed of the engine on this machine, without files and codecs. */
#include "bench/peak_flops.h"
#include "bench/report.h"
#include "bench/testpage.h"
#include "cli/cli.h"
#include "cli/logging.h"
#include "cli/mistakes.h"
#include "cli/model_options.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "os/clock.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

/* Side of the warm-up page in pixels: small, for the work that the engine does only once. */
#define WARM_UP_SIZE 48
/* The engine is measured as one that makes many pages: what a first page pays is not its speed. */
#define RESIDENT_PAGES 1000

/* A page and its enlargement; the pixels are own. */
struct page {
    struct planche_pixels in, out;
};

static void free_page(struct page *page)
{
    free(page->in.data);
    free(page->out.data);
}

static bool make_page(struct page *page, uint32_t width, uint32_t height, unsigned scale)
{
    *page = (struct page){
        .in = {sizeof(struct planche_pixels), PLANCHE_PIXELS_RGB8, width, height, 3 * (size_t)width,
               NULL},
        .out = {sizeof(struct planche_pixels), PLANCHE_PIXELS_RGB8, width * scale, height * scale,
                3 * (size_t)width * scale, NULL},
    };
    page->in.data = calloc(height, page->in.stride);
    page->out.data = calloc(page->out.height, page->out.stride);
    if (page->in.data == NULL || page->out.data == NULL) {
        free_page(page);
        return false;
    }
    planche_cli_testpage_draw(page->in.data, width, height);
    return true;
}

static enum planche_status warm_up(const struct planche_engine *engine, unsigned scale,
                                   struct planche_error *error)
{
    struct page page;
    if (!make_page(&page, WARM_UP_SIZE, WARM_UP_SIZE, scale)) {
        snprintf(error->message, sizeof error->message, "out of memory");
        return PLANCHE_ERROR_MEMORY;
    }
    enum planche_status status =
        planche_engine_run_pixels(engine, &page.in, &page.out, NULL, NULL, error);
    free_page(&page);
    return status;
}

static int compare_ms(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static enum planche_status time_runs(const struct planche_engine *engine, const struct page *page,
                                     struct planche_cli_bench_report *m,
                                     struct planche_error *error)
{
    for (unsigned i = 0; i < m->runs; i++) {
        struct planche_page_result result = PLANCHE_PAGE_RESULT_INIT;
        double start = planche_clock_ms();
        enum planche_status status =
            planche_engine_run_pixels(engine, &page->in, &page->out, NULL, &result, error);
        if (status != PLANCHE_OK)
            return status;
        m->ms[i] = planche_clock_ms() - start;
        if (i == 0 || result.gpu_ms < m->gpu_ms)
            m->gpu_ms = result.gpu_ms;
    }
    qsort(m->ms, m->runs, sizeof *m->ms, compare_ms);
    return PLANCHE_OK;
}

/* The profile so far, to be freed; NULL and *count 0: none is kept, or no memory. */
static struct planche_layer_profile *read_profile(const struct planche_engine *engine,
                                                  size_t *count)
{
    *count = planche_engine_get_profile(engine, NULL, sizeof(struct planche_layer_profile), 0);
    struct planche_layer_profile *layers = *count > 0 ? calloc(*count, sizeof *layers) : NULL;
    if (layers == NULL)
        *count = 0;
    planche_engine_get_profile(engine, layers, sizeof *layers, *count);
    return layers;
}

/* 0 for a GPU: its speed is not compared with a peak. */
static double peak_of_cpu(const struct planche_cli_bench_report *m)
{
    return m->info.device == NULL ? planche_cli_peak_flops(m->info.isa, m->info.threads) : 0.0;
}

/* Warms up and measures; the profile is that of the measured runs only. */
static enum planche_status measure_page(const struct planche_engine *engine,
                                        const struct page *page, struct planche_cli_bench_report *m,
                                        struct planche_error *error)
{
    size_t count;
    enum planche_status status = warm_up(engine, m->info.scale, error);
    struct planche_layer_profile *before = read_profile(engine, &count);
    m->peak_before = peak_of_cpu(m);
    if (status == PLANCHE_OK)
        status = time_runs(engine, page, m, error);
    m->peak_after = peak_of_cpu(m);
    m->layers = read_profile(engine, &m->layer_count);
    for (size_t i = 0; i < count && i < m->layer_count; i++) {
        m->layers[i].ms -= before[i].ms;
        m->layers[i].macs -= before[i].macs;
    }
    free(before);
    return status;
}

static int show(const struct planche_cli_options *options, struct planche_cli_bench_report *m,
                const struct planche_engine *engine, const struct page *page)
{
    bool json = options->json;
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    planche_engine_get_info(engine, &m->info, NULL);
    m->peak_bytes = m->info.peak_bytes;
    m->rss_bytes = (uint64_t)usage.ru_maxrss * 1024;
    m->page_bytes = page->in.stride * page->in.height + page->out.stride * page->out.height;
    if (!json && options->paths)
        planche_cli_bench_path_print(m, options->engine.gpu_path);
    else if (!json)
        planche_cli_bench_report_print(m);
    else if (!planche_cli_bench_report_print_json(m))
        return PLANCHE_CLI_PAGE_FAILED;
    return PLANCHE_CLI_OK;
}

/* Allocates the page, measures and prints. */
static int measure_engine(const struct planche_cli_options *options,
                          const struct planche_engine *engine, struct planche_cli_bench_report *m)
{
    struct planche_error error = {0};
    struct page page = {0};
    m->runs = options->runs;
    m->ms = calloc(m->runs, sizeof *m->ms);
    if (m->ms == NULL || !make_page(&page, m->width, m->height, m->info.scale)) {
        planche_cli_message("out of memory");
        free(m->ms);
        return PLANCHE_CLI_NOT_STARTED;
    }
    int status = PLANCHE_CLI_PAGE_FAILED;
    if (measure_page(engine, &page, m, &error) != PLANCHE_OK)
        planche_cli_message("%s: %s", m->info.model, error.message);
    else
        status = show(options, m, engine, &page);
    free(m->layers);
    free(m->ms);
    free_page(&page);
    return status;
}

/* Loads a model, measures it and prints its line. */
static int measure_model(const struct planche_cli_options *options)
{
    struct planche_cli_bench_report m = {
        .info = PLANCHE_ENGINE_INFO_INIT,
        .se = options->engine.se,
        .width = options->width,
        .height = options->height,
    };
    const struct planche_model_variant *variant = NULL;
    struct planche_engine *engine = NULL;
    struct planche_error error = {0};
    int level = 0;
    const char *model =
        options->engine.model != NULL ? options->engine.model : PLANCHE_CLI_DEFAULT_MODEL;
    struct planche_engine_options resident = options->engine;
    resident.pages = RESIDENT_PAGES;
    double start = planche_clock_ms();
    enum planche_status created = planche_engine_create(&engine, &resident, &error);
    /* What does not compute in single precision, or is not there, has no other path. */
    if (created == PLANCHE_ERROR_UNSUPPORTED && options->paths &&
        resident.gpu_path != PLANCHE_GPU_PATH_F32)
        return planche_cli_bench_path_print_lack(model, resident.gpu_path, error.message,
                                                 options->json)
                   ? PLANCHE_CLI_OK
                   : PLANCHE_CLI_PAGE_FAILED;
    if (created != PLANCHE_OK) {
        planche_cli_message("%s", error.message);
        return PLANCHE_CLI_NOT_STARTED;
    }
    m.start_ms = planche_clock_ms() - start;
    planche_engine_get_info(engine, &m.info, NULL);
    if (planche_model_find(model, options->engine.scale, options->engine.denoise, &variant, NULL) ==
        PLANCHE_OK)
        m.has_level = planche_cli_level(variant, &level);
    m.level = level;
    if (options->engine.has_level) {
        m.has_level = true;
        m.level = options->engine.level;
    }
    int status = measure_engine(options, engine, &m);
    planche_engine_destroy(&engine);
    return status;
}

/* A signal that ends the command ends the measurement, too, whichever of the two it was sent: what
 * is half measured is of no use. */
static void end_with(pid_t parent)
{
#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
    if (getppid() != parent) /* it has ended before */
        _exit(PLANCHE_CLI_PAGE_FAILED);
}

/* Each model runs in a process of its own, so that its peak memory is not that of another. */
static int measure_apart(const struct planche_cli_options *options)
{
    fflush(stdout);
    pid_t parent = getpid(), child = fork();
    if (child == 0) {
        end_with(parent);
        int status = measure_model(options);
        if (fflush(stdout) != 0 && status == PLANCHE_CLI_OK)
            status = PLANCHE_CLI_PAGE_FAILED;
        _exit(status);
    }
    int ended = 0;
    pid_t waited = child;
    while (child > 0 && (waited = waitpid(child, &ended, 0)) < 0 && errno == EINTR)
        continue;
    if (waited < 0) {
        planche_cli_message("cannot start a process: %s", strerror(errno));
        return PLANCHE_CLI_NOT_STARTED;
    }
    if (WIFEXITED(ended))
        return WEXITSTATUS(ended);
    planche_cli_message("%s: ended by signal %d (%s)",
                        options->engine.model != NULL ? options->engine.model
                                                      : PLANCHE_CLI_DEFAULT_MODEL,
                        WTERMSIG(ended), strsignal(WTERMSIG(ended)));
    return PLANCHE_CLI_PAGE_FAILED;
}

/* Adds every name of the catalogue. */
static void add_all(struct planche_cli_options *options)
{
    for (size_t i = 0; i < planche_model_variant_count(); i++) {
        const char *model = planche_model_variant_get(i)->model;
        unsigned known = 0;
        while (known < options->model_count && strcmp(options->models[known], model) != 0)
            known++;
        if (known == options->model_count && known < PLANCHE_CLI_MAX_MODELS)
            options->models[options->model_count++] = model;
    }
}

/* Makes the options of one model out of those of all. */
static enum planche_status set_model(const struct planche_cli_options *all, unsigned index,
                                     struct planche_cli_options *one, struct planche_error *error)
{
    unsigned scale;
    *one = *all;
    one->engine.model = all->models[index];
    one->engine.profile = all->profile;
    one->engine.log = planche_cli_log;
    one->engine.log_user = (void *)all;
    return planche_cli_choose(&one->engine, all->level, &scale, error);
}

/* On GPUs; of several, options say which. */
static int measure_paths(struct planche_cli_options *options)
{
    int status = PLANCHE_CLI_OK;
    for (int path = PLANCHE_GPU_PATH_F32; path <= PLANCHE_GPU_PATH_WGMMA; path++) {
        options->engine.gpu_path = (enum planche_gpu_path)path;
        int ended = measure_apart(options);
        if (ended == PLANCHE_CLI_NOT_STARTED)
            return ended;
        status = ended > status ? ended : status;
    }
    return status;
}

static int measure_all(const struct planche_cli_options *options)
{
    struct planche_cli_options one;
    struct planche_error error = {0};
    int status = PLANCHE_CLI_OK;
    for (unsigned i = 0; i < options->model_count; i++) {
        if (set_model(options, i, &one, &error) != PLANCHE_OK)
            return planche_cli_wrong_model(&one.engine, &error);
    }
    if (!options->json && options->paths)
        planche_cli_bench_path_print_heading();
    else if (!options->json)
        planche_cli_bench_report_print_heading();
    for (unsigned i = 0; i < options->model_count; i++) {
        set_model(options, i, &one, &error);
        int ended = options->paths ? measure_paths(&one) : measure_apart(&one);
        status = ended > status ? ended : status;
    }
    return status;
}

int planche_cli_bench(int argc, char **argv)
{
    struct planche_cli_options options;
    int first, status;
    if (!planche_cli_options_parse(&options, PLANCHE_CLI_BENCH, "bench", argc, argv, &first,
                                   &status))
        return status;
    if (first < argc)
        return planche_cli_usage_error("bench", "unexpected '%s'", argv[first]);
    if (options.all && options.model_count > 0)
        return planche_cli_usage_error("bench", "--all and --model contradict");
    if (options.paths && options.engine.backend == NULL)
        options.engine.backend = "vulkan";
    if (options.paths && strncmp(options.engine.backend, "vulkan", strlen("vulkan")) != 0)
        return planche_cli_usage_error("bench", "--paths and --backend %s contradict",
                                       options.engine.backend);
    if (options.paths && options.engine.gpu_path != PLANCHE_GPU_PATH_AUTO)
        return planche_cli_usage_error("bench", "--paths and --gpu-path contradict");
    if (options.all)
        add_all(&options);
    else if (options.model_count == 0)
        options.models[options.model_count++] = PLANCHE_CLI_DEFAULT_MODEL;
    return measure_all(&options);
}
