/* SPDX-License-Identifier: MIT */
/* Before/after picture of `make demo`: the same part of a page twice, on the left
 * enlarged by repeating pixels, on the right as the network made it. Uses nothing of Planche, so
 * that it shows the files as any other program would. */
#include <png.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHANNELS   3
#define GAP        8   /* columns between the panels */
#define ZOOM       2   /* panel pixels per pixel of the result, in each direction */
#define MAX_WIDTH  400 /* of a panel, in pixels of the result */
#define MAX_HEIGHT 500

struct picture {
    uint32_t width, height;
    uint8_t *pixels;
};

static uint8_t *at(const struct picture *picture, uint32_t x, uint32_t y)
{
    return picture->pixels + ((size_t)y * picture->width + x) * CHANNELS;
}

static int read_png(struct picture *picture, const char *path)
{
    png_image image = {.version = PNG_IMAGE_VERSION};
    const png_color white = {255, 255, 255};
    if (png_image_begin_read_from_file(&image, path)) {
        image.format = PNG_FORMAT_RGB;
        picture->width = image.width;
        picture->height = image.height;
        picture->pixels = malloc(PNG_IMAGE_SIZE(image));
        if (picture->pixels && png_image_finish_read(&image, &white, picture->pixels, 0, NULL))
            return 1;
    }
    fprintf(stderr, "%s: %s\n", path, image.message);
    png_image_free(&image);
    return 0;
}

static int write_png(const struct picture *picture, const char *path)
{
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = picture->width,
                       .height = picture->height,
                       .format = PNG_FORMAT_RGB};
    if (png_image_write_to_file(&image, path, 0, picture->pixels, 0, NULL))
        return 1;
    fprintf(stderr, "%s: %s\n", path, image.message);
    return 0;
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Both panels show the middle of the page. */
static int draw(struct picture *out, const struct picture *before, const struct picture *after)
{
    uint32_t scale = after->width / before->width;
    uint32_t width = least(after->width, MAX_WIDTH), height = least(after->height, MAX_HEIGHT);
    uint32_t left = (after->width - width) / 2, top = (after->height - height) / 2;
    uint32_t panel = width * ZOOM;
    out->width = 2 * panel + GAP;
    out->height = height * ZOOM;
    out->pixels = malloc((size_t)out->width * out->height * CHANNELS);
    if (!out->pixels)
        return 0;
    memset(out->pixels, 255, (size_t)out->width * out->height * CHANNELS);
    for (uint32_t y = 0; y < out->height; y++) {
        for (uint32_t x = 0; x < panel; x++) {
            uint32_t from_x = left + x / ZOOM, from_y = top + y / ZOOM;
            memcpy(at(out, x, y), at(before, from_x / scale, from_y / scale), CHANNELS);
            memcpy(at(out, panel + GAP + x, y), at(after, from_x, from_y), CHANNELS);
        }
    }
    return 1;
}

static int is_enlargement(const struct picture *before, const struct picture *after)
{
    uint32_t scale = after->width / before->width;
    return scale > 0 && after->width == scale * before->width &&
           after->height == scale * before->height;
}

int main(int argc, char **argv)
{
    struct picture before = {0}, after = {0}, out = {0};
    int status = 1;
    if (argc != 4) {
        fprintf(stderr, "usage: sidebyside BEFORE.png AFTER.png OUT.png\n");
        return 2;
    }
    if (!read_png(&before, argv[1]) || !read_png(&after, argv[2]))
        goto done;
    if (!is_enlargement(&before, &after))
        fprintf(stderr, "%s is no enlargement of %s\n", argv[2], argv[1]);
    else if (draw(&out, &before, &after) && write_png(&out, argv[3]))
        status = 0;
done:
    free(before.pixels);
    free(after.pixels);
    free(out.pixels);
    return status;
}
