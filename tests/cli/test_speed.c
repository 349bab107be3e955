/* SPDX-License-Identifier: MIT */
/* Speeds of earlier runs: kept by what decides, the last counts, and no file is believed. */
#include "support/testing.h"

#include "enlarge/speed.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char folder[] = "/tmp/planche-speed-XXXXXX";

static void path_of(const char *name, char path[200])
{
    snprintf(path, 200, "%s/%s", folder, name);
}

static int set_up(void **state)
{
    (void)state;
    return !mkdtemp(folder) || setenv("XDG_STATE_HOME", folder, 1);
}

static int tear_down(void **state)
{
    char path[200];
    (void)state;
    path_of("planche/speeds", path);
    unlink(path);
    path_of("planche", path);
    rmdir(path);
    return rmdir(folder);
}

static void test_kept(void **state)
{
    (void)state;
    struct planche_cli_options options = {.level = -2}, other = {.level = -2, .engine.threads = 3};
    assert_true(planche_cli_speed_find(&options, 2) == 0.0);
    planche_cli_speed_keep(&options, 2, 1000.4);
    planche_cli_speed_keep(&other, 2, 300.0);
    planche_cli_speed_keep(&options, 4, 200.0);
    assert_true(planche_cli_speed_find(&options, 2) == 1000.0);
    assert_true(planche_cli_speed_find(&other, 2) == 300.0);
    assert_true(planche_cli_speed_find(&options, 4) == 200.0);
    assert_true(planche_cli_speed_find(&options, 3) == 0.0);
    planche_cli_speed_keep(&options, 2, 2000.0);
    assert_true(planche_cli_speed_find(&options, 2) == 2000.0);
    assert_true(planche_cli_speed_find(&other, 2) == 300.0);
}

/* Many models do not make the file grow without end. */
static void test_bounded(void **state)
{
    char name[240], path[200];
    (void)state;
    struct planche_cli_options options = {.engine.model = name};
    for (int i = 0; i < 90; i++) {
        snprintf(name, sizeof name, "%0200d.param", i);
        planche_cli_speed_keep(&options, 2, i + 1.0);
    }
    assert_true(planche_cli_speed_find(&options, 2) == 90.0);
    path_of("planche/speeds", path);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    assert_in_range(ftell(file), 1000, 16 << 10);
    fclose(file);
}

static void test_nonsense(void **state)
{
    char path[200];
    (void)state;
    struct planche_cli_options options = {.level = 1};
    planche_cli_speed_keep(&options, 2, 5.0);
    path_of("planche/speeds", path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < 70000; i++)
        fputc(i % 251, file);
    fclose(file);
    assert_true(planche_cli_speed_find(&options, 2) == 0.0);
    planche_cli_speed_keep(&options, 2, 5.0);
    assert_true(planche_cli_speed_find(&options, 2) == 5.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kept),
        cmocka_unit_test(test_bounded),
        cmocka_unit_test(test_nonsense),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
