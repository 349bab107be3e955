/* SPDX-License-Identifier: MIT */
/* What a page of a PDF shows, learned from the SVG that poppler makes of it. Cairo writes
 * definitions first (images, letters, clips), then what is painted, in order, one element each. */
#include "archive/pdf_svg.h"

#include "image/exif.h"

#include <math.h>
#include <string.h>

/* How far from the page's edge an image's may be that fills it, in parts of the page. */
#define MARGIN 0.01

void planche_pdf_svg_init(struct planche_pdf_svg *drawing)
{
    *drawing = (struct planche_pdf_svg){.alone = SIZE_MAX};
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A number with a point, whatever the locale; *at moves behind it. */
static double take_number(const char **at)
{
    const char *p = *at + strspn(*at, " ,");
    double sign = *p == '-' ? -1 : 1, value = 0, unit = 1;
    p += *p == '-';
    for (; is_digit(*p); p++)
        value = value * 10 + (*p - '0');
    if (*p == '.')
        for (p++; is_digit(*p); p++)
            value += (*p - '0') * (unit /= 10);
    if (*p == 'e' && (is_digit(p[1]) || ((p[1] == '-' || p[1] == '+') && is_digit(p[2])))) {
        const char *digits = p + 1 + !is_digit(p[1]);
        int power = 0;
        for (; is_digit(*digits); digits++)
            power = power < 100 ? power * 10 + (*digits - '0') : power;
        value *= pow(10, p[1] == '-' ? -power : power);
        p = digits;
    }
    *at = p;
    return sign * value;
}

static bool is_tag(const char *tag, const char *name)
{
    size_t length = strlen(name);
    return strncmp(tag, name, length) == 0 && strchr(" />", tag[length]);
}

/* What comes behind ` name="` in the tag; NULL: it has none. */
static const char *attribute(const char *tag, const char *name)
{
    const char *found = strstr(tag, name);
    return found ? found + strlen(name) : NULL;
}

static double number_of(const char *tag, const char *name)
{
    const char *at = attribute(tag, name);
    return at ? take_number(&at) : 0;
}

static void copy_id(char *id, size_t size, const char *from)
{
    size_t length = from ? strcspn(from, "\"") : 0;
    if (length >= size)
        length = 0;
    if (from)
        memcpy(id, from, length);
    id[length] = 0;
}

static uint32_t sextet(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *found = c ? strchr(digits, c) : NULL;
    return found ? (uint32_t)(found - digits) : 64;
}

/* The kind of colour in the head of a PNG: with grey or RGB alone nothing shines through. */
static bool is_opaque_png(const char *data)
{
    if (strlen(data) < 36)
        return false;
    uint32_t kind = (sextet(data[33]) & 15) << 4 | sextet(data[34]) >> 2;
    return kind == 0 || kind == 2;
}

/* What comes before an image's data. */
static const char words[] = "<image ", marker[] = "base64,";
enum { FOUND = sizeof words - 1, BEGUN = FOUND + sizeof marker - 1 };

size_t planche_drawn_data_feed(struct planche_drawn_data *data, const char *svg, size_t size,
                               uint8_t *out)
{
    size_t made = 0;
    for (size_t i = 0; i < size && !data->ended; i++) {
        char c = svg[i];
        if (data->state < FOUND) {
            data->state = c == words[data->state] ? data->state + 1 : c == words[0];
            if (data->state == FOUND && data->images++ != data->index)
                data->state = 0;
        } else if (data->state < BEGUN) {
            data->state = c == marker[data->state - FOUND] ? data->state + 1 : FOUND;
        } else if (sextet(c) < 64) {
            data->bits = data->bits << 6 | sextet(c);
            data->filled += 6;
            if (data->filled >= 8) {
                data->filled -= 8;
                out[made++] = (uint8_t)(data->bits >> data->filled);
            }
        } else if (c == '"' || c == '=') {
            data->ended = true;
        }
    }
    return made;
}

/* A JPEG's EXIF, if that comes early, may say that it lies on its side. In a PDF that means
 * nothing, outside of it, it does. */
static bool is_turned(const char *data)
{
    uint8_t head[PLANCHE_PDF_SVG_TAG];
    struct planche_drawn_data decoder = {.state = BEGUN};
    size_t size = planche_drawn_data_feed(&decoder, data, strlen(data), head), at = 2;
    while (at + 10 < size && head[at] == 0xff && (head[at + 1] & 0xf0) == 0xe0) {
        if (head[at + 1] == 0xe1 && memcmp(head + at + 4, "Exif\0", 6) == 0)
            return planche_exif_take_orientation(head + at + 10, size - at - 10) != 1;
        at += 2 + ((size_t)head[at + 2] << 8 | head[at + 3]);
    }
    return false;
}

static void define_image(struct planche_pdf_svg *drawing, const char *tag)
{
    if (drawing->count++ >= PLANCHE_PDF_SVG_IMAGES)
        return;
    struct planche_drawn_image *image = &drawing->images[drawing->count - 1];
    const char *jpeg = attribute(tag, "data:image/jpeg;base64,");
    const char *png = attribute(tag, "data:image/png;base64,");
    copy_id(image->id, sizeof image->id, attribute(tag, " id=\""));
    image->width = number_of(tag, " width=\"");
    image->height = number_of(tag, " height=\"");
    image->jpeg = jpeg != NULL;
    image->opaque = jpeg ? !is_turned(jpeg) : png && is_opaque_png(png);
}

static bool is_near(double value, double wanted, double size)
{
    return fabs(value - wanted) <= MARGIN * size;
}

/* matrix: x' = a x + c y + e, y' = b x + d y + f; NULL: as it is. */
static void paint_image(struct planche_pdf_svg *drawing, size_t index, const char *matrix)
{
    const struct planche_drawn_image *image = &drawing->images[index];
    double m[6] = {1, 0, 0, 1, 0, 0}, width = drawing->width, height = drawing->height;
    for (int i = 0; matrix && i < 6; i++)
        m[i] = take_number(&matrix);
    double area = fabs(m[0] * m[3] - m[1] * m[2]), pixels = image->width * image->height;
    if (area > 0 && pixels > drawing->most_pixels) {
        drawing->most_pixels = pixels;
        drawing->resolution = 72 / sqrt(area);
    }
    bool fills = m[1] == 0 && m[2] == 0 && m[0] > 0 && m[3] > 0 && is_near(m[4], 0, width) &&
                 is_near(m[5], 0, height) && is_near(m[4] + m[0] * image->width, width, width) &&
                 is_near(m[5] + m[3] * image->height, height, height);
    /* It hides what was painted before. */
    drawing->alone = fills && image->opaque ? index : SIZE_MAX;
}

static void paint_use(struct planche_pdf_svg *drawing, const char *tag)
{
    char id[PLANCHE_PDF_SVG_ID];
    const char *matrix = attribute(tag, "matrix(");
    bool known = matrix || !attribute(tag, " transform=\"");
    copy_id(id, sizeof id, attribute(tag, "href=\"#"));
    size_t kept = drawing->count < PLANCHE_PDF_SVG_IMAGES ? drawing->count : PLANCHE_PDF_SVG_IMAGES;
    for (size_t i = 0; known && id[0] && i < kept; i++)
        if (strcmp(drawing->images[i].id, id) == 0) {
            paint_image(drawing, i, matrix);
            return;
        }
    drawing->others = true;
    drawing->alone = SIZE_MAX;
}

/* Whether a path is the page's outline: a corner, lines to the three others, and back. */
static bool is_page(const struct planche_pdf_svg *drawing, const char *path)
{
    unsigned corners = 0;
    for (int i = 0; path && i < 4; i++) {
        path += strspn(path, " ");
        if (*path++ != (i == 0 ? 'M' : 'L'))
            return false;
        double x = take_number(&path), y = take_number(&path);
        bool right = x > drawing->width / 2, low = y > drawing->height / 2;
        if (!is_near(x, right ? drawing->width : 0, drawing->width) ||
            !is_near(y, low ? drawing->height : 0, drawing->height))
            return false;
        corners |= 1u << (right + 2 * low);
    }
    return path && corners == 15 && path[strspn(path, " ")] == 'Z';
}

/* Cairo clips to the page where an image reaches beyond its edge by as little as a rounding. */
static void define_clip(struct planche_pdf_svg *drawing, const char *tag)
{
    if (is_tag(tag, "clipPath")) {
        copy_id(drawing->clips[drawing->whole_clips], PLANCHE_PDF_SVG_ID, attribute(tag, " id=\""));
        drawing->clip_paths = 0;
        drawing->clip_whole = true;
    } else if (!is_tag(tag, "/clipPath")) {
        drawing->clip_paths++;
        drawing->clip_whole =
            drawing->clip_whole && is_tag(tag, "path") && is_page(drawing, attribute(tag, " d=\""));
    } else if (drawing->clip_whole && drawing->clip_paths == 1 &&
               drawing->whole_clips < PLANCHE_PDF_SVG_CLIPS) {
        drawing->whole_clips++;
    }
}

static bool is_whole_clip(const struct planche_pdf_svg *drawing, const char *tag)
{
    char id[PLANCHE_PDF_SVG_ID];
    copy_id(id, sizeof id, attribute(tag, "g clip-path=\"url(#"));
    id[strcspn(id, ")")] = 0;
    for (size_t i = 0; id[0] && i < drawing->whole_clips; i++)
        if (strcmp(drawing->clips[i], id) == 0)
            return true;
    return false;
}

static void take_tag(struct planche_pdf_svg *drawing)
{
    const char *tag = drawing->tag;
    if (is_tag(tag, "svg")) {
        drawing->width = number_of(tag, " width=\"");
        drawing->height = number_of(tag, " height=\"");
    } else if (is_tag(tag, "defs") || is_tag(tag, "/defs")) {
        drawing->defining = *tag == 'd' && tag[drawing->length - 1] != '/';
    } else if (is_tag(tag, "image")) {
        define_image(drawing, tag);
        /* Newer versions of cairo may paint it where it is. */
        drawing->strange = drawing->strange || !drawing->defining;
    } else if (is_tag(tag, "clipPath") || (drawing->clipping && drawing->defining)) {
        define_clip(drawing, tag);
        drawing->clipping = !is_tag(tag, "/clipPath");
    } else if (drawing->defining || is_whole_clip(drawing, tag) || *tag == '/' || *tag == '?' ||
               strncmp(tag, "g id=\"surface", 13) == 0 || strncmp(tag, "g fill=", 7) == 0 ||
               strncmp(tag, "g style=\"fill:", 14) == 0) {
        return;
    } else if (is_tag(tag, "use")) {
        paint_use(drawing, tag);
    } else if (is_tag(tag, "path") || is_tag(tag, "rect")) {
        drawing->others = true;
        drawing->alone = SIZE_MAX;
    } else {
        drawing->strange = true;
    }
}

void planche_pdf_svg_feed(struct planche_pdf_svg *drawing, const char *svg, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (!drawing->in_tag) {
            drawing->in_tag = svg[i] == '<';
            drawing->length = 0;
        } else if (svg[i] == '>') {
            if (drawing->length > PLANCHE_PDF_SVG_TAG - 1)
                drawing->length = PLANCHE_PDF_SVG_TAG - 1;
            drawing->tag[drawing->length] = 0;
            drawing->in_tag = false;
            if (drawing->length > 0)
                take_tag(drawing);
        } else {
            if (drawing->length < PLANCHE_PDF_SVG_TAG - 1)
                drawing->tag[drawing->length] = svg[i];
            drawing->length++;
        }
    }
}
