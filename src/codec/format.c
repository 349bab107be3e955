/* SPDX-License-Identifier: MIT */
/* The table of formats, and what can be asked of it. */
#include "codec/format.h"

#include "base/status.h"

#include <string.h>
#include <strings.h>

/* A new format is one directory and one line here. TGA comes last: it has no signature, but a head
 * that makes sense. */
static const struct planche_format_ops *const formats[] = {
    &planche_png_ops, &planche_jpeg_ops, &planche_webp_ops, &planche_avif_ops, &planche_jxl_ops,
    &planche_gif_ops, &planche_tiff_ops, &planche_jp2_ops,  &planche_heic_ops, &planche_bmp_ops,
    &planche_qoi_ops, &planche_psd_ops,  &planche_tga_ops,
};
#define FORMAT_COUNT (sizeof formats / sizeof formats[0])

const struct planche_format_ops *planche_format_at(size_t index)
{
    return index < FORMAT_COUNT ? formats[index] : NULL;
}

const struct planche_format_ops *planche_format_get_ops(enum planche_format format)
{
    for (size_t i = 0; i < FORMAT_COUNT; i++)
        if (formats[i]->format == format)
            return formats[i];
    return NULL;
}

enum planche_status planche_fail_absent(struct planche_error *error, const char *file,
                                        const struct planche_format_ops *ops)
{
    return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                        "%s%sthis Planche was built without %s: choose another format, or install "
                        "a build that has it",
                        file ? file : "", file ? ": " : "", ops->name);
}

const struct planche_format_ops *planche_format_detect(const uint8_t *head, size_t size)
{
    for (size_t i = 0; i < FORMAT_COUNT; i++)
        if (formats[i]->recognise(head, size))
            return formats[i];
    return NULL;
}

const struct planche_format_caps *planche_format_get_caps(enum planche_format format)
{
    static const struct planche_format_caps none;
    const struct planche_format_ops *ops = planche_format_get_ops(format);
    return ops ? &ops->caps : &none;
}

static bool listed(const char *const *extensions, const char *extension)
{
    while (*extensions && strcasecmp(*extensions, extension) != 0)
        extensions++;
    return *extensions != NULL;
}

enum planche_format planche_codec_format_of(const char *file_name)
{
    const char *base = strrchr(file_name, '/');
    base = base ? base + 1 : file_name;
    const char *dot = strrchr(base, '.');
    if (!dot || dot == base)
        return PLANCHE_FORMAT_AUTO;
    for (size_t i = 0; i < FORMAT_COUNT; i++)
        if (listed(formats[i]->extensions, dot + 1))
            return formats[i]->format;
    return PLANCHE_FORMAT_AUTO;
}

const char *planche_codec_extension(enum planche_format format)
{
    const struct planche_format_ops *ops = planche_format_get_ops(format);
    return ops ? ops->extensions[0] : "";
}

bool planche_codec_is_written(enum planche_format format)
{
    const struct planche_format_ops *ops = planche_format_get_ops(format);
    return ops && (ops->create || ops->absent);
}

enum planche_format planche_codec_kept(enum planche_format format)
{
    const struct planche_format_ops *ops = planche_format_get_ops(format);
    return ops && !ops->create && !ops->absent ? ops->kept : format;
}
