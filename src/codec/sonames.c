/* SPDX-License-Identifier: MIT */
/* A library that needs what is loaded at run time: sonames.py reads their names in it. */
#include <stdint.h>
#ifdef HAVE_AVIF
#include <avif/avif.h>
#endif
#ifdef HAVE_JXL
#include <jxl/decode.h>
#endif

uint32_t planche_sonames(void);

uint32_t planche_sonames(void)
{
    uint32_t sum = 0;
#ifdef HAVE_AVIF
    sum += avifVersion() != 0;
#endif
#ifdef HAVE_JXL
    sum += JxlDecoderVersion();
#endif
    return sum;
}
