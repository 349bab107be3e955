/* SPDX-License-Identifier: MIT */
/* The table of options: its rows agree with each other and with what their setters take. */
#include "support/testing.h"

#include "cli/devices.h"
#include "cli/options.h"
#include "cli/target.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct planche_cli_option *row_of(const char *name, size_t *index)
{
    for (*index = 0; *index < planche_cli_option_count; ++*index) {
        if (strcmp(planche_cli_option_table[*index].name, name) == 0)
            return &planche_cli_option_table[*index];
    }
    fail_msg("no option %s", name);
    return NULL;
}

static bool store(const char *name, struct planche_cli_options *options, const char *value)
{
    size_t index;
    row_of(name, &index);
    return planche_cli_option_store(index, options, value);
}

/* Every word of "keep|skip|fail" is taken, and a word that is none is not. */
static void test_values_are_taken(void **state)
{
    (void)state;
    for (size_t i = 0; i < planche_cli_option_count; i++) {
        const struct planche_cli_option *option = &planche_cli_option_table[i];
        struct planche_cli_options options = {0};
        char values[128], *rest;
        if (!*option->values)
            continue;
        snprintf(values, sizeof(values), "%s", option->values);
        for (char *word = strtok_r(values, "|", &rest); word; word = strtok_r(NULL, "|", &rest))
            if (!planche_cli_option_store(i, &options, word))
                fail_msg("--%s does not take %s", option->name, word);
        assert_false(planche_cli_option_store(i, &options, "nonsense"));
    }
}

static void test_rows_are_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < planche_cli_option_count; i++) {
        const struct planche_cli_option *option = &planche_cli_option_table[i];
        assert_true(*option->name && *option->help && option->commands);
        assert_in_range(option->group, 0, PLANCHE_CLI_GROUP_COUNT - 1);
        /* What takes a value says which, for the message that refuses another. */
        assert_int_equal(*option->argument != 0, *option->values || *option->form);
        assert_int_not_equal(option->help[strlen(option->help) - 1], '.');
        if (*option->detail)
            assert_int_equal(option->detail[strlen(option->detail) - 1], '.');
    }
}

static void test_names_and_letters_are_unique(void **state)
{
    const unsigned commands = PLANCHE_CLI_ONCE - 1u;
    (void)state;
    for (size_t i = 0; i < planche_cli_option_count; i++) {
        for (size_t j = 0; j < i; j++) {
            const struct planche_cli_option *a = &planche_cli_option_table[i];
            const struct planche_cli_option *b = &planche_cli_option_table[j];
            /* One name may mean two things, if no command knows both. */
            bool same = strcmp(a->name, b->name) == 0 && !(a->commands & b->commands & commands);
            assert_true(same || strcmp(a->name, b->name) != 0);
            assert_true(!a->letter || (a->letter == b->letter) == same);
        }
    }
}

static void test_values_are_stored(void **state)
{
    (void)state;
    struct planche_cli_options options = {0};
    assert_true(store("scale", &options, "4"));
    assert_int_equal(options.engine.scale, 4);
    assert_true(store("denoise", &options, "-1"));
    assert_true(options.level == -1);
    assert_true(store("format", &options, "jpeg"));
    assert_int_equal(options.page.format, PLANCHE_FORMAT_JPEG);
    assert_true(store("fit", &options, "1600x2400"));
    assert_int_equal(options.page.width, 1600);
    assert_int_equal(options.page.fit, PLANCHE_FIT_SCREEN);
    static const char *const ways[] = {"1601X2401",
                                       ("1602\xc3\x97"
                                        "2402"),
                                       "1603 x 2403"};
    for (unsigned i = 0; i < 3; i++) {
        assert_true(store("fit", &options, ways[i]));
        assert_int_equal(options.page.width, 1601 + i);
        assert_int_equal(options.page.height, 2401 + i);
    }
    assert_true(store("device", &options, "kobo-libra-2"));
    assert_int_equal(options.page.width, 1264);
    assert_int_equal(options.page.height, 1680);
    assert_true(store("memory", &options, "1.5G"));
    assert_true(options.engine.memory == UINT64_C(3) << 29);
    assert_true(store("cpu-mask", &options, "avx2"));
    assert_int_equal(options.engine.cpu_mask, PLANCHE_CPU_PORTABLE | PLANCHE_CPU_AVX2);
    assert_true(store("on-error", &options, "skip"));
    assert_int_equal(options.book.on_error, PLANCHE_ON_ERROR_SKIP);
    assert_true(store("model", &options, "first") && store("model", &options, "second"));
    assert_int_equal(options.model_count, 2);
    assert_string_equal(options.models[0], "first");
    assert_string_equal(options.engine.model, "second");
}

static void test_values_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name, *value;
    } wrong[] = {
        {"scale", "0"},
        {"scale", "2x"},
        {"quality", "101"},
        {"effort", "0"},
        {"fit", "1600"},
        {"fit", "0x5"},
        {"fit", "5x"},
        {"fit", "x5"},
        {"fit", "5xx5"},
        {"fit", "5x5x5"},
        {"fit", "5\xc3"
                "5"},
        {"fit", "-5x5"},
        {"fit", "5x99999999999"},
        {"device", ""},
        {"device", "kobo"},
        {"device", "-"},
        {"scale", "0"},
        {"scale", "65"},
        {"scale", "automatic"},
        {"tile", "17"},
        {"tile", "8"},
        {"memory", "lots"},
        {"memory", "-1"},
        {"jobs", "65"},
        {"cpu-mask", "0"},
        {"model", ""},
        {"backend", "cuda:"},
        {"size", "9x"},
        {"format", "a.png"},
        {"backend", "lkan"},
        {"backend", "cpu:0"},
        {"backend", "auto|cpu"},
        {"backend", "vulkan:0x"},
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        struct planche_cli_options options = {0};
        if (store(wrong[i].name, &options, wrong[i].value))
            fail_msg("--%s takes '%s'", wrong[i].name, wrong[i].value);
    }
}

/* Names as people write them; each of the table finds its own row. */
static void test_devices(void **state)
{
    static const char *const ways[] = {"kobo-libra-2", "Kobo Libra 2", "kobolibra2", "libra2",
                                       "KOBO_LIBRA.2"};
    const struct planche_cli_device *device;
    (void)state;
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        device = planche_cli_device_find(ways[i]);
        if (!device || strcmp(device->name, "kobo-libra-2") != 0)
            fail_msg("%s is %s", ways[i], device ? device->name : "nothing");
    }
    for (size_t i = 0; (device = planche_cli_device_get(i)) != NULL; i++) {
        const struct planche_cli_device *found = planche_cli_device_find(device->name);
        if (found != device)
            fail_msg("%s is found as %s", device->name, found ? found->name : "nothing");
        assert_in_range(device->width, 600, 5120);
        assert_in_range(device->height, 720, 4096);
        assert_true(strlen(device->name) <= 25);
    }
    assert_null(planche_cli_device_find("kobo-libra")); /* there are three */
    assert_null(planche_cli_device_find("libra 3"));
}

/* A target makes the scale follow, unless one was given. */
static void test_targets(void **state)
{
    struct planche_page_options page = PLANCHE_PAGE_OPTIONS_INIT;
    (void)state;
    assert_true(planche_cli_target_settle(&page, 0));
    assert_int_equal(page.scale, 0);
    page.height = 2400;
    assert_true(planche_cli_target_settle(&page, 3));
    assert_int_equal(page.scale, 0);
    assert_true(planche_cli_target_settle(&page, 0));
    assert_true(page.scale == PLANCHE_SCALE_AUTO);
    page.height = 0;
    assert_false(planche_cli_target_settle(&page, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_are_taken),
        cmocka_unit_test(test_devices),
        cmocka_unit_test(test_targets),
        cmocka_unit_test(test_rows_are_whole),
        cmocka_unit_test(test_names_and_letters_are_unique),
        cmocka_unit_test(test_values_are_stored),
        cmocka_unit_test(test_values_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
