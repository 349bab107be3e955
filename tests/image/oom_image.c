/* SPDX-License-Identifier: MIT */
/* Allocations that fail in src/image, lcms2's own among them. */
#include "support/testing.h"

#include "image/alpha.h"
#include "image/bleed.h"
#include "image/cmyk.h"
#include "image/downscale.h"
#include "image/icc.h"
#include "support/oom.h"

static enum planche_status run_alpha(void *user, struct planche_budget *budget,
                                     struct planche_error *error)
{
    const struct planche_alpha_options options = {20, 20, 2, 8, 4};
    struct planche_alpha *alpha;
    (void)user;
    enum planche_status status = planche_alpha_create(&alpha, &options, budget, error);
    planche_alpha_destroy(&alpha);
    return status;
}

static enum planche_status run_bleed(void *user, struct planche_budget *budget,
                                     struct planche_error *error)
{
    const struct planche_bleed_options options = {20, 20, PLANCHE_PIXELS_RGBA8, 4};
    struct planche_bleed *bleed;
    (void)user;
    enum planche_status status = planche_bleed_create(&bleed, &options, budget, error);
    planche_bleed_destroy(&bleed);
    return status;
}

/* Makes a profile of unusual colours, reads it, and makes an RGB profile of a grey one. */
static enum planche_status run_icc(void *user, struct planche_budget *budget,
                                   struct planche_error *error)
{
    const struct planche_icc_colours colours = {.gamma = 1.5};
    enum planche_icc_kind kind = PLANCHE_ICC_DAMAGED;
    uint8_t *grey = NULL, *rgb = NULL;
    size_t grey_size, rgb_size;
    (void)user;
    enum planche_status status =
        planche_icc_from_colours(budget, 1, &colours, &grey, &grey_size, error);
    if (status == PLANCHE_OK) {
        assert_non_null(grey);
        status = planche_icc_get_kind(budget, grey, grey_size, &kind, error);
    }
    if (status == PLANCHE_OK) {
        assert_int_equal(kind, PLANCHE_ICC_GREY);
        status = planche_icc_grey_to_rgb(budget, grey, grey_size, &rgb, &rgb_size, error);
    }
    if (status == PLANCHE_OK)
        assert_non_null(rgb);
    planche_free(grey);
    planche_free(rgb);
    return status;
}

/* An RGB profile is none for CMYK: it is opened all the same. */
static enum planche_status run_cmyk(void *user, struct planche_budget *budget,
                                    struct planche_error *error)
{
    const struct planche_icc_colours colours = {.gamma = 1.5};
    struct planche_cmyk *cmyk = NULL;
    uint8_t *profile = NULL;
    size_t size;
    bool managed;
    (void)user;
    enum planche_status status =
        planche_icc_from_colours(NULL, 3, &colours, &profile, &size, error);
    if (status == PLANCHE_OK)
        status = planche_cmyk_create(&cmyk, budget, profile, size, false, &managed, error);
    planche_cmyk_destroy(&cmyk);
    planche_free(profile);
    return status;
}

/* Curves of a profile, its grey, and a reduction. */
static enum planche_status run_reduce(void *user, struct planche_budget *budget,
                                      struct planche_error *error)
{
    const struct planche_icc_colours colours = {.gamma = 1.5};
    struct planche_downscale_options options = {20, 20, 9, 9, PLANCHE_PIXELS_RGBA8, NULL};
    struct planche_downscale *reduce = NULL;
    struct planche_transfer *tone = NULL;
    uint8_t *profile = NULL, *grey = NULL;
    size_t size, grey_size;
    (void)user;
    enum planche_status status =
        planche_icc_from_colours(NULL, 3, &colours, &profile, &size, error);
    if (status == PLANCHE_OK)
        status = planche_icc_rgb_to_grey(budget, profile, size, &grey, &grey_size, error);
    if (status == PLANCHE_OK)
        status = planche_transfer_create(&tone, 3, profile, size, budget, error);
    options.tone = tone;
    if (status == PLANCHE_OK)
        status = planche_downscale_create(&reduce, &options, budget, error);
    planche_downscale_destroy(&reduce);
    planche_transfer_destroy(&tone);
    planche_free(grey);
    planche_free(profile);
    return status;
}

static void test_oom(void **state)
{
    (void)state;
    assert_true(oom_run("alpha", run_alpha, NULL, 1) > 2);
    assert_true(oom_run("bleed", run_bleed, NULL, 1) > 2);
    assert_true(oom_run("icc", run_icc, NULL, 1) > 10);
    assert_true(oom_run("cmyk", run_cmyk, NULL, 1) > 10);
    assert_true(oom_run("reduce", run_reduce, NULL, 1) > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_oom)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
