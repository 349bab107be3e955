/* SPDX-License-Identifier: MIT */
/* Image types: what a file is by its first bytes. What a client says of it is not asked: some say
 * image/jpg, and some what the page's name had been. */
#include "http/image.h"

#include <stdbool.h>
#include <string.h>

static bool has(const unsigned char *data, size_t size, size_t offset, const char *bytes,
                size_t length)
{
    return size >= offset + length && memcmp(data + offset, bytes, length) == 0;
}

/* ISO media files, by their major brand. */
static const char *type_of_brand(const unsigned char *data, size_t size)
{
    static const char *const heif[] = {"heic", "heix", "heis", "hevc", "mif1", "msf1"};
    if (has(data, size, 8, "avif", 4) || has(data, size, 8, "avis", 4))
        return "image/avif";
    for (size_t i = 0; i < sizeof heif / sizeof *heif; i++) {
        if (has(data, size, 8, heif[i], 4))
            return "image/heic";
    }
    return NULL;
}

const char *planche_http_image_type(const void *bytes, size_t size)
{
    const unsigned char *data = bytes;
    static const struct {
        const char *bytes;
        size_t length;
        const char *type;
    } known[] = {
        {"\xff\xd8\xff", 3, "image/jpeg"},
        {"\x89PNG\r\n\x1a\n", 8, "image/png"},
        {"GIF8", 4, "image/gif"},
        {"\xff\x0a", 2, "image/jxl"},
        {"\0\0\0\x0cJXL \r\n\x87\n", 12, "image/jxl"},
        {"II*\0", 4, "image/tiff"},
        {"MM\0*", 4, "image/tiff"},
        {"BM", 2, "image/bmp"},
        {"\0\0\0\x0cjP  \r\n\x87\n", 12, "image/jp2"},
        {"\xff\x4f\xff\x51", 4, "image/jp2"},
        {"8BPS", 4, "image/vnd.adobe.photoshop"},
        {"qoif", 4, "image/qoi"},
    };
    if (has(data, size, 0, "RIFF", 4) && has(data, size, 8, "WEBP", 4))
        return "image/webp";
    if (has(data, size, 4, "ftyp", 4))
        return type_of_brand(data, size);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (has(data, size, 0, known[i].bytes, known[i].length))
            return known[i].type;
    }
    return NULL;
}
