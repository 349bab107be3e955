/* SPDX-License-Identifier: MIT */
/* Format interface: struct planche_format_ops, which every format implements; format.c lists them.
 * See docs/adding-a-codec.md. */
#ifndef PLANCHE_CODEC_FORMAT_H
#define PLANCHE_CODEC_FORMAT_H

#include "codec/codec.h"
#include "codec/stream.h"
#include "codec/written.h"

/* What a file holds beside its picture and the result cannot have, as flags. */
enum planche_lost {
    PLANCHE_LOST_GAIN_MAP = 1,
    PLANCHE_LOST_VIDEO = 2,
    PLANCHE_LOST_DEPTH = 4,
    PLANCHE_LOST_AUDIO = 8,
    PLANCHE_LOST_PICTURES = 16, /* further ones */
    PLANCHE_LOST_XMP = 32       /* the part of XMP that does not fit into one segment */
};

/* An image file being read by its format. The common part (reader.c) opens the stream, holds whole
 * pictures, turns them upright, counts rows and remembers failures. */
struct planche_decoder {
    struct planche_stream stream;
    enum planche_format format;
    const char *name; /* for messages */
    struct planche_budget *budget;
    const struct planche_log *log;
    uint64_t max_pixels;
    unsigned scale;             /* see planche_reader_options */
    uint64_t max_result_pixels; /* see there, too */
    bool header_only;           /* no row will be read: nothing is allocated for that */
    bool check_only;            /* nothing but planche_decoder_check will be called */
    const struct planche_cancel_token *cancel; /* may be NULL */
    struct planche_isolation *isolation;       /* may be NULL */

    /* Filled in by open. */
    uint32_t width, height; /* as stored, before orientation */
    unsigned channels, depth;
    unsigned orientation;             /* what the format itself states, 1..8; 0: EXIF says it */
    struct planche_metadata metadata; /* as found: the common part completes it */
    struct planche_encoding encoding; /* of a format that knows it */
    unsigned lost;     /* of enum planche_lost: what the format has found; XMP may tell more */
    unsigned pictures; /* further ones that the file has an index of, gain maps among them */
    bool whole;        /* all rows must be read in one call; the common part holds the picture */
    void *state;       /* the format's own */
};

/* LIMIT when a page of this size must not be read: to be called before anything of that size is
 * allocated. */
enum planche_status planche_decoder_check_size(const struct planche_decoder *decoder,
                                               uint64_t width, uint64_t height,
                                               struct planche_error *error);

/* Decodes all of an image that is open, and keeps nothing of it. Errors: those of read. */
struct planche_reading_ops;
enum planche_status planche_decoder_check(struct planche_decoder *decoder,
                                          const struct planche_reading_ops *ops,
                                          struct planche_error *error);

/* CMYK becomes sRGB while it is read, so its profile has done its work, and goes. Without a usable
 * one there is a warning. inverted: as planche_cmyk_create. */
struct planche_cmyk;
enum planche_status planche_decoder_start_cmyk(struct planche_decoder *decoder,
                                               struct planche_cmyk **cmyk, bool inverted,
                                               struct planche_error *error);

/* Before a library is called that does not bear a lack of memory: bytes is what it takes at most,
 * reserved in the budget. planche_foreign_leave(bytes) follows unless that fails. Error: MEMORY. */
enum planche_status planche_decoder_enter(const struct planche_decoder *decoder, uint64_t bytes,
                                          struct planche_error *error);

/* Says UNSUPPORTED: a page is one picture. */
enum planche_status planche_fail_animation(struct planche_error *error, const char *name,
                                           uint64_t frames);

/* An image file being written by its format. The common part (writer.c) checks the arguments,
 * counts rows and remembers failures. */
struct planche_encoder {
    struct planche_image_info info;        /* its metadata is NULL: see the next */
    struct planche_metadata metadata;      /* the caller's, with a profile that fits the pixels */
    struct planche_writer_options options; /* defaults filled in */
    planche_sink_fn sink;
    void *sink_user;
    planche_follow_fn follow; /* of the format */
    struct planche_written written;
    void *state; /* the format's own */
};

/* Hands bytes to the sink. Errors: the sink's. */
enum planche_status planche_encoder_emit(struct planche_encoder *encoder, const void *data,
                                         size_t size, struct planche_error *error);

/* Before a library is called that does not bear a lack of memory: bytes is what it takes at most,
 * reserved in the budget. planche_foreign_leave(bytes) follows unless that fails. Error: MEMORY. */
enum planche_status planche_encoder_enter(const struct planche_encoder *encoder, uint64_t bytes,
                                          struct planche_error *error);

/* Tells who asked how much of the picture is encoded. Error: CANCELLED. */
enum planche_status planche_encoder_ask(const struct planche_encoder *encoder, double done,
                                        struct planche_error *error);

/* Bytes of the longest beginning of a file that recognise may ask for. */
#define PLANCHE_FORMAT_HEAD_SIZE 64

/* Reading. open reads the header and allocates everything that reading rows will need. close is
 * called once after open, whatever open returned. rewind goes back to row 0 and is not called when
 * whole is set; reading the last row checks that the file is complete. check does what reading all
 * rows does for that, and may be NULL: then they are read. */
struct planche_reading_ops {
    enum planche_status (*open)(struct planche_decoder *decoder, struct planche_error *error);
    enum planche_status (*read)(struct planche_decoder *decoder, uint8_t *rows, size_t stride,
                                uint32_t count, struct planche_error *error);
    enum planche_status (*rewind)(struct planche_decoder *decoder, struct planche_error *error);
    enum planche_status (*check)(struct planche_decoder *decoder, struct planche_error *error);
    void (*close)(struct planche_decoder *decoder);
};

/* A format; one that is only read has no create, and what stands behind that. */
struct planche_format_ops {
    enum planche_format format;
    const char *name;          /* "JPEG" */
    const char *extensions[4]; /* the usual one first, then NULL: "jpg", "jpeg" */
    struct planche_format_caps caps;
    int default_quality; /* what looks as good as WebP's 90: docs/limits.md; 0: it has none */
    bool (*recognise)(const uint8_t *head, size_t size);
    bool absent; /* the build is without it: its files are told from others, and refused */

    enum planche_format kept; /* what is written instead, if it is only read */

    const struct planche_reading_ops *reading;

    /* Bytes create and all that follows take from the budget at most, options and info being
     * sound; metadata and the writer itself are counted by the common part. abandon is called once
     * after create, whatever create returned. */
    uint64_t (*memory)(const struct planche_image_info *info,
                       const struct planche_writer_options *options);
    enum planche_status (*create)(struct planche_encoder *encoder, struct planche_error *error);
    enum planche_status (*write)(struct planche_encoder *encoder, const uint8_t *rows,
                                 size_t stride, uint32_t count, struct planche_error *error);
    enum planche_status (*finish)(struct planche_encoder *encoder, struct planche_error *error);
    void (*abandon)(struct planche_encoder *encoder);
    /* Looks at what was encoded: see written.h. */
    planche_follow_fn follow;

    /* Names the library behind the format as it is loaded now: "libpng 1.6.39". NULL:
     * there is none in this process. */
    void (*library)(char *text, size_t size);
    /* Loads that library, for `name` (NULL: no file). NULL: it is linked. Errors: UNSUPPORTED (it
     * cannot be loaded), MEMORY. */
    enum planche_status (*load)(const char *name, struct planche_error *error);
};

extern const struct planche_format_ops planche_png_ops, planche_jpeg_ops, planche_webp_ops,
    planche_avif_ops, planche_jxl_ops, planche_bmp_ops, planche_qoi_ops, planche_tga_ops,
    planche_psd_ops, planche_gif_ops, planche_tiff_ops, planche_jp2_ops, planche_heic_ops;
/* Readers. Those of GIF and what follows it only planche-decode, tests and fuzz targets have, with
 * the libraries behind them; planche-decode has all. */
extern const struct planche_reading_ops planche_png_reading, planche_jpeg_reading,
    planche_webp_reading, planche_avif_reading, planche_jxl_reading, planche_bmp_reading,
    planche_qoi_reading, planche_tga_reading, planche_psd_reading, planche_gif_reading,
    planche_tiff_reading, planche_jp2_reading, planche_heic_reading;
/* Loads what AVIF and JPEG XL need at run time, before a sandbox closes. */
void planche_avif_prepare(void);
void planche_jxl_prepare(void);

/* Says UNSUPPORTED: the build is without the format. file: of which it is, or NULL. */
enum planche_status planche_fail_absent(struct planche_error *error, const char *file,
                                        const struct planche_format_ops *ops);

/* Operations by their place in the table; NULL: past the last. */
const struct planche_format_ops *planche_format_at(size_t index);
/* The operations of a format; NULL: there are none. */
const struct planche_format_ops *planche_format_get_ops(enum planche_format format);
/* The format of a file that begins so; NULL: none that Planche reads. */
const struct planche_format_ops *planche_format_detect(const uint8_t *head, size_t size);

/* Why no page can be made of a file that begins so, with what to do: "is a JPEG XR image, ...";
 * NULL: it is nothing that is known. */
const char *planche_foreign_format(const uint8_t *head, size_t size);

#endif
