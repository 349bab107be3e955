/* SPDX-License-Identifier: MIT */
/* planche info: CPU, memory and GPUs of this machine, and the defaults that follow from them. */
#include "cli/build_facts.h"
#include "cli/cli.h"
#include "cli/fact.h"
#include "cli/json.h"
#include "cli/number.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "info/gpus.h"
#include "info/settings.h"
#include "os/system.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is printed. */
struct machine {
    char cpu[128];
    uint32_t features; /* that may be used */
    uint64_t memory, budget;
    unsigned threads;
    bool has_models;
    char models[PATH_MAX]; /* the folder, or why there is none */
};

static void inspect(struct machine *machine, const struct planche_cli_options *options)
{
    struct planche_error error = {0};
    uint32_t mask = options->engine.cpu_mask;
    *machine = (struct machine){.features = planche_cpu_features()};
    if (mask != 0)
        machine->features &= mask | PLANCHE_CPU_PORTABLE;
    planche_cli_cpu_name(machine->cpu, sizeof machine->cpu);
    machine->memory = planche_system_physical_memory();
    planche_engine_defaults(&machine->budget, &machine->threads);
    const char *named = options->engine.model_directory;
    machine->has_models =
        named != NULL ||
        planche_model_directory(machine->models, sizeof machine->models, &error) == PLANCHE_OK;
    if (named != NULL || !machine->has_models)
        snprintf(machine->models, sizeof machine->models, "%s",
                 named != NULL ? named : error.message);
}

static bool print_json(const struct machine *machine, const struct planche_cli_config *config)
{
    json_t *names = json_array();
    for (size_t i = 0; i < PLANCHE_CLI_FEATURES; i++) {
        if (machine->features & planche_cli_features[i].feature)
            json_array_append_new(names, json_string(planche_cli_features[i].name));
    }
    json_t *object = json_object();
    json_object_set_new(object, "version", json_string(planche_version()));
    json_object_set_new(object, "cpu", planche_cli_json_text(machine->cpu));
    json_object_set_new(object, "features", names);
    json_object_set_new(object, "isa", json_string(planche_cli_best_feature(machine->features)));
    json_object_set_new(object, "memory_bytes", json_integer((json_int_t)machine->memory));
    json_object_set_new(object, "budget_bytes", json_integer((json_int_t)machine->budget));
    json_object_set_new(object, "threads", json_integer(machine->threads));
    json_object_set_new(object, "model_directory",
                        machine->has_models ? planche_cli_json_text(machine->models) : json_null());
    planche_cli_build_json(object);
    planche_cli_gpus_json(object);
    planche_cli_settings_json(config, object);
    return planche_cli_json_print(object);
}

static void print_text(const struct machine *machine, const struct planche_cli_config *config)
{
    char memory[32], text[128];
    planche_cli_print_fact("planche", planche_version());
    planche_cli_build_print();
    planche_cli_print_fact("CPU", machine->cpu);
    planche_cli_feature_list(machine->features, text, sizeof text);
    planche_cli_print_fact("features", text);
    planche_cli_print_fact("kernels", planche_cli_best_feature(machine->features));
    planche_cli_print_fact("memory",
                           planche_cli_format_bytes(machine->memory, memory, sizeof memory));
    snprintf(text, sizeof(text),
             "%s at most, more than 600 MB where it pays, unless --memory says otherwise",
             planche_cli_format_bytes(machine->budget, memory, sizeof memory));
    planche_cli_print_fact("budget", text);
    snprintf(text, sizeof(text), "%u unless --threads says otherwise", machine->threads);
    planche_cli_print_fact("threads", text);
    planche_cli_print_fact("models", machine->models);
    planche_cli_gpus_print();
    planche_cli_settings_print(config);
}

int planche_cli_info(int argc, char **argv)
{
    struct planche_cli_options options;
    struct machine machine;
    int first, status;
    if (!planche_cli_options_parse(&options, PLANCHE_CLI_INFO, "info", argc, argv, &first, &status))
        return status;
    if (first < argc)
        return planche_cli_usage_error("info", "unexpected '%s'", argv[first]);
    inspect(&machine, &options);
    if (!options.json)
        print_text(&machine, options.config);
    else if (!print_json(&machine, options.config))
        return PLANCHE_CLI_PAGE_FAILED;
    return PLANCHE_CLI_OK;
}
