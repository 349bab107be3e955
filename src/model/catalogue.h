/* SPDX-License-Identifier: MIT */
/* The catalogue of known models, and where their files are: see <planche/model.h>. */
#ifndef PLANCHE_MODEL_CATALOGUE_H
#define PLANCHE_MODEL_CATALOGUE_H

#include <planche/model.h>

/* As planche_model_variant_count and planche_model_variant_get. */
size_t planche_catalogue_count(void);
const struct planche_model_variant *planche_catalogue_get(size_t index);

/* The name of a model that "auto" stands for; other names are their own. */
const char *planche_catalogue_name(const char *model);
/* As planche_model_find. */
enum planche_status planche_catalogue_find(const char *model, unsigned scale,
                                           enum planche_denoise denoise,
                                           const struct planche_model_variant **out,
                                           struct planche_error *error);
/* As planche_model_directory. */
enum planche_status planche_catalogue_directory(char *path, size_t size,
                                                struct planche_error *error);
/* Writes the path of a variant's files without their extensions into stem: those that have the
 * right size, in the layout of the cache, of the ncnn programs (models-se/up2x-conservative) or
 * without folders; else where they should be. directory NULL: planche_model_directory. Errors:
 * ARGUMENT: no directory, or too long a path. */
enum planche_status planche_catalogue_locate(const struct planche_model_variant *variant,
                                             const char *directory, char *stem, size_t size,
                                             struct planche_error *error);
/* As planche_model_check. */
enum planche_status planche_catalogue_check(const struct planche_model_variant *variant,
                                            const char *directory, int verify,
                                            struct planche_error *error);

/* The number by which a model's makers call a denoise level, -1 to 3. waifu2x has a level 0 that
 * removes a little noise, and -1 removes none; of Real-CUGAN, -1 is the conservative model and 0
 * removes none. */
int planche_catalogue_level(const char *model, enum planche_denoise denoise);
/* The level that a number from -1 to 3 means for a model. */
enum planche_denoise planche_catalogue_denoise(const char *model, int number);

#endif
