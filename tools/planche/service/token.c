/* SPDX-License-Identifier: MIT */
/* Token of a server. */
#include "service/token.h"

#include "base/status.h"
#include "os/fd.h"

#include <errno.h>
#include <string.h>

#define SHORTEST_TOKEN 8

enum planche_status planche_token_read(const char *path, char token[PLANCHE_TOKEN_BYTES],
                                       struct planche_error *error)
{
    int fd = planche_fd_open(path, 0, NULL);
    int64_t size = fd >= 0 ? planche_fd_read_all(fd, token, PLANCHE_TOKEN_BYTES) : -1;
    int problem = errno;
    planche_fd_close(&fd);
    if (size < 0)
        return planche_fail(error, PLANCHE_ERROR_IO, "%s: cannot read the token: %s", path,
                            strerror(problem));
    size_t length = 0;
    while (length < (size_t)size && token[length] != '\n' && token[length] != '\r')
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
