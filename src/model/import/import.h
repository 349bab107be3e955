/* SPDX-License-Identifier: MIT */
/* Import of models into the folder of models: see planche_model_import. */
#ifndef PLANCHE_MODEL_IMPORT_IMPORT_H
#define PLANCHE_MODEL_IMPORT_IMPORT_H

#include <planche/model.h>

/* As planche_model_import, with options of this library's size. */
enum planche_status planche_import_run(const char *path,
                                       const struct planche_model_import_options *options,
                                       struct planche_error *error);

#endif
