/* SPDX-License-Identifier: MIT */
/* Places of the storages in a file that torch.save wrote. */
#include "model/weights/torch_places.h"

struct planche_torch_place *planche_torch_add(const struct planche_state *state,
                                              struct planche_torch_places *places)
{
    if (places->count == places->room) {
        size_t room = places->room ? 2 * places->room : 256;
        struct planche_torch_place *list =
            planche_realloc(state->graph->budget, places->list, room * sizeof(*list));
        if (!list)
            return NULL;
        places->list = list;
        places->room = room;
    }
    return &places->list[places->count++];
}
