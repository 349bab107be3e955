/* SPDX-License-Identifier: MIT */
/* How JPEG XL files begin. */
#ifndef PLANCHE_CODEC_JXL_RECOGNISE_H
#define PLANCHE_CODEC_JXL_RECOGNISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As recognise in struct planche_format_ops. */
bool planche_jxl_recognise(const uint8_t *head, size_t size);

#endif
