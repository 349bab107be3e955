/* SPDX-License-Identifier: MIT */
/* A panel with soft shapes in strong colours, a frame and a gradient; and its light, by lcms2. */
#include "scene.h"

#include <math.h>
#include <string.h>

/* 1 inside, 0 outside, soft for some pixels about the edge. */
static double cover(double inside)
{
    double t = fmin(fmax(inside / 5.0 + 0.5, 0.0), 1.0);
    return t * t * (3 - 2 * t);
}

static void paint(double rgba[4], double amount, double r, double g, double b)
{
    const double colour[3] = {r, g, b};
    for (int i = 0; i < 3; i++)
        rgba[i] += (colour[i] - rgba[i]) * amount;
}

static double disc(double x, double y, double cx, double cy, double radius)
{
    return cover(radius - hypot(x - cx, y - cy));
}

static double box(double x, double y, double left, double top, double right, double bottom)
{
    return cover(fmin(fmin(x - left, right - x), fmin(y - top, bottom - y)));
}

void scene_at(uint32_t column, uint32_t row, double rgba[4])
{
    double x = column + 0.5, y = row + 0.5, down = y / SCENE_HEIGHT;
    rgba[0] = 0.55 + 0.40 * down;
    rgba[1] = 0.75 + 0.10 * down;
    rgba[2] = 0.98 - 0.55 * down;
    rgba[3] = 1 - 0.9 * disc(x, y, 12, 116, 24);
    paint(rgba, disc(x, y, 30, 36, 20), 0.95, 0.10, 0.08);
    paint(rgba, disc(x, y, 66, 40, 18), 0.08, 0.85, 0.12);
    paint(rgba, disc(x, y, 70, 92, 20), 0.10, 0.12, 0.90);
    paint(rgba, box(x, y, 12, 70, 44, 100), 0.96, 0.78, 0.62);
    paint(rgba, box(x, y, 46, 60, 58, 118), 0.12, 0.10, 0.11);
    paint(rgba, 1 - box(x, y, 5, 5, SCENE_WIDTH - 5, SCENE_HEIGHT - 5), 1, 1, 1);
}

static cmsHPROFILE open_profile(const struct bytes *icc, unsigned channels)
{
    static const cmsFloat64Number srgb[5] = {2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045};
    cmsHPROFILE profile;
    if (icc->size) {
        profile = cmsOpenProfileFromMem(icc->data, (cmsUInt32Number)icc->size);
    } else if (channels >= 3) {
        profile = cmsCreate_sRGBProfile();
    } else {
        cmsToneCurve *curve = cmsBuildParametricToneCurve(NULL, 4, srgb);
        profile = cmsCreateGrayProfile(cmsD50_xyY(), curve);
        cmsFreeToneCurve(curve);
    }
    assert_non_null(profile);
    return profile;
}

static struct light convert(const struct picture *picture, cmsHPROFILE profile,
                            cmsUInt32Number format, const float *samples)
{
    size_t count = (size_t)picture->width * picture->height;
    struct light light = {picture->width, picture->height, malloc(count * sizeof(cmsCIEXYZ))};
    cmsHPROFILE xyz = cmsCreateXYZProfile();
    cmsHTRANSFORM transform = cmsCreateTransform(profile, format, xyz, TYPE_XYZ_DBL,
                                                 INTENT_RELATIVE_COLORIMETRIC, cmsFLAGS_NOOPTIMIZE);
    assert_non_null(light.pixels);
    assert_non_null(transform);
    cmsDoTransform(transform, samples, light.pixels, (cmsUInt32Number)count);
    cmsDeleteTransform(transform);
    cmsCloseProfile(xyz);
    cmsCloseProfile(profile);
    return light;
}

static float sample(const struct picture *picture, size_t index)
{
    uint16_t value;
    if (picture->depth == 8)
        return (float)picture->data[index] / 255.0f;
    memcpy(&value, picture->data + 2 * index, 2);
    return (float)value / 65535.0f;
}

struct light light_of(const struct picture *picture, const struct bytes *icc)
{
    bool alpha = picture->channels % 2 == 0;
    unsigned colours = picture->channels - alpha;
    size_t count = (size_t)picture->width * picture->height;
    float *samples = malloc(count * colours * sizeof(float));
    assert_non_null(samples);
    for (size_t i = 0; i < count; i++)
        for (unsigned c = 0; c < colours; c++) {
            float a = alpha ? sample(picture, i * picture->channels + colours) : 1;
            float value = sample(picture, i * picture->channels + c);
            samples[i * colours + c] = a * value + (1 - a);
        }
    struct light light = convert(picture, open_profile(icc, colours),
                                 colours == 1 ? TYPE_GRAY_FLT : TYPE_RGB_FLT, samples);
    free(samples);
    return light;
}

static cmsInt32Number mix_inks(const cmsUInt16Number in[], cmsUInt16Number out[], void *user)
{
    /* Red, green and blue light that each ink lets through. */
    static const double inks[4][3] = {
        {0.05, 0.50, 0.85}, {0.80, 0.05, 0.30}, {0.98, 0.85, 0.08}, {0.02, 0.02, 0.02}};
    static const double to_xyz[3][3] = {
        {0.4360, 0.3851, 0.1431}, {0.2225, 0.7169, 0.0606}, {0.0139, 0.0971, 0.7141}};
    double light[3] = {1, 1, 1}, xyz[3] = {0, 0, 0};
    cmsCIELab lab;
    (void)user;
    for (int ink = 0; ink < 4; ink++)
        for (int c = 0; c < 3; c++)
            light[c] *= 1 - in[ink] / 65535.0 * (1 - inks[ink][c]);
    for (int i = 0; i < 3; i++)
        for (int c = 0; c < 3; c++)
            xyz[i] += to_xyz[i][c] * light[c];
    cmsXYZ2Lab(NULL, &lab, &(cmsCIEXYZ){xyz[0], xyz[1], xyz[2]});
    cmsFloat2LabEncodedV2(out, &lab);
    return TRUE;
}

struct bytes inks_profile(void)
{
    struct bytes bytes = {NULL, 0, 0};
    cmsHPROFILE profile = cmsCreateProfilePlaceholder(NULL);
    cmsPipeline *pipeline = cmsPipelineAlloc(NULL, 4, 3);
    cmsStage *table = cmsStageAllocCLut16bit(NULL, 9, 4, 3, NULL);
    cmsUInt32Number size = 0;
    cmsStageSampleCLut16bit(table, mix_inks, NULL, 0);
    cmsPipelineInsertStage(pipeline, cmsAT_BEGIN, table);
    cmsSetProfileVersion(profile, 2.4);
    cmsSetDeviceClass(profile, cmsSigOutputClass);
    cmsSetColorSpace(profile, cmsSigCmykData);
    cmsSetPCS(profile, cmsSigLabData);
    assert_true(cmsWriteTag(profile, cmsSigAToB0Tag, pipeline));
    cmsPipelineFree(pipeline);
    assert_true(cmsSaveProfileToMem(profile, NULL, &size));
    bytes.data = malloc(size);
    bytes.size = bytes.capacity = size;
    assert_true(cmsSaveProfileToMem(profile, bytes.data, &size));
    cmsCloseProfile(profile);
    return bytes;
}

struct light light_of_inks(const struct picture *inks, const struct bytes *icc)
{
    size_t count = (size_t)inks->width * inks->height;
    struct light light = {inks->width, inks->height, malloc(count * sizeof(cmsCIEXYZ))};
    cmsHPROFILE profile = open_profile(icc, 4), lab = cmsCreateLab4Profile(NULL);
    cmsHTRANSFORM transform =
        cmsCreateTransform(profile, TYPE_CMYK_8_REV, lab, TYPE_Lab_16, INTENT_RELATIVE_COLORIMETRIC,
                           cmsFLAGS_BLACKPOINTCOMPENSATION | cmsFLAGS_NOOPTIMIZE);
    assert_non_null(light.pixels);
    assert_non_null(transform);
    for (size_t i = 0; i < count; i++) {
        cmsUInt16Number encoded[3];
        cmsCIELab seen;
        cmsDoTransform(transform, inks->data + 4 * i, encoded, 1);
        cmsLabEncoded2Float(&seen, encoded);
        cmsLab2XYZ(NULL, &light.pixels[i], &seen);
    }
    cmsDeleteTransform(transform);
    cmsCloseProfile(profile);
    cmsCloseProfile(lab);
    return light;
}

void light_free(struct light *light)
{
    free(light->pixels);
    light->pixels = NULL;
}

static cmsCIEXYZ mean(const struct light *light, uint32_t x, uint32_t y, uint32_t side)
{
    cmsCIEXYZ sum = {0, 0, 0};
    for (uint32_t j = 0; j < side; j++)
        for (uint32_t i = 0; i < side; i++) {
            size_t at = (size_t)(y * side + j) * light->width + x * side + i;
            sum.X += light->pixels[at].X;
            sum.Y += light->pixels[at].Y;
            sum.Z += light->pixels[at].Z;
        }
    sum.X /= side * side;
    sum.Y /= side * side;
    sum.Z /= side * side;
    return sum;
}

double light_distance(const struct light *page, const struct light *result)
{
    uint32_t side = result->width / page->width;
    double sum = 0;
    if (side == 0 || result->width != page->width * side || result->height != page->height * side)
        return -1;
    for (uint32_t y = 0; y < page->height; y++)
        for (uint32_t x = 0; x < page->width; x++) {
            cmsCIEXYZ reduced = mean(result, x, y, side);
            cmsCIELab a, b;
            cmsXYZ2Lab(NULL, &a, &page->pixels[(size_t)y * page->width + x]);
            cmsXYZ2Lab(NULL, &b, &reduced);
            sum += cmsCIE2000DeltaE(&a, &b, 1, 1, 1);
        }
    return sum / ((double)page->width * page->height);
}
