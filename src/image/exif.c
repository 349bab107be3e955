/* SPDX-License-Identifier: MIT */
/* A reader of the first directory of a TIFF structure. Everything in it is untrusted. */
#include "image/exif.h"

#include <math.h>
#include <string.h>

enum tag {
    TAG_X_RESOLUTION = 0x011a,
    TAG_Y_RESOLUTION = 0x011b,
    TAG_ORIENTATION = 0x0112,
    TAG_RESOLUTION_UNIT = 0x0128,
    TAG_THUMBNAIL = 0x0201, /* where it begins, */
    TAG_THUMBNAIL_SIZE = 0x0202,
    TAG_PICTURES = 0xb002 /* of MPF: 16 bytes each */
};
enum type { TYPE_SHORT = 3, TYPE_LONG = 4, TYPE_RATIONAL = 5, TYPE_UNDEFINED = 7 };

#define ENTRY_SIZE 12
#define UNIT_INCH  2
#define UNIT_CM    3
#define INCH       0.0254 /* metres */

struct tiff {
    const uint8_t *data;
    size_t size;
    bool big; /* byte order */
};

/* Numbers beyond the end read as 0. */
static uint32_t get16(const struct tiff *tiff, uint64_t at)
{
    if (at + 2 > tiff->size)
        return 0;
    const uint8_t *p = tiff->data + at;
    return tiff->big ? (uint32_t)p[0] << 8 | p[1] : (uint32_t)p[1] << 8 | p[0];
}

static uint32_t get32(const struct tiff *tiff, uint64_t at)
{
    if (at + 4 > tiff->size)
        return 0;
    uint32_t a = get16(tiff, at), b = get16(tiff, at + 2);
    return tiff->big ? a << 16 | b : b << 16 | a;
}

static bool open_tiff(struct tiff *tiff, const uint8_t *data, size_t size)
{
    *tiff = (struct tiff){.data = data, .size = size};
    if (size < 8 || data[0] != data[1] || (data[0] != 'I' && data[0] != 'M'))
        return false;
    tiff->big = data[0] == 'M';
    return get16(tiff, 2) == 42;
}

/* Where the entry of a tag in a directory lies; 0: nowhere. */
static uint64_t find_entry(const struct tiff *tiff, uint64_t directory, enum tag tag,
                           enum type type)
{
    uint32_t count = get16(tiff, directory);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t entry = directory + 2 + (uint64_t)i * ENTRY_SIZE;
        if (entry + ENTRY_SIZE > tiff->size)
            return 0;
        if (get16(tiff, entry) == (uint32_t)tag && get16(tiff, entry + 2) == (uint32_t)type)
            return entry;
    }
    return 0;
}

/* Where the value of a tag of the first directory lies; 0: nowhere. */
static uint64_t find_value(const struct tiff *tiff, enum tag tag, enum type type)
{
    uint64_t entry = find_entry(tiff, get32(tiff, 4), tag, type);
    if (entry == 0 || get32(tiff, entry + 4) != 1)
        return 0;
    return type == TYPE_SHORT ? entry + 8 : get32(tiff, entry + 8);
}

/* What lies behind the entries of a directory: where the next one is. */
static uint64_t link_of(const struct tiff *tiff, uint64_t directory)
{
    return directory + 2 + (uint64_t)get16(tiff, directory) * ENTRY_SIZE;
}

static uint32_t get_long(const struct tiff *tiff, uint64_t directory, enum tag tag)
{
    uint64_t entry = find_entry(tiff, directory, tag, TYPE_LONG);
    return entry ? get32(tiff, entry + 8) : 0;
}

void planche_exif_drop_thumbnail(uint8_t *exif, size_t *size)
{
    struct tiff tiff;
    if (!open_tiff(&tiff, exif, *size))
        return;
    uint64_t link = link_of(&tiff, get32(&tiff, 4)), second = get32(&tiff, link);
    if (link + 4 > *size || second == 0)
        return;
    uint64_t begin = get_long(&tiff, second, TAG_THUMBNAIL);
    uint64_t length = get_long(&tiff, second, TAG_THUMBNAIL_SIZE);
    memset(exif + link, 0, 4);
    /* Nothing but a picture behind the first directory is touched, whatever the numbers are. */
    if (begin < link + 4 || begin + length > *size || length < 2 || exif[begin] != 0xff ||
        exif[begin + 1] != 0xd8)
        return;
    if (begin + length + 1 >= *size) /* perhaps padded */
        *size = (size_t)begin;
    else
        memset(exif + begin, 0, (size_t)length);
}

unsigned planche_exif_count_pictures(const uint8_t *index, size_t size)
{
    const uint32_t type_mask = 0xffffff, entry_size = 16;
    struct tiff tiff;
    unsigned count = 0;
    if (!open_tiff(&tiff, index, size))
        return 0;
    uint64_t entry = find_entry(&tiff, get32(&tiff, 4), TAG_PICTURES, TYPE_UNDEFINED);
    uint64_t at = entry ? get32(&tiff, entry + 8) : 0;
    uint32_t bytes = entry ? get32(&tiff, entry + 4) : 0;
    /* The first is the picture itself; types from 0x010000 on are its smaller versions. */
    for (uint32_t i = 1; i < bytes / entry_size && at + (i + 1) * (uint64_t)entry_size <= size;
         i++) {
        uint32_t type = get32(&tiff, at + (uint64_t)i * entry_size) & type_mask;
        count += type >> 16 != 1;
    }
    return count;
}

bool planche_exif_is_sound(const uint8_t *exif, size_t size)
{
    struct tiff tiff;
    return open_tiff(&tiff, exif, size);
}

unsigned planche_exif_take_orientation(uint8_t *exif, size_t size)
{
    struct tiff tiff;
    if (!open_tiff(&tiff, exif, size))
        return 1;
    uint64_t at = find_value(&tiff, TAG_ORIENTATION, TYPE_SHORT);
    if (at == 0)
        return 1;
    unsigned orientation = get16(&tiff, at);
    exif[at] = !tiff.big;
    exif[at + 1] = tiff.big;
    return orientation >= 1 && orientation <= 8 ? orientation : 1;
}

static double get_rational(const struct tiff *tiff, enum tag tag)
{
    uint64_t at = find_value(tiff, tag, TYPE_RATIONAL);
    uint32_t numerator = at ? get32(tiff, at) : 0, denominator = at ? get32(tiff, at + 4) : 0;
    return denominator ? (double)numerator / denominator : 0;
}

bool planche_exif_get_density(const uint8_t *exif, size_t size, double *x, double *y)
{
    struct tiff tiff;
    if (!open_tiff(&tiff, exif, size))
        return false;
    uint64_t at = find_value(&tiff, TAG_RESOLUTION_UNIT, TYPE_SHORT);
    uint32_t unit = at ? get16(&tiff, at) : UNIT_INCH;
    double metre = unit == UNIT_INCH ? 1 / INCH : unit == UNIT_CM ? 100 : 0;
    *x = get_rational(&tiff, TAG_X_RESOLUTION) * metre;
    *y = get_rational(&tiff, TAG_Y_RESOLUTION) * metre;
    return *x > 0 && *y > 0;
}

static uint8_t *put16(uint8_t *p, uint32_t value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
    return p + 2;
}

static uint8_t *put32(uint8_t *p, uint32_t value)
{
    return put16(put16(p, value >> 16), value & 0xffff);
}

static uint8_t *put_entry(uint8_t *p, enum tag tag, enum type type, uint32_t value)
{
    p = put16(p, (uint32_t)tag);
    p = put16(p, (uint32_t)type);
    p = put32(p, 1);
    return put32(p, value);
}

static uint8_t *put_density(uint8_t *p, double per_metre)
{
    const uint32_t denominator = 10000;
    double numerator = round(per_metre * INCH * denominator);
    p = put32(p, numerator < UINT32_MAX ? (uint32_t)numerator : UINT32_MAX);
    return put32(p, denominator);
}

void planche_exif_from_density(uint8_t exif[PLANCHE_EXIF_DENSITY_SIZE], double x, double y)
{
    const uint32_t directory = 8, count = 3;
    const uint32_t values = directory + 2 + count * ENTRY_SIZE + 4;
    uint8_t *p = exif;
    *p++ = 'M';
    *p++ = 'M';
    p = put16(p, 42);
    p = put32(p, directory);
    p = put16(p, count);
    p = put_entry(p, TAG_X_RESOLUTION, TYPE_RATIONAL, values);
    p = put_entry(p, TAG_Y_RESOLUTION, TYPE_RATIONAL, values + 8);
    p = put_entry(p, TAG_RESOLUTION_UNIT, TYPE_SHORT, (uint32_t)UNIT_INCH << 16);
    p = put32(p, 0); /* no further directory */
    p = put_density(p, x);
    put_density(p, y);
}

void planche_xmp_reset_orientation(uint8_t *xmp, size_t size)
{
    static const char name[] = "tiff:Orientation";
    const size_t length = sizeof name - 1;
    if (size == 0)
        return;
    uint8_t *end = xmp + size, *p = xmp;
    /* An attribute (tiff:Orientation="6") or an element (<tiff:Orientation>6<). */
    while ((p = memmem(p, (size_t)(end - p), name, length)) != NULL) {
        p += length;
        while (p < end && strchr(" \t\r\n=\"'>", *p) && *p)
            p++;
        if (p < end && *p >= '1' && *p <= '8')
            *p = '1';
    }
}
