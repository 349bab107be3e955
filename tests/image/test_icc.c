/* SPDX-License-Identifier: MIT */
/* Profiles: which pixels they are for, the ones Planche makes, CMYK to sRGB. */
#include "support/testing.h"

#include "image/cmyk.h"
#include "image/icc.h"
#include "profiles.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct profile {
    uint8_t *data;
    size_t size;
};

static struct profile make(unsigned channels)
{
    struct profile profile;
    profile.data = profile_make(channels, &profile.size);
    return profile;
}

/* A profile of none of the kinds that pages have. */
static struct profile make_lab(void)
{
    cmsUInt32Number size = 0;
    cmsHPROFILE handle = cmsCreateLab4Profile(NULL);
    assert_true(cmsSaveProfileToMem(handle, NULL, &size));
    struct profile profile = {malloc(size), size};
    assert_true(cmsSaveProfileToMem(handle, profile.data, &size));
    cmsCloseProfile(handle);
    return profile;
}

static enum planche_icc_kind kind_of(struct profile profile, size_t size)
{
    enum planche_icc_kind kind;
    struct planche_budget budget;
    planche_budget_init(&budget, 0);
    assert_int_equal(planche_icc_get_kind(&budget, profile.data, size, &kind, NULL), PLANCHE_OK);
    assert_int_equal(budget.used, 0);
    return kind;
}

static void test_kinds(void **state)
{
    (void)state;
    struct profile rgb = make(3), grey = make(1);
    struct profile cmyk = make(4), lab = make_lab();
    assert_int_equal(kind_of(rgb, rgb.size), PLANCHE_ICC_RGB);
    assert_int_equal(kind_of(grey, grey.size), PLANCHE_ICC_GREY);
    assert_int_equal(kind_of(cmyk, cmyk.size), PLANCHE_ICC_CMYK);
    assert_int_equal(kind_of(lab, lab.size), PLANCHE_ICC_OTHER);
    assert_int_equal(kind_of(rgb, 0), PLANCHE_ICC_DAMAGED);
    assert_int_equal(kind_of(rgb, 100), PLANCHE_ICC_DAMAGED);
    memset(rgb.data + 36, 0, 4); /* its signature */
    assert_int_equal(kind_of(rgb, rgb.size), PLANCHE_ICC_DAMAGED);
    free(rgb.data);
    free(grey.data);
    free(cmyk.data);
    free(lab.data);
}

/* A profile cut or altered anywhere is sound or it is not, but nothing worse happens. */
static void test_damage(void **state)
{
    (void)state;
    struct profile rgb = make(3);
    for (size_t size = 0; size < rgb.size; size += 13)
        kind_of(rgb, size);
    for (size_t i = 0; i < rgb.size; i++) {
        rgb.data[i] ^= 0x81;
        kind_of(rgb, rgb.size);
        rgb.data[i] ^= 0x81;
    }
    free(rgb.data);
}

static const struct planche_icc_colours srgb = {2.2,  0.3127, 0.3290, 0.64, 0.33,
                                                0.30, 0.60,   0.15,   0.06, false};

static void test_from_colours(void **state)
{
    (void)state;
    struct planche_icc_colours colours = srgb, none = {0}, linear = {.gamma = 1.0};
    struct planche_budget budget;
    uint8_t *data, *again;
    size_t size, again_size;
    planche_budget_init(&budget, 0);
    assert_int_equal(planche_icc_from_colours(&budget, 3, &srgb, &data, &size, NULL), PLANCHE_OK);
    assert_null(data);
    assert_int_equal(planche_icc_from_colours(&budget, 3, &none, &data, &size, NULL), PLANCHE_OK);
    assert_null(data);
    colours.green_x = 0.21; /* Adobe RGB */
    colours.green_y = 0.71;
    assert_int_equal(planche_icc_from_colours(&budget, 3, &colours, &data, &size, NULL),
                     PLANCHE_OK);
    assert_int_equal(kind_of((struct profile){data, 0}, size), PLANCHE_ICC_RGB);
    assert_int_equal(planche_icc_from_colours(&budget, 3, &colours, &again, &again_size, NULL),
                     PLANCHE_OK);
    assert_int_equal(size, again_size);
    assert_memory_equal(data, again, size);
    planche_free(data);
    planche_free(again);
    assert_int_equal(planche_icc_from_colours(&budget, 1, &linear, &data, &size, NULL), PLANCHE_OK);
    assert_int_equal(kind_of((struct profile){data, 0}, size), PLANCHE_ICC_GREY);
    planche_free(data);
    /* Primaries say nothing about grey. */
    assert_int_equal(planche_icc_from_colours(&budget, 1, &colours, &data, &size, NULL),
                     PLANCHE_OK);
    assert_null(data);
    assert_int_equal(budget.used, 0);
}

static double lightness(cmsHPROFILE profile, unsigned channels, uint8_t value)
{
    cmsCIELab lab;
    uint8_t pixel[3] = {value, value, value};
    cmsHPROFILE to = cmsCreateLab4Profile(NULL);
    cmsHTRANSFORM transform =
        cmsCreateTransform(profile, channels == 1 ? TYPE_GRAY_8 : TYPE_RGB_8, to, TYPE_Lab_DBL,
                           INTENT_RELATIVE_COLORIMETRIC, cmsFLAGS_NOOPTIMIZE);
    assert_non_null(transform);
    cmsDoTransform(transform, pixel, &lab, 1);
    cmsDeleteTransform(transform);
    cmsCloseProfile(to);
    return lab.L;
}

static void test_grey_to_rgb(void **state)
{
    (void)state;
    struct profile grey = make(1), rgb = make(3);
    struct planche_budget budget;
    uint8_t *data;
    size_t size;
    planche_budget_init(&budget, 0);
    assert_int_equal(planche_icc_grey_to_rgb(&budget, grey.data, grey.size, &data, &size, NULL),
                     PLANCHE_OK);
    assert_non_null(data);
    cmsHPROFILE from = cmsOpenProfileFromMem(grey.data, (cmsUInt32Number)grey.size);
    cmsHPROFILE to = cmsOpenProfileFromMem(data, (cmsUInt32Number)size);
    for (unsigned value = 0; value < 256; value += 15)
        assert_true(fabs(lightness(from, 1, (uint8_t)value) - lightness(to, 3, (uint8_t)value)) <
                    0.2);
    cmsCloseProfile(from);
    cmsCloseProfile(to);
    planche_free(data);
    assert_int_equal(planche_icc_grey_to_rgb(&budget, rgb.data, rgb.size, &data, &size, NULL),
                     PLANCHE_OK);
    assert_null(data);
    assert_int_equal(budget.used, 0);
    free(grey.data);
    free(rgb.data);
}

/* A matrix profile with these exponents; a white point of its own if odd. */
static struct profile make_rgb(const double gammas[3], bool odd)
{
    const cmsCIExyY white = {0.3127, 0.3290, 1};
    const cmsCIExyYTRIPLE primaries = {{0.64, 0.33, 1}, {0.21, 0.71, 1}, {0.15, 0.06, 1}};
    const cmsCIEXYZ other = {0.6, 0.3, 0.02};
    cmsUInt32Number size = 0;
    cmsToneCurve *curves[3];
    for (int c = 0; c < 3; c++)
        curves[c] = cmsBuildGamma(NULL, gammas[c]);
    cmsHPROFILE handle = cmsCreateRGBProfile(&white, &primaries, curves);
    if (odd)
        assert_true(cmsWriteTag(handle, cmsSigRedColorantTag, &other));
    assert_true(cmsSaveProfileToMem(handle, NULL, &size));
    struct profile profile = {malloc(size), size};
    assert_true(cmsSaveProfileToMem(handle, profile.data, &size));
    cmsCloseProfile(handle);
    cmsFreeToneCurveTriple(curves);
    return profile;
}

static void expect_no_grey(struct profile profile, size_t size)
{
    struct planche_budget budget;
    uint8_t *data;
    size_t made;
    planche_budget_init(&budget, 0);
    assert_int_equal(planche_icc_rgb_to_grey(&budget, profile.data, size, &data, &made, NULL),
                     PLANCHE_OK);
    assert_null(data);
    assert_int_equal(made, 0);
    assert_int_equal(budget.used, 0);
    free(profile.data);
}

/* Grey looks as equal channels did; profiles of which that cannot be said have no grey. */
static void test_rgb_to_grey(void **state)
{
    static const double same[3] = {1.8, 1.8, 1.8}, different[3] = {1.8, 1.8, 2.2};
    struct profile profiles[2] = {make(3), make_rgb(same, false)};
    struct planche_budget budget;
    (void)state;
    planche_budget_init(&budget, 0);
    for (int i = 0; i < 2; i++) {
        uint8_t *data;
        size_t size;
        assert_int_equal(planche_icc_rgb_to_grey(&budget, profiles[i].data, profiles[i].size, &data,
                                                 &size, NULL),
                         PLANCHE_OK);
        assert_non_null(data);
        assert_int_equal(kind_of((struct profile){data, 0}, size), PLANCHE_ICC_GREY);
        cmsHPROFILE from =
            cmsOpenProfileFromMem(profiles[i].data, (cmsUInt32Number)profiles[i].size);
        cmsHPROFILE to = cmsOpenProfileFromMem(data, (cmsUInt32Number)size);
        for (unsigned value = 0; value < 256; value += 5)
            assert_true(
                fabs(lightness(from, 3, (uint8_t)value) - lightness(to, 1, (uint8_t)value)) < 0.1);
        cmsCloseProfile(from);
        cmsCloseProfile(to);
        planche_free(data);
        free(profiles[i].data);
    }
    assert_int_equal(budget.used, 0);
    struct profile whole = make(3), cut = make(3), grey = make(1), cmyk = make(4), lab = make_lab();
    struct profile uneven = make_rgb(different, false), tinted = make_rgb(same, true);
    expect_no_grey(whole, 0);
    expect_no_grey(cut, cut.size / 2);
    expect_no_grey(grey, grey.size);
    expect_no_grey(cmyk, cmyk.size);
    expect_no_grey(lab, lab.size);
    expect_no_grey(uneven, uneven.size);
    expect_no_grey(tinted, tinted.size);
}

static void test_cmyk_formula(void **state)
{
    (void)state;
    static const uint8_t inks[4 * 4] = {0, 0, 0, 0, 255, 0, 0, 0, 0, 0, 0, 255, 10, 20, 30, 128};
    uint8_t rgb[3 * 4], inverted[4 * 4], same[3 * 4];
    struct planche_cmyk *cmyk;
    bool managed;
    assert_int_equal(planche_cmyk_create(&cmyk, NULL, NULL, 0, false, &managed, NULL), PLANCHE_OK);
    assert_false(managed);
    planche_cmyk_row(cmyk, rgb, inks, 4);
    assert_memory_equal(rgb, ((uint8_t[]){255, 255, 255, 0, 255, 255, 0, 0, 0, 122, 117, 112}), 12);
    planche_cmyk_destroy(&cmyk);
    for (size_t i = 0; i < sizeof inks; i++)
        inverted[i] = (uint8_t)(255 - inks[i]);
    assert_int_equal(planche_cmyk_create(&cmyk, NULL, NULL, 0, true, &managed, NULL), PLANCHE_OK);
    planche_cmyk_row(cmyk, same, inverted, 4);
    assert_memory_equal(same, rgb, sizeof rgb);
    planche_cmyk_destroy(&cmyk);
}

static void test_cmyk_profile(void **state)
{
    (void)state;
    static const uint8_t inks[4 * 3] = {0, 0, 0, 0, 255, 0, 0, 0, 0, 0, 0, 255};
    struct profile profile = make(4), rgb_profile = make(3);
    struct planche_budget budget;
    struct planche_cmyk *cmyk;
    uint8_t rgb[3 * 3];
    bool managed;
    planche_budget_init(&budget, 0);
    assert_int_equal(
        planche_cmyk_create(&cmyk, &budget, profile.data, profile.size, false, &managed, NULL),
        PLANCHE_OK);
    assert_true(managed);
    assert_true(budget.used > 0);
    planche_cmyk_row(cmyk, rgb, inks, 3);
    /* The profile says that only black matters. */
    for (int i = 0; i < 6; i++)
        assert_in_range(rgb[i], 250, 255);
    for (int i = 6; i < 9; i++)
        assert_in_range(rgb[i], 0, 5);
    planche_cmyk_destroy(&cmyk);
    assert_int_equal(budget.used, 0);
    assert_int_equal(planche_cmyk_create(&cmyk, &budget, rgb_profile.data, rgb_profile.size, false,
                                         &managed, NULL),
                     PLANCHE_OK);
    assert_false(managed);
    planche_cmyk_destroy(&cmyk);
    free(profile.data);
    free(rgb_profile.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_from_colours), cmocka_unit_test(test_grey_to_rgb),
        cmocka_unit_test(test_rgb_to_grey),  cmocka_unit_test(test_cmyk_formula),
        cmocka_unit_test(test_cmyk_profile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
