/* SPDX-License-Identifier: MIT */
/* ICC profiles by way of lcms2, whose allocations are counted. */
#include "image/icc.h"

#include "base/status.h"

#include <lcms2_plugin.h>
#include <math.h>
#include <string.h>

/* A profile that wants more at once is damaged. */
#define MAX_ALLOCATION ((cmsUInt32Number)64 << 20)

/* Where a profile says when it was made (12 bytes): set to a constant, so that the same page always
 * gives the same bytes. */
#define DATE_OFFSET 24
static const uint8_t date[12] = {0x07, 0xd0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0};

/* Every block of lcms2 has links before it: what it forgets when it meets an error is freed with
 * the context. */
#define LINKS_SIZE ((size_t)16)
_Static_assert(sizeof(struct planche_icc_block) <= LINKS_SIZE, "links must fit before a block");

static void make_ring(struct planche_icc_block *block)
{
    block->previous = block->next = block;
}

static void take_out(struct planche_icc_block *block)
{
    block->previous->next = block->next;
    block->next->previous = block->previous;
    make_ring(block);
}

static void put_in(struct planche_icc_block *ring, struct planche_icc_block *block)
{
    block->previous = ring;
    block->next = ring->next;
    ring->next->previous = block;
    ring->next = block;
}

static void *refuse(struct planche_icc *icc, size_t size)
{
    if (!icc)
        return NULL;
    enum planche_status status =
        planche_fail_memory(icc->trap.error, icc->budget, size, "colour management");
    if (icc->running)
        planche_error_trap_raise(&icc->trap, status);
    icc->trap.status = status;
    return NULL;
}

/* The block as lcms2 sees it. lcms2 has no user data yet while it makes the context itself: that
 * little is not counted. */
static void *hand_out(struct planche_icc *icc, struct planche_icc_block *block, size_t size)
{
    if (!block)
        return refuse(icc, size);
    make_ring(block);
    if (icc)
        put_in(&icc->blocks, block);
    return (uint8_t *)block + LINKS_SIZE;
}

static struct planche_icc_block *links_of(void *block)
{
    return (struct planche_icc_block *)(void *)((uint8_t *)block - LINKS_SIZE);
}

static void *counted_malloc(cmsContext context, cmsUInt32Number size)
{
    struct planche_icc *icc = cmsGetContextUserData(context);
    if (size == 0 || size > MAX_ALLOCATION)
        return NULL;
    return hand_out(icc, planche_alloc(icc ? icc->budget : NULL, LINKS_SIZE + size),
                    LINKS_SIZE + size);
}

static void counted_free(cmsContext context, void *block)
{
    (void)context;
    if (!block)
        return;
    take_out(links_of(block));
    planche_free(links_of(block));
}

static void *counted_realloc(cmsContext context, void *block, cmsUInt32Number size)
{
    struct planche_icc *icc = cmsGetContextUserData(context);
    if (!block)
        return counted_malloc(context, size);
    if (size == 0 || size > MAX_ALLOCATION)
        return NULL;
    struct planche_icc_block *old = links_of(block), *moved;
    take_out(old);
    moved = planche_realloc(icc ? icc->budget : NULL, old, LINKS_SIZE + size);
    if (!moved && icc)
        put_in(&icc->blocks, old);
    return hand_out(icc, moved, LINKS_SIZE + size);
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
    icc->running = false;
    icc->trap.status = PLANCHE_OK;
    icc->trap.error = error;
    make_ring(&icc->blocks);
    icc->context = cmsCreateContext(&memory, icc);
    if (icc->context && icc->trap.status == PLANCHE_OK)
        return PLANCHE_OK;
    planche_icc_close(icc);
    if (icc->trap.status)
        return icc->trap.status;
    return planche_fail(error, PLANCHE_ERROR_MEMORY,
                        "colour management: the system has no memory left");
}

void planche_icc_close(struct planche_icc *icc)
{
    if (!icc->context)
        return;
    cmsDeleteContext(icc->context);
    icc->context = NULL;
    while (icc->blocks.next != &icc->blocks)
        counted_free(NULL, (uint8_t *)icc->blocks.next + LINKS_SIZE);
}

enum planche_status planche_icc_run(struct planche_icc *icc, struct planche_error *error,
                                    void (*step)(void *user), void *user)
{
    icc->running = true;
    enum planche_status status = planche_error_trap_run(&icc->trap, error, step, user);
    icc->running = false;
    return status;
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

/* What a step works on, and what comes out of it. */
struct job {
    struct planche_icc icc;
    const void *profile;
    size_t profile_size;
    const struct planche_icc_colours *colours;
    unsigned channels;
    enum planche_icc_kind kind;
    uint8_t *data;
    size_t size;
    float *tables;
    size_t points; /* of each of them */
    bool found;
};

static enum planche_status run_job(struct job *job, struct planche_budget *budget,
                                   void (*step)(void *user), struct planche_error *error)
{
    enum planche_status status = planche_icc_open(&job->icc, budget, error);
    if (status)
        return status;
    status = planche_icc_run(&job->icc, error, step, job);
    planche_icc_close(&job->icc);
    return status;
}

/* The same for a job that makes a profile. */
static enum planche_status make_profile(struct job *job, struct planche_budget *budget,
                                        void (*step)(void *user), uint8_t **data, size_t *size,
                                        struct planche_error *error)
{
    enum planche_status status = run_job(job, budget, step, error);
    if (status) {
        planche_free(job->data);
        return status;
    }
    *data = job->data;
    *size = job->size;
    return PLANCHE_OK;
}

static void kind_step(void *user)
{
    struct job *job = user;
    cmsHPROFILE profile = open_profile(&job->icc, job->profile, job->profile_size);
    if (!profile)
        return;
    job->kind = kind_of(&job->icc, profile);
    cmsCloseProfile(profile);
}

enum planche_status planche_icc_get_kind(struct planche_budget *budget, const void *data,
                                         size_t size, enum planche_icc_kind *kind,
                                         struct planche_error *error)
{
    struct job job = {.profile = data, .profile_size = size};
    enum planche_status status = run_job(&job, budget, kind_step, error);
    *kind = job.kind;
    return status;
}

/* Closes the profile and keeps its bytes. */
static void save_profile(struct job *job, cmsHPROFILE profile)
{
    cmsUInt32Number size = 0;
    /* Version 2 is read by everything. */
    cmsSetProfileVersion(profile, 2.4);
    if (cmsSaveProfileToMem(profile, NULL, &size) && size > DATE_OFFSET + sizeof date) {
        job->data = planche_alloc(job->icc.budget, size);
        if (!job->data)
            refuse(&job->icc, size);
        if (!cmsSaveProfileToMem(profile, job->data, &size)) {
            planche_free(job->data);
            job->data = NULL;
        }
    }
    if (job->data) {
        memcpy(job->data + DATE_OFFSET, date, sizeof date);
        job->size = size;
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

static cmsToneCurve *tone_curve(struct planche_icc *icc, const struct planche_icc_colours *c)
{
    static const cmsFloat64Number srgb[5] = {2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045};
    static const cmsFloat64Number rec709[5] = {1 / 0.45, 1 / 1.099, 0.099 / 1.099, 1 / 4.5, 0.081};
    if (c->video)
        return cmsBuildParametricToneCurve(icc->context, 4, rec709);
    return c->gamma > 0 ? cmsBuildGamma(icc->context, c->gamma)
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

static void colours_step(void *user)
{
    struct job *job = user;
    cmsToneCurve *curve = tone_curve(&job->icc, job->colours);
    cmsHPROFILE profile = NULL;
    if (curve)
        profile = job->channels >= 3
                      ? rgb_profile(&job->icc, job->colours, curve)
                      : cmsCreateGrayProfileTHR(job->icc.context, &srgb_white, curve);
    if (profile)
        save_profile(job, profile);
    if (curve)
        cmsFreeToneCurve(curve);
}

enum planche_status planche_icc_from_colours(struct planche_budget *budget, unsigned channels,
                                             const struct planche_icc_colours *colours,
                                             uint8_t **data, size_t *size,
                                             struct planche_error *error)
{
    struct job job = {.colours = colours, .channels = channels};
    *data = NULL;
    *size = 0;
    /* Five hundredths is what libpng too takes for the same exponent. */
    bool same_curve =
        !colours->video && (colours->gamma <= 0 || near(colours->gamma / 2.2, 1.0, 0.05));
    bool same_primaries = channels < 3 || colours->white_y <= 0 || primaries_are_srgb(colours);
    if (same_curve && same_primaries)
        return PLANCHE_OK;
    return make_profile(&job, budget, colours_step, data, size, error);
}

/* Only profiles that lead to XYZ: there the curve is the exponent itself. */
static void repeat_grey(struct job *job, cmsHPROFILE grey)
{
    if (cmsGetColorSpace(grey) != cmsSigGrayData || cmsGetPCS(grey) != cmsSigXYZData)
        return;
    cmsToneCurve *curve = cmsReadTag(grey, cmsSigGrayTRCTag);
    cmsHPROFILE profile = curve ? rgb_profile(&job->icc, NULL, curve) : NULL;
    if (profile)
        save_profile(job, profile);
}

static void grey_step(void *user)
{
    struct job *job = user;
    cmsHPROFILE grey = open_profile(&job->icc, job->profile, job->profile_size);
    if (!grey)
        return;
    repeat_grey(job, grey);
    cmsCloseProfile(grey);
}

enum planche_status planche_icc_grey_to_rgb(struct planche_budget *budget, const void *grey,
                                            size_t grey_size, uint8_t **data, size_t *size,
                                            struct planche_error *error)
{
    struct job job = {.profile = grey, .profile_size = grey_size};
    *data = NULL;
    *size = 0;
    return make_profile(&job, budget, grey_step, data, size, error);
}

static const cmsTagSignature colour_curves[3] = {cmsSigRedTRCTag, cmsSigGreenTRCTag,
                                                 cmsSigBlueTRCTag};

/* Whether equal channels are the white of the profile, darkened. */
static bool axis_is_neutral(cmsHPROFILE profile)
{
    static const cmsTagSignature colorants[3] = {cmsSigRedColorantTag, cmsSigGreenColorantTag,
                                                 cmsSigBlueColorantTag};
    const cmsCIEXYZ *white = cmsD50_XYZ();
    cmsCIEXYZ sum = {0, 0, 0};
    for (int c = 0; c < 3; c++) {
        const cmsCIEXYZ *colorant = cmsReadTag(profile, colorants[c]);
        if (!colorant)
            return false;
        sum.X += colorant->X;
        sum.Y += colorant->Y;
        sum.Z += colorant->Z;
    }
    return near(sum.X, white->X, 0.002) && near(sum.Y, white->Y, 0.002) &&
           near(sum.Z, white->Z, 0.002);
}

/* The curve of all three channels; NULL: there is no such curve. */
static cmsToneCurve *common_curve(cmsHPROFILE profile)
{
    const int points = 256;
    cmsToneCurve *first = cmsReadTag(profile, colour_curves[0]);
    for (int c = 1; first && c < 3; c++) {
        const cmsToneCurve *curve = cmsReadTag(profile, colour_curves[c]);
        for (int i = 0; curve && i < points; i++) {
            float value = (float)i / (float)(points - 1);
            if (!near(cmsEvalToneCurveFloat(first, value), cmsEvalToneCurveFloat(curve, value),
                      1.0 / 65535))
                curve = NULL;
        }
        if (!curve)
            return NULL;
    }
    return first;
}

static void make_grey_step(void *user)
{
    struct job *job = user;
    cmsHPROFILE rgb = open_profile(&job->icc, job->profile, job->profile_size), grey = NULL;
    if (!rgb)
        return;
    bool plain = cmsGetColorSpace(rgb) == cmsSigRgbData && cmsGetPCS(rgb) == cmsSigXYZData &&
                 cmsIsMatrixShaper(rgb) && !cmsIsTag(rgb, cmsSigAToB0Tag) && axis_is_neutral(rgb);
    cmsToneCurve *curve = plain ? common_curve(rgb) : NULL;
    if (curve)
        grey = cmsCreateGrayProfileTHR(job->icc.context, cmsD50_xyY(), curve);
    if (grey)
        save_profile(job, grey);
    cmsCloseProfile(rgb);
}

enum planche_status planche_icc_rgb_to_grey(struct planche_budget *budget, const void *rgb,
                                            size_t rgb_size, uint8_t **data, size_t *size,
                                            struct planche_error *error)
{
    struct job job = {.profile = rgb, .profile_size = rgb_size};
    *data = NULL;
    *size = 0;
    return make_profile(&job, budget, make_grey_step, data, size, error);
}

static void read_curves(struct job *job, cmsHPROFILE profile)
{
    bool rgb = job->channels == 3;
    if (cmsGetColorSpace(profile) != (rgb ? cmsSigRgbData : cmsSigGrayData))
        return;
    for (int c = 0; c < 3; c++) {
        const cmsToneCurve *curve = cmsReadTag(profile, rgb ? colour_curves[c] : cmsSigGrayTRCTag);
        if (!curve)
            return;
        for (size_t i = 0; i < job->points; i++)
            job->tables[(size_t)c * job->points + i] =
                cmsEvalToneCurveFloat(curve, (float)i / (float)(job->points - 1));
    }
    job->found = true;
}

static void curves_step(void *user)
{
    struct job *job = user;
    cmsHPROFILE profile = open_profile(&job->icc, job->profile, job->profile_size);
    if (!profile)
        return;
    read_curves(job, profile);
    cmsCloseProfile(profile);
}

enum planche_status planche_icc_get_curves(struct planche_budget *budget, const void *data,
                                           size_t size, unsigned colours, float *tables,
                                           size_t count, bool *found, struct planche_error *error)
{
    struct job job = {.profile = data,
                      .profile_size = size,
                      .channels = colours,
                      .tables = tables,
                      .points = count};
    enum planche_status status = run_job(&job, budget, curves_step, error);
    *found = job.found;
    return status;
}

int planche_icc_library_version(void)
{
    return cmsGetEncodedCMMversion();
}
