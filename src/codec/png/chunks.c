/* SPDX-License-Identifier: MIT */
/* Chunks of a PNG file: a length, a name of four letters, the content, a checksum of name and
 * content. */
#include "codec/png/chunks.h"

#include "base/big_endian.h"
#include "base/status.h"
#include "codec/png/png.h"

#include <string.h>
#include <zlib.h>

#define SIGNATURE_SIZE 8
#define CRC_SIZE       4

static void put32(uint8_t *p, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(value >> (24 - 8 * i));
}

/* What becomes of a chunk. */
enum use {
    USE_PIXELS,   /* handed on as it comes */
    USE_PAGE,     /* read here, and handed on: nobody can do without it */
    USE_METADATA, /* the same, but a damaged one is left out */
    USE_OWN,      /* read here, not handed on */
    USE_END,
    USE_NONE,
    USE_ODD,    /* a name that no reader can know */
    USE_UNKNOWN /* whoever does not know it cannot read the page */
};

static enum use use_of(const uint8_t *name)
{
    static const struct {
        char name[5];
        enum use use;
    } uses[] = {
        {"IHDR", USE_PAGE},     {"PLTE", USE_PAGE},     {"tRNS", USE_PAGE},
        {"IDAT", USE_PIXELS},   {"IEND", USE_END},      {"iCCP", USE_METADATA},
        {"gAMA", USE_METADATA}, {"cHRM", USE_METADATA}, {"sRGB", USE_METADATA},
        {"pHYs", USE_METADATA}, {"eXIf", USE_METADATA}, {"iTXt", USE_METADATA},
        {"cICP", USE_OWN},      {"acTL", USE_OWN},      {"fcTL", USE_OWN},
    };
    for (size_t i = 0; i < sizeof uses / sizeof *uses; i++)
        if (memcmp(name, uses[i].name, 4) == 0)
            return uses[i].use;
    for (int i = 0; i < 4; i++)
        if ((name[i] | 0x20) < 'a' || (name[i] | 0x20) > 'z')
            return USE_ODD;
    return name[0] & 0x20 ? USE_NONE : USE_UNKNOWN;
}

/* A name for messages, whatever is in it. */
static void print_name(char text[5], const uint8_t *name)
{
    for (int i = 0; i < 4; i++)
        text[i] = name[i] > ' ' && name[i] < 0x7f ? (char)name[i] : '?';
    text[4] = 0;
}

static void warn(const struct planche_png_chunks *chunks, const uint8_t *name, const char *what)
{
    char text[5];
    print_name(text, name);
    planche_log_write(chunks->log, PLANCHE_LOG_WARNING, "%s: the PNG chunk \"%s\" %s", chunks->name,
                      text, what);
}

static enum planche_status say_early(const struct planche_png_chunks *chunks,
                                     struct planche_error *error)
{
    return planche_fail(error, PLANCHE_ERROR_DATA,
                        "%s: the PNG image is damaged: the file ends too early", chunks->name);
}

static uint64_t left_of(const struct planche_png_chunks *chunks)
{
    uint64_t size = chunks->stream->size;
    return chunks->at < size ? size - chunks->at : 0;
}

/* Reads size bytes, all of which are there unless the file has become shorter. */
static enum planche_status take(struct planche_png_chunks *chunks, void *data, size_t size,
                                struct planche_error *error)
{
    size_t got;
    enum planche_status status = planche_stream_read(chunks->stream, data, size, &got, error);
    chunks->at += got;
    return status || got == size ? status : say_early(chunks, error);
}

/* Passes over a content; *crc, of the name, becomes that of both. */
static enum planche_status pass_over(struct planche_png_chunks *chunks, uint64_t length,
                                     uint32_t *crc, struct planche_error *error)
{
    uint8_t piece[4096];
    while (length > 0) {
        size_t size = length < sizeof piece ? (size_t)length : sizeof piece;
        enum planche_status status = take(chunks, piece, size, error);
        if (status)
            return status;
        *crc = (uint32_t)crc32(*crc, piece, (uInt)size);
        length -= size;
    }
    return PLANCHE_OK;
}

static enum planche_status skip(struct planche_png_chunks *chunks, const uint8_t *head,
                                uint32_t length, const char *why, struct planche_error *error)
{
    uint8_t stored[CRC_SIZE];
    uint32_t crc = (uint32_t)crc32(0, head + 4, 4);
    enum planche_status status = pass_over(chunks, length, &crc, error);
    if (status == PLANCHE_OK)
        status = take(chunks, stored, sizeof stored, error);
    if (status)
        return status;
    if (why)
        warn(chunks, head + 4, why);
    else if (get32_big(stored) != crc)
        warn(chunks, head + 4, "has a wrong checksum; nothing is needed of it");
    return PLANCHE_OK;
}

static void hand_out(struct planche_png_chunks *chunks, const uint8_t *data, size_t size)
{
    chunks->out = data;
    chunks->out_size = size;
}

/* The end chunk, as all files have it. */
static void hand_out_end(struct planche_png_chunks *chunks)
{
    static const uint8_t end[12] = {0, 0, 0, 0, 'I', 'E', 'N', 'D', 0xae, 0x42, 0x60, 0x82};
    chunks->ended = true;
    hand_out(chunks, end, sizeof end);
}

/* Where the file ends. */
static enum planche_status end_early(struct planche_png_chunks *chunks, struct planche_error *error)
{
    if (!chunks->pixels || chunks->ended)
        return say_early(chunks, error);
    chunks->ended_early = true;
    hand_out_end(chunks);
    return PLANCHE_OK;
}

/* Pixels go on to libpng from the stream, with the checksum that the file has for them. If the file
 * ends within them, what there is becomes a chunk of its own. */
static void begin_pixels(struct planche_png_chunks *chunks, const uint8_t *head, uint32_t length)
{
    uint64_t left = left_of(chunks);
    chunks->pixels = true;
    chunks->cut = left < (uint64_t)length + CRC_SIZE;
    if (chunks->cut && left < length)
        length = (uint32_t)left;
    memcpy(chunks->small, head, PLANCHE_PNG_HEAD_SIZE);
    put32(chunks->small, length);
    hand_out(chunks, chunks->small, PLANCHE_PNG_HEAD_SIZE);
    chunks->passing = length + (chunks->cut ? 0 : CRC_SIZE);
    chunks->crc = (uint32_t)crc32(0, head + 4, 4);
    if (chunks->cut)
        chunks->ended_early = true;
}

static enum planche_status read_own(struct planche_png_chunks *chunks, const uint8_t *head,
                                    uint32_t length, struct planche_error *error)
{
    uint8_t content[26 + CRC_SIZE];
    bool cicp = memcmp(head + 4, "cICP", 4) == 0, control = memcmp(head + 4, "acTL", 4) == 0;
    if (length != (cicp ? 4u : control ? 8u : 26u))
        return skip(chunks, head, length, "has a wrong length; it is left out", error);
    enum planche_status status = take(chunks, content, length + CRC_SIZE, error);
    if (status)
        return status;
    uint32_t crc = (uint32_t)crc32(crc32(0, head + 4, 4), content, length);
    bool sound = crc == get32_big(content + length);
    if (cicp && !sound) {
        warn(chunks, head + 4, "has a wrong checksum; it is left out");
    } else if (cicp) {
        chunks->has_cicp = true;
        memcpy(chunks->cicp, content, sizeof chunks->cicp);
    } else if (control && !chunks->pixels) {
        chunks->frames = get32_big(content);
        chunks->still_apart = chunks->frames > 0;
    } else if (!chunks->pixels) {
        chunks->still_apart = false; /* the picture is the first frame */
    }
    return PLANCHE_OK;
}

/* Whether a chunk of text is the packet of XMP; its keyword is in the stream's next bytes. */
static enum planche_status is_xmp(const struct planche_png_chunks *chunks, uint32_t length,
                                  bool *xmp, struct planche_error *error)
{
    uint8_t keyword[sizeof PLANCHE_PNG_XMP_KEYWORD];
    size_t got;
    enum planche_status status =
        planche_stream_read_at(chunks->stream, chunks->at, keyword, sizeof keyword, &got, error);
    *xmp = !status && !chunks->has_xmp && length > sizeof keyword && got == sizeof keyword &&
           memcmp(keyword, PLANCHE_PNG_XMP_KEYWORD, sizeof keyword) == 0;
    return status;
}

/* A chunk that is read whole. */
static enum planche_status hold(struct planche_png_chunks *chunks, const uint8_t *head,
                                uint32_t length, bool needed, struct planche_error *error)
{
    size_t size = PLANCHE_PNG_HEAD_SIZE + (size_t)length + CRC_SIZE;
    chunks->held = planche_alloc(chunks->budget, size);
    if (!chunks->held)
        return planche_fail_memory(error, chunks->budget, size, chunks->name);
    memcpy(chunks->held, head, PLANCHE_PNG_HEAD_SIZE);
    enum planche_status status =
        take(chunks, chunks->held + PLANCHE_PNG_HEAD_SIZE, size - PLANCHE_PNG_HEAD_SIZE, error);
    if (status)
        return status;
    uint32_t crc = (uint32_t)crc32(0, chunks->held + 4, (uInt)(4 + length));
    if (needed || crc == get32_big(chunks->held + size - CRC_SIZE)) {
        hand_out(chunks, chunks->held, size); /* libpng finds a wrong checksum */
        return PLANCHE_OK;
    }
    warn(chunks, head + 4, "has a wrong checksum; it is left out");
    planche_png_chunks_free(chunks);
    return PLANCHE_OK;
}

static enum planche_status read_metadata(struct planche_png_chunks *chunks, const uint8_t *head,
                                         uint32_t length, struct planche_error *error)
{
    bool wanted = true;
    if (memcmp(head + 4, "iTXt", 4) == 0) {
        enum planche_status status = is_xmp(chunks, length, &wanted, error);
        if (status)
            return status;
        chunks->has_xmp |= wanted;
    }
    if (!wanted || chunks->behind)
        return skip(chunks, head, length, NULL, error);
    if (length > PLANCHE_PNG_MAX_CHUNK)
        return skip(chunks, head, length, "has more than 16 MiB; it is left out", error);
    return hold(chunks, head, length, false, error);
}

static enum planche_status say_unknown(const struct planche_png_chunks *chunks, const uint8_t *name,
                                       struct planche_error *error)
{
    char text[5];
    print_name(text, name);
    return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                        "%s: PNG images that need the chunk \"%s\" to be understood are not "
                        "supported",
                        chunks->name, text);
}

/* A chunk whose length is sound. */
static enum planche_status use_chunk(struct planche_png_chunks *chunks, const uint8_t *head,
                                     enum use use, struct planche_error *error)
{
    uint32_t length = get32_big(head);
    switch (use) {
    case USE_PAGE:
        if (chunks->behind)
            return skip(chunks, head, length, NULL, error);
        if (length > PLANCHE_PNG_MAX_CHUNK)
            return skip(chunks, head, length, "is too long; it is left out", error);
        return hold(chunks, head, length, true, error);
    case USE_METADATA:
        return read_metadata(chunks, head, length, error);
    case USE_OWN:
        return read_own(chunks, head, length, error);
    case USE_END:
        hand_out_end(chunks);
        return PLANCHE_OK;
    case USE_UNKNOWN:
        return chunks->pixels ? skip(chunks, head, length, NULL, error)
                              : say_unknown(chunks, head + 4, error);
    case USE_ODD:
        return skip(chunks, head, length, "is unknown; nothing is needed of it", error);
    default:
        return skip(chunks, head, length, NULL, error);
    }
}

static enum planche_status next_chunk(struct planche_png_chunks *chunks,
                                      struct planche_error *error)
{
    uint8_t head[PLANCHE_PNG_HEAD_SIZE];
    if (chunks->ended)
        return say_early(chunks, error);
    if (left_of(chunks) < sizeof head)
        return end_early(chunks, error);
    enum planche_status status = take(chunks, head, sizeof head, error);
    if (status)
        return status;
    uint32_t length = get32_big(head);
    enum use use = use_of(head + 4);
    if (use == USE_PIXELS && length <= PNG_UINT_31_MAX) {
        begin_pixels(chunks, head, length);
        return PLANCHE_OK;
    }
    chunks->behind = chunks->pixels;
    /* The end has no content, so it needs no checksum either. */
    bool end = use == USE_END && length == 0;
    chunks->ended_early |= end && left_of(chunks) < CRC_SIZE;
    if (end)
        hand_out_end(chunks);
    else if (left_of(chunks) < (uint64_t)length + CRC_SIZE)
        status = end_early(chunks, error);
    else
        status = use_chunk(chunks, head, use, error);
    return status;
}

static enum planche_status begin(struct planche_png_chunks *chunks, struct planche_error *error)
{
    chunks->begun = true;
    hand_out(chunks, chunks->small, SIGNATURE_SIZE);
    return take(chunks, chunks->small, SIGNATURE_SIZE, error);
}

/* What comes next: the bytes behind those that have been handed out. */
static enum planche_status refill(struct planche_png_chunks *chunks, struct planche_error *error)
{
    planche_png_chunks_free(chunks);
    if (!chunks->begun)
        return begin(chunks, error);
    if (!chunks->cut)
        return next_chunk(chunks, error);
    chunks->cut = false;
    put32(chunks->small, chunks->crc);
    hand_out(chunks, chunks->small, CRC_SIZE);
    return PLANCHE_OK;
}

static enum planche_status pass(struct planche_png_chunks *chunks, uint8_t *data, size_t size,
                                struct planche_error *error)
{
    enum planche_status status = take(chunks, data, size, error);
    chunks->passing -= size;
    if (status == PLANCHE_OK && chunks->cut)
        chunks->crc = (uint32_t)crc32(chunks->crc, data, (uInt)size);
    return status;
}

enum planche_status planche_png_chunks_read(struct planche_png_chunks *chunks, uint8_t *data,
                                            size_t size, struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    while (size > 0 && status == PLANCHE_OK) {
        size_t piece = 0;
        if (chunks->out_size > 0) {
            piece = chunks->out_size < size ? chunks->out_size : size;
            memcpy(data, chunks->out, piece);
            chunks->out += piece;
            chunks->out_size -= piece;
        } else if (chunks->passing > 0) {
            piece = chunks->passing < size ? (size_t)chunks->passing : size;
            status = pass(chunks, data, piece, error);
        } else {
            status = refill(chunks, error);
        }
        data += piece;
        size -= piece;
    }
    return status;
}

void planche_png_chunks_free(struct planche_png_chunks *chunks)
{
    planche_free(chunks->held);
    chunks->held = NULL;
}
