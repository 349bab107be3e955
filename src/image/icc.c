/* SPDX-License-Identifier: MIT */
/* ICC profiles by way of lcms2, whose allocations are counted. */
#include "image/icc.h"

#include <lcms2_plugin.h>
#include <math.h>
#include <string.h>

/* A profile that wants more at once is damaged. */
#define MAX_ALLOCATION ((cmsUInt32Number)64 << 20)

/* Where a profile says when it was made (12 bytes): set to a constant, so that the same page always
 * gives the same bytes. */
#define DATE_OFFSET 24
static const uint8_t date[12] = {0x07, 0xd0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0};

/* lcms2 has no user data yet while it makes the context itself; that little is not counted. */
static struct planche_budget *budget_of(cmsContext context)
{
    struct planche_icc *icc = cmsGetContextUserData(context);
    return icc ? icc->budget : NULL;
}

static void *note_failure(cmsContext context, void *block, cmsUInt32Number size)
{
    struct planche_icc *icc = cmsGetContextUserData(context);
    if (!block && icc && size)
        icc->starved = size;
    return block;
}

static void *counted_malloc(cmsContext context, cmsUInt32Number size)
{
    if (size > MAX_ALLOCATION)
        return NULL;
    return note_failure(context, planche_alloc(budget_of(context), size), size);
}

static void counted_free(cmsContext context, void *block)
{
    (void)context;
    planche_free(block);
}

static void *counted_realloc(cmsContext context, void *block, cmsUInt32Number size)
{
    if (size > MAX_ALLOCATION)
        return NULL;
    return note_failure(context, planche_realloc(budget_of(context), block, size), size);
}

/* A profile is used by one thread, so it needs no lock; and lcms2's own would be written to even
 * when there is no memory for it. */
static void *no_mutex(cmsContext context)
{
    return context;
}

static void destroy_no_mutex(cmsContext context, void *mutex)
{
    (void)context;
    (void)mutex;
}

static cmsBool lock_no_mutex(cmsContext context, void *mutex)
{
    (void)context;
    (void)mutex;
    return TRUE;
}

enum planche_status planche_icc_open(struct planche_icc *icc, struct planche_budget *budget,
                                     struct planche_error *error)
{
    cmsPluginMutex mutex = {
        .base = {.Magic = cmsPluginMagicNumber, .ExpectedVersion = 2060, .Type = cmsPluginMutexSig},
        .CreateMutexPtr = no_mutex,
        .DestroyMutexPtr = destroy_no_mutex,
        .LockMutexPtr = lock_no_mutex,
        .UnlockMutexPtr = destroy_no_mutex,
    };
    cmsPluginMemHandler memory = {
        .base = {.Magic = cmsPluginMagicNumber,
                 .ExpectedVersion = 2060,
                 .Type = cmsPluginMemHandlerSig,
                 .Next = &mutex.base},
        .MallocPtr = counted_malloc,
        .FreePtr = counted_free,
        .ReallocPtr = counted_realloc,
    };
    icc->budget = budget;
    icc->starved = 0;
    icc->context = cmsCreateContext(&memory, icc);
    if (!icc->context)
        return planche_fail_memory(error, budget, icc->starved, "colour management");
    return PLANCHE_OK;
}

void planche_icc_close(struct planche_icc *icc)
{
    if (icc->context)
        cmsDeleteContext(icc->context);
    icc->context = NULL;
}

enum planche_status planche_icc_memory_status(const struct planche_icc *icc,
                                              struct planche_error *error)
{
    if (!icc->starved)
        return PLANCHE_OK;
    return planche_fail_memory(error, icc->budget, icc->starved, "colour management");
}

static bool can_be_used(struct planche_icc *icc, cmsHPROFILE profile, cmsUInt32Number format)
{
    cmsHPROFILE lab = cmsCreateLab4ProfileTHR(icc->context, NULL);
    cmsHTRANSFORM transform =
        lab ? cmsCreateTransformTHR(icc->context, profile, format, lab, TYPE_Lab_DBL,
                                    INTENT_RELATIVE_COLORIMETRIC, cmsFLAGS_NOOPTIMIZE)
            : NULL;
    bool usable = transform != NULL;
    if (transform)
        cmsDeleteTransform(transform);
    if (lab)
        cmsCloseProfile(lab);
    return usable;
}

static enum planche_icc_kind kind_of(struct planche_icc *icc, cmsHPROFILE profile)
{
    cmsProfileClassSignature class = cmsGetDeviceClass(profile);
    if (class != cmsSigInputClass && class != cmsSigDisplayClass && class != cmsSigOutputClass &&
        class != cmsSigColorSpaceClass)
        return PLANCHE_ICC_OTHER;
    switch (cmsGetColorSpace(profile)) {
    case cmsSigGrayData:
        return can_be_used(icc, profile, TYPE_GRAY_8) ? PLANCHE_ICC_GREY : PLANCHE_ICC_DAMAGED;
    case cmsSigRgbData:
        return can_be_used(icc, profile, TYPE_RGB_8) ? PLANCHE_ICC_RGB : PLANCHE_ICC_DAMAGED;
    case cmsSigCmykData:
        return can_be_used(icc, profile, TYPE_CMYK_8) ? PLANCHE_ICC_CMYK : PLANCHE_ICC_DAMAGED;
    default:
        return PLANCHE_ICC_OTHER;
    }
}

static cmsHPROFILE open_profile(struct planche_icc *icc, const void *data, size_t size)
{
    return size > MAX_ALLOCATION
               ? NULL
               : cmsOpenProfileFromMemTHR(icc->context, data, (cmsUInt32Number)size);
}

enum planche_status planche_icc_get_kind(struct planche_budget *budget, const void *data,
                                         size_t size, enum planche_icc_kind *kind,
                                         struct planche_error *error)
{
    struct planche_icc icc;
    *kind = PLANCHE_ICC_DAMAGED;
    enum planche_status status = planche_icc_open(&icc, budget, error);
    if (status)
        return status;
    cmsHPROFILE profile = open_profile(&icc, data, size);
    if (profile) {
        *kind = kind_of(&icc, profile);
        cmsCloseProfile(profile);
    }
    status = planche_icc_memory_status(&icc, error);
    planche_icc_close(&icc);
    return status;
}

/* Closes the profile and hands its bytes out. */
static void save_profile(struct planche_icc *icc, cmsHPROFILE profile, uint8_t **data, size_t *size)
{
    cmsUInt32Number bytes = 0;
    /* Version 2 is read by everything. */
    cmsSetProfileVersion(profile, 2.4);
    if (cmsSaveProfileToMem(profile, NULL, &bytes) && bytes > DATE_OFFSET + sizeof date) {
        *data = counted_malloc(icc->context, bytes);
        if (*data && !cmsSaveProfileToMem(profile, *data, &bytes)) {
            planche_free(*data);
            *data = NULL;
        }
    }
    if (*data) {
        memcpy(*data + DATE_OFFSET, date, sizeof date);
        *size = bytes;
    }
    cmsCloseProfile(profile);
}

static const cmsCIExyY srgb_white = {0.3127, 0.3290, 1.0};
static const cmsCIExyYTRIPLE srgb_primaries = {
    {0.64, 0.33, 1.0}, {0.30, 0.60, 1.0}, {0.15, 0.06, 1.0}};

static bool near(double a, double b, double tolerance)
{
    return fabs(a - b) <= tolerance;
}

static bool near_xy(const cmsCIExyY *a, double x, double y)
{
    return near(a->x, x, 0.002) && near(a->y, y, 0.002);
}

static bool primaries_are_srgb(const struct planche_icc_colours *c)
{
    return near_xy(&srgb_white, c->white_x, c->white_y) &&
           near_xy(&srgb_primaries.Red, c->red_x, c->red_y) &&
           near_xy(&srgb_primaries.Green, c->green_x, c->green_y) &&
           near_xy(&srgb_primaries.Blue, c->blue_x, c->blue_y);
}

static cmsToneCurve *tone_curve(struct planche_icc *icc, double gamma)
{
    static const cmsFloat64Number srgb[5] = {2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045};
    return gamma > 0 ? cmsBuildGamma(icc->context, gamma)
                     : cmsBuildParametricToneCurve(icc->context, 4, srgb);
}

static cmsHPROFILE rgb_profile(struct planche_icc *icc, const struct planche_icc_colours *c,
                               cmsToneCurve *curve)
{
    cmsCIExyY white = srgb_white;
    cmsCIExyYTRIPLE primaries = srgb_primaries;
    cmsToneCurve *curves[3] = {curve, curve, curve};
    if (c && c->white_y > 0) {
        white = (cmsCIExyY){c->white_x, c->white_y, 1.0};
        primaries = (cmsCIExyYTRIPLE){
            {c->red_x, c->red_y, 1.0}, {c->green_x, c->green_y, 1.0}, {c->blue_x, c->blue_y, 1.0}};
    }
    return cmsCreateRGBProfileTHR(icc->context, &white, &primaries, curves);
}

static void make_profile(struct planche_icc *icc, unsigned channels,
                         const struct planche_icc_colours *colours, uint8_t **data, size_t *size)
{
    cmsToneCurve *curve = tone_curve(icc, colours->gamma);
    cmsHPROFILE profile = NULL;
    if (curve)
        profile = channels >= 3 ? rgb_profile(icc, colours, curve)
                                : cmsCreateGrayProfileTHR(icc->context, &srgb_white, curve);
    if (profile)
        save_profile(icc, profile, data, size);
    if (curve)
        cmsFreeToneCurve(curve);
}

enum planche_status planche_icc_from_colours(struct planche_budget *budget, unsigned channels,
                                             const struct planche_icc_colours *colours,
                                             uint8_t **data, size_t *size,
                                             struct planche_error *error)
{
    struct planche_icc icc;
    *data = NULL;
    *size = 0;
    /* Five hundredths is what libpng too takes for the same exponent. */
    bool same_curve = colours->gamma <= 0 || near(colours->gamma / 2.2, 1.0, 0.05);
    bool same_primaries = channels < 3 || colours->white_y <= 0 || primaries_are_srgb(colours);
    if (same_curve && same_primaries)
        return PLANCHE_OK;
    enum planche_status status = planche_icc_open(&icc, budget, error);
    if (status)
        return status;
    make_profile(&icc, channels, colours, data, size);
    status = *data ? PLANCHE_OK : planche_icc_memory_status(&icc, error);
    planche_icc_close(&icc);
    return status;
}

/* Only profiles that lead to XYZ: there the curve is the exponent itself. */
static void repeat_grey(struct planche_icc *icc, cmsHPROFILE grey, uint8_t **data, size_t *size)
{
    if (cmsGetColorSpace(grey) != cmsSigGrayData || cmsGetPCS(grey) != cmsSigXYZData)
        return;
    cmsToneCurve *curve = cmsReadTag(grey, cmsSigGrayTRCTag);
    cmsHPROFILE profile = curve ? rgb_profile(icc, NULL, curve) : NULL;
    if (profile)
        save_profile(icc, profile, data, size);
}

enum planche_status planche_icc_grey_to_rgb(struct planche_budget *budget, const void *grey,
                                            size_t grey_size, uint8_t **data, size_t *size,
                                            struct planche_error *error)
{
    struct planche_icc icc;
    *data = NULL;
    *size = 0;
    enum planche_status status = planche_icc_open(&icc, budget, error);
    if (status)
        return status;
    cmsHPROFILE profile = open_profile(&icc, grey, grey_size);
    if (profile) {
        repeat_grey(&icc, profile, data, size);
        cmsCloseProfile(profile);
    }
    status = *data ? PLANCHE_OK : planche_icc_memory_status(&icc, error);
    planche_icc_close(&icc);
    return status;
}
