/* SPDX-License-Identifier: MIT */
/* The device, engines and pages on it. */
#include "vulkan_test.h"

#include "api_test.h"
#include "backend/vulkan/fault.h"
#include "backend/vulkan/probe.h"
#include "need_device.h"
#include "random_graph.h"
#include "support/quick.h"
#include "support/testing.h"

#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A software device on a busy machine may stand still for as long as no device of a user may. */
#define PATIENCE_MS 600000.0
/* Threads of engines: a result is the same for any number. */
#define THREADS 2

void gpu_be_patient(void)
{
    planche_gpu_set_patience(PATIENCE_MS);
}

char gpu_warnings[4096];

void gpu_take_warning(void *user, enum planche_log_level level, const char *line)
{
    size_t used = strlen(gpu_warnings);
    (void)user;
    if (level >= PLANCHE_LOG_WARNING)
        snprintf(gpu_warnings + used, sizeof(gpu_warnings) - used, "%s\n", line);
}

struct planche_gpu_info gpu_need(void)
{
    static struct planche_gpu_info info = PLANCHE_GPU_INFO_INIT;
    struct planche_error error = {0};
    if (info.path)
        return info;
    gpu_be_patient();
    if (planche_gpu_get_info(test_device_index(), &info, &error))
        test_lack("PLANCHE_REQUIRE_VULKAN", error.message);
    if (!info.path)
        test_lack("PLANCHE_REQUIRE_VULKAN", info.reason);
    return info;
}

void gpu_set_cache(void)
{
    const char *folder = getenv("PLANCHE_TEST_CACHE");
    char models[4096];
    if (!folder || planche_model_directory(models, sizeof(models), NULL))
        return;
    setenv("PLANCHE_MODEL_DIR", models, 1);
    setenv("XDG_CACHE_HOME", folder, 1);
}

void gpu_add_matrices(void)
{
    if (!test_full() || gpu_need().path >= PLANCHE_GPU_PATH_KHR)
        return;
    planche_gpu_pretend_matrices(true);
}

bool gpu_may_lack(enum planche_gpu_path path)
{
    return path > PLANCHE_GPU_PATH_F16 && path != gpu_need().path;
}

/* A layer's number by its key; 0: it has none. */
static int number_of(const char *line, const char *key)
{
    const char *end = line + strcspn(line, "\n"), *at = strstr(line, key);
    return at && at < end ? atoi(at + strlen(key)) : 0;
}

/* Values stay about as large as they are. */
static void put_layer(struct random_graph *graph, uint64_t *state, int weights, int outputs)
{
    double range = 3.0 * outputs / weights;
    random_graph_put_bytes(graph, 0, 4);
    random_graph_put_floats(graph, state, weights, -range, range);
    random_graph_put_floats(graph, state, outputs, 0, 0.4);
}

const char *gpu_write_model(const char *name, const char *param)
{
    struct random_graph graph = {0};
    uint64_t state = 7;
    char file[64];
    for (const char *line = strchr(param, '\n'); line; line = strchr(line + 1, '\n')) {
        const char *layer = line + 1, *key = strncmp(layer, "Inner", 5) == 0 ? " 2=" : " 6=";
        if (number_of(layer, key))
            put_layer(&graph, &state, number_of(layer, key), number_of(layer, " 0="));
    }
    snprintf(file, sizeof(file), "%s.bin", name);
    test_write(test_path(file), graph.bin, graph.bin_size);
    random_graph_free(&graph);
    snprintf(file, sizeof(file), "%s.param", name);
    test_write(test_path(file), param, strlen(param));
    return test_path(file);
}

struct planche_engine *gpu_engine(struct planche_engine_options options, enum planche_gpu_path path)
{
    const struct planche_gpu_info gpu = gpu_need();
    struct planche_engine_info info = PLANCHE_ENGINE_INFO_INIT;
    struct planche_engine *engine;
    struct planche_error error;
    char backend[32];
    snprintf(backend, sizeof(backend), "vulkan:%u", gpu.index);
    options.struct_size = sizeof(options);
    options.backend = backend;
    options.gpu_path = path;
    options.threads = THREADS;
    enum planche_status status = planche_engine_create(&engine, &options, &error);
    if (status == PLANCHE_ERROR_UNSUPPORTED && gpu_may_lack(path))
        return NULL;
    if (status)
        fail_msg("%s", error.message);
    planche_engine_get_info(engine, &info, NULL);
    assert_string_equal(info.backend, "vulkan");
    assert_string_equal(info.device, gpu.name);
    assert_string_equal(info.gpu_path, planche_gpu_path_name(path));
    return engine;
}

struct planche_page_result gpu_run(const struct planche_engine *engine,
                                   const struct planche_pixels *in,
                                   const struct planche_pixels *out,
                                   const struct planche_page_options *options)
{
    struct planche_page_result result = PLANCHE_PAGE_RESULT_INIT;
    struct planche_error error;
    if (planche_engine_run_pixels(engine, in, out, options, &result, &error))
        fail_msg("%s", error.message);
    return result;
}

void gpu_expect(const struct planche_page_result *result)
{
    if (result->redone)
        fail_msg("the CPU made the page: %s", result->redone_reason);
    assert_string_equal(result->backend, "vulkan");
    assert_true(result->tiles > 0);
}

void gpu_need_two(void)
{
    struct planche_gpu_info infos[2];
    for (unsigned i = 0; i < 2; i++) {
        infos[i] = (struct planche_gpu_info)PLANCHE_GPU_INFO_INIT;
        if (planche_gpu_get_info(i, &infos[i], NULL) || strcmp(infos[i].name, infos[0].name) != 0) {
            print_message("***** SKIPPED: there are no two GPUs that are alike\n");
            skip();
        }
    }
}

/* Copies a small file. */
static bool copy_file(const char *from, const char *to)
{
    char data[4096];
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    size_t size = in ? fread(data, 1, sizeof(data), in) : 0;
    bool copied = out && size > 0 && fwrite(data, 1, size, out) == size;
    if (in)
        fclose(in);
    if (out && fclose(out))
        copied = false;
    return copied;
}

void gpu_show_software_twice(const char *second)
{
    static char both[2 * PATH_MAX];
    glob_t found;
    if (planche_gpu_is_likely(NULL) || getenv("VK_DRIVER_FILES") ||
        glob("/usr/share/vulkan/icd.d/lvp_icd*.json", 0, NULL, &found))
        return;
    assert_true(copy_file(found.gl_pathv[0], second));
    snprintf(both, sizeof(both), "%s:%s", found.gl_pathv[0], second);
    setenv("VK_DRIVER_FILES", both, 0);
    globfree(&found);
}
