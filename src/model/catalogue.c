/* SPDX-License-Identifier: MIT */
/* The table of known models, and looking them up. */
#include "model/catalogue.h"

#include "base/status.h"
#include "model/own/networks.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define VARIANT(model_, family_, scale_, denoise_, licence_, package_, path_, file_, param_size_,  \
                bin_size_, param_sha256_, bin_sha256_)                                             \
    {.model = model_,                                                                              \
     .family = family_,                                                                            \
     .scale = scale_,                                                                              \
     .denoise = denoise_,                                                                          \
     .licence = licence_,                                                                          \
     .package = package_,                                                                          \
     .package_path = path_,                                                                        \
     .file = file_,                                                                                \
     .param_size = param_size_,                                                                    \
     .bin_size = bin_size_,                                                                        \
     .param_sha256 = param_sha256_,                                                                \
     .bin_sha256 = bin_sha256_},

static const struct planche_model_variant variants[] = {
#include "model/catalogue.def"
};

#define FETCHED (sizeof(variants) / sizeof(variants[0]))

/* Variant i of the catalogue, i below planche_catalogue_count(). */
static const struct planche_model_variant *variant_at(size_t i)
{
    return i < FETCHED ? &variants[i] : &planche_own_variants[i - FETCHED];
}

/* A comma-separated list for a message. */
struct list {
    char text[320];
    size_t length;
};

static void list_add(struct list *list, const char *item)
{
    int written = snprintf(list->text + list->length, sizeof(list->text) - list->length, "%s%s",
                           list->length ? ", " : "", item);
    list->length += (size_t)written;
    if (list->length >= sizeof(list->text))
        list->length = sizeof(list->text) - 1;
}

size_t planche_catalogue_count(void)
{
    return FETCHED + planche_own_variant_count;
}

const struct planche_model_variant *planche_catalogue_get(size_t index)
{
    return index < planche_catalogue_count() ? variant_at(index) : NULL;
}

static enum planche_status unknown_model(const char *model, struct planche_error *error)
{
    struct list names = {.length = 0};
    for (size_t i = 0; i < planche_catalogue_count(); i++)
        if (i == 0 || strcmp(variant_at(i)->model, variant_at(i - 1)->model) != 0)
            list_add(&names, variant_at(i)->model);
    return planche_fail(
        error, PLANCHE_ERROR_NOT_FOUND,
        "there is no model named '%.60s'; the models are auto, %s, or the path of a "
        ".param, .planche, .pth, .safetensors or .onnx file",
        model, names.text);
}

static enum planche_status unknown_scale(const struct planche_model_variant *first, unsigned scale,
                                         struct planche_error *error)
{
    struct list scales = {.length = 0};
    for (unsigned s = 1; s <= 4; s++) {
        char number[8];
        bool has = false;
        for (size_t i = 0; i < planche_catalogue_count(); i++)
            has = has ||
                  (strcmp(variant_at(i)->model, first->model) == 0 && variant_at(i)->scale == s);
        snprintf(number, sizeof(number), "%u", s);
        if (has)
            list_add(&scales, number);
    }
    return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "%s has no scale %u; it has %s",
                        first->model, scale, scales.text);
}

/* The variant of a model and scale (0: any) with a denoise level, or NULL. */
static const struct planche_model_variant *find_level(const char *model, unsigned scale,
                                                      enum planche_denoise denoise)
{
    for (size_t i = 0; i < planche_catalogue_count(); i++)
        if (strcmp(variant_at(i)->model, model) == 0 && variant_at(i)->denoise == denoise &&
            (!scale || variant_at(i)->scale == scale))
            return variant_at(i);
    return NULL;
}

int planche_catalogue_level(const char *model, enum planche_denoise denoise)
{
    switch (denoise) {
    case PLANCHE_DENOISE_NONE:
        return find_level(model, 0, PLANCHE_DENOISE_0) ? -1 : 0;
    case PLANCHE_DENOISE_1:
        return 1;
    case PLANCHE_DENOISE_2:
        return 2;
    case PLANCHE_DENOISE_3:
        return 3;
    case PLANCHE_DENOISE_0:
        return 0;
    default:
        return -1;
    }
}

enum planche_denoise planche_catalogue_denoise(const char *model, int number)
{
    static const enum planche_denoise removing[] = {PLANCHE_DENOISE_1, PLANCHE_DENOISE_2,
                                                    PLANCHE_DENOISE_3};
    bool own_zero = find_level(model, 0, PLANCHE_DENOISE_0) != NULL;
    if (number < 0)
        return own_zero ? PLANCHE_DENOISE_NONE : PLANCHE_DENOISE_CONSERVATIVE;
    if (number == 0)
        return own_zero ? PLANCHE_DENOISE_0 : PLANCHE_DENOISE_NONE;
    return removing[number < 3 ? number - 1 : 2];
}

/* "-1, 0, 3". True: wanted is among them. */
static bool list_levels(const char *model, unsigned scale, int wanted, struct list *levels)
{
    bool found = false;
    for (int number = -1; number <= 3; number++) {
        char text[8];
        snprintf(text, sizeof(text), "%d", number);
        for (size_t i = 0; i < planche_catalogue_count(); i++)
            if (strcmp(variant_at(i)->model, model) == 0 && variant_at(i)->scale == scale &&
                planche_catalogue_level(model, variant_at(i)->denoise) == number) {
                list_add(levels, text);
                found = found || number == wanted;
            }
    }
    return found;
}

static enum planche_status unknown_level(const struct planche_model_variant *first, unsigned scale,
                                         enum planche_denoise denoise, struct planche_error *error)
{
    static const char *const constants[] = {"DEFAULT", "CONSERVATIVE", "NONE", "1", "2", "3", "0"};
    struct list levels = {.length = 0};
    if (denoise < PLANCHE_DENOISE_DEFAULT || denoise > PLANCHE_DENOISE_0)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "denoise is %d, which is no level",
                            (int)denoise);
    if (!find_level(first->model, 0, PLANCHE_DENOISE_1) &&
        !find_level(first->model, 0, PLANCHE_DENOISE_3))
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                            "%s has no denoise levels; leave denoise out", first->model);
    int number = planche_catalogue_level(first->model, denoise);
    /* The level of another model may have the same number. */
    if (list_levels(first->model, scale, number, &levels))
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                            "%s at scale %u has no PLANCHE_DENOISE_%s; its denoise levels are %s",
                            first->model, scale, constants[denoise], levels.text);
    return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                        "%s at scale %u has no denoise level %d; it has %s", first->model, scale,
                        number, levels.text);
}

const char *planche_catalogue_name(const char *model)
{
    return strcmp(model, "auto") == 0 ? "medium" : model;
}

enum planche_status planche_catalogue_find(const char *model, unsigned scale,
                                           enum planche_denoise denoise,
                                           const struct planche_model_variant **out,
                                           struct planche_error *error)
{
    const struct planche_model_variant *first = NULL;
    bool has_scale = false;
    *out = NULL;
    model = planche_catalogue_name(model);
    for (size_t i = 0; i < planche_catalogue_count(); i++) {
        const struct planche_model_variant *variant = variant_at(i);
        if (strcmp(variant->model, model) != 0)
            continue;
        first = first ? first : variant;
        if (variant->scale != (scale ? scale : first->scale))
            continue;
        has_scale = true;
        if (denoise != PLANCHE_DENOISE_DEFAULT && variant->denoise != denoise)
            continue;
        *out = variant;
        return PLANCHE_OK;
    }
    if (!first)
        return unknown_model(model, error);
    if (!has_scale)
        return unknown_scale(first, scale, error);
    return unknown_level(first, scale ? scale : first->scale, denoise, error);
}
