/* SPDX-License-Identifier: MIT */
/* The catalogue of models. */
#include "model/catalogue.h"

#include "api/args.h"

size_t planche_model_variant_count(void)
{
    return planche_catalogue_count();
}

const struct planche_model_variant *planche_model_variant_get(size_t index)
{
    return planche_catalogue_get(index);
}

enum planche_status planche_model_find(const char *model, unsigned scale,
                                       enum planche_denoise denoise,
                                       const struct planche_model_variant **out,
                                       struct planche_error *error)
{
    struct planche_error own = {0};
    error = planche_args_error(error, &own);
    if (!out)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "out must be given");
    *out = NULL;
    if (!model)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "no model is named");
    return planche_catalogue_find(model, scale, denoise, out, error);
}

enum planche_status planche_model_directory(char *path, size_t size, struct planche_error *error)
{
    struct planche_error own = {0};
    error = planche_args_error(error, &own);
    if (!path)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "path must be given");
    return planche_catalogue_directory(path, size, error);
}

enum planche_status planche_model_check(const struct planche_model_variant *variant,
                                        const char *directory, int verify,
                                        struct planche_error *error)
{
    struct planche_error own = {0};
    error = planche_args_error(error, &own);
    if (!variant)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "variant must be given");
    return planche_catalogue_check(variant, directory, verify, error);
}
