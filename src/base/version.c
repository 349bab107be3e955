/* SPDX-License-Identifier: MIT */
/* The version of the library that is running. */
#include <planche/version.h>

const char *planche_version(void)
{
    return PLANCHE_VERSION;
}
