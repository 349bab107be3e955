/* SPDX-License-Identifier: MIT */
/* Reader of choices of models: text alone, no model is looked for. */
#include "model/choices.h"

#include "base/status.h"
#include "model/load.h"

#include <stdio.h>
#include <string.h>

#define LEVELS "levels"
#define HEIGHT "height<="

/* If a text begins with a word, it goes behind it. */
static bool take(const char **text, const char *word)
{
    size_t length = strlen(word);
    if (strncmp(*text, word, length) != 0)
        return false;
    *text += length;
    return true;
}

static bool take_height(const char **text, uint32_t *height)
{
    uint64_t value = 0;
    const char *digit;
    if (!take(text, HEIGHT))
        return false;
    for (digit = *text; *digit >= '0' && *digit <= '9' && value <= UINT32_MAX; digit++)
        value = value * 10 + (unsigned)(*digit - '0');
    *text = digit;
    *height = (uint32_t)value;
    return value > 0 && value <= UINT32_MAX;
}

/* Conditions with commas between them and a colon behind them. False: these are none. */
static bool take_rule(const char **text, struct planche_page_rule *rule)
{
    const char *at = *text;
    *rule = (struct planche_page_rule){0};
    do {
        bool known = (!rule->grey && !rule->colour &&
                      ((rule->grey = take(&at, "grey")) || (rule->colour = take(&at, "colour")))) ||
                     (!rule->height && take_height(&at, &rule->height));
        if (!known)
            return false;
    } while (take(&at, ","));
    if (!take(&at, ":"))
        return false;
    *text = at;
    return true;
}

/* The "+" behind the first model of a chain; NULL: it is the only one. */
static const char *find_plus(const char *text)
{
    for (const char *plus = strchr(text, '+'); plus; plus = strchr(plus + 1, '+')) {
        size_t length = (size_t)(plus - text);
        if (!memchr(text, '/', length) || planche_model_starts_with_path(text, length))
            return plus;
    }
    return NULL;
}

/* A ":" is in no model's name, and before the first "/" in few paths. */
static bool has_colon(const char *text)
{
    const char *colon = strchr(text, ':'), *end = strpbrk(text, "/|");
    return colon && (!end || colon < end);
}

/* Whether a text is meant to begin with a condition. */
static bool is_meant_as_rule(const char *text)
{
    return has_colon(text) && !planche_model_is_path(text);
}

/* Whether a text is to be read as a choice, mistakes in it included. */
static bool is_choice(const char *text)
{
    struct planche_page_rule rule;
    const char *start = text;
    return take_rule(&start, &rule) || is_meant_as_rule(text) ||
           (strchr(text, '|') && !planche_model_is_path(text));
}

/* What is wrong with the conditions before a model. */
static enum planche_status fail_rule(const char *text, struct planche_error *error)
{
    const char *colon = strchr(text, ':');
    if (!has_colon(text))
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                            "'%.64s' has no condition (grey, colour, height<=N and a colon), and "
                            "only the last of a choice goes without",
                            text);
    for (const char *at = text;;) {
        struct planche_page_rule rule = {0};
        size_t length = strcspn(at, ",:");
        const char *end = at;
        bool known = take(&end, "grey") || take(&end, "colour") || take_height(&end, &rule.height);
        if (!known || end != at + length)
            return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                                "'%.*s' is no condition that is known: there are grey, colour and "
                                "height<=N, N from 1 to %u",
                                length < 64 ? (int)length : 64, at, UINT32_MAX);
        if (at + length == colon)
            return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                                "'%.*s' has two conditions of a kind",
                                colon - text < 64 ? (int)(colon - text) : 64, text);
        at += length + 1;
    }
}

static enum planche_status add_model(struct planche_alternative *chain, const char *model,
                                     struct planche_error *error)
{
    if (!*model)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                            "a model's name is missing; + stands between two of them");
    if (strcmp(model, LEVELS) == 0) {
        if (chain->count || chain->levels)
            return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                                LEVELS " can only be the first of a chain");
        chain->levels = true;
        return PLANCHE_OK;
    }
    if (chain->count == PLANCHE_MAX_MODELS)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "a chain of more than %d models",
                            PLANCHE_MAX_MODELS);
    chain->models[chain->count++] = model;
    return PLANCHE_OK;
}

static enum planche_status read_chain(struct planche_alternative *chain, char *text,
                                      struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    for (const char *plus; !status && (plus = find_plus(text)) != NULL;) {
        char *name = text;
        text += plus - text + 1;
        text[-1] = 0;
        status = add_model(chain, name, error);
    }
    if (!status)
        status = add_model(chain, text, error);
    if (!status && chain->count == 0)
        status = planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                              LEVELS " needs a model behind it, such as " LEVELS "+auto");
    return status;
}

static enum planche_status read_alternatives(struct planche_choices *choices, char *text,
                                             struct planche_error *error)
{
    bool last = false;
    while (!last) {
        if (choices->count == PLANCHE_MAX_ALTERNATIVES)
            return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                                "a choice of more than %d alternatives", PLANCHE_MAX_ALTERNATIVES);
        struct planche_alternative *next = &choices->list[choices->count++];
        char *bar = strchr(text, '|');
        const char *model = text;
        if (bar)
            *bar = 0;
        bool ruled = take_rule(&model, &next->rule);
        if (ruled && !bar)
            return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                                "the choice has no model for other pages; end it with |MODEL");
        if (!ruled && (bar || is_meant_as_rule(text)))
            return fail_rule(text, error);
        enum planche_status status = read_chain(next, text + (model - text), error);
        if (status)
            return status;
        last = !bar;
        text = bar ? bar + 1 : text;
    }
    return PLANCHE_OK;
}

enum planche_status planche_choices_read(struct planche_choices *choices, const char *text,
                                         struct planche_budget *budget, struct planche_error *error)
{
    *choices = (struct planche_choices){0};
    if (strnlen(text, PLANCHE_MAX_CHOICES_TEXT) == PLANCHE_MAX_CHOICES_TEXT)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "the model's name is too long");
    choices->text = planche_strdup(budget, text);
    if (!choices->text)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for the model's name");
    enum planche_status status;
    if (is_choice(text)) {
        status = read_alternatives(choices, choices->text, error);
    } else {
        choices->count = 1;
        status = read_chain(&choices->list[0], choices->text, error);
    }
    if (status)
        planche_choices_free(choices);
    return status;
}

void planche_choices_free(struct planche_choices *choices)
{
    planche_free(choices->text);
    *choices = (struct planche_choices){0};
}

unsigned planche_choices_find(const struct planche_choices *choices, bool grey, uint32_t height)
{
    unsigned index = 0;
    for (; index + 1 < choices->count; index++) {
        const struct planche_page_rule *rule = &choices->list[index].rule;
        bool kind = grey ? !rule->colour : !rule->grey;
        if (kind && (!rule->height || height <= rule->height))
            break;
    }
    return index;
}

bool planche_choices_are_several(const char *text)
{
    return is_choice(text) || find_plus(text) != NULL;
}

void planche_page_rule_name(const struct planche_page_rule *rule, char *text, size_t size)
{
    const char *kind = rule->grey ? "grey" : rule->colour ? "colour" : "";
    snprintf(text, size, "%s", kind);
    if (rule->height)
        snprintf(text, size, "%s%sheight <= %u", kind, *kind ? ", " : "", rule->height);
}
