/* SPDX-License-Identifier: MIT */
/* Ends of image files and ZIP archives: whether one was cut off, without decoding it. */
#ifndef PLANCHE_IO_FILE_END_H
#define PLANCHE_IO_FILE_END_H

#include <stdbool.h>

/* Whether a file is empty, cannot be read, begins like nothing that Planche writes, or lacks the
 * end that goes with its beginning: of PNG the chunk IEND and of JPEG the marker EOI, in the last
 * KiB, of WebP the size in its RIFF header, of AVIF and JPEG XL the boxes of the picture (ISO/IEC
 * 14496-12, 4.2), of CBZ and EPUB the end record of a ZIP archive, whose comment may be long. What
 * readers pass over behind the end changes nothing; of JPEG XL without boxes nothing is known.
 * Reads at most 70 KiB of it, mostly 1. Thread-safe. */
bool planche_file_is_cut(const char *path);

#endif
