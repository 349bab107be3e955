/* SPDX-License-Identifier: MIT */
/* Sixel, by libsixel. */
#include "preview/sixel.h"

#include <sixel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COLOURS 256

bool planche_cli_sixel_is_built(void)
{
    return true;
}

static int write_bytes(char *data, int size, void *user)
{
    return (int)fwrite(data, 1, (size_t)size, user);
}

bool planche_cli_sixel_write(const struct planche_cli_picture *picture)
{
    size_t size = (size_t)picture->width * picture->height * PLANCHE_CLI_PICTURE_CHANNELS;
    sixel_output_t *output = NULL;
    sixel_dither_t *dither = NULL;
    int width = (int)picture->width, height = (int)picture->height;
    unsigned char *rgb = malloc(size); /* the encoder changes it */
    bool ok = rgb != NULL && !SIXEL_FAILED(sixel_output_new(&output, write_bytes, stdout, NULL)) &&
              !SIXEL_FAILED(sixel_dither_new(&dither, COLOURS, NULL));
    if (ok)
        memcpy(rgb, picture->rgb, size);
    ok = ok &&
         !SIXEL_FAILED(sixel_dither_initialize(dither, rgb, width, height, SIXEL_PIXELFORMAT_RGB888,
                                               SIXEL_LARGE_AUTO, SIXEL_REP_AUTO,
                                               SIXEL_QUALITY_HIGH)) &&
         !SIXEL_FAILED(sixel_encode(rgb, width, height, 3, dither, output));
    if (ok)
        putchar('\n');
    if (dither != NULL)
        sixel_dither_unref(dither);
    if (output != NULL)
        sixel_output_unref(output);
    free(rgb);
    return ok;
}
