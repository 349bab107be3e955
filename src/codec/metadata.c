/* SPDX-License-Identifier: MIT */
/* Metadata rules that all readers and writers share, whatever the format. */
#include "codec/metadata.h"

#include "base/status.h"
#include "codec/format.h"
#include "codec/stale_xmp.h"
#include "image/icc.h"

#include <stdio.h>
#include <string.h>

static const char *kind_name(enum planche_icc_kind kind)
{
    switch (kind) {
    case PLANCHE_ICC_DAMAGED:
        return "is damaged";
    case PLANCHE_ICC_GREY:
        return "is for grey pages";
    case PLANCHE_ICC_RGB:
        return "is for RGB pages";
    case PLANCHE_ICC_CMYK:
        return "is for CMYK pages";
    case PLANCHE_ICC_OTHER:
        break;
    }
    return "is of a kind that Planche does not know";
}

static enum planche_icc_kind kind_for(unsigned channels)
{
    return channels >= 3 ? PLANCHE_ICC_RGB : PLANCHE_ICC_GREY;
}

static enum planche_status settle_icc(struct planche_blob *icc, unsigned channels,
                                      struct planche_budget *budget, const struct planche_log *log,
                                      const char *name, struct planche_error *error)
{
    enum planche_icc_kind kind;
    if (icc->size == 0)
        return PLANCHE_OK;
    enum planche_status status = planche_icc_get_kind(budget, icc->data, icc->size, &kind, error);
    if (status || kind == kind_for(channels))
        return status;
    planche_log_write(log, PLANCHE_LOG_WARNING, "%s: the colour profile %s; it is dropped", name,
                      kind_name(kind));
    planche_blob_free(icc);
    return PLANCHE_OK;
}

/* Some writers put JPEG's prefix before EXIF in other formats too. */
static void strip_exif_prefix(struct planche_blob *exif)
{
    static const char prefix[6] = "Exif\0";
    if (exif->size < sizeof prefix || memcmp(exif->data, prefix, sizeof prefix) != 0)
        return;
    exif->size -= sizeof prefix;
    memmove(exif->data, exif->data + sizeof prefix, exif->size);
    if (exif->size == 0)
        planche_blob_free(exif);
}

static void settle_density(struct planche_metadata *metadata, unsigned orientation)
{
    double x, y;
    if ((metadata->x_density <= 0 || metadata->y_density <= 0) &&
        planche_exif_get_density(metadata->exif.data, metadata->exif.size, &x, &y)) {
        metadata->x_density = x;
        metadata->y_density = y;
    }
    if (orientation < 5)
        return;
    x = metadata->x_density;
    metadata->x_density = metadata->y_density;
    metadata->y_density = x;
}

/* Further pictures that are not among what is lost under another name. */
static void count_pictures(struct planche_decoder *decoder)
{
    unsigned known = (decoder->lost & PLANCHE_LOST_GAIN_MAP ? 1 : 0) +
                     (decoder->lost & PLANCHE_LOST_DEPTH ? 1 : 0);
    if (decoder->pictures > known)
        decoder->lost |= PLANCHE_LOST_PICTURES;
}

static void say_lost(const struct planche_decoder *decoder)
{
    static const struct {
        enum planche_lost lost;
        const char *name;
    } things[] = {
        {PLANCHE_LOST_GAIN_MAP, "the gain map"},
        {PLANCHE_LOST_VIDEO, "the video of the motion photo"},
        {PLANCHE_LOST_DEPTH, "the depth map"},
        {PLANCHE_LOST_AUDIO, "the sound"},
        {PLANCHE_LOST_PICTURES, "further pictures in the file"},
        {PLANCHE_LOST_XMP, "XMP of more than one segment"},
    };
    char list[256] = "";
    size_t length = 0;
    unsigned left = decoder->lost;
    for (size_t i = 0; i < sizeof things / sizeof *things && length < sizeof list; i++) {
        if (!(left & things[i].lost))
            continue;
        left &= ~(unsigned)things[i].lost;
        length += (size_t)snprintf(list + length, sizeof list - length, "%s%s",
                                   length == 0 ? ""
                                   : left      ? ", "
                                               : " and ",
                                   things[i].name);
    }
    bool hdr = decoder->lost & PLANCHE_LOST_GAIN_MAP;
    if (decoder->lost)
        planche_log_write(decoder->log, PLANCHE_LOG_WARNING, "%s: not kept: %s%s", decoder->name,
                          list, hdr ? " (the result is SDR)" : "");
}

enum planche_status planche_metadata_complete(struct planche_decoder *decoder,
                                              struct planche_error *error)
{
    struct planche_metadata *metadata = &decoder->metadata;
    strip_exif_prefix(&metadata->exif);
    planche_exif_drop_thumbnail(metadata->exif.data, &metadata->exif.size);
    unsigned stated = planche_exif_take_orientation(metadata->exif.data, metadata->exif.size);
    if (decoder->orientation == 0)
        decoder->orientation = stated;
    planche_xmp_reset_orientation(metadata->xmp.data, metadata->xmp.size);
    settle_density(metadata, decoder->orientation);
    enum planche_status status = planche_stale_xmp_remove(&metadata->xmp, &decoder->lost,
                                                          decoder->budget, decoder->name, error);
    if (status)
        return status;
    count_pictures(decoder);
    say_lost(decoder);
    return settle_icc(&metadata->icc, decoder->channels, decoder->budget, decoder->log,
                      decoder->name, error);
}

struct planche_blob planche_metadata_exif(const struct planche_metadata *metadata,
                                          uint8_t room[PLANCHE_EXIF_DENSITY_SIZE])
{
    if (metadata->exif.size || metadata->x_density <= 0 || metadata->y_density <= 0)
        return metadata->exif;
    planche_exif_from_density(room, metadata->x_density, metadata->y_density);
    return (struct planche_blob){room, PLANCHE_EXIF_DENSITY_SIZE};
}

enum planche_status planche_metadata_fit_icc(struct planche_blob *icc,
                                             const struct planche_metadata *metadata,
                                             unsigned channels, struct planche_budget *budget,
                                             struct planche_error *error)
{
    static const char name[] = "the colour profile";
    enum planche_icc_kind kind;
    *icc = (struct planche_blob){NULL, 0};
    if (!metadata || metadata->icc.size == 0)
        return PLANCHE_OK;
    const struct planche_blob *own = &metadata->icc;
    enum planche_status status = planche_icc_get_kind(budget, own->data, own->size, &kind, error);
    if (status)
        return status;
    if (kind == kind_for(channels))
        return planche_blob_set(icc, own->data, own->size, budget, name, error);
    if (kind == PLANCHE_ICC_GREY)
        return planche_icc_grey_to_rgb(budget, own->data, own->size, &icc->data, &icc->size, error);
    return PLANCHE_OK;
}
