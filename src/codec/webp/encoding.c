/* SPDX-License-Identifier: MIT */
/* Quality of a lossy WebP picture: the number for which libwebp chooses a quantiser as coarse as
 * the one in the frame's header. RFC 6386: 7 (boolean decoder), 9.1 to 9.6 (header). Libwebp's way
 * from quality to quantiser is in its quant_enc.c. */
#include "codec/webp/webp.h"

#include <math.h>
#include <string.h>

#define CHUNK_HEAD 8
#define FRAME_HEAD 10
#define SEGMENTS   4
#define MAX_INDEX  127 /* of quantisers */

/* Boolean decoder whose probabilities are all one half, as for most of the header. What lies past
 * the end reads as zeros. */
struct bits {
    const uint8_t *data;
    size_t size, at;
    uint32_t value, range;
    int count; /* bits that value has beyond its first byte */
};

static uint32_t next_byte(struct bits *bits)
{
    size_t at = bits->at++;
    return at < bits->size ? bits->data[at] : 0;
}

static unsigned read_bit(struct bits *bits)
{
    uint32_t split = 1 + (((bits->range - 1) * 128) >> 8), limit = split << 8;
    unsigned bit = bits->value >= limit;
    bits->range = bit ? bits->range - split : split;
    bits->value -= bit ? limit : 0;
    while (bits->range < 128) {
        bits->value <<= 1;
        bits->range <<= 1;
        if (++bits->count == 8) {
            bits->count = 0;
            bits->value |= next_byte(bits);
        }
    }
    return bit;
}

static int read_number(struct bits *bits, int length)
{
    int number = 0;
    while (length-- > 0)
        number = number << 1 | (int)read_bit(bits);
    return number;
}

/* A number with its sign behind it. */
static int read_signed(struct bits *bits, int length)
{
    int number = read_number(bits, length);
    return read_bit(bits) ? -number : number;
}

/* One that may be left out, and is 0 then. */
static int read_optional(struct bits *bits, int length)
{
    return read_bit(bits) ? read_signed(bits, length) : 0;
}

/* Quantisers of the segments, as far as they have some of their own. */
struct segments {
    bool there, absolute;
    int index[SEGMENTS];
};

static void read_segments(struct bits *bits, struct segments *segments)
{
    if (!read_bit(bits))
        return;
    bool map = read_bit(bits);
    if (read_bit(bits)) {
        segments->there = true;
        segments->absolute = read_bit(bits);
        for (int i = 0; i < SEGMENTS; i++)
            segments->index[i] = read_optional(bits, 7);
        for (int i = 0; i < SEGMENTS; i++)
            read_optional(bits, 6); /* filter */
    }
    for (int i = 0; map && i < SEGMENTS - 1; i++)
        if (read_bit(bits))
            read_number(bits, 8);
}

static void skip_filter(struct bits *bits)
{
    read_number(bits, 1 + 6 + 3);
    bool adjusts = read_bit(bits);
    if (adjusts && read_bit(bits))
        for (int i = 0; i < 8; i++)
            read_optional(bits, 6);
}

static int within(int index)
{
    return index < 0 ? 0 : index > MAX_INDEX ? MAX_INDEX : index;
}

/* The quantiser of the frame: the mean of its segments', which share it about equally. */
static double read_index(struct bits *bits)
{
    struct segments segments = {0};
    double sum = 0;
    read_number(bits, 2); /* colour space, clamping */
    read_segments(bits, &segments);
    skip_filter(bits);
    read_number(bits, 2); /* partitions */
    int base = read_number(bits, 7);
    if (!segments.there)
        return base;
    for (int i = 0; i < SEGMENTS; i++)
        sum += within(segments.index[i] + (segments.absolute ? 0 : base));
    return sum / SEGMENTS;
}

/* Inverse of libwebp's: the quantiser falls with the cube root of a line with a bend at 75. */
static unsigned quality_of(double index)
{
    double root = 1 - index / MAX_INDEX, line = root * root * root;
    double quality = line < 0.5 ? 150 * line : 50 * (line + 1);
    return quality < 1 ? 1 : (unsigned)lround(quality);
}

struct planche_encoding planche_webp_get_encoding(const uint8_t *head, size_t size)
{
    static const uint8_t start[3] = {0x9d, 0x01, 0x2a};
    const size_t begin = CHUNK_HEAD + FRAME_HEAD;
    if (size < begin + 2 || memcmp(head, "VP8 ", 4) != 0 ||
        memcmp(head + CHUNK_HEAD + 3, start, sizeof start) != 0)
        return (struct planche_encoding){0};
    struct bits bits = {.data = head, .size = size, .at = begin + 2, .range = 255};
    bits.value = (uint32_t)head[begin] << 8 | head[begin + 1];
    return (struct planche_encoding){quality_of(read_index(&bits)), 4};
}
