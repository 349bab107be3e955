/* SPDX-License-Identifier: MIT */
/* The known models' files: what becomes of them, and how pages must be padded for them. */
#include "model/load.h"
#include "reference.h"
#include "support/need_model.h"

#include "support/testing.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH 4096

static struct planche_net *load(const struct planche_model_variant *variant, bool as_known)
{
    char directory[PATH], param[PATH + 128], bin[PATH + 128];
    struct planche_model_source source = {.param_path = param, .bin_path = bin};
    struct planche_error error = {.message = ""};
    struct planche_net *net;
    assert_int_equal(planche_model_directory(directory, sizeof(directory), &error), PLANCHE_OK);
    snprintf(param, sizeof(param), "%s/%s.param", directory, variant->file);
    snprintf(bin, sizeof(bin), "%s/%s.bin", directory, variant->file);
    if (planche_model_load(&net, &source, as_known ? variant : NULL, NULL, &error) != PLANCHE_OK)
        fail_msg("%s", error.message);
    return net;
}

static int count_steps(const struct planche_net *net, enum planche_step_op op)
{
    int count = 0;
    for (int i = 0; i < net->step_count; i++)
        count += net->steps[i].op == op;
    return count;
}

static int count_residuals(const struct planche_net *net)
{
    int count = 0;
    for (int i = 0; i < net->step_count; i++)
        count += net->steps[i].residual_count;
    return count;
}

/* Tensors are produced once, before they are used; views lie inside. */
static void check_order(const struct planche_net *net)
{
    bool *made = calloc((size_t)net->tensor_count, sizeof(*made));
    made[0] = true;
    for (int i = 0; i < net->step_count; i++) {
        const struct planche_step *step = &net->steps[i];
        for (int j = 0; j < step->input_count; j++)
            assert_true(made[step->inputs[j].tensor]);
        for (int j = 0; j < step->residual_count; j++)
            assert_true(made[step->residuals[j].view.tensor]);
        assert_true(step->vector < 0 || made[step->vector]);
        assert_false(made[step->output]);
        made[step->output] = true;
    }
    for (int i = 0; i < net->tensor_count; i++)
        assert_true(made[i]);
    free(made);
}

static void check_recipe(const struct planche_net *net, const struct planche_model_variant *variant)
{
    struct ref_recipe expected = ref_recipe_for(variant->model, (int)variant->scale);
    assert_int_equal(net->recipe.scale, variant->scale);
    assert_int_equal(net->recipe.scale, expected.scale);
    assert_int_equal(net->recipe.multiple, expected.multiple);
    assert_int_equal(net->recipe.pad, expected.pad);
    assert_int_equal(net->recipe.crop, expected.crop);
    assert_true(net->recipe.in_scale == 1 && net->recipe.in_bias == 0);
    assert_true(net->recipe.out_scale == 1 && net->recipe.out_bias == 0);
}

static unsigned round_up(unsigned size, unsigned multiple)
{
    return (size + multiple - 1) / multiple * multiple;
}

/* Whatever the page's size, the result holds it, and what is left over lies on both sides. */
static void check_pages(const struct planche_net *net)
{
    const struct planche_recipe *recipe = &net->recipe;
    struct planche_shape *shapes = calloc((size_t)net->tensor_count, sizeof(*shapes));
    for (unsigned size = 1; size <= 40; size++) {
        unsigned h = round_up(size, recipe->multiple);
        unsigned w = round_up(41 - size, recipe->multiple);
        struct planche_shape out;
        assert_true(planche_net_shapes(net, h + 2 * recipe->pad, w + 2 * recipe->pad, shapes));
        out = planche_view_shape(&net->output, shapes);
        assert_int_equal(out.height, recipe->scale * h + 2 * recipe->crop);
        assert_int_equal(out.width, recipe->scale * w + 2 * recipe->crop);
    }
    free(shapes);
}

/* Multiply-adds for an input pixel of a page so large that its padding does not count. */
static double macs_per_pixel(const struct planche_net *net)
{
    struct planche_shape *shapes = calloc((size_t)net->tensor_count, sizeof(*shapes));
    double macs = 0;
    assert_true(planche_net_shapes(net, 96000, 96000, shapes));
    for (int i = 0; i < net->step_count; i++)
        macs += planche_step_macs(net, &net->steps[i], shapes);
    free(shapes);
    return macs / 96000 / 96000;
}

static void assert_macs(const struct planche_net *net, double expected)
{
    double macs = macs_per_pixel(net);
    if (macs < expected * 0.97 || macs > expected * 1.03)
        fail_msg("%g multiply-adds per pixel, expected %g", macs, expected);
}

static void check_cugan(const struct planche_net *net, unsigned scale)
{
    assert_int_equal(net->step_count, scale == 4 ? 42 : 38);
    assert_int_equal(count_steps(net, PLANCHE_STEP_BINARY), scale == 4);
    assert_int_equal(count_steps(net, PLANCHE_STEP_CHANNEL), 0);
    assert_int_equal(count_steps(net, PLANCHE_STEP_CONCAT), 0);
    assert_int_equal(count_steps(net, PLANCHE_STEP_BINARY_VECTOR), 4);
    assert_int_equal(count_steps(net, PLANCHE_STEP_POOL), 4);
    assert_int_equal(count_residuals(net), 4);
    if (scale == 2)
        assert_macs(net, 785e3);
}

static void check_cunet(const struct planche_net *net)
{
    assert_int_equal(net->step_count, 38);
    assert_int_equal(count_steps(net, PLANCHE_STEP_BINARY), 0);
    assert_int_equal(count_residuals(net), 4);
}

static void check_video(const struct planche_net *net, unsigned scale)
{
    assert_int_equal(net->step_count, scale == 4 ? 21 : 22);
    assert_int_equal(count_steps(net, PLANCHE_STEP_CONV), 18);
    assert_int_equal(count_steps(net, PLANCHE_STEP_CHANNEL), 0);
    assert_int_equal(net->steps[0].activation, PLANCHE_ACT_SLOPES);
    assert_macs(net, 619e3);
}

/* Every block of a dense network: five convolutions of growing lists, sums in the fifth. */
static void check_dense(const struct planche_net *net, int blocks, double macs)
{
    int longest = 0, doubled = 0;
    assert_int_equal(net->step_count, 15 * blocks + 8);
    assert_int_equal(count_steps(net, PLANCHE_STEP_CONV), 15 * blocks + 6);
    assert_int_equal(count_steps(net, PLANCHE_STEP_INTERP), 2);
    for (int i = 0; i < net->step_count; i++) {
        longest = net->steps[i].input_count > longest ? net->steps[i].input_count : longest;
        doubled += net->steps[i].residual_count == 2;
    }
    assert_int_equal(longest, 5);
    assert_int_equal(doubled, blocks);
    assert_int_equal(count_residuals(net), 4 * blocks + 1);
    assert_macs(net, macs);
}

static void check_structure(const struct planche_net *net,
                            const struct planche_model_variant *variant)
{
    if (strcmp(variant->model, "realcugan") == 0)
        check_cugan(net, variant->scale);
    else if (strcmp(variant->model, "waifu2x-cunet") == 0)
        check_cunet(net);
    else if (strcmp(variant->model, "waifu2x-upconv7") == 0)
        assert_int_equal(net->step_count, 7);
    else if (strcmp(variant->model, "realesr-animevideov3") == 0)
        check_video(net, variant->scale);
    else if (strcmp(variant->model, "realesrgan-x4fast") == 0)
        assert_int_equal(net->step_count, 37);
    else
        check_dense(net, strcmp(variant->model, "realesrgan-x4plus") == 0 ? 23 : 6,
                    strcmp(variant->model, "realesrgan-x4plus") == 0 ? 17.9e6 : 5.71e6);
}

static void test_variant(void **state)
{
    const struct planche_model_variant *listed = *state;
    const struct planche_model_variant *variant =
        test_need_model(listed->model, listed->scale, listed->denoise);
    assert_ptr_equal(variant, listed);
    /* The same file by its path must be treated the same. */
    for (int known = 0; known < 2; known++) {
        struct planche_net *net = load(variant, known);
        check_order(net);
        check_recipe(net, variant);
        check_pages(net);
        check_structure(net, variant);
        planche_net_destroy(&net);
    }
    assert_int_equal(planche_model_check(variant, NULL, 1, NULL), PLANCHE_OK);
}

int main(void)
{
    size_t count = planche_model_variant_count();
    struct CMUnitTest *tests = calloc(count, sizeof(*tests));
    int failed;
    while (count && !planche_model_variant_get(count - 1)->package)
        count--; /* built in: test_own.c */
    for (size_t i = 0; i < count; i++)
        tests[i] = (struct CMUnitTest){.name = planche_model_variant_get(i)->file,
                                       .test_func = test_variant,
                                       .initial_state = (void *)planche_model_variant_get(i)};
    failed = _cmocka_run_group_tests("known models", tests, count, NULL, NULL);
    free(tests);
    return test_exit_status(failed);
}
