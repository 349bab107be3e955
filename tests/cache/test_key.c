/* SPDX-License-Identifier: MIT */
/* Keys: what changes a page's bytes changes its key, and nothing else does. */
#include "cache_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct planche_cache_key engine_key(const struct planche_engine_options *options)
{
    struct planche_cache_key machine, key;
    struct planche_error error = {0};
    planche_cache_machine_key(&machine, options, "commit");
    if (planche_cache_engine_key(&key, &machine, options, &error) != PLANCHE_OK)
        fail_msg("%s", error.message);
    return key;
}

static struct planche_engine_options engine_options(void)
{
    struct planche_engine_options options = PLANCHE_ENGINE_OPTIONS_INIT;
    options.backend = "cpu";
    options.cpu_mask = PLANCHE_CPU_PORTABLE;
    return options;
}

static bool is_same(const struct planche_cache_key *a, const struct planche_cache_key *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

static void test_engine(void **state)
{
    struct planche_engine_options options = engine_options();
    struct planche_cache_key first = engine_key(&options), other;
    struct planche_cache_key built;
    (void)state;
    other = engine_key(&options);
    assert_true(is_same(&first, &other));
    options.model = "auto"; /* the default */
    options.memory = 1 << 30;
    options.threads = 3;
    options.jobs = 2;
    options.max_pixels = 12345;
    options.pages = 7;
    other = engine_key(&options);
    assert_true(is_same(&first, &other));
    planche_cache_machine_key(&built, &options, "commit");
    planche_cache_machine_key(&other, &options, "other commit");
    assert_false(is_same(&other, &built));
#define CHANGES(field, value)                                                                      \
    do {                                                                                           \
        options = engine_options();                                                                \
        options.field = value;                                                                     \
        other = engine_key(&options);                                                              \
        assert_false(is_same(&first, &other));                                                     \
    } while (0)
    CHANGES(model, "waifu2x-cunet");
    CHANGES(scale, 3);
    CHANGES(denoise, PLANCHE_DENOISE_3);
    CHANGES(se, PLANCHE_SE_SAMPLED);
    CHANGES(precision, PLANCHE_PRECISION_BF16);
    CHANGES(backend, "vulkan");
    CHANGES(gpu_path, PLANCHE_GPU_PATH_F16);
    CHANGES(has_level, 1);
#undef CHANGES
    options = engine_options();
    options.has_level = 1;
    first = engine_key(&options);
    options.denoise = PLANCHE_DENOISE_1; /* is not looked at */
    other = engine_key(&options);
    assert_true(is_same(&first, &other));
    options.level = 0.5;
    other = engine_key(&options);
    assert_false(is_same(&first, &other));
}

static void write_text(const char *path, const char *text)
{
    /* Past the granularity of the file system's times. */
    usleep(20000);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* A model of one's own counts by its files' content, not by its name. */
static void test_model_files(void **state)
{
    char param[128], bin[128], text[512];
    struct planche_engine_options options = engine_options();
    struct planche_error error = {0};
    struct planche_cache_key key, machine = cache_test_key(1);
    (void)state;
    snprintf(param, sizeof param, "%s/own.param", cache_test_root);
    snprintf(bin, sizeof bin, "%s/own.bin", cache_test_root);
    options.model = param;
    assert_int_equal(planche_cache_engine_key(&key, &machine, &options, &error),
                     PLANCHE_ERROR_NOT_FOUND);
    write_text(param, "7767517");
    write_text(bin, "weights");
    struct planche_cache_key first = engine_key(&options);
    write_text(bin, "Weights");
    struct planche_cache_key second = engine_key(&options);
    assert_false(is_same(&first, &second));
    write_text(bin, "weights");
    write_text(param, "7767518");
    second = engine_key(&options);
    assert_false(is_same(&first, &second));
    write_text(param, "7767517");
    second = engine_key(&options);
    assert_true(is_same(&first, &second));
    /* A network of Planche's own is one file. */
    snprintf(text, sizeof text, "%s/own.planche", cache_test_root);
    write_text(text, "weights");
    options.model = text;
    struct planche_cache_key third = engine_key(&options);
    write_text(text, "Weights");
    second = engine_key(&options);
    assert_false(is_same(&third, &second));
    options.model = param;
    snprintf(text, sizeof text, "mv %s %s/a.param; mv %s %s/a.bin", param, cache_test_root, bin,
             cache_test_root);
    assert_int_equal(system(text), 0);
    snprintf(param, sizeof param, "%s/a.param", cache_test_root);
    second = engine_key(&options);
    assert_true(is_same(&first, &second));
}

static struct planche_cache_key page_key(const struct planche_page_options *options, uint8_t first)
{
    const struct planche_cache_key engine = {{1, 2, 3}};
    const uint8_t digest[PLANCHE_CACHE_KEY_BYTES] = {first};
    struct planche_cache_key key;
    planche_cache_page_key(&key, &engine, digest, options);
    return key;
}

static void test_page(void **state)
{
    struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    struct planche_cache_key first = page_key(&options, 1), other = page_key(&options, 2);
    (void)state;
    assert_false(is_same(&first, &other));
    options.format = PLANCHE_FORMAT_WEBP; /* the default */
    options.overwrite = 1;
    options.priority = PLANCHE_PRIORITY_INTERACTIVE;
    options.deadline_ms = 25000;
    other = page_key(&options, 1);
    assert_true(is_same(&first, &other));
#define CHANGES(field, value)                                                                      \
    do {                                                                                           \
        options = (struct planche_page_options)PLANCHE_PAGE_OPTIONS_INIT;                          \
        options.field = value;                                                                     \
        other = page_key(&options, 1);                                                             \
        assert_false(is_same(&first, &other));                                                     \
    } while (0)
    CHANGES(format, PLANCHE_FORMAT_PNG);
    CHANGES(quality, 80);
    CHANGES(lossless, 1);
    CHANGES(effort, 9);
    CHANGES(tta, 1);
    CHANGES(width, 1200);
    CHANGES(height, 1200);
    CHANGES(fit, PLANCHE_FIT_SCREEN);
    CHANGES(scale, 2);
    CHANGES(provenance, 1);
    CHANGES(grey, PLANCHE_GREY_AUTO);
    CHANGES(on_limit, PLANCHE_ON_LIMIT_SWITCH);
#undef CHANGES
}

/* No list of values is like another. */
static void test_hash(void **state)
{
    struct planche_cache_hash hash;
    struct planche_cache_key keys[6];
    (void)state;
    for (int i = 0; i < 6; i++) {
        planche_cache_hash_begin(&hash);
        planche_cache_hash_text(&hash, i == 0 ? "ab" : "a", i == 0 ? "c" : i == 1 ? "bc" : "b");
        if (i >= 3)
            planche_cache_hash_text(&hash, "c", i == 3 ? NULL : i == 4 ? "" : "d");
        planche_cache_hash_end(&hash, &keys[i]);
        for (int other = 0; other < i; other++)
            assert_false(is_same(&keys[i], &keys[other]));
    }
}

static void test_text(void **state)
{
    char text[PLANCHE_CACHE_KEY_TEXT + 1];
    struct planche_cache_key key = cache_test_key(1), other;
    (void)state;
    planche_cache_key_text(&key, text);
    assert_true(planche_cache_key_parse(&other, text));
    assert_true(is_same(&key, &other));
    for (size_t i = 0; i < PLANCHE_CACHE_KEY_TEXT - 1; i++) {
        char digit = text[i];
        text[i] = i % 2 ? 'g' : 'A';
        assert_false(planche_cache_key_parse(&other, text));
        text[i] = digit;
    }
    text[PLANCHE_CACHE_KEY_TEXT - 1] = '0';
    text[PLANCHE_CACHE_KEY_TEXT] = 0;
    assert_false(planche_cache_key_parse(&other, text));
    text[PLANCHE_CACHE_KEY_TEXT - 2] = 0;
    assert_false(planche_cache_key_parse(&other, text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_engine),
        cmocka_unit_test_setup_teardown(test_model_files, cache_test_setup, cache_test_teardown),
        cmocka_unit_test(test_page),
        cmocka_unit_test(test_hash),
        cmocka_unit_test(test_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
