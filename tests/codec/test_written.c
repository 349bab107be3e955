/* SPDX-License-Identifier: MIT */
/* The check of what was encoded: sound files of every format pass in pieces of any size; cut and
 * longer ones do not, nor those of another size. */
#include "images.h"

#include "codec/format.h"

#include <string.h>

static struct planche_error ignored;

struct encoded {
    enum planche_format format;
    const struct picture *picture;
    struct bytes file;
    bool open; /* its end cannot be told from its bytes: JPEG XL without boxes */
};

static const char *judge(const struct encoded *encoded, size_t size, size_t piece, uint32_t height)
{
    const struct planche_format_ops *ops = planche_format_get_ops(encoded->format);
    struct planche_written written = {.width = encoded->picture->width, .height = height};
    for (size_t at = 0; at < size; at += piece)
        planche_written_add(&written, ops->follow, encoded->file.data + at,
                            size - at < piece ? size - at : piece);
    return planche_written_finish(&written, ops->follow);
}

static void check_cuts(const struct encoded *encoded)
{
    uint32_t height = encoded->picture->height;
    for (size_t size = 0; size < encoded->file.size; size++) {
        const uint8_t *end = encoded->file.data + size;
        bool looks_whole = encoded->format == PLANCHE_FORMAT_JPEG && size > 1 && end[-2] == 0xff &&
                           end[-1] == 0xd9;
        if (encoded->open && size > 11)
            break;
        if (!judge(encoded, size, size + 1, height) && !looks_whole &&
            encoded->format != PLANCHE_FORMAT_JXL)
            fail_msg("format %d cut at %zu of %zu passes", (int)encoded->format, size,
                     encoded->file.size);
    }
    assert_non_null(judge(encoded, 1, 1, height));
}

static void check_one(struct encoded *encoded)
{
    static const size_t pieces[] = {1, 7, 1000000};
    uint32_t height = encoded->picture->height;
    for (size_t i = 0; i < 3; i++) {
        const char *wrong = judge(encoded, encoded->file.size, pieces[i], height);
        if (wrong)
            fail_msg("format %d, %ux%u, %u channels, pieces of %zu: %s", (int)encoded->format,
                     encoded->picture->width, height, encoded->picture->channels, pieces[i], wrong);
        assert_non_null(judge(encoded, encoded->file.size, pieces[i], height + 1));
    }
    check_cuts(encoded);
    if (encoded->open)
        return;
    bytes_append(&encoded->file, "\0", 1);
    assert_non_null(judge(encoded, encoded->file.size, 1000000, height));
}

static bool is_bare(enum planche_format format, const struct bytes *file)
{
    return format == PLANCHE_FORMAT_JXL && file->data[0] == 0xff;
}

static void check_all(const struct picture *picture, const struct planche_metadata *metadata,
                      int lossless)
{
    const struct planche_writer_options options = {.lossless = lossless};
    for (enum planche_format format = PLANCHE_FORMAT_PNG; format <= PLANCHE_FORMAT_JXL; format++) {
        struct encoded encoded = {.format = format, .picture = picture};
        if (write_picture(picture, format, metadata, &options, &encoded.file, &ignored) ==
            PLANCHE_OK) {
            encoded.open = is_bare(format, &encoded.file);
            check_one(&encoded);
        }
        bytes_free(&encoded.file);
    }
}

static void test_sound_and_cut(void **state)
{
    (void)state;
    static const uint32_t sides[][2] = {{1, 1}, {31, 17}, {64, 48}, {3, 300}};
    struct bytes icc = make_icc(3), exif = make_exif(1, false);
    const struct planche_metadata metadata = {.icc = {icc.data, icc.size},
                                              .exif = {exif.data, exif.size},
                                              .xmp = {(uint8_t *)"<x:xmpmeta/>", 12}};
    for (size_t s = 0; s < 4; s++)
        for (unsigned channels = 1; channels <= 4; channels++) {
            struct picture picture = picture_smooth(sides[s][0], sides[s][1], channels);
            check_all(&picture, NULL, 0);
            check_all(&picture, &metadata, 1);
            picture_free(&picture);
        }
    bytes_free(&icc);
    bytes_free(&exif);
}

/* An encoder that stops in the middle. */
static void test_stopped(void **state)
{
    (void)state;
    struct planche_encoder encoder = {.sink = bytes_sink, .follow = planche_webp_follow};
    struct bytes file = {NULL, 0, 0};
    encoder.sink_user = &file;
    encoder.written = (struct planche_written){.width = 8, .height = 8};
    assert_int_equal(planche_encoder_emit(&encoder, "RIFF\x30\0\0\0WEBP", 12, &ignored),
                     PLANCHE_OK);
    assert_string_equal(planche_written_finish(&encoder.written, encoder.follow),
                        "it ends too early");
    bytes_free(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sound_and_cut),
        cmocka_unit_test(test_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
