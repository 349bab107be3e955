/* SPDX-License-Identifier: MIT */
/* EXIF and XMP: orientation, resolution, and structures that lie. */
#include "codec/images.h"

#include "image/exif.h"

#include <math.h>
#include <string.h>

static void test_orientation(void **state)
{
    (void)state;
    for (unsigned big = 0; big < 2; big++)
        for (unsigned value = 0; value < 20; value++) {
            struct bytes exif = make_exif(value, big);
            assert_int_equal(planche_exif_take_orientation(exif.data, exif.size),
                             value >= 1 && value <= 8 ? value : 1);
            assert_int_equal(planche_exif_take_orientation(exif.data, exif.size), 1);
            bytes_free(&exif);
        }
}

static void test_density(void **state)
{
    (void)state;
    uint8_t made[PLANCHE_EXIF_DENSITY_SIZE];
    double x = 0, y = 0;
    struct bytes exif = make_exif(1, true);
    assert_true(planche_exif_get_density(exif.data, exif.size, &x, &y));
    assert_true(fabs(x - 11811) < 1e-9 && fabs(y - 23622) < 1e-9);
    bytes_free(&exif);
    planche_exif_from_density(made, 2834.6457, 1e30);
    assert_true(planche_exif_get_density(made, sizeof made, &x, &y));
    assert_true(fabs(x - 2834.6457) < 0.01 && y > 1e6);
    assert_int_equal(planche_exif_take_orientation(made, sizeof made), 1);
    assert_false(planche_exif_get_density(NULL, 0, &x, &y));
}

/* Cut anywhere, and with any byte changed: no harm is done, which AddressSanitizer sees best. */
static void test_damage(void **state)
{
    (void)state;
    struct bytes exif = make_exif(6, false);
    double x, y;
    for (size_t size = 0; size <= exif.size; size++) {
        uint8_t *copy = malloc(size ? size : 1);
        memcpy(copy, exif.data, size);
        assert_in_range(planche_exif_take_orientation(copy, size), 1, 8);
        planche_exif_get_density(copy, size, &x, &y);
        free(copy);
    }
    for (size_t i = 0; i < exif.size; i++)
        for (unsigned flip = 1; flip < 256; flip += 51) {
            uint8_t *copy = malloc(exif.size);
            memcpy(copy, exif.data, exif.size);
            copy[i] ^= (uint8_t)flip;
            assert_in_range(planche_exif_take_orientation(copy, exif.size), 1, 8);
            planche_exif_get_density(copy, exif.size, &x, &y);
            free(copy);
        }
    bytes_free(&exif);
}

static void test_xmp(void **state)
{
    (void)state;
    static const char *const packets[][2] = {
        {"<d tiff:Orientation=\"6\"/>", "<d tiff:Orientation=\"1\"/>"},
        {"<tiff:Orientation>8</tiff:Orientation>", "<tiff:Orientation>1</tiff:Orientation>"},
        {"<d tiff:Orientation = '3'/>", "<d tiff:Orientation = '1'/>"},
        {"<d tiff:Orientation=", "<d tiff:Orientation="},
        {"tiff:Orientation", "tiff:Orientation"},
        {"<d tiff:Orientation=\"0\"/>", "<d tiff:Orientation=\"0\"/>"},
        {"6", "6"},
    };
    for (size_t i = 0; i < sizeof packets / sizeof packets[0]; i++) {
        size_t size = strlen(packets[i][0]);
        uint8_t *copy = malloc(size);
        memcpy(copy, packets[i][0], size);
        planche_xmp_reset_orientation(copy, size);
        assert_memory_equal(copy, packets[i][1], size);
        free(copy);
    }
    planche_xmp_reset_orientation(NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_orientation),
        cmocka_unit_test(test_density),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_xmp),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
