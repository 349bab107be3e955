/* SPDX-License-Identifier: MIT */
/* Digests and stamps: what tells a file or folder from what it was. */
#include "support/testing.h"

#include "base/text.h"
#include "io/cache_dir.h"
#include "io/digest.h"
#include "support/remove_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/planche-test-digest-XXXXXX";

static int enter(void **state)
{
    (void)state;
    memcpy(folder + sizeof(folder) - 7, "XXXXXX", 6);
    return mkdtemp(folder) && chdir(folder) == 0 && mkdir("in", 0777) == 0 ? 0 : -1;
}

static int leave(void **state)
{
    (void)state;
    return chdir("/") == 0 ? remove_tree(folder) : -1;
}

static void write_file(const char *path, const char *text, time_t time)
{
    const struct timespec times[2] = {{.tv_sec = time}, {.tv_sec = time}};
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static const char *digest_of(const char *path)
{
    static char text[PLANCHE_IO_DIGEST_TEXT];
    uint8_t digest[PLANCHE_IO_DIGEST_BYTES];
    assert_true(planche_content_digest(path, NULL, digest));
    planche_text_hex(text, digest, sizeof digest);
    return text;
}

static void test_file(void **state)
{
    struct planche_stamp stamp;
    uint8_t digest[PLANCHE_IO_DIGEST_BYTES];
    (void)state;
    write_file("abc", "abc", 1000);
    assert_string_equal(digest_of("abc"),
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_true(planche_stamp_take(&stamp, "abc"));
    assert_int_equal(stamp.bytes, 3);
    assert_int_equal(stamp.time, INT64_C(1000) * 1000000000);
    assert_false(planche_stamp_take(&stamp, "none"));
    assert_int_equal(errno, ENOENT);
    assert_false(planche_content_digest("none", NULL, digest));
    struct planche_cancel handle = {0};
    const struct planche_cancel_token cancel = {.handle = &handle};
    assert_true(planche_content_digest("abc", &cancel, digest));
    planche_cancel_set(&handle);
    assert_false(planche_content_digest("abc", &cancel, digest));
}

/* A change of the folder, and whether its stamp, its names and its content become others. */
static void expect_change(bool stamped, bool named, bool contained)
{
    static struct planche_stamp before;
    static char content[PLANCHE_IO_DIGEST_TEXT];
    struct planche_stamp now;
    const char *digest = digest_of("in");
    assert_true(planche_stamp_take(&now, "in"));
    assert_int_equal(now.time != before.time, stamped);
    assert_int_equal(now.names != before.names, named);
    assert_int_equal(strcmp(digest, content) != 0, contained);
    before = now;
    strcpy(content, digest);
}

static void test_folder(void **state)
{
    (void)state;
    write_file("in/a", "a", 1000);
    expect_change(true, true, true);
    expect_change(false, false, false);
    write_file("in/a", "b", 1000); /* of the same size and time: only reading tells */
    expect_change(false, false, true);
    write_file("in/a", "b", 1001);
    expect_change(true, false, false);
    assert_int_equal(mkdir("in/sub", 0777), 0);
    expect_change(true, true, true);
    write_file("in/sub/c", "", 1000);
    expect_change(true, true, true);
    assert_int_equal(rename("in/sub/c", "in/sub/d"), 0);
    expect_change(true, true, true);
    /* What Planche works on there is none of it, nor are links. */
    write_file("in/.x.cbz.planche", "", 1000);
    assert_int_equal(symlink("a", "in/link"), 0);
    expect_change(false, false, false);
}

static void test_state_path(void **state)
{
    char path[100];
    struct planche_error error;
    (void)state;
    assert_int_equal(setenv("HOME", "/h", 1), 0);
    assert_int_equal(setenv("XDG_STATE_HOME", "relative", 1), 0);
    assert_int_equal(planche_state_path(path, sizeof path, "x", &error), PLANCHE_OK);
    assert_string_equal(path, "/h/.local/state/planche/x");
    assert_int_equal(setenv("XDG_STATE_HOME", "/s", 1), 0);
    assert_int_equal(planche_state_path(path, sizeof path, "x", &error), PLANCHE_OK);
    assert_string_equal(path, "/s/planche/x");
    assert_int_equal(planche_state_path(path, 5, "x", &error), PLANCHE_ERROR_ARGUMENT);
    assert_int_equal(unsetenv("XDG_STATE_HOME"), 0);
    assert_int_equal(setenv("HOME", "relative", 1), 0);
    assert_int_equal(planche_state_path(path, sizeof path, "x", &error), PLANCHE_ERROR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_file, enter, leave),
        cmocka_unit_test_setup_teardown(test_folder, enter, leave),
        cmocka_unit_test(test_state_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
