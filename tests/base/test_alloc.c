/* SPDX-License-Identifier: MIT */
/* Budgeted allocation: limits, peaks, overflow, failures on purpose, several threads. */
#include "support/sanitized.h"
#include "support/testing.h"

#include "base/alloc.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define MIB ((size_t)1 << 20)

static uint64_t used_of(struct planche_budget *budget)
{
    return atomic_load(&budget->used);
}

static uint64_t peak_of(struct planche_budget *budget)
{
    return atomic_load(&budget->peak);
}

static void test_blocks_are_counted(void **state)
{
    (void)state;
    struct planche_budget budget;
    planche_budget_init(&budget, 0);
    void *small = planche_alloc(&budget, 10);
    void *large = planche_alloc(&budget, 3 * MIB);
    assert_non_null(small);
    assert_non_null(large);
    assert_int_equal((uintptr_t)small % PLANCHE_ALIGN, 0);
    assert_int_equal((uintptr_t)large % PLANCHE_ALIGN, 0);
    assert_int_equal(used_of(&budget), 3 * MIB + 10);
    memset(small, 1, 10);
    memset(large, 1, 3 * MIB);
    planche_free(large);
    assert_int_equal(used_of(&budget), 10);
    assert_int_equal(peak_of(&budget), 3 * MIB + 10);
    planche_free(small);
    planche_free(NULL);
    assert_int_equal(used_of(&budget), 0);
}

static void test_nothing_is_counted_without_budget(void **state)
{
    (void)state;
    char *text = planche_strdup(NULL, "planche");
    assert_string_equal(text, "planche");
    planche_free(text);
    assert_true(planche_budget_reserve(NULL, UINT64_MAX));
    planche_budget_release(NULL, UINT64_MAX);
}

static void test_limit_is_hard(void **state)
{
    (void)state;
    struct planche_budget budget;
    planche_budget_init(&budget, 1000);
    void *first = planche_alloc(&budget, 600);
    assert_non_null(first);
    assert_null(planche_alloc(&budget, 401));
    assert_false(planche_budget_reserve(&budget, 401));
    assert_int_equal(used_of(&budget), 600);
    assert_int_equal(peak_of(&budget), 600);
    void *second = planche_alloc(&budget, 400);
    assert_non_null(second);
    assert_null(planche_calloc(&budget, 1, 1));
    planche_free(first);
    assert_true(planche_budget_reserve(&budget, 600));
    planche_budget_release(&budget, 600);
    planche_free(second);
    assert_int_equal(used_of(&budget), 0);
}

static void test_parts_count_in_the_whole(void **state)
{
    (void)state;
    struct planche_budget whole, part, other;
    struct planche_error error;
    planche_budget_init(&whole, 1000);
    planche_budget_init_part(&part, &whole, 700);
    planche_budget_init_part(&other, &whole, 0);
    void *block = planche_alloc(&part, 600);
    assert_non_null(block);
    assert_int_equal(used_of(&part), 600);
    assert_int_equal(used_of(&whole), 600);
    assert_null(planche_alloc(&part, 101));
    assert_null(planche_alloc(&other, 401));
    assert_int_equal(planche_fail_memory(&error, &part, 101, "x"), PLANCHE_ERROR_BUDGET);
    assert_int_equal(planche_fail_memory(&error, &other, 401, "x"), PLANCHE_ERROR_BUDGET);
    assert_non_null(strstr(error.message, "of 1000 bytes, 600 of which"));
    assert_int_equal(planche_fail_memory(&error, &part, 100, "x"), PLANCHE_ERROR_MEMORY);
    assert_int_equal(used_of(&part) + used_of(&other), 600);
    assert_int_equal(peak_of(&part), 600);
    assert_int_equal(peak_of(&whole), 600);
    planche_free(block);
    assert_int_equal(used_of(&part), 0);
    assert_int_equal(used_of(&whole), 0);
}

static void test_sizes_that_overflow_are_refused(void **state)
{
    (void)state;
    struct planche_budget budget;
    planche_budget_init(&budget, 0);
    assert_null(planche_alloc(&budget, 0));
    assert_null(planche_alloc(&budget, SIZE_MAX));
    assert_null(planche_alloc(&budget, SIZE_MAX - PLANCHE_ALIGN));
    assert_null(planche_alloc(&budget, PTRDIFF_MAX));
    assert_null(planche_calloc(&budget, SIZE_MAX / 2 + 2, 2));
    assert_null(planche_calloc(&budget, 0, 8));
    assert_true(planche_budget_reserve(&budget, UINT64_MAX - 5));
    assert_false(planche_budget_reserve(&budget, 6));
    planche_budget_release(&budget, UINT64_MAX - 5);
    assert_int_equal(used_of(&budget), 0);
}

static bool all_zero(const unsigned char *data, size_t size)
{
    return data[0] == 0 && memcmp(data, data + 1, size - 1) == 0;
}

static void test_calloc_clears(void **state)
{
    (void)state;
    const size_t sizes[] = {1, 1000, MIB, 5 * MIB};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        unsigned char *dirty = planche_alloc(NULL, sizes[i]);
        assert_non_null(dirty);
        memset(dirty, 0xaa, sizes[i]);
        planche_free(dirty);
        unsigned char *clean = planche_calloc(NULL, sizes[i], 1);
        assert_non_null(clean);
        assert_true(all_zero(clean, sizes[i]));
        planche_free(clean);
    }
}

static void fill(unsigned char *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        data[i] = (unsigned char)(i * 7 + i / 4099);
}

static void assert_filled(const unsigned char *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (data[i] != (unsigned char)(i * 7 + i / 4099))
            fail_msg("byte %zu of %zu changed", i, size);
}

static void test_realloc_keeps_the_content(void **state)
{
    (void)state;
    struct planche_budget budget;
    planche_budget_init(&budget, 0);
    const size_t sizes[] = {100, 5000, 2 * MIB, 6 * MIB + 12345, 3 * MIB, 100, 1};
    unsigned char *block = NULL;
    size_t had = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        block = planche_realloc(&budget, block, sizes[i]);
        assert_non_null(block);
        assert_int_equal((uintptr_t)block % PLANCHE_ALIGN, 0);
        assert_filled(block, had < sizes[i] ? had : sizes[i]);
        assert_int_equal(used_of(&budget), sizes[i]);
        fill(block, sizes[i]);
        had = sizes[i];
    }
    planche_free(block);
    assert_int_equal(used_of(&budget), 0);
}

static void test_failed_realloc_changes_nothing(void **state)
{
    (void)state;
    struct planche_budget budget;
    planche_budget_init(&budget, 3 * MIB);
    const size_t sizes[] = {1000, 2 * MIB};
    for (size_t i = 0; i < 2; i++) {
        unsigned char *block = planche_alloc(&budget, sizes[i]);
        assert_non_null(block);
        fill(block, sizes[i]);
        assert_null(planche_realloc(&budget, block, 3 * MIB + 1));
        assert_null(planche_realloc(&budget, block, SIZE_MAX));
        assert_null(planche_realloc(&budget, block, 0));
        planche_alloc_fail_at(1, false);
        assert_null(planche_realloc(&budget, block, 10));
        planche_alloc_fail_at(0, false);
        assert_filled(block, sizes[i]);
        assert_int_equal(used_of(&budget), sizes[i]);
        planche_free(block);
    }
    assert_int_equal(used_of(&budget), 0);
}

/* Tells which of the next eight allocations fail, as bits. */
static unsigned failing_calls(uint64_t n, bool forever)
{
    unsigned failed = 0;
    planche_alloc_fail_at(n, forever);
    for (unsigned i = 0; i < 8; i++) {
        void *block = planche_alloc(NULL, 16);
        failed |= (block ? 0u : 1u) << i;
        planche_free(block);
    }
    assert_int_equal(planche_alloc_count(), 8);
    planche_alloc_fail_at(0, false);
    return failed;
}

static void test_failures_on_purpose(void **state)
{
    (void)state;
    assert_int_equal(failing_calls(0, false), 0);
    assert_int_equal(failing_calls(0, true), 0);
    assert_int_equal(failing_calls(1, false), 0x01);
    assert_int_equal(failing_calls(3, false), 0x04);
    assert_int_equal(failing_calls(3, true), 0xfc);
    assert_int_equal(failing_calls(9, true), 0);
    planche_alloc_fail_at(2, false);
    assert_true(planche_budget_reserve(NULL, 1));
    assert_false(planche_budget_reserve(NULL, 1));
    planche_alloc_fail_at(0, false);
}

static void test_reason_of_a_failure(void **state)
{
    (void)state;
    struct planche_budget budget;
    struct planche_error error;
    planche_budget_init(&budget, 1000);
    assert_true(planche_budget_reserve(&budget, 900));
    assert_int_equal(planche_fail_memory(&error, &budget, 101, "rings"), PLANCHE_ERROR_BUDGET);
    assert_int_equal(error.status, PLANCHE_ERROR_BUDGET);
    assert_non_null(strstr(error.message, "rings: 101 bytes"));
    assert_int_equal(planche_fail_memory(&error, &budget, UINT64_MAX, "x"), PLANCHE_ERROR_BUDGET);
    assert_int_equal(planche_fail_memory(&error, &budget, 100, "x"), PLANCHE_ERROR_MEMORY);
    assert_int_equal(planche_fail_memory(&error, NULL, 100, "x"), PLANCHE_ERROR_MEMORY);
    budget.limit = 0;
    assert_int_equal(planche_fail_memory(&error, &budget, 100, "x"), PLANCHE_ERROR_MEMORY);
}

#define THREADS 4

static void *allocate_much(void *argument)
{
    struct planche_budget *budget = argument;
    for (size_t i = 0; i < 2000; i++) {
        void *block = planche_alloc(budget, 1 + i % 1000);
        block = planche_realloc(budget, block, 1 + i * 7 % 1500);
        planche_free(block);
    }
    return NULL;
}

static void test_threads_share_a_budget(void **state)
{
    (void)state;
    struct planche_budget budget;
    planche_budget_init(&budget, 0);
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, allocate_much, &budget), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(used_of(&budget), 0);
    assert_in_range(peak_of(&budget), 1500, THREADS * 2500);
}

/* Spare memory of an owner, freed when it is asked for. */
struct owner {
    struct planche_budget *budget;
    uint64_t bytes;
    int asked;
};

static void give_back(void *user)
{
    struct owner *owner = user;
    owner->asked++;
    planche_budget_spare_take(owner->budget, owner->bytes);
    owner->bytes = 0;
}

/* Spare memory is not used, but stays within the limit: it goes once others need it, not before. */
static void test_spare_memory_makes_room(void **state)
{
    (void)state;
    struct planche_budget whole, part;
    struct owner owner = {.budget = &part};
    struct planche_spare spare = {.give_back = give_back, .user = &owner};
    planche_budget_init(&whole, 64 * MIB);
    planche_budget_init_part(&part, &whole, 0);
    assert_false(planche_budget_spare_attach(&part, &spare)); /* nothing may be kept */
    assert_true(planche_budget_cache_enable(&whole));
    planche_budget_init_part(&part, &whole, 0);
    assert_true(planche_budget_spare_attach(&part, &spare));
    assert_true(planche_budget_reserve(&part, 30 * MIB));
    planche_budget_spare_keep(&part, owner.bytes = 30 * MIB);
    assert_int_equal(used_of(&whole), 0);
    assert_int_equal(planche_budget_spare_held(&part), 30 * MIB);
    assert_true(planche_budget_reserve(&whole, 34 * MIB));
    assert_int_equal(owner.asked, 0);
    void *block = planche_alloc(&whole, 1000);
    assert_non_null(block);
    assert_int_equal(owner.asked, 1);
    assert_int_equal(planche_budget_spare_held(&whole), 0);
    planche_free(block);
    planche_budget_release(&whole, 34 * MIB);
    assert_true(planche_budget_reserve(&part, 5 * MIB));
    planche_budget_spare_keep(&part, owner.bytes = 5 * MIB);
    planche_budget_cache_purge(&whole);
    assert_int_equal(owner.asked, 2);
    planche_budget_spare_detach(&part, &spare);
    assert_int_equal(used_of(&whole), 0);
    planche_budget_cache_destroy(&whole);
}

/* What a block cache holds stays within the limit, is nobody's, and comes back as any other memory.
 */
static void test_cache_keeps_the_limit(void **state)
{
    (void)state;
    struct planche_budget whole, part;
    planche_budget_init(&whole, 64 * MIB);
    assert_true(planche_budget_cache_enable(&whole));
    planche_budget_init_part(&part, &whole, 0);
    unsigned char *block = planche_alloc(&part, 40 * MIB);
    assert_non_null(block);
    memset(block, 0xaa, 40 * MIB);
    planche_free(block);
    assert_int_equal(used_of(&whole), 0);
    planche_budget_cache_trim(&whole);
    unsigned char *zeroes = planche_calloc(&part, 1, 30 * MIB);
    assert_non_null(zeroes);
    for (size_t i = 0; i < 30 * MIB; i++)
        if (zeroes[i])
            fail_msg("byte %zu is %d", i, zeroes[i]);
    planche_free(zeroes);
    void *most = planche_alloc(&whole, 60 * MIB);
    assert_non_null(most);
    assert_null(planche_alloc(&whole, 5 * MIB));
    planche_free(most);
    planche_budget_cache_purge(&whole);
    assert_int_equal(used_of(&whole), 0);
    planche_budget_cache_destroy(&whole);
}

/* A page of the same size finds the memory of the one before it: nothing is new to the process. */
static void test_cache_gives_slabs_again(void **state)
{
    static const size_t sizes[] = {9 * MIB + 100, 5 * MIB, 31 * MIB + 7};
    struct planche_budget budget;
    void *blocks[2][3];
    (void)state;
    planche_budget_init(&budget, 0);
    assert_true(planche_budget_cache_enable(&budget));
    assert_int_equal(planche_budget_cache_held(&budget), 0);
    for (int page = 0; page < 2; page++) {
        for (int i = 0; i < 3; i++)
            assert_non_null(blocks[page][i] = planche_alloc(&budget, sizes[i]));
        for (int i = 0; i < 3; i++)
            planche_free(blocks[page][i]);
    }
    for (int i = 0; !SANITIZED && i < 3; i++) {
        assert_ptr_equal(blocks[0][i], blocks[1][i]);
        assert_int_equal(((uintptr_t)blocks[0][i] - PLANCHE_ALIGN) % (2 * MIB), 0);
    }
    assert_true(SANITIZED || planche_budget_cache_held(&budget) >= 45 * MIB);
    planche_budget_cache_destroy(&budget);
}

/* Rows of a narrow page come back as well. They leave large blocks whole, and so few are kept that
 * pages of many sizes do not add up. */
static void test_cache_gives_small_blocks_again(void **state)
{
    struct planche_budget budget;
    (void)state;
    planche_budget_init(&budget, 0);
    assert_true(planche_budget_cache_enable(&budget));
    void *large = planche_alloc(&budget, 20 * MIB), *small = planche_alloc(&budget, 3 * MIB);
    assert_non_null(large);
    assert_non_null(small);
    planche_free(small);
    planche_free(large);
    planche_budget_cache_trim(&budget);
    void *smaller = planche_alloc(&budget, 2 * MIB), *same = planche_alloc(&budget, 3 * MIB);
    void *larger = planche_alloc(&budget, 20 * MIB);
    assert_non_null(smaller);
    assert_true(SANITIZED || (same == small && larger == large));
    planche_free(smaller);
    planche_free(same);
    planche_free(larger);
    for (size_t i = 0; i < 30; i++) {
        char *block = planche_calloc(&budget, 1, 2 * MIB + i * (MIB / 20));
        assert_non_null(block);
        assert_int_equal(block[2 * MIB - 1], 0);
        block[2 * MIB - 1] = 1;
        planche_free(block);
    }
    assert_true(SANITIZED || planche_budget_cache_held(&budget) >= 20 * MIB + 8 * 3 * MIB);
    assert_true(planche_budget_cache_held(&budget) < 20 * MIB + 9 * 4 * MIB);
    planche_budget_cache_purge(&budget);
    assert_int_equal(planche_budget_cache_held(&budget), 0);
    planche_budget_cache_destroy(&budget);
}

/* Smaller blocks are parts of a cached one, which is whole again when they are freed. */
static void test_cache_divides_blocks(void **state)
{
    struct planche_budget budget;
    char *parts[3];
    (void)state;
    if (SANITIZED)
        skip();
    planche_budget_init(&budget, 0);
    assert_true(planche_budget_cache_enable(&budget));
    char *whole = planche_alloc(&budget, 40 * MIB);
    assert_non_null(whole);
    planche_free(whole);
    for (int order = 0; order < 3; order++) {
        for (size_t i = 0; i < 3; i++) {
            parts[i] = planche_alloc(&budget, (10 + i) * MIB);
            assert_true(parts[i] >= whole && parts[i] + (10 + i) * MIB <= whole + 40 * MIB);
            memset(parts[i], 0xaa, (10 + i) * MIB);
        }
        for (int i = 0; i < 3; i++)
            planche_free(parts[(order + i) % 3]);
        assert_in_range(planche_budget_cache_held(&budget), 40 * MIB, 41 * MIB);
        assert_ptr_equal(planche_alloc(&budget, 40 * MIB), whole);
        planche_free(whole);
    }
    planche_budget_cache_destroy(&budget);
}

/* Where used and held memory do not fit in the limit together, the end of a cached block goes back
 * to the system, not all of it; what a block got beyond what was asked for stays small. */
static void test_cache_keeps_what_fits(void **state)
{
    struct planche_budget budget;
    (void)state;
    if (SANITIZED)
        skip();
    planche_budget_init(&budget, 44 * MIB);
    assert_true(planche_budget_cache_enable(&budget));
    planche_free(planche_alloc(&budget, 40 * MIB));
    char *part = planche_alloc(&budget, 10 * MIB + 1);
    assert_non_null(part);
    assert_in_range(planche_budget_cache_held(&budget), 40 * MIB - (10 * MIB + 256 * 1024),
                    30 * MIB);
    assert_true(planche_budget_reserve(&budget, 10 * MIB));
    char *other = planche_alloc(&budget, 8 * MIB);
    assert_non_null(other);
    assert_in_range(planche_budget_cache_held(&budget), 15 * MIB, 16 * MIB);
    memset(part, 1, 10 * MIB + 1);
    memset(other, 1, 8 * MIB);
    planche_free(part);
    planche_free(other);
    planche_budget_release(&budget, 10 * MIB);
    planche_budget_cache_destroy(&budget);
}

/* Bytes of address space that the process has now. */
static size_t address_space(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%lu", &pages), 1);
    fclose(file);
    return (size_t)pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* With room for a slab but not for aligning it, it is there all the same, and what does not fit is
 * refused. */
static void test_little_address_space(void **state)
{
    struct rlimit before, limit, now;
    (void)state;
    assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
    limit = before;
    limit.rlim_cur = address_space() + 12 * MIB;
    if (SANITIZED || setrlimit(RLIMIT_AS, &limit) || getrlimit(RLIMIT_AS, &now) ||
        now.rlim_cur != limit.rlim_cur) /* an emulator keeps it to itself */
        skip();
    unsigned char *block = planche_alloc(NULL, 8 * MIB + 100);
    void *refused = planche_alloc(NULL, 8 * MIB + 100);
    assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
    assert_non_null(block);
    assert_null(refused);
    memset(block, 1, 8 * MIB + 100);
    planche_free(block);
}

#define HOARDED_BLOCKS 50

static void *use_cache(void *budget)
{
    for (size_t i = 0; i < HOARDED_BLOCKS; i++) {
        size_t size = (2 + i % 9) * MIB;
        unsigned char *block = planche_calloc(budget, 1, size);
        if (!block)
            continue;
        if (block[0] || block[size - 1])
            return budget;
        block[0] = block[size - 1] = 1;
        planche_free(block);
    }
    return NULL;
}

static void test_threads_share_a_cache(void **state)
{
    (void)state;
    struct planche_budget budget;
    planche_budget_init(&budget, 40 * MIB);
    assert_true(planche_budget_cache_enable(&budget));
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, use_cache, &budget), 0);
    for (size_t i = 0; i < THREADS; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    assert_int_equal(used_of(&budget), 0);
    planche_budget_cache_destroy(&budget);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks_are_counted),
        cmocka_unit_test(test_nothing_is_counted_without_budget),
        cmocka_unit_test(test_limit_is_hard),
        cmocka_unit_test(test_parts_count_in_the_whole),
        cmocka_unit_test(test_sizes_that_overflow_are_refused),
        cmocka_unit_test(test_calloc_clears),
        cmocka_unit_test(test_realloc_keeps_the_content),
        cmocka_unit_test(test_failed_realloc_changes_nothing),
        cmocka_unit_test(test_failures_on_purpose),
        cmocka_unit_test(test_reason_of_a_failure),
        cmocka_unit_test(test_threads_share_a_budget),
        cmocka_unit_test(test_cache_gives_slabs_again),
        cmocka_unit_test(test_cache_gives_small_blocks_again),
        cmocka_unit_test(test_cache_divides_blocks),
        cmocka_unit_test(test_cache_keeps_what_fits),
        cmocka_unit_test(test_little_address_space),
        cmocka_unit_test(test_cache_keeps_the_limit),
        cmocka_unit_test(test_spare_memory_makes_room),
        cmocka_unit_test(test_threads_share_a_cache),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
