/* SPDX-License-Identifier: MIT */
/* malloc and its like, in place of the C library's, which they call. The program has one thread. */
#include "memory.h"

#include "frames.h"

#include <errno.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

/* Asking is not for single bytes. */
#define STEP ((uint64_t)1 << 20)

/* Of the C library (glibc), for those who replace malloc. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void __libc_free(void *block);

static size_t used, granted = SIZE_MAX;

void unpack_memory_start(size_t bytes)
{
    granted = bytes;
}

static bool ask(uint64_t missing)
{
    struct planche_unpack_request answer;
    uint64_t bytes = missing > UINT64_MAX - STEP ? missing : (missing + STEP - 1) / STEP * STEP;
    unpack_send(PLANCHE_UNPACK_MEMORY, &bytes, sizeof bytes, NULL, 0);
    if (!unpack_receive(&answer) || answer.verb != PLANCHE_UNPACK_GRANT)
        return false;
    granted += bytes;
    return true;
}

/* Whether there may be so many bytes more. */
static bool admit(size_t size)
{
    size_t wanted;
    if (__builtin_add_overflow(used, size, &wanted))
        wanted = SIZE_MAX;
    if (wanted <= granted || ask(wanted - granted))
        return true;
    errno = ENOMEM;
    return false;
}

static void *count(void *block)
{
    used += malloc_usable_size(block);
    return block;
}

/* Libraries find these before those of the C library. */
#define EXPORT __attribute__((visibility("default")))

EXPORT void *malloc(size_t size)
{
    return admit(size) ? count(__libc_malloc(size)) : NULL;
}

EXPORT void *calloc(size_t number, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(number, size, &bytes))
        bytes = SIZE_MAX;
    return admit(bytes) ? count(__libc_calloc(number, size)) : NULL;
}

EXPORT void *realloc(void *block, size_t size)
{
    size_t had = malloc_usable_size(block);
    if (size > had && !admit(size - had))
        return NULL;
    void *moved = __libc_realloc(block, size);
    if (!moved && size > 0)
        return NULL;
    used -= had;
    return count(moved);
}

EXPORT void free(void *block)
{
    used -= malloc_usable_size(block);
    __libc_free(block);
}
