/* SPDX-License-Identifier: MIT */
/* Isolation: every format gives the same in a program of its own as in this process, and a program
 * that is ended, killed in the middle or hangs costs its own page alone. */
#include "codec/isolation.h"
#include "io/sandbox.h"
#include "support/testing.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SOUND_FILES   3 /* of each format, at most */
#define DAMAGED_FILES 2

struct file {
    char path[4096];
    uint8_t *data;
    size_t size;
};

/* What came of reading a file. */
struct outcome {
    enum planche_status status;
    struct planche_image_info info;
    struct planche_encoding encoding;
    double density;
    size_t icc, exif, xmp, bytes;
    uint8_t *pixels;
    struct planche_error error;
};

static struct planche_budget budget;

static struct planche_isolation *make_at(uint64_t patience_ms, bool background)
{
    const struct planche_isolation_options options = {.budget = &budget,
                                                      .kept = 2,
                                                      .background = background,
                                                      .max_pixels = 1 << 24,
                                                      .patience_ms = patience_ms};
    struct planche_isolation *isolation = NULL;
    struct planche_error error;
    if (!planche_sandbox_has_network())
        skip();
    planche_budget_init(&budget, (uint64_t)1 << 30);
    enum planche_status status = planche_isolation_create(&isolation, &options, &error);
    if (status)
        fail_msg("%s", error.message);
    return isolation;
}

static struct planche_isolation *make(uint64_t patience_ms)
{
    return make_at(patience_ms, false);
}

static void end(struct planche_isolation **isolation)
{
    planche_isolation_destroy(isolation);
    assert_int_equal(atomic_load(&budget.used), 0);
}

static struct file load(const char *format, const char *name)
{
    struct file file = {.size = 0};
    snprintf(file.path, sizeof file.path, "%s/%s/%s", CORPUS, format, name);
    FILE *stream = fopen(file.path, "rb");
    assert_non_null(stream);
    assert_int_equal(fseek(stream, 0, SEEK_END), 0);
    file.size = (size_t)ftell(stream);
    rewind(stream);
    file.data = malloc(file.size + 1);
    assert_int_equal(fread(file.data, 1, file.size, stream), file.size);
    fclose(stream);
    return file;
}

static void note(struct outcome *outcome, const struct planche_reader *reader)
{
    outcome->info = *planche_reader_info(reader);
    outcome->encoding = *planche_reader_encoding(reader);
    outcome->density = outcome->info.metadata->x_density;
    outcome->icc = outcome->info.metadata->icc.size;
    outcome->exif = outcome->info.metadata->exif.size;
    outcome->xmp = outcome->info.metadata->xmp.size;
    outcome->info.metadata = NULL;
}

static struct outcome read_file(const struct file *file, struct planche_isolation *isolation)
{
    struct outcome outcome = {.pixels = NULL};
    struct planche_reader *reader;
    const struct planche_source source = {.name = "page", .data = file->data, .size = file->size};
    const struct planche_reader_options options = {
        .budget = &budget, .isolation = isolation, .max_input_pixels = 1 << 20};
    outcome.status = planche_reader_open(&reader, &source, &options, &outcome.error);
    if (outcome.status)
        return outcome;
    note(&outcome, reader);
    size_t row = outcome.info.width * planche_image_pixel_size(&outcome.info);
    outcome.bytes = row * outcome.info.height;
    outcome.pixels = calloc(1, outcome.bytes);
    for (int round = 0; round < 2 && !outcome.status; round++) {
        outcome.status =
            planche_reader_read(reader, outcome.pixels, row, outcome.info.height, &outcome.error);
        if (!outcome.status)
            outcome.status = planche_reader_rewind(reader, &outcome.error);
    }
    planche_reader_destroy(&reader);
    return outcome;
}

static void expect_same(const struct file *file, const struct outcome *here,
                        struct planche_isolation *isolation)
{
    struct outcome there = read_file(file, isolation);
    if (here->status != there.status)
        fail_msg("%s: %d here: %s; %d isolated: %s", file->path, here->status, here->error.message,
                 there.status, there.error.message);
    if (here->status == PLANCHE_OK) {
        assert_memory_equal(&here->info, &there.info, sizeof here->info);
        assert_memory_equal(&here->encoding, &there.encoding, sizeof here->encoding);
        assert_true(here->density == there.density);
        assert_int_equal(here->icc, there.icc);
        assert_int_equal(here->exif, there.exif);
        assert_int_equal(here->xmp, there.xmp);
        assert_int_equal(here->bytes, there.bytes);
        assert_memory_equal(here->pixels, there.pixels, here->bytes);
    }
    free(there.pixels);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_file(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static enum planche_format format_of(const char *extension)
{
    char name[16];
    snprintf(name, sizeof name, "x.%s", extension);
    return planche_codec_format_of(name);
}

/* Some of the files of a folder, sound ones and damaged ones. */
static void check_format(const char *format, struct planche_isolation *isolation)
{
    char folder[4096];
    struct dirent **entries;
    unsigned sound = 0, damaged = 0;
    snprintf(folder, sizeof folder, "%s/%s", CORPUS, format);
    int count = scandir(folder, &entries, is_file, by_name);
    assert_true(count > 0);
    for (int i = 0; i < count; i++) {
        struct file file = load(format, entries[i]->d_name);
        struct outcome here = read_file(&file, NULL);
        if (here.status ? damaged++ < DAMAGED_FILES : sound++ < SOUND_FILES)
            expect_same(&file, &here, isolation);
        free(here.pixels);
        free(file.data);
        free(entries[i]);
    }
    free(entries);
    bool may_lack = strcmp(format, "avif") == 0 || strcmp(format, "jxl") == 0;
    if (sound == 0 && !(may_lack && !planche_codec_is_written(format_of(format))))
        fail_msg("no file of %s is sound", folder);
}

static void test_formats(void **state)
{
    static const char *const formats[] = {"jpeg", "png", "webp", "avif", "jxl",
                                          "bmp",  "qoi", "tga",  "psd"};
    struct planche_isolation *isolation = make(0);
    (void)state;
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        check_format(formats[i], isolation);
    end(&isolation);
}

/* The processes that this one has started and that have not ended, at most 8. */
static size_t find_children(pid_t *children)
{
    size_t count = 0;
    DIR *folder = opendir("/proc");
    const struct dirent *entry;
    assert_non_null(folder);
    while ((entry = readdir(folder)) && count < 8) {
        char path[300], line[300] = "";
        snprintf(path, sizeof path, "/proc/%s/stat", entry->d_name);
        FILE *stream = fopen(path, "r");
        if (!stream)
            continue;
        long parent = 0;
        char condition = 'Z';
        if (fgets(line, sizeof line, stream) && strrchr(line, ')'))
            sscanf(strrchr(line, ')') + 1, " %c %ld", &condition, &parent);
        fclose(stream);
        if (parent == getpid() && condition != 'Z')
            children[count++] = (pid_t)strtol(entry->d_name, NULL, 10);
    }
    closedir(folder);
    return count;
}

/* 3 x 2 pixels of QOI, whose rows are decoded as they are asked for. */
static struct file make_page(void)
{
    static const uint8_t head[] = {'q', 'o', 'i', 'f', 0, 0, 0, 3, 0, 0, 0, 2, 3, 0};
    static const uint8_t pixel[] = {0xfe, 10, 20, 30}, rest[] = {0, 0, 0, 0, 0, 0, 0, 1};
    struct file file = {.size = sizeof head + 6 * sizeof pixel + sizeof rest};
    file.data = malloc(file.size);
    memcpy(file.data, head, sizeof head);
    for (size_t i = 0; i < 6; i++)
        memcpy(file.data + sizeof head + i * sizeof pixel, pixel, sizeof pixel);
    memcpy(file.data + file.size - sizeof rest, rest, sizeof rest);
    return file;
}

static void expect_good_page(struct planche_isolation *isolation)
{
    struct file file = make_page();
    struct outcome outcome = read_file(&file, isolation);
    if (outcome.status)
        fail_msg("%s", outcome.error.message);
    free(outcome.pixels);
    free(file.data);
}

/* What the kernel says of a program that waits. */
static long find_number(pid_t child, const char *field)
{
    char path[64], line[256];
    long number = -1;
    snprintf(path, sizeof path, "/proc/%d/status", (int)child);
    FILE *stream = fopen(path, "r");
    assert_non_null(stream);
    while (fgets(line, sizeof line, stream))
        if (strncmp(line, field, strlen(field)) == 0)
            number = strtol(line + strlen(field), NULL, 10);
    fclose(stream);
    return number;
}

static void test_confined_before_any_page(void **state)
{
    pid_t children[8];
    struct planche_isolation *isolation = make(0);
    (void)state;
    expect_good_page(isolation);
    assert_true(find_children(children) >= 1);
    long filters = 0;
    for (int i = 0; i < 2000 && filters < 2; i++) { /* it may still be starting */
        usleep(1000);
        filters = find_number(children[0], "Seccomp_filters:");
    }
    assert_true(filters >= 2); /* no sockets; then nothing but reading and memory */
    assert_int_equal(find_number(children[0], "Seccomp:"), 2);
    assert_int_equal(find_number(children[0], "NoNewPrivs:"), 1);
    end(&isolation);
    assert_int_equal(find_children(children), 0);
}

static void test_ended_while_waiting(void **state)
{
    pid_t children[8];
    struct planche_isolation *isolation = make(0);
    (void)state;
    size_t count = find_children(children);
    assert_int_equal(count, 1);
    kill(children[0], SIGKILL);
    while (find_children(children) > 0)
        usleep(1000);
    expect_good_page(isolation);
    end(&isolation);
}

/* Opens a page, and does that to its program before a row is read. */
static void expect_lost(struct planche_isolation *isolation, int signal, enum planche_status status,
                        const char *words)
{
    pid_t children[8];
    struct planche_error error;
    struct planche_reader *reader;
    uint8_t row[4096];
    struct file file = make_page();
    const struct planche_source source = {.name = "page", .data = file.data, .size = file.size};
    const struct planche_reader_options options = {.budget = &budget, .isolation = isolation};
    assert_int_equal(planche_reader_open(&reader, &source, &options, &error), PLANCHE_OK);
    size_t count = find_children(children);
    assert_true(count >= 1);
    for (size_t i = 0; i < count; i++)
        kill(children[i], signal);
    assert_int_equal(planche_reader_read(reader, row, sizeof row, 1, &error), status);
    if (!strstr(error.message, words))
        fail_msg("\"%s\" is not in \"%s\"", words, error.message);
    planche_reader_destroy(&reader);
    free(file.data);
}

static void test_killed(void **state)
{
    struct planche_isolation *isolation = make(0);
    (void)state;
    expect_lost(isolation, SIGKILL, PLANCHE_ERROR_IO, "was killed");
    expect_good_page(isolation);
    end(&isolation);
}

static void test_crashed(void **state)
{
    struct planche_isolation *isolation = make(0);
    (void)state;
    expect_lost(isolation, SIGSEGV, PLANCHE_ERROR_DATA, "crashed");
    expect_good_page(isolation);
    end(&isolation);
}

static void test_hangs(void **state)
{
    pid_t children[8];
    struct planche_isolation *isolation = make(200);
    (void)state;
    expect_lost(isolation, SIGSTOP, PLANCHE_ERROR_DATA, "takes too long");
    for (size_t i = find_children(children); i-- > 0;) /* one that waits was stopped as well */
        kill(children[i], SIGCONT);
    expect_good_page(isolation);
    end(&isolation);
}

/* Processors that others keep busy are no fault of a file. */
static void test_patience(void **state)
{
    struct planche_isolation *isolation = make_at(0, true);
    (void)state;
    assert_int_equal(planche_isolation_patience(isolation), 60000);
    end(&isolation);
    isolation = make_at(200, true);
    assert_int_equal(planche_isolation_patience(isolation), 200);
    end(&isolation);
}

static void test_missing(void **state)
{
    struct planche_error error;
    const char *program = getenv("PLANCHE_DECODE");
    (void)state;
    if (!planche_sandbox_has_network() || !program)
        skip();
    char kept[4096];
    snprintf(kept, sizeof kept, "%s", program);
    assert_int_equal(planche_isolation_try(&error), PLANCHE_OK);
    setenv("PLANCHE_DECODE", "/nowhere/planche-decode", 1);
    assert_int_equal(planche_isolation_try(&error), PLANCHE_ERROR_UNSUPPORTED);
    assert_non_null(strstr(error.message, "/nowhere/planche-decode"));
    setenv("PLANCHE_DECODE", "/bin/true", 1); /* ends without a word */
    assert_int_equal(planche_isolation_try(&error), PLANCHE_ERROR_IO);
    setenv("PLANCHE_DECODE", kept, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_formats),
        cmocka_unit_test(test_confined_before_any_page),
        cmocka_unit_test(test_ended_while_waiting),
        cmocka_unit_test(test_killed),
        cmocka_unit_test(test_crashed),
        cmocka_unit_test(test_hangs),
        cmocka_unit_test(test_patience),
        cmocka_unit_test(test_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
