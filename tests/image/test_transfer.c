/* SPDX-License-Identifier: MIT */
/* Tone curves: sRGB's, those of profiles, and the way back. */
#include "support/testing.h"

#include "image/transfer.h"
#include "profiles.h"

#include <lcms2.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct planche_transfer *make(unsigned colours, const void *icc, size_t size)
{
    struct planche_transfer *tone;
    assert_int_equal(planche_transfer_create(&tone, colours, icc, size, NULL, NULL), PLANCHE_OK);
    return tone;
}

static float light(const struct planche_transfer *tone, unsigned colour, double sample)
{
    float value = (float)sample;
    planche_transfer_to_light(tone, colour, &value, 1);
    return value;
}

static double srgb(double v)
{
    return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

/* Every level of 16 bits comes back; light beyond what there is becomes the ends. */
static void expect_way_back(const struct planche_transfer *tone, double tolerance)
{
    for (unsigned c = 0; c < 3; c++)
        for (int level = 0; level <= 65535; level += 3) {
            float value = light(tone, c, level / 65535.0);
            planche_transfer_from_light(tone, c, &value, 1);
            if (fabs(value * 65535.0 - level) > tolerance)
                fail_msg("colour %u: %d comes back as %f", c, level, value * 65535.0);
        }
    float beyond[3] = {-1, 2, NAN};
    planche_transfer_from_light(tone, 0, beyond, 3);
    assert_true(beyond[0] == 0 && beyond[1] == 1 && beyond[2] >= 0 && beyond[2] <= 1);
    beyond[0] = -1, beyond[1] = 2, beyond[2] = NAN;
    planche_transfer_to_light(tone, 0, beyond, 3);
    assert_true(beyond[0] == light(tone, 0, 0) && beyond[1] == light(tone, 0, 1));
    assert_true(beyond[2] == beyond[0]);
}

static void test_srgb(void **state)
{
    struct planche_transfer *tone = make(3, NULL, 0);
    (void)state;
    for (int level = 0; level <= 255; level++)
        assert_true(fabs(light(tone, 2, level / 255.0) - srgb(level / 255.0)) < 2e-4);
    expect_way_back(tone, 0.1);
    planche_transfer_destroy(&tone);
}

static void test_grey_profile(void **state)
{
    size_t size;
    uint8_t *profile = profile_make(1, &size);
    struct planche_transfer *tone = make(1, profile, size);
    (void)state;
    for (int level = 0; level <= 255; level++)
        assert_true(fabs(light(tone, 0, level / 255.0) - pow(level / 255.0, 1.8)) < 2e-4);
    expect_way_back(tone, 0.1);
    planche_transfer_destroy(&tone);
    free(profile);
}

/* An RGB profile of three given curves. */
static uint8_t *make_profile(cmsToneCurve *curves[3], size_t *size)
{
    const cmsCIExyY white = {0.3127, 0.3290, 1};
    const cmsCIExyYTRIPLE primaries = {{0.64, 0.33, 1}, {0.30, 0.60, 1}, {0.15, 0.06, 1}};
    cmsUInt32Number bytes = 0;
    cmsHPROFILE profile = cmsCreateRGBProfile(&white, &primaries, curves);
    assert_true(cmsSaveProfileToMem(profile, NULL, &bytes));
    uint8_t *data = malloc(bytes);
    assert_true(cmsSaveProfileToMem(profile, data, &bytes));
    cmsCloseProfile(profile);
    *size = bytes;
    return data;
}

static void test_curves_of_their_own(void **state)
{
    static const double gammas[3] = {1.0, 1.8, 2.6};
    cmsToneCurve *curves[3];
    size_t size;
    (void)state;
    for (int c = 0; c < 3; c++)
        curves[c] = cmsBuildGamma(NULL, gammas[c]);
    uint8_t *profile = make_profile(curves, &size);
    struct planche_transfer *tone = make(3, profile, size);
    for (unsigned c = 0; c < 3; c++)
        for (int level = 0; level <= 255; level++)
            assert_true(fabs(light(tone, c, level / 255.0) - pow(level / 255.0, gammas[c])) < 3e-4);
    expect_way_back(tone, 0.1);
    planche_transfer_destroy(&tone);
    free(profile);
    cmsFreeToneCurveTriple(curves);
}

/* Curves that are flat, fall, or are none: there is a way back all the same. */
static void test_odd_curves(void **state)
{
    static const cmsUInt16Number shapes[4][6] = {{0, 0, 0, 30000, 65535, 65535},
                                                 {65535, 50000, 40000, 30000, 10, 0},
                                                 {0, 65535, 0, 65535, 0, 65535},
                                                 {7, 7, 7, 7, 7, 7}};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        cmsToneCurve *curve = cmsBuildTabulatedToneCurve16(NULL, 6, shapes[i]);
        cmsToneCurve *curves[3] = {curve, curve, curve};
        size_t size;
        uint8_t *profile = make_profile(curves, &size);
        struct planche_transfer *tone = make(3, profile, size);
        expect_way_back(tone, 40); /* of 65535: an eighth of a level of 8 bits */
        planche_transfer_destroy(&tone);
        free(profile);
        cmsFreeToneCurve(curve);
    }
}

/* Damaged profiles, and those for other pixels, count as none. */
static void test_unusable_profiles(void **state)
{
    size_t size;
    uint8_t *profile = profile_make(4, &size);
    (void)state;
    for (size_t cut = 0; cut <= size; cut += size / 7 + 1) {
        struct planche_transfer *tone = make(3, profile, cut);
        assert_true(fabs(light(tone, 0, 0.5) - srgb(0.5)) < 2e-4);
        planche_transfer_destroy(&tone);
    }
    free(profile);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_srgb),
        cmocka_unit_test(test_grey_profile),
        cmocka_unit_test(test_curves_of_their_own),
        cmocka_unit_test(test_odd_curves),
        cmocka_unit_test(test_unusable_profiles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
