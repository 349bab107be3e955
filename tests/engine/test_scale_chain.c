/* SPDX-License-Identifier: MIT */
/* Choice of a page's size and of the networks that reach it. */
#include "engine/result_size.h"
#include "support/testing.h"

#include <stdio.h>
#include <string.h>

#define AUTO   PLANCHE_SCALE_AUTO
#define BOX    PLANCHE_FIT_BOX
#define SCREEN PLANCHE_FIT_SCREEN

static struct planche_scale_plan plan_of(const char *model, unsigned scale,
                                         enum planche_denoise denoise)
{
    const struct planche_engine_options options = {
        .model = model, .scale = scale, .denoise = denoise};
    struct planche_scale_plan plan;
    struct planche_error error;
    if (planche_scale_plan_make(&plan, &options, &error))
        fail_msg("%s %u: %s", model, scale, error.message);
    return plan;
}

/* "2n1 2n-", scales with the digit of their levels: - none, c conservative. */
static const char *describe(const struct planche_scale_set *set, const struct planche_chain *chain)
{
    static char text[64];
    size_t at = 0;
    text[0] = 0;
    for (unsigned i = 0; i < chain->count; i++) {
        const struct planche_scale_network *network = &set->list[chain->networks[i]];
        at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%u%c", i ? " " : "", network->scale,
                               network->variant ? "?c-1230"[network->variant->denoise] : '.');
    }
    return text;
}

/* The least product, the fewest passes, small scales first; the level in the first pass only. */
static void test_chains_of_models(void **state)
{
    static const struct {
        const char *model;
        unsigned scale;
        enum planche_denoise denoise;
        const char *chain;
        unsigned product;
    } cases[] = {
        {"realcugan", 0, PLANCHE_DENOISE_DEFAULT, "2c", 2},
        {"realcugan", 3, PLANCHE_DENOISE_DEFAULT, "3c", 3},
        {"realcugan", 4, PLANCHE_DENOISE_DEFAULT, "4c", 4},
        {"realcugan", 5, PLANCHE_DENOISE_DEFAULT, "2c 3-", 6},
        {"realcugan", 6, PLANCHE_DENOISE_NONE, "2- 3-", 6},
        {"realcugan", 7, PLANCHE_DENOISE_NONE, "2- 4-", 8},
        {"realcugan", 8, PLANCHE_DENOISE_3, "23 4-", 8},
        {"realcugan", 9, PLANCHE_DENOISE_3, "33 3-", 9},
        /* Level 1 is there at scale 2 alone. */
        {"realcugan", 3, PLANCHE_DENOISE_1, "21 2-", 4},
        {"realcugan", 4, PLANCHE_DENOISE_1, "21 2-", 4},
        {"realcugan", 64, PLANCHE_DENOISE_NONE, "4- 4- 4-", 64},
        {"waifu2x-cunet", 1, PLANCHE_DENOISE_2, "12", 1},
        {"waifu2x-cunet", 1, PLANCHE_DENOISE_DEFAULT, "10", 1},
        {"waifu2x-cunet", 4, PLANCHE_DENOISE_DEFAULT, "2- 2-", 4},
        {"waifu2x-cunet", 8, PLANCHE_DENOISE_1, "21 2- 2-", 8},
        {"waifu2x-upconv7", 3, PLANCHE_DENOISE_0, "20 2-", 4},
        {"realesrgan-x4plus", 0, PLANCHE_DENOISE_DEFAULT, "4-", 4},
        {"realesrgan-x4plus", 2, PLANCHE_DENOISE_DEFAULT, "4-", 4},
        {"realesrgan-x4plus", 3, PLANCHE_DENOISE_DEFAULT, "4-", 4},
        {"realesrgan-x4plus", 5, PLANCHE_DENOISE_DEFAULT, "4- 4-", 16},
        {"realesr-animevideov3", 12, PLANCHE_DENOISE_DEFAULT, "3- 4-", 12},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct planche_scale_plan plan =
            plan_of(cases[i].model, cases[i].scale, cases[i].denoise);
        const char *chain = describe(&plan.set, &plan.chain);
        if (strcmp(chain, cases[i].chain) != 0 || plan.chain.scale != cases[i].product)
            fail_msg("%s at %u: %s = %u instead of %s", cases[i].model, cases[i].scale, chain,
                     plan.chain.scale, cases[i].chain);
        if (cases[i].scale)
            assert_int_equal(plan.scale, cases[i].scale);
    }
}

/* Page, rule and target, and what comes of it with waifu2x-cunet -n 1, which has 1 and 2. */
static void test_sizes(void **state)
{
    static const struct {
        uint32_t page[2];
        enum planche_fit fit;
        uint32_t scale, target[2], result[2];
        const char *chain;
    } cases[] = {
        /* Pages of common sizes on a screen of 1600 x 2560. */
        {{600, 840}, SCREEN, AUTO, {1600, 2560}, {1600, 2240}, "21 2-"},
        {{800, 1280}, SCREEN, AUTO, {1600, 2560}, {1600, 2560}, "21"},
        {{799, 1280}, SCREEN, AUTO, {1600, 2560}, {1598, 2560}, "21"},
        {{800, 1279}, SCREEN, AUTO, {1600, 2560}, {1600, 2558}, "21"},
        {{799, 1278}, SCREEN, AUTO, {1600, 2560}, {1600, 2559}, "21 2-"},
        {{1500, 2200}, SCREEN, AUTO, {1600, 2560}, {1600, 2347}, "21"},
        {{300, 420}, SCREEN, AUTO, {1600, 2560}, {1600, 2240}, "21 2- 2-"},
        {{1600, 2560}, SCREEN, AUTO, {1600, 2560}, {1600, 2560}, "11"},
        {{3200, 4800}, SCREEN, AUTO, {1600, 2560}, {1600, 2400}, "11"},
        /* A strip by its width; one that is 3 times as high is none. */
        {{800, 12000}, SCREEN, AUTO, {1600, 2560}, {1600, 24000}, "21"},
        {{800, 2401}, SCREEN, AUTO, {1600, 2560}, {1600, 4802}, "21"},
        {{800, 2400}, SCREEN, AUTO, {1600, 2560}, {853, 2560}, "21"},
        {{800, 12000}, BOX, AUTO, {1600, 2560}, {171, 2560}, "11"},
        {{2000, 9000}, SCREEN, AUTO, {1600, 2560}, {1600, 7200}, "11"},
        /* A spread by its height, on a screen that stands; a ruler is none. */
        {{1200, 840}, SCREEN, AUTO, {1600, 2560}, {3657, 2560}, "21 2-"},
        {{1200, 840}, SCREEN, AUTO, {2560, 1600}, {2286, 1600}, "21"},
        {{1200, 840}, BOX, AUTO, {1600, 2560}, {1600, 1120}, "21"},
        {{840, 840}, SCREEN, AUTO, {1600, 2560}, {1600, 1600}, "21"},
        {{300, 20}, SCREEN, AUTO, {1600, 2560}, {1600, 107}, "21 2- 2-"},
        {{300, 100}, SCREEN, AUTO, {1600, 2560}, {4800, 1600}, "21 2- 2- 2-"},
        /* One side alone. */
        {{600, 840}, BOX, AUTO, {1600, 0}, {1600, 2240}, "21 2-"},
        {{600, 840}, BOX, AUTO, {0, 1600}, {1143, 1600}, "21"},
        {{600, 840}, BOX, AUTO, {300, 0}, {300, 420}, "11"},
        {{800, 12000}, SCREEN, AUTO, {1600, 0}, {1600, 24000}, "21"},
        /* What is too small for a page stays smaller. */
        {{9, 9}, BOX, AUTO, {1600, 2560}, {144, 144}, "21 2- 2- 2-"},
        /* A scale that is given is run, and only reduced. */
        {{600, 840}, BOX, 0, {1600, 2560}, {1200, 1680}, "21"},
        {{600, 840}, SCREEN, 4, {1600, 2560}, {1600, 2240}, "21 2-"},
        {{600, 840}, BOX, 3, {0, 0}, {1800, 2520}, "21 2-"},
        {{3200, 4800}, SCREEN, 2, {1600, 2560}, {1600, 2400}, "21"},
        {{800, 12000}, SCREEN, 0, {1000, 2560}, {1000, 15000}, "21"},
        {{600, 840}, BOX, 1, {0, 0}, {600, 840}, "11"},
    };
    const struct planche_scale_plan plan = plan_of("waifu2x-cunet", 2, PLANCHE_DENOISE_1);
    const struct planche_size_rule rule = {&plan, UINT64_C(500000000)};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
        struct planche_page_result result = PLANCHE_PAGE_RESULT_INIT;
        struct planche_chain chain;
        struct planche_error error;
        result.input_width = cases[i].page[0];
        result.input_height = cases[i].page[1];
        options.fit = cases[i].fit;
        options.scale = cases[i].scale;
        options.width = cases[i].target[0];
        options.height = cases[i].target[1];
        if (planche_result_size(&result, &chain, &rule, &options, &error))
            fail_msg("case %zu: %s", i, error.message);
        if (result.output_width != cases[i].result[0] ||
            result.output_height != cases[i].result[1] ||
            strcmp(describe(&plan.set, &chain), cases[i].chain) != 0)
            fail_msg("case %zu: %u x %u by %s", i, result.output_width, result.output_height,
                     describe(&plan.set, &chain));
        assert_int_equal(result.scale, chain.scale);
        assert_int_equal(result.passes, chain.count);
    }
}

/* Without a level there is nothing to do on a page that is large enough. */
static void test_large_pages(void **state)
{
    static const struct {
        const char *model;
        enum planche_denoise denoise;
        const char *chain;
    } cases[] = {
        {"waifu2x-cunet", PLANCHE_DENOISE_DEFAULT, ""}, {"waifu2x-cunet", PLANCHE_DENOISE_NONE, ""},
        {"waifu2x-cunet", PLANCHE_DENOISE_3, "13"},     {"realcugan", PLANCHE_DENOISE_3, ""},
        {"realcugan", PLANCHE_DENOISE_DEFAULT, ""},     {"realesrgan-x4plus", 0, ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct planche_scale_plan plan = plan_of(cases[i].model, 0, cases[i].denoise);
        struct planche_chain chain;
        struct planche_error error;
        assert_int_equal(planche_chain_choose(&chain, &plan.set, 1, &error), PLANCHE_OK);
        assert_string_equal(describe(&plan.set, &chain), cases[i].chain);
    }
}

static void test_what_cannot_be(void **state)
{
    const struct planche_scale_plan plan = plan_of("realesrgan-x4plus", 0, 0);
    struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    struct planche_engine_options engine = {.model = "x.param", .scale = 2};
    struct planche_scale_plan file;
    struct planche_chain chain;
    struct planche_error error;
    (void)state;
    /* A network that does not enlarge. */
    assert_int_equal(planche_scale_plan_make_file(&file, &engine, 1, &error),
                     PLANCHE_ERROR_ARGUMENT);
    engine.scale = 0;
    assert_int_equal(planche_scale_plan_make_file(&file, &engine, 1, &error), PLANCHE_OK);
    assert_string_equal(describe(&file.set, &file.chain), "1.");
    assert_int_equal(planche_chain_choose(&chain, &file.set, 2, &error), PLANCHE_ERROR_ARGUMENT);
    assert_int_equal(planche_chain_choose(&chain, &plan.set, 65, &error), PLANCHE_ERROR_ARGUMENT);
    /* The limit is of what networks make, and of results. */
    const struct planche_size_rule rule = {&plan, 16 * 600 * 840 - 1};
    struct planche_page_result result = {.input_width = 600, .input_height = 840};
    options.scale = AUTO;
    options.width = 700;
    assert_int_equal(planche_result_size(&result, &chain, &rule, &options, &error),
                     PLANCHE_ERROR_LIMIT);
    options.width = 600;
    assert_int_equal(planche_result_size(&result, &chain, &rule, &options, &error), PLANCHE_OK);
    assert_int_equal(result.passes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chains_of_models),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_large_pages),
        cmocka_unit_test(test_what_cannot_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
