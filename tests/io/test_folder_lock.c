/* SPDX-License-Identifier: MIT */
/* Advisory locks: one owner at a time, none left behind, and no folder of somebody else's. */
#include "support/testing.h"

#include "io/folder_lock.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
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

static void test_take(void **state)
{
    struct planche_folder_lock one = PLANCHE_FOLDER_LOCK_NONE, two = PLANCHE_FOLDER_LOCK_NONE;
    struct stat info;
    (void)state;
    assert_int_equal(planche_folder_lock_take_existing(&one, "work"), PLANCHE_FOLDER_LOCK_FAILED);
    assert_int_equal(errno, ENOENT);
    mode_t mask = umask(0);
    assert_int_equal(planche_folder_lock_take(&one, "work"), PLANCHE_FOLDER_LOCK_TAKEN);
    umask(mask);
    assert_int_equal(stat("work", &info), 0);
    assert_int_equal(info.st_mode & 0777, 0700);
    assert_int_equal(planche_folder_lock_take(&two, "work"), PLANCHE_FOLDER_LOCK_BUSY);
    assert_int_equal(two.fd, -1);
    planche_folder_lock_release(&one);
    assert_int_equal(planche_folder_lock_take_existing(&two, "work"), PLANCHE_FOLDER_LOCK_TAKEN);
    planche_folder_lock_release(&two);
    planche_folder_lock_release(&two);
    rmdir("work");
}

/* The owner removes the folder and somebody makes another: the old lock says nothing of it. */
static void test_removed(void **state)
{
    struct planche_folder_lock one = PLANCHE_FOLDER_LOCK_NONE, two = PLANCHE_FOLDER_LOCK_NONE;
    (void)state;
    assert_int_equal(planche_folder_lock_take(&one, "work"), PLANCHE_FOLDER_LOCK_TAKEN);
    rmdir("work");
    assert_int_equal(planche_folder_lock_take(&two, "work"), PLANCHE_FOLDER_LOCK_TAKEN);
    planche_folder_lock_release(&one);
    planche_folder_lock_release(&two);
    rmdir("work");
}

static void test_untrusted(void **state)
{
    struct planche_folder_lock lock = PLANCHE_FOLDER_LOCK_NONE;
    (void)state;
    assert_int_equal(mkdir("work", 0700), 0);
    assert_int_equal(chmod("work", 0770), 0);
    assert_int_equal(planche_folder_lock_take(&lock, "work"), PLANCHE_FOLDER_LOCK_UNTRUSTED);
    assert_int_equal(lock.fd, -1);
    rmdir("work");
    assert_int_equal(symlink(".", "work"), 0);
    assert_int_equal(planche_folder_lock_take(&lock, "work"), PLANCHE_FOLDER_LOCK_FAILED);
    assert_true(errno == ENOTDIR || errno == ELOOP);
    unlink("work");
    assert_int_equal(planche_folder_lock_take(&lock, "no/work"), PLANCHE_FOLDER_LOCK_FAILED);
    assert_int_equal(errno, ENOENT);
}

/* A file system that gives every folder the same mode and owner, whatever was asked for: only the
 * linker's --wrap makes it one. */
static mode_t fixed_mode;
static uid_t fixed_owner;
static bool opened; /* what is open was, besides, opened to others */

static int fix(int result, struct stat *info)
{
    if (result == 0 && fixed_mode && S_ISDIR(info->st_mode)) {
        info->st_mode = (info->st_mode & (mode_t)~0777) | fixed_mode;
        info->st_uid = fixed_owner;
    }
    return result;
}

/* With large files the functions have other names. */
#define WRAP(function, type)                                                                       \
    int __real_##function(type which, struct stat *info);                                          \
    int __wrap_##function(type which, struct stat *info);                                          \
    int __wrap_##function(type which, struct stat *info)                                           \
    {                                                                                              \
        int result = fix(__real_##function(which, info), info);                                    \
        info->st_mode |= opened && _Generic(which, int : true, default : false) ? 0022 : 0;        \
        return result;                                                                             \
    }
WRAP(fstat, int)
WRAP(fstat64, int)
WRAP(lstat, const char *)
WRAP(lstat64, const char *)

static void test_fixed_modes(void **state)
{
    struct planche_folder_lock lock = PLANCHE_FOLDER_LOCK_NONE;
    const uid_t owners[] = {geteuid(), geteuid() + 1};
    (void)state;
    for (int i = 0; i < 4; i++) {
        fixed_mode = i % 2 ? 0777 : 0755;
        fixed_owner = owners[i / 2];
        for (int again = 0; again < 2; again++) {
            assert_int_equal(planche_folder_lock_take(&lock, "work"), PLANCHE_FOLDER_LOCK_TAKEN);
            planche_folder_lock_release(&lock);
        }
        rmdir("work");
    }
    /* Less private than what is made now: another has opened it. */
    fixed_mode = 0755;
    assert_int_equal(mkdir("work", 0700), 0);
    opened = true;
    assert_int_equal(planche_folder_lock_take(&lock, "work"), PLANCHE_FOLDER_LOCK_UNTRUSTED);
    opened = false;
    fixed_mode = 0;
    rmdir("work");
}

/* A process that is killed leaves no lock. */
static void test_killed(void **state)
{
    struct planche_folder_lock lock = PLANCHE_FOLDER_LOCK_NONE;
    int ready[2];
    char byte;
    (void)state;
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        bool taken = planche_folder_lock_take(&lock, "work") == PLANCHE_FOLDER_LOCK_TAKEN;
        if (write(ready[1], taken ? "y" : "n", 1) == 1)
            pause();
        _exit(1);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(byte, 'y');
    assert_int_equal(planche_folder_lock_take(&lock, "work"), PLANCHE_FOLDER_LOCK_BUSY);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(planche_folder_lock_take(&lock, "work"), PLANCHE_FOLDER_LOCK_TAKEN);
    planche_folder_lock_release(&lock);
    rmdir("work");
    close(ready[0]);
    close(ready[1]);
}

static void test_file(void **state)
{
    struct planche_folder_lock one = PLANCHE_FOLDER_LOCK_NONE, two = PLANCHE_FOLDER_LOCK_NONE;
    (void)state;
    assert_int_equal(planche_file_lock_take(&one, "lock"), PLANCHE_FOLDER_LOCK_TAKEN);
    assert_int_equal(planche_file_lock_take(&two, "lock"), PLANCHE_FOLDER_LOCK_BUSY);
    planche_folder_lock_release(&one);
    assert_int_equal(planche_file_lock_take(&two, "lock"), PLANCHE_FOLDER_LOCK_TAKEN);
    planche_folder_lock_release(&two);
    assert_int_equal(planche_file_lock_take(&two, "no/lock"), PLANCHE_FOLDER_LOCK_FAILED);
    unlink("lock");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_take),      cmocka_unit_test(test_removed),
        cmocka_unit_test(test_untrusted), cmocka_unit_test(test_killed),
        cmocka_unit_test(test_file),      cmocka_unit_test(test_fixed_modes),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
