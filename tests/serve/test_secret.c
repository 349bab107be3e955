/* SPDX-License-Identifier: MIT */
/* Warnings of files of secrets that others may read: each file is warned of once, however many
 * there are, and files with the same number on different devices are different. */
#include "service/secret.h"

#include "base/log.h"
#include "cli/terminal.h"
#include "support/remove_tree.h"
#include "support/testing.h"

#include <fcntl.h>
#include <sys/stat.h>

#define FILES 40

static unsigned warned;
static dev_t device; /* 0: that of the file */

int __real_fstat(int fd, struct stat *info);
int __real_fstat64(int fd, struct stat *info);
int __wrap_fstat(int fd, struct stat *info);
int __wrap_fstat64(int fd, struct stat *info);

static int alter(int result, struct stat *info)
{
    if (result == 0 && device != 0)
        info->st_dev = device;
    return result;
}

int __wrap_fstat(int fd, struct stat *info)
{
    return alter(__real_fstat(fd, info), info);
}

int __wrap_fstat64(int fd, struct stat *info)
{
    return alter(__real_fstat64(fd, info), info);
}

void planche_cli_message(const char *format, ...)
{
    assert_non_null(strstr(format, "others on this machine"));
    warned++;
}

static void check_file(int number, unsigned news)
{
    char path[16];
    struct planche_error error;
    unsigned before = warned;
    snprintf(path, sizeof path, "%d", number);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(fchmod(fd, 0644), 0);
    close(fd);
    assert_int_equal(planche_secret_check(path, "token", &error), PLANCHE_OK);
    assert_int_equal(warned - before, news);
}

static void test_once(void **state)
{
    char folder[] = "/tmp/planche-secret-XXXXXX";
    (void)state;
    assert_int_equal(enter_new_folder(folder), 0);
    for (int i = 0; i < FILES; i++)
        check_file(i, 1);
    for (int i = 0; i < FILES; i++)
        check_file(i, 0);
    device = (dev_t)-2;
    check_file(3, 1);
    check_file(3, 0);
    device = 0;
    check_file(3, 0);
    assert_int_equal(leave_folder(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
