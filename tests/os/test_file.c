/* SPDX-License-Identifier: MIT */
/* Files and folders by their names: what is not there is told from what cannot be told. */
#include "support/testing.h"

#include "os/fd.h"
#include "os/file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/planche-test-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return chdir("/") == 0 && rmdir(folder) == 0 ? 0 : -1;
}

static void put_file(const char *path, const char *text)
{
    int fd = planche_fd_create(path, 0666);
    assert_true(fd >= 0);
    assert_true(planche_fd_write(fd, text, strlen(text)));
    assert_true(planche_fd_close(&fd));
}

static uint64_t size_of(const char *path)
{
    struct planche_file_info info;
    assert_int_equal(planche_file_find(path, &info), PLANCHE_FILE_PRESENT);
    return info.size;
}

static void test_states(void **state)
{
    char name[NAME_MAX + 2];
    struct planche_file_info info;
    (void)state;
    put_file("page", "text");
    assert_int_equal(planche_file_find("page", NULL), PLANCHE_FILE_PRESENT);
    assert_int_equal(planche_file_find("other", &info), PLANCHE_FILE_ABSENT);
    assert_int_equal(planche_file_find("page/other", &info), PLANCHE_FILE_ABSENT);
    /* No file can have this name, but that is not what the system says. */
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = 0;
    assert_int_equal(planche_file_find(name, &info), PLANCHE_FILE_UNKNOWN);
    assert_int_equal(errno, ENAMETOOLONG);
    assert_int_equal(symlink("loop", "loop"), 0);
    assert_int_equal(planche_file_find("loop", &info), PLANCHE_FILE_UNKNOWN);
    assert_int_equal(planche_file_find_link("loop", &info), PLANCHE_FILE_PRESENT);
    assert_int_equal(info.kind, PLANCHE_FILE_LINK);
    unlink("loop");
    if (geteuid() != 0) {
        assert_int_equal(mkdir("closed", 0), 0);
        assert_int_equal(planche_file_find("closed/page", &info), PLANCHE_FILE_UNKNOWN);
        rmdir("closed");
    }
    unlink("page");
}

static void test_identity(void **state)
{
    struct planche_file_info one, two, other;
    (void)state;
    put_file("page", "text");
    put_file("other", "text");
    assert_int_equal(link("page", "name"), 0);
    assert_int_equal(planche_file_find("page", &one), PLANCHE_FILE_PRESENT);
    assert_int_equal(planche_file_find("name", &two), PLANCHE_FILE_PRESENT);
    assert_int_equal(planche_file_find("other", &other), PLANCHE_FILE_PRESENT);
    assert_true(planche_file_is_same(&one, &two));
    assert_false(planche_file_is_same(&one, &other));
    int here = planche_fd_open(".", PLANCHE_FD_FOLDER, NULL);
    assert_int_equal(planche_file_find_link_at(here, "other", &two), PLANCHE_FILE_PRESENT);
    assert_true(planche_file_is_same(&other, &two));
    assert_true(planche_file_remove("page"));
    assert_true(planche_file_remove_at(here, "name"));
    assert_true(planche_file_remove("other"));
    assert_false(planche_file_remove("other"));
    assert_int_equal(errno, ENOENT);
    planche_fd_close(&here);
}

static void test_rename(void **state)
{
    (void)state;
    put_file("old", "1");
    put_file("taken", "22");
    assert_false(planche_file_rename_new("old", "taken"));
    assert_int_equal(errno, EEXIST);
    assert_int_equal(size_of("taken"), 2);
    assert_true(planche_file_rename_new("old", "new"));
    assert_int_equal(planche_file_find("old", NULL), PLANCHE_FILE_ABSENT);
    assert_true(planche_file_rename("new", "taken"));
    assert_int_equal(size_of("taken"), 1);
    planche_folder_sync_parent("taken");
    unlink("taken");
}

static void test_folders(void **state)
{
    struct planche_listing listing;
    bool one = false, two = false;
    size_t count = 0;
    (void)state;
    planche_folder_make_parents("a/b/page", 0777);
    assert_int_equal(planche_file_find("a/b", NULL), PLANCHE_FILE_PRESENT);
    assert_int_equal(planche_file_find("a/b/page", NULL), PLANCHE_FILE_ABSENT);
    put_file("a/page", "text");
    assert_false(planche_folder_make("a", 0777));
    assert_int_equal(errno, EEXIST);
    assert_false(planche_folder_make("none/b", 0777));
    assert_int_equal(errno, ENOENT);
    /* Of several the first says why. */
    assert_false(planche_folder_make_parents("a/page/b/c/page", 0777));
    assert_int_equal(errno, ENOTDIR);
    assert_false(planche_folder_make_parents("/proc/planche/a/page", 0777));
    assert_int_equal(errno, EACCES);
    assert_true(planche_folder_make_parents("/proc/page", 0777));
    assert_true(planche_file_has_folder("a/b/") && !planche_file_has_folder("a/page/x"));
    /* A folder itself, too; what is there has to be looked at. */
    assert_true(planche_folder_make_whole("w/x/y", 0777) &&
                planche_folder_make_whole("w/x/y/", 0777));
    assert_true(planche_folder_remove("w/x/y") && planche_folder_remove("w/x"));
    assert_true(planche_folder_remove("w"));
    assert_true(planche_folder_make_whole("a/page", 0777));
    assert_int_equal(errno, EEXIST);
    assert_false(planche_folder_make_whole("a/page/x", 0777));
    assert_int_equal(errno, ENOTDIR);
    int a = planche_fd_open("a", PLANCHE_FD_FOLDER, NULL);
    for (int round = 0; round < 2; round++) { /* the second is from the first name again */
        assert_true(planche_listing_open_fd(&listing, a));
        for (const char *name; (name = planche_listing_next(&listing)); count++) {
            one = one || strcmp(name, "b") == 0;
            two = two || strcmp(name, "page") == 0;
        }
        assert_int_equal(errno, 0);
        planche_listing_close(&listing);
        planche_listing_close(&listing);
    }
    assert_true(one && two && count == 4);
    assert_false(planche_folder_remove("a"));
    assert_true(planche_folder_make_at(a, "c", 0700));
    assert_true(planche_folder_remove("a/c"));
    planche_fd_close(&a);
    assert_true(planche_file_remove("a/page"));
    assert_true(planche_folder_remove("a/b"));
    assert_true(planche_folder_remove("a"));
    assert_false(planche_listing_open(&listing, "a"));
    assert_int_equal(errno, ENOENT);
    assert_true(planche_listing_open(&listing, "."));
    assert_null(planche_listing_next(&listing));
    planche_listing_close(&listing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_identity),
        cmocka_unit_test(test_rename),
        cmocka_unit_test(test_folders),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
