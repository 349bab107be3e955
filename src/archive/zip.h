/* SPDX-License-Identifier: MIT */
/* Records of the ZIP format, as far as its reader and its writer share them. Numbers in files are
 * little-endian. Source: PKWARE's APPNOTE. */
#ifndef PLANCHE_ARCHIVE_ZIP_H
#define PLANCHE_ARCHIVE_ZIP_H

#include "base/little_endian.h"

#define ZIP_LOCAL           0x04034b50u
#define ZIP_CENTRAL         0x02014b50u
#define ZIP_END             0x06054b50u
#define ZIP_END64           0x06064b50u
#define ZIP_LOCATOR64       0x07064b50u
#define ZIP_SPANNED         0x08074b50u /* first in a volume */
#define ZIP_LOCAL_BYTES     30u
#define ZIP_CENTRAL_BYTES   46u
#define ZIP_END_BYTES       22u
#define ZIP_END64_BYTES     56u
#define ZIP_LOCATOR64_BYTES 20u

#define ZIP_FLAG_ENCRYPTED 0x0001u
#define ZIP_FLAG_LZMA_END  0x0002u /* LZMA data that say where they end */
#define ZIP_FLAG_STRONG    0x0040u
#define ZIP_FLAG_UTF8      0x0800u
#define ZIP_FLAG_MASKED    0x2000u

#define ZIP_STORED   0u
#define ZIP_DEFLATED 8u

#define ZIP_EXTRA_64        0x0001u
#define ZIP_EXTRA_TIME      0x5455u
#define ZIP_EXTRA_UTF8_NAME 0x7075u

#define ZIP_HOST_UNIX 3u

/* Kinds of files in Unix modes. */
#define ZIP_MODE_KIND   0170000u
#define ZIP_MODE_FILE   0100000u
#define ZIP_MODE_FOLDER 0040000u
#define ZIP_MODE_LINK   0120000u

#endif
