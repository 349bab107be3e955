/* SPDX-License-Identifier: MIT */
/* Credentials for a queue. */
#include "queue/auth.h"

#include "base/status.h"
#include "service/secret.h"

#include <string.h>

#define FILE_BYTES 16384
#define KEY_CHARS  56 /* of a public key */

/* The line that begins with a user's public key; NULL: there is none. */
static const char *find_key(char *text)
{
    char *rest = NULL;
    for (char *line = strtok_r(text, "\r\n", &rest); line != NULL;
         line = strtok_r(NULL, "\r\n", &rest)) {
        if (*line == 'U' && strlen(line) == KEY_CHARS)
            return line;
    }
    return NULL;
}

static natsStatus take(natsOptions *options, const char *path, char *text)
{
    if (strstr(text, "BEGIN NATS USER JWT") != NULL)
        return planche_libnats.natsOptions_SetUserCredentialsFromFiles(options, path, NULL);
    bool seed = strncmp(text, "SU", 2) == 0 || strstr(text, "\nSU") != NULL;
    const char *key = seed ? find_key(text) : NULL;
    if (key != NULL)
        return planche_libnats.natsOptions_SetNKeyFromSeed(options, key, path);
    text[strcspn(text, "\r\n")] = 0;
    return *text != 0 && !seed ? planche_libnats.natsOptions_SetToken(options, text)
                               : NATS_INVALID_ARG;
}

enum planche_status planche_queue_auth(natsOptions *options, const char *path,
                                       struct planche_error *error)
{
    char text[FILE_BYTES + 1];
    size_t got;
    enum planche_status read =
        planche_secret_read(path, "credentials", text, FILE_BYTES, &got, error);
    if (read != PLANCHE_OK)
        return read;
    text[got] = 0;
    natsStatus status = take(options, path, text);
    explicit_bzero(text, sizeof text); /* a memset may be left out */
    if (status == NATS_OK)
        return PLANCHE_OK;
    return planche_fail(error, PLANCHE_ERROR_DATA,
                        "%s: no credentials: neither a file of nsc, nor an nkey with its public "
                        "key (U...) on a line of its own, nor a token",
                        path);
}
