/* SPDX-License-Identifier: MIT */
/* A library that needs what is loaded at run time: sonames.py reads their names in it. */
#include <avif/avif.h>
#include <jxl/decode.h>

uint32_t planche_sonames(void);

uint32_t planche_sonames(void)
{
    return JxlDecoderVersion() + (avifVersion() != 0);
}
