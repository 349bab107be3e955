/* SPDX-License-Identifier: MIT */
/* Choosing among Planche's own networks. */
#include "model/own/networks.h"

#include "model/own/format.h"

#include <assert.h>
#include <string.h>

bool planche_own_is_path(const char *model)
{
    size_t length = strlen(model), end = strlen(PLANCHE_OWN_EXTENSION);
    return length > end && strcmp(model + length - end, PLANCHE_OWN_EXTENSION) == 0;
}

bool planche_own_has(const struct planche_model_variant *variant)
{
    for (size_t i = 0; i < planche_own_variant_count; i++)
        if (variant == &planche_own_variants[i])
            return true;
    return false;
}

double planche_own_level(const struct planche_model_variant *variant)
{
    switch (variant->denoise) {
    case PLANCHE_DENOISE_0:
        return 0;
    case PLANCHE_DENOISE_1:
        return 1;
    case PLANCHE_DENOISE_2:
        return 2;
    case PLANCHE_DENOISE_3:
        return 3;
    default:
        return -1;
    }
}

/* What has to be made of a file: the less the better. 0: it cannot be. */
static unsigned rate(const struct planche_own_network *network,
                     const struct planche_model_variant *variant, bool grey)
{
    bool same = network->scale == variant->scale;
    if (strcmp(network->model, variant->model) != 0 || (!same && variant->scale != 1) ||
        (!grey && network->colours == 1))
        return 0;
    return 1 + (same ? 16 : 0) + (network->colours == (grey ? 1 : 3) ? 8 : 0) + 4 - network->scale;
}

const struct planche_own_network *planche_own_find(const struct planche_model_variant *variant,
                                                   bool grey, struct planche_model_form *form)
{
    const struct planche_own_network *best = NULL;
    for (size_t i = 0; i < planche_own_network_count; i++) {
        const struct planche_own_network *network = &planche_own_networks[i];
        unsigned rated = rate(network, variant, grey);
        if (rated && (!best || rated > rate(best, variant, grey)))
            best = network;
    }
    assert(best);
    form->grey = grey && best->colours != 1;
    form->clean = best->scale != variant->scale;
    return best;
}

uint64_t planche_own_weight_bytes(const struct planche_own_network *network)
{
    struct planche_model_file file;
    struct planche_own_shape shape;
    struct planche_error error;
    uint64_t weights = 0;
    if (planche_model_file_open(&file, network->model, network->data, network->size, &error))
        return 0;
    if (planche_own_read_header(&file, &shape, &error) == PLANCHE_OK)
        for (unsigned k = 0; k < planche_own_layers(&shape); k++)
            weights += planche_own_weights(planche_own_layer(&shape, k));
    planche_model_file_close(&file);
    return weights * sizeof(float);
}
