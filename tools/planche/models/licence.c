/* SPDX-License-Identifier: MIT */
/* Licences of models. */
#include "models/licence.h"

#include "base/text.h"

#include <ctype.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* Bytes of a file that are looked at. */
#define TEXT_SIZE ((size_t)16 << 10)

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

bool planche_cli_licence_recognise(const char *text, char *licence, size_t size)
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

/* The beginning of a regular file; what is neither cannot stop the command. */
static bool read_text(const char *path, char *text)
{
    struct stat info;
    size_t used = 0;
    ssize_t got = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return false;
    if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode))
        while (used < TEXT_SIZE && (got = read(fd, text + used, TEXT_SIZE - used)) > 0)
            used += (size_t)got;
    close(fd);
    for (size_t i = 0; i < used; i++)
        text[i] = text[i] != 0 ? text[i] : ' ';
    text[used] = 0;
    return used > 0;
}

static bool read_json(const char *path, const char *text, char *licence, size_t size)
{
    static const char *const keys[] = {"license", "licence"};
    json_t *root = json_loads(text, 0, NULL);
    const char *value = NULL;
    (void)path;
    for (size_t i = 0; value == NULL && i < sizeof keys / sizeof *keys; i++)
        value = json_string_value(json_object_get(root, keys[i]));
    if (value != NULL)
        snprintf(licence, size, "%s", value);
    if (value != NULL)
        planche_text_clean(licence);
    json_decref(root);
    return value != NULL && *licence != 0;
}

/* A model's own file may be about anything; one that is called LICENSE is a licence. */
static bool read_text_file(const char *path, const char *text, char *licence, size_t size)
{
    const char *base = strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path;
    if (planche_cli_licence_recognise(text, licence, size))
        return true;
    bool whole = strncasecmp(base, "licen", 5) == 0 || strncasecmp(base, "copying", 7) == 0;
    if (whole)
        snprintf(licence, size, "see %s", base);
    return whole;
}

static const struct {
    const char *name; /* NULL: the model's own */
    const char *extension;
    bool (*read)(const char *path, const char *text, char *licence, size_t size);
} places[] = {
    {NULL, ".json", read_json},          {NULL, ".txt", read_text_file},
    {NULL, ".md", read_text_file},       {NULL, ".LICENSE", read_text_file},
    {"LICENSE", "", read_text_file},     {"LICENSE", ".txt", read_text_file},
    {"LICENSE", ".md", read_text_file},  {"LICENCE", "", read_text_file},
    {"LICENCE", ".txt", read_text_file}, {"COPYING", "", read_text_file},
};

bool planche_cli_licence_find(const char *model, char *licence, size_t size, char *from,
                              size_t from_size)
{
    char text[TEXT_SIZE + 1];
    const char *slash = strrchr(model, '/'), *dot = strrchr(model, '.');
    int folder = slash != NULL ? (int)(slash - model) + 1 : 0;
    int stem = dot != NULL && dot > model + folder ? (int)(dot - model) : (int)strlen(model);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        const char *name = places[i].name;
        int length = snprintf(from, from_size, "%.*s%s%s", name != NULL ? folder : stem, model,
                              name != NULL ? name : "", places[i].extension);
        if (length >= 0 && (size_t)length < from_size && read_text(from, text) &&
            places[i].read(from, text, licence, size))
            return true;
    }
    *from = 0;
    return false;
}
