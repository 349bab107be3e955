/* SPDX-License-Identifier: MIT */
/* Conversion of a PPM into a PNG as it comes. Rows are filtered by the pixel to the left, which
 * needs no row to be kept, and packed quickly: the file lives until the page is made. */
#include "archive/ppm_png.h"

#include "archive/inflater.h"

#include <string.h>

/* Of a PPM's header: more digits are no size. */
#define MAX_DIGITS 9

static bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* A number of the header has ended. */
static void take_field(struct planche_ppm *ppm)
{
    if (ppm->fields == 1)
        ppm->width = ppm->number;
    else if (ppm->fields == 2)
        ppm->height = ppm->number;
    ppm->broken = ppm->broken || ppm->number == 0 || (ppm->fields == 3 && ppm->number != 255);
    ppm->fields++;
    ppm->number = ppm->digits = 0;
}

/* "P6", width, height and 255, one space behind each; poppler writes no comments. */
size_t planche_ppm_read(struct planche_ppm *ppm, const uint8_t *data, size_t size)
{
    size_t at = 0;
    for (; at < size && ppm->fields < 4 && !ppm->broken; at++) {
        uint8_t c = data[at];
        bool digit = c >= '0' && c <= '9' && ppm->digits < MAX_DIGITS;
        if (ppm->fields == 0 && ppm->digits < 2) {
            ppm->broken = (char)c != "P6"[ppm->digits++];
            ppm->number = 1;
        } else if (is_space(c) && ppm->digits) {
            take_field(ppm);
        } else if (digit && ppm->fields) {
            ppm->number = ppm->number * 10 + (c - '0');
            ppm->digits++;
        } else {
            ppm->broken = true;
        }
    }
    return at;
}

static void put_number(uint8_t *at, uint32_t number)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(number >> (24 - 8 * i));
}

/* Completes a chunk whose content is in place, behind `before` bytes of out. */
static void put_chunk(struct planche_ppm_png *png, size_t before, const char *type, size_t size)
{
    uint8_t *chunk = png->out + before;
    put_number(chunk, (uint32_t)size);
    memcpy(chunk + 4, type, 4);
    put_number(chunk + 8 + size, (uint32_t)crc32_z(0, chunk + 4, size + 4));
    png->out_size = before + size + 12;
}

/* 8 bits, RGB. */
static void put_header(struct planche_ppm_png *png)
{
    static const uint8_t signature[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    static const uint8_t rest[] = {8, 2, 0, 0, 0};
    uint8_t *content = png->out + sizeof signature + 8;
    memcpy(png->out, signature, sizeof signature);
    put_number(content, png->ppm.width);
    put_number(content + 4, png->ppm.height);
    memcpy(content + 8, rest, sizeof rest);
    put_chunk(png, sizeof signature, "IHDR", 13);
    if (!png->density)
        return;
    content = png->out + png->out_size + 8;
    put_number(content, png->density);
    put_number(content + 4, png->density);
    content[8] = 1;
    put_chunk(png, png->out_size, "pHYs", 9);
}

static void set_output(struct planche_ppm_png *png)
{
    png->deflater.next_out = png->out + 8;
    png->deflater.avail_out = (uInt)PLANCHE_PNG_CHUNK_BYTES;
}

static enum planche_ppm_png_state begin(struct planche_ppm_png *png)
{
    const struct planche_ppm *ppm = &png->ppm;
    if ((uint64_t)ppm->width * ppm->height > png->max_pixels)
        return PLANCHE_PPM_PNG_BROKEN;
    png->lowest = 255;
    png->highest = 0;
    png->deflating = planche_deflater_init(&png->deflater, Z_BEST_SPEED, MAX_WBITS, png->budget);
    if (!png->deflating)
        return PLANCHE_PPM_PNG_MEMORY;
    put_header(png);
    return PLANCHE_PPM_PNG_READY;
}

/* Bytes of pixels, with what stands before a row, for the deflater. */
static void filter(struct planche_ppm_png *png, const uint8_t **data, size_t *size)
{
    const uint64_t row_bytes = (uint64_t)png->ppm.width * 3;
    size_t made = 0;
    while (*size && made + 1 < sizeof png->filtered && png->row < png->ppm.height) {
        if (png->column == 0) {
            png->filtered[made++] = 1; /* Sub */
            memset(png->left, 0, sizeof png->left);
        }
        uint8_t value = *(*data)++, *left = &png->left[png->column % 3];
        png->filtered[made++] = (uint8_t)(value - *left);
        *left = value;
        png->lowest = value < png->lowest ? value : png->lowest;
        png->highest = value > png->highest ? value : png->highest;
        --*size;
        if (++png->column == row_bytes) {
            png->column = 0;
            png->row++;
        }
    }
    png->deflater.next_in = png->filtered;
    png->deflater.avail_in = (uInt)made;
}

/* Packs what was filtered, until a chunk is full or nothing is left. */
static enum planche_ppm_png_state pack(struct planche_ppm_png *png)
{
    if (png->deflater.avail_out == 0)
        set_output(png);
    int result = deflate(&png->deflater, png->ended ? Z_FINISH : Z_NO_FLUSH);
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
        return PLANCHE_PPM_PNG_MEMORY;
    bool whole = png->ended && result == Z_STREAM_END;
    if (png->deflater.avail_out && !whole)
        return PLANCHE_PPM_PNG_MORE;
    put_chunk(png, 0, "IDAT", PLANCHE_PNG_CHUNK_BYTES - png->deflater.avail_out);
    png->deflater.avail_out = 0;
    if (whole)
        planche_ppm_png_end(png);
    return PLANCHE_PPM_PNG_READY;
}

static enum planche_ppm_png_state send_last(struct planche_ppm_png *png)
{
    if (png->last_sent)
        return PLANCHE_PPM_PNG_DONE;
    png->last_sent = true;
    put_chunk(png, 0, "IEND", 0);
    return PLANCHE_PPM_PNG_READY;
}

enum planche_ppm_png_state planche_ppm_png_step(struct planche_ppm_png *png, const uint8_t **data,
                                                size_t *size)
{
    enum planche_ppm_png_state state = PLANCHE_PPM_PNG_MORE;
    png->out_size = 0;
    if (png->ended)
        return png->deflating ? pack(png) : send_last(png);
    if (*size == 0) {
        png->ended = png->deflating && png->row == png->ppm.height;
        return png->ended ? pack(png) : PLANCHE_PPM_PNG_BROKEN;
    }
    if (png->ppm.fields < 4) {
        size_t taken = planche_ppm_read(&png->ppm, *data, *size);
        *data += taken;
        *size -= taken;
        if (png->ppm.broken)
            return PLANCHE_PPM_PNG_BROKEN;
        return png->ppm.fields < 4 ? PLANCHE_PPM_PNG_MORE : begin(png);
    }
    while (state == PLANCHE_PPM_PNG_MORE && (*size || png->deflater.avail_in)) {
        if (png->deflater.avail_in == 0)
            filter(png, data, size);
        if (png->deflater.avail_in == 0)
            return PLANCHE_PPM_PNG_BROKEN; /* more than the picture has */
        state = pack(png);
    }
    return state;
}

void planche_ppm_png_end(struct planche_ppm_png *png)
{
    if (png->deflating)
        deflateEnd(&png->deflater);
    png->deflating = false;
}
