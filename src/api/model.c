/* SPDX-License-Identifier: MIT */
/* The catalogue of models. */
#include "model/catalogue.h"
#include "model/choices.h"
#include "model/import/import.h"

#include "api/args.h"
#include "model/load.h"

#include <string.h>

#define EXTENSION ".param"

int planche_model_is_file(const char *model)
{
    return model && planche_model_is_path(model) && !planche_choices_are_several(model);
}

static enum planche_status find_part(const struct planche_choices *choices, size_t index,
                                     const char *model, struct planche_model_part *part,
                                     struct planche_error *error)
{
    for (unsigned i = 0; i < choices->count; i++) {
        const struct planche_alternative *models = &choices->list[i];
        if (index >= models->count) {
            index -= models->count;
            continue;
        }
        part->name = model + (models->models[index] - choices->text);
        part->length = strlen(models->models[index]);
        part->alternative = i + 1;
        part->grey = models->rule.grey;
        part->colour = models->rule.colour;
        part->height = models->rule.height;
        part->levels = models->levels;
        return PLANCHE_OK;
    }
    return planche_fail(error, PLANCHE_ERROR_NOT_FOUND, "the text names no more models");
}

enum planche_status planche_model_part_find(const char *model, size_t index,
                                            struct planche_model_part *part,
                                            struct planche_error *error)
{
    const struct planche_args_struct *type =
        PLANCHE_ARGS_STRUCT(struct planche_model_part, PLANCHE_MODEL_PART_INIT);
    struct planche_model_part full = PLANCHE_MODEL_PART_INIT;
    struct planche_choices choices;
    struct planche_error own = {0};
    error = planche_args_error(error, &own);
    if (!model || !part)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "model and part must be given");
    enum planche_status status = planche_args_check_result(part, type, error);
    if (!status)
        status = planche_choices_read(&choices, model, NULL, error);
    if (status)
        return status;
    status = find_part(&choices, index, model, &full, error);
    planche_choices_free(&choices);
    planche_args_give(part, &full, type);
    return status;
}

enum planche_status planche_model_inspect(const char *path, uint64_t memory,
                                          struct planche_model_facts *facts,
                                          struct planche_error *error)
{
    const struct planche_args_struct *type =
        PLANCHE_ARGS_STRUCT(struct planche_model_facts, PLANCHE_MODEL_FACTS_INIT);
    struct planche_model_facts full = PLANCHE_MODEL_FACTS_INIT;
    struct planche_budget budget;
    struct planche_error own = {0};
    error = planche_args_error(error, &own);
    if (!path)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "path must be given");
    enum planche_status status = planche_args_check_result(facts, type, error);
    if (status)
        return status;
    planche_budget_init(&budget, memory);
    status = planche_model_describe(path, &full, &budget, error);
    planche_args_give(facts, &full, type);
    return status;
}

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

enum planche_status planche_model_path(const struct planche_model_variant *variant,
                                       const char *directory, char *path, size_t size,
                                       struct planche_error *error)
{
    struct planche_error own = {0};
    error = planche_args_error(error, &own);
    if (!variant || !path || size == 0)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "variant and path must be given");
    path[0] = 0;
    enum planche_status status = planche_catalogue_locate(variant, directory, path, size, error);
    size_t length = strlen(path);
    if (!status && size - length <= sizeof(EXTENSION) - 1)
        status = planche_fail(error, PLANCHE_ERROR_ARGUMENT, "the path of the models is too long");
    if (status)
        path[0] = 0;
    else
        memcpy(path + length, EXTENSION, sizeof(EXTENSION));
    return status;
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

enum planche_status planche_model_import(const char *path,
                                         const struct planche_model_import_options *options,
                                         struct planche_error *error)
{
    struct planche_model_import_options taken;
    struct planche_error own = {0};
    error = planche_args_error(error, &own);
    if (!path)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "path must be given");
    enum planche_status status = planche_args_take(
        &taken, options,
        PLANCHE_ARGS_STRUCT(struct planche_model_import_options, PLANCHE_MODEL_IMPORT_OPTIONS_INIT),
        error);
    return status ? status : planche_import_run(path, &taken, error);
}
