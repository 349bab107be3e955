/* SPDX-License-Identifier: MIT */
/* Reading GIF with giflib's low level: one walk through the file finds the canvas, the only frame
 * and the metadata, a second one decodes. Runs in planche-decode. */
#include "base/status.h"
#include "codec/blob.h"
#include "codec/format.h"

#include <gif_lib.h>
#include <string.h>

/* Names of application extensions: eight letters and three bytes. */
#define XMP_NAME    "XMP DataXMP"
#define ICC_NAME    "ICCRGBG1012"
#define NAME_LENGTH 11

struct gif_reader {
    struct planche_decoder *decoder;
    GifFileType *gif;
    struct planche_error *error; /* of the running call */
    enum planche_status failure; /* of the stream */
    unsigned frames;
    bool ended;         /* with the mark of the end */
    int transparent;    /* index; -1: none */
    GifImageDesc frame; /* the first; its palette is not in it */
    unsigned colours;
    uint8_t palette[256][3];
    bool grey;
    uint8_t *line; /* of the frame: indices */
};

static enum planche_status damaged(const struct planche_decoder *decoder, const char *why,
                                   struct planche_error *error)
{
    return planche_fail(error, PLANCHE_ERROR_DATA, "%s: the GIF image is damaged: %s",
                        decoder->name, why);
}

/* What giflib says, or the stream. */
static enum planche_status explain(const struct gif_reader *reader, int code,
                                   struct planche_error *error)
{
    const char *text = GifErrorString(code);
    if (reader->failure)
        return reader->failure;
    if (code == D_GIF_ERR_NOT_ENOUGH_MEM)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "%s: no memory", reader->decoder->name);
    if (code == D_GIF_ERR_READ_FAILED || code == D_GIF_ERR_EOF_TOO_SOON)
        text = "the file ends too early";
    return damaged(reader->decoder, text ? text : "it makes no sense", error);
}

static int fetch(GifFileType *gif, GifByteType *data, int size)
{
    struct gif_reader *reader = gif->UserData;
    size_t got = 0;
    if (size <= 0 || reader->failure)
        return 0;
    reader->failure =
        planche_stream_read(&reader->decoder->stream, data, (size_t)size, &got, reader->error);
    return reader->failure ? 0 : (int)got;
}

static enum planche_status start(struct gif_reader *reader, struct planche_error *error)
{
    int code = 0;
    reader->error = error;
    reader->gif = DGifOpen(reader, fetch, &code);
    return reader->gif ? PLANCHE_OK : explain(reader, code, error);
}

static void stop(struct gif_reader *reader)
{
    int code;
    if (reader->gif)
        DGifCloseFile(reader->gif, &code);
    reader->gif = NULL;
}

static enum planche_status append(struct planche_decoder *decoder, struct planche_blob *blob,
                                  const uint8_t *data, size_t size, struct planche_error *error)
{
    if (blob->size + size > PLANCHE_MAX_METADATA)
        return planche_fail(error, PLANCHE_ERROR_LIMIT,
                            "%s: the image has more than 16 MiB of metadata", decoder->name);
    uint8_t *grown = planche_realloc(decoder->budget, blob->data, blob->size + size + 1);
    if (!grown)
        return planche_fail_memory(error, decoder->budget, blob->size + size + 1, decoder->name);
    memcpy(grown + blob->size, data, size);
    blob->data = grown;
    blob->size += size;
    grown[blob->size] = 0;
    return PLANCHE_OK;
}

/* XMP is no sub-blocks at all: their lengths are letters of it, and a trailer leads any reader of
 * blocks to the end. */
static void cut_trailer(struct planche_blob *xmp)
{
    while (xmp->size > 0 && xmp->data[xmp->size - 1] != '>')
        xmp->size--;
    if (xmp->size > 0)
        xmp->data[xmp->size] = 0;
    else
        planche_blob_free(xmp);
}

static struct planche_blob *blob_of(struct planche_metadata *metadata, const GifByteType *block)
{
    struct planche_blob *blob = NULL;
    if (block[0] == NAME_LENGTH && memcmp(block + 1, XMP_NAME, NAME_LENGTH) == 0)
        blob = &metadata->xmp;
    else if (block[0] == NAME_LENGTH && memcmp(block + 1, ICC_NAME, NAME_LENGTH) == 0)
        blob = &metadata->icc;
    return blob && !blob->data ? blob : NULL;
}

/* Takes what is wanted of an extension; *code: giflib's, 0: none. */
static enum planche_status take_extension(struct gif_reader *reader, int *code,
                                          struct planche_error *error)
{
    struct planche_decoder *decoder = reader->decoder;
    GifByteType *block;
    int kind;
    struct planche_blob *blob = NULL;
    enum planche_status status = PLANCHE_OK;
    bool fine = DGifGetExtension(reader->gif, &kind, &block) == GIF_OK;
    if (fine && block && kind == GRAPHICS_EXT_FUNC_CODE && block[0] >= 4 && reader->frames == 0)
        reader->transparent = block[1] & 1 ? block[4] : NO_TRANSPARENT_COLOR;
    if (fine && block && kind == APPLICATION_EXT_FUNC_CODE)
        blob = blob_of(&decoder->metadata, block);
    while (fine && block && status == PLANCHE_OK) {
        fine = DGifGetExtensionNext(reader->gif, &block) == GIF_OK;
        bool xmp = blob == &decoder->metadata.xmp;
        if (fine && block && blob)
            status =
                append(decoder, blob, xmp ? block : block + 1, block[0] + (xmp ? 1u : 0), error);
    }
    if (blob == &decoder->metadata.xmp && blob->data)
        cut_trailer(blob);
    *code = fine ? 0 : reader->gif->Error;
    return status;
}

static enum planche_status take_palette(struct gif_reader *reader, struct planche_error *error)
{
    const GifFileType *gif = reader->gif;
    const ColorMapObject *map = gif->Image.ColorMap ? gif->Image.ColorMap : gif->SColorMap;
    if (!map || map->ColorCount < 1 || map->ColorCount > 256)
        return damaged(reader->decoder, "it has no palette", error);
    reader->colours = (unsigned)map->ColorCount;
    reader->grey = true;
    for (unsigned i = 0; i < reader->colours; i++) {
        const GifColorType *colour = &map->Colors[i];
        memcpy(reader->palette[i], (uint8_t[3]){colour->Red, colour->Green, colour->Blue}, 3);
        bool used = (int)i != reader->transparent;
        reader->grey = reader->grey &&
                       (!used || (colour->Red == colour->Green && colour->Green == colour->Blue));
    }
    return PLANCHE_OK;
}

/* The first frame, on its canvas; a canvas that is too small is as large as the frame needs. */
static enum planche_status take_frame(struct gif_reader *reader, struct planche_error *error)
{
    struct planche_decoder *decoder = reader->decoder;
    const GifFileType *gif = reader->gif;
    const GifImageDesc *frame = &gif->Image;
    int width = frame->Left + frame->Width, height = frame->Top + frame->Height;
    reader->frame = *frame;
    reader->frame.ColorMap = NULL;
    if (frame->Width <= 0 || frame->Height <= 0 || frame->Left < 0 || frame->Top < 0)
        return damaged(decoder, "it has no pixels", error);
    decoder->width = (uint32_t)(width > gif->SWidth ? width : gif->SWidth);
    decoder->height = (uint32_t)(height > gif->SHeight ? height : gif->SHeight);
    enum planche_status status = take_palette(reader, error);
    bool covers =
        (uint32_t)frame->Width == decoder->width && (uint32_t)frame->Height == decoder->height;
    bool alpha = !covers || reader->transparent >= 0;
    decoder->channels = (reader->grey ? 1 : 3) + (alpha ? 1 : 0);
    decoder->depth = 8;
    decoder->whole = true;
    return status ? status
                  : planche_decoder_check_size(decoder, decoder->width, decoder->height, error);
}

/* Passes over a frame's packed pixels. False: giflib says why not. */
static bool skip_pixels(GifFileType *gif)
{
    GifByteType *block;
    int bits;
    bool fine = DGifGetCode(gif, &bits, &block) == GIF_OK;
    while (fine && block)
        fine = DGifGetCodeNext(gif, &block) == GIF_OK;
    return fine;
}

/* One record; *code: giflib's error, 0: none. */
static enum planche_status take_record(struct gif_reader *reader, int *code,
                                       struct planche_error *error)
{
    GifRecordType type;
    enum planche_status status = PLANCHE_OK;
    bool fine = DGifGetRecordType(reader->gif, &type) == GIF_OK;
    *code = 0;
    if (fine && type == EXTENSION_RECORD_TYPE)
        return take_extension(reader, code, error);
    if (fine && type == IMAGE_DESC_RECORD_TYPE) {
        fine = DGifGetImageDesc(reader->gif) == GIF_OK;
        if (fine && reader->frames == 0)
            status = take_frame(reader, error);
        fine = fine && (status || skip_pixels(reader->gif));
        reader->frames += fine;
    }
    reader->ended = fine && type == TERMINATE_RECORD_TYPE;
    *code = fine ? 0 : reader->gif->Error;
    return status;
}

/* A file that breaks off behind its first frame has all of the page. */
static enum planche_status walk(struct gif_reader *reader, struct planche_error *error)
{
    struct planche_decoder *decoder = reader->decoder;
    enum planche_status status = PLANCHE_OK;
    int code = 0;
    while (status == PLANCHE_OK && code == 0 && !reader->ended)
        status = take_record(reader, &code, error);
    if (status)
        return status;
    if (reader->failure || reader->frames == 0)
        return code ? explain(reader, code, error) : damaged(decoder, "it has no pixels", error);
    if (reader->frames > 1)
        return planche_fail_animation(error, decoder->name, reader->frames);
    if (code)
        planche_log_write(decoder->log, PLANCHE_LOG_WARNING,
                          "%s: the GIF image has no end mark; its pixels are complete",
                          decoder->name);
    return PLANCHE_OK;
}

static enum planche_status gif_open(struct planche_decoder *decoder, struct planche_error *error)
{
    struct gif_reader *reader = planche_calloc(decoder->budget, 1, sizeof *reader);
    if (!reader)
        return planche_fail_memory(error, decoder->budget, sizeof *reader, decoder->name);
    decoder->state = reader;
    reader->decoder = decoder;
    reader->transparent = NO_TRANSPARENT_COLOR;
    enum planche_status status = start(reader, error);
    if (status == PLANCHE_OK)
        status = walk(reader, error);
    stop(reader);
    if (status)
        return status;
    size_t bytes = (size_t)reader->frame.Width;
    reader->line = planche_alloc(decoder->budget, bytes);
    return reader->line ? PLANCHE_OK
                        : planche_fail_memory(error, decoder->budget, bytes, decoder->name);
}

/* False: the palette has no such colour. */
static bool put_line(const struct gif_reader *reader, uint8_t *row)
{
    const struct planche_decoder *decoder = reader->decoder;
    unsigned channels = decoder->channels, colours = channels < 3 ? 1 : 3;
    row += (size_t)reader->frame.Left * channels;
    for (int x = 0; x < reader->frame.Width; x++, row += channels) {
        unsigned index = reader->line[x];
        if ((int)index == reader->transparent)
            continue;
        if (index >= reader->colours)
            return false;
        memcpy(row, reader->palette[index], colours);
        if (colours < channels)
            row[colours] = 255;
    }
    return true;
}

static enum planche_status read_frame(struct gif_reader *reader, uint8_t *rows, size_t stride,
                                      struct planche_error *error)
{
    static const int first[] = {0, 4, 2, 1}, step[] = {8, 8, 4, 2};
    const GifImageDesc *frame = &reader->frame;
    for (int pass = frame->Interlace ? 0 : 3; pass < 4; pass++) {
        int from = frame->Interlace ? first[pass] : 0, by = frame->Interlace ? step[pass] : 1;
        for (int y = from; y < frame->Height; y += by) {
            if (DGifGetLine(reader->gif, reader->line, frame->Width) != GIF_OK)
                return explain(reader, reader->gif->Error, error);
            if (!put_line(reader, rows + (size_t)(frame->Top + y) * stride))
                return damaged(reader->decoder, "its palette has fewer colours than it uses",
                               error);
        }
    }
    return PLANCHE_OK;
}

/* To the first frame once more. */
static enum planche_status find_frame(struct gif_reader *reader, struct planche_error *error)
{
    GifRecordType type = UNDEFINED_RECORD_TYPE;
    GifByteType *block;
    int kind;
    bool fine = true;
    while (fine && type != IMAGE_DESC_RECORD_TYPE) {
        fine = DGifGetRecordType(reader->gif, &type) == GIF_OK;
        if (fine && type == TERMINATE_RECORD_TYPE)
            return damaged(reader->decoder, "it has no pixels", error);
        if (!fine || type != EXTENSION_RECORD_TYPE)
            continue;
        fine = DGifGetExtension(reader->gif, &kind, &block) == GIF_OK;
        while (fine && block)
            fine = DGifGetExtensionNext(reader->gif, &block) == GIF_OK;
    }
    fine = fine && DGifGetImageDesc(reader->gif) == GIF_OK;
    if (!fine)
        return explain(reader, reader->gif->Error, error);
    return reader->gif->Image.Width == reader->frame.Width
               ? PLANCHE_OK
               : planche_fail(error, PLANCHE_ERROR_IO, "%s: the file changed while it was read",
                              reader->decoder->name);
}

static enum planche_status gif_read(struct planche_decoder *decoder, uint8_t *rows, size_t stride,
                                    uint32_t count, struct planche_error *error)
{
    struct gif_reader *reader = decoder->state;
    for (uint32_t y = 0; y < count; y++)
        memset(rows + y * stride, 0, (size_t)decoder->width * decoder->channels);
    enum planche_status status = planche_stream_rewind(&decoder->stream, error);
    if (status == PLANCHE_OK)
        status = start(reader, error);
    if (status == PLANCHE_OK)
        status = find_frame(reader, error);
    if (status == PLANCHE_OK)
        status = read_frame(reader, rows, stride, error);
    stop(reader);
    return status;
}

static void gif_close(struct planche_decoder *decoder)
{
    struct gif_reader *reader = decoder->state;
    if (!reader)
        return;
    stop(reader);
    planche_free(reader->line);
    planche_free(reader);
    decoder->state = NULL;
}

const struct planche_reading_ops planche_gif_reading = {
    .open = gif_open, .read = gif_read, .close = gif_close};
