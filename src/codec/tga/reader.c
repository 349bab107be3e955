/* SPDX-License-Identifier: MIT */
/* Reading TGA: as a whole, since rows come in any of four orders. */
#include "codec/tga/tga.h"

#include "base/little_endian.h"
#include "base/status.h"

#include <string.h>

/* The footer and the extension area of version 2. */
#define FOOTER        26
#define EXTENSION     495
#define ALPHA_KIND_AT 494
enum alpha_kind { ALPHA_UNSAID = -1, ALPHA_KEPT = 3, ALPHA_PREMULTIPLIED = 4 };

struct tga_reader {
    const uint8_t *file;
    size_t size, at;
    struct planche_tga_head head;
    unsigned channels; /* of a pixel as stored: alpha may be there but mean nothing */
    bool premultiplied;
    size_t pixel_bytes;
    unsigned left; /* pixels of the packet */
    bool repeat;   /* they are all the same */
    uint8_t pixel[4];
};

static enum planche_status damaged(const struct planche_decoder *decoder, const char *why,
                                   struct planche_error *error)
{
    return planche_fail(error, PLANCHE_ERROR_DATA, "%s: the TGA image is damaged: %s",
                        decoder->name, why);
}

/* What the file says about its alpha, if it is of version 2. */
static int alpha_kind(const struct tga_reader *reader)
{
    static const char signature[] = "TRUEVISION-XFILE.";
    if (reader->size < FOOTER)
        return ALPHA_UNSAID;
    const uint8_t *footer = reader->file + reader->size - FOOTER;
    uint32_t at = get32(footer);
    if (memcmp(footer + 8, signature, sizeof signature) != 0 || at == 0 || at > reader->size ||
        reader->size - at < EXTENSION)
        return ALPHA_UNSAID;
    return reader->file[at + ALPHA_KIND_AT];
}

static unsigned stored_channels(const struct planche_tga_head *head)
{
    if (head->kind == PLANCHE_TGA_GREY)
        return head->alpha_bits ? 2 : 1;
    if (head->kind == PLANCHE_TGA_PALETTE)
        return head->colour_bits == 32 && head->alpha_bits ? 4 : 3;
    return head->alpha_bits ? 4 : 3;
}

/* Pixels that are not packed must all be there. */
static enum planche_status check_length(const struct planche_decoder *decoder,
                                        const struct tga_reader *reader,
                                        struct planche_error *error)
{
    const struct planche_tga_head *head = &reader->head;
    uint64_t pixels = (uint64_t)head->width * head->height;
    /* A packet of two or more bytes holds 128 pixels at most. */
    uint64_t least = head->packed ? pixels / 128 * 2 : pixels * reader->pixel_bytes;
    if (head->pixels > reader->size || least > reader->size - head->pixels)
        return damaged(decoder, "the file ends too early", error);
    return PLANCHE_OK;
}

enum planche_status planche_tga_open(struct planche_decoder *decoder, struct planche_error *error)
{
    struct tga_reader *reader = planche_calloc(decoder->budget, 1, sizeof *reader);
    if (!reader)
        return planche_fail_memory(error, decoder->budget, sizeof *reader, decoder->name);
    decoder->state = reader;
    enum planche_status status =
        planche_stream_hold(&decoder->stream, decoder->budget, &reader->file, &reader->size, error);
    if (status)
        return status;
    if (reader->size < PLANCHE_TGA_HEAD_BYTES || !planche_tga_parse(reader->file, &reader->head))
        return damaged(decoder, "its header makes no sense", error);
    int alpha = alpha_kind(reader);
    reader->channels = stored_channels(&reader->head);
    reader->pixel_bytes = (reader->head.bits + 7) / 8;
    reader->premultiplied = alpha == ALPHA_PREMULTIPLIED;
    bool ignored = alpha >= 0 && alpha < ALPHA_KEPT && reader->channels % 2 == 0;
    decoder->width = reader->head.width;
    decoder->height = reader->head.height;
    decoder->channels = reader->channels - (ignored ? 1 : 0);
    decoder->depth = 8;
    decoder->whole = true;
    status = planche_decoder_check_size(decoder, decoder->width, decoder->height, error);
    return status ? status : check_length(decoder, reader, error);
}

/* From 5 to 8 bits. */
static uint8_t widen(unsigned value)
{
    value &= 31;
    return (uint8_t)(value << 3 | value >> 2);
}

/* A colour of so many bits as RGB, and alpha. */
static void take_colour(const uint8_t *from, unsigned bits, uint8_t *rgba)
{
    if (bits <= 16) {
        unsigned value = get16(from);
        rgba[0] = widen(value >> 10);
        rgba[1] = widen(value >> 5);
        rgba[2] = widen(value);
        rgba[3] = value & 0x8000 ? 255 : 0;
        return;
    }
    rgba[0] = from[2];
    rgba[1] = from[1];
    rgba[2] = from[0];
    rgba[3] = bits == 32 ? from[3] : 255;
}

/* A stored pixel becomes reader->pixel. False: the palette has no such colour. */
static bool take_pixel(struct tga_reader *reader, const uint8_t *from)
{
    const struct planche_tga_head *head = &reader->head;
    if (head->kind == PLANCHE_TGA_GREY) {
        memcpy(reader->pixel, from, reader->pixel_bytes);
        return true;
    }
    if (head->kind == PLANCHE_TGA_COLOUR) {
        take_colour(from, head->bits, reader->pixel);
        return true;
    }
    if (from[0] < head->first_colour || from[0] - head->first_colour >= head->colours)
        return false;
    size_t colour = from[0] - head->first_colour, bytes = (head->colour_bits + 7u) / 8;
    take_colour(reader->file + head->palette + colour * bytes, head->colour_bits, reader->pixel);
    return true;
}

/* Straight alpha again. */
static void divide(uint8_t *pixel, unsigned channels)
{
    unsigned alpha = pixel[channels - 1];
    for (unsigned c = 0; c + 1 < channels && alpha > 0; c++) {
        unsigned value = (pixel[c] * 255u + alpha / 2) / alpha;
        pixel[c] = (uint8_t)(value < 255 ? value : 255);
    }
}

/* The next pixel in the order of the file. NULL, or what is wrong. */
static const char *next_pixel(struct tga_reader *reader)
{
    static const char early[] = "the file ends too early";
    bool fresh = !reader->head.packed;
    if (reader->head.packed && reader->left == 0) {
        if (reader->at >= reader->size)
            return early;
        uint8_t packet = reader->file[reader->at++];
        reader->left = (packet & 127u) + 1;
        reader->repeat = packet & 128;
        fresh = true;
    }
    if (reader->head.packed)
        reader->left--;
    if (!fresh && reader->repeat)
        return NULL;
    if (reader->pixel_bytes > reader->size - reader->at)
        return early;
    const uint8_t *from = reader->file + reader->at;
    reader->at += reader->pixel_bytes;
    if (!take_pixel(reader, from))
        return "its palette has fewer colours than it uses";
    if (reader->premultiplied && reader->channels % 2 == 0)
        divide(reader->pixel, reader->channels);
    return NULL;
}

enum planche_status planche_tga_read(struct planche_decoder *decoder, uint8_t *rows, size_t stride,
                                     uint32_t count, struct planche_error *error)
{
    struct tga_reader *reader = decoder->state;
    const struct planche_tga_head *head = &reader->head;
    reader->at = head->pixels;
    for (uint32_t i = 0; i < count; i++) {
        uint8_t *row = rows + (size_t)(head->top_down ? i : count - 1 - i) * stride;
        for (uint32_t j = 0; j < decoder->width; j++) {
            const char *why = next_pixel(reader);
            if (why)
                return damaged(decoder, why, error);
            uint32_t x = head->right_to_left ? decoder->width - 1 - j : j;
            memcpy(row + (size_t)x * decoder->channels, reader->pixel, decoder->channels);
        }
    }
    return PLANCHE_OK;
}

void planche_tga_close(struct planche_decoder *decoder)
{
    planche_free(decoder->state);
    decoder->state = NULL;
}

const struct planche_reading_ops planche_tga_reading = {
    .open = planche_tga_open,
    .read = planche_tga_read,
    .close = planche_tga_close,
};
