/* SPDX-License-Identifier: MIT */
/* Formats that people have pages in but Planche does not read: their names, and what to do. */
#include "codec/format.h"

#include <string.h>

struct foreign {
    const char *signature;
    size_t size;
    const char *text;
};

#define CONVERT ", which Planche does not read: convert it to PNG"

static const struct foreign known[] = {
    /* Its one free decoder, jxrlib, was last changed in 2017: it is not kept. */
    {"II\xbc\x01", 4, "is a JPEG XR image" CONVERT " (JxrDecApp, or Windows' own viewer)"},
    {"AT&TFORM", 8, "is a DjVu file" CONVERT "s (ddjvu -format=tiff)"},
    {"%PDF-", 5, "is a PDF: give it as a book, not as a page of one"},
    {"%!PS", 4, "is PostScript" CONVERT " (Ghostscript)"},
    {"\xc5\xd0\xd3\xc6", 4, "is PostScript" CONVERT " (Ghostscript)"},
    {"gimp xcf", 8, "is a GIMP file" CONVERT " (GIMP: Export)"},
    {"FLIF", 4, "is a FLIF image" CONVERT " (flif -d)"},
    {"BPG\xfb", 4, "is a BPG image" CONVERT " (bpgdec)"},
    {"\0\0\1\0", 4, "is an icon (ICO)" CONVERT},
    {"\xff\xd8\xff\xf7", 4, "is a JPEG-LS image" CONVERT},
    {"\x97JB2\r\n\x1a\n", 8, "is a JBIG2 image" CONVERT " (jbig2dec)"},
    {"DDS ", 4, "is a DirectDraw surface" CONVERT},
    {"\x76\x2f\x31\x01", 4, "is an OpenEXR image of high dynamic range" CONVERT},
    {"#?RADIANCE", 10, "is a Radiance image of high dynamic range" CONVERT},
    {"<svg", 4,
     "is an SVG drawing, which has no pixels: enlarge it with a renderer (rsvg-convert)"},
};

/* PBM, PGM, PPM and PAM. */
static bool is_netpbm(const uint8_t *head, size_t size)
{
    return size > 2 && head[0] == 'P' && head[1] >= '1' && head[1] <= '7' &&
           strchr(" \t\r\n", head[2]) && head[2];
}

const char *planche_foreign_format(const uint8_t *head, size_t size)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (size >= known[i].size && memcmp(head, known[i].signature, known[i].size) == 0)
            return known[i].text;
    return is_netpbm(head, size) ? "is a Netpbm image" CONVERT " (pnmtopng)" : NULL;
}
