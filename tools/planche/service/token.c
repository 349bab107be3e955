/* SPDX-License-Identifier: MIT */
/* Token of a server. */
#include "service/token.h"

#include "base/status.h"
#include "service/secret.h"

#include <string.h>

#define SHORTEST_TOKEN 8

enum planche_status planche_token_read(const char *path, char token[PLANCHE_TOKEN_BYTES],
                                       struct planche_error *error)
{
    size_t size;
    enum planche_status status =
        planche_secret_read(path, "token", token, PLANCHE_TOKEN_BYTES, &size, error);
    if (status != PLANCHE_OK)
        return status;
    size_t length = 0;
    while (length < size && token[length] != '\n' && token[length] != '\r')
        length++;
    if (length == PLANCHE_TOKEN_BYTES)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                            "%s: a token has fewer than %d bytes on its line", path,
                            PLANCHE_TOKEN_BYTES);
    token[length] = 0;
    if (length < SHORTEST_TOKEN || strlen(token) != length)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                            "%s: a token has at least %d characters; make one with: openssl rand "
                            "-hex 32",
                            path, SHORTEST_TOKEN);
    return PLANCHE_OK;
}
