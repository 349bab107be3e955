/* SPDX-License-Identifier: MIT */
/* Walk over the beginning of a lossless WebP stream (RFC 9649, 4): transforms, size of the colour
 * cache, and the picture that gives every block of pixels its group of Huffman codes. All of it is
 * before the pixels, in small pictures which are coded as the pixels are. libwebp makes the tables
 * of all groups before it decodes a pixel, up to 20 KB a group for 65536 groups. */
#include "codec/webp/lossless.h"

#include "base/checked.h"

#include <string.h>

enum { GREEN, RED, BLUE, ALPHA, DISTANCE, CODES };
enum { PREDICTOR, COLOUR, SUBTRACT_GREEN, INDEXING };
#define MAX_LENGTH     15
#define LITERALS       256
#define LENGTHS        24
#define DISTANCES      40
#define MAX_CACHE_BITS 11
#define MAX_SYMBOLS    (LITERALS + LENGTHS + (1 << MAX_CACHE_BITS))
#define LENGTH_CODES   19

/* libwebp's tables of a group: a fixed part and that of green, whose alphabet has the colour
 * cache. An entry has 4 bytes. */
#define FIXED_ENTRIES 2300
static const uint16_t green_entries[MAX_CACHE_BITS + 1] = {654, 656, 658, 662,  670,  686,
                                                           718, 782, 912, 1168, 1680, 2704};
#define ENTRY_BYTES 4
/* Pointers to the tables of a group, and a table of short codes for whole pixels. */
#define GROUP_BYTES 640
/* A list of which groups are used, lengths of codes, and what is of constant size. */
#define OTHER_BYTES ((uint64_t)512 << 10)
/* Up to here libwebp keeps groups that no block uses. */
#define ALL_GROUPS 1000

/* Canonical codes: how many there are of each length, and their symbols in order. */
struct code {
    uint16_t count[MAX_LENGTH + 1];
    uint16_t symbols[MAX_SYMBOLS];
};

struct walk {
    const uint8_t *data;
    uint64_t size, at; /* bits */
    bool damaged;
    unsigned cache_bits; /* 0: there is no colour cache */
    uint32_t cache[1 << MAX_CACHE_BITS];
    struct code codes[CODES], length_code;
    uint8_t lengths[MAX_SYMBOLS];
    uint32_t *pixels; /* of the small picture that was read last */
};

static unsigned get_bits(struct walk *walk, unsigned count)
{
    unsigned value = 0;
    walk->damaged |= walk->size - walk->at < count;
    for (unsigned i = 0; i < count && !walk->damaged; i++, walk->at++)
        value |= (unsigned)(walk->data[walk->at / 8] >> walk->at % 8 & 1) << i;
    return value;
}

static void make_code(struct walk *walk, struct code *code, unsigned symbols)
{
    uint16_t next[MAX_LENGTH + 2] = {0};
    memset(code->count, 0, sizeof code->count);
    for (unsigned i = 0; i < symbols; i++)
        code->count[walk->lengths[i]]++;
    walk->damaged |= code->count[0] == symbols;
    code->count[0] = 0;
    for (unsigned i = 1; i <= MAX_LENGTH; i++)
        next[i + 1] = (uint16_t)(next[i] + code->count[i]);
    for (unsigned i = 0; i < symbols; i++)
        if (walk->lengths[i])
            code->symbols[next[walk->lengths[i]]++] = (uint16_t)i;
}

/* A code of one symbol takes no bits. */
static bool has_one_symbol(const struct code *code)
{
    unsigned all = 0;
    for (unsigned i = 1; i <= MAX_LENGTH; i++)
        all += code->count[i];
    return all == 1;
}

static unsigned get_symbol(struct walk *walk, const struct code *code)
{
    unsigned value = 0, first = 0, index = 0;
    if (has_one_symbol(code))
        return code->symbols[0];
    for (unsigned length = 1; length <= MAX_LENGTH && !walk->damaged; length++) {
        value |= get_bits(walk, 1);
        if (value - first < code->count[length])
            return code->symbols[index + value - first];
        index += code->count[length];
        first = (first + code->count[length]) << 1;
        value <<= 1;
    }
    walk->damaged = true;
    return 0;
}

static void get_simple_code(struct walk *walk)
{
    unsigned two = get_bits(walk, 1), wide = get_bits(walk, 1);
    walk->lengths[get_bits(walk, wide ? 8 : 1)] = 1;
    if (two)
        walk->lengths[get_bits(walk, 8)] = 1;
}

/* Lengths are themselves coded, with a code whose lengths come first. */
static void get_length_code(struct walk *walk)
{
    static const uint8_t order[LENGTH_CODES] = {17, 18, 0, 1,  2,  3,  4,  5,  16, 6,
                                                7,  8,  9, 10, 11, 12, 13, 14, 15};
    unsigned count = get_bits(walk, 4) + 4;
    for (unsigned i = 0; i < count && i < LENGTH_CODES; i++)
        walk->lengths[order[i]] = (uint8_t)get_bits(walk, 3);
    make_code(walk, &walk->length_code, LENGTH_CODES);
    memset(walk->lengths, 0, LENGTH_CODES);
}

static void get_lengths(struct walk *walk, unsigned symbols)
{
    static const uint8_t bits[] = {2, 3, 7}, least[] = {3, 3, 11};
    unsigned left = symbols;
    uint8_t previous = 8;
    get_length_code(walk);
    if (get_bits(walk, 1)) {
        unsigned width = 2 + 2 * get_bits(walk, 3);
        left = 2 + get_bits(walk, width);
    }
    walk->damaged |= left > symbols;
    for (unsigned i = 0; i < symbols && left > 0 && !walk->damaged; left--) {
        unsigned symbol = get_symbol(walk, &walk->length_code);
        if (symbol <= MAX_LENGTH) {
            walk->lengths[i++] = (uint8_t)symbol;
            previous = symbol ? (uint8_t)symbol : previous;
            continue;
        }
        unsigned kind = symbol - MAX_LENGTH - 1, times = get_bits(walk, bits[kind]) + least[kind];
        walk->damaged |= times > symbols - i;
        for (; times > 0 && !walk->damaged; times--)
            walk->lengths[i++] = kind == 0 ? previous : 0;
    }
}

static void get_codes(struct walk *walk)
{
    unsigned cache = walk->cache_bits ? 1u << walk->cache_bits : 0;
    const unsigned symbols[CODES] = {LITERALS + LENGTHS + cache, LITERALS, LITERALS, LITERALS,
                                     DISTANCES};
    for (unsigned i = 0; i < CODES && !walk->damaged; i++) {
        memset(walk->lengths, 0, sizeof walk->lengths);
        if (get_bits(walk, 1))
            get_simple_code(walk);
        else
            get_lengths(walk, symbols[i]);
        if (!walk->damaged)
            make_code(walk, &walk->codes[i], symbols[i]);
    }
}

static void get_cache_bits(struct walk *walk)
{
    walk->cache_bits = get_bits(walk, 1) ? get_bits(walk, 4) : 0;
    walk->damaged |= walk->cache_bits > MAX_CACHE_BITS;
    memset(walk->cache, 0, sizeof walk->cache);
}

static void put_pixel(struct walk *walk, size_t at, uint32_t pixel)
{
    walk->pixels[at] = pixel;
    if (walk->cache_bits)
        walk->cache[(uint32_t)(0x1e35a7bdu * pixel) >> (32 - walk->cache_bits)] = pixel;
}

/* A length or a distance: its prefix, then bits. */
static uint32_t get_number(struct walk *walk, unsigned prefix)
{
    if (prefix < 4)
        return prefix + 1;
    unsigned extra = (prefix - 2) >> 1;
    return ((2 + prefix % 2) << extra) + get_bits(walk, extra) + 1;
}

/* The shortest distances are places near the pixel: rows above, and 8 minus columns to the left. */
static uint64_t plain_distance(uint32_t distance, uint32_t width)
{
    static const uint8_t near[] = {
        0x18, 0x07, 0x17, 0x19, 0x28, 0x06, 0x27, 0x29, 0x16, 0x1a, 0x26, 0x2a, 0x38, 0x05, 0x37,
        0x39, 0x15, 0x1b, 0x36, 0x3a, 0x25, 0x2b, 0x48, 0x04, 0x47, 0x49, 0x14, 0x1c, 0x35, 0x3b,
        0x46, 0x4a, 0x24, 0x2c, 0x58, 0x45, 0x4b, 0x34, 0x3c, 0x03, 0x57, 0x59, 0x13, 0x1d, 0x56,
        0x5a, 0x23, 0x2d, 0x44, 0x4c, 0x55, 0x5b, 0x33, 0x3d, 0x68, 0x02, 0x67, 0x69, 0x12, 0x1e,
        0x66, 0x6a, 0x22, 0x2e, 0x54, 0x5c, 0x43, 0x4d, 0x65, 0x6b, 0x32, 0x3e, 0x78, 0x01, 0x77,
        0x79, 0x53, 0x5d, 0x11, 0x1f, 0x64, 0x6c, 0x42, 0x4e, 0x76, 0x7a, 0x21, 0x2f, 0x75, 0x7b,
        0x31, 0x3f, 0x63, 0x6d, 0x52, 0x5e, 0x00, 0x74, 0x7c, 0x41, 0x4f, 0x10, 0x20, 0x62, 0x6e,
        0x30, 0x73, 0x7d, 0x51, 0x5f, 0x40, 0x72, 0x7e, 0x61, 0x6f, 0x50, 0x71, 0x7f, 0x60, 0x70};
    if (distance > sizeof near)
        return distance - sizeof near;
    int64_t rows = near[distance - 1] >> 4, columns = 8 - (near[distance - 1] & 15);
    int64_t plain = rows * width + columns;
    return plain < 1 ? 1 : (uint64_t)plain;
}

/* Pixels as they were before; how many. */
static size_t copy_pixels(struct walk *walk, size_t at, size_t count, uint32_t width,
                          unsigned prefix)
{
    size_t length = get_number(walk, prefix);
    uint32_t number = get_number(walk, get_symbol(walk, &walk->codes[DISTANCE]));
    uint64_t distance = plain_distance(number, width);
    walk->damaged |= distance > at || length > count - at;
    for (size_t i = at; i < at + length && !walk->damaged; i++)
        put_pixel(walk, i, walk->pixels[i - distance]);
    return length;
}

static uint32_t get_literal(struct walk *walk, unsigned green)
{
    uint32_t red = get_symbol(walk, &walk->codes[RED]);
    uint32_t blue = get_symbol(walk, &walk->codes[BLUE]);
    return get_symbol(walk, &walk->codes[ALPHA]) << 24 | red << 16 | green << 8 | blue;
}

/* A small picture: it has one group of codes. False: no memory. */
static bool get_picture(struct walk *walk, uint32_t width, uint32_t height,
                        struct planche_budget *budget, uint64_t *memory)
{
    size_t count = (size_t)width * height;
    planche_free(walk->pixels);
    walk->pixels = planche_alloc(budget, count * sizeof *walk->pixels);
    if (!walk->pixels) {
        *memory += count * sizeof *walk->pixels;
        return false;
    }
    get_cache_bits(walk);
    if (!walk->damaged)
        get_codes(walk);
    for (size_t at = 0; at < count && !walk->damaged;) {
        unsigned green = get_symbol(walk, &walk->codes[GREEN]);
        if (green >= LITERALS && green < LITERALS + LENGTHS) {
            at += copy_pixels(walk, at, count, width, green - LITERALS);
            continue;
        }
        put_pixel(walk, at,
                  green < LITERALS ? get_literal(walk, green)
                                   : walk->cache[green - LITERALS - LENGTHS]);
        at++;
    }
    return true;
}

static uint32_t blocks(uint32_t side, unsigned bits)
{
    return (uint32_t)(((uint64_t)side + (1u << bits) - 1) >> bits);
}

/* False: no memory. *width is that of the pixels as they are stored. */
static bool get_transform(struct walk *walk, uint32_t *width, uint32_t height,
                          struct planche_budget *budget, uint64_t *memory)
{
    unsigned type = get_bits(walk, 2);
    if (type == SUBTRACT_GREEN || walk->damaged)
        return true;
    if (type != INDEXING) {
        unsigned bits = get_bits(walk, 3) + 2;
        return get_picture(walk, blocks(*width, bits), blocks(height, bits), budget, memory);
    }
    unsigned colours = get_bits(walk, 8) + 1;
    *width = blocks(*width, colours > 16 ? 0 : colours > 4 ? 1 : colours > 2 ? 2 : 3);
    return get_picture(walk, colours, 1, budget, memory);
}

/* How many groups libwebp makes tables of. */
static uint64_t count_groups(const struct walk *walk, size_t count)
{
    uint32_t last = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t group = walk->pixels[i] >> 8 & 0xffff;
        last = group > last ? group : last;
    }
    return last < ALL_GROUPS || last < count ? (uint64_t)last + 1 : count;
}

/* False: no memory. */
static bool walk_to_groups(struct walk *walk, uint32_t width, uint32_t height,
                           struct planche_budget *budget, uint64_t *groups, uint64_t *memory)
{
    unsigned transforms = 0;
    *groups = 1;
    while (get_bits(walk, 1) && !walk->damaged) {
        walk->damaged |= ++transforms > 4;
        if (!walk->damaged && !get_transform(walk, &width, height, budget, memory))
            return false;
    }
    get_cache_bits(walk);
    unsigned cache_bits = walk->cache_bits;
    if (get_bits(walk, 1) && !walk->damaged) {
        unsigned bits = get_bits(walk, 3) + 2;
        uint32_t columns = blocks(width, bits), rows = blocks(height, bits);
        if (!get_picture(walk, columns, rows, budget, memory))
            return false;
        *groups = walk->damaged ? 1 : count_groups(walk, (size_t)columns * rows);
    }
    walk->cache_bits = cache_bits <= MAX_CACHE_BITS ? cache_bits : 0;
    return true;
}

bool planche_webp_lossless_tables(const uint8_t *data, size_t size, uint32_t width, uint32_t height,
                                  struct planche_budget *budget, uint64_t *memory)
{
    uint64_t groups;
    struct walk *walk = planche_alloc(budget, sizeof *walk);
    if (!walk) {
        *memory += sizeof *walk;
        return false;
    }
    walk->data = data;
    walk->size = (uint64_t)size * 8;
    walk->at = 0;
    walk->damaged = false;
    walk->pixels = NULL;
    bool done = walk_to_groups(walk, width, height, budget, &groups, memory);
    if (done) {
        uint64_t entries = FIXED_ENTRIES + (uint64_t)green_entries[walk->cache_bits];
        *memory += OTHER_BYTES + groups * (entries * ENTRY_BYTES + GROUP_BYTES);
    }
    planche_free(walk->pixels);
    planche_free(walk);
    return done;
}
