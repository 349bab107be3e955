/* SPDX-License-Identifier: MIT */
/* Reading QOI: pixel by pixel from the file that is held. */
#include "codec/qoi/qoi.h"

#include "base/big_endian.h"
#include "base/status.h"
#include "codec/metadata.h"
#include "image/icc.h"

#include <string.h>

#define HEADER 14

struct qoi_reader {
    const uint8_t *file;
    size_t size, at;
    uint8_t pixel[4];
    uint8_t seen[64][4];
    unsigned run; /* pixels that are still to be repeated */
    uint32_t next;
};

static enum planche_status damaged(const struct planche_decoder *decoder, const char *why,
                                   struct planche_error *error)
{
    return planche_fail(error, PLANCHE_ERROR_DATA, "%s: the QOI image is damaged: %s",
                        decoder->name, why);
}

static void restart(struct qoi_reader *reader)
{
    reader->at = HEADER;
    reader->run = 0;
    reader->next = 0;
    memset(reader->seen, 0, sizeof reader->seen);
    memcpy(reader->pixel, (const uint8_t[4]){0, 0, 0, 255}, 4);
}

/* Its second kind of colours is linear. */
static enum planche_status take_colours(struct planche_decoder *decoder, bool linear,
                                        struct planche_error *error)
{
    const struct planche_icc_colours colours = {.gamma = 1.0};
    uint8_t *data;
    size_t size;
    if (!linear)
        return PLANCHE_OK;
    enum planche_status status =
        planche_icc_from_colours(decoder->budget, decoder->channels, &colours, &data, &size, error);
    if (status == PLANCHE_OK && data)
        status = planche_blob_set(&decoder->metadata.icc, data, size, decoder->budget,
                                  decoder->name, error);
    planche_free(data);
    return status;
}

enum planche_status planche_qoi_open(struct planche_decoder *decoder, struct planche_error *error)
{
    struct qoi_reader *reader = planche_calloc(decoder->budget, 1, sizeof *reader);
    if (!reader)
        return planche_fail_memory(error, decoder->budget, sizeof *reader, decoder->name);
    decoder->state = reader;
    enum planche_status status =
        planche_stream_hold(&decoder->stream, decoder->budget, &reader->file, &reader->size, error);
    if (status)
        return status;
    const uint8_t *head = reader->file;
    if (reader->size < HEADER)
        return damaged(decoder, "the file ends too early", error);
    decoder->width = get32_big(head + 4);
    decoder->height = get32_big(head + 8);
    decoder->channels = head[12];
    decoder->depth = 8;
    restart(reader);
    if (head[12] < 3 || head[12] > 4 || head[13] > 1)
        return damaged(decoder, "its header makes no sense", error);
    status = planche_decoder_check_size(decoder, decoder->width, decoder->height, error);
    return status ? status : take_colours(decoder, head[13] == 1, error);
}

static void add(uint8_t *pixel, int red, int green, int blue)
{
    pixel[0] = (uint8_t)(pixel[0] + red);
    pixel[1] = (uint8_t)(pixel[1] + green);
    pixel[2] = (uint8_t)(pixel[2] + blue);
}

/* Bytes of a code. */
static size_t length_of(uint8_t tag)
{
    return tag == 0xff ? 5 : tag == 0xfe ? 4 : tag >> 6 == 2 ? 2 : 1;
}

/* The next pixel, from a code that is there. */
static void take_code(struct qoi_reader *reader, const uint8_t *code)
{
    uint8_t *pixel = reader->pixel, tag = code[0];
    if (tag >= 0xfe) {
        memcpy(pixel, code + 1, tag == 0xff ? 4 : 3);
    } else if (tag >> 6 == 0) {
        memcpy(pixel, reader->seen[tag], 4);
    } else if (tag >> 6 == 1) {
        add(pixel, (tag >> 4 & 3) - 2, (tag >> 2 & 3) - 2, (tag & 3) - 2);
    } else if (tag >> 6 == 2) {
        int green = (tag & 63) - 32;
        add(pixel, green - 8 + (code[1] >> 4), green, green - 8 + (code[1] & 15));
    } else {
        reader->run = tag & 63;
    }
    unsigned hash = (pixel[0] * 3u + pixel[1] * 5u + pixel[2] * 7u + pixel[3] * 11u) % 64;
    memcpy(reader->seen[hash], pixel, 4);
}

/* False: the file has ended. */
static bool next_pixel(struct qoi_reader *reader)
{
    if (reader->run > 0) {
        reader->run--;
        return true;
    }
    if (reader->at >= reader->size)
        return false;
    const uint8_t *code = reader->file + reader->at;
    size_t length = length_of(code[0]);
    if (length > reader->size - reader->at)
        return false;
    take_code(reader, code);
    reader->at += length;
    return true;
}

enum planche_status planche_qoi_read(struct planche_decoder *decoder, uint8_t *rows, size_t stride,
                                     uint32_t count, struct planche_error *error)
{
    struct qoi_reader *reader = decoder->state;
    for (uint32_t i = 0; i < count; i++, reader->next++) {
        uint8_t *row = rows + i * stride;
        for (uint32_t x = 0; x < decoder->width; x++, row += decoder->channels) {
            if (!next_pixel(reader))
                return damaged(decoder, "the file ends too early", error);
            memcpy(row, reader->pixel, decoder->channels);
        }
    }
    return PLANCHE_OK;
}

enum planche_status planche_qoi_rewind(struct planche_decoder *decoder, struct planche_error *error)
{
    (void)error;
    restart(decoder->state);
    return PLANCHE_OK;
}

void planche_qoi_close(struct planche_decoder *decoder)
{
    planche_free(decoder->state);
    decoder->state = NULL;
}

const struct planche_reading_ops planche_qoi_reading = {
    .open = planche_qoi_open,
    .read = planche_qoi_read,
    .rewind = planche_qoi_rewind,
    .close = planche_qoi_close,
};
