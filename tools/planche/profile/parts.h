/* SPDX-License-Identifier: MIT */
/* Parts of a model's name: the models of a chain or of a choice (planche_model_part_find). */
#ifndef PLANCHE_PROFILE_PARTS_H
#define PLANCHE_PROFILE_PARTS_H

#include <planche/planche.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Whether a text names several models, or one with something before it; NULL does not. */
bool planche_parts_are_several(const char *model);
/* The index-th model's name. False: there is none, it cannot be read, or is too long. */
bool planche_parts_name(const char *model, size_t index, char *name, size_t size);
/* Writes the path of a model, or a name, as a part of a text: with "./" before it where it would be
 * read as two models. Errors: ARGUMENT: a text cannot have it, because of a "|", or of a "+" behind
 * what ends as a model's file does. */
enum planche_status planche_parts_write(FILE *stream, const char *path,
                                        struct planche_error *error);
/* Makes the text with other names of models in it, *out, to be freed. fn returns the new name,
 * NULL: as it is. Errors: ARGUMENT: the text cannot be read, or as planche_parts_write; MEMORY. */
enum planche_status planche_parts_replace(char **out, const char *model,
                                          const char *(*fn)(void *user, const char *name),
                                          void *user, struct planche_error *error);
/* Calls fn with each model of a text, its name, which is "" if it is too long, and what the text
 * says of it, until one fails. Errors: ARGUMENT: the text cannot be read; those of fn. */
typedef enum planche_status (*planche_parts_fn)(void *user, const char *name,
                                                const struct planche_model_part *part,
                                                struct planche_error *error);
enum planche_status planche_parts_each(const char *model, planche_parts_fn fn, void *user,
                                       struct planche_error *error);
/* The chain of an alternative (from 1): "levels+a+b". What does not fit is left out. */
void planche_parts_chain(const char *model, unsigned alternative, char *text, size_t size);

#endif
