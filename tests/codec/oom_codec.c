/* SPDX-License-Identifier: MIT */
/* Allocations that fail in readers and writers, the libraries' own as far as they can be made to.
 */
#include "images.h"

#include "codec/metadata.h"
#include "codec/provenance.h"
#include "io/atomic_file.h"
#include "support/oom.h"

#include <png.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static enum planche_status run_reader(void *user, struct planche_budget *budget,
                                      struct planche_error *error)
{
    const struct bytes *file = user;
    struct planche_source source = {.name = "page", .data = file->data, .size = file->size};
    struct planche_reader_options options = {.budget = budget};
    struct planche_reader *reader;
    uint8_t rows[32 * 32 * 8];
    enum planche_status status = planche_reader_open(&reader, &source, &options, error);
    for (int pass = 0; pass < 2 && status == PLANCHE_OK; pass++) {
        const struct planche_image_info *info = planche_reader_info(reader);
        size_t stride = info->width * planche_image_pixel_size(info);
        assert_true(stride * info->height <= sizeof rows);
        status = planche_reader_read(reader, rows, stride, info->height, error);
        if (status == PLANCHE_OK)
            status = planche_reader_rewind(reader, error);
    }
    planche_reader_destroy(&reader);
    return status;
}

static void check_reader(const char *name, struct bytes file)
{
    assert_true(oom_run(name, run_reader, &file, 1) > 5);
    bytes_free(&file);
}

static void test_readers(void **state)
{
    (void)state;
    struct picture smooth = picture_smooth(20, 16, 3), inks = picture_smooth(8, 8, 4);
    static const char packet[] =
        "<a xmlns:d=\"http://ns.google.com/photos/1.0/depthmap/\" d:Near=\"1\"/>";
    struct picture grey = picture_smooth(8, 8, 1);
    struct bytes stale = {NULL, 0, 0};
    struct bytes icc = make_icc(3), cmyk = make_icc(4), turned = make_exif(6, true);
    struct png_spec png = {.width = 20,
                           .height = 16,
                           .colour_type = PNG_COLOR_TYPE_RGB,
                           .bit_depth = 8,
                           .rows = smooth.data,
                           .stride = 60,
                           .gamma = 1.0};
    check_reader("PNG", make_png(&png));
    png.interlaced = true;
    png.icc = &icc;
    png.exif = &turned;
    png.xmp = &icc;
    check_reader("interlaced PNG", make_png(&png));
    struct jpeg_spec jpeg = {.picture = &smooth, .icc = &icc};
    check_reader("JPEG", make_jpeg(&jpeg));
    jpeg.progressive = true;
    jpeg.exif = &turned;
    jpeg.xmp = &icc;
    check_reader("progressive JPEG", make_jpeg(&jpeg));
    bytes_append(&stale, packet, sizeof packet - 1);
    jpeg.xmp = &stale;
    check_reader("JPEG with stale XMP", make_jpeg(&jpeg));
    check_reader("CMYK JPEG", make_jpeg(&(struct jpeg_spec){.picture = &inks, .icc = &cmyk}));
    struct webp_spec webp = {.picture = &inks, .icc = &icc, .exif = &turned, .xmp = &icc};
    check_reader("WebP", make_webp(&webp));
    struct avif_spec avif = {.picture = &inks, .icc = &icc, .exif = &turned, .xmp = &icc};
    check_reader("AVIF", make_avif(&avif));
    avif = (struct avif_spec){.picture = &grey, .primaries = 12, .transfer = 8};
    check_reader("grey AVIF", make_avif(&avif));
    struct jxl_spec jxl = {.picture = &inks, .icc = &icc, .exif = &turned, .xmp = &icc};
    check_reader("JPEG XL", make_jxl(&jxl));
    bytes_free(&icc);
    bytes_free(&stale);
    bytes_free(&cmyk);
    bytes_free(&turned);
    picture_free(&smooth);
    picture_free(&inks);
    picture_free(&grey);
}

struct write_job {
    struct picture picture;
    enum planche_format format;
    struct planche_metadata metadata;
    int lossless;
};

static enum planche_status run_writer(void *user, struct planche_budget *budget,
                                      struct planche_error *error)
{
    const struct write_job *job = user;
    struct planche_writer_options options = {.budget = budget, .lossless = job->lossless};
    struct bytes file = {NULL, 0, 0};
    enum planche_status status =
        write_picture(&job->picture, job->format, &job->metadata, &options, &file, error);
    bytes_free(&file);
    return status;
}

static void test_writers(void **state)
{
    (void)state;
    static const char *const names[] = {
        "", "PNG writer", "JPEG writer", "WebP writer", "AVIF writer", "JPEG XL writer"};
    struct bytes icc = make_icc(1), exif = make_exif(1, true);
    for (int format = PLANCHE_FORMAT_PNG; format <= PLANCHE_FORMAT_JXL; format++) {
        struct write_job job = {.picture = picture_smooth(20, 16, 3),
                                .format = (enum planche_format)format,
                                .metadata = {.icc = {icc.data, icc.size},
                                             .exif = {exif.data, exif.size},
                                             .xmp = {icc.data, icc.size},
                                             .x_density = 3000,
                                             .y_density = 3000}};
        for (job.lossless = 0; job.lossless < 2; job.lossless++)
            assert_true(oom_run(names[format], run_writer, &job, 1) > 5);
        picture_free(&job.picture);
    }
    bytes_free(&icc);
    bytes_free(&exif);
}

static enum planche_status run_output_file(void *user, struct planche_budget *budget,
                                           struct planche_error *error)
{
    struct planche_atomic_file *file;
    enum planche_status status = planche_atomic_file_create(&file, user, true, budget, error);
    if (status == PLANCHE_OK) {
        assert_int_equal(planche_atomic_file_write(file, "page", 4, error), PLANCHE_OK);
        status = planche_atomic_file_commit(file, error);
    }
    planche_atomic_file_destroy(&file);
    unlink(user);
    return status;
}

static void test_output_file(void **state)
{
    (void)state;
    char folder[] = "/tmp/planche-test-XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/page.png", folder);
    assert_true(oom_run("output file", run_output_file, path, 1) >= 4);
    /* Nothing is left in it. */
    assert_int_equal(rmdir(folder), 0);
}

/* What a marked file says, and the mark that another one gets. */
static enum planche_status run_mark(void *user, struct planche_budget *budget,
                                    struct planche_error *error)
{
    const struct bytes *file = user;
    const struct planche_source source = {.name = "a", .data = file->data, .size = file->size};
    const struct planche_blob none = {NULL, 0};
    struct planche_blob xmp = {NULL, 0};
    struct planche_provenance mark;
    enum planche_status status = planche_source_provenance(&mark, &source, budget, error);
    if (status == PLANCHE_OK)
        status = planche_provenance_digest(&mark, &source, budget, error);
    if (status == PLANCHE_OK)
        status = planche_provenance_add(&xmp, &none, &mark, budget, error);
    planche_blob_free(&xmp);
    return status;
}

static void test_mark(void **state)
{
    (void)state;
    struct picture picture = picture_smooth(20, 16, 3);
    struct bytes file = {NULL, 0, 0};
    assert_int_equal(write_picture(&picture, PLANCHE_FORMAT_PNG, NULL, NULL, &file, NULL),
                     PLANCHE_OK);
    assert_true(oom_run("mark", run_mark, &file, 1) > 5);
    bytes_free(&file);
    picture_free(&picture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_readers),
        cmocka_unit_test(test_writers),
        cmocka_unit_test(test_output_file),
        cmocka_unit_test(test_mark),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
