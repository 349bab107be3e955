/* SPDX-License-Identifier: MIT */
/* Drawn pages of each kind that the choice tells apart. */
#ifndef PLANCHE_TESTS_CHOICE_DRAWN_H
#define PLANCHE_TESTS_CHOICE_DRAWN_H

#include "codec/images.h"

enum drawn_kind {
    DRAWN_PAINTING, /* soft, in colours, without black and white */
    DRAWN_GREY,     /* the same without colours, in three channels */
    DRAWN_LINES,    /* black lines on white with soft edges */
    DRAWN_FLAT,     /* areas of one colour with ink */
    DRAWN_DOTS,     /* round dots at 45 degrees, 5.3 pixels apart, over a gradient */
    DRAWN_GRID,     /* dots that are exactly 8 pixels apart: as blocks are */
    DRAWN_FINE,     /* dots that are exactly 4 pixels apart, of two greys */
    DRAWN_HATCHING,
    DRAWN_KINDS
};

/* 8 bits; GREY, LINES, DOTS, GRID, FINE and HATCHING have no colours. */
struct picture draw_page(enum drawn_kind kind, uint32_t width, uint32_t height);
/* The picture without so many columns and rows at its left and top; the argument is freed. */
struct picture cut_page(struct picture *page, uint32_t left, uint32_t top);

#endif
