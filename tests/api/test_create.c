/* SPDX-License-Identifier: MIT */
/* Making engines: what they say of themselves, and of what cannot be made. */
#include "api_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void expect_failure(const struct planche_engine_options *options,
                           enum planche_status expected, const char *word)
{
    struct planche_engine *engine = (struct planche_engine *)options;
    struct planche_error error = {.status = PLANCHE_OK};
    enum planche_status status = planche_engine_create(&engine, options, &error);
    if (status != expected)
        fail_msg("status %d instead of %d: %s", (int)status, (int)expected, error.message);
    assert_null(engine);
    assert_int_equal(error.status, expected);
    if (!strstr(error.message, word))
        fail_msg("\"%s\" does not mention \"%s\"", error.message, word);
    /* Nobody has to want to know. */
    assert_int_equal(planche_engine_create(&engine, options, NULL), expected);
    assert_null(engine);
}

static void test_catalogue_choices(void **state)
{
    struct planche_engine_options options = PLANCHE_ENGINE_OPTIONS_INIT;
    (void)state;
    options.model_directory = test_folder;
    options.model = "no-such-model";
    expect_failure(&options, PLANCHE_ERROR_NOT_FOUND, "realcugan");
    options.model = "realcugan";
    options.scale = 65;
    expect_failure(&options, PLANCHE_ERROR_ARGUMENT, "64");
    options.scale = 1;
    expect_failure(&options, PLANCHE_ERROR_ARGUMENT, "it has 2");
    options.model = "realesr-animevideov3";
    options.scale = 8;
    options.denoise = PLANCHE_DENOISE_1;
    expect_failure(&options, PLANCHE_ERROR_ARGUMENT, "no denoise levels");
    /* Chains reach them: the files are what is missing. */
    options.denoise = PLANCHE_DENOISE_DEFAULT;
    expect_failure(&options, PLANCHE_ERROR_NOT_FOUND, "realesr-animevideov3");
    options.model = "realcugan";
    options.scale = 4;
    options.denoise = PLANCHE_DENOISE_1;
    expect_failure(&options, PLANCHE_ERROR_NOT_FOUND, "realcugan");
    /* There is such a model, but not in this folder. */
    options.denoise = PLANCHE_DENOISE_DEFAULT;
    expect_failure(&options, PLANCHE_ERROR_NOT_FOUND, "realcugan");
    options = (struct planche_engine_options)PLANCHE_ENGINE_OPTIONS_INIT;
    options.model_directory = test_folder; /* the default needs none */
    options.backend = "cpu";
    struct planche_engine *engine;
    struct planche_engine_info info = PLANCHE_ENGINE_INFO_INIT;
    assert_int_equal(planche_engine_create(&engine, &options, NULL), PLANCHE_OK);
    assert_int_equal(planche_engine_get_info(engine, &info, NULL), PLANCHE_OK);
    assert_string_equal(info.model, "auto");
    assert_string_equal(info.variant, "medium-2x");
    planche_engine_destroy(&engine);
}

static void test_choices_of_a_path(void **state)
{
    struct planche_engine_options options = PLANCHE_ENGINE_OPTIONS_INIT;
    (void)state;
    options.model = test_path("none.param");
    expect_failure(&options, PLANCHE_ERROR_NOT_FOUND, "none.param");
    options.model = test_model(2);
    options.scale = 1;
    expect_failure(&options, PLANCHE_ERROR_ARGUMENT, "2 times");
    options.scale = 65;
    expect_failure(&options, PLANCHE_ERROR_ARGUMENT, "64");
    options.scale = 2;
    options.denoise = PLANCHE_DENOISE_1;
    expect_failure(&options, PLANCHE_ERROR_ARGUMENT, "denoise");
    options.denoise = PLANCHE_DENOISE_DEFAULT;
    options.threads = 100000;
    expect_failure(&options, PLANCHE_ERROR_ARGUMENT, "threads");
    options.threads = 0;
    options.jobs = 100000;
    expect_failure(&options, PLANCHE_ERROR_ARGUMENT, "jobs");
    options.jobs = 0;
    options.se = (enum planche_se)7;
    expect_failure(&options, PLANCHE_ERROR_ARGUMENT, "7");
}

static void test_too_little_memory(void **state)
{
    struct planche_engine_options options = PLANCHE_ENGINE_OPTIONS_INIT;
    (void)state;
    options.model = test_model(2);
    for (uint64_t memory = 1; memory < 8 << 20; memory = memory * 7 + 1) {
        options.memory = memory;
        expect_failure(&options, PLANCHE_ERROR_BUDGET, "budget");
    }
    /* Somewhere above, engines can be made, without ever failing otherwise. */
    bool made = false;
    for (options.memory = 8 << 20; options.memory < 10 << 20; options.memory += 8000) {
        struct planche_engine *engine;
        struct planche_error error;
        enum planche_status status = planche_engine_create(&engine, &options, &error);
        assert_true(status == PLANCHE_OK || (!made && status == PLANCHE_ERROR_BUDGET));
        made = made || status == PLANCHE_OK;
        planche_engine_destroy(&engine);
    }
    assert_true(made);
}

/* A model of the files' content; what is there already is replaced. */
static void put_model(const void *param, size_t param_size, const void *bin, size_t bin_size)
{
    test_write(test_path("model-bad.param"), param, param_size);
    test_write(test_path("model-bad.bin"), bin, bin_size);
}

static void test_damaged_models(void **state)
{
    static struct tiny_model model;
    struct planche_engine_options options = PLANCHE_ENGINE_OPTIONS_INIT;
    (void)state;
    tiny_model_make(&model, 2);
    char path[1024];
    snprintf(path, sizeof(path), "%s", test_path("model-bad.param"));
    options.model = path;
    put_model("hello\n", 6, model.bin, model.bin_size);
    expect_failure(&options, PLANCHE_ERROR_MODEL, "model-bad.param");
    put_model(model.param, model.param_size / 2, model.bin, model.bin_size);
    expect_failure(&options, PLANCHE_ERROR_MODEL, "model-bad.param");
    put_model(model.param, 0, model.bin, model.bin_size);
    expect_failure(&options, PLANCHE_ERROR_MODEL, "model-bad.param");
    put_model(model.param, model.param_size, model.bin, model.bin_size - 1);
    expect_failure(&options, PLANCHE_ERROR_MODEL, "model-bad.bin");
    put_model(model.param, model.param_size, model.bin, model.bin_size + 4);
    expect_failure(&options, PLANCHE_ERROR_MODEL, "model-bad.bin");
    put_model(model.param, model.param_size, model.bin, 0);
    expect_failure(&options, PLANCHE_ERROR_MODEL, "model-bad.bin");
    remove(test_path("model-bad.bin"));
    expect_failure(&options, PLANCHE_ERROR_NOT_FOUND, "model-bad.bin");
    remove(test_path("model-bad.param"));
}

static void test_unsuitable_networks(void **state)
{
    static const char four_channels[] = "7767517\n2 2\n"
                                        "Input data 0 1 data\n"
                                        "Convolution c 1 1 data output 0=4 1=1 6=12\n";
    static const char unknown_layer[] = "7767517\n2 2\n"
                                        "Input data 0 1 data\n"
                                        "Mystery c 1 1 data output 0=4\n";
    static const char zeroes[4 + 12 * 4];
    struct planche_engine_options options = PLANCHE_ENGINE_OPTIONS_INIT;
    (void)state;
    char path[1024];
    snprintf(path, sizeof(path), "%s", test_path("model-bad.param"));
    options.model = path;
    put_model(four_channels, sizeof(four_channels) - 1, zeroes, sizeof(zeroes));
    expect_failure(&options, PLANCHE_ERROR_UNSUPPORTED, "3 channels");
    put_model(unknown_layer, sizeof(unknown_layer) - 1, zeroes, 0);
    expect_failure(&options, PLANCHE_ERROR_UNSUPPORTED, "Mystery");
    remove(test_path("model-bad.bin"));
    remove(test_path("model-bad.param"));
}

static void test_info(void **state)
{
    struct planche_engine_options options = PLANCHE_ENGINE_OPTIONS_INIT;
    struct planche_engine_info info = PLANCHE_ENGINE_INFO_INIT;
    (void)state;
    for (unsigned scale = 2; scale <= 4; scale++) {
        char variant[32];
        options.threads = scale;
        options.jobs = scale + 1;
        options.memory = (uint64_t)100 << 20;
        options.cpu_mask = PLANCHE_CPU_PORTABLE;
        struct planche_engine *engine = test_engine(options, scale);
        planche_engine_get_info(engine, &info, NULL);
        snprintf(variant, sizeof(variant), "model-%ux", scale);
        assert_int_equal(info.struct_size, sizeof(info));
        assert_int_equal(info.scale, scale);
        assert_string_equal(info.model, test_model(scale));
        assert_string_equal(info.variant, variant);
        assert_string_equal(info.backend, "cpu");
        assert_string_equal(info.isa, "portable");
        assert_string_equal(info.precision, "f32");
        assert_int_equal(info.threads, scale);
        assert_int_equal(info.jobs, scale + 1);
        assert_int_equal(info.memory, options.memory);
        assert_true(info.weight_bytes > 0 && info.weight_bytes <= info.peak_bytes);
        assert_true(info.peak_bytes < info.memory);
        /* 3 x 3 x 3 x 20 and 3 x 3 x 20 x 3 x scale x scale, and the padding's share. */
        double macs = 540 + 540.0 * scale * scale;
        assert_true(info.macs_per_pixel > macs * 0.99 && info.macs_per_pixel < macs * 1.05);
        planche_engine_destroy(&engine);
        assert_null(engine);
        planche_engine_destroy(&engine);
    }
    planche_engine_destroy(NULL);
}

/* bf16 where the CPU has it and the masks allow it; else an error that says what is missing. */
static void test_precision(void **state)
{
    struct planche_engine_options options = PLANCHE_ENGINE_OPTIONS_INIT;
    struct planche_engine_info info = PLANCHE_ENGINE_INFO_INIT;
    struct planche_engine *engine;
    struct planche_error error;
    (void)state;
    options.model = test_model(2);
    options.precision = (enum planche_precision)5;
    expect_failure(&options, PLANCHE_ERROR_ARGUMENT, "precision");
    options.precision = PLANCHE_PRECISION_BF16;
    options.cpu_mask = PLANCHE_CPU_PORTABLE | PLANCHE_CPU_AVX2 | PLANCHE_CPU_AVX512;
    expect_failure(&options, PLANCHE_ERROR_UNSUPPORTED, "AVX512-BF16");
    options.precision = PLANCHE_PRECISION_INT8;
    expect_failure(&options, PLANCHE_ERROR_UNSUPPORTED, "AVX512-VNNI");
    options.precision = PLANCHE_PRECISION_BF16;
    options.cpu_mask = 0;
    if (!(planche_cpu_features() & PLANCHE_CPU_AVX512BF16)) {
        expect_failure(&options, PLANCHE_ERROR_UNSUPPORTED, "AVX512-BF16");
        return;
    }
    if (getenv("PLANCHE_CPU_MASK")) {
        print_message("PLANCHE_CPU_MASK is set: bf16 not tried\n");
        return;
    }
    if (planche_engine_create(&engine, &options, &error))
        fail_msg("%s", error.message);
    planche_engine_get_info(engine, &info, NULL);
    assert_string_equal(info.precision, "bf16");
    planche_engine_destroy(&engine);
}

/* What GPUs are asked for, in words that make no sense, and for what only the other has. */
static void test_backends(void **state)
{
    static const char *const wrong[] = {"gpu",       "vulkan:",   "vulkan:x",
                                        "vulkan:0,", "vulkan:-1", "CPU"};
    struct planche_engine_options options = PLANCHE_ENGINE_OPTIONS_INIT;
    struct planche_engine_info info = PLANCHE_ENGINE_INFO_INIT;
    (void)state;
    options.model = test_model(2);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        options.backend = wrong[i];
        expect_failure(&options, PLANCHE_ERROR_ARGUMENT, wrong[i]);
    }
    options.backend = "vulkan";
    options.precision = PLANCHE_PRECISION_BF16;
    expect_failure(&options, PLANCHE_ERROR_UNSUPPORTED, "f16");
    options.precision = PLANCHE_PRECISION_F16;
    options.gpu_path = PLANCHE_GPU_PATH_F32;
    expect_failure(&options, PLANCHE_ERROR_ARGUMENT, "path");
    options.gpu_path = (enum planche_gpu_path)(PLANCHE_GPU_PATH_WGMMA + 1);
    expect_failure(&options, PLANCHE_ERROR_ARGUMENT, "path");
    options.gpu_path = PLANCHE_GPU_PATH_AUTO;
    for (unsigned tile = 12; tile < 20; tile += 6) {
        options.tile = tile;
        expect_failure(&options, PLANCHE_ERROR_ARGUMENT, "multiple of 4");
    }
    options.tile = 0;
    options.backend = "cpu";
    expect_failure(&options, PLANCHE_ERROR_UNSUPPORTED, "f16");
    options.precision = PLANCHE_PRECISION_AUTO;
    struct planche_engine *engine = test_engine(options, 2);
    planche_engine_get_info(engine, &info, NULL);
    assert_string_equal(info.backend, "cpu");
    assert_string_equal(info.precision, "f32");
    assert_null(info.device);
    assert_null(info.gpu_path);
    planche_engine_destroy(&engine);
    /* A machine with such a GPU takes it; the CPU does not stand in. */
    struct planche_error error = {.message = "the path khr needs a GPU: "};
    options.backend = NULL;
    options.gpu_path = PLANCHE_GPU_PATH_KHR;
    planche_engine_create(&engine, &options, &error);
    assert_memory_equal(error.message, "the path khr needs a GPU: ", 26);
    planche_engine_destroy(&engine);
}

static void test_defaults(void **state)
{
    uint64_t memory = 0;
    unsigned threads = 0;
    struct planche_engine_options options = PLANCHE_ENGINE_OPTIONS_INIT;
    struct planche_engine_info info = PLANCHE_ENGINE_INFO_INIT;
    struct planche_engine *engine;
    (void)state;
    planche_engine_defaults(&memory, &threads);
    planche_engine_defaults(NULL, NULL);
    options.model = test_model(2);
    assert_int_equal(planche_engine_create(&engine, &options, NULL), PLANCHE_OK);
    planche_engine_get_info(engine, &info, NULL);
    assert_int_equal(info.memory, memory);
    assert_int_equal(info.threads, threads);
    assert_int_equal(info.jobs, info.threads);
    assert_true(planche_cpu_features() & PLANCHE_CPU_PORTABLE);
    planche_engine_destroy(&engine);
}

/* A caller built against an older header passes less, whatever lies behind that. */
static void test_older_callers(void **state)
{
    union {
        struct planche_engine_options options;
        unsigned char bytes[sizeof(struct planche_engine_options)];
    } old;
    union {
        struct planche_engine_info info;
        unsigned char bytes[sizeof(struct planche_engine_info)];
    } info;
    struct planche_engine *engine;
    struct planche_error error;
    size_t known = offsetof(struct planche_engine_options, memory);
    uint64_t memory;
    (void)state;
    memset(&old, 0xee, sizeof(old));
    memset(&old, 0, known);
    old.options.struct_size = known;
    old.options.model = test_model(3);
    if (planche_engine_create(&engine, &old.options, &error))
        fail_msg("%s", error.message);
    planche_engine_defaults(&memory, NULL);
    memset(&info, 0xee, sizeof(info));
    info.info.struct_size = sizeof(info);
    planche_engine_get_info(engine, &info.info, NULL);
    assert_int_equal(info.info.memory, memory);
    assert_int_equal(info.info.jobs, info.info.threads);
    assert_int_equal(info.info.scale, 3);
    memset(&info, 0xee, sizeof(info));
    known = offsetof(struct planche_engine_info, threads);
    info.info.struct_size = known;
    planche_engine_get_info(engine, &info.info, NULL);
    assert_int_equal(info.info.struct_size, known);
    assert_string_equal(info.info.backend, "cpu");
    for (size_t i = known; i < sizeof(info); i++)
        assert_int_equal(info.bytes[i], 0xee);
    planche_engine_destroy(&engine);
}

/* One built against a newer header passes more. */
static void test_newer_callers(void **state)
{
    struct {
        struct planche_engine_options options;
        void *more[4];
    } options = {PLANCHE_ENGINE_OPTIONS_INIT, {0}};
    struct {
        struct planche_engine_info info;
        unsigned char more[32];
    } info;
    struct planche_engine *engine;
    struct planche_error error;
    (void)state;
    options.options.struct_size = sizeof(options);
    options.options.model = test_model(2);
    if (planche_engine_create(&engine, &options.options, &error))
        fail_msg("%s", error.message);
    memset(&info, 0, sizeof(info));
    info.info.struct_size = sizeof(info);
    planche_engine_get_info(engine, &info.info, NULL);
    assert_int_equal(info.info.struct_size, sizeof(info));
    assert_int_equal(info.info.scale, 2);
    for (size_t i = 0; i < sizeof(info.more); i++)
        assert_int_equal(info.more[i], 0);
    planche_engine_destroy(&engine);
}

static void test_format_names(void **state)
{
    (void)state;
    assert_int_equal(planche_format_from_name("a/b.png"), PLANCHE_FORMAT_PNG);
    assert_int_equal(planche_format_from_name("B.JPG"), PLANCHE_FORMAT_JPEG);
    assert_int_equal(planche_format_from_name("c.Jpeg"), PLANCHE_FORMAT_JPEG);
    assert_int_equal(planche_format_from_name("d.webp"), PLANCHE_FORMAT_WEBP);
    assert_int_equal(planche_format_from_name("png"), PLANCHE_FORMAT_AUTO);
    assert_int_equal(planche_format_from_name("a.png/b"), PLANCHE_FORMAT_AUTO);
    assert_int_equal(planche_format_from_name(""), PLANCHE_FORMAT_AUTO);
    assert_string_equal(planche_format_extension(PLANCHE_FORMAT_PNG), "png");
    assert_string_equal(planche_format_extension(PLANCHE_FORMAT_JPEG), "jpg");
    assert_string_equal(planche_format_extension(PLANCHE_FORMAT_WEBP), "webp");
    assert_string_equal(planche_format_extension(PLANCHE_FORMAT_AUTO), "");
    for (int status = 0; status <= PLANCHE_ERROR_INTERNAL + 1; status++)
        assert_true(strlen(planche_status_name((enum planche_status)status)) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_catalogue_choices),
        cmocka_unit_test(test_choices_of_a_path),
        cmocka_unit_test(test_too_little_memory),
        cmocka_unit_test(test_damaged_models),
        cmocka_unit_test(test_unsuitable_networks),
        cmocka_unit_test(test_info),
        cmocka_unit_test(test_precision),
        cmocka_unit_test(test_backends),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_older_callers),
        cmocka_unit_test(test_newer_callers),
        cmocka_unit_test(test_format_names),
    };
    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
