/* SPDX-License-Identifier: MIT */
/* Licences beside models that are imported. */
#include "model/import/licence.h"

#include "base/file_names.h"
#include "base/licence_text.h"
#include "base/status.h"
#include "base/text.h"
#include "model/weights/json.h"

#include <string.h>
#include <strings.h>

/* A member of the object; *tells: it is the licence. */
static bool take_member(struct planche_json *json, bool *tells)
{
    char *key, *value;
    if (!planche_json_string(json, &key) || !planche_json_sign(json, ':'))
        return false;
    if (strcmp(key, "license") != 0 && strcmp(key, "licence") != 0)
        return planche_json_skip(json);
    if (!planche_json_string(json, &value))
        return planche_json_skip(json);
    *tells = *tells || *value != 0;
    return true;
}

/* The text is cut up. */
static bool json_tells(char *text, size_t size)
{
    struct planche_json json = {.at = text, .end = text + size};
    bool tells = false, whole = planche_json_sign(&json, '{') && take_member(&json, &tells);
    while (whole && planche_json_sign(&json, ','))
        whole = take_member(&json, &tells);
    return whole && planche_json_sign(&json, '}') && planche_json_ends(&json) && tells;
}

static bool text_tells(const char *name, const char *text)
{
    char licence[256];
    const char *slash = strrchr(name, '/'), *base = slash ? slash + 1 : name;
    return planche_text_ends(base, PLANCHE_NAME_LICENCE) || strncasecmp(base, "licen", 5) == 0 ||
           strncasecmp(base, "copying", 7) == 0 ||
           planche_licence_recognise(text, licence, sizeof(licence));
}

enum planche_status planche_import_tells_licence(bool *tells, const char *name, const char *data,
                                                 size_t size, struct planche_budget *budget,
                                                 struct planche_error *error)
{
    *tells = planche_licence_is_text(data, size);
    if (!*tells)
        return PLANCHE_OK;
    char *text = planche_alloc(budget, size + 1);
    if (!text)
        return planche_fail_memory(error, budget, size + 1, name);
    memcpy(text, data, size);
    text[size] = 0;
    *tells = planche_text_ends(name, ".json") ? json_tells(text, size) : text_tells(name, text);
    planche_free(text);
    return PLANCHE_OK;
}
