/* SPDX-License-Identifier: MIT */
/* CMYK rows to sRGB, by the page's own profile or by a formula. */
#include "image/cmyk.h"

#include "image/icc.h"

struct planche_cmyk {
    struct planche_icc icc;
    cmsHTRANSFORM transform; /* NULL: the formula */
    bool inverted;
};

/* Relative colorimetric with black point compensation: paper becomes white and the black of inked
 * lines stays black. */
static cmsHTRANSFORM make_transform(struct planche_cmyk *cmyk, cmsHPROFILE profile)
{
    cmsHPROFILE srgb = cmsCreate_sRGBProfileTHR(cmyk->icc.context);
    if (!srgb)
        return NULL;
    cmsHTRANSFORM transform = cmsCreateTransformTHR(
        cmyk->icc.context, profile, cmyk->inverted ? TYPE_CMYK_8_REV : TYPE_CMYK_8, srgb,
        TYPE_RGB_8, INTENT_RELATIVE_COLORIMETRIC, cmsFLAGS_BLACKPOINTCOMPENSATION);
    cmsCloseProfile(srgb);
    return transform;
}

struct job {
    struct planche_cmyk *cmyk;
    const void *profile;
    size_t size;
};

static void profile_step(void *user)
{
    const struct job *job = user;
    struct planche_cmyk *cmyk = job->cmyk;
    cmsHPROFILE profile =
        cmsOpenProfileFromMemTHR(cmyk->icc.context, job->profile, (cmsUInt32Number)job->size);
    if (!profile)
        return;
    if (cmsGetColorSpace(profile) == cmsSigCmykData)
        cmyk->transform = make_transform(cmyk, profile);
    cmsCloseProfile(profile);
}

static enum planche_status use_profile(struct planche_cmyk *cmyk, struct planche_budget *budget,
                                       const void *profile, size_t size,
                                       struct planche_error *error)
{
    struct job job = {cmyk, profile, size};
    enum planche_status status = planche_icc_open(&cmyk->icc, budget, error);
    return status ? status : planche_icc_run(&cmyk->icc, error, profile_step, &job);
}

enum planche_status planche_cmyk_create(struct planche_cmyk **out, struct planche_budget *budget,
                                        const void *profile, size_t size, bool inverted,
                                        bool *managed, struct planche_error *error)
{
    enum planche_status status = PLANCHE_OK;
    *out = NULL;
    *managed = false;
    struct planche_cmyk *cmyk = planche_calloc(budget, 1, sizeof *cmyk);
    if (!cmyk)
        return planche_fail_memory(error, budget, sizeof *cmyk, "colour management");
    cmyk->inverted = inverted;
    if (profile && size <= UINT32_MAX)
        status = use_profile(cmyk, budget, profile, size, error);
    if (status)
        planche_cmyk_destroy(&cmyk);
    else
        *managed = cmyk->transform != NULL;
    *out = cmyk;
    return status;
}

void planche_cmyk_destroy(struct planche_cmyk **cmyk)
{
    if (!*cmyk)
        return;
    if ((*cmyk)->transform)
        cmsDeleteTransform((*cmyk)->transform);
    planche_icc_close(&(*cmyk)->icc);
    planche_free(*cmyk);
    *cmyk = NULL;
}

static void formula_row(uint8_t *rgb, const uint8_t *samples, uint32_t width, uint8_t flip)
{
    for (size_t x = 0; x < width; x++) {
        unsigned light = (uint8_t)(samples[4 * x + 3] ^ flip);
        for (unsigned i = 0; i < 3; i++)
            rgb[3 * x + i] = (uint8_t)(((uint8_t)(samples[4 * x + i] ^ flip) * light + 127) / 255);
    }
}

void planche_cmyk_row(const struct planche_cmyk *cmyk, uint8_t *rgb, const uint8_t *samples,
                      uint32_t width)
{
    if (cmyk->transform)
        cmsDoTransform(cmyk->transform, samples, rgb, width);
    else
        formula_row(rgb, samples, width, cmyk->inverted ? 0 : 255);
}
