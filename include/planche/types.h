/* SPDX-License-Identifier: MIT */
/* Types that several headers share: file formats, pixel formats, precision, averages, CPU
 * features, priority. */
#ifndef PLANCHE_TYPES_H
#define PLANCHE_TYPES_H

#include <planche/error.h>

#ifdef __cplusplus
extern "C" {
#endif

enum planche_format {
    PLANCHE_FORMAT_AUTO = 0, /* from the output's extension; WebP when there is none */
    PLANCHE_FORMAT_PNG = 1,
    PLANCHE_FORMAT_JPEG = 2,
    PLANCHE_FORMAT_WEBP = 3,
    PLANCHE_FORMAT_AVIF = 4,
    PLANCHE_FORMAT_JXL = 5,
    /* Those that follow are read, but not written. */
    PLANCHE_FORMAT_GIF = 6,
    PLANCHE_FORMAT_TIFF = 7,
    PLANCHE_FORMAT_JP2 = 8, /* JPEG 2000, in its container or bare */
    PLANCHE_FORMAT_HEIC = 9,
    PLANCHE_FORMAT_BMP = 10,
    PLANCHE_FORMAT_QOI = 11,
    PLANCHE_FORMAT_TGA = 12,
    PLANCHE_FORMAT_PSD = 13
};

/* The format that a file name's extension means, or PLANCHE_FORMAT_AUTO. Case does not matter. */
PLANCHE_API enum planche_format planche_format_from_name(const char *file_name);
/* "png", "jpg", "webp", "avif", "jxl", "gif", ...; "" for AUTO. */
PLANCHE_API const char *planche_format_extension(enum planche_format format);
/* 1: results can be written in this format; 0: it is only read, or is none. */
PLANCHE_API int planche_format_is_written(enum planche_format format);

/* Pixels as they lie in memory, interleaved; 16-bit samples in the machine's byte order. */
enum planche_pixel_format {
    PLANCHE_PIXELS_GREY8 = 1,
    PLANCHE_PIXELS_GREY_ALPHA8 = 2,
    PLANCHE_PIXELS_RGB8 = 3,
    PLANCHE_PIXELS_RGBA8 = 4,
    PLANCHE_PIXELS_GREY16 = 5,
    PLANCHE_PIXELS_GREY_ALPHA16 = 6,
    PLANCHE_PIXELS_RGB16 = 7,
    PLANCHE_PIXELS_RGBA16 = 8
};

/* What the convolutions multiply in; sums are float in any case. */
enum planche_precision {
    PLANCHE_PRECISION_AUTO = 0, /* CPU: F32; GPUs: F16 where the device has it */
    PLANCHE_PRECISION_F32 = 1,
    PLANCHE_PRECISION_BF16 = 2, /* CPU: factors rounded to bf16, 8 significant bits: faster, and
                                   hard to tell apart by eye, but not within a level of F32; needs
                                   PLANCHE_CPU_AVX512BF16 */
    PLANCHE_PRECISION_F16 = 3,  /* GPUs: tensors and factors in half precision, 11 significant bits:
                                   nearly always within a level of F32 */
    PLANCHE_PRECISION_INT8 = 4  /* CPU: tensors and factors in bytes, for networks that are a chain
                                   of 3x3 convolutions and a pixel shuffle; quantised when they are
                                   loaded, and a few levels from F32; needs PLANCHE_CPU_AVXVNNI or
                                   PLANCHE_CPU_AVX512VNNI. The same bytes on all of them */
};

/* Where the page-wide averages of squeeze-and-excitation layers (Real-CUGAN, waifu2x cunet) come
 * from. */
enum planche_se {
    PLANCHE_SE_EXACT = 0,  /* from the whole page, as the model defines them */
    PLANCHE_SE_SAMPLED = 1 /* from a fixed subset of the page: faster, one value for the whole page.
                              GPUs compute exact averages either way, at no cost. */
};

/* CPU features for cpu_mask. Portable C is always allowed: a mask of PLANCHE_CPU_PORTABLE uses only
 * it. */
#define PLANCHE_CPU_PORTABLE 0x1u
#define PLANCHE_CPU_AVX2     0x2u /* AVX2 and FMA */
#define PLANCHE_CPU_AVX512   0x4u /* AVX-512 F, BW, DQ, VL */
#define PLANCHE_CPU_NEON     0x8u
#define PLANCHE_CPU_AVX512BF16                                                                     \
    0x10u /* AVX-512 as above and BF16: used for PLANCHE_PRECISION_BF16 */
#define PLANCHE_CPU_AMX                                                                            \
    0x20u /* AVX-512 and BF16 as above, and AMX-BF16: used for PLANCHE_PRECISION_BF16 */
#define PLANCHE_CPU_AVXVNNI    0x40u /* AVX2 as above, and AVX-VNNI: products of bytes */
#define PLANCHE_CPU_AVX512VNNI 0x80u /* AVX-512 as above, and AVX512-VNNI: products of bytes */

/* Scheduling class: what goes first where work waits. Within a class, earlier deadlines, then
 * earlier arrivals go first; aging keeps the last from waiting for ever. */
enum planche_priority {
    PLANCHE_PRIORITY_NORMAL = 0,
    PLANCHE_PRIORITY_INTERACTIVE = 1, /* before normal: somebody is waiting for it */
    PLANCHE_PRIORITY_BACKGROUND = 2   /* after normal */
};

#ifdef __cplusplus
}
#endif
#endif
