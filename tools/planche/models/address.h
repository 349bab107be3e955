/* SPDX-License-Identifier: MIT */
/* Addresses in messages. */
#ifndef PLANCHE_MODELS_ADDRESS_H
#define PLANCHE_MODELS_ADDRESS_H

#include <stddef.h>

/* Room for any address that is fetched from. */
#define PLANCHE_CLI_ADDRESS_BYTES 2048

/* The address without the user and the password in it: of "https://user:word@host/path",
 * "https://host/path". What does not fit into size bytes (at least 1) is cut off. */
void planche_cli_address_show(const char *address, char *shown, size_t size);

#endif
