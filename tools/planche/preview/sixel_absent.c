/* SPDX-License-Identifier: MIT */
/* Sixel, in a build without libsixel. */
#include "preview/sixel.h"

bool planche_cli_sixel_is_built(void)
{
    return false;
}

bool planche_cli_sixel_write(const struct planche_cli_picture *picture)
{
    (void)picture;
    return false;
}
