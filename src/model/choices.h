/* SPDX-License-Identifier: MIT */
/* Choices of models: the text that names what pages run through.
 *
 *   model   one model: a name of the catalogue, or the path of a file
 *   a+b     a chain: the page runs through a, and what a has made through b
 *   levels+a   the black and white point of grey pages first (choice/points.h)
 *   grey,height<=1300:a|colour:b|c
 *           a choice: the first alternative whose conditions a page meets; the last has none
 *
 * A text is a choice if it begins with a condition, or with what is meant as one: a word and a ":"
 * before the first "/", or if it has a "|", unless it ends as a model's file does. "+" stands
 * between models, not in one, if what is before it has no "/" or ends as a model's file does:
 * "./a+b.pth" is one file. */
#ifndef PLANCHE_MODEL_CHOICES_H
#define PLANCHE_MODEL_CHOICES_H

#include "base/alloc.h"

#include <planche/error.h>
#include <stdbool.h>
#include <stdint.h>

/* Most models of a chain, and alternatives of a choice. */
#define PLANCHE_MAX_MODELS       4
#define PLANCHE_MAX_ALTERNATIVES 16
/* Longest text. */
#define PLANCHE_MAX_CHOICES_TEXT 65536

/* Pages that an alternative is for. Zeroes: all. */
struct planche_page_rule {
    bool grey, colour;
    uint32_t height; /* at most; 0: any */
};

struct planche_alternative {
    struct planche_page_rule rule;
    bool levels; /* the black and white point first */
    unsigned count;
    const char *models[PLANCHE_MAX_MODELS];
};

/* It owns its texts. */
struct planche_choices {
    char *text;
    unsigned count;
    struct planche_alternative list[PLANCHE_MAX_ALTERNATIVES];
};

/* Errors: ARGUMENT (what is wrong with the text), MEMORY. */
enum planche_status planche_choices_read(struct planche_choices *choices, const char *text,
                                         struct planche_budget *budget,
                                         struct planche_error *error);
void planche_choices_free(struct planche_choices *choices);
/* The first alternative for a page of this kind. */
unsigned planche_choices_find(const struct planche_choices *choices, bool grey, uint32_t height);
/* Whether there is more than one model in it: a chain or a choice, or levels. */
bool planche_choices_are_several(const char *text);
/* "grey, height <= 1300"; "" of a rule for all pages. */
void planche_page_rule_name(const struct planche_page_rule *rule, char *text, size_t size);

#endif
