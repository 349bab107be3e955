/* SPDX-License-Identifier: MIT */
/* Reading JPEG XL: the compressed file and the picture are held whole. One decoder reads what is to
 * be known beforehand, metadata behind the picture included, piece by piece; a second one decodes.
 */
#include "base/status.h"
#include "codec/jxl/jxl.h"
#include "codec/metadata.h"

#include <string.h>

struct jxl_reader {
    JxlDecoder *jxl;
    const uint8_t *file;
    size_t size;
    struct planche_jxl_box box;
    bool colours;      /* are known */
    bool animation;    /* the header says so; it may be one of a single frame, */
    uint64_t frames;   /* which are counted, */
    uint64_t layers;   /* and what they are put together of */
    uint32_t channels; /* in the file that are not colours */
    uint8_t *piece;    /* of the file, while headers are read: */
    size_t have, room; /* so many bytes, and as many as there could be */
    uint64_t next;     /* where in the file the next piece begins */
    uint64_t reserved; /* for what libjxl allocates itself, */
    uint64_t entered;  /* and asked of the system as well */
};

static enum planche_status say_damaged(const struct planche_decoder *decoder, const char *why,
                                       struct planche_error *error)
{
    return planche_fail(error, PLANCHE_ERROR_DATA, "%s: the JPEG XL image is damaged: %s",
                        decoder->name, why);
}

static enum planche_status say_unsupported(const struct planche_decoder *decoder, const char *what,
                                           struct planche_error *error)
{
    return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED, "%s: %s JPEG XL images are not supported",
                        decoder->name, what);
}

/* What libjxl was measured to take for a picture, with some room; it counts in groups. Channels
 * that are not wanted are decoded, too. Of its memory manager it makes no use worth mentioning. */
static uint64_t picture_memory(const JxlBasicInfo *info)
{
    const uint64_t fixed = (uint64_t)6 << 20, extra_channel = 24;
    uint64_t pixels = planche_jxl_padded_pixels(info->xsize, info->ysize);
    uint64_t colours = info->num_extra_channels ? 52 : 40;
    return fixed + (colours + extra_channel * info->num_extra_channels) * pixels;
}

/* Layers that later ones are blended with are kept, in floats. */
static uint64_t layer_memory(const struct planche_decoder *decoder)
{
    const struct jxl_reader *reader = decoder->state;
    const uint64_t most = 4, colours = 16, extra_channel = 4;
    uint64_t pixels = planche_jxl_padded_pixels(decoder->width, decoder->height);
    uint64_t kept = reader->layers < 1 ? 0 : reader->layers - 1 < most ? reader->layers - 1 : most;
    return kept * (colours + extra_channel * reader->channels) * pixels;
}

static void leave(struct jxl_reader *reader)
{
    planche_foreign_leave(reader->entered);
    reader->entered = 0;
}

/* Asks the system for all that was reserved: libjxl 0.7 ends the process where it is refused, and
 * takes hardly any of it from a memory manager. */
static enum planche_status enter(const struct planche_decoder *decoder, struct planche_error *error)
{
    struct jxl_reader *reader = decoder->state;
    leave(reader);
    enum planche_status status = planche_decoder_enter(decoder, reader->reserved, error);
    if (status == PLANCHE_OK)
        reader->entered = reader->reserved;
    return status;
}

static enum planche_status reserve(const struct planche_decoder *decoder, uint64_t bytes,
                                   struct planche_error *error)
{
    struct jxl_reader *reader = decoder->state;
    if (!planche_budget_reserve(decoder->budget, bytes))
        return planche_fail_memory(error, decoder->budget, bytes, decoder->name);
    reader->reserved += bytes;
    return enter(decoder, error);
}

static enum planche_status say_misused(const struct planche_decoder *decoder,
                                       struct planche_error *error)
{
    return planche_fail(error, PLANCHE_ERROR_INTERNAL, "%s: libjxl refuses what it is asked for",
                        decoder->name);
}

static enum planche_status create(const struct planche_decoder *decoder, int events,
                                  struct planche_error *error)
{
    struct jxl_reader *reader = decoder->state;
    reader->jxl = planche_libjxl.DecoderCreate(NULL);
    if (!reader->jxl)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "%s: the system has no memory left",
                            decoder->name);
    bool set =
        planche_libjxl.DecoderSubscribeEvents(reader->jxl, events) == JXL_DEC_SUCCESS &&
        planche_libjxl.DecoderSetKeepOrientation(reader->jxl, JXL_TRUE) == JXL_DEC_SUCCESS &&
        planche_libjxl.DecoderSetUnpremultiplyAlpha(reader->jxl, JXL_TRUE) == JXL_DEC_SUCCESS &&
        planche_libjxl.DecoderSetDecompressBoxes(reader->jxl, JXL_TRUE) == JXL_DEC_SUCCESS;
    return set ? PLANCHE_OK : say_misused(decoder, error);
}

static void destroy(struct jxl_reader *reader)
{
    if (reader->jxl)
        planche_libjxl.DecoderDestroy(reader->jxl);
    reader->jxl = NULL;
}

static enum planche_status check_channels(struct planche_decoder *decoder, const JxlBasicInfo *info,
                                          struct planche_error *error)
{
    const struct jxl_reader *reader = decoder->state;
    JxlExtraChannelInfo channel;
    for (uint32_t i = 0; i < info->num_extra_channels; i++)
        if (planche_libjxl.DecoderGetExtraChannelInfo(reader->jxl, i, &channel) ==
            JXL_DEC_SUCCESS) {
            if (channel.type == JXL_CHANNEL_BLACK)
                return say_unsupported(decoder, "CMYK", error);
            if (channel.type == JXL_CHANNEL_DEPTH)
                decoder->lost |= PLANCHE_LOST_DEPTH;
        }
    return PLANCHE_OK;
}

static enum planche_status take_info(struct planche_decoder *decoder, struct planche_error *error)
{
    struct jxl_reader *reader = decoder->state;
    JxlBasicInfo info;
    if (planche_libjxl.DecoderGetBasicInfo(reader->jxl, &info) != JXL_DEC_SUCCESS)
        return say_damaged(decoder, "its header makes no sense", error);
    reader->animation = info.have_animation;
    reader->channels = info.num_extra_channels;
    decoder->width = info.xsize;
    decoder->height = info.ysize;
    decoder->channels = info.num_color_channels + (info.alpha_bits ? 1 : 0);
    decoder->depth = info.bits_per_sample > 8 || info.exponent_bits_per_sample ? 16 : 8;
    decoder->orientation = (unsigned)info.orientation;
    decoder->whole = true;
    enum planche_status status = check_channels(decoder, &info, error);
    if (status == PLANCHE_OK)
        status = planche_decoder_check_size(decoder, info.xsize, info.ysize, error);
    return status || decoder->header_only ? status : reserve(decoder, picture_memory(&info), error);
}

static enum planche_status take_colours(struct planche_decoder *decoder,
                                        struct planche_error *error)
{
    struct jxl_reader *reader = decoder->state;
    planche_jxl_prefer_colours(reader->jxl, decoder->channels < 3);
    reader->colours = true;
    return planche_jxl_get_colours(decoder, reader->jxl, error);
}

/* What follows the picture may be no part of the file; whether the picture itself is complete shows
 * when it is decoded. */
static enum planche_status end_early(struct planche_decoder *decoder, struct planche_error *error)
{
    const struct jxl_reader *reader = decoder->state;
    if (reader->colours && !reader->box.target)
        return PLANCHE_OK;
    return say_damaged(decoder, "its headers are incomplete", error);
}

/* What libjxl takes for reading headers, and copies of what it was given. */
#define HEADER_BYTES ((uint64_t)1 << 20)
#define PIECE_BYTES  ((size_t)64 << 10)
#define COPIES       2

/* Room for a piece behind what libjxl has left of the last one. */
static enum planche_status grow_piece(struct planche_decoder *decoder, struct planche_error *error)
{
    struct jxl_reader *reader = decoder->state;
    size_t room = reader->room ? 2 * reader->room : PIECE_BYTES;
    if (reader->have < reader->room)
        return PLANCHE_OK;
    uint8_t *piece = planche_realloc(decoder->budget, reader->piece, room);
    if (!piece)
        return planche_fail_memory(error, decoder->budget, room, decoder->name);
    reader->piece = piece;
    enum planche_status status = reserve(decoder, COPIES * (uint64_t)(room - reader->room), error);
    reader->room = room;
    return status;
}

/* Gives libjxl the next piece of the file. *end: there is none. */
static enum planche_status feed(struct planche_decoder *decoder, bool *end,
                                struct planche_error *error)
{
    struct jxl_reader *reader = decoder->state;
    size_t left = planche_libjxl.DecoderReleaseInput(reader->jxl), got = 0;
    *end = reader->next >= decoder->stream.size;
    if (*end)
        return PLANCHE_OK;
    if (left)
        memmove(reader->piece, reader->piece + reader->have - left, left);
    reader->have = left;
    enum planche_status status = grow_piece(decoder, error);
    if (status == PLANCHE_OK)
        status = planche_stream_read_at(&decoder->stream, reader->next, reader->piece + left,
                                        reader->room - left, &got, error);
    *end = status != PLANCHE_OK || got == 0;
    if (*end)
        return status;
    reader->have += got;
    reader->next += got;
    if (planche_libjxl.DecoderSetInput(reader->jxl, reader->piece, reader->have) != JXL_DEC_SUCCESS)
        return say_misused(decoder, error);
    if (reader->next >= decoder->stream.size)
        planche_libjxl.DecoderCloseInput(reader->jxl);
    return PLANCHE_OK;
}

static enum planche_status feed_header(struct planche_decoder *decoder, bool *done,
                                       struct planche_error *error)
{
    enum planche_status status = feed(decoder, done, error);
    return status || !*done ? status : end_early(decoder, error);
}

/* A frame is what is shown for some time; the last one in any case. */
static enum planche_status count_layer(struct jxl_reader *reader)
{
    JxlFrameHeader header;
    bool known = planche_libjxl.DecoderGetFrameHeader(reader->jxl, &header) == JXL_DEC_SUCCESS;
    reader->layers++;
    reader->frames += !known || header.duration > 0 || header.is_last;
    return PLANCHE_OK;
}

/* A box has more than there was room for; brotli keeps as much of what it unpacks. */
static enum planche_status grow_box(struct planche_decoder *decoder, struct planche_error *error)
{
    struct jxl_reader *reader = decoder->state;
    size_t before = reader->box.capacity;
    enum planche_status status = planche_jxl_box_grow(&reader->box, decoder, reader->jxl, error);
    if (status || !reader->box.compressed)
        return status;
    return reserve(decoder, reader->box.capacity - before, error);
}

/* One event; *done with the last. */
static enum planche_status read_header(struct planche_decoder *decoder, bool *done,
                                       struct planche_error *error)
{
    struct jxl_reader *reader = decoder->state;
    switch (planche_libjxl.DecoderProcessInput(reader->jxl)) {
    case JXL_DEC_NEED_MORE_INPUT:
        return feed_header(decoder, done, error);
    case JXL_DEC_FRAME:
        return count_layer(reader);
    case JXL_DEC_BASIC_INFO:
        return take_info(decoder, error);
    case JXL_DEC_COLOR_ENCODING:
        return take_colours(decoder, error);
    case JXL_DEC_BOX:
        return planche_jxl_box_begin(&reader->box, decoder, reader->jxl, error);
    case JXL_DEC_BOX_NEED_MORE_OUTPUT:
        return grow_box(decoder, error);
    case JXL_DEC_SUCCESS:
        *done = true;
        if (!reader->colours)
            return say_damaged(decoder, "it holds no picture", error);
        return planche_jxl_box_end(&reader->box, decoder, reader->jxl, error);
    default:
        *done = true;
        return end_early(decoder, error);
    }
}

static enum planche_status read_headers(struct planche_decoder *decoder,
                                        struct planche_error *error)
{
    struct jxl_reader *reader = decoder->state;
    bool done = false;
    enum planche_status status = reserve(decoder, HEADER_BYTES, error);
    if (status == PLANCHE_OK)
        status = create(decoder,
                        JXL_DEC_BASIC_INFO | JXL_DEC_COLOR_ENCODING | JXL_DEC_BOX | JXL_DEC_FRAME,
                        error);
    if (status == PLANCHE_OK &&
        planche_libjxl.DecoderSetCoalescing(reader->jxl, JXL_FALSE) != JXL_DEC_SUCCESS)
        status = say_misused(decoder, error);
    while (status == PLANCHE_OK && !done)
        status = read_header(decoder, &done, error);
    destroy(reader);
    leave(reader);
    planche_jxl_box_free(&reader->box);
    planche_free(reader->piece);
    reader->piece = NULL;
    if (status == PLANCHE_OK && reader->animation && reader->frames > 1)
        status = planche_fail_animation(error, decoder->name, reader->frames);
    if (status || decoder->header_only)
        return status;
    status = reserve(decoder, layer_memory(decoder), error);
    leave(reader);
    return status;
}

enum planche_status planche_jxl_open(struct planche_decoder *decoder, struct planche_error *error)
{
    enum planche_status status = planche_jxl_load(decoder->name, error);
    if (status)
        return status;
    struct jxl_reader *reader = planche_calloc(decoder->budget, 1, sizeof *reader);
    if (!reader)
        return planche_fail_memory(error, decoder->budget, sizeof *reader, decoder->name);
    decoder->state = reader;
    status = read_headers(decoder, error);
    if (status || decoder->header_only)
        return status;
    return planche_stream_hold(&decoder->stream, decoder->budget, &reader->file, &reader->size,
                               error);
}

static enum planche_status set_buffer(const struct planche_decoder *decoder, uint8_t *rows,
                                      size_t stride, uint32_t count, struct planche_error *error)
{
    const struct jxl_reader *reader = decoder->state;
    JxlPixelFormat format = {
        .num_channels = decoder->channels,
        .data_type = decoder->depth == 16 ? JXL_TYPE_UINT16 : JXL_TYPE_UINT8,
        .endianness = JXL_NATIVE_ENDIAN,
        .align = stride,
    };
    if (planche_libjxl.DecoderSetImageOutBuffer(reader->jxl, &format, rows, stride * count) ==
        JXL_DEC_SUCCESS)
        return PLANCHE_OK;
    return say_unsupported(decoder, "this kind of", error);
}

/* *done with the last event. */
static enum planche_status read_event(const struct planche_decoder *decoder, uint8_t *rows,
                                      size_t stride, uint32_t count, bool *done,
                                      struct planche_error *error)
{
    const struct jxl_reader *reader = decoder->state;
    switch (planche_libjxl.DecoderProcessInput(reader->jxl)) {
    case JXL_DEC_COLOR_ENCODING:
        planche_jxl_prefer_colours(reader->jxl, decoder->channels < 3);
        return PLANCHE_OK;
    case JXL_DEC_NEED_IMAGE_OUT_BUFFER:
        return set_buffer(decoder, rows, stride, count, error);
    case JXL_DEC_FULL_IMAGE:
        *done = true;
        return PLANCHE_OK;
    case JXL_DEC_NEED_MORE_INPUT:
        return say_damaged(decoder, "the file ends too early", error);
    default:
        return say_damaged(decoder, "its pixels cannot be decoded", error);
    }
}

enum planche_status planche_jxl_read(struct planche_decoder *decoder, uint8_t *rows, size_t stride,
                                     uint32_t count, struct planche_error *error)
{
    struct jxl_reader *reader = decoder->state;
    bool done = false;
    enum planche_status status = enter(decoder, error);
    if (status == PLANCHE_OK)
        status = create(decoder, JXL_DEC_COLOR_ENCODING | JXL_DEC_FULL_IMAGE, error);
    if (status == PLANCHE_OK &&
        planche_libjxl.DecoderSetInput(reader->jxl, reader->file, reader->size) != JXL_DEC_SUCCESS)
        status = say_misused(decoder, error);
    if (status == PLANCHE_OK)
        planche_libjxl.DecoderCloseInput(reader->jxl);
    while (status == PLANCHE_OK && !done)
        status = read_event(decoder, rows, stride, count, &done, error);
    destroy(reader);
    leave(reader);
    return status;
}

void planche_jxl_close(struct planche_decoder *decoder)
{
    struct jxl_reader *reader = decoder->state;
    if (!reader)
        return;
    destroy(reader);
    planche_jxl_box_free(&reader->box);
    planche_free(reader->piece);
    planche_budget_release(decoder->budget, reader->reserved);
    planche_free(reader);
    decoder->state = NULL;
}

const struct planche_reading_ops planche_jxl_reading = {
    .open = planche_jxl_open,
    .read = planche_jxl_read,
    .close = planche_jxl_close,
};
