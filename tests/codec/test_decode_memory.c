/* SPDX-License-Identifier: MIT */
/* What decoding takes, libraries included, is within what the budget counts at its highest. */
#include "images.h"
#include "support/sanitized.h"

#include "codec/avif/avif.h"

#include <malloc.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* Code of libraries that runs for the first time, stacks, and what the heap keeps between blocks.
 */
#define PROCESS_BYTES ((uint64_t)4 << 20)

static uint64_t resident(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return SANITIZED ? 0 : (uint64_t)usage.ru_maxrss << 10;
}

/* Row by row. */
static enum planche_status decode(const struct bytes *file, struct planche_budget *budget,
                                  struct planche_error *error)
{
    static uint8_t row[16 * 1024];
    struct planche_source source = {.name = "page", .data = file->data, .size = file->size};
    struct planche_reader_options options = {.budget = budget};
    struct planche_reader *reader;
    enum planche_status status = planche_reader_open(&reader, &source, &options, error);
    uint32_t height = status ? 0 : planche_reader_info(reader)->height;
    for (uint32_t y = 0; y < height && status == PLANCHE_OK; y++)
        status = planche_reader_read(reader, row, sizeof row, 1, error);
    planche_reader_destroy(&reader);
    return status;
}

/* In a child, since what a process has had at most never goes down; what is free in the heap is
 * given back before. */
static void check(const char *name, const struct bytes *file)
{
    int state;
    malloc_trim(0);
    pid_t child = fork();
    if (child == 0) {
        struct planche_budget budget;
        struct planche_error error = {0};
        planche_budget_init(&budget, 0);
        uint64_t before = resident();
        enum planche_status status = decode(file, &budget, &error);
        uint64_t growth = resident() - before;
        bool wrong = status || growth > budget.peak + PROCESS_BYTES;
        if (wrong)
            fprintf(stderr, "%s: %llu counted, %llu grown %s\n", name,
                    (unsigned long long)budget.peak, (unsigned long long)growth, error.message);
        _exit(wrong);
    }
    assert_int_equal(waitpid(child, &state, 0), child);
    assert_int_equal(state, 0);
}

#define WIDTH  700
#define HEIGHT 500

static void test_webp(void **state)
{
    (void)state;
    for (unsigned channels = 3; channels <= 4; channels++)
        for (int lossless = 0; lossless < 2; lossless++) {
            struct picture picture = picture_noise(WIDTH, HEIGHT, channels, 8, 1);
            struct bytes file =
                make_webp(&(struct webp_spec){.picture = &picture, .lossless = lossless});
            check(lossless ? "lossless WebP" : "lossy WebP", &file);
            bytes_free(&file);
            picture_free(&picture);
        }
}

/* Bits of a lossless WebP stream, the lowest of a byte first. */
struct bits {
    struct bytes bytes;
    unsigned count; /* in the last byte */
};

static void put(struct bits *bits, unsigned value, unsigned count)
{
    for (unsigned i = 0; i < count; i++, bits->count = (bits->count + 1) % 8) {
        if (bits->count == 0)
            bytes_append(&bits->bytes, "", 1);
        bits->bytes.data[bits->bytes.size - 1] |= (uint8_t)((value >> i & 1) << bits->count);
    }
}

static void put_code(struct bits *bits, unsigned code)
{
    for (int i = 7; i >= 0; i--)
        put(bits, code >> i & 1, 1);
}

/* A code of 256 symbols of 8 bits. */
static void put_bytes_code(struct bits *bits, bool longer)
{
    put(bits, 0, 1);
    put(bits, 12 - 4, 4); /* lengths of lengths up to that of 8, */
    for (unsigned i = 0; i < 11; i++)
        put(bits, 0, 3);
    put(bits, 1, 3); /* the only one, which takes no bits */
    put(bits, longer, 1);
    if (longer) {
        put(bits, 3, 3); /* so many symbols, in 8 bits */
        put(bits, 256 - 2, 8);
    }
}

/* A code of the symbol 0 alone. */
static void put_no_code(struct bits *bits)
{
    put(bits, 1, 4);
}

/* Every block of 4 x 4 pixels has its own group of codes, with the largest colour cache: `side`
 * times `side` of them. */
static struct bytes make_webp_of_groups(unsigned side)
{
    struct bits bits = {{NULL, 0, 0}, 0};
    put(&bits, 0x2f, 8);
    put(&bits, 4 * side - 1, 14);
    put(&bits, 4 * side - 1, 14);
    put(&bits, 0, 4);
    put(&bits, 0, 1); /* no transform */
    put(&bits, 1, 1);
    put(&bits, 11, 4);
    put(&bits, 1, 1); /* groups, */
    put(&bits, 0, 3); /* of the smallest blocks, */
    put(&bits, 0, 1); /* in a picture without a colour cache: */
    put_bytes_code(&bits, true);
    put_bytes_code(&bits, false);
    for (unsigned i = 0; i < 3; i++)
        put_no_code(&bits);
    for (unsigned group = 0; group < side * side; group++) {
        put_code(&bits, group & 255);
        put_code(&bits, group >> 8);
    }
    for (unsigned i = 0; i < 5 * side * side; i++)
        put_no_code(&bits);
    struct bytes file = {NULL, 0, 0};
    uint8_t head[20] = "RIFF____WEBPVP8L____";
    if (bits.bytes.size % 2)
        bytes_append(&bits.bytes, "", 1);
    for (unsigned i = 0; i < 4; i++) {
        head[4 + i] = (uint8_t)((bits.bytes.size + 12) >> 8 * i);
        head[16 + i] = (uint8_t)(bits.bytes.size >> 8 * i);
    }
    bytes_append(&file, head, sizeof head);
    bytes_append(&file, bits.bytes.data, bits.bytes.size);
    bytes_free(&bits.bytes);
    return file;
}

/* 12 KB of file, for which libwebp makes tables of 46 MiB. */
static void test_webp_groups(void **state)
{
    const uint64_t tables = (uint64_t)48 * 48 * (2300 + 2704) * 4;
    struct bytes file = make_webp_of_groups(48);
    struct planche_error error;
    struct planche_budget budget;
    (void)state;
    check("WebP of many groups", &file);
    planche_budget_init(&budget, 0);
    assert_int_equal(decode(&file, &budget, &error), PLANCHE_OK);
    assert_in_range(budget.peak, tables, tables + (4 << 20));
    planche_budget_init(&budget, tables);
    assert_int_equal(decode(&file, &budget, &error), PLANCHE_ERROR_BUDGET);
    bytes_free(&file);
}

static void test_avif(void **state)
{
    static const struct {
        unsigned channels;
        struct avif_spec spec;
    } files[] = {
        {4, {.depth = 8}},
        {1, {.depth = 12}},
        {4, {.depth = 10, .film_grain = true}},
        {3, {.depth = 8, .cells = 2, .film_grain = true}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct avif_spec spec = files[i].spec;
        struct picture picture =
            picture_noise(WIDTH, HEIGHT, files[i].channels, spec.depth > 8 ? 16 : 8, 1);
        char name[32];
        snprintf(name, sizeof name, "AVIF %zu", i);
        spec.picture = &picture;
        struct bytes file = make_avif(&spec);
        check(name, &file);
        bytes_free(&file);
        picture_free(&picture);
    }
}

static void test_avif_frames(void **state)
{
    static const uint8_t two[] = {0x12, 0, 0x32, 2, 1, 1, 0x36, 0, 1, 9}, open[] = {0x12, 0, 0x30};
    uint8_t many[64];
    (void)state;
    assert_int_equal(planche_avif_count_frames(two, 0), 0);
    assert_int_equal(planche_avif_count_frames(two, sizeof two), 2);
    assert_int_equal(planche_avif_count_frames(open, sizeof open), 1);
    /* A part of a stream. */
    assert_int_equal(planche_avif_count_frames(two, sizeof two - 1), PLANCHE_AVIF_KEPT_FRAMES + 1);
    assert_int_equal(planche_avif_count_frames(two, 1), PLANCHE_AVIF_KEPT_FRAMES + 1);
    for (size_t i = 0; i < sizeof many; i++)
        many[i] = i % 2 ? 0 : 0x1a;
    assert_int_equal(planche_avif_count_frames(many, sizeof many), PLANCHE_AVIF_KEPT_FRAMES + 1);
}

static void test_jxl(void **state)
{
    static const struct {
        unsigned channels, depth;
        struct jxl_spec spec;
    } files[] = {
        {4, 16, {.progressive = true}},  {3, 16, {.modular = true}},
        {4, 16, {.photon_noise = 3200}}, {1, 8, {.extra_channels = 4}},
        {4, 8, {.layers = 5}},           {1, 8, {.layers = 5, .modular = true}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct jxl_spec spec = files[i].spec;
        struct picture picture = picture_noise(WIDTH, HEIGHT, files[i].channels, files[i].depth, 1);
        char name[32];
        snprintf(name, sizeof name, "JPEG XL %zu", i);
        spec.picture = &picture;
        struct bytes file = make_jxl(&spec);
        check(name, &file);
        bytes_free(&file);
        picture_free(&picture);
    }
}

/* What brotli keeps of metadata. */
static void test_jxl_boxes(void **state)
{
    struct picture picture = picture_smooth(32, 32, 3);
    struct bytes xmp = {NULL, 0, 0};
    (void)state;
    for (unsigned i = 0; i < 300000; i++)
        bytes_append(&xmp, "<a/>0123456789ab", 16);
    struct bytes file =
        make_jxl(&(struct jxl_spec){.picture = &picture, .xmp = &xmp, .compressed_boxes = true});
    check("JPEG XL of large metadata", &file);
    bytes_free(&file);
    bytes_free(&xmp);
    picture_free(&picture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_webp), cmocka_unit_test(test_webp_groups),
        cmocka_unit_test(test_avif), cmocka_unit_test(test_avif_frames),
        cmocka_unit_test(test_jxl),  cmocka_unit_test(test_jxl_boxes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
