/* SPDX-License-Identifier: MIT */
/* Places of the storages in a file that torch.save wrote. */
#ifndef PLANCHE_MODEL_WEIGHTS_TORCH_PLACES_H
#define PLANCHE_MODEL_WEIGHTS_TORCH_PLACES_H

#include "model/weights/pickle_value.h"

/* Where a storage's numbers are in the file. */
struct planche_torch_place {
    const char *key;
    uint64_t at, bytes;
};

struct planche_torch_places {
    struct planche_torch_place *list;
    size_t count, room;
};

/* Adds one; NULL: no memory. */
struct planche_torch_place *planche_torch_add(const struct planche_state *state,
                                              struct planche_torch_places *places);

#endif
