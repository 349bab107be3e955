/* SPDX-License-Identifier: MIT */
/* Readers of the files that state dicts come in. */
#ifndef PLANCHE_MODEL_WEIGHTS_FORMAT_H
#define PLANCHE_MODEL_WEIGHTS_FORMAT_H

#include "model/weights/state.h"

/* Whether a file that begins so, at least 16 bytes of it, is of the format. */
bool planche_safetensors_recognise(const uint8_t *head, size_t size);
bool planche_torch_recognise(const uint8_t *head, size_t size);

/* Fills a state, whose graph and file are set, with all tensors of the file and closes it. Errors:
 * MODEL, UNSUPPORTED, IO, MEMORY, BUDGET. */
enum planche_status planche_safetensors_read(struct planche_state *state,
                                             struct planche_error *error);
enum planche_status planche_torch_read(struct planche_state *state, struct planche_error *error);

#endif
