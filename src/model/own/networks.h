/* SPDX-License-Identifier: MIT */
/* Planche's own networks inside the library: the files of networks/, read-only, as they are. The
 * build makes the tables from the files' names and headers (embed.py). */
#ifndef PLANCHE_MODEL_OWN_NETWORKS_H
#define PLANCHE_MODEL_OWN_NETWORKS_H

#include "model/file.h"

#include <planche/model.h>

struct planche_own_network {
    const char *model;       /* "small" */
    unsigned scale, colours; /* of the file */
    const uint8_t *data;
    size_t size;
};

extern const struct planche_own_network planche_own_networks[];
extern const size_t planche_own_network_count;
/* What the catalogue says of them: a variant for each scale and level. */
extern const struct planche_model_variant planche_own_variants[];
extern const size_t planche_own_variant_count;

/* Whether a model is the path of such a file. */
bool planche_own_is_path(const char *model);
/* Whether a variant is one of these. */
bool planche_own_has(const struct planche_model_variant *variant);
/* The level of cleaning of a variant, -1 to 3. */
double planche_own_level(const struct planche_model_variant *variant);
/* The file of a variant, for pages in colour or for grey ones: one that was made for this scale and
 * these colours, or else another that form->grey and form->clean, which are set, make it from. */
const struct planche_own_network *planche_own_find(const struct planche_model_variant *variant,
                                                   bool grey, struct planche_model_form *form);
/* Bytes that its kernels take once they are loaded, of any form. */
uint64_t planche_own_weight_bytes(const struct planche_own_network *network);

#endif
