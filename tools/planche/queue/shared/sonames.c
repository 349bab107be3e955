/* SPDX-License-Identifier: MIT */
/* A library that needs libnats: sonames.py reads the name of that in it. */
#include <nats/nats.h>

const char *planche_queue_sonames(void);

const char *planche_queue_sonames(void)
{
    return nats_GetVersion();
}
