/* SPDX-License-Identifier: MIT */
/* WebP's RIFF container, written as a stream: "RIFF", size, "WEBP", then chunks of a tag, a size
 * and an even number of bytes. With metadata it is VP8X ICCP [ALPH] VP8/VP8L EXIF XMP; libwebp
 * writes a VP8X only for lossy pictures with alpha. libwebpmux would want the compressed picture
 * whole, and copy it, in memory that no budget counts. */
#include "codec/webp/webp.h"

#include "base/little_endian.h"
#include "base/status.h"

#include <string.h>

#define RIFF_HEADER  12
#define CHUNK_HEADER 8
#define VP8X_SIZE    10
enum flag { FLAG_XMP = 0x04, FLAG_EXIF = 0x08, FLAG_ALPHA = 0x10, FLAG_ICC = 0x20 };

static uint64_t chunk_size(const struct planche_blob *blob)
{
    return blob->size ? CHUNK_HEADER + (uint64_t)blob->size + blob->size % 2 : 0;
}

static enum planche_status emit_chunk(struct planche_webp_container *container, const char *tag,
                                      const struct planche_blob *blob, struct planche_error *error)
{
    uint8_t header[CHUNK_HEADER];
    if (blob->size == 0)
        return PLANCHE_OK;
    memcpy(header, tag, 4);
    put32(header + 4, (uint32_t)blob->size);
    enum planche_status status =
        planche_encoder_emit(container->encoder, header, sizeof header, error);
    if (status == PLANCHE_OK)
        status = planche_encoder_emit(container->encoder, blob->data, blob->size, error);
    if (status == PLANCHE_OK && blob->size % 2)
        status = planche_encoder_emit(container->encoder, "", 1, error);
    return status;
}

static bool has_vp8x(const struct planche_webp_container *container)
{
    return container->have == PLANCHE_WEBP_HEAD_SIZE &&
           memcmp(container->head + RIFF_HEADER, "VP8X", 4) == 0;
}

static void make_vp8x(uint8_t chunk[CHUNK_HEADER + VP8X_SIZE],
                      const struct planche_webp_container *container)
{
    const struct planche_image_info *info = &container->encoder->info;
    const struct planche_metadata *metadata = &container->encoder->metadata;
    memcpy(chunk, "VP8X", 4);
    put32(chunk + 4, VP8X_SIZE);
    put32(chunk + CHUNK_HEADER,
          (metadata->icc.size ? FLAG_ICC : 0) | (container->exif->size ? FLAG_EXIF : 0) |
              (metadata->xmp.size ? FLAG_XMP : 0) | (info->channels == 4 ? FLAG_ALPHA : 0));
    /* 24 bits each, less one. */
    put32(chunk + 12, info->width - 1);
    put32(chunk + 14, (info->width - 1) >> 16 | (info->height - 1) << 8);
}

/* Sends the head with its new size and flags, the profile, and what of head belongs behind it. */
static enum planche_status begin(struct planche_webp_container *container,
                                 struct planche_error *error)
{
    const struct planche_metadata *metadata = &container->encoder->metadata;
    const struct planche_blob *exif = container->exif;
    uint8_t vp8x[CHUNK_HEADER + VP8X_SIZE];
    uint64_t extra = chunk_size(&metadata->icc) + chunk_size(exif) + chunk_size(&metadata->xmp);
    size_t taken = has_vp8x(container) ? PLANCHE_WEBP_HEAD_SIZE : RIFF_HEADER;
    container->begun = true;
    if (extra == 0 || container->have < RIFF_HEADER)
        return planche_encoder_emit(container->encoder, container->head, container->have, error);
    uint64_t size = get32(container->head + 4) + extra + RIFF_HEADER + sizeof vp8x - taken;
    if (size > UINT32_MAX - 9)
        return planche_fail(error, PLANCHE_ERROR_LIMIT,
                            "a WebP file has at most 4 GiB: write PNG instead");
    put32(container->head + 4, (uint32_t)size);
    make_vp8x(vp8x, container);
    enum planche_status status =
        planche_encoder_emit(container->encoder, container->head, RIFF_HEADER, error);
    if (status == PLANCHE_OK)
        status = planche_encoder_emit(container->encoder, vp8x, sizeof vp8x, error);
    if (status == PLANCHE_OK)
        status = emit_chunk(container, "ICCP", &metadata->icc, error);
    if (status == PLANCHE_OK)
        status = planche_encoder_emit(container->encoder, container->head + taken,
                                      container->have - taken, error);
    return status;
}

enum planche_status planche_webp_container_write(struct planche_webp_container *container,
                                                 const uint8_t *data, size_t size,
                                                 struct planche_error *error)
{
    if (!container->begun) {
        size_t room = sizeof container->head - container->have;
        size_t take = size < room ? size : room;
        memcpy(container->head + container->have, data, take);
        container->have += take;
        data += take;
        size -= take;
        if (container->have < sizeof container->head)
            return PLANCHE_OK;
        enum planche_status status = begin(container, error);
        if (status)
            return status;
    }
    return planche_encoder_emit(container->encoder, data, size, error);
}

enum planche_status planche_webp_container_finish(struct planche_webp_container *container,
                                                  struct planche_error *error)
{
    enum planche_status status = container->begun ? PLANCHE_OK : begin(container, error);
    if (status == PLANCHE_OK)
        status = emit_chunk(container, "EXIF", container->exif, error);
    if (status == PLANCHE_OK)
        status = emit_chunk(container, "XMP ", &container->encoder->metadata.xmp, error);
    return status;
}
