/* SPDX-License-Identifier: MIT */
/* The catalogue of known models, and where their files are: see <planche/model.h>. */
#ifndef PLANCHE_MODEL_CATALOGUE_H
#define PLANCHE_MODEL_CATALOGUE_H

#include <planche/model.h>

/* As planche_model_variant_count and planche_model_variant_get. */
size_t planche_catalogue_count(void);
const struct planche_model_variant *planche_catalogue_get(size_t index);

/* As planche_model_find. */
enum planche_status planche_catalogue_find(const char *model, unsigned scale,
                                           enum planche_denoise denoise,
                                           const struct planche_model_variant **out,
                                           struct planche_error *error);
/* As planche_model_directory. */
enum planche_status planche_catalogue_directory(char *path, size_t size,
                                                struct planche_error *error);
/* As planche_model_check. */
enum planche_status planche_catalogue_check(const struct planche_model_variant *variant,
                                            const char *directory, int verify,
                                            struct planche_error *error);

#endif
