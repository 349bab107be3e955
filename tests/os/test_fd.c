/* SPDX-License-Identifier: MIT */
/* File descriptors: what is opened, what is refused, and that all bytes arrive. */
#include "support/testing.h"

#include "os/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
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
    assert_int_equal(fd, -1);
}

static void has_text(const char *path, const char *text)
{
    char content[64] = {0};
    struct planche_file_info info;
    int fd = planche_fd_open(path, 0, &info);
    assert_true(fd >= 0);
    assert_int_equal(info.kind, PLANCHE_FILE_REGULAR);
    assert_int_equal(info.size, strlen(text));
    assert_int_equal(planche_fd_read_all(fd, content, sizeof content), strlen(text));
    assert_string_equal(content, text);
    planche_fd_close(&fd);
}

static bool is_inherited(int fd)
{
    return !(fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

static void test_open(void **state)
{
    struct planche_file_info info;
    (void)state;
    put_file("page", "text");
    has_text("page", "text");
    int fd = planche_fd_open("page", PLANCHE_FD_NO_LINK, NULL);
    assert_true(fd >= 0 && !is_inherited(fd));
    assert_int_equal(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
    int copy = planche_fd_duplicate(fd);
    assert_true(copy >= 0 && copy != fd && !is_inherited(copy));
    planche_fd_close(&copy);
    planche_fd_close(&fd);
    planche_fd_close(&fd); /* none is open */
    assert_int_equal(planche_fd_open("page", PLANCHE_FD_FOLDER, NULL), -1);
    assert_int_equal(errno, ENOTDIR);
    assert_int_equal(planche_fd_open("other", 0, &info), -1);
    assert_int_equal(errno, ENOENT);
    fd = planche_fd_open(".", PLANCHE_FD_FOLDER, &info);
    assert_true(fd >= 0);
    assert_int_equal(info.kind, PLANCHE_FILE_FOLDER);
    int inner = planche_fd_open_at(fd, "page", 0, &info);
    assert_true(inner >= 0);
    assert_int_equal(info.kind, PLANCHE_FILE_REGULAR);
    planche_fd_close(&inner);
    planche_fd_close(&fd);
    unlink("page");
}

static void test_link(void **state)
{
    (void)state;
    put_file("page", "text");
    assert_int_equal(symlink("page", "link"), 0);
    has_text("link", "text");
    assert_int_equal(planche_fd_open("link", PLANCHE_FD_NO_LINK, NULL), -1);
    assert_int_equal(errno, ELOOP);
    int fd = planche_fd_create_anew("link", 0666);
    assert_true(fd >= 0);
    assert_true(planche_fd_write(fd, "other", 5));
    planche_fd_close(&fd);
    has_text("link", "other");
    has_text("page", "text");
    unlink("link");
    unlink("page");
}

/* Fails by the alarm if opening waits for who writes into the pipe. */
static void test_pipe(void **state)
{
    struct planche_file_info info;
    (void)state;
    assert_int_equal(mkfifo("pipe", 0600), 0);
    alarm(20);
    int fd = planche_fd_open("pipe", 0, &info);
    alarm(0);
    assert_true(fd >= 0);
    assert_int_equal(info.kind, PLANCHE_FILE_OTHER);
    assert_int_equal(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
    planche_fd_close(&fd);
    unlink("pipe");
}

static void test_create(void **state)
{
    (void)state;
    put_file("page", "longer text");
    assert_int_equal(planche_fd_create("page", 0666), -1);
    assert_int_equal(errno, EEXIST);
    int here = planche_fd_open(".", PLANCHE_FD_FOLDER, NULL);
    assert_int_equal(planche_fd_create_at(here, "page", 0666), -1);
    assert_int_equal(errno, EEXIST);
    /* Another name of the file keeps what it holds. */
    assert_int_equal(link("page", "other"), 0);
    int fd = planche_fd_create_anew("page", 0666);
    assert_true(fd >= 0 && !is_inherited(fd));
    assert_true(planche_fd_write(fd, "short", 5));
    planche_fd_close(&fd);
    has_text("page", "short");
    has_text("other", "longer text");
    unlink("other");
    assert_int_equal(planche_fd_create_anew("none/page", 0666), -1);
    assert_int_equal(errno, ENOENT);
    unlink("page");
    fd = planche_fd_create_at(here, "page", 0600);
    struct stat info;
    assert_int_equal(fstat(fd, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    planche_fd_close(&fd);
    planche_fd_close(&here);
    unlink("page");
}

static void test_positions(void **state)
{
    char bytes[8] = {0};
    (void)state;
    put_file("page", "0123456789");
    int fd = open("page", O_RDWR | O_CLOEXEC);
    assert_true(planche_fd_write_at(fd, "ab", 2, 4));
    assert_int_equal(planche_fd_read_at(fd, bytes, 4, 3), 4);
    assert_memory_equal(bytes, "3ab6", 4);
    assert_int_equal(planche_fd_read_at(fd, bytes, 8, 8), 2);
    assert_int_equal(planche_fd_read_at(fd, bytes, 8, 100), 0);
    assert_int_equal(planche_fd_read(fd, bytes, 3), 3);
    assert_memory_equal(bytes, "012", 3);
    assert_true(planche_fd_rewind(fd));
    assert_int_equal(planche_fd_read_all(fd, bytes, 2), 2);
    assert_memory_equal(bytes, "01", 2);
    assert_true(planche_fd_set_mtime(fd, 1000000000));
    assert_true(planche_fd_sync(fd));
    struct planche_file_info info;
    assert_true(planche_fd_info(fd, &info));
    assert_int_equal(info.mtime.tv_sec, 1000000000);
    planche_fd_close(&fd);
    unlink("page");
}

static void test_failures(void **state)
{
    char byte = 0;
    (void)state;
    int closed = open("/dev/null", O_RDONLY | O_CLOEXEC);
    close(closed);
    assert_int_equal(planche_fd_read(closed, &byte, 1), -1);
    assert_int_equal(errno, EBADF);
    assert_int_equal(planche_fd_read_at(closed, &byte, 1, 0), -1);
    assert_false(planche_fd_write(closed, &byte, 1));
    assert_false(planche_fd_sync(closed));
    assert_false(planche_fd_close(&closed));
    assert_int_equal(closed, -1);
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    if (full >= 0) {
        assert_false(planche_fd_write(full, &byte, 1));
        assert_int_equal(errno, ENOSPC);
    }
    planche_fd_close(&full);
}

/* Where a link leads counts, not what the name looks like. */
static void test_below(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool below;
    } cases[] = {{"in/file", true}, {"in/link", true},   {"in/out", false},
                 {"in", false},     {"inner", false},    {"in/../beside", false},
                 {"/", false},      {"/dev/null", false}};
    mkdir("in", 0777);
    mkdir("inner", 0777);
    put_file("in/file", "x");
    put_file("beside", "x");
    assert_int_equal(symlink("file", "in/link"), 0);
    assert_int_equal(symlink("../beside", "in/out"), 0);
    int in = planche_fd_open("in", PLANCHE_FD_FOLDER, NULL), root = planche_fd_open("/", 0, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int fd = planche_fd_open(cases[i].name, 0, NULL);
        assert_true(fd >= 0);
        assert_int_equal(planche_fd_is_below(fd, in), cases[i].below);
        assert_int_equal(planche_fd_is_below(fd, root), strcmp(cases[i].name, "/") != 0);
        planche_fd_close(&fd);
    }
    assert_false(planche_fd_is_below(-1, in));
    planche_fd_close(&in);
    planche_fd_close(&root);
    unlink("in/file");
    unlink("in/link");
    unlink("in/out");
    unlink("beside");
    rmdir("in");
    rmdir("inner");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open),      cmocka_unit_test(test_link),
        cmocka_unit_test(test_pipe),      cmocka_unit_test(test_create),
        cmocka_unit_test(test_positions), cmocka_unit_test(test_failures),
        cmocka_unit_test(test_below),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
