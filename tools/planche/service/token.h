/* SPDX-License-Identifier: MIT */
/* Token of a server: the word that who asks must know. */
#ifndef PLANCHE_SERVICE_TOKEN_H
#define PLANCHE_SERVICE_TOKEN_H

#include <planche/error.h>

/* Bytes of a token at most, with its 0. */
#define PLANCHE_TOKEN_BYTES 256

/* Reads the first line of a file. Errors: IO, ARGUMENT (too short or too long). */
enum planche_status planche_token_read(const char *path, char token[PLANCHE_TOKEN_BYTES],
                                       struct planche_error *error);

#endif
