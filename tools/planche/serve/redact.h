/* SPDX-License-Identifier: MIT */
/* Redaction: secrets in texts that are about to be logged.
 *
 * Log lines hold no address and no field of a request. But messages may quote what somebody sent,
 * and so each text of the log goes through this. */
#ifndef PLANCHE_SERVE_REDACT_H
#define PLANCHE_SERVE_REDACT_H

#include <stddef.h>

/* Copies text into out (size bytes at least 1; cut if it does not fit) with "***" in the place of:
 * the values of names that end in key, token, password, secret, authorization, cookie and the like
 * (NAME=VALUE, NAME: VALUE, "NAME":"VALUE", also with %3D for the sign), what follows Bearer and
 * Basic, the part after /opds/ in a path, user:password@ in an address, and `token` (NULL or "":
 * none) wherever it stands. */
void planche_serve_redact(const char *text, const char *token, char *out, size_t size);

#endif
