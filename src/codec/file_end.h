/* SPDX-License-Identifier: MIT */
/* Ends of image files: whether one was cut off, without decoding it. */
#ifndef PLANCHE_CODEC_FILE_END_H
#define PLANCHE_CODEC_FILE_END_H

#include "codec/codec.h"

/* Whether a file of a format that Planche writes is empty, cannot be read, or does not end as such
 * files do: PNG with its chunk IEND, JPEG with the marker EOI, WebP with the size in its RIFF
 * header, AVIF and JPEG XL with a whole box (ISO/IEC 14496-12, 4.2). Reads a few bytes of it.
 * Thread-safe. */
bool planche_file_is_cut(const char *path, enum planche_format format);

#endif
