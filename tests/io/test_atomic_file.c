/* SPDX-License-Identifier: MIT */
/* Output files appear complete under their name, or leave nothing. */
#include "support/testing.h"

#include "io/atomic_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Of calls whose status is enough. */
static struct planche_error ignored;

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

static unsigned count_entries(void)
{
    unsigned count = 0;
    DIR *directory = opendir(folder);
    assert_non_null(directory);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(directory);
    return count;
}

static void put_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void has_text(const char *path, const char *text)
{
    char content[64] = {0};
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fread(content, 1, sizeof content - 1, file), strlen(text));
    fclose(file);
    assert_string_equal(content, text);
}

static struct planche_atomic_file *create(const char *path, bool overwrite)
{
    struct planche_atomic_file *file;
    struct planche_error error = {.status = PLANCHE_OK, .message = ""};
    if (planche_atomic_file_create(&file, path, overwrite, NULL, &error))
        fail_msg("%s", error.message);
    return file;
}

static void put(struct planche_atomic_file *file, const void *data, size_t size)
{
    struct planche_error error;
    assert_int_equal(planche_atomic_file_write(file, data, size, &error), PLANCHE_OK);
}

static void cannot_create(const char *path, bool overwrite, enum planche_status status)
{
    struct planche_atomic_file *file;
    struct planche_error error;
    assert_int_equal(planche_atomic_file_create(&file, path, overwrite, NULL, &error), status);
    assert_null(file);
    assert_int_equal(error.status, status);
    assert_non_null(strstr(error.message, path));
}

/* Whether the file system knows files without names. */
static bool has_nameless_files(void)
{
#ifdef O_TMPFILE
    int fd = open(".", O_TMPFILE | O_WRONLY, 0600);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
#else
    return false;
#endif
}

static void test_commit(void **state)
{
    (void)state;
    char absolute[256];
    snprintf(absolute, sizeof absolute, "%s/page.png", folder);
    const char *const paths[] = {"page.png", "./page.png", absolute};
    for (size_t i = 0; i < 3; i++) {
        struct stat info;
        mode_t mask = umask(027);
        struct planche_atomic_file *file = create(paths[i], false);
        umask(mask);
        /* Who is killed now leaves nothing. */
        assert_int_equal(count_entries(), has_nameless_files() ? 0 : 1);
        assert_int_equal(access("page.png", F_OK), -1);
        put(file, "one ", 4);
        put(file, "two", 3);
        assert_int_equal(planche_atomic_file_commit(file, &ignored), PLANCHE_OK);
        planche_atomic_file_destroy(&file);
        planche_atomic_file_destroy(&file);
        has_text("page.png", "one two");
        assert_int_equal(stat("page.png", &info), 0);
        assert_int_equal(info.st_mode & 0777, 0640);
        assert_int_equal(count_entries(), 1);
        unlink("page.png");
    }
}

static unsigned syncs;

/* In the place of the C library's. */
int fsync(int fd)
{
    syncs++;
    return (int)syscall(SYS_fsync, fd);
}

/* What another file will be made of is not waited for. */
static void test_unsynced(void **state)
{
    struct planche_atomic_file *file;
    (void)state;
    for (int unsynced = 0; unsynced < 2; unsynced++) {
        syncs = 0;
        assert_int_equal(planche_atomic_file_create(&file, "out", false, NULL, &ignored),
                         PLANCHE_OK);
        if (unsynced)
            planche_atomic_file_set_unsynced(file);
        assert_int_equal(planche_atomic_file_write(file, "hello", 5, &ignored), PLANCHE_OK);
        assert_int_equal(planche_atomic_file_commit(file, &ignored), PLANCHE_OK);
        planche_atomic_file_destroy(&file);
        has_text("out", "hello");
        assert_int_equal(syncs > 0, !unsynced);
        assert_int_equal(remove("out"), 0);
    }
    assert_int_equal(count_entries(), 0);
}

static void test_abort(void **state)
{
    (void)state;
    struct planche_atomic_file *file = create("page.png", false);
    put(file, "half", 4);
    planche_atomic_file_destroy(&file);
    assert_int_equal(count_entries(), 0);
}

static void test_large(void **state)
{
    (void)state;
    const size_t sizes[] = {1, 100000, 300000, 262144, 7};
    uint8_t *data = malloc(300000);
    struct planche_atomic_file *file = create("page.png", false);
    size_t total = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        memset(data, 'a' + (int)i, sizes[i]);
        put(file, data, sizes[i]);
        total += sizes[i];
    }
    assert_int_equal(planche_atomic_file_commit(file, &ignored), PLANCHE_OK);
    planche_atomic_file_destroy(&file);
    FILE *result = fopen("page.png", "rb");
    assert_non_null(result);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (size_t k = 0; k < sizes[i]; k++)
            assert_int_equal(fgetc(result), 'a' + (int)i);
    assert_int_equal(fgetc(result), EOF);
    assert_int_equal(ftell(result), total);
    fclose(result);
    unlink("page.png");
    free(data);
}

static void test_exists(void **state)
{
    (void)state;
    put_file("page.png", "old");
    cannot_create("page.png", false, PLANCHE_ERROR_EXISTS);
    assert_int_equal(planche_atomic_file_check("page.png", false, &ignored), PLANCHE_ERROR_EXISTS);
    assert_int_equal(planche_atomic_file_check("page.png", true, &ignored), PLANCHE_OK);
    assert_int_equal(planche_atomic_file_check("other.png", false, &ignored), PLANCHE_OK);
    struct planche_atomic_file *file = create("page.png", true);
    put(file, "new", 3);
    has_text("page.png", "old");
    assert_int_equal(planche_atomic_file_commit(file, &ignored), PLANCHE_OK);
    planche_atomic_file_destroy(&file);
    has_text("page.png", "new");
    assert_int_equal(count_entries(), 1);
    unlink("page.png");
}

/* A file that comes to be there while we work is not lost. */
static void test_race(void **state)
{
    (void)state;
    struct planche_error error;
    struct planche_atomic_file *file = create("page.png", false);
    put_file("page.png", "theirs");
    put(file, "ours", 4);
    assert_int_equal(planche_atomic_file_commit(file, &error), PLANCHE_ERROR_EXISTS);
    planche_atomic_file_destroy(&file);
    has_text("page.png", "theirs");
    assert_int_equal(count_entries(), 1);
    unlink("page.png");
}

static void test_bad_targets(void **state)
{
    (void)state;
    cannot_create("missing/page.png", false, PLANCHE_ERROR_NOT_FOUND);
    cannot_create("/dev/null", true, PLANCHE_ERROR_IO);
    assert_int_equal(mkdir("page.png", 0755), 0);
    cannot_create("page.png", true, PLANCHE_ERROR_IO);
    cannot_create("page.png/", true, PLANCHE_ERROR_ARGUMENT);
    cannot_create("", false, PLANCHE_ERROR_ARGUMENT);
    rmdir("page.png");
    put_file("file", "");
    cannot_create("file/page.png", false, PLANCHE_ERROR_IO);
    unlink("file");
    /* A link to nowhere is something too. */
    assert_int_equal(symlink("nowhere", "page.png"), 0);
    cannot_create("page.png", false, PLANCHE_ERROR_EXISTS);
    unlink("page.png");
    assert_int_equal(count_entries(), 0);
}

static void keep_line(void *user, enum planche_log_level level, const char *message)
{
    assert_int_equal(level, PLANCHE_LOG_WARNING);
    snprintf(user, 512, "%s", message);
}

/* A folder has come to be in the place of the temporary file: its name is told. */
static void test_left_over(void **state)
{
    char line[512] = "", name[256];
    const struct planche_log log = {.fn = keep_line, .user = line};
    struct planche_atomic_file *file = create("page.png", false);
    (void)state;
    planche_atomic_file_set_log(file, &log);
    assert_int_equal(planche_atomic_file_sync(file, &ignored), PLANCHE_OK);
    snprintf(name, sizeof name, "%s", planche_atomic_file_temporary_path(file));
    assert_int_equal(unlink(name), 0);
    assert_int_equal(mkdir(name, 0755), 0);
    planche_atomic_file_destroy(&file);
    assert_non_null(strstr(line, name));
    assert_non_null(strstr(line, "cannot be removed"));
    assert_int_equal(rmdir(name), 0);
    assert_int_equal(count_entries(), 0);
}

static void test_read_only_folder(void **state)
{
    (void)state;
    if (geteuid() == 0) {
        print_message("root may write everywhere\n");
        skip();
    }
    assert_int_equal(chmod(folder, 0555), 0);
    cannot_create("page.png", false, PLANCHE_ERROR_IO);
    assert_int_equal(chmod(folder, 0755), 0);
}

/* A disk that is full, here a limit on the size of files: the reason is told, nothing is left. */
static void test_full_disk(void **state)
{
    (void)state;
    struct rlimit old, small = {.rlim_cur = 4096};
    struct planche_error error;
    uint8_t data[8192] = {0};
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small.rlim_max = old.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    for (int large = 0; large < 2; large++) {
        struct planche_atomic_file *file = create("page.png", false);
        enum planche_status status = PLANCHE_OK;
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
        /* It shows at once, or only when the buffer is emptied. */
        for (int i = 0; i < (large ? 64 : 1); i++)
            status = planche_atomic_file_write(file, data, sizeof data, &error);
        assert_int_equal(status, large ? PLANCHE_ERROR_IO : PLANCHE_OK);
        if (large)
            assert_non_null(strstr(error.message, strerror(EFBIG)));
        assert_int_equal(planche_atomic_file_commit(file, &error), PLANCHE_ERROR_IO);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
        assert_non_null(strstr(error.message, "page.png"));
        assert_non_null(strstr(error.message, strerror(EFBIG)));
        planche_atomic_file_destroy(&file);
        assert_int_equal(count_entries(), 0);
    }
    signal(SIGXFSZ, SIG_DFL);
}

/* Names as long as they may be, and longer. */
static void test_long_names(void **state)
{
    (void)state;
    char name[257];
    memset(name, 'n', sizeof name);
    name[255] = 0;
    struct planche_atomic_file *file = create(name, false);
    assert_int_equal(planche_atomic_file_commit(file, &ignored), PLANCHE_OK);
    planche_atomic_file_destroy(&file);
    assert_int_equal(unlink(name), 0);
    name[255] = 'n';
    name[256] = 0;
    struct planche_error error;
    assert_int_equal(planche_atomic_file_create(&file, name, false, NULL, &error),
                     PLANCHE_ERROR_IO);
    assert_non_null(strstr(error.message, "File name too long"));
    assert_null(file);
    assert_int_equal(count_entries(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commit),      cmocka_unit_test(test_unsynced),
        cmocka_unit_test(test_abort),       cmocka_unit_test(test_large),
        cmocka_unit_test(test_exists),      cmocka_unit_test(test_race),
        cmocka_unit_test(test_bad_targets), cmocka_unit_test(test_read_only_folder),
        cmocka_unit_test(test_left_over),   cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_long_names),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
