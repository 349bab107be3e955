/* SPDX-License-Identifier: MIT */
/* Memory that unpacking takes: it shows when contents are read, but a second reading of the same
 * archive takes it when it opens, before others get it. */
#include "books.h"

#include "base/little_endian.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define DICTIONARY ((uint64_t)64 << 20)

/* A 7z of one small entry that wants a dictionary of 64 MiB, and is damaged behind that. */
static void write_archive(const char *name)
{
    static const uint8_t coder[] = {3, 1, 1, 5, 0x5d};
    uint8_t data[512];
    FILE *file = fopen(CORPUS "/7z-lzma", "rb");
    assert_non_null(file);
    size_t size = fread(data, 1, sizeof data, file);
    fclose(file);
    uint8_t *found = memmem(data, size, coder, sizeof coder);
    assert_non_null(found);
    put32(found + sizeof coder, (uint32_t)DICTIONARY);
    uint64_t at = 32 + get64(data + 12), length = get64(data + 20);
    assert_true(at + length == size);
    put32(data + 28, (uint32_t)crc32(0, data + at, (uInt)length));
    put32(data + 8, (uint32_t)crc32(0, data + 12, 20));
    file = fopen(name, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

/* Reads the archive; returns the bytes that the budget had in use when it was open. */
static uint64_t read_once(struct planche_archive_notes *notes, struct planche_budget *budget)
{
    const struct planche_archive_help help = {.notes = notes};
    struct planche_error error = {.message = ""};
    struct planche_archive *archive;
    struct planche_archive_entry entry;
    char piece[4096];
    bool end = false;
    size_t got = 1;
    assert_int_equal(planche_archive_open(&archive, "book", &wide, budget, NULL, &help, &error),
                     PLANCHE_OK);
    uint64_t used = budget->used;
    assert_int_equal(planche_archive_next(archive, &entry, &end, &error), PLANCHE_OK);
    while (got > 0 &&
           planche_archive_read(archive, piece, sizeof piece, &got, &error) == PLANCHE_OK)
        continue;
    assert_int_equal(error.status, PLANCHE_ERROR_DATA);
    planche_archive_close(&archive);
    assert_int_equal(budget->used, 0);
    return used;
}

static void test_memory_is_known(void **state)
{
    struct planche_archive_notes notes = {0};
    struct planche_budget budget;
    (void)state;
    write_archive("book");
    planche_budget_init(&budget, 200 << 20);
    assert_true(read_once(&notes, &budget) < DICTIONARY);
    assert_true(budget.peak > DICTIONARY && budget.peak < 2 * DICTIONARY);
    assert_true(notes.unpack_bytes > DICTIONARY && notes.unpack_bytes < 2 * DICTIONARY);
    uint64_t first = notes.unpack_bytes;
    assert_true(read_once(&notes, &budget) > DICTIONARY);
    assert_true(notes.unpack_bytes == first);
    unlink("book");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_is_known),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
