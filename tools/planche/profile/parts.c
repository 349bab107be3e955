/* SPDX-License-Identifier: MIT */
/* Parts of a model's name. */
#include "profile/parts.h"

#include "base/status.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool get(const char *model, size_t index, struct planche_model_part *part)
{
    *part = (struct planche_model_part)PLANCHE_MODEL_PART_INIT;
    return planche_model_part_find(model, index, part, NULL) == PLANCHE_OK;
}

/* Whether a text is one model, all of it. */
static bool is_single(const char *model)
{
    struct planche_model_part part;
    return get(model, 0, &part) && part.length == strlen(model);
}

bool planche_parts_are_several(const char *model)
{
    return model != NULL && !is_single(model);
}

bool planche_parts_name(const char *model, size_t index, char *name, size_t size)
{
    struct planche_model_part part;
    if (!get(model, index, &part) || part.length >= size)
        return false;
    memcpy(name, part.name, part.length);
    name[part.length] = 0;
    return true;
}

enum planche_status planche_parts_write(FILE *stream, const char *path, struct planche_error *error)
{
    char dotted[PATH_MAX + 2];
    bool plain = is_single(path);
    int length = snprintf(dotted, sizeof dotted, "./%s", path);
    bool fits = length > 0 && (size_t)length < sizeof dotted;
    if (strchr(path, '|') || (!plain && (!fits || !is_single(dotted))))
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                            "%s: a chain or a choice of models cannot have this path, since | and "
                            "+ stand between models; rename the folder or the file",
                            path);
    fputs(plain ? path : dotted, stream);
    return PLANCHE_OK;
}

/* Texts while their names are replaced. */
struct replacing {
    FILE *stream;
    const char *at; /* what is behind it is not written yet */
    const char *(*fn)(void *user, const char *name);
    void *user;
    bool single; /* the text is one model, whose new name may be anything */
};

static enum planche_status replace_one(void *user, const char *name,
                                       const struct planche_model_part *part,
                                       struct planche_error *error)
{
    struct replacing *replacing = user;
    const char *other = *name ? replacing->fn(replacing->user, name) : NULL;
    enum planche_status status = PLANCHE_OK;
    fwrite(replacing->at, 1, (size_t)(part->name - replacing->at), replacing->stream);
    if (!other)
        fwrite(part->name, 1, part->length, replacing->stream);
    else if (replacing->single && is_single(other))
        fputs(other, replacing->stream);
    else
        status = planche_parts_write(replacing->stream, other, error);
    replacing->at = part->name + part->length;
    return status;
}

enum planche_status planche_parts_replace(char **out, const char *model,
                                          const char *(*fn)(void *user, const char *name),
                                          void *user, struct planche_error *error)
{
    char *text = NULL;
    size_t size = 0;
    struct replacing replacing = {open_memstream(&text, &size), model, fn, user, is_single(model)};
    *out = NULL;
    if (!replacing.stream)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for the model's name");
    enum planche_status status = planche_parts_each(model, replace_one, &replacing, error);
    bool made = !ferror(replacing.stream);
    made = fclose(replacing.stream) == 0 && made;
    if (!status && !made)
        status = planche_fail(error, PLANCHE_ERROR_MEMORY, "no memory for the model's name");
    if (status)
        free(text);
    else
        *out = text;
    return status;
}

enum planche_status planche_parts_each(const char *model, planche_parts_fn fn, void *user,
                                       struct planche_error *error)
{
    struct planche_model_part part = PLANCHE_MODEL_PART_INIT;
    char name[PATH_MAX];
    enum planche_status status = planche_model_part_find(model, 0, &part, error);
    for (size_t i = 0; !status && get(model, i, &part); i++) {
        if (!planche_parts_name(model, i, name, sizeof name))
            *name = 0;
        status = fn(user, name, &part, error);
    }
    return status;
}

void planche_parts_chain(const char *model, unsigned alternative, char *text, size_t size)
{
    struct planche_model_part part;
    size_t at = 0;
    *text = 0;
    for (size_t i = 0; at < size && get(model, i, &part); i++) {
        if (part.alternative != alternative)
            continue;
        const char *before = at > 0 ? "+" : part.levels ? "levels+" : "";
        at += (size_t)snprintf(text + at, size - at, "%s%.*s", before,
                               (int)(part.length < PATH_MAX ? part.length : PATH_MAX), part.name);
    }
}
