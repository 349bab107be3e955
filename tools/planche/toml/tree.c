/* SPDX-License-Identifier: MIT */
/* Values of TOML. */
#include "toml/tree.h"

#include <stdlib.h>
#include <string.h>

struct planche_toml *planche_toml_make(enum planche_toml_type type, unsigned line, char *key)
{
    struct planche_toml *value = calloc(1, sizeof *value);
    if (value == NULL) {
        free(key);
        return NULL;
    }
    value->type = type;
    value->line = line;
    value->key = key;
    return value;
}

void planche_toml_add(struct planche_toml *parent, struct planche_toml *value)
{
    struct planche_toml **link = &parent->first;
    while (*link != NULL)
        link = &(*link)->next;
    *link = value;
}

struct planche_toml *planche_toml_find(struct planche_toml *table, const char *key)
{
    struct planche_toml *value = table->first;
    while (value != NULL && strcmp(value->key, key) != 0)
        value = value->next;
    return value;
}

const struct planche_toml *planche_toml_get(const struct planche_toml *table, const char *key)
{
    const struct planche_toml *value = table->first;
    while (value != NULL && strcmp(value->key, key) != 0)
        value = value->next;
    return value;
}

void planche_toml_free(struct planche_toml *value)
{
    while (value != NULL) {
        struct planche_toml *next = value->next;
        planche_toml_free(value->first); /* no deeper than PLANCHE_TOML_MAX_DEPTH and its tables */
        free(value->key);
        free(value->text);
        free(value);
        value = next;
    }
}

const char *planche_toml_type_name(enum planche_toml_type type)
{
    static const char *const names[] = {
        [PLANCHE_TOML_TABLE] = "a table",   [PLANCHE_TOML_ARRAY] = "an array",
        [PLANCHE_TOML_STRING] = "a string", [PLANCHE_TOML_INTEGER] = "an integer",
        [PLANCHE_TOML_FLOAT] = "a float",   [PLANCHE_TOML_BOOLEAN] = "a boolean"};
    return names[type];
}
