/* SPDX-License-Identifier: MIT */
/* Licences of models. */
#include "models/licence.h"

#include "base/file_names.h"
#include "base/licence_text.h"
#include "base/text.h"

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
/* What names of licences are made of, those of SPDX and those that people write. */
#define NAME_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.+-() "
#define NAME_SIZE    40
#define WHITE        " \t\r\n"

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

static bool read_json(const char *text, char *licence, size_t size)
{
    static const char *const keys[] = {"license", "licence"};
    json_t *root = json_loads(text, 0, NULL);
    const char *value = NULL;
    for (size_t i = 0; value == NULL && i < sizeof keys / sizeof *keys; i++)
        value = json_string_value(json_object_get(root, keys[i]));
    if (value != NULL)
        snprintf(licence, size, "%s", value);
    if (value != NULL)
        planche_text_clean(licence);
    json_decref(root);
    return value != NULL && *licence != 0;
}

/* A file that has nothing but the name of a licence: "MIT", "Artistic License 2.0". Sentences have
 * more words, or end with a full stop. */
static bool read_name(const char *text, char *licence, size_t size)
{
    text += strspn(text, WHITE);
    size_t length = strcspn(text, "\r\n");
    bool alone = text[length + strspn(text + length, WHITE)] == 0;
    unsigned spaces = 0;
    while (length > 0 && strchr(WHITE, text[length - 1]) != NULL)
        length--;
    for (size_t i = 0; i < length; i++)
        spaces += text[i] == ' ';
    if (!alone || length == 0 || length > NAME_SIZE || strspn(text, NAME_LETTERS) < length ||
        spaces > 2 || text[length - 1] == '.')
        return false;
    snprintf(licence, size, "%.*s", (int)length, text);
    return true;
}

/* A model's own file may be about anything; one that is called LICENSE is a licence. */
static bool read_text_file(const char *path, const char *text, char *licence, size_t size)
{
    const char *base = strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path;
    if (planche_licence_recognise(text, licence, size))
        return true;
    bool whole = strncasecmp(base, "licen", 5) == 0 || strncasecmp(base, "copying", 7) == 0 ||
                 planche_text_ends(base, PLANCHE_NAME_LICENCE);
    if (whole && !read_name(text, licence, size))
        snprintf(licence, size, "see %s", base);
    return whole;
}

static bool read_licence(const char *path, const char *text, char *licence, size_t size)
{
    return planche_text_ends(path, ".json") ? read_json(text, licence, size)
                                            : read_text_file(path, text, licence, size);
}

bool planche_cli_licence_find(const char *model, char *licence, size_t size, char *from,
                              size_t from_size)
{
    char text[TEXT_SIZE + 1];
    bool own;
    size_t length;
    for (size_t i = 0; (length = planche_name_licence(model, i, from, from_size, &own)) > 0; i++)
        if (length < from_size && read_text(from, text) && read_licence(from, text, licence, size))
            return true;
    *from = 0;
    return false;
}
