/* SPDX-License-Identifier: MIT */
/* Parts of a model's name. */
#include "profile/parts.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool get(const char *model, size_t index, struct planche_model_part *part)
{
    *part = (struct planche_model_part)PLANCHE_MODEL_PART_INIT;
    return planche_model_part_find(model, index, part, NULL) == PLANCHE_OK;
}

bool planche_parts_are_several(const char *model)
{
    struct planche_model_part part;
    return model != NULL && (!get(model, 0, &part) || part.length != strlen(model));
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

char *planche_parts_replace(const char *model, const char *(*fn)(void *user, const char *name),
                            void *user)
{
    struct planche_model_part part;
    const char *at = model;
    char *text = NULL, *name = NULL;
    size_t size = 0;
    FILE *stream = get(model, 0, &part) ? open_memstream(&text, &size) : NULL;
    if (stream == NULL)
        return NULL;
    bool ok = true;
    for (size_t i = 0; ok && get(model, i, &part); i++) {
        name = strndup(part.name, part.length);
        const char *other = name != NULL ? fn(user, name) : NULL;
        ok = name != NULL &&
             fwrite(at, 1, (size_t)(part.name - at), stream) == (size_t)(part.name - at);
        ok = ok && fputs(other != NULL ? other : name, stream) >= 0;
        at = part.name + part.length;
        free(name);
    }
    ok = fclose(stream) == 0 && ok;
    if (!ok) {
        free(text);
        return NULL;
    }
    return text;
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
