/* SPDX-License-Identifier: MIT */
/* Licences of models, as the files beside them tell. */
#ifndef PLANCHE_MODELS_LICENCE_H
#define PLANCHE_MODELS_LICENCE_H

#include <stdbool.h>
#include <stddef.h>

/* Looks for the licence of a model: in NAME.json (the key "license" or "licence"), NAME.txt,
 * NAME.md and NAME.LICENSE, then in LICENSE, LICENCE and COPYING in its folder, with or without
 * .txt or .md (planche_name_licence). Writes it, one line of clean text, into licence, and the path
 * of the file that tells into from. A file that has a licence's text without a known name is named
 * itself. False: nothing tells. */
bool planche_cli_licence_find(const char *model, char *licence, size_t size, char *from,
                              size_t from_size);

#endif
