/* SPDX-License-Identifier: MIT */
/* Restricted unpickler: Python's pickles as far as files of weights need them. A pickle is a
 * program for a stack machine, which may name any function and call it. This one knows the few
 * names that stand for dictionaries, storages and tensors, and makes values of its own of them;
 * any other name is an error that says it. Nothing is ever run.
 *
 * Source: Python's pickletools, which documents each operation; torch/serialization.py for what the
 * names mean. */
#ifndef PLANCHE_MODEL_WEIGHTS_PICKLE_H
#define PLANCHE_MODEL_WEIGHTS_PICKLE_H

#include "model/weights/pickle_value.h"

/* The value of the pickle at reader->at, which is then behind it. Errors: MODEL, UNSUPPORTED: it
 * names what is not allowed; IO, MEMORY, BUDGET. */
enum planche_status planche_unpickle(struct planche_pickle_reader *reader,
                                     const struct planche_pickle_value **out,
                                     struct planche_error *error);

#endif
