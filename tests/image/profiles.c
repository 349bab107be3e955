/* SPDX-License-Identifier: MIT */
/* Colour profiles for tests, made by lcms2. */
#include "profiles.h"

#include "support/testing.h"

#include <lcms2.h>
#include <stdlib.h>

static cmsInt32Number black_only(const cmsUInt16Number in[], cmsUInt16Number out[], void *user)
{
    (void)user;
    out[0] = (cmsUInt16Number)(65535 - in[3]);
    out[1] = out[2] = 32768;
    return TRUE;
}

static cmsHPROFILE cmyk_profile(void)
{
    cmsHPROFILE profile = cmsCreateProfilePlaceholder(NULL);
    cmsPipeline *pipeline = cmsPipelineAlloc(NULL, 4, 3);
    cmsStage *table = cmsStageAllocCLut16bit(NULL, 3, 4, 3, NULL);
    cmsStageSampleCLut16bit(table, black_only, NULL, 0);
    cmsPipelineInsertStage(pipeline, cmsAT_BEGIN, table);
    cmsSetProfileVersion(profile, 2.4);
    cmsSetDeviceClass(profile, cmsSigOutputClass);
    cmsSetColorSpace(profile, cmsSigCmykData);
    cmsSetPCS(profile, cmsSigLabData);
    assert_true(cmsWriteTag(profile, cmsSigAToB0Tag, pipeline));
    cmsPipelineFree(pipeline);
    return profile;
}

uint8_t *profile_make(unsigned channels, size_t *size)
{
    cmsUInt32Number bytes = 0;
    cmsToneCurve *curve = cmsBuildGamma(NULL, 1.8);
    cmsHPROFILE profile = channels == 1   ? cmsCreateGrayProfile(cmsD50_xyY(), curve)
                          : channels == 4 ? cmyk_profile()
                                          : cmsCreate_sRGBProfile();
    assert_true(cmsSaveProfileToMem(profile, NULL, &bytes));
    uint8_t *data = malloc(bytes);
    assert_non_null(data);
    assert_true(cmsSaveProfileToMem(profile, data, &bytes));
    cmsCloseProfile(profile);
    cmsFreeToneCurve(curve);
    *size = bytes;
    return data;
}
