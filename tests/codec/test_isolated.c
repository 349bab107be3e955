/* SPDX-License-Identifier: MIT */
/* GIF, TIFF, JPEG 2000 and HEIC, which planche-decode reads: the pixels that the libraries'
 * encoders were given come back, damage and bombs are errors, and what happens to the program is
 * told. HEIC files need an encoder that not all systems have: one lies in the fuzzer's corpus. */
#include "images.h"

#include "base/cancel.h"
#include "codec/format.h"

#include <errno.h>
#include <gif_lib.h>
#include <openjpeg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <tiffio.h>
#include <unistd.h>

/* Why no process can be started; 0: they can. */
static int refusal;

/* The library calls it by the second name under ThreadSanitizer, which takes the first for fork. */
typedef int clone_function(int (*run)(void *), void *stack, int flags, void *user, ...);
clone_function __real___clone, __wrap_clone;
clone_function __wrap___clone __attribute__((alias("__wrap_clone")));
int __wrap_clone(int (*run)(void *), void *stack, int flags, void *user, ...)
{
    if (!refusal)
        return __real___clone(run, stack, flags, user);
    errno = refusal;
    return -1;
}

static char folder[] = "/tmp/planche-test-XXXXXX";
static char path[sizeof folder + 16];

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/file", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

/* The file that an encoder has made, which goes. */
static struct bytes take_file(const char *name)
{
    struct bytes file = {0};
    uint8_t piece[4096];
    size_t got;
    FILE *stream = fopen(name, "rb");
    assert_non_null(stream);
    while ((got = fread(piece, 1, sizeof piece, stream)) > 0)
        bytes_append(&file, piece, got);
    fclose(stream);
    if (name == path)
        unlink(path);
    return file;
}

static void expect(struct bytes *file, const struct picture *picture, unsigned tolerance,
                   enum planche_format format)
{
    struct read_result result;
    enum planche_status status = read_bytes(file, &result);
    if (status)
        fail_msg("%s", result.error.message);
    assert_int_equal(result.format, format);
    assert_int_equal(result.picture.channels, picture->channels);
    assert_int_equal(result.picture.depth, picture->depth);
    assert_in_range(pictures_distance(&result.picture, picture), 0, tolerance);
    read_result_free(&result);
}

static void expect_error(struct bytes *file, enum planche_status status, const char *words)
{
    struct read_result result;
    assert_int_equal(read_bytes(file, &result), status);
    if (!strstr(result.error.message, words))
        fail_msg("\"%s\" is not in \"%s\"", words, result.error.message);
    read_result_free(&result);
}

/* In this process, which is quick: a file that is cut is an error, or all of the page is there. */
static void expect_cuts_to_fail(const struct bytes *file, const struct planche_reading_ops *reading,
                                const struct picture *picture)
{
    const struct planche_reader_options options = {.reading = reading};
    size_t bytes = picture_row_bytes(picture) * picture->height;
    uint8_t *rows = malloc(bytes), *cut = malloc(file->size);
    struct planche_error error;
    unsigned sound = 0;
    for (size_t size = 64; size < file->size; size += 1 + size / 200) {
        struct planche_reader *reader;
        memcpy(cut, file->data, size);
        const struct planche_source source = {.name = "cut", .data = cut, .size = size};
        if (planche_reader_open(&reader, &source, &options, &error) == PLANCHE_OK &&
            planche_reader_read(reader, rows, picture_row_bytes(picture), picture->height,
                                &error) == PLANCHE_OK) {
            assert_memory_equal(rows, picture->data, bytes);
            sound++;
        }
        planche_reader_destroy(&reader);
    }
    assert_true(sound < 20);
    free(rows);
    free(cut);
}

static int write_gif(GifFileType *gif, const GifByteType *data, int size)
{
    bytes_append(gif->UserData, data, (size_t)size);
    return size;
}

/* Frames of 5 x 8 at (1, 2) of a canvas; indices count up. transparent: an index, or -1. */
static struct bytes make_gif(int width, int height, unsigned frames, int transparent,
                             bool interlaced)
{
    struct bytes file = {0};
    int code;
    GifColorType colours[4] = {{10, 20, 30}, {200, 100, 50}, {1, 2, 3}, {255, 255, 255}};
    ColorMapObject *map = GifMakeMapObject(4, colours);
    GifFileType *gif = EGifOpen(&file, write_gif, &code);
    assert_non_null(gif);
    EGifSetGifVersion(gif, true);
    assert_int_equal(EGifPutScreenDesc(gif, width, height, 8, 0, map), GIF_OK);
    for (unsigned i = 0; i < frames; i++) {
        GifByteType control[4] = {transparent >= 0, 0, 0, (GifByteType)transparent};
        static const int first[] = {0, 4, 2, 1}, step[] = {8, 8, 4, 2};
        EGifPutExtension(gif, GRAPHICS_EXT_FUNC_CODE, 4, control);
        EGifPutImageDesc(gif, 1, 2, 5, 8, interlaced, NULL);
        for (int pass = interlaced ? 0 : 3; pass < 4; pass++)
            for (int y = interlaced ? first[pass] : 0; y < 8; y += interlaced ? step[pass] : 1) {
                GifByteType line[5];
                for (int x = 0; x < 5; x++)
                    line[x] = (GifByteType)((x + 2 * y) % 4);
                EGifPutLine(gif, line, 5);
            }
    }
    EGifCloseFile(gif, &code);
    GifFreeMapObject(map);
    return file;
}

static struct picture gif_picture(uint32_t width, uint32_t height, int transparent)
{
    static const uint8_t colours[4][3] = {{10, 20, 30}, {200, 100, 50}, {1, 2, 3}, {255, 255, 255}};
    struct picture picture = {width, height, 4, 8, calloc((size_t)width * height, 4)};
    for (uint32_t y = 0; y < 8; y++)
        for (uint32_t x = 0; x < 5; x++) {
            unsigned index = (x + 2 * y) % 4;
            uint8_t *pixel = picture.data + ((size_t)(y + 2) * width + x + 1) * 4;
            if ((int)index == transparent)
                continue;
            memcpy(pixel, colours[index], 3);
            pixel[3] = 255;
        }
    return picture;
}

static void test_gif(void **state)
{
    (void)state;
    for (int interlaced = 0; interlaced < 2; interlaced++) {
        struct picture picture = gif_picture(9, 11, 2);
        struct bytes file = make_gif(9, 11, 1, 2, interlaced);
        expect(&file, &picture, 0, PLANCHE_FORMAT_GIF);
        expect_cuts_to_fail(&file, &planche_gif_reading, &picture);
        /* Without the mark of the end all of it is there. */
        struct read_result result;
        file.size--;
        assert_int_equal(read_bytes(&file, &result), PLANCHE_OK);
        assert_int_equal(result.warnings, 1);
        read_result_free(&result);
        bytes_free(&file);
        picture_free(&picture);
    }
    struct bytes file = make_gif(9, 11, 3, -1, false);
    expect_error(&file, PLANCHE_ERROR_UNSUPPORTED, "is an animation of 3 frames");
    bytes_free(&file);
    file = make_gif(60000, 60000, 1, -1, false);
    expect_error(&file, PLANCHE_ERROR_LIMIT, "60000 x 60000");
    bytes_free(&file);
}

/* What is set of a TIFF beside its pixels. */
struct tiff_spec {
    const struct picture *picture;
    uint16_t photometric, compression, orientation, extra;
    bool tiled, planes, has_extra;
    const struct bytes *icc;
};

static void set_tags(TIFF *tiff, const struct tiff_spec *spec)
{
    const struct picture *picture = spec->picture;
    TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, picture->width);
    TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, picture->height);
    TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, (int)picture->channels);
    TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, (int)picture->depth);
    TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, (int)spec->photometric);
    TIFFSetField(tiff, TIFFTAG_COMPRESSION, spec->compression ? (int)spec->compression : 1);
    TIFFSetField(tiff, TIFFTAG_PLANARCONFIG,
                 spec->planes ? PLANARCONFIG_SEPARATE : PLANARCONFIG_CONTIG);
    if (spec->orientation)
        TIFFSetField(tiff, TIFFTAG_ORIENTATION, (int)spec->orientation);
    if (spec->has_extra)
        TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, &spec->extra);
    if (spec->icc)
        TIFFSetField(tiff, TIFFTAG_ICCPROFILE, (uint32_t)spec->icc->size, spec->icc->data);
    TIFFSetField(tiff, TIFFTAG_XRESOLUTION, 300.0);
    TIFFSetField(tiff, TIFFTAG_YRESOLUTION, 300.0);
    TIFFSetField(tiff, TIFFTAG_RESOLUTIONUNIT, RESUNIT_INCH);
}

static void put_tiles(TIFF *tiff, const struct picture *picture)
{
    size_t pixel = picture->channels * (picture->depth / 8), row = picture_row_bytes(picture);
    uint8_t tile[16 * 16 * 8];
    for (uint32_t y = 0; y < picture->height; y += 16)
        for (uint32_t x = 0; x < picture->width; x += 16) {
            memset(tile, 0, sizeof tile);
            for (uint32_t i = 0; i < 16 && y + i < picture->height; i++)
                for (uint32_t j = 0; j < 16 && x + j < picture->width; j++)
                    memcpy(tile + (i * 16 + j) * pixel,
                           picture->data + (y + i) * row + (x + j) * pixel, pixel);
            TIFFWriteTile(tiff, tile, x, y, 0, 0);
        }
}

static void put_planes(TIFF *tiff, const struct picture *picture)
{
    uint8_t line[64];
    for (unsigned c = 0; c < picture->channels; c++)
        for (uint32_t y = 0; y < picture->height; y++) {
            for (uint32_t x = 0; x < picture->width; x++)
                line[x] = picture->data[((size_t)y * picture->width + x) * picture->channels + c];
            TIFFWriteScanline(tiff, line, y, (uint16_t)c);
        }
}

static struct bytes make_tiff(const struct tiff_spec *spec)
{
    const struct picture *picture = spec->picture;
    TIFF *tiff = TIFFOpen(path, "w");
    assert_non_null(tiff);
    set_tags(tiff, spec);
    if (spec->tiled) {
        TIFFSetField(tiff, TIFFTAG_TILEWIDTH, 16);
        TIFFSetField(tiff, TIFFTAG_TILELENGTH, 16);
        put_tiles(tiff, picture);
    } else if (spec->planes) {
        put_planes(tiff, picture);
    } else {
        TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, 5);
        for (uint32_t y = 0; y < picture->height; y++)
            TIFFWriteScanline(tiff, picture->data + y * picture_row_bytes(picture), y, 0);
    }
    TIFFClose(tiff);
    return take_file(path);
}

static void test_tiff(void **state)
{
    static const struct {
        unsigned channels, depth;
        struct tiff_spec spec;
    } kinds[] = {
        {3, 8, {.photometric = PHOTOMETRIC_RGB}},
        {3, 8, {.photometric = PHOTOMETRIC_RGB, .compression = COMPRESSION_LZW}},
        {3,
         8,
         {.photometric = PHOTOMETRIC_RGB, .compression = COMPRESSION_ADOBE_DEFLATE, .tiled = true}},
        {3, 8, {.photometric = PHOTOMETRIC_RGB, .planes = true}},
        {3, 16, {.photometric = PHOTOMETRIC_RGB}},
        {4,
         16,
         {.photometric = PHOTOMETRIC_RGB,
          .tiled = true,
          .has_extra = true,
          .extra = EXTRASAMPLE_UNASSALPHA}},
        {1, 8, {.photometric = PHOTOMETRIC_MINISBLACK, .compression = COMPRESSION_PACKBITS}},
        {2,
         8,
         {.photometric = PHOTOMETRIC_MINISBLACK,
          .has_extra = true,
          .extra = EXTRASAMPLE_UNASSALPHA}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct picture noise = picture_noise(37, 23, kinds[i].channels, kinds[i].depth, 3);
        struct tiff_spec spec = kinds[i].spec;
        spec.picture = &noise;
        struct bytes file = make_tiff(&spec);
        expect(&file, &noise, 0, PLANCHE_FORMAT_TIFF);
        if (i < 3)
            expect_cuts_to_fail(&file, &planche_tiff_reading, &noise);
        bytes_free(&file);
        picture_free(&noise);
    }
}

static void test_tiff_metadata(void **state)
{
    struct picture noise = picture_noise(20, 10, 3, 8, 3);
    struct bytes icc = make_icc(3);
    struct tiff_spec spec = {
        .picture = &noise, .photometric = PHOTOMETRIC_RGB, .icc = &icc, .orientation = 6};
    struct read_result result;
    (void)state;
    struct bytes file = make_tiff(&spec);
    assert_int_equal(read_bytes(&file, &result), PLANCHE_OK);
    assert_int_equal(result.picture.width, 10);
    assert_int_equal(result.picture.height, 20);
    /* The first pixel of the upright page is the last row's first. */
    assert_memory_equal(result.picture.data, noise.data + 9 * 60, 3);
    assert_int_equal(result.icc.size, icc.size);
    assert_memory_equal(result.icc.data, icc.data, icc.size);
    assert_true(result.x_density > 11810 && result.x_density < 11812);
    read_result_free(&result);
    bytes_free(&file);
    bytes_free(&icc);
    picture_free(&noise);
}

/* Premultiplied alpha, white that is zero, and inks. */
static void test_tiff_colours(void **state)
{
    uint8_t premultiplied[8] = {50, 100, 128, 128, 0, 0, 0, 0};
    uint8_t straight[8] = {100, 199, 255, 128, 0, 0, 0, 0};
    uint8_t ink[8] = {0, 0, 0, 0, 255, 0, 0, 0}, light[6] = {255, 255, 255, 0, 255, 255};
    uint8_t negative[2] = {0, 200}, positive[2] = {255, 55};
    const struct {
        unsigned stored, read;
        uint8_t *given, *wanted;
        uint16_t photometric, extra;
    } kinds[] = {{4, 4, premultiplied, straight, PHOTOMETRIC_RGB, EXTRASAMPLE_ASSOCALPHA},
                 {4, 3, ink, light, PHOTOMETRIC_SEPARATED, 0},
                 {1, 1, negative, positive, PHOTOMETRIC_MINISWHITE, 0}};
    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct picture given = {2, 1, kinds[i].stored, 8, kinds[i].given};
        struct picture wanted = {2, 1, kinds[i].read, 8, kinds[i].wanted};
        struct tiff_spec spec = {.picture = &given,
                                 .photometric = kinds[i].photometric,
                                 .has_extra = kinds[i].extra != 0,
                                 .extra = kinds[i].extra};
        struct bytes file = make_tiff(&spec);
        expect(&file, &wanted, 0, PLANCHE_FORMAT_TIFF);
        bytes_free(&file);
    }
}

static void test_tiff_refused(void **state)
{
    struct picture noise = picture_noise(8, 8, 3, 8, 3);
    struct tiff_spec spec = {.picture = &noise, .photometric = PHOTOMETRIC_RGB};
    (void)state;
    TIFF *tiff = TIFFOpen(path, "w");
    for (int page = 0; page < 3; page++) {
        set_tags(tiff, &spec);
        for (uint32_t y = 0; y < 8; y++)
            TIFFWriteScanline(tiff, noise.data + y * 24, y, 0);
        TIFFWriteDirectory(tiff);
    }
    TIFFClose(tiff);
    struct bytes file = take_file(path);
    expect_error(&file, PLANCHE_ERROR_UNSUPPORTED, "holds 3 pages");
    bytes_free(&file);
    picture_free(&noise);
    /* A bomb: nothing but the claim. */
    struct picture claim = {60000, 60000, 1, 8, NULL};
    spec = (struct tiff_spec){.picture = &claim, .photometric = PHOTOMETRIC_MINISBLACK};
    tiff = TIFFOpen(path, "w");
    set_tags(tiff, &spec);
    TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, 60000);
    TIFFWriteRawStrip(tiff, 0, "not much", 8);
    TIFFWriteDirectory(tiff);
    TIFFClose(tiff);
    file = take_file(path);
    expect_error(&file, PLANCHE_ERROR_LIMIT, "60000 x 60000");
    bytes_free(&file);
}

/* Lossless, so that noise comes back; sub: planes 1 and 2 are half as wide and high. */
static struct bytes make_jp2(const struct picture *picture, bool sub, bool bare)
{
    opj_cparameters_t parameters;
    opj_image_cmptparm_t planes[4];
    OPJ_COLOR_SPACE space = sub                     ? OPJ_CLRSPC_SYCC
                            : picture->channels < 3 ? OPJ_CLRSPC_GRAY
                                                    : OPJ_CLRSPC_SRGB;
    memset(planes, 0, sizeof planes);
    for (unsigned c = 0; c < picture->channels; c++) {
        OPJ_UINT32 step = sub && c > 0 ? 2 : 1;
        planes[c].dx = planes[c].dy = step;
        planes[c].w = (picture->width + step - 1) / step;
        planes[c].h = (picture->height + step - 1) / step;
        planes[c].prec = picture->depth;
    }
    opj_image_t *image = opj_image_create(picture->channels, planes, space);
    assert_non_null(image);
    image->x1 = picture->width;
    image->y1 = picture->height;
    for (unsigned c = 0; c < picture->channels; c++) {
        image->comps[c].alpha = picture->channels % 2 == 0 && c + 1 == picture->channels;
        for (OPJ_UINT32 i = 0; i < image->comps[c].w * image->comps[c].h; i++) {
            size_t at = (size_t)i * picture->channels + c;
            image->comps[c].data[i] = sub ? (c == 0 ? 100 : 128 + (int)c * 20)
                                      : picture->depth == 8
                                          ? picture->data[at]
                                          : ((const uint16_t *)(const void *)picture->data)[at];
        }
    }
    opj_set_default_encoder_parameters(&parameters);
    parameters.tcp_numlayers = 1;
    parameters.cp_disto_alloc = 1;
    parameters.numresolution = 2;
    opj_codec_t *codec = opj_create_compress(bare ? OPJ_CODEC_J2K : OPJ_CODEC_JP2);
    assert_true(opj_setup_encoder(codec, &parameters, image));
    opj_stream_t *stream = opj_stream_create_default_file_stream(path, OPJ_FALSE);
    assert_true(opj_start_compress(codec, image, stream) && opj_encode(codec, stream) &&
                opj_end_compress(codec, stream));
    opj_stream_destroy(stream);
    opj_destroy_codec(codec);
    opj_image_destroy(image);
    return take_file(path);
}

static void test_jp2(void **state)
{
    static const struct {
        unsigned channels, depth;
        bool bare;
    } kinds[] = {{3, 8, false}, {3, 16, false}, {1, 8, false},
                 {4, 8, false}, {3, 8, true},   {1, 16, true}};
    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct picture noise = picture_noise(29, 21, kinds[i].channels, kinds[i].depth, 5);
        struct bytes file = make_jp2(&noise, false, kinds[i].bare);
        expect(&file, &noise, 0, PLANCHE_FORMAT_JP2);
        if (i == 0)
            expect_cuts_to_fail(&file, &planche_jp2_reading, &noise);
        bytes_free(&file);
        picture_free(&noise);
    }
}

/* Y 100, Cb 148, Cr 168 everywhere. */
static void test_jp2_ycc(void **state)
{
    (void)state;
    struct picture flat = picture_noise(13, 9, 3, 8, 5);
    struct bytes file = make_jp2(&flat, true, false);
    for (size_t i = 0; i < (size_t)13 * 9; i++)
        memcpy(flat.data + 3 * i, (const uint8_t[3]){156, 65, 135}, 3);
    expect(&file, &flat, 1, PLANCHE_FORMAT_JP2);
    bytes_free(&file);
    picture_free(&flat);
}

#ifdef HAVE_HEIF
static void test_heic(void **state)
{
    struct picture halves = picture_noise(64, 48, 3, 8, 1);
    (void)state;
    for (size_t i = 0; i < (size_t)64 * 48; i++)
        memcpy(halves.data + 3 * i,
               i % 64 < 32 ? (const uint8_t[3]){200, 40, 60} : (const uint8_t[3]){30, 90, 210}, 3);
    struct bytes file = take_file(CORPUS "/heic/halves");
    struct read_result result;
    assert_int_equal(read_bytes(&file, &result), PLANCHE_OK);
    /* It is lossy, at the border more. */
    for (size_t y = 4; y < 44; y++)
        for (size_t x = 4; x < 60; x++)
            for (size_t c = 0; c < 3 && (x < 28 || x > 36); c++) {
                size_t at = (y * 64 + x) * 3 + c;
                assert_in_range(abs(result.picture.data[at] - halves.data[at]), 0, 4);
            }
    read_result_free(&result);
    file.size -= 200;
    expect_error(&file, PLANCHE_ERROR_DATA, "HEIC image is damaged");
    bytes_free(&file);
    picture_free(&halves);
}
#endif

/* What the program takes is the page's. */
static void test_budget(void **state)
{
    struct picture noise = picture_noise(2000, 1500, 3, 8, 3);
    struct tiff_spec spec = {.picture = &noise, .photometric = PHOTOMETRIC_RGB};
    struct bytes file = make_tiff(&spec);
    struct read_result result;
    (void)state;
    assert_int_equal(read_bytes_within(&file, 100 << 20, 0, &result), PLANCHE_OK);
    assert_true(result.peak > noise.width * noise.height * 3 && result.peak < 60 << 20);
    read_result_free(&result);
    assert_int_equal(read_bytes_within(&file, 20 << 20, 0, &result), PLANCHE_ERROR_BUDGET);
    read_result_free(&result);
    assert_int_equal(read_bytes_within(&file, 0, 1000, &result), PLANCHE_ERROR_LIMIT);
    read_result_free(&result);
    bytes_free(&file);
    picture_free(&noise);
}

/* Programs that are none, die, or talk nonsense. */
static void test_program(void **state)
{
    static const struct {
        const char *script;
        enum planche_status status;
        const char *words;
    } programs[] = {
        {NULL, PLANCHE_ERROR_UNSUPPORTED, "which cannot be run"},
        {"kill -SEGV $$", PLANCHE_ERROR_DATA, "crashed: the image is damaged"},
        {"kill -KILL $$", PLANCHE_ERROR_IO, "planche-decode was killed"},
        {"echo Hello, world, this is no frame", PLANCHE_ERROR_IO, "sent what makes no sense"},
        {"exit 2", PLANCHE_ERROR_IO, "is not that of this version"},
        {"exit 3", PLANCHE_ERROR_LIMIT, "seconds of computing time"},
        {"printf '\\003\\0\\0\\0\\010\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0'; kill -9 $$",
         PLANCHE_ERROR_MEMORY, "the system has no memory left for planche-decode"},
    };
    const char *before = getenv("PLANCHE_DECODE");
    char *kept = before ? strdup(before) : NULL;
    struct bytes file = make_gif(9, 11, 1, 2, false);
    (void)state;
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        FILE *script = programs[i].script ? fopen(path, "w") : NULL;
        if (script) {
            fprintf(script, "#!/bin/sh\n%s\n", programs[i].script);
            fchmod(fileno(script), 0700);
            fclose(script);
        }
        setenv("PLANCHE_DECODE", path, 1);
        expect_error(&file, programs[i].status, programs[i].words);
        unlink(path);
    }
    if (kept)
        setenv("PLANCHE_DECODE", kept, 1);
    else
        unsetenv("PLANCHE_DECODE");
    free(kept);
    bytes_free(&file);
}

/* The system has no memory or no room for another process: a try later may go well. */
static void test_no_process(void **state)
{
    static const struct {
        int reason;
        enum planche_status status;
    } reasons[] = {
        {ENOMEM, PLANCHE_ERROR_MEMORY}, {EAGAIN, PLANCHE_ERROR_MEMORY}, {EPERM, PLANCHE_ERROR_IO}};
    struct bytes file = make_gif(9, 11, 1, 2, false);
    (void)state;
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        char words[200];
        snprintf(words, sizeof words, "cannot be started: %s", strerror(reasons[i].reason));
        refusal = reasons[i].reason;
        expect_error(&file, reasons[i].status, words);
    }
    refusal = 0;
    bytes_free(&file);
}

static void test_cancel(void **state)
{
    struct planche_cancel handle = {0};
    const struct planche_cancel_token token = {.handle = &handle};
    const struct planche_reader_options options = {.cancel = &token};
    struct bytes file = make_gif(9, 11, 1, 2, false);
    const struct planche_source source = {.name = "page", .data = file.data, .size = file.size};
    struct planche_reader *reader;
    struct planche_error error;
    (void)state;
    planche_cancel_set(&handle);
    assert_int_equal(planche_reader_open(&reader, &source, &options, &error),
                     PLANCHE_ERROR_CANCELLED);
    bytes_free(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gif),           cmocka_unit_test(test_tiff),
        cmocka_unit_test(test_tiff_metadata), cmocka_unit_test(test_tiff_colours),
        cmocka_unit_test(test_tiff_refused),  cmocka_unit_test(test_jp2),
        cmocka_unit_test(test_jp2_ycc),       cmocka_unit_test(test_budget),
        cmocka_unit_test(test_program),       cmocka_unit_test(test_no_process),
        cmocka_unit_test(test_cancel),
#ifdef HAVE_HEIF
        cmocka_unit_test(test_heic),
#endif
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
