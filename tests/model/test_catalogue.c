/* SPDX-License-Identifier: MIT */
/* The catalogue, the cache's directory and the checks of its files. */
#include "planche/model.h"

#include "support/testing.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct planche_model_variant *find(const char *model, unsigned scale,
                                                enum planche_denoise denoise)
{
    const struct planche_model_variant *variant;
    struct planche_error error;
    assert_int_equal(planche_model_find(model, scale, denoise, &variant, &error), PLANCHE_OK);
    return variant;
}

static void expect_failure(const char *model, unsigned scale, enum planche_denoise denoise,
                           enum planche_status status, const char *message)
{
    const struct planche_model_variant *variant;
    struct planche_error error;
    assert_int_equal(planche_model_find(model, scale, denoise, &variant, &error), status);
    assert_int_equal(error.status, status);
    assert_string_equal(error.message, message);
    assert_null(variant);
}

static void check_built_in(const struct planche_model_variant *variant)
{
    assert_null(variant->package_path);
    assert_null(variant->param_sha256);
    assert_int_equal(variant->param_size, 0);
    assert_true(variant->bin_size > 10000);
    assert_string_equal(variant->licence, "MIT");
    assert_int_equal(planche_model_check(variant, "/nowhere", 1, NULL), PLANCHE_OK);
}

static void check_variant(const struct planche_model_variant *variant)
{
    char start[64];
    assert_ptr_equal(find(variant->model, variant->scale, variant->denoise), variant);
    assert_int_equal(strlen(variant->bin_sha256), 64);
    assert_int_equal(strspn(variant->bin_sha256, "0123456789abcdef"), 64);
    assert_true(variant->scale >= 1 && variant->scale <= 4);
    if (!variant->package) {
        check_built_in(variant);
        return;
    }
    snprintf(start, sizeof(start), "%s/", variant->model);
    assert_int_equal(strncmp(variant->file, start, strlen(start)), 0);
    assert_int_equal(strlen(variant->param_sha256), 64);
    assert_int_equal(strspn(variant->param_sha256, "0123456789abcdef"), 64);
    assert_true(variant->param_size > 500 && variant->bin_size > 1000000);
    assert_true(strchr(variant->package, '@') != NULL);
}

static void test_table(void **state)
{
    size_t count = planche_model_variant_count();
    (void)state;
    size_t fetched = 0;
    assert_null(planche_model_variant_get(count));
    for (size_t i = 0; i < count; i++) {
        const struct planche_model_variant *variant = planche_model_variant_get(i);
        check_variant(variant);
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(variant->file, planche_model_variant_get(j)->file);
            if (variant->package)
                assert_string_not_equal(variant->package_path,
                                        planche_model_variant_get(j)->package_path);
        }
        fetched += variant->package != NULL;
    }
    assert_int_equal(fetched, 31);
}

static void test_defaults(void **state)
{
    (void)state;
    assert_string_equal(find("realcugan", 0, 0)->file, "realcugan/up2x-conservative");
    assert_string_equal(find("realcugan", 4, PLANCHE_DENOISE_3)->file, "realcugan/up4x-denoise3x");
    assert_string_equal(find("realcugan", 0, PLANCHE_DENOISE_1)->file, "realcugan/up2x-denoise1x");
    assert_string_equal(find("realesr-animevideov3", 0, 0)->file,
                        "realesr-animevideov3/realesr-animevideov3-x2");
    assert_int_equal(find("realesrgan-x4plus", 0, 0)->scale, 4);
    assert_int_equal(find("realesrgan-x4fast", 0, 0)->scale, 4);
    assert_string_equal(find("waifu2x-cunet", 0, 0)->file, "waifu2x-cunet/scale2.0x_model");
    assert_string_equal(find("waifu2x-cunet", 1, 0)->file, "waifu2x-cunet/noise0_model");
    assert_string_equal(find("small", 0, 0)->file, "small-2x");
    assert_string_equal(find("medium", 1, 0)->file, "medium-1x-clean0");
    assert_string_equal(find("medium", 0, PLANCHE_DENOISE_3)->file, "medium-2x-clean3");
    assert_string_equal(find("waifu2x-upconv7", 2, PLANCHE_DENOISE_0)->file,
                        "waifu2x-upconv7/noise0_scale2.0x_model");
}

static void test_failures(void **state)
{
    (void)state;
    expect_failure("cugan", 0, 0, PLANCHE_ERROR_NOT_FOUND,
                   "there is no model named 'cugan'; the models are auto, realcugan, "
                   "realesr-animevideov3, realesrgan-x4plus-anime, realesrgan-x4plus, "
                   "realesrgan-x4fast, waifu2x-cunet, waifu2x-upconv7, small, medium, large, "
                   "or the path of a .param, .planche, .pth, .safetensors or .onnx file");
    expect_failure("realcugan", 5, 0, PLANCHE_ERROR_ARGUMENT,
                   "realcugan has no scale 5; it has 2, 3, 4");
    expect_failure("realcugan", 3, PLANCHE_DENOISE_2, PLANCHE_ERROR_ARGUMENT,
                   "realcugan at scale 3 has no denoise level 2; it has -1, 0, 3");
    expect_failure("realesrgan-x4plus", 0, PLANCHE_DENOISE_1, PLANCHE_ERROR_ARGUMENT,
                   "realesrgan-x4plus has no denoise levels; leave denoise out");
    expect_failure("small", 1, PLANCHE_DENOISE_NONE, PLANCHE_ERROR_ARGUMENT,
                   "small at scale 1 has no denoise level -1; it has 0, 1, 2, 3");
    expect_failure(NULL, 0, 0, PLANCHE_ERROR_ARGUMENT, "no model is named");
}

/* The three variables that decide, as they were before a test. */
struct environment {
    char *values[3];
};

static const char *const variables[] = {"PLANCHE_MODEL_DIR", "XDG_CACHE_HOME", "HOME"};

static int save_environment(void **state)
{
    struct environment *saved = calloc(1, sizeof(*saved));
    for (int i = 0; i < 3; i++)
        if (getenv(variables[i]))
            saved->values[i] = strdup(getenv(variables[i]));
    *state = saved;
    return 0;
}

static void set_variable(const char *name, const char *value)
{
    if (value)
        setenv(name, value, 1);
    else
        unsetenv(name);
}

static int restore_environment(void **state)
{
    struct environment *saved = *state;
    for (int i = 0; i < 3; i++) {
        set_variable(variables[i], saved->values[i]);
        free(saved->values[i]);
    }
    free(saved);
    return 0;
}

static void expect_directory(const char *model_dir, const char *cache, const char *home,
                             const char *expected)
{
    char path[64];
    set_variable("PLANCHE_MODEL_DIR", model_dir);
    set_variable("XDG_CACHE_HOME", cache);
    set_variable("HOME", home);
    assert_int_equal(planche_model_directory(path, sizeof(path), NULL), PLANCHE_OK);
    assert_string_equal(path, expected);
}

static void test_directory(void **state)
{
    char path[8];
    struct planche_error error;
    (void)state;
    expect_directory("/models", "/cache", "/home/me", "/models");
    expect_directory("", "/cache", "/home/me", "/cache/planche/models");
    expect_directory(NULL, "relative", "/home/me", "/home/me/.cache/planche/models");
    expect_directory(NULL, NULL, "/home/me", "/home/me/.cache/planche/models");
    assert_int_equal(planche_model_directory(path, sizeof(path), &error), PLANCHE_ERROR_ARGUMENT);
    set_variable("HOME", NULL);
    assert_int_equal(planche_model_directory(path, sizeof(path), &error), PLANCHE_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "PLANCHE_MODEL_DIR"));
}

static void write_size(const char *path, uint64_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(ftruncate(fileno(file), (off_t)size), 0);
    fclose(file);
}

static void check_outcome(const struct planche_model_variant *variant, const char *directory,
                          int verify, enum planche_status status, const char *part)
{
    struct planche_error error = {.message = ""};
    assert_int_equal(planche_model_check(variant, directory, verify, &error), status);
    if (!strstr(error.message, part))
        fail_msg("'%s' lacks '%s'", error.message, part);
}

static void test_check(void **state)
{
    const struct planche_model_variant *variant = find("waifu2x-upconv7", 2, PLANCHE_DENOISE_NONE);
    char directory[] = "/tmp/planche-test-XXXXXX", folder[64], param[128], bin[128];
    (void)state;
    assert_non_null(mkdtemp(directory));
    snprintf(folder, sizeof(folder), "%s/waifu2x-upconv7", directory);
    snprintf(param, sizeof(param), "%s/%s.param", directory, variant->file);
    snprintf(bin, sizeof(bin), "%s/%s.bin", directory, variant->file);
    check_outcome(variant, directory, 0, PLANCHE_ERROR_NOT_FOUND,
                  "fetch the model waifu2x-upconv7:2:-1");
    assert_int_equal(mkdir(folder, 0700), 0);
    write_size(param, variant->param_size);
    check_outcome(variant, directory, 0, PLANCHE_ERROR_NOT_FOUND, "scale2.0x_model.bin is missing");
    write_size(bin, variant->bin_size - 1);
    check_outcome(variant, directory, 0, PLANCHE_ERROR_MODEL, "has 1106247 bytes instead of");
    write_size(bin, variant->bin_size);
    check_outcome(variant, directory, 0, PLANCHE_OK, "");
    check_outcome(variant, directory, 1, PLANCHE_ERROR_MODEL, "is damaged");
    setenv("PLANCHE_MODEL_DIR", directory, 1);
    check_outcome(variant, NULL, 0, PLANCHE_OK, "");
    unlink(param);
    assert_int_equal(mkdir(param, 0700), 0);
    check_outcome(variant, directory, 0, PLANCHE_ERROR_MODEL, "instead of");
    rmdir(param);
    unlink(bin);
    rmdir(folder);
    rmdir(directory);
}

/* As people have these files: in the ncnn programs' folders, or all in one. */
static void test_layouts(void **state)
{
    const struct planche_model_variant *cunet = find("waifu2x-cunet", 2, PLANCHE_DENOISE_NONE);
    const struct planche_model_variant *upconv = find("waifu2x-upconv7", 2, PLANCHE_DENOISE_NONE);
    char directory[] = "/tmp/planche-test-XXXXXX", path[128], expected[128];
    (void)state;
    assert_non_null(mkdtemp(directory));
    for (int nested = 0; nested < 2; nested++) {
        char folder[64], param[128], bin[128];
        snprintf(folder, sizeof(folder), "%s%s", directory, nested ? "/models-cunet" : "");
        snprintf(param, sizeof(param), "%s/scale2.0x_model.param", folder);
        snprintf(bin, sizeof(bin), "%s/scale2.0x_model.bin", folder);
        assert_true(!nested || mkdir(folder, 0700) == 0);
        write_size(param, cunet->param_size);
        write_size(bin, cunet->bin_size);
        check_outcome(cunet, directory, 0, PLANCHE_OK, "");
        assert_int_equal(planche_model_path(cunet, directory, path, sizeof(path), NULL),
                         PLANCHE_OK);
        assert_string_equal(path, param);
        /* The same name, but another model's size. */
        check_outcome(upconv, directory, 0, PLANCHE_ERROR_NOT_FOUND, "waifu2x-upconv7/scale2.0x");
        unlink(param);
        unlink(bin);
        assert_true(!nested || rmdir(folder) == 0);
    }
    snprintf(expected, sizeof(expected), "%s/%s.param", directory, cunet->file);
    assert_int_equal(planche_model_path(cunet, directory, path, sizeof(path), NULL), PLANCHE_OK);
    assert_string_equal(path, expected);
    rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_failures),
        cmocka_unit_test_setup_teardown(test_directory, save_environment, restore_environment),
        cmocka_unit_test(test_layouts),
        cmocka_unit_test_setup_teardown(test_check, save_environment, restore_environment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
