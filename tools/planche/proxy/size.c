/* SPDX-License-Identifier: MIT */
/* Sizes of pages, by the heads of their files. */
#include "proxy/size.h"

#include "http/image.h"

#include <string.h>

#define ISO_HEAD 65536 /* bytes of an ISO media file in which its sizes are looked for */

struct page {
    const unsigned char *data;
    size_t size;
    uint32_t width, height; /* the result; 0: not known */
};

/* A number of count bytes; 0 beyond the end. */
static uint32_t big(const struct page *page, size_t at, unsigned count)
{
    uint32_t value = 0;
    if (page->size < count || at > page->size - count)
        return 0;
    for (unsigned i = 0; i < count; i++)
        value = value << 8 | page->data[at + i];
    return value;
}

static uint32_t little(const struct page *page, size_t at, unsigned count)
{
    uint32_t value = 0;
    if (page->size < count || at > page->size - count)
        return 0;
    for (unsigned i = count; i-- > 0;)
        value = value << 8 | page->data[at + i];
    return value;
}

static bool has(const struct page *page, size_t at, const char *text)
{
    size_t length = strlen(text);
    return page->size >= length && at <= page->size - length &&
           memcmp(page->data + at, text, length) == 0;
}

/* The frame's head, behind any number of other segments. */
static void read_jpeg(struct page *page)
{
    size_t at = 2;
    while (page->size >= 4 && at <= page->size - 4 && page->data[at] == 0xff) {
        unsigned marker = page->data[at + 1];
        bool frame =
            marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
        if (frame) {
            page->height = big(page, at + 5, 2);
            page->width = big(page, at + 7, 2);
            return;
        }
        if (marker == 0xff)
            at++; /* fill */
        else if (marker == 0x01 || (marker >= 0xd0 && marker <= 0xd7))
            at += 2;
        else if (marker == 0xd9 || marker == 0xda)
            return;
        else
            at += 2 + (size_t)big(page, at + 2, 2);
    }
}

static void read_png(struct page *page)
{
    if (!has(page, 12, "IHDR"))
        return;
    page->width = big(page, 16, 4);
    page->height = big(page, 20, 4);
}

static void read_webp(struct page *page)
{
    if (has(page, 12, "VP8X")) {
        page->width = little(page, 24, 3) + 1;
        page->height = little(page, 27, 3) + 1;
    } else if (has(page, 12, "VP8L") && little(page, 20, 1) == 0x2f) {
        uint32_t bits = little(page, 21, 4);
        page->width = (bits & 0x3fff) + 1;
        page->height = (bits >> 14 & 0x3fff) + 1;
    } else if (has(page, 12, "VP8 ")) {
        page->width = little(page, 26, 2) & 0x3fff;
        page->height = little(page, 28, 2) & 0x3fff;
    }
}

/* AVIF and HEIC: the largest of the sizes that items have; tiles and previews have smaller ones. */
static void read_iso(struct page *page)
{
    const size_t end = page->size < ISO_HEAD ? page->size : ISO_HEAD;
    for (size_t at = 4; at + 16 <= end; at++) {
        if (!has(page, at, "ispe") || big(page, at - 4, 4) != 20)
            continue;
        uint32_t width = big(page, at + 8, 4), height = big(page, at + 12, 4);
        if ((uint64_t)width * height <= (uint64_t)page->width * page->height)
            continue;
        page->width = width;
        page->height = height;
    }
}

/* Bits of a JPEG XL codestream, from the lowest of each byte. */
struct bits {
    const struct page *page;
    size_t at; /* in bits */
};

static uint32_t take(struct bits *bits, unsigned count)
{
    uint32_t value = 0;
    for (unsigned i = 0; i < count; i++, bits->at++)
        value |= (little(bits->page, bits->at / 8, 1) >> (bits->at % 8) & 1) << i;
    return value;
}

static uint32_t take_length(struct bits *bits, bool small)
{
    static const unsigned widths[] = {9, 13, 18, 30};
    return small ? 8 * (take(bits, 5) + 1) : take(bits, widths[take(bits, 2)]) + 1;
}

/* Where the codestream begins; 0: it is not found. */
static size_t find_codestream(const struct page *page)
{
    size_t at = 0;
    while (!has(page, 0, "\xff\x0a") && page->size >= 16 && at <= page->size - 16) {
        uint32_t length = big(page, at, 4);
        if (has(page, at + 4, "jxlc"))
            return at + 8;
        if (has(page, at + 4, "jxlp"))
            return at + 12;
        if (length < 8 || length > page->size - at)
            return 0;
        at += length;
    }
    return 0;
}

static void read_jxl(struct page *page)
{
    static const unsigned ratios[][2] = {{1, 1}, {12, 10}, {4, 3}, {3, 2}, {16, 9}, {5, 4}, {2, 1}};
    size_t first = find_codestream(page);
    struct bits bits = {page, 8 * (first + 2)};
    if (!has(page, first, "\xff\x0a") || page->size - first < 12)
        return;
    bool small = take(&bits, 1) != 0;
    page->height = take_length(&bits, small);
    uint32_t ratio = take(&bits, 3);
    page->width =
        ratio == 0
            ? take_length(&bits, small)
            : (uint32_t)((uint64_t)page->height * ratios[ratio - 1][0] / ratios[ratio - 1][1]);
}

/* The first page's fields. */
static void read_tiff(struct page *page)
{
    uint32_t (*number)(const struct page *of, size_t at, unsigned count) =
        has(page, 0, "II") ? little : big;
    size_t at = number(page, 4, 4);
    uint32_t count = number(page, at, 2);
    for (uint32_t i = 0; i < count; i++) {
        size_t entry = at + 2 + (size_t)i * 12;
        uint32_t tag = number(page, entry, 2);
        uint32_t value = number(page, entry + 8, number(page, entry + 2, 2) == 3 ? 2 : 4);
        if (tag == 256)
            page->width = value;
        else if (tag == 257)
            page->height = value;
    }
}

static void read_jp2(struct page *page)
{
    if (has(page, 0, "\xff\x4f")) {
        page->width = big(page, 8, 4) - big(page, 16, 4);
        page->height = big(page, 12, 4) - big(page, 20, 4);
        return;
    }
    for (size_t at = 12; at < 512; at++) {
        if (!has(page, at, "ihdr"))
            continue;
        page->height = big(page, at + 4, 4);
        page->width = big(page, at + 8, 4);
        return;
    }
}

static void read_gif(struct page *page)
{
    page->width = little(page, 6, 2);
    page->height = little(page, 8, 2);
}

static void read_bmp(struct page *page)
{
    unsigned bytes = little(page, 14, 4) == 12 ? 2 : 4;
    uint32_t height = little(page, 18 + bytes, bytes);
    page->width = little(page, 18, bytes);
    page->height = height > INT32_MAX ? 0 - height : height; /* rows from the top */
}

static void read_psd(struct page *page)
{
    page->height = big(page, 14, 4);
    page->width = big(page, 18, 4);
}

static void read_qoi(struct page *page)
{
    page->width = big(page, 4, 4);
    page->height = big(page, 8, 4);
}

bool planche_proxy_read_size(const void *data, size_t size, uint32_t *width, uint32_t *height)
{
    static const struct {
        const char *type;
        void (*read)(struct page *page);
    } readers[] = {{"image/jpeg", read_jpeg}, {"image/png", read_png},
                   {"image/webp", read_webp}, {"image/avif", read_iso},
                   {"image/heic", read_iso},  {"image/jxl", read_jxl},
                   {"image/tiff", read_tiff}, {"image/jp2", read_jp2},
                   {"image/gif", read_gif},   {"image/bmp", read_bmp},
                   {"image/qoi", read_qoi},   {"image/vnd.adobe.photoshop", read_psd}};
    struct page page = {.data = data, .size = size};
    const char *type = planche_http_image_type(data, size);
    for (size_t i = 0; type != NULL && i < sizeof readers / sizeof *readers; i++) {
        if (strcmp(type, readers[i].type) == 0)
            readers[i].read(&page);
    }
    *width = page.width;
    *height = page.height;
    return page.width > 0 && page.height > 0;
}
