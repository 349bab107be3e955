/* SPDX-License-Identifier: MIT */
/* Digests of pages that come again: always the sha256, known the second time. */
#include "pages/digests.h"

#include "support/testing.h"

#include <string.h>

#define PAGES 300
#define BYTES 5120

static uint8_t page[BYTES];

/* Pages that differ in one byte, at another place each. */
static void change(unsigned number)
{
    page[number * 16 + number % 16] ^= 1;
}

static void expect(struct planche_pages_digests *digests, size_t size, bool known)
{
    uint8_t digest[PLANCHE_IO_DIGEST_BYTES], right[PLANCHE_IO_DIGEST_BYTES];
    assert_int_equal(planche_pages_digests_get(digests, page, size, digest), known);
    planche_digest_of(page, size, right);
    assert_memory_equal(digest, right, sizeof right);
}

static void test_known_the_second_time(void **state)
{
    struct planche_pages_digests *digests = planche_pages_digests_create();
    (void)state;
    assert_non_null(digests);
    expect(digests, BYTES, false);
    expect(digests, BYTES, true);
    expect(digests, BYTES - 1, false); /* a beginning is another page */
    expect(digests, BYTES, true);
    expect(digests, 4096, false);
    expect(digests, 4096, true);
    expect(digests, 4095, false); /* too short to be worth it */
    expect(digests, 4095, false);
    expect(digests, 0, false);
    planche_pages_digests_destroy(digests);
    planche_pages_digests_destroy(NULL);
}

static void test_pages_that_hardly_differ(void **state)
{
    struct planche_pages_digests *digests = planche_pages_digests_create();
    unsigned known = 0;
    (void)state;
    assert_non_null(digests);
    for (unsigned round = 0; round < 2; round++)
        for (unsigned i = 0; i < PAGES; i++) {
            uint8_t digest[PLANCHE_IO_DIGEST_BYTES], right[PLANCHE_IO_DIGEST_BYTES];
            change(i);
            known += planche_pages_digests_get(digests, page, BYTES, digest);
            planche_digest_of(page, BYTES, right);
            assert_memory_equal(digest, right, sizeof right);
            change(i);
        }
    assert_in_range(known, PAGES - 60, PAGES); /* some share a place */
    planche_pages_digests_destroy(digests);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_the_second_time),
        cmocka_unit_test(test_pages_that_hardly_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
