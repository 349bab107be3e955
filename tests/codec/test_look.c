/* SPDX-License-Identifier: MIT */
/* A look at a file, without its pixels, takes little memory whatever the file is or says. */
#include "images.h"
#include "support/quick.h"
#include "support/sanitized.h"

#include "codec/provenance.h"

#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define FORMATS 5
#define LARGE   ((uint64_t)256 << 20)
/* What a look may take, counted and in the process as a whole. */
#define BUDGET ((uint64_t)3 << 20)
#define GROWTH ((uint64_t)24 << 20)

static const char *path(void)
{
    static char text[64];
    const char *folder = getenv("TMPDIR");
    if (!*text) /* a child has its parent's */
        snprintf(text, sizeof text, "%.40s/planche-look-%d", folder ? folder : "/tmp",
                 (int)getpid());
    return text;
}

/* The file, lengthened by a hole. */
static void write_file(const struct bytes *bytes, uint64_t size)
{
    FILE *file = fopen(path(), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes->data, 1, bytes->size, file), bytes->size);
    assert_int_equal(fclose(file), 0);
    if (size > bytes->size)
        assert_int_equal(truncate(path(), (off_t)size), 0);
}

static enum planche_status look(uint64_t limit, uint64_t *peak, struct planche_provenance *mark,
                                struct planche_error *error)
{
    const struct planche_source source = {.name = "page", .path = path()};
    struct planche_budget budget;
    planche_budget_init(&budget, limit);
    enum planche_status status = planche_source_provenance(mark, &source, &budget, error);
    assert_int_equal(budget.used, 0);
    *peak = budget.peak;
    return status;
}

/* Sanitizers keep what was freed. */
static uint64_t resident(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return SANITIZED ? 0 : (uint64_t)usage.ru_maxrss << 10;
}

/* A child, since what a process has had at most never goes down. What is free in the heap is given
 * back before, or the child would have it without asking. */
static pid_t fork_child(void)
{
    malloc_trim(0);
    return fork();
}

static void look_in_child(const char *name, enum planche_status expected)
{
    pid_t child = fork_child();
    int state;
    if (child == 0) {
        struct planche_provenance mark;
        struct planche_error error = {0};
        uint64_t peak, before = resident();
        enum planche_status status = look(BUDGET, &peak, &mark, &error);
        if (status != expected)
            fprintf(stderr, "%s: %s\n", name, error.message);
        uint64_t growth = resident() - before;
        if (peak > BUDGET || growth > GROWTH)
            fprintf(stderr, "%s: %llu counted, %llu grown\n", name, (unsigned long long)peak,
                    (unsigned long long)growth);
        _exit(status != expected || peak > BUDGET || growth > GROWTH);
    }
    assert_int_equal(waitpid(child, &state, 0), child);
    assert_int_equal(state, 0);
}

static void put_be32(uint8_t *p, uint64_t value)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(value >> (24 - 8 * i));
}

static void put_le32(uint8_t *p, uint64_t value)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(value >> 8 * i);
}

static uint8_t *find(const struct bytes *bytes, const char *tag)
{
    uint8_t *found = memmem(bytes->data, bytes->size, tag, 4);
    assert_non_null(found);
    return found;
}

/* A picture whose file says that its pixels take LARGE bytes, and has them. */
static struct bytes make_large(unsigned format, const struct picture *picture)
{
    struct bytes file;
    switch (format) {
    case 0:
        file = make_png(&(struct png_spec){.width = picture->width,
                                           .height = picture->height,
                                           .colour_type = 2 /* RGB */,
                                           .bit_depth = 8,
                                           .rows = picture->data,
                                           .stride = picture_row_bytes(picture)});
        put_be32(find(&file, "IDAT") - 4, LARGE / 2);
        break;
    case 1:
        file = make_jpeg(&(struct jpeg_spec){.picture = picture, .progressive = true});
        break;
    case 2:
        file = make_webp(&(struct webp_spec){.picture = picture});
        put_le32(find(&file, "VP8 ") + 4, LARGE - 20);
        put_le32(file.data + 4, LARGE - 8);
        break;
    case 3:
        file = make_avif(&(struct avif_spec){.picture = picture});
        put_be32(find(&file, "mdat") - 4, 0); /* to the end */
        break;
    default:
        file = make_jxl(&(struct jxl_spec){.picture = picture, .container = true});
        put_be32(find(&file, "jxlc") - 4, 0);
        break;
    }
    return file;
}

static void test_large_files(void **state)
{
    static const char *const names[FORMATS] = {"PNG", "JPEG", "WebP", "AVIF", "JPEG XL"};
    struct picture picture = picture_smooth(64, 48, 3);
    (void)state;
    for (unsigned format = 0; format < FORMATS; format++) {
        struct bytes file = make_large(format, &picture);
        write_file(&file, LARGE);
        look_in_child(names[format], PLANCHE_OK);
        bytes_free(&file);
    }
    unlink(path());
    picture_free(&picture);
}

/* Pictures that would take more than the budget to decode. */
static void test_large_pictures(void **state)
{
    static const char *const names[FORMATS] = {"PNG", "JPEG", "WebP", "AVIF", "JPEG XL"};
    struct picture picture = picture_smooth(1500, 1100, 3);
    (void)state;
    for (unsigned format = 0; format < FORMATS; format++) {
        struct bytes file = {NULL, 0, 0};
        struct planche_error error;
        const struct planche_writer_options options = {.quality = 50};
        if (format == 1)
            file = make_jpeg(&(struct jpeg_spec){.picture = &picture, .progressive = true});
        else
            assert_int_equal(
                write_picture(&picture, PLANCHE_FORMAT_PNG + format, NULL, &options, &file, &error),
                PLANCHE_OK);
        write_file(&file, 0);
        look_in_child(names[format], PLANCHE_OK);
        bytes_free(&file);
    }
    unlink(path());
    picture_free(&picture);
}

/* A chunk that says it has 2 GiB, in a file of 45 bytes, and others of their kind. */
static void test_claimed_lengths(void **state)
{
    static const uint8_t png[] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x08\0\0\0\x08\x08\x02\0\0\0"
                                 "\x4b\x6d\x29\xdc\x7f\xff\xff\xffiTXtAAAA";
    static const char *const chunks[] = {"iCCP", "eXIf", "iTXt", "aaAa", "zTXt", "PLTE", "tRNS"};
    /* In a quick run the first: profile, orientation, provenance; and what nobody knows. */
    const size_t read_whole = test_quick() ? 4 : sizeof chunks / sizeof *chunks;
    struct bytes file = {NULL, 0, 0};
    (void)state;
    bytes_append(&file, png, sizeof png - 1);
    for (size_t i = 0; i < sizeof chunks / sizeof *chunks; i++) {
        memcpy(file.data + 37, chunks[i], 4);
        write_file(&file, 0);
        look_in_child(chunks[i], PLANCHE_ERROR_DATA);
        if (i >= read_whole)
            continue;
        /* The same with all that it says: what is of no use is passed over, what is too long is not
         * believed. */
        put_be32(file.data + 33, LARGE / 4);
        write_file(&file, LARGE / 2);
        look_in_child(chunks[i], PLANCHE_ERROR_DATA);
        put_be32(file.data + 33, 0x7fffffff);
    }
    unlink(path());
    bytes_free(&file);
}

/* Boxes and chunks of metadata that are longer than what is left. */
static void test_claimed_metadata(void **state)
{
    struct picture picture = picture_smooth(16, 12, 3);
    struct bytes xmp = {NULL, 0, 0}, file;
    (void)state;
    bytes_append(&xmp, "<x:xmpmeta xmlns:x='adobe:ns:meta/'/>", 37);
    file = make_webp(&(struct webp_spec){.picture = &picture, .xmp = &xmp});
    put_le32(find(&file, "XMP ") + 4, 0x7ffffff0);
    write_file(&file, 0);
    look_in_child("WebP XMP", PLANCHE_OK);
    bytes_free(&file);
    file = make_avif(&(struct avif_spec){.picture = &picture, .xmp = &xmp});
    put_be32(find(&file, "meta") - 4, 0x7ffffff0);
    write_file(&file, 0);
    look_in_child("AVIF meta", PLANCHE_ERROR_DATA);
    /* All of that is there. */
    write_file(&file, LARGE);
    put_be32(find(&file, "meta") - 4, LARGE - 64);
    write_file(&file, LARGE);
    look_in_child("large AVIF meta", PLANCHE_ERROR_BUDGET);
    bytes_free(&file);
    file = make_jxl(&(struct jxl_spec){.picture = &picture, .xmp = &xmp});
    put_be32(find(&file, "xml ") - 4, 0x7ffffff0);
    write_file(&file, 0);
    look_in_child("JPEG XL xml", PLANCHE_ERROR_DATA);
    bytes_free(&file);
    unlink(path());
    bytes_free(&xmp);
    picture_free(&picture);
}

static void begin_box(struct bytes *file, const char *type)
{
    bytes_append(file, "\0\0\0\0", 4);
    bytes_append(file, type, 4);
}

/* The box that began at a place is complete. */
static void end_box(struct bytes *file, size_t at)
{
    put_be32(file->data + at, file->size - at);
}

/* An AVIF file of nothing but items: libavif keeps a kilobyte and more for twenty bytes. */
static struct bytes make_items(uint32_t count)
{
    struct bytes file = {NULL, 0, 0};
    uint8_t number[8];
    bytes_append(&file,
                 "\0\0\0\x18"
                 "ftypavif\0\0\0\0avifmif1",
                 24);
    begin_box(&file, "meta");
    bytes_append(&file, "\0\0\0\0", 4);
    bytes_append(&file, "\0\0\0\x21hdlr\0\0\0\0\0\0\0\0pict\0\0\0\0\0\0\0\0\0\0\0\0\0", 33);
    size_t list = file.size;
    begin_box(&file, "iinf");
    bytes_append(&file, "\1\0\0\0", 4);
    put_be32(number, count);
    bytes_append(&file, number, 4);
    for (uint32_t i = 0; i < count; i++) {
        bytes_append(&file, "\0\0\0\x15infe\2\0\0\0", 12);
        put_be32(number, (i + 1) << 16);
        bytes_append(&file, number, 4);
        bytes_append(&file, "av01", 5);
    }
    end_box(&file, list);
    end_box(&file, 24);
    return file;
}

/* What libavif takes for lists of items is counted before it takes it. */
static void test_many_items(void **state)
{
    struct bytes file = make_items(20000);
    int result;
    (void)state;
    write_file(&file, 0);
    look_in_child("AVIF of many items", PLANCHE_ERROR_BUDGET);
    pid_t child = fork_child();
    if (child == 0) {
        struct planche_provenance mark;
        struct planche_error error = {0};
        uint64_t peak, before = resident();
        look((uint64_t)1 << 30, &peak, &mark, &error);
        uint64_t growth = resident() - before;
        if (growth > peak)
            fprintf(stderr, "%llu counted, %llu grown: %s\n", (unsigned long long)peak,
                    (unsigned long long)growth, error.message);
        _exit(growth > peak);
    }
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_int_equal(result, 0);
    unlink(path());
    bytes_free(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_large_files),     cmocka_unit_test(test_large_pictures),
        cmocka_unit_test(test_claimed_lengths), cmocka_unit_test(test_claimed_metadata),
        cmocka_unit_test(test_many_items),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
