/* SPDX-License-Identifier: MIT */
/* Formats of planche-decode: readers that this build has. */
#include "formats.h"

#ifdef HAVE_HEIF
#include <libheif/heif.h>
#endif
#include <string.h>

#ifdef HAVE_GIF
#define GIF_OPS &planche_gif_reading
#else
#define GIF_OPS NULL
#endif
#ifdef HAVE_TIFF
#define TIFF_OPS &planche_tiff_reading
#else
#define TIFF_OPS NULL
#endif
#ifdef HAVE_OPENJP2
#define JP2_OPS &planche_jp2_reading
#else
#define JP2_OPS NULL
#endif
#ifdef HAVE_HEIF
#define HEIC_OPS &planche_heic_reading

/* Decoders may be plug-ins, which are files. */
static void prepare_heif(void)
{
    heif_init(NULL);
}
#else
#define HEIC_OPS     NULL
#define prepare_heif NULL
#endif

static const struct decode_format formats[] = {
    {"gif", "libgif-dev", GIF_OPS, NULL},
    {"tif", "libtiff-dev", TIFF_OPS, NULL},
    {"jp2", "libopenjp2-7-dev", JP2_OPS, NULL},
    {"heic", "libheif-dev", HEIC_OPS, prepare_heif},
};

const struct decode_format *decode_find_format(const char *name)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (strcmp(formats[i].name, name) == 0)
            return &formats[i];
    return NULL;
}

void decode_list_formats(FILE *file)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (formats[i].ops)
            fprintf(file, "%s%s", i > 0 ? ", " : "", formats[i].name);
    fputs("\n", file);
}
