/* SPDX-License-Identifier: MIT */
/* What a page's image looks like from afar, in the colours that its own profile says: for PDFs,
 * which must tell whether it looks as in the PDF. */
#include "book/picture.h"

#include "base/status.h"
#include "codec/codec.h"
#include "image/icc.h"

/* Rows that are read at once. */
#define ROWS 16u

struct conversion {
    struct planche_icc icc;
    cmsHTRANSFORM transform; /* NULL: the pixels are sRGB */
    const struct planche_image_info *info;
    uint8_t *rows;
    uint32_t pixels;
};

static void create_transform(void *user)
{
    struct conversion *conversion = user;
    const struct planche_blob *blob = &conversion->info->metadata->icc;
    cmsContext context = conversion->icc.context;
    const cmsUInt32Number type = conversion->info->channels == 1 ? TYPE_GRAY_8 : TYPE_RGB_8;
    cmsHPROFILE from = cmsOpenProfileFromMemTHR(context, blob->data, (cmsUInt32Number)blob->size);
    cmsHPROFILE to = cmsCreate_sRGBProfileTHR(context);
    if (from && to)
        conversion->transform = cmsCreateTransformTHR(
            context, from, type, to, TYPE_RGB_8, INTENT_RELATIVE_COLORIMETRIC, cmsFLAGS_NOCACHE);
    if (from)
        cmsCloseProfile(from);
    if (to)
        cmsCloseProfile(to);
}

/* RGB of the rows, behind them. */
static void convert(void *user)
{
    struct conversion *conversion = user;
    cmsDoTransform(conversion->transform, conversion->rows,
                   conversion->rows + (size_t)conversion->pixels * 3, conversion->pixels);
}

static bool has_profile(const struct planche_image_info *info)
{
    return info->metadata && info->metadata->icc.size;
}

static enum planche_status add_rows(struct planche_reader *reader, struct conversion *conversion,
                                    const struct planche_archive_picture *picture,
                                    struct planche_cells *cells, struct planche_error *error)
{
    const struct planche_image_info *info = conversion->info;
    const size_t stride = (size_t)info->width * info->channels;
    enum planche_status status = PLANCHE_OK;
    for (uint32_t y = 0; y < info->height && !status; y += ROWS) {
        uint32_t count = info->height - y < ROWS ? info->height - y : ROWS;
        unsigned channels = info->channels;
        const uint8_t *rows = conversion->rows;
        status = planche_reader_read(reader, conversion->rows, stride, count, error);
        if (!status && conversion->transform) {
            conversion->pixels = count * info->width;
            status = planche_icc_run(&conversion->icc, error, convert, conversion);
            rows += (size_t)conversion->pixels * 3;
            channels = 3;
        }
        for (uint32_t i = 0; i < count && !status; i++)
            planche_cells_add(cells, &picture->place, rows + (size_t)i * info->width * channels,
                              channels, y + i, info->width, info->height);
    }
    return status;
}

static enum planche_status add_picture(struct planche_reader *reader, struct conversion *conversion,
                                       const struct planche_archive_picture *picture,
                                       struct planche_cells *cells, struct planche_error *error)
{
    const struct planche_image_info *info = planche_reader_info(reader);
    const size_t bytes = (size_t)info->width * ROWS * 6;
    conversion->info = info;
    if (info->depth != 8 || (info->channels != 1 && info->channels != 3))
        return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED, "%s: is not grey or RGB of 8 bits",
                            picture->name);
    conversion->rows = planche_alloc(picture->budget, bytes);
    if (!conversion->rows)
        return planche_fail_memory(error, picture->budget, bytes, picture->name);
    enum planche_status status = PLANCHE_OK;
    if (has_profile(info))
        status = planche_icc_run(&conversion->icc, error, create_transform, conversion);
    if (!status && has_profile(info) && !conversion->transform)
        status = planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                              "%s: has a profile that cannot be used", picture->name);
    return status ? status : add_rows(reader, conversion, picture, cells, error);
}

enum planche_status planche_book_look(const struct planche_archive_picture *picture,
                                      struct planche_cells *cells, struct planche_error *error)
{
    const struct planche_source source = {
        .name = picture->name, .data = picture->data, .size = picture->size};
    const struct planche_reader_options options = {.budget = picture->budget};
    struct conversion conversion = {0};
    struct planche_reader *reader = NULL;
    enum planche_status status = planche_icc_open(&conversion.icc, picture->budget, error);
    if (!status)
        status = planche_reader_open(&reader, &source, &options, error);
    if (!status)
        status = add_picture(reader, &conversion, picture, cells, error);
    planche_reader_destroy(&reader);
    planche_icc_close(&conversion.icc);
    planche_free(conversion.rows);
    return status;
}
