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

/* The first ones are the library's own: it decodes them here where it is told to. */
static const struct decode_format formats[] = {
    {"png", PLANCHE_FORMAT_PNG, true, NULL, &planche_png_reading, NULL},
    {"jpg", PLANCHE_FORMAT_JPEG, true, NULL, &planche_jpeg_reading, NULL},
    {"webp", PLANCHE_FORMAT_WEBP, true, NULL, &planche_webp_reading, NULL},
    {"bmp", PLANCHE_FORMAT_BMP, true, NULL, &planche_bmp_reading, NULL},
    {"qoi", PLANCHE_FORMAT_QOI, true, NULL, &planche_qoi_reading, NULL},
    {"tga", PLANCHE_FORMAT_TGA, true, NULL, &planche_tga_reading, NULL},
    {"psd", PLANCHE_FORMAT_PSD, true, NULL, &planche_psd_reading, NULL},
#ifdef HAVE_AVIF
    {"avif", PLANCHE_FORMAT_AVIF, false, NULL, &planche_avif_reading, planche_avif_prepare},
#endif
#ifdef HAVE_JXL
    {"jxl", PLANCHE_FORMAT_JXL, false, NULL, &planche_jxl_reading, planche_jxl_prepare},
#endif
    {"gif", PLANCHE_FORMAT_GIF, false, "libgif-dev", GIF_OPS, NULL},
    {"tif", PLANCHE_FORMAT_TIFF, false, "libtiff-dev", TIFF_OPS, NULL},
    {"jp2", PLANCHE_FORMAT_JP2, false, "libopenjp2-7-dev", JP2_OPS, NULL},
    {"heic", PLANCHE_FORMAT_HEIC, false, "libheif-dev", HEIC_OPS, prepare_heif},
};

const struct decode_format *decode_find_format(const char *name)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (strcmp(formats[i].name, name) == 0)
            return &formats[i];
    return NULL;
}

const struct decode_format *decode_find_page_format(uint32_t format)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (formats[i].is_page && (uint32_t)formats[i].format == format)
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
