/* SPDX-License-Identifier: MIT */
/* Colour spaces by lcms2 alone. */
#include "colours.h"

#include <lcms2.h>
#include <math.h>

static cmsToneCurve *make_curve(enum colours_space space)
{
    static const cmsFloat64Number srgb[5] = {2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045};
    static const cmsFloat64Number video[5] = {1 / 0.45, 1 / 1.099, 0.099 / 1.099, 1 / 4.5, 0.081};
    uint16_t table[256];
    switch (space) {
    case COLOURS_ADOBE:
        return cmsBuildGamma(NULL, 2.19921875);
    case COLOURS_LINEAR:
        return cmsBuildGamma(NULL, 1.0);
    case COLOURS_REC2020:
        return cmsBuildParametricToneCurve(NULL, 4, video);
    case COLOURS_ODD:
        for (int i = 0; i < 256; i++)
            table[i] = (uint16_t)lround(65535 * (0.7 * pow(i / 255.0, 2.6) + 0.3 * i / 255.0));
        return cmsBuildTabulatedToneCurve16(NULL, 256, table);
    default:
        return cmsBuildParametricToneCurve(NULL, 4, srgb);
    }
}

static cmsHPROFILE make_profile(enum colours_space space)
{
    static const cmsCIExyY white = {0.3127, 0.3290, 1};
    static const cmsCIExyYTRIPLE srgb = {{0.64, 0.33, 1}, {0.30, 0.60, 1}, {0.15, 0.06, 1}};
    static const cmsCIExyYTRIPLE p3 = {{0.68, 0.32, 1}, {0.265, 0.69, 1}, {0.15, 0.06, 1}};
    static const cmsCIExyYTRIPLE adobe = {{0.64, 0.33, 1}, {0.21, 0.71, 1}, {0.15, 0.06, 1}};
    static const cmsCIExyYTRIPLE rec2020 = {
        {0.708, 0.292, 1}, {0.170, 0.797, 1}, {0.131, 0.046, 1}};
    const cmsCIExyYTRIPLE *primaries = &srgb;
    if (space == COLOURS_DISPLAY_P3 || space == COLOURS_ODD)
        primaries = &p3;
    else if (space == COLOURS_ADOBE)
        primaries = &adobe;
    else if (space == COLOURS_REC2020)
        primaries = &rec2020;
    cmsToneCurve *curve = make_curve(space);
    cmsToneCurve *curves[3] = {curve, curve, curve};
    cmsHPROFILE profile = cmsCreateRGBProfile(&white, primaries, curves);
    cmsFreeToneCurve(curve);
    assert_non_null(profile);
    return profile;
}

struct bytes colours_profile(enum colours_space space)
{
    struct bytes bytes = {NULL, 0, 0};
    cmsHPROFILE profile = make_profile(space);
    cmsUInt32Number size = 0;
    assert_true(cmsSaveProfileToMem(profile, NULL, &size));
    bytes.data = malloc(size);
    bytes.size = bytes.capacity = size;
    assert_true(cmsSaveProfileToMem(profile, bytes.data, &size));
    cmsCloseProfile(profile);
    return bytes;
}

static void to_lab(cmsHPROFILE profile, const uint8_t rgb[3], cmsCIELab *lab)
{
    cmsHPROFILE connection = cmsCreateLab4Profile(NULL);
    cmsHTRANSFORM transform = cmsCreateTransform(profile, TYPE_RGB_8, connection, TYPE_Lab_DBL,
                                                 INTENT_RELATIVE_COLORIMETRIC, cmsFLAGS_NOOPTIMIZE);
    assert_non_null(transform);
    cmsDoTransform(transform, rgb, lab, 1);
    cmsDeleteTransform(transform);
    cmsCloseProfile(connection);
}

double colours_distance(const struct bytes *icc, enum colours_space space)
{
    static const uint8_t samples[][3] = {{255, 0, 0},  {0, 255, 0},     {0, 0, 255},
                                         {40, 40, 40}, {128, 128, 128}, {200, 100, 50},
                                         {10, 60, 110}};
    cmsHPROFILE profile = icc->size ? cmsOpenProfileFromMem(icc->data, (cmsUInt32Number)icc->size)
                                    : cmsCreate_sRGBProfile();
    cmsHPROFILE expected = make_profile(space);
    double largest = 0;
    assert_non_null(profile);
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        cmsCIELab a, b;
        to_lab(profile, samples[i], &a);
        to_lab(expected, samples[i], &b);
        largest = fmax(largest, cmsCIE2000DeltaE(&a, &b, 1, 1, 1));
    }
    cmsCloseProfile(profile);
    cmsCloseProfile(expected);
    return largest;
}
