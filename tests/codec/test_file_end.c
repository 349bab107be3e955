/* SPDX-License-Identifier: MIT */
/* The ends of files: pictures and books of every format are whole, cut at any byte they are not,
 * and what readers pass over behind their end changes nothing. */
#include "images.h"

#include "archive/writer.h"
#include "base/little_endian.h"
#include "io/file_end.h"
#include "support/put_file.h"
#include "support/remove_tree.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/planche-test-file-end-XXXXXX";

static struct planche_error ignored;

static int enter(void **state)
{
    (void)state;
    return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int leave(void **state)
{
    (void)state;
    return chdir("/") == 0 ? remove_tree(folder) : -1;
}

static bool is_cut(const void *data, size_t size)
{
    test_write("file", data, size);
    return planche_file_is_cut("file");
}

/* The file that was written last becomes shorter. */
static bool is_cut_at(size_t size)
{
    assert_int_equal(truncate("file", (off_t)size), 0);
    return planche_file_is_cut("file");
}

static bool can_be_read(const struct bytes *file, size_t size)
{
    struct read_result result;
    enum planche_status status =
        read_bytes(&(struct bytes){.data = file->data, .size = size}, &result);
    read_result_free(&result);
    return status == PLANCHE_OK;
}

/* Files of which nothing is known end early for the reader alone. */
static void check_cuts(const struct bytes *file, int format)
{
    const bool open = memcmp(file->data, "\xff\x0a", 2) == 0;
    test_write("file", file->data, file->size);
    for (size_t size = open ? 1 : file->size - 1; size > 0; size--) {
        if (!is_cut_at(size) && !can_be_read(file, size))
            fail_msg("format %d cut at %zu of %zu passes", format, size, file->size);
    }
    assert_true(is_cut_at(0));
}

static void check_more(const struct bytes *file, int format)
{
    static const size_t sizes[] = {1, 7, 8, 12, 100};
    struct picture noise = picture_noise(10, 10, 1, 8, 7);
    for (size_t i = 0; i < 2 * sizeof sizes / sizeof *sizes; i++) {
        struct bytes more = {NULL, 0, 0};
        size_t size = sizes[i / 2];
        bytes_append(&more, file->data, file->size);
        bytes_append(&more, i % 2 ? noise.data : (uint8_t[100]){0}, size);
        if (is_cut(more.data, more.size) && can_be_read(&more, more.size))
            fail_msg("format %d with %zu bytes of %s behind its end does not pass", format, size,
                     i % 2 ? "noise" : "zeros");
        bytes_free(&more);
    }
    picture_free(&noise);
}

static void check_picture(const struct planche_metadata *metadata, enum planche_format format)
{
    struct picture picture = picture_smooth(24, 17, 3);
    struct bytes file = {NULL, 0, 0};
    assert_int_equal(write_picture(&picture, format, metadata, NULL, &file, &ignored), PLANCHE_OK);
    if (is_cut(file.data, file.size))
        fail_msg("format %d does not pass", format);
    check_cuts(&file, format);
    check_more(&file, format);
    bytes_free(&file);
    picture_free(&picture);
}

static void test_pictures(void **state)
{
    (void)state;
    struct bytes exif = make_exif(1, false);
    const struct planche_metadata metadata = {.exif = {exif.data, exif.size},
                                              .xmp = {(uint8_t *)"<x:xmpmeta/>", 12}};
    for (enum planche_format format = PLANCHE_FORMAT_PNG; format <= PLANCHE_FORMAT_JXL; format++) {
        check_picture(NULL, format);
        check_picture(&metadata, format);
    }
    bytes_free(&exif);
}

/* A book with a comment of so many bytes, which some programs put their data into. Its content is
 * stored. */
static struct bytes make_book(enum planche_container container, const void *content, size_t size,
                              size_t comment)
{
    struct planche_archive_writer *writer;
    const struct planche_archive_entry entry = {.name = "mimetype", .mtime = 1000000001};
    struct bytes file = {NULL, 0, 0};
    struct stat info;
    test_write("content", content, size);
    assert_int_equal(
        planche_archive_writer_create(&writer, container, "book", false, NULL, &ignored),
        PLANCHE_OK);
    assert_int_equal(planche_archive_writer_add(writer, &entry, "content", &ignored), PLANCHE_OK);
    uint8_t *text = calloc(1, comment + 1);
    assert_non_null(text);
    assert_int_equal(planche_archive_writer_comment(writer, text, comment, &ignored), PLANCHE_OK);
    free(text);
    assert_int_equal(planche_archive_writer_commit(writer, NULL, NULL, NULL, &ignored), PLANCHE_OK);
    planche_archive_writer_destroy(&writer);
    assert_int_equal(stat("book", &info), 0);
    file = (struct bytes){malloc((size_t)info.st_size), (size_t)info.st_size, 0};
    FILE *book = fopen("book", "rb");
    assert_non_null(book);
    assert_int_equal(fread(file.data, 1, file.size, book), file.size);
    assert_int_equal(fclose(book), 0);
    assert_false(planche_file_is_cut("book"));
    assert_int_equal(remove("book"), 0);
    return file;
}

static void test_books(void **state)
{
    static const size_t comments[] = {0, 5, 1001, 1002, 1003, 65535};
    (void)state;
    for (size_t i = 0; i < sizeof comments / sizeof *comments; i++) {
        struct bytes file = make_book(i == 1 ? PLANCHE_CONTAINER_EPUB : PLANCHE_CONTAINER_ZIP,
                                      "application/epub+zip", 20, comments[i]);
        bytes_append(&file, "\0\0", 2);
        assert_false(is_cut(file.data, file.size));
        for (size_t cut = 3; cut <= file.size; cut += cut < 200 || cut + 200 > file.size ? 1 : 977)
            assert_true(is_cut_at(file.size - cut));
        bytes_free(&file);
    }
}

/* The end record of a book within a book is not that of the outer one, wherever that is cut. */
static void test_nested_books(void **state)
{
    (void)state;
    for (size_t comment = 0; comment < 6; comment += 5) {
        struct bytes inner = make_book(PLANCHE_CONTAINER_ZIP, "page", 4, comment);
        struct bytes outer = make_book(PLANCHE_CONTAINER_ZIP, inner.data, inner.size, 0);
        assert_memory_equal(outer.data + 30 + strlen("mimetype"), inner.data, inner.size);
        assert_false(is_cut(outer.data, outer.size));
        for (size_t size = outer.size; size-- > 0;)
            assert_true(is_cut_at(size));
        bytes_free(&inner);
        bytes_free(&outer);
    }
}

/* A book whose directory the 64-bit records tell of: of the end record those of its fields that say
 * so, and the offset that the locator has. */
static struct bytes make_book_64(bool wide, uint64_t shift)
{
    struct bytes book = make_book(PLANCHE_CONTAINER_ZIP, "page", 4, 0), file = {NULL, 0, 0};
    const size_t at = book.size - 22;
    const uint32_t size = get32(book.data + at + 12), start = get32(book.data + at + 16);
    uint8_t records[76] = {0}, *end = put64(put32(records, 0x06064b50), 44);
    put64(put64(end + 28, size), start);
    put64(put32(records + 56, 0x07064b50) + 4, at + shift);
    if (wide)
        put32(put32(book.data + at + 12, UINT32_MAX), UINT32_MAX);
    bytes_append(&file, book.data, at);
    bytes_append(&file, records, sizeof records);
    bytes_append(&file, book.data + at, 22);
    bytes_free(&book);
    return file;
}

static void test_large_books(void **state)
{
    (void)state;
    for (int wide = 0; wide < 2; wide++) {
        struct bytes inner = make_book_64(wide, 0), shifted = make_book_64(wide, 1);
        struct bytes outer = make_book(PLANCHE_CONTAINER_ZIP, inner.data, inner.size, 0);
        assert_true(is_cut(shifted.data, shifted.size));
        assert_false(is_cut(inner.data, inner.size));
        for (size_t size = inner.size; size-- > 0;)
            assert_true(is_cut_at(size));
        assert_false(is_cut(outer.data, outer.size));
        for (size_t size = outer.size; size-- > 0;)
            assert_true(is_cut_at(size));
        put64(inner.data + inner.size - 22 - 20 + 8, UINT64_MAX);
        assert_true(is_cut(inner.data, inner.size));
        bytes_free(&inner);
        bytes_free(&shifted);
        bytes_free(&outer);
    }
}

/* Boxes whose lengths have 64 bits, and one that reaches to the end, wherever that is. */
static void test_boxes(void **state)
{
    static const char wide[] = "\0\0\0\x0c"
                               "ftypavif"
                               "\0\0\0\x08"
                               "meta"
                               "\0\0\0\1"
                               "mdat"
                               "\0\0\0\0\0\0\0\x13"
                               "abc";
    static const char open[] = "\0\0\0\x0c"
                               "ftypavif"
                               "\0\0\0\x08"
                               "meta"
                               "\0\0\0\0"
                               "mdat"
                               "abc";
    static const char tiny[] = "\0\0\0\x0c"
                               "ftypavif"
                               "\0\0\0\x08"
                               "meta"
                               "\0\0\0\1"
                               "mdat"
                               "\0\0\0\0\0\0\0\x0f"
                               "abc";
    (void)state;
    assert_true(is_cut(tiny, sizeof tiny - 1));
    assert_false(is_cut(open, sizeof open - 1));
    assert_false(is_cut(wide, sizeof wide - 1));
    for (size_t size = sizeof wide - 1; size-- > 0;)
        assert_true(is_cut_at(size));
}

static void test_others(void **state)
{
    (void)state;
    assert_true(planche_file_is_cut("none"));
    assert_true(planche_file_is_cut("."));
    assert_true(is_cut("P", 1));
    assert_true(is_cut("Some text that is long enough.", 30));
    test_write("file", "\xff\xd8\xff\xd9", 4);
    assert_false(planche_file_is_cut("file"));
    assert_int_equal(symlink("file", "link"), 0);
    assert_false(planche_file_is_cut("link"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pictures),     cmocka_unit_test(test_books),
        cmocka_unit_test(test_nested_books), cmocka_unit_test(test_large_books),
        cmocka_unit_test(test_boxes),        cmocka_unit_test(test_others),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
