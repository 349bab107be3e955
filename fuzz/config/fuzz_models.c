/* SPDX-License-Identifier: MIT */
/* Any bytes as a text that names models, as a path in such a text, and as a profile. Parts lie in
 * their text one behind the other; the text stays what it was if no name is replaced; a path that
 * was written is one part; and what a profile becomes can be read. */
#include "profile/parts.h"
#include "profile/profile.h"
#include "toml/toml.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool right)
{
    if (!right)
        abort();
}

static enum planche_status look(void *user, const char *name, const struct planche_model_part *part,
                                struct planche_error *error)
{
    const char **at = user;
    (void)error;
    check(part->name >= *at && part->length > 0 && part->alternative < 17);
    check(*name == 0 || strlen(name) == part->length);
    check(memchr(part->name, 0, part->length) == NULL);
    *at = part->name + part->length;
    return PLANCHE_OK;
}

static const char *keep(void *user, const char *name)
{
    (void)user;
    (void)name;
    return NULL;
}

static void try_text(const char *text)
{
    struct planche_error error = {0};
    const char *at = text;
    char *same, chain[64];
    enum planche_status status = planche_parts_each(text, look, &at, &error);
    check(status == PLANCHE_OK || *error.message != 0);
    check(at <= text + strlen(text));
    check(planche_parts_replace(&same, text, keep, NULL, &error) == status);
    check((same != NULL) == (status == PLANCHE_OK));
    if (same != NULL)
        check(strcmp(same, text) == 0 && *at == 0);
    free(same);
    for (unsigned i = 0; i < 18; i++)
        planche_parts_chain(text, i, chain, sizeof chain);
}

static void try_path(const char *path)
{
    struct planche_error error = {0};
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    check(stream != NULL);
    enum planche_status status = planche_parts_write(stream, path, &error);
    check(fclose(stream) == 0);
    if (status == PLANCHE_OK)
        check(!planche_parts_are_several(text) && strstr(text, path) != NULL);
    free(text);
}

static void try_profile(const char *text, size_t size)
{
    struct planche_toml *tree = NULL;
    struct planche_profile profile;
    struct planche_error error = {0};
    if (planche_toml_parse(&tree, text, size, "fuzz", &error) != PLANCHE_OK)
        return;
    if (planche_profile_take(&profile, tree, "no+folder/fuzz.toml", NULL, &error) == PLANCHE_OK)
        try_text(profile.model);
    else
        check(*error.message != 0 && profile.model == NULL);
    planche_profile_free(&profile);
    planche_toml_free(tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    check(text != NULL);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = 0;
    try_text(text);
    try_path(text);
    try_profile(text, size);
    free(text);
    return 0;
}
