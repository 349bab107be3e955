/* SPDX-License-Identifier: MIT */
/* What torch.save wrote before version 1.6. */
#ifndef PLANCHE_MODEL_WEIGHTS_TORCH_LEGACY_H
#define PLANCHE_MODEL_WEIGHTS_TORCH_LEGACY_H

#include "model/weights/torch_places.h"

bool planche_torch_is_legacy(const uint8_t *head, size_t size);
/* The object that was saved, whose tensors refer to storages, and the places of these. Errors:
 * those of planche_torch_read. */
enum planche_status planche_torch_read_legacy(const struct planche_state *state,
                                              struct planche_pickle_reader *reader,
                                              struct planche_torch_places *places,
                                              const struct planche_pickle_value **object,
                                              struct planche_error *error);

#endif
