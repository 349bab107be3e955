/* SPDX-License-Identifier: MIT */
/* GPU list: the GPUs of the machine, as planche info lists them. */
#include "info/gpus.h"

#include "cli/fact.h"
#include "cli/json.h"
#include "cli/number.h"

#include <planche/planche.h>
#include <stdio.h>
#include <string.h>

static const char *type_name(enum planche_gpu_type type)
{
    switch (type) {
    case PLANCHE_GPU_INTEGRATED:
        return "integrated";
    case PLANCHE_GPU_DISCRETE:
        return "discrete";
    case PLANCHE_GPU_VIRTUAL:
        return "virtual";
    case PLANCHE_GPU_SOFTWARE:
        return "software";
    default:
        return "other";
    }
}

static void print_gpu(const struct planche_gpu_info *gpu)
{
    char memory[32], left[32], name[24], text[sizeof(gpu->name) + sizeof(gpu->driver) + 64];
    snprintf(name, sizeof name, "GPU %u", gpu->index);
    snprintf(text, sizeof text, "%s (%s), Vulkan %u.%u, %s", gpu->name, type_name(gpu->type),
             gpu->api_major, gpu->api_minor, gpu->driver);
    planche_cli_print_fact(name, text);
    snprintf(text, sizeof text, "memory %s, %s of it free",
             planche_cli_format_bytes(gpu->memory, memory, sizeof memory),
             planche_cli_format_bytes(gpu->free_memory, left, sizeof left));
    planche_cli_print_fact("", text);
    if (gpu->path == PLANCHE_GPU_PATH_AUTO)
        snprintf(text, sizeof text, "cannot be used: %s", gpu->reason);
    else
        snprintf(text, sizeof text, "path %s%s", planche_gpu_path_name(gpu->path),
                 gpu->type == PLANCHE_GPU_SOFTWARE ? ", used only when it is asked for" : "");
    planche_cli_print_fact("", text);
    if (gpu->tuning[0]) {
        snprintf(text, sizeof text, "tuned: %s", gpu->tuning);
        planche_cli_print_fact("", text);
    }
    if (gpu->extensions[0])
        planche_cli_print_fact("", gpu->extensions);
}

void planche_cli_gpus_print(void)
{
    struct planche_error error = {0};
    struct planche_gpu_info gpu = PLANCHE_GPU_INFO_INIT;
    unsigned count = 0;
    enum planche_status status;
    while ((status = planche_gpu_get_info(count, &gpu, &error)) == PLANCHE_OK) {
        print_gpu(&gpu);
        count++;
    }
    if (status != PLANCHE_ERROR_NOT_FOUND)
        planche_cli_print_fact("GPUs", error.message);
    else if (count == 0)
        planche_cli_print_fact("GPUs", "none");
}

static json_t *list_words(const char *text)
{
    json_t *words = json_array();
    while (*text) {
        size_t length = strcspn(text, " ");
        json_array_append_new(words, json_stringn(text, length));
        text += length + strspn(text + length, " ");
    }
    return words;
}

static json_t *describe(const struct planche_gpu_info *gpu)
{
    char version[32];
    bool usable = gpu->path != PLANCHE_GPU_PATH_AUTO;
    snprintf(version, sizeof version, "%u.%u", gpu->api_major, gpu->api_minor);
    json_t *object = json_object();
    json_object_set_new(object, "index", json_integer(gpu->index));
    json_object_set_new(object, "name", planche_cli_json_text(gpu->name));
    json_object_set_new(object, "type", json_string(type_name(gpu->type)));
    json_object_set_new(object, "driver", planche_cli_json_text(gpu->driver));
    json_object_set_new(object, "vulkan", json_string(version));
    json_object_set_new(object, "memory_bytes", json_integer((json_int_t)gpu->memory));
    json_object_set_new(object, "free_bytes", json_integer((json_int_t)gpu->free_memory));
    json_object_set_new(object, "path",
                        usable ? json_string(planche_gpu_path_name(gpu->path)) : json_null());
    json_object_set_new(object, "extensions", list_words(gpu->extensions));
    json_object_set_new(object, "tuning",
                        gpu->tuning[0] ? planche_cli_json_text(gpu->tuning) : json_null());
    if (!usable)
        json_object_set_new(object, "reason", planche_cli_json_text(gpu->reason));
    return object;
}

void planche_cli_gpus_json(json_t *object)
{
    struct planche_error error = {0};
    struct planche_gpu_info gpu = PLANCHE_GPU_INFO_INIT;
    json_t *list = json_array();
    enum planche_status status;
    for (unsigned i = 0; (status = planche_gpu_get_info(i, &gpu, &error)) == PLANCHE_OK; i++)
        json_array_append_new(list, describe(&gpu));
    json_object_set_new(object, "gpus", list);
    if (status != PLANCHE_ERROR_NOT_FOUND)
        json_object_set_new(object, "gpus_problem", planche_cli_json_text(error.message));
}
