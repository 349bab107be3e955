/* SPDX-License-Identifier: MIT */
/* planche tune: what suits the GPUs of this machine best. */
#include "cli/cli.h"
#include "cli/interrupt.h"
#include "cli/json.h"
#include "cli/options.h"
#include "cli/terminal.h"

#include <planche/planche.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_SECONDS 60

static void show_line(void *user, enum planche_log_level level, const char *line)
{
    const struct planche_cli_options *options = user;
    if (level >= PLANCHE_LOG_INFO && !options->quiet && !options->json)
        planche_cli_note("%s", line);
}

/* Whether options name the device: by its number, or all hardware. */
static bool is_wanted(const char *backend, const struct planche_gpu_info *gpu)
{
    const char *list = backend != NULL ? strchr(backend, ':') : NULL;
    if (list == NULL)
        return gpu->type != PLANCHE_GPU_SOFTWARE && gpu->path != PLANCHE_GPU_PATH_AUTO;
    while (list != NULL) {
        if (strtoul(list + 1, NULL, 10) == gpu->index)
            return true;
        list = strchr(list + 1, ',');
    }
    return false;
}

static bool print_result(const struct planche_cli_options *options,
                         const struct planche_gpu_info *gpu)
{
    if (!options->json) {
        planche_cli_print("GPU %u (%s): %s", gpu->index, gpu->name, gpu->tuning);
        return true;
    }
    json_t *object = json_object();
    json_object_set_new(object, "index", json_integer(gpu->index));
    json_object_set_new(object, "name", planche_cli_json_text(gpu->name));
    json_object_set_new(object, "driver", planche_cli_json_text(gpu->driver));
    json_object_set_new(object, "tuning", planche_cli_json_text(gpu->tuning));
    return planche_cli_json_print(object);
}

/* Measures a device and says what has come of it. */
static bool tune(const struct planche_cli_options *options, struct planche_gpu_info *gpu)
{
    struct planche_gpu_tune_options how = PLANCHE_GPU_TUNE_OPTIONS_INIT;
    struct planche_error error = {0};
    how.seconds = options->seconds != 0 ? options->seconds : DEFAULT_SECONDS;
    how.cancel = planche_cli_interrupt_cancel();
    how.log = show_line;
    how.log_user = (void *)options;
    if (!options->quiet && !options->json)
        planche_cli_note("GPU %u (%s): at most about %.0f s", gpu->index, gpu->name, how.seconds);
    enum planche_status status = planche_gpu_tune(gpu->index, &how, &error);
    if (status == PLANCHE_OK)
        status = planche_gpu_get_info(gpu->index, gpu, &error);
    if (status != PLANCHE_OK)
        planche_cli_message("GPU %u: %s", gpu->index, error.message);
    return status == PLANCHE_OK && print_result(options, gpu);
}

/* All devices that are wanted; *count is how many there are. */
static bool tune_all(const struct planche_cli_options *options, unsigned *count)
{
    struct planche_gpu_info gpu = PLANCHE_GPU_INFO_INIT;
    bool well = true;
    *count = 0;
    for (unsigned i = 0;
         planche_cli_interrupt_signal() == 0 && planche_gpu_get_info(i, &gpu, NULL) == PLANCHE_OK;
         i++) {
        if (!is_wanted(options->engine.backend, &gpu))
            continue;
        (*count)++;
        well = tune(options, &gpu) && well;
    }
    return well;
}

int planche_cli_tune(int argc, char **argv)
{
    struct planche_cli_options options;
    unsigned count;
    int first, status;
    if (!planche_cli_options_parse(&options, PLANCHE_CLI_TUNE, "tune", argc, argv, &first, &status))
        return status;
    if (first < argc)
        return planche_cli_usage_error("tune", "unexpected '%s'", argv[first]);
    if (options.engine.backend != NULL && strcmp(options.engine.backend, "cpu") == 0)
        return planche_cli_usage_error("tune", "--backend cpu is no GPU");
    planche_cli_interrupt_install();
    bool well = tune_all(&options, &count);
    if (count > 0 || planche_cli_interrupt_signal() != 0)
        return well ? PLANCHE_CLI_OK : PLANCHE_CLI_PAGE_FAILED;
    if (options.engine.backend != NULL && strchr(options.engine.backend, ':') != NULL)
        planche_cli_message(
            "there is no GPU of that number (--backend %s); planche info lists them",
            options.engine.backend);
    else
        planche_cli_message("there is no GPU that could be measured; planche doctor says why. One "
                            "that is software must be named by its number: --backend vulkan:N");
    return PLANCHE_CLI_NOT_STARTED;
}
