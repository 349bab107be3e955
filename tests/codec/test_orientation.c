/* SPDX-License-Identifier: MIT */
/* All eight orientations in all formats: pages arrive upright and say so. */
#include "images.h"

#include <png.h>
#include <string.h>

/* Where the stored pixel (x, y) of a w x h picture lies in the upright one, by the definition: the
 * side of the upright picture on which row 0 lies, then the side of column 0. */
static void upright(unsigned orientation, uint32_t w, uint32_t h, uint32_t x, uint32_t y,
                    uint32_t *ux, uint32_t *uy)
{
    uint32_t rx = w - 1 - x, by = h - 1 - y;
    switch (orientation) {
    case 1: /* top, left */
        *ux = x, *uy = y;
        break;
    case 2: /* top, right */
        *ux = rx, *uy = y;
        break;
    case 3: /* bottom, right */
        *ux = rx, *uy = by;
        break;
    case 4: /* bottom, left */
        *ux = x, *uy = by;
        break;
    case 5: /* left, top */
        *ux = y, *uy = x;
        break;
    case 6: /* right, top */
        *ux = by, *uy = x;
        break;
    case 7: /* right, bottom */
        *ux = by, *uy = rx;
        break;
    default: /* left, bottom */
        *ux = y, *uy = rx;
        break;
    }
}

static void check(const struct bytes *file, const struct picture *stored, unsigned orientation)
{
    struct read_result result;
    const struct picture *picture = &result.picture;
    unsigned size = stored->channels * stored->depth / 8;
    assert_int_equal(read_bytes(file, &result), PLANCHE_OK);
    assert_int_equal(picture->width, orientation >= 5 ? stored->height : stored->width);
    assert_int_equal(picture->height, orientation >= 5 ? stored->width : stored->height);
    for (uint32_t y = 0; y < stored->height; y++)
        for (uint32_t x = 0; x < stored->width; x++) {
            uint32_t ux, uy;
            upright(orientation, stored->width, stored->height, x, y, &ux, &uy);
            assert_memory_equal(picture->data + ((size_t)uy * picture->width + ux) * size,
                                stored->data + ((size_t)y * stored->width + x) * size, size);
        }
    /* The tag, which is the first of the directory, says upright now. */
    bool big = result.exif.data[0] == 'M';
    assert_int_equal(result.exif.data[18 + big], 1);
    assert_int_equal(result.exif.data[18 + !big], 0);
    /* Density turns with the page. */
    assert_true((result.x_density > result.y_density) == (orientation >= 5));
    read_result_free(&result);
}

static struct bytes png_of(const struct picture *picture, bool interlaced, const struct bytes *exif)
{
    return make_png(&(struct png_spec){
        .width = picture->width,
        .height = picture->height,
        .colour_type = picture->channels == 4 ? PNG_COLOR_TYPE_RGB_ALPHA : PNG_COLOR_TYPE_GRAY,
        .bit_depth = 8,
        .interlaced = interlaced,
        .rows = picture->data,
        .stride = picture_row_bytes(picture),
        .exif = exif});
}

static void test_png(void **state)
{
    (void)state;
    for (unsigned orientation = 1; orientation <= 8; orientation++)
        for (unsigned kind = 0; kind < 8; kind++) {
            struct picture noise = picture_noise(9, 5, kind & 1 ? 4 : 1, 8, orientation);
            struct bytes exif = make_exif(orientation, kind & 2);
            struct bytes file = png_of(&noise, kind & 4, &exif);
            check(&file, &noise, orientation);
            bytes_free(&file);
            bytes_free(&exif);
            picture_free(&noise);
        }
}

static void test_webp(void **state)
{
    (void)state;
    for (unsigned orientation = 1; orientation <= 8; orientation++) {
        struct picture noise = picture_noise(6, 11, 3, 8, orientation);
        struct bytes exif = make_exif(orientation, true);
        struct bytes file =
            make_webp(&(struct webp_spec){.picture = &noise, .lossless = true, .exif = &exif});
        check(&file, &noise, orientation);
        bytes_free(&file);
        bytes_free(&exif);
        picture_free(&noise);
    }
}

/* What the format itself states counts, not EXIF. */
static void test_stated(void **state)
{
    (void)state;
    for (unsigned orientation = 1; orientation <= 8; orientation++)
        for (unsigned channels = 1; channels <= 4; channels++) {
            struct picture noise = picture_noise(9, 5, channels, 8, orientation);
            struct bytes exif = make_exif(9 - orientation, true);
            struct bytes avif = make_avif(&(struct avif_spec){
                .picture = &noise, .lossless = true, .orientation = orientation, .exif = &exif});
            struct bytes jxl = make_jxl(&(struct jxl_spec){
                .picture = &noise, .lossless = true, .orientation = orientation, .exif = &exif});
            check(&avif, &noise, orientation);
            check(&jxl, &noise, orientation);
            bytes_free(&avif);
            bytes_free(&jxl);
            bytes_free(&exif);
            picture_free(&noise);
        }
}

/* JPEG against the same file without orientation. */
static void test_jpeg(void **state)
{
    (void)state;
    for (unsigned orientation = 1; orientation <= 8; orientation++)
        for (int progressive = 0; progressive < 2; progressive++) {
            struct picture smooth = picture_smooth(21, 12, 3);
            struct bytes exif = make_exif(orientation, false);
            struct jpeg_spec spec = {.picture = &smooth, .progressive = progressive};
            struct bytes plain = make_jpeg(&spec);
            spec.exif = &exif;
            struct bytes file = make_jpeg(&spec);
            struct read_result stored;
            assert_int_equal(read_bytes(&plain, &stored), PLANCHE_OK);
            check(&file, &stored.picture, orientation);
            read_result_free(&stored);
            bytes_free(&plain);
            bytes_free(&file);
            bytes_free(&exif);
            picture_free(&smooth);
        }
}

/* Only pages that must be turned are held whole. */
static void test_memory(void **state)
{
    (void)state;
    struct picture noise = picture_noise(1000, 1000, 1, 8, 3);
    for (unsigned orientation = 1; orientation <= 8; orientation++) {
        struct bytes exif = make_exif(orientation, false);
        struct bytes file = png_of(&noise, false, &exif);
        struct read_result result;
        assert_int_equal(read_bytes_within(&file, 256 << 10, 0, &result),
                         orientation <= 2 ? PLANCHE_OK : PLANCHE_ERROR_BUDGET);
        read_result_free(&result);
        bytes_free(&file);
        bytes_free(&exif);
    }
    picture_free(&noise);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_png),  cmocka_unit_test(test_webp),   cmocka_unit_test(test_stated),
        cmocka_unit_test(test_jpeg), cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
