/* SPDX-License-Identifier: MIT */
/* Guarded buffers, random numbers, comparison, epilogues. */
#include "kernel_test.h"

#include "support/random.h"

#include <math.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

uint32_t random_next(struct random *random)
{
    return (uint32_t)(test_random(&random->state) >> 32);
}

size_t random_size(struct random *random, size_t min, size_t max)
{
    return min + random_next(random) % (max - min + 1);
}

float random_float(struct random *random)
{
    return (float)(int32_t)random_next(random) * 0x1p-31f;
}

bool random_once(struct random *random, unsigned times)
{
    return random_next(random) % times == 0;
}

#define CANARY 0xff /* four of them are a NaN */

static struct buffer create(size_t bytes, bool aligned)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    struct buffer buffer = {.room_size = (bytes + 2 * page - 1) / page * page};
    unsigned char *map = mmap(NULL, buffer.room_size + 2 * page, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(map != MAP_FAILED);
    assert_int_equal(mprotect(map, page, PROT_NONE), 0);
    assert_int_equal(mprotect(map + page + buffer.room_size, page, PROT_NONE), 0);
    buffer.room = map + page;
    memset(buffer.room, CANARY, buffer.room_size);
    const size_t tail = aligned ? (64 - bytes % 64) % 64 : 0;
    buffer.data = (float *)(void *)(buffer.room + buffer.room_size - tail - bytes);
    buffer.count = bytes;
    return buffer;
}

struct buffer buffer_create(size_t count, bool aligned)
{
    return create(count * sizeof(float), aligned);
}

struct buffer buffer_create_bytes(size_t bytes)
{
    return create(bytes, false);
}

struct buffer buffer_create_random(size_t count, bool aligned, struct random *random)
{
    struct buffer buffer = buffer_create(count, aligned);
    for (size_t i = 0; i < count; i++)
        buffer.data[i] = random_float(random);
    return buffer;
}

/* Bytes from..to are as they were made; told by their distance from data. memcmp() of what follows
 * with itself, a byte further, is faster than a loop: this is done for every buffer of every
 * kernel. */
static void check_canaries(const unsigned char *from, const unsigned char *to,
                           const unsigned char *data)
{
    if (from == to || (*from == CANARY && memcmp(from, from + 1, (size_t)(to - from - 1)) == 0))
        return;
    while (*from == CANARY)
        from++;
    fail_msg("written outside of a buffer, %td bytes from its start", from - data);
}

void buffer_check(const struct buffer *buffer)
{
    const unsigned char *data = (const unsigned char *)buffer->data;
    check_canaries(buffer->room, data, data);
    check_canaries(data + buffer->count, buffer->room + buffer->room_size, data);
}

void buffer_destroy(struct buffer *buffer)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    buffer_check(buffer);
    munmap(buffer->room - page, buffer->room_size + 2 * page);
    *buffer = (struct buffer){0};
}

void expected_compare(const struct expected *expected, float actual, double tolerance,
                      const char *what, size_t index)
{
    const double error = fabs((double)actual - expected->value);
    if (!(error <= tolerance * expected->magnitude))
        fail_msg("%s: element %zu is %.9g, not %.9g; error %.3g of magnitude %.3g", what, index,
                 (double)actual, expected->value, error / expected->magnitude, expected->magnitude);
}

static float random_slope(struct random *random)
{
    static const float usual[] = {1.0f, 0.0f, 0.2f, 0.1f};
    return random_once(random, 2) ? usual[random_next(random) % 4] : 2.0f * random_float(random);
}

struct test_epilogue epilogue_create(size_t lanes, struct random *random)
{
    struct test_epilogue test = {.bias = buffer_create_random(lanes, lanes >= LANES, random),
                                 .slope = buffer_create(lanes, lanes >= LANES),
                                 .scale = buffer_create_random(lanes, lanes >= LANES, random)};
    for (size_t i = 0; i < lanes; i++)
        test.slope.data[i] = random_slope(random);
    test.epilogue.bias = test.bias.data;
    test.epilogue.slope = test.slope.data;
    if (lanes >= LANES && random_once(random, 3))
        test.epilogue.scale = test.scale.data;
    test.epilogue.residuals = (unsigned)random_size(random, 0, PLANCHE_RESIDUALS);
    for (unsigned r = 0; r < PLANCHE_RESIDUALS; r++) {
        test.epilogue.self[r] = random_once(random, 2) ? 1.0f : random_float(random);
        test.epilogue.other[r] = random_once(random, 2) ? 1.0f : random_float(random);
    }
    return test;
}

void epilogue_destroy(struct test_epilogue *epilogue)
{
    buffer_destroy(&epilogue->bias);
    buffer_destroy(&epilogue->slope);
    buffer_destroy(&epilogue->scale);
}

void epilogue_apply(const struct planche_epilogue *epilogue, size_t lane, const float *residuals,
                    struct expected *expected)
{
    const double slope = epilogue->slope[lane];
    expected_add(expected, epilogue->bias[lane], 1.0);
    if (expected->value < 0.0)
        expected->value *= slope;
    expected->magnitude *= fmax(1.0, fabs(slope));
    for (unsigned r = 0; r < epilogue->residuals; r++) {
        expected->value *= epilogue->self[r];
        expected->magnitude *= fabs((double)epilogue->self[r]);
        expected_add(expected, residuals[r], epilogue->other[r]);
    }
    if (epilogue->scale) {
        expected->value *= epilogue->scale[lane];
        expected->magnitude *= fabs((double)epilogue->scale[lane]);
    }
}

void pack_winograd(const struct planche_winograd_pack_args *args)
{
    for (size_t part = planche_winograd_pack_parts(args); part > 0; part--)
        planche_winograd_pack(args, part - 1);
}
