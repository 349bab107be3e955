/* SPDX-License-Identifier: MIT */
/* The picture that quantised networks are calibrated on. */
#ifndef PLANCHE_BACKEND_CPU_INT8_PICTURE_H
#define PLANCHE_BACKEND_CPU_INT8_PICTURE_H

#include "backend/cpu/int8_rows.h"

/* Draws it: quads of bytes with three channels. */
#define PLANCHE_INT8_PICTURE_WIDTH  128
#define PLANCHE_INT8_PICTURE_HEIGHT 96
void planche_int8_draw(const struct planche_int8_rows *rows);

#endif
