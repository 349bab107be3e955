/* SPDX-License-Identifier: MIT */
/* The set of pages, and the comparison. */
#include "pages.h"

#include "codec/colours.h"
#include "scene.h"

#include <math.h>
#include <png.h>
#include <string.h>

enum kind {
    PLAIN,   /* the profile, or none for sRGB */
    NUMBERS, /* instead of a profile: gAMA and cHRM, H.273's numbers, libjxl's names */
    PALETTE, /* with transparent entries */
    INKS,    /* CMYK without a profile */
    INKS_ICC,
    TURNED /* stored lying or mirrored, as EXIF's orientation says */
};

static const struct page {
    const char *name;
    enum kind kind;
    enum colours_space space;
    unsigned channels, depth;
    bool lossy;           /* where the format has both */
    unsigned orientation; /* of TURNED */
} pages[] = {
    {"srgb-png.png", PLAIN, COLOURS_SRGB, 3, 8, .lossy = false},
    {"srgb-jpg.jpg", PLAIN, COLOURS_SRGB, 3, 8, .lossy = true},
    {"display-p3-png.png", PLAIN, COLOURS_DISPLAY_P3, 3, 8, .lossy = false},
    {"display-p3-jpg.jpg", PLAIN, COLOURS_DISPLAY_P3, 3, 8, .lossy = true},
    {"display-p3-avif.avif", PLAIN, COLOURS_DISPLAY_P3, 3, 8, .lossy = true},
    {"display-p3-jxl.jxl", PLAIN, COLOURS_DISPLAY_P3, 3, 8, .lossy = true},
    {"adobe-png.png", PLAIN, COLOURS_ADOBE, 3, 8, .lossy = false},
    {"adobe-webp.webp", PLAIN, COLOURS_ADOBE, 3, 8, .lossy = false},
    {"adobe-jxl.jxl", PLAIN, COLOURS_ADOBE, 3, 8, .lossy = true},
    {"adobe-lossless-jxl.jxl", PLAIN, COLOURS_ADOBE, 3, 8, .lossy = false},
    {"odd-curve-png.png", PLAIN, COLOURS_ODD, 3, 8, .lossy = false},
    {"odd-curve-jxl.jxl", PLAIN, COLOURS_ODD, 3, 8, .lossy = true},
    {"deep-png.png", PLAIN, COLOURS_DISPLAY_P3, 3, 16, .lossy = false},
    {"deep-avif.avif", PLAIN, COLOURS_DISPLAY_P3, 3, 16, .lossy = true},
    {"deep-jxl.jxl", PLAIN, COLOURS_ADOBE, 3, 16, .lossy = false},
    {"alpha-png.png", PLAIN, COLOURS_SRGB, 4, 8, .lossy = false},
    {"alpha-p3-webp.webp", PLAIN, COLOURS_DISPLAY_P3, 4, 8, .lossy = false},
    {"alpha-deep-png.png", PLAIN, COLOURS_ADOBE, 4, 16, .lossy = false},
    {"grey-png.png", PLAIN, COLOURS_SRGB, 1, 8, .lossy = false},
    {"grey-jpg.jpg", PLAIN, COLOURS_ODD, 1, 8, .lossy = true},
    {"grey-alpha-deep-png.png", PLAIN, COLOURS_ODD, 2, 16, .lossy = false},
    {"grey-jxl.jxl", PLAIN, COLOURS_ODD, 1, 8, .lossy = true},
    {"gamma.png", NUMBERS, COLOURS_LINEAR, 3, 16, .lossy = false},
    {"chromaticities.png", NUMBERS, COLOURS_ADOBE, 3, 8, .lossy = false},
    {"code-points.png", NUMBERS, COLOURS_REC2020, 3, 16, .lossy = false},
    {"numbers.avif", NUMBERS, COLOURS_REC2020, 3, 8, .lossy = true},
    {"names.jxl", NUMBERS, COLOURS_DISPLAY_P3, 3, 8, .lossy = true},
    {"palette.png", PALETTE, COLOURS_SRGB, 4, 8, .lossy = false},
    {"cmyk.jpg", INKS, COLOURS_SRGB, 3, 8, .lossy = true},
    {"cmyk-profile.jpg", INKS_ICC, COLOURS_SRGB, 4, 8, .lossy = true},
    {"orientation-1.jpg", TURNED, COLOURS_SRGB, 3, 8, .lossy = true, .orientation = 1},
    {"orientation-2.jpg", TURNED, COLOURS_SRGB, 3, 8, .lossy = true, .orientation = 2},
    {"orientation-3.jpg", TURNED, COLOURS_SRGB, 3, 8, .lossy = true, .orientation = 3},
    {"orientation-4.jpg", TURNED, COLOURS_SRGB, 3, 8, .lossy = true, .orientation = 4},
    {"orientation-5.jpg", TURNED, COLOURS_SRGB, 3, 8, .lossy = true, .orientation = 5},
    {"orientation-6.jpg", TURNED, COLOURS_SRGB, 3, 8, .lossy = true, .orientation = 6},
    {"orientation-7.jpg", TURNED, COLOURS_SRGB, 3, 8, .lossy = true, .orientation = 7},
    {"orientation-8.jpg", TURNED, COLOURS_SRGB, 3, 8, .lossy = true, .orientation = 8},
};
#define COUNT (sizeof pages / sizeof pages[0])

size_t colour_pages_count(void)
{
    return COUNT;
}

const char *colour_page_name(size_t page)
{
    return pages[page].name;
}

size_t colour_page_find(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    size_t page = 0, length = strcspn(name, ".");
    while (page < COUNT &&
           (strncmp(pages[page].name, name, length) != 0 || pages[page].name[length] != '.'))
        page++;
    return page;
}

static void set_sample(struct picture *picture, size_t index, double value)
{
    uint16_t wide = (uint16_t)lround(value * 65535);
    if (picture->depth == 8)
        picture->data[index] = (uint8_t)lround(value * 255);
    else
        memcpy(picture->data + 2 * index, &wide, 2);
}

/* A palette of one tone from dark to light, and one entry that nobody sees. */
#define TONES 216

static void get_tone(unsigned index, uint8_t rgb[3])
{
    static const double dark[3] = {25, 12, 70}, light[3] = {255, 236, 190};
    for (int c = 0; c < 3; c++)
        rgb[c] = (uint8_t)lround(dark[c] + (light[c] - dark[c]) * index / (TONES - 1));
}

static unsigned tone_of(const double rgba[4])
{
    double grey = 0.3 * rgba[0] + 0.6 * rgba[1] + 0.1 * rgba[2];
    return rgba[3] < 0.3 ? TONES : (unsigned)lround(grey * (TONES - 1));
}

static void set_pixel(const struct page *page, struct picture *picture, uint32_t x, uint32_t y)
{
    size_t at = ((size_t)y * SCENE_WIDTH + x) * picture->channels;
    double rgba[4];
    scene_at(x, y, rgba);
    if (picture->channels < 3)
        rgba[0] = 0.3 * rgba[0] + 0.6 * rgba[1] + 0.1 * rgba[2];
    if (picture->channels == 2)
        rgba[1] = rgba[3];
    if (page->kind == PALETTE) {
        unsigned tone = tone_of(rgba);
        get_tone(tone % TONES, picture->data + at);
        picture->data[at + 3] = tone < TONES ? 255 : 0;
        return;
    }
    for (unsigned c = 0; c < picture->channels; c++)
        set_sample(picture, at + c, rgba[c]);
}

/* The upright page. */
static struct picture make_picture(const struct page *page)
{
    struct picture picture =
        picture_noise(SCENE_WIDTH, SCENE_HEIGHT, page->channels, page->depth, 1);
    for (uint32_t y = 0; y < SCENE_HEIGHT; y++)
        for (uint32_t x = 0; x < SCENE_WIDTH; x++)
            set_pixel(page, &picture, x, y);
    return picture;
}

/* What is left of paper's light under each ink, half of the grey being printed in black. */
static struct picture make_inks(void)
{
    struct picture inks = picture_noise(SCENE_WIDTH, SCENE_HEIGHT, 4, 8, 1);
    for (uint32_t y = 0; y < SCENE_HEIGHT; y++)
        for (uint32_t x = 0; x < SCENE_WIDTH; x++) {
            double rgba[4];
            scene_at(x, y, rgba);
            double key = 0.5 + 0.5 * fmax(rgba[0], fmax(rgba[1], rgba[2]));
            for (unsigned c = 0; c < 3; c++)
                set_sample(&inks, ((size_t)y * SCENE_WIDTH + x) * 4 + c, fmin(rgba[c] / key, 1));
            set_sample(&inks, ((size_t)y * SCENE_WIDTH + x) * 4 + 3, key);
        }
    return inks;
}

/* What they look like by the plain formula. */
static struct picture mix_inks(const struct picture *inks)
{
    struct picture rgb = picture_noise(inks->width, inks->height, 3, 8, 1);
    for (size_t i = 0; i < (size_t)inks->width * inks->height; i++)
        for (unsigned c = 0; c < 3; c++)
            rgb.data[3 * i + c] =
                (uint8_t)lround(inks->data[4 * i + c] * inks->data[4 * i + 3] / 255.0);
    return rgb;
}

static struct bytes make_profile(const struct page *page)
{
    struct bytes none = {NULL, 0, 0};
    if (page->kind == INKS_ICC)
        return inks_profile();
    if (page->space == COLOURS_SRGB)
        return none;
    return page->channels < 3 ? make_icc(1) : colours_profile(page->space);
}

/* The stored pixel that shows pixel (x, y) of the upright page of the scene's size. */
static size_t stored_at(unsigned orientation, uint32_t x, uint32_t y)
{
    bool lying = orientation >= 5;
    uint32_t column = lying ? y : x, row = lying ? x : y;
    uint32_t width = lying ? SCENE_HEIGHT : SCENE_WIDTH;
    uint32_t height = lying ? SCENE_WIDTH : SCENE_HEIGHT;
    bool last_row = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    bool last_column = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    row = last_row ? height - 1 - row : row;
    column = last_column ? width - 1 - column : column;
    return (size_t)row * width + column;
}

static struct picture turn(const struct picture *upright, unsigned orientation)
{
    bool lying = orientation >= 5;
    struct picture stored =
        picture_noise(lying ? SCENE_HEIGHT : SCENE_WIDTH, lying ? SCENE_WIDTH : SCENE_HEIGHT,
                      upright->channels, 8, 1);
    for (uint32_t y = 0; y < SCENE_HEIGHT; y++)
        for (uint32_t x = 0; x < SCENE_WIDTH; x++)
            memcpy(stored.data + stored_at(orientation, x, y) * upright->channels,
                   upright->data + ((size_t)y * SCENE_WIDTH + x) * upright->channels,
                   upright->channels);
    return stored;
}

static int png_colour_type(unsigned channels)
{
    static const int types[5] = {0, PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA,
                                 PNG_COLOR_TYPE_RGB, PNG_COLOR_TYPE_RGB_ALPHA};
    return types[channels];
}

/* PNG's samples are big-endian. */
static void swap_samples(struct picture *picture)
{
    size_t size = picture_row_bytes(picture) * picture->height;
    if (picture->depth == 8 || __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
        return;
    for (size_t i = 0; i < size; i += 2) {
        uint8_t first = picture->data[i];
        picture->data[i] = picture->data[i + 1];
        picture->data[i + 1] = first;
    }
}

static struct bytes palette_png(void)
{
    uint8_t palette[(TONES + 1) * 3] = {0}, alpha[TONES + 1], rows[SCENE_WIDTH * SCENE_HEIGHT];
    memset(alpha, 255, sizeof alpha);
    alpha[TONES] = 0;
    for (unsigned i = 0; i < TONES; i++)
        get_tone(i, palette + 3 * i);
    for (uint32_t i = 0; i < sizeof rows; i++) {
        double rgba[4];
        scene_at(i % SCENE_WIDTH, i / SCENE_WIDTH, rgba);
        rows[i] = (uint8_t)tone_of(rgba);
    }
    return make_png(&(struct png_spec){.width = SCENE_WIDTH,
                                       .height = SCENE_HEIGHT,
                                       .colour_type = PNG_COLOR_TYPE_PALETTE,
                                       .bit_depth = 8,
                                       .rows = rows,
                                       .stride = SCENE_WIDTH,
                                       .palette = palette,
                                       .palette_size = TONES + 1,
                                       .palette_alpha = alpha,
                                       .palette_alpha_size = TONES + 1});
}

static struct bytes plain_png(const struct page *page, struct picture *picture,
                              const struct bytes *icc)
{
    static const double adobe[8] = {0.3127, 0.3290, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06};
    static const double srgb[8] = {0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06};
    static const uint8_t cicp[4] = {9, 1, 0, 1};
    bool numbers = page->kind == NUMBERS;
    struct png_spec spec = {.width = picture->width,
                            .height = picture->height,
                            .colour_type = png_colour_type(picture->channels),
                            .bit_depth = (int)picture->depth,
                            .rows = picture->data,
                            .stride = picture_row_bytes(picture),
                            .icc = icc->size && !numbers ? icc : NULL};
    swap_samples(picture);
    if (numbers) {
        /* Code points go before what an old reader would go by. */
        spec.cicp = page->space == COLOURS_REC2020 ? cicp : NULL;
        spec.gamma = page->space == COLOURS_LINEAR ? 1.0 : 1 / 2.19921875;
        spec.chromaticities = page->space == COLOURS_LINEAR ? srgb : adobe;
    }
    return make_png(&spec);
}

static bool named(const struct page *page, const char *extension)
{
    return strcmp(strrchr(page->name, '.'), extension) == 0;
}

/* The scene's pixels as a file. */
static struct bytes encode(const struct page *page, struct picture *picture,
                           const struct bytes *profile)
{
    const struct bytes *icc = profile->size ? profile : NULL;
    bool numbers = page->kind == NUMBERS;
    if (page->kind == PALETTE)
        return palette_png();
    if (named(page, ".png"))
        return plain_png(page, picture, profile);
    if (named(page, ".webp"))
        return make_webp(&(struct webp_spec){.picture = picture, .lossless = true, .icc = icc});
    if (named(page, ".avif"))
        return make_avif(&(struct avif_spec){.picture = picture,
                                             .depth = page->depth == 16 ? 10 : 8,
                                             .icc = numbers ? NULL : icc,
                                             .primaries = numbers ? 9 : 0,
                                             .transfer = numbers ? 1 : 0});
    if (named(page, ".jxl"))
        return make_jxl(&(struct jxl_spec){.picture = picture,
                                           .lossless = !page->lossy,
                                           .icc = numbers ? NULL : icc,
                                           .primaries = numbers ? 11 : 0});
    return make_jpeg(&(struct jpeg_spec){.picture = picture, .icc = icc});
}

static struct bytes encode_turned(const struct page *page, const struct picture *upright)
{
    struct picture stored = turn(upright, page->orientation);
    struct bytes exif = make_exif(page->orientation, true);
    struct bytes file = make_jpeg(&(struct jpeg_spec){.picture = &stored, .exif = &exif});
    bytes_free(&exif);
    picture_free(&stored);
    return file;
}

struct bytes colour_page_make(size_t index)
{
    const struct page *page = &pages[index];
    bool inks = page->kind == INKS || page->kind == INKS_ICC;
    struct picture picture = inks ? make_inks() : make_picture(page);
    struct bytes profile = make_profile(page);
    struct bytes file =
        page->kind == TURNED ? encode_turned(page, &picture) : encode(page, &picture, &profile);
    bytes_free(&profile);
    picture_free(&picture);
    return file;
}

static struct light light_of_page(const struct page *page)
{
    struct bytes profile = make_profile(page);
    struct picture inks = make_inks();
    struct picture picture = page->kind == INKS ? mix_inks(&inks) : make_picture(page);
    struct light light =
        page->kind == INKS_ICC ? light_of_inks(&inks, &profile) : light_of(&picture, &profile);
    picture_free(&inks);
    picture_free(&picture);
    bytes_free(&profile);
    return light;
}

double colour_page_distance(size_t page, const struct bytes *result)
{
    struct read_result read;
    double distance = -1;
    if (read_bytes(result, &read) == PLANCHE_OK) {
        struct light meant = light_of_page(&pages[page]);
        struct light seen = light_of(&read.picture, &read.icc);
        distance = light_distance(&meant, &seen);
        light_free(&meant);
        light_free(&seen);
    }
    read_result_free(&read);
    return distance;
}
