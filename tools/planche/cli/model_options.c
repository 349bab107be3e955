/* SPDX-License-Identifier: MIT */
/* Model options: model, scale and denoise level checked against the catalogue. */
#include "cli/model_options.h"

#include "base/status.h"
#include "cli/options.h"

#include <string.h>

bool planche_cli_model_is_path(const char *model)
{
    size_t length = model != NULL ? strlen(model) : 0;
    return length > 6 && strcmp(model + length - 6, ".param") == 0;
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
    bool own_zero = has_level(model != NULL ? model : PLANCHE_CLI_DEFAULT_MODEL, PLANCHE_DENOISE_0);
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

enum planche_status planche_cli_choose(struct planche_engine_options *options, int level,
                                       unsigned *scale, struct planche_error *error)
{
    options->denoise = planche_cli_denoise(options->model, level);
    *scale = options->scale;
    if (planche_cli_model_is_path(options->model)) {
        if (level == PLANCHE_CLI_NO_LEVEL)
            return PLANCHE_OK;
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                            "a model file has no denoise levels; leave denoise out");
    }
    const struct planche_model_variant *variant = NULL;
    enum planche_status status =
        planche_model_find(options->model != NULL ? options->model : PLANCHE_CLI_DEFAULT_MODEL,
                           options->scale, options->denoise, &variant, error);
    if (status == PLANCHE_OK) {
        *scale = options->scale = variant->scale;
        options->denoise = variant->denoise;
        return status;
    }
    return is_chained(options) ? PLANCHE_OK : status;
}
