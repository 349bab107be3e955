/* SPDX-License-Identifier: MIT */
/* Ends of image files and ZIP archives: whether one was cut off, without decoding it. */
#ifndef PLANCHE_IO_FILE_END_H
#define PLANCHE_IO_FILE_END_H

#include <stdbool.h>

/* Whether a file is empty, cannot be read, begins like nothing that Planche writes, or lacks the
 * end that goes with its beginning: of PNG the chunk IEND and of JPEG the marker EOI, in the last
 * KiB, of WebP the size in its RIFF header, of AVIF and JPEG XL the boxes of the picture (ISO/IEC
 * 14496-12, 4.2), of CBZ and EPUB the end record of a ZIP archive, whose comment may be long, and
 * which says that the directory ends before it: that of an archive within this one does not. What
 * readers pass over behind the end changes nothing; of JPEG XL without boxes nothing is known. An
 * AVIF without a box mdat counts as cut, even if its data lie in the box idat within meta: a grid
 * has its plan there and its tiles in mdat, which may be what is missing. Reads mostly 1 KiB; of
 * boxes at most 80 KiB, of a ZIP archive 70 KiB, and 76 bytes more for each end record there that
 * speaks of ZIP64: 400 KiB in all if its comment is full of them. Thread-safe. */
bool planche_file_is_cut(const char *path);

/* The same of what surely was a page or book that Planche writes: it begins like one. False of
 * files that are empty, cannot be read or are something else. Thread-safe. */
bool planche_file_lacks_end(const char *path);

#endif
