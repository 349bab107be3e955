/* SPDX-License-Identifier: MIT */
/* Ends of image files and ZIP archives: whether one was cut off, without decoding it. */
#ifndef PLANCHE_IO_FILE_END_H
#define PLANCHE_IO_FILE_END_H

#include <stdbool.h>

/* Whether a file is empty, cannot be read, begins like nothing that Planche writes, or does not end
 * as it begins: PNG with its chunk IEND, JPEG with the marker EOI, WebP with the size in its RIFF
 * header, AVIF and JPEG XL with a whole box (ISO/IEC 14496-12, 4.2), CBZ and EPUB with the end
 * record of a ZIP archive. Reads at most 1 KiB of it. Thread-safe. */
bool planche_file_is_cut(const char *path);

#endif
