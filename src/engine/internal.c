/* SPDX-License-Identifier: MIT */
/* Access to an engine's budget, admission control and fingerprint, for books. */
#include "engine/internal.h"

#include "base/status.h"
#include "engine/engine.h"
#include "os/system.h"

#include <stdio.h>

struct planche_budget *planche_engine_budget(const struct planche_engine *engine)
{
    return &engine->state->budget;
}

const struct planche_log *planche_engine_log(const struct planche_engine *engine)
{
    return &engine->log;
}

unsigned planche_engine_jobs(const struct planche_engine *engine)
{
    return engine->state->admission.jobs;
}

bool planche_engine_set_aside(const struct planche_engine *engine, uint64_t bytes,
                              const struct planche_cancel_token *cancel)
{
    return planche_admission_set_aside(&engine->state->admission, bytes, cancel);
}

void planche_engine_put_back(const struct planche_engine *engine, uint64_t bytes)
{
    planche_admission_put_back(&engine->state->admission, bytes);
}

enum planche_status planche_engine_check_process(const struct planche_engine *engine,
                                                 struct planche_error *error)
{
    if (engine->process == planche_system_process())
        return PLANCHE_OK;
    return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                        "the engine was made before fork(), and its threads are not in this "
                        "process; create an engine in the process that uses it");
}

void planche_engine_name_model(const struct planche_engine *engine, char *text, size_t size)
{
    snprintf(text, size, "%.48s %ux", engine->variant, engine->net->recipe.scale);
}

/* The variant (from the files' names) is in it, too: pages are marked with it, and how the engine
 * uses its network depends on it. */
static void describe_model(char *text, size_t size, const struct planche_engine *engine,
                           const uint8_t digest[PLANCHE_MODEL_DIGEST_BYTES])
{
    const struct planche_recipe *recipe = &engine->net->recipe;
    size_t at = 0;
    for (size_t i = 0; i < PLANCHE_MODEL_DIGEST_BYTES; i++)
        at += (size_t)snprintf(text + at, size - at, "%02x", digest[i]);
    snprintf(text + at, size - at, " %.48s %u %u %u %u %a %a %a %a", engine->variant, recipe->scale,
             recipe->multiple, recipe->pad, recipe->crop, (double)recipe->in_scale,
             (double)recipe->in_bias, (double)recipe->out_scale, (double)recipe->out_bias);
}

enum planche_status planche_engine_fingerprint(const struct planche_engine *engine,
                                               char text[PLANCHE_ENGINE_FINGERPRINT],
                                               struct planche_error *error)
{
    struct planche_engine_info info = PLANCHE_ENGINE_INFO_INIT;
    uint8_t digest[PLANCHE_MODEL_DIGEST_BYTES];
    char model[256];
    enum planche_status status = planche_model_digest_get(&engine->state->digest, digest, error);
    if (status)
        return status;
    planche_engine_describe(engine, &info);
    describe_model(model, sizeof model, engine, digest);
    snprintf(text, PLANCHE_ENGINE_FINGERPRINT,
             "model %s\nmachine %s %.128s %s\nse %d\nmax_pixels %llu\n", model,
             info.gpu_path ? info.gpu_path : info.backend, info.device ? info.device : info.isa,
             info.precision, (int)engine->se, (unsigned long long)engine->max_pixels);
    return PLANCHE_OK;
}
