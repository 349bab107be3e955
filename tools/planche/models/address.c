/* SPDX-License-Identifier: MIT */
/* Addresses in messages. */
#include "models/address.h"

#include <stdio.h>
#include <string.h>

void planche_cli_address_show(const char *address, char *shown, size_t size)
{
    const char *mark = strstr(address, "://");
    const char *host = mark != NULL ? mark + 3 : address;
    const char *at = memrchr(host, '@', strcspn(host, "/?#"));
    snprintf(shown, size, "%.*s%s", (int)(host - address), address, at != NULL ? at + 1 : host);
}
