/* SPDX-License-Identifier: MIT */
/* Credentials for a queue. */
#include "queue/auth.h"

#include "base/status.h"
#include "os/fd.h"

#include <errno.h>
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
    int fd = planche_fd_open(path, 0, NULL);
    int64_t got = fd >= 0 ? planche_fd_read_all(fd, text, FILE_BYTES) : -1;
    int reason = errno;
    planche_fd_close(&fd);
    if (got < 0)
        return planche_fail(error, PLANCHE_ERROR_IO, "%s: cannot read the credentials: %s", path,
                            strerror(reason));
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
