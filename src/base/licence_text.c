/* SPDX-License-Identifier: MIT */
/* Texts of licences: by what they say of themselves, or by their words. */
#include "base/licence_text.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Words of licences' texts, the particular ones first. */
static const struct {
    const char *words, *name;
} known[] = {
    {"CC BY-NC-SA 4.0", "CC-BY-NC-SA-4.0"},
    {"Attribution-NonCommercial-ShareAlike 4.0", "CC-BY-NC-SA-4.0"},
    {"CC BY-NC-ND 4.0", "CC-BY-NC-ND-4.0"},
    {"Attribution-NonCommercial-NoDerivatives 4.0", "CC-BY-NC-ND-4.0"},
    {"CC BY-NC 4.0", "CC-BY-NC-4.0"},
    {"Attribution-NonCommercial 4.0", "CC-BY-NC-4.0"},
    {"CC BY-SA 4.0", "CC-BY-SA-4.0"},
    {"Attribution-ShareAlike 4.0", "CC-BY-SA-4.0"},
    {"CC BY 4.0", "CC-BY-4.0"},
    {"Attribution 4.0 International", "CC-BY-4.0"},
    {"CC0 1.0", "CC0-1.0"},
    {"DO WHAT THE FUCK YOU WANT TO", "WTFPL"},
    {"GNU AFFERO GENERAL PUBLIC LICENSE", "AGPL-3.0"},
    {"GNU LESSER GENERAL PUBLIC LICENSE", "LGPL"},
    {"GNU GENERAL PUBLIC LICENSE", "GPL"},
    {"Apache License", "Apache-2.0"},
    {"Redistribution and use in source and binary forms", "BSD"},
    {"MIT License", "MIT"},
    {"Permission is hereby granted, free of charge", "MIT"},
    {"This is free and unencumbered software", "Unlicense"},
};

static const char *find_word(const char *text, const char *word)
{
    size_t length = strlen(word);
    for (; *text; text++)
        if (strncasecmp(text, word, length) == 0)
            return text;
    return NULL;
}

/* What follows "License:", up to the end of the line. */
static bool take_statement(const char *text, const char *label, char *licence, size_t size)
{
    const char *at = find_word(text, label);
    if (at == NULL)
        return false;
    at += strlen(label);
    at += strspn(at, " \t*_\"`");
    size_t length = strcspn(at, "\r\n");
    while (length > 0 && strchr(" \t*_\"`,.", at[length - 1]) != NULL)
        length--;
    snprintf(licence, size, "%.*s", length < 200 ? (int)length : 200, at);
    planche_text_clean(licence);
    return *licence != 0;
}

bool planche_licence_recognise(const char *text, char *licence, size_t size)
{
    static const char *const labels[] = {"SPDX-License-Identifier:", "License:", "Licence:"};
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
        if (take_statement(text, labels[i], licence, size))
            return true;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (find_word(text, known[i].words) != NULL) {
            snprintf(licence, size, "%s", known[i].name);
            return true;
        }
    }
    return false;
}

bool planche_licence_is_text(const char *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)data[i];
        if (c == 127 || (c < ' ' && !strchr("\t\n\v\f\r", c)) || c == 0)
            return false;
    }
    return size > 0;
}
