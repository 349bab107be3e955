/* SPDX-License-Identifier: MIT */
/* Access to an engine's budget, admission control and fingerprint, for books. */
#include "engine/internal.h"

#include "base/file_names.h"
#include "base/status.h"
#include "base/text.h"
#include "engine/engine.h"
#include "engine/result_size.h"
#include "io/digest.h"
#include "model/load.h"
#include "os/system.h"

#include <limits.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <string.h>

/* Half a digest in hexadecimal, with its 0. */
#define OTHERS_SIZE 33

struct planche_budget *planche_engine_budget(const struct planche_engine *engine)
{
    return &engine->state->budget;
}

const struct planche_log *planche_engine_log(const struct planche_engine *engine)
{
    return &engine->log;
}

/* More than this many are all the same. */
#define MAX_EXPECTED 1000000

void planche_engine_expect(const struct planche_engine *engine, size_t pages)
{
    _Atomic unsigned *expected = &engine->state->expected;
    unsigned more = (unsigned)(pages < MAX_EXPECTED ? pages : MAX_EXPECTED);
    if (atomic_load(expected) < MAX_EXPECTED)
        atomic_fetch_add(expected, more);
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

bool planche_engine_chooses(const struct planche_engine *engine)
{
    const struct planche_engine_ways *ways = &engine->state->ways;
    bool chooses = engine->state->levels.chosen;
    for (unsigned i = 1; i < ways->choices.count; i++)
        chooses = chooses || ways->list[i]->levels.chosen;
    return chooses;
}

unsigned planche_engine_way_count(const struct planche_engine *engine)
{
    return engine->state->ways.choices.count;
}

/* At the door, as pages plan theirs. */
static enum planche_status plan_way(const struct planche_engine *engine, unsigned way,
                                    unsigned level, const struct planche_cancel_token *cancel,
                                    struct planche_level_set *set, struct planche_error *error)
{
    const struct planche_admission_ticket ticket = {.cancel = cancel};
    struct planche_admission *admission = &engine->state->admission;
    struct planche_engine_ways *ways = &engine->state->ways;
    if (!planche_admission_acquire(admission, &ticket))
        return planche_cancel_fail(cancel, error);
    planche_admission_step_back(admission);
    enum planche_status status = planche_ways_plan(
        ways, way, planche_engine_primary(engine)->executors.list[0].ops, cancel, error);
    planche_admission_step_up(admission);
    planche_admission_cancel(admission);
    return status ? status : planche_ways_get(ways, way, level, set, error);
}

enum planche_status planche_engine_size_page(const struct planche_engine *engine,
                                             const struct planche_page_options *options,
                                             unsigned way, unsigned level,
                                             const struct planche_cancel_token *cancel,
                                             struct planche_page_result *result,
                                             struct planche_error *error)
{
    struct planche_level_set set;
    struct planche_chain chain;
    enum planche_status status =
        way ? plan_way(engine, way, level, cancel, &set, error)
            : planche_levels_get(&engine->state->levels, level, &set, error);
    if (status)
        return status;
    const struct planche_size_rule rule = {set.plan, engine->max_pixels};
    return planche_result_size(result, &chain, &rule, options, error);
}

/* The variant (from the files' names) is in it, too: pages are marked with it, and how the engine
 * uses its network depends on it. */
static void describe_model(char *text, size_t size, const struct planche_engine *engine,
                           const uint8_t digest[PLANCHE_MODEL_DIGEST_BYTES])
{
    const struct planche_engine_network *network = planche_engine_primary(engine);
    const struct planche_recipe *recipe = &network->recipe;
    char hex[2 * PLANCHE_MODEL_DIGEST_BYTES + 1];
    planche_text_hex(hex, digest, PLANCHE_MODEL_DIGEST_BYTES);
    snprintf(text, size, "%s %.48s %u %u %u %u %a %a %a %a", hex, network->name, recipe->scale,
             recipe->multiple, recipe->pad, recipe->crop, (double)recipe->in_scale,
             (double)recipe->in_bias, (double)recipe->out_scale, (double)recipe->out_bias);
}

/* The other networks that pages may run through: those of a model file are none, and of the
 * catalogue's, which are not all loaded, it has the digests. As a digest of their own. */
static void describe_others(char text[OTHERS_SIZE], const struct planche_engine *engine)
{
    const struct planche_scale_set *set = &engine->plan.set;
    uint8_t digest[SHA256_DIGEST_SIZE];
    struct sha256_ctx context;
    sha256_init(&context);
    for (unsigned i = 0; i < set->count; i++) {
        const struct planche_model_variant *variant = set->list[i].variant;
        char line[256];
        int length = snprintf(line, sizeof line, "%u %d %d %a %d %s\n", set->list[i].scale,
                              set->list[i].first, set->list[i].later, set->list[i].form.level,
                              set->list[i].form.grey, variant ? variant->bin_sha256 : "");
        sha256_update(&context, (size_t)length, (const uint8_t *)line);
    }
    sha256_digest(&context, sizeof digest, digest);
    planche_text_hex(text, digest, OTHERS_SIZE / 2);
}

/* Content of a model's one or two files. */
static bool digest_files(const char *path, uint8_t digest[SHA256_DIGEST_SIZE])
{
    uint8_t parts[2 * SHA256_DIGEST_SIZE];
    char partner[PATH_MAX];
    size_t size = SHA256_DIGEST_SIZE;
    bool ok = planche_content_digest(path, NULL, parts);
    if (ok && planche_model_has_partner(path)) {
        ok = planche_name_partner(path, partner, sizeof partner) < sizeof partner &&
             planche_content_digest(partner, NULL, parts + size);
        size *= 2;
    }
    if (ok)
        planche_digest_of(parts, size, digest);
    return ok;
}

/* Whether a file is that of the network that was loaded with the engine, whose digest is known: its
 * path may have another one by now. */
static bool is_primary(const struct planche_engine *engine, const char *path)
{
    unsigned primary = engine->state->networks.primary;
    const char *loaded = engine->plan.set.list[primary].path;
    return loaded && strcmp(loaded, path) == 0;
}

/* The other models of a chain or a choice, and what pages they are for; "" of one model. */
static enum planche_status describe_ways(char text[OTHERS_SIZE],
                                         const struct planche_engine *engine,
                                         const uint8_t primary[PLANCHE_MODEL_DIGEST_BYTES],
                                         struct planche_error *error)
{
    const struct planche_choices *choices = &engine->state->ways.choices;
    uint8_t digest[SHA256_DIGEST_SIZE];
    struct sha256_ctx context;
    sha256_init(&context);
    *text = 0;
    if (choices->count == 1 && choices->list[0].count == 1 && !choices->list[0].levels)
        return PLANCHE_OK;
    for (unsigned i = 0; i < choices->count; i++) {
        const struct planche_alternative *models = &choices->list[i];
        char line[96];
        planche_page_rule_name(&models->rule, line, 64);
        size_t length = strlen(line);
        length += (size_t)snprintf(line + length, sizeof line - length, "|%d %u", models->levels,
                                   models->count);
        sha256_update(&context, length, (const uint8_t *)line);
        for (unsigned j = 0; j < models->count; j++) {
            const char *model = models->models[j];
            const uint8_t *what = digest;
            size_t size = sizeof digest;
            if (!planche_model_is_path(model)) {
                what = (const uint8_t *)model;
                size = strlen(model) + 1;
            } else if (is_primary(engine, model)) {
                what = primary;
            } else if (!digest_files(model, digest)) {
                return planche_fail(error, PLANCHE_ERROR_IO, "%s: this model file cannot be read",
                                    model);
            }
            sha256_update(&context, size, what);
        }
    }
    sha256_digest(&context, sizeof digest, digest);
    planche_text_hex(text, digest, OTHERS_SIZE / 2);
    return PLANCHE_OK;
}

enum planche_status planche_engine_fingerprint(const struct planche_engine *engine,
                                               char text[PLANCHE_ENGINE_FINGERPRINT],
                                               struct planche_error *error)
{
    struct planche_engine_info info = PLANCHE_ENGINE_INFO_INIT;
    uint8_t digest[PLANCHE_MODEL_DIGEST_BYTES];
    char model[256], others[OTHERS_SIZE], ways[OTHERS_SIZE];
    enum planche_status status =
        planche_model_digest_get(&planche_engine_primary(engine)->digest, digest, error);
    if (!status)
        status = describe_ways(ways, engine, digest, error);
    if (status)
        return status;
    planche_engine_describe(engine, &info);
    describe_model(model, sizeof model, engine, digest);
    describe_others(others, engine);
    snprintf(
        text, PLANCHE_ENGINE_FINGERPRINT,
        "model %s\nscale %u of %s%s%s\nchosen %d\nmachine %s %.128s %s\nse %d\nmax_pixels %llu\n",
        model, engine->plan.scale, others, *ways ? " and " : "", ways,
        planche_engine_chooses(engine) ? PLANCHE_AUTO_VERSION : 0,
        info.gpu_path ? info.gpu_path : info.backend, info.device ? info.device : info.isa,
        info.precision, (int)engine->se, (unsigned long long)engine->max_pixels);
    return PLANCHE_OK;
}
