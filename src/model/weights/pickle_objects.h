/* SPDX-License-Identifier: MIT */
/* Objects of pickles: the names that they may use, and what these make of their arguments. */
#ifndef PLANCHE_MODEL_WEIGHTS_PICKLE_OBJECTS_H
#define PLANCHE_MODEL_WEIGHTS_PICKLE_OBJECTS_H

#include "model/weights/pickle_value.h"

/* What the machine does when a pickle calls a name, or refers to a storage. */
enum planche_status planche_pickle_find(const struct planche_pickle_reader *reader,
                                        const char *module, const char *name,
                                        struct planche_pickle_value *global,
                                        struct planche_error *error);
enum planche_status planche_pickle_call(struct planche_pickle_reader *reader,
                                        const struct planche_pickle_value *callee,
                                        const struct planche_pickle_value *arguments,
                                        const struct planche_pickle_value **out,
                                        struct planche_error *error);
enum planche_status planche_pickle_refer(struct planche_pickle_reader *reader,
                                         const struct planche_pickle_value *id,
                                         struct planche_pickle_value **out,
                                         struct planche_error *error);
/* Adds an item at the end; false: no memory. */
bool planche_pickle_append(struct planche_pickle_reader *reader, struct planche_pickle_value *to,
                           const struct planche_pickle_value *key,
                           const struct planche_pickle_value *value);
/* The value of a key that is a text; NULL: dict is no dictionary, or has none. */
const struct planche_pickle_value *planche_pickle_get(const struct planche_pickle_value *dict,
                                                      const char *key);
/* "FILE: not a file of weights that ...". */
enum planche_status planche_pickle_damaged(const struct planche_pickle_reader *reader,
                                           const char *what, struct planche_error *error);

#endif
