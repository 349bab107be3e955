/* SPDX-License-Identifier: MIT */
/* Target of a result: format, split and switch at the limits of formats. */
#include "engine/result_size.h"
#include "engine/split_result.h"
#include "support/testing.h"

struct sample {
    enum planche_format format;
    enum planche_on_limit on_limit;
    int lossless;
    struct planche_result_request request;
    enum planche_status status;
    struct planche_result_target target;
};

/* WebP has at most 16383 pixels a side and no 16 bits, JPEG 65535 and no transparency, AVIF 32768
 * and 268435456 in all. */
static const struct sample samples[] = {
    {PLANCHE_FORMAT_WEBP,
     0,
     0,
     {9, 16383, 0, 8, 1},
     PLANCHE_OK,
     {PLANCHE_FORMAT_WEBP, 0, 1, 16383}},
    {PLANCHE_FORMAT_WEBP, 0, 0, {9, 16384, 0, 8, 1}, PLANCHE_ERROR_LIMIT, {.parts = 1}},
    {PLANCHE_FORMAT_WEBP,
     1,
     0,
     {9, 16384, 0, 8, 1},
     PLANCHE_OK,
     {PLANCHE_FORMAT_JPEG, 1, 1, 16384}},
    {PLANCHE_FORMAT_WEBP,
     1,
     0,
     {9, 16384, 0, 16, 1},
     PLANCHE_OK,
     {PLANCHE_FORMAT_JPEG, 1, 1, 16384}},
    {PLANCHE_FORMAT_AVIF,
     1,
     0,
     {9, 32769, 0, 16, 1},
     PLANCHE_OK,
     {PLANCHE_FORMAT_PNG, 1, 1, 32769}},
    {PLANCHE_FORMAT_WEBP, 1, 0, {9, 16384, 1, 8, 1}, PLANCHE_OK, {PLANCHE_FORMAT_PNG, 1, 1, 16384}},
    {PLANCHE_FORMAT_WEBP, 1, 1, {9, 16384, 0, 8, 1}, PLANCHE_OK, {PLANCHE_FORMAT_PNG, 1, 1, 16384}},
    {PLANCHE_FORMAT_WEBP, 1, 0, {9, 65536, 0, 8, 1}, PLANCHE_OK, {PLANCHE_FORMAT_PNG, 1, 1, 65536}},
    {PLANCHE_FORMAT_JPEG, 1, 0, {9, 65536, 1, 8, 1}, PLANCHE_OK, {PLANCHE_FORMAT_PNG, 1, 1, 65536}},
    {PLANCHE_FORMAT_WEBP,
     2,
     0,
     {9, 16384, 0, 8, 1},
     PLANCHE_OK,
     {PLANCHE_FORMAT_WEBP, 0, 2, 16383}},
    {PLANCHE_FORMAT_WEBP,
     2,
     0,
     {9, 32766, 0, 8, 1},
     PLANCHE_OK,
     {PLANCHE_FORMAT_WEBP, 0, 2, 16383}},
    {PLANCHE_FORMAT_WEBP,
     2,
     0,
     {9, 32767, 1, 8, 1},
     PLANCHE_OK,
     {PLANCHE_FORMAT_WEBP, 0, 3, 16383}},
    /* The sink takes one file; no cut makes a result narrower. */
    {PLANCHE_FORMAT_WEBP, 2, 0, {9, 16384, 0, 8, 0}, PLANCHE_ERROR_LIMIT, {.parts = 1}},
    {PLANCHE_FORMAT_WEBP, 2, 0, {16384, 9, 0, 8, 1}, PLANCHE_ERROR_LIMIT, {.parts = 1}},
    {PLANCHE_FORMAT_AVIF,
     2,
     0,
     {32768, 8193, 0, 8, 1},
     PLANCHE_OK,
     {PLANCHE_FORMAT_AVIF, 0, 2, 8192}},
    {PLANCHE_FORMAT_AVIF,
     2,
     0,
     {32768, 8192, 0, 8, 1},
     PLANCHE_OK,
     {PLANCHE_FORMAT_AVIF, 0, 1, 8192}},
};

static void test_target(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        const struct sample *sample = &samples[i];
        struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
        struct planche_result_target target;
        struct planche_error error;
        options.format = sample->format;
        options.on_limit = sample->on_limit;
        options.lossless = sample->lossless;
        enum planche_status status =
            planche_result_choose_target(&target, &sample->request, &options, &error);
        if (status != sample->status || target.parts != sample->target.parts)
            fail_msg("sample %zu: status %d, %u parts", i, (int)status, target.parts);
        if (status == PLANCHE_OK &&
            (target.format != sample->target.format || target.rows != sample->target.rows ||
             target.switched != sample->target.switched))
            fail_msg("sample %zu: format %d of %u rows", i, (int)target.format, target.rows);
    }
}

static void test_most_parts(void **state)
{
    struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    struct planche_page_result result = PLANCHE_PAGE_RESULT_INIT;
    struct planche_error error;
    const uint32_t most = PLANCHE_MAX_PARTS * UINT32_C(16383);
    (void)state;
    options.on_limit = PLANCHE_ON_LIMIT_SPLIT;
    assert_int_equal(planche_page_predict(1, most, 1, 0, &options, &result, &error), PLANCHE_OK);
    assert_int_equal(result.parts, PLANCHE_MAX_PARTS);
    assert_int_equal(planche_page_predict(1, most + 1, 1, 0, &options, &result, &error),
                     PLANCHE_ERROR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_target),
        cmocka_unit_test(test_most_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
