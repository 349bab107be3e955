/* SPDX-License-Identifier: MIT */
/* Model options: model, scale and denoise level checked against the catalogue. */
#include "cli/model_options.h"

#include "base/status.h"
#include "base/text.h"
#include "cli/near_file.h"
#include "cli/options.h"
#include "os/file_info.h"
#include "profile/parts.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* One of Planche's own networks. */
static bool is_own_file(const char *model)
{
    return model != NULL && planche_text_ends(model, ".planche");
}

bool planche_cli_model_is_path(const char *model)
{
    return planche_model_is_file(model);
}

const char *planche_cli_model_name(const char *model)
{
    const struct planche_model_variant *variant = NULL;
    const char *name = model != NULL ? model : PLANCHE_CLI_DEFAULT_MODEL;
    bool stands = strcmp(name, "auto") == 0 && planche_model_find(name, 0, PLANCHE_DENOISE_DEFAULT,
                                                                  &variant, NULL) == PLANCHE_OK;
    return stands ? variant->model : name;
}

bool planche_cli_model_is_built_in(const char *model)
{
    const char *name = planche_cli_model_name(model);
    for (size_t i = 0; i < planche_model_variant_count(); i++) {
        const struct planche_model_variant *variant = planche_model_variant_get(i);
        if (strcmp(variant->model, name) == 0)
            return variant->package == NULL;
    }
    return false;
}

/* Whether a model of the catalogue has files of this level. */
static bool has_level(const char *model, enum planche_denoise denoise)
{
    for (size_t i = 0; i < planche_model_variant_count(); i++) {
        const struct planche_model_variant *variant = planche_model_variant_get(i);
        if (variant->denoise == denoise && strcmp(variant->model, model) == 0)
            return true;
    }
    return false;
}

enum planche_denoise planche_cli_denoise(const char *model, int level)
{
    bool own_zero = has_level(planche_cli_model_name(model), PLANCHE_DENOISE_0);
    switch (level) {
    case -1:
        return own_zero ? PLANCHE_DENOISE_NONE : PLANCHE_DENOISE_CONSERVATIVE;
    case 0:
        return own_zero ? PLANCHE_DENOISE_0 : PLANCHE_DENOISE_NONE;
    case 1:
        return PLANCHE_DENOISE_1;
    case 2:
        return PLANCHE_DENOISE_2;
    case 3:
        return PLANCHE_DENOISE_3;
    default:
        return PLANCHE_DENOISE_DEFAULT;
    }
}

bool planche_cli_level(const struct planche_model_variant *variant, int *level)
{
    bool has_levels = has_level(variant->model, PLANCHE_DENOISE_1) ||
                      has_level(variant->model, PLANCHE_DENOISE_3);
    for (*level = -1; has_levels && *level <= 3; ++*level) {
        if (planche_cli_denoise(variant->model, *level) == variant->denoise)
            return true;
    }
    return false;
}

/* Whether several networks of the model make a scale that none of them has. */
static bool is_chained(const struct planche_engine_options *options)
{
    struct planche_page_result result = PLANCHE_PAGE_RESULT_INIT;
    return options->scale > 1 &&
           planche_engine_predict(NULL, options, 1, 1, NULL, &result, NULL) == PLANCHE_OK;
}

/* Takes the level of -n. Errors: ARGUMENT: the model does not have such. */
static enum planche_status take_level(struct planche_engine_options *options, double level,
                                      struct planche_error *error)
{
    bool own_file = is_own_file(options->model);
    options->has_level = level != PLANCHE_CLI_NO_LEVEL && (own_file || level != floor(level));
    options->level = level;
    options->denoise =
        own_file ? PLANCHE_DENOISE_DEFAULT : planche_cli_denoise(options->model, (int)ceil(level));
    if (level == PLANCHE_CLI_NO_LEVEL || own_file)
        return PLANCHE_OK;
    if (planche_cli_model_is_path(options->model))
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                            "a model file has no denoise levels; leave denoise out");
    if (!options->has_level || planche_cli_model_is_built_in(options->model))
        return PLANCHE_OK;
    return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                        "denoise levels between whole numbers are for small, medium and large, "
                        "and for .planche files");
}

/* A name that is no model; options->model is it then, for the message. */
static enum planche_status check_part(void *user, const char *name,
                                      const struct planche_model_part *part,
                                      struct planche_error *error)
{
    static char wrong[PATH_MAX];
    struct planche_engine_options *options = user;
    const struct planche_model_variant *variant = NULL;
    if (planche_cli_model_is_path(name))
        return PLANCHE_OK;
    enum planche_status status =
        *name ? planche_model_find(name, 0, PLANCHE_DENOISE_DEFAULT, &variant, error)
              : planche_fail(error, PLANCHE_ERROR_ARGUMENT, "%.64s...: the name is too long",
                             part->name);
    if (status != PLANCHE_OK && *name) {
        snprintf(wrong, sizeof wrong, "%s", name);
        options->model = wrong;
    }
    return status;
}

/* The same of a chain or a choice: its models are checked by their names, and the rest by the
 * library. */
static enum planche_status choose_several(struct planche_engine_options *options, double level,
                                          unsigned *scale, struct planche_error *error)
{
    struct planche_page_result result = PLANCHE_PAGE_RESULT_INIT;
    options->denoise = PLANCHE_DENOISE_DEFAULT;
    options->has_level = level != PLANCHE_CLI_NO_LEVEL;
    options->level = options->has_level ? level : 0;
    enum planche_status status = planche_parts_each(options->model, check_part, options, error);
    if (status != PLANCHE_OK)
        return status;
    status = planche_engine_predict(NULL, options, 1, 1, NULL, &result, error);
    if (status == PLANCHE_OK && options->scale == 0)
        *scale = result.output_width;
    return status == PLANCHE_ERROR_UNSUPPORTED ? PLANCHE_OK : status;
}

enum planche_status planche_cli_choose(struct planche_engine_options *options, double level,
                                       unsigned *scale, struct planche_error *error)
{
    const struct planche_model_variant *variant = NULL;
    *scale = options->scale;
    if (planche_parts_are_several(options->model))
        return choose_several(options, level, scale, error);
    enum planche_status status = take_level(options, level, error);
    if (status != PLANCHE_OK || planche_cli_model_is_path(options->model))
        return status;
    status = planche_model_find(options->model != NULL ? options->model : PLANCHE_CLI_DEFAULT_MODEL,
                                options->scale, options->denoise, &variant, error);
    if (status == PLANCHE_OK) {
        *scale = options->scale = variant->scale;
        /* What is built in chooses for each page. */
        bool chosen = level == PLANCHE_CLI_NO_LEVEL && variant->package == NULL;
        options->denoise = chosen ? PLANCHE_DENOISE_DEFAULT : variant->denoise;
        return status;
    }
    return is_chained(options) ? PLANCHE_OK : status;
}

unsigned planche_cli_count_jobs(const struct planche_engine_options *options)
{
    unsigned jobs = options->jobs != 0 ? options->jobs : options->threads;
    if (jobs == 0)
        planche_engine_defaults(NULL, &jobs);
    return jobs < PLANCHE_CLI_MAX_JOBS ? jobs : PLANCHE_CLI_MAX_JOBS;
}

/* A file that is not there is a mistake like a name that no model has. */
static enum planche_status check_file(void *user, const char *name,
                                      const struct planche_model_part *part,
                                      struct planche_error *error)
{
    (void)user;
    (void)part;
    if (!planche_cli_model_is_path(name) || access(name, F_OK) == 0 ||
        !planche_file_is_absent(errno))
        return PLANCHE_OK;
    planche_fail(error, PLANCHE_ERROR_NOT_FOUND, "%s: no such model file", name);
    planche_cli_near_file_hint(name, error);
    return PLANCHE_ERROR_NOT_FOUND;
}

enum planche_status planche_cli_choose_typed(struct planche_engine_options *options, double level,
                                             unsigned *scale, struct planche_error *error)
{
    enum planche_status status = planche_cli_choose(options, level, scale, error);
    if (status != PLANCHE_OK || options->model == NULL)
        return status;
    return planche_parts_each(options->model, check_file, NULL, error);
}
