/* SPDX-License-Identifier: MIT */
/* Pictures for the tests of the codecs: made here, encoded with the libraries directly (not with
 * the writers under test), read with the readers under test. Test memory is plain malloc. */
#ifndef PLANCHE_TESTS_CODEC_IMAGES_H
#define PLANCHE_TESTS_CODEC_IMAGES_H

#include "support/testing.h"

#include "codec/codec.h"

#include <stdlib.h>

struct bytes {
    uint8_t *data;
    size_t size, capacity;
};

void bytes_append(struct bytes *bytes, const void *data, size_t size);
/* Appends: a planche_sink_fn; user is a struct bytes. */
enum planche_status bytes_sink(void *user, const void *data, size_t size,
                               struct planche_error *error);
void bytes_free(struct bytes *bytes);

/* Asks for the end of the work at the call after as many; progress_user of planche_writer's options
 * is one, images_cancel its progress. */
struct canceller {
    int calls, after;
    struct planche_cancel handle;
};
void images_cancel(void *canceller, double done);

struct picture {
    uint32_t width, height;
    unsigned channels, depth;
    uint8_t *data; /* rows without gaps */
};

/* Noise; the same for the same seed. */
struct picture picture_noise(uint32_t width, uint32_t height, unsigned channels, unsigned depth,
                             uint32_t seed);
/* Gradients: kind to lossy formats. 8 bits. */
struct picture picture_smooth(uint32_t width, uint32_t height, unsigned channels);
void picture_free(struct picture *picture);
size_t picture_row_bytes(const struct picture *picture);
void pictures_equal(const struct picture *a, const struct picture *b);
/* The same with 16 bits; the argument is freed. */
struct picture picture_deepen(struct picture *picture);
/* Largest difference of two samples of pictures of one shape, in levels of 8 bits; alpha included.
 */
unsigned pictures_distance(const struct picture *a, const struct picture *b);

/* What a reader said beside the pixels; blobs are copies. */
struct read_result {
    struct picture picture;
    struct bytes icc, exif, xmp;
    double x_density, y_density;
    enum planche_format format;
    unsigned warnings;
    char warning[512]; /* the last */
    uint64_t peak;     /* of the budget */
    struct planche_error error;
};

/* Reads a whole file from memory, rows in odd groups; everything is released. */
enum planche_status read_bytes(const struct bytes *file, struct read_result *result);
/* The same with a budget and a limit of pixels; 0: none. */
enum planche_status read_bytes_within(const struct bytes *file, uint64_t budget,
                                      uint64_t max_pixels, struct read_result *result);
void read_result_free(struct read_result *result);
/* One frame must be read as the picture, more are refused and counted. */
void expect_frames(const struct bytes *file, unsigned frames, const struct picture *picture);

/* Writes a picture with the writer under test. format, metadata, options as in the writer's. */
enum planche_status write_picture(const struct picture *picture, enum planche_format format,
                                  const struct planche_metadata *metadata,
                                  const struct planche_writer_options *options, struct bytes *file,
                                  struct planche_error *error);

/* Metadata to travel. */
struct bytes make_icc(unsigned channels); /* 1 grey, 3 RGB, 4 CMYK */
struct bytes make_exif(unsigned orientation, bool big_endian);

/* PNG by libpng. rows are packed as the type wants them; NULL fields are left out. */
struct png_spec {
    uint32_t width, height;
    int colour_type, bit_depth;
    bool interlaced;
    const uint8_t *rows;
    size_t stride;
    const uint8_t *palette; /* 3 bytes an entry */
    int palette_size;
    const uint8_t *palette_alpha;
    int palette_alpha_size;
    const uint16_t *transparent;  /* one value, or three */
    double gamma;                 /* of the file: 0.45455 */
    const double *chromaticities; /* white, red, green, blue: x, y */
    bool srgb;
    uint32_t x_density, y_density; /* pixels per metre */
    const struct bytes *icc, *exif, *xmp;
    const uint8_t *cicp; /* its four bytes */
};
struct bytes make_png(const struct png_spec *spec);
/* Puts a chunk before the first one of a name. A checksum that is not to be right is one off. */
void png_insert(struct bytes *file, const char *before, const char *name, const void *content,
                size_t size, bool right);
/* Where a chunk begins, with its length. */
size_t png_find(const struct bytes *file, const char *name);

/* JPEG by libjpeg, quality 100 unless said, from 8-bit pixels of 1, 3 or 4 (CMYK) channels. */
struct jpeg_spec {
    const struct picture *picture;
    bool ycck;     /* of 4 channels */
    bool no_adobe; /* 4 channels without Adobe's marker */
    bool progressive;
    bool scans;      /* sequential, one scan a component */
    bool many_scans; /* progressive, one scan a coefficient: 190 of a picture of 3 channels */
    bool subsampled;
    int restart; /* interval in MCUs */
    int quality;
    int density; /* dots per inch */
    const struct bytes *icc, *exif, *xmp;
};
struct bytes make_jpeg(const struct jpeg_spec *spec);

/* WebP by libwebp from 8-bit RGB or RGBA. */
struct webp_spec {
    const struct picture *picture;
    bool lossless;
    const struct bytes *icc, *exif, *xmp;
};
struct bytes make_webp(const struct webp_spec *spec);

/* AVIF by libavif, from all kinds of pictures. */
struct avif_spec {
    const struct picture *picture;
    unsigned depth; /* in the file: 8 (also for 0), 10, 12; not more than the picture's */
    bool lossless;
    bool subsampled, limited;    /* 4:2:0; video's range of samples */
    int primaries, transfer;     /* numbers of H.273 */
    unsigned orientation;        /* EXIF's number, said by rotating and mirroring */
    bool premultiplied, cropped; /* the picture's pixels are premultiplied */
    unsigned frames;             /* of an animation; 0: none */
    unsigned cells;              /* the picture that many times side by side, as a grid; 0: once */
    bool film_grain;
    const struct bytes *icc, *exif, *xmp;
};
struct bytes make_avif(const struct avif_spec *spec);

/* JPEG XL by libjxl, from all kinds of pictures. */
struct jxl_spec {
    const struct picture *picture;
    bool lossless, modular, progressive;
    bool cmyk;                           /* the last of four channels is called black */
    int primaries, transfer;             /* libjxl's numbers; 0: sRGB */
    unsigned orientation;                /* EXIF's number, in the codestream; 0: 1 */
    unsigned frames;                     /* of an animation; 0: none */
    unsigned layers;                     /* the picture, so many times over itself; 0: once */
    unsigned extra_channels;             /* that mean nothing */
    float photon_noise;                  /* ISO */
    int resampling;                      /* 2: half the size */
    bool container;                      /* even without metadata */
    bool compressed_boxes, boxes_behind; /* the picture */
    const struct bytes *icc, *exif, *xmp;
};
struct bytes make_jxl(const struct jxl_spec *spec);
/* From which the JPEG file can be made again. */
struct bytes make_jxl_of_jpeg(const struct bytes *jpeg);

#endif
