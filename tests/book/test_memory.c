/* SPDX-License-Identifier: MIT */
/* Long books in little memory. Looks inside of the engine for what is in use. */
#include "book_test.h"
#include "engine/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MANY 1000

static struct book in;
static struct told told;

/* Pages that all differ, `count` of them, and one entry that is no page and larger than the rest.
 */
static void make_book(size_t count, size_t large)
{
    char name[32];
    void *noise = calloc(1, large);
    book_add_page(&in, "0000.png", 1, 8, 8, PLANCHE_FORMAT_PNG);
    for (size_t i = 1; i < count; i++) {
        snprintf(name, sizeof name, "%04zu.png", i);
        book_add(&in, name, in.items[0].data, in.items[0].size);
        /* Bytes behind the end of an image are ignored, but they make it another. */
        in.items[i].data = realloc(in.items[i].data, in.items[i].size + sizeof i);
        memcpy(in.items[i].data + in.items[i].size, &i, sizeof i);
        in.items[i].size += sizeof i;
    }
    book_add(&in, "large.bin", noise, large);
    book_write(&in, test_path("in.cbz"), PLANCHE_CONTAINER_ZIP);
    book_free(&in);
    free(noise);
}

static uint64_t measure_peak(size_t count, size_t large)
{
    const struct planche_engine_options options = {
        .memory = (uint64_t)24 << 20, .threads = 1, .jobs = 1};
    struct planche_engine *engine = test_engine(options, 2);
    struct planche_engine_info info = PLANCHE_ENGINE_INFO_INIT;
    uint64_t before = atomic_load(&engine->state->budget.used);
    uint64_t room = planche_admission_available(&engine->state->admission).most;
    make_book(count, large);
    book_make(engine, "in.cbz", "out.cbz", book_options(&told), &told);
    assert_int_equal(told.result.outcomes[PLANCHE_BOOK_ENLARGED], count);
    assert_int_equal(atomic_load(&engine->state->budget.used), before);
    assert_int_equal(planche_admission_available(&engine->state->admission).most, room);
    planche_engine_get_info(engine, &info, NULL);
    planche_engine_destroy(&engine);
    unlink(test_path("in.cbz"));
    unlink(test_path("out.cbz"));
    return info.peak_bytes;
}

/* A thousand pages take as much memory as ten, but for a small record each; a large entry none. */
static void test_flat(void **state)
{
    uint64_t few = measure_peak(10, 10), large = measure_peak(10, (size_t)30 << 20);
    uint64_t many = measure_peak(MANY, 10);
    (void)state;
    print_message("peaks: %llu, with a large entry %llu, with %d pages %llu\n",
                  (unsigned long long)few, (unsigned long long)large, MANY,
                  (unsigned long long)many);
    assert_true(large < few + (64 << 10));
    assert_true(many < few + MANY * 1024);
    assert_int_equal(test_count_files(), 0);
}

/* What the book takes for itself is not promised to pages: with hardly more memory than a page
 * needs, everything still comes out. */
static void test_tight(void **state)
{
    struct planche_engine_options options = {.memory = 1, .threads = 3};
    struct planche_engine *engine = NULL;
    struct planche_error error;
    (void)state;
    for (int i = 0; i < 12; i++) {
        char name[32];
        snprintf(name, sizeof name, "%d.png", i);
        book_add_page(&in, name, (uint64_t)i, 100, 60, PLANCHE_FORMAT_PNG);
    }
    book_write(&in, test_path("in.cbz"), PLANCHE_CONTAINER_ZIP);
    book_free(&in);
    /* The least with which pages come out, and what was said to be enough until then. */
    bool out = false;
    unsigned long long advice = 0;
    for (uint64_t mib = 9; !out && mib < 64; mib++) {
        options.memory = mib << 20;
        options.struct_size = sizeof options;
        options.model = test_model(2);
        if (planche_engine_create(&engine, &options, &error))
            continue;
        out = book_run(engine, "in.cbz", "out.cbz", book_options(&told), &told) == PLANCHE_OK &&
              told.result.outcomes[PLANCHE_BOOK_ENLARGED] > 0;
        const char *advised = out ? NULL : strstr(told.message, "(option memory = ");
        if (advised)
            advice = strtoull(advised + 17, NULL, 10);
        planche_engine_destroy(&engine);
        if (out)
            print_message("with %llu MiB: %s\n", (unsigned long long)mib, told_outcomes(&told));
        unlink(test_path("out.cbz"));
    }
    assert_true(out);
    assert_string_equal(told_outcomes(&told), "EEEEEEEEEEEE");
    options.memory = advice << 20;
    engine = test_engine(options, 2);
    book_make(engine, "in.cbz", "out.cbz", book_options(&told), &told);
    assert_string_equal(told_outcomes(&told), "EEEEEEEEEEEE");
    print_message("with the %llu MiB that were advised, too\n", advice);
    planche_engine_destroy(&engine);
    unlink(test_path("out.cbz"));
    remove_all(".out.cbz.planche");
    unlink(test_path("in.cbz"));
    assert_int_equal(test_count_files(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flat),
        cmocka_unit_test(test_tight),
    };
    /* Thousands of files are synced: not on a disk, if there is a choice. */
    if (access("/dev/shm", W_OK) == 0)
        setenv("TMPDIR", "/dev/shm", 1);
    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
