/* SPDX-License-Identifier: MIT */
/* malloc and its like, in place of the C library's, which they call. */
#include "child/memory.h"

#include "child/frames.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

/* Asking is not for single bytes. */
#define STEP ((uint64_t)1 << 20)

/* Of the C library (glibc), for those who replace malloc. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *block);

static atomic_size_t used, granted = SIZE_MAX;
/* Two threads of a decoder may ask at once. */
static pthread_mutex_t asking = PTHREAD_MUTEX_INITIALIZER;

void child_memory_start(size_t bytes)
{
    granted = bytes;
}

static bool ask(uint64_t missing)
{
    struct planche_helper_request answer;
    uint64_t bytes = missing > UINT64_MAX - STEP ? missing : (missing + STEP - 1) / STEP * STEP;
    child_send(PLANCHE_HELPER_MEMORY, &bytes, sizeof bytes, NULL, 0);
    if (!child_receive(&answer) || answer.verb != PLANCHE_HELPER_GRANT)
        return false;
    granted += bytes;
    return true;
}

uint64_t child_memory_give_back(void)
{
    malloc_trim(0);
    size_t spare = granted > used + STEP ? (granted - used) / STEP * STEP : 0;
    granted -= spare;
    return spare;
}

/* Whether there may be so many bytes more, which are counted then. */
static bool admit(size_t size)
{
    size_t wanted;
    if (__builtin_add_overflow(used, size, &wanted))
        wanted = SIZE_MAX;
    if (wanted <= granted)
        return true;
    pthread_mutex_lock(&asking);
    bool enough = wanted <= granted || ask(wanted - granted);
    pthread_mutex_unlock(&asking);
    if (!enough)
        errno = ENOMEM;
    return enough;
}

/* A block that was asked for; the library is told if the system has none, as what wanted it may end
 * the program. */
static void *count(void *block, uint64_t size)
{
    if (block) {
        used += malloc_usable_size(block);
        return block;
    }
    pthread_mutex_lock(&asking);
    if (granted < SIZE_MAX)
        child_send(PLANCHE_HELPER_EXHAUSTED, &size, sizeof size, NULL, 0);
    pthread_mutex_unlock(&asking);
    errno = ENOMEM;
    return NULL;
}

/* Libraries find these before those of the C library. */
#define EXPORT __attribute__((visibility("default")))

EXPORT void *malloc(size_t size)
{
    return admit(size) ? count(__libc_malloc(size), size) : NULL;
}

EXPORT void *calloc(size_t number, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(number, size, &bytes))
        bytes = SIZE_MAX;
    return admit(bytes) ? count(__libc_calloc(number, size), bytes) : NULL;
}

EXPORT void *realloc(void *block, size_t size)
{
    size_t had = malloc_usable_size(block);
    if (size > had && !admit(size - had))
        return NULL;
    void *moved = __libc_realloc(block, size);
    if (moved || size == 0)
        used -= had;
    return moved || size > 0 ? count(moved, size) : NULL;
}

EXPORT void free(void *block)
{
    used -= malloc_usable_size(block);
    __libc_free(block);
}

EXPORT void *memalign(size_t alignment, size_t size)
{
    return admit(size) ? count(__libc_memalign(alignment, size), size) : NULL;
}

EXPORT void *aligned_alloc(size_t alignment, size_t size)
{
    return memalign(alignment, size);
}

EXPORT int posix_memalign(void **block, size_t alignment, size_t size)
{
    *block = memalign(alignment, size);
    return *block ? 0 : ENOMEM;
}
