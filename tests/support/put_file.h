/* SPDX-License-Identifier: MIT */
/* Files that a test needs. */
#ifndef PLANCHE_TESTS_SUPPORT_PUT_FILE_H
#define PLANCHE_TESTS_SUPPORT_PUT_FILE_H

#include "support/testing.h"

#include <stdio.h>

/* Writes a file whose bytes are these. */
static inline void test_write(const char *path, const void *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

#endif
