/* SPDX-License-Identifier: MIT */
/* Shaders whose uniform block becomes a storage buffer: nothing else in them changes. */
#include "backend/vulkan/spirv.h"
#include "support/testing.h"

#include <stdlib.h>
#include <string.h>

#define UNIFORM  2u
#define STORAGE  12u
#define VARIABLE 59u

static uint32_t *copy_of(const struct planche_spirv *spirv)
{
    uint32_t *code = malloc(spirv->size);
    assert_non_null(code);
    return memcpy(code, spirv->code, spirv->size);
}

/* What has changed are storage classes, of one variable among them. Returns the words that have. */
static unsigned compare(const struct planche_spirv *spirv, const uint32_t *code)
{
    unsigned changed = 0, variables = 0;
    for (size_t at = 5; at < spirv->size / 4; at += spirv->code[at] >> 16) {
        uint32_t operation = spirv->code[at] & 0xffff;
        for (size_t i = at; i < at + (spirv->code[at] >> 16); i++) {
            if (code[i] == spirv->code[i])
                continue;
            assert_int_equal(spirv->code[i], UNIFORM);
            assert_int_equal(code[i], STORAGE);
            changed++;
            variables += operation == VARIABLE && i == at + 3;
        }
        if (operation == VARIABLE)
            assert_int_not_equal(code[at + 3], UNIFORM);
    }
    assert_memory_equal(code, spirv->code, 5 * sizeof *code);
    assert_int_equal(variables, 1);
    return changed;
}

static void test_all_shaders(void **state)
{
    (void)state;
    for (int i = 0; i < 2 * PLANCHE_SHADER_COUNT; i++) {
        const struct planche_spirv *spirv = &planche_spirv[i / 2][i % 2];
        if (!spirv->code)
            continue;
        uint32_t *code = copy_of(spirv);
        planche_spirv_use_storage(code, spirv->size / 4);
        assert_in_range(compare(spirv, code), 2, 30);
        free(code);
    }
}

/* What is no SPIR-V, or ends early, is left: nothing behind its end is looked at. */
static void test_cut_short(void **state)
{
    (void)state;
    const struct planche_spirv *spirv = &planche_spirv[0][0];
    for (size_t words = 0; words < 200 && words < spirv->size / 4; words++) {
        uint32_t *code = malloc(words ? words * 4 : 1);
        assert_non_null(code);
        memcpy(code, spirv->code, words * 4);
        planche_spirv_use_storage(code, words);
        free(code);
    }
    uint32_t zeros[8] = {0};
    planche_spirv_use_storage(zeros, 8);
    for (int i = 0; i < 8; i++)
        assert_int_equal(zeros[i], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_shaders),
        cmocka_unit_test(test_cut_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
