/* SPDX-License-Identifier: MIT */
/* Parts of a model's name: the models of a chain or of a choice (planche_model_part_find). */
#ifndef PLANCHE_PROFILE_PARTS_H
#define PLANCHE_PROFILE_PARTS_H

#include <planche/planche.h>
#include <stdbool.h>
#include <stddef.h>

/* Whether a text names several models, or one with something before it; NULL does not. */
bool planche_parts_are_several(const char *model);
/* The index-th model's name. False: there is none, it cannot be read, or is too long. */
bool planche_parts_name(const char *model, size_t index, char *name, size_t size);
/* The text with other names of models in it; to be freed. fn returns the new name, NULL: as it is.
 * NULL: the text cannot be read, or there is no memory. */
char *planche_parts_replace(const char *model, const char *(*fn)(void *user, const char *name),
                            void *user);
/* The chain of an alternative (from 1): "levels+a+b". What does not fit is left out. */
void planche_parts_chain(const char *model, unsigned alternative, char *text, size_t size);

#endif
