/* SPDX-License-Identifier: MIT */
/* Engine options of a caller, taken and checked. */
#ifndef PLANCHE_API_ENGINE_OPTIONS_H
#define PLANCHE_API_ENGINE_OPTIONS_H

#include "api/args.h"

#include <planche/engine.h>

/* Copies the caller's options (NULL: defaults), with the default model's name, and checks what
 * needs no model. Errors: ARGUMENT, UNSUPPORTED. */
enum planche_status planche_args_take_engine(struct planche_engine_options *to,
                                             const struct planche_engine_options *from,
                                             struct planche_error *error);

#endif
