/* SPDX-License-Identifier: MIT */
/* Analysis of a PDF's page by its SVG. Cairo writes definitions first (images, letters, clips),
 * then what is painted, in order, one element each. */
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

/* Of a number: differences and products of two are numbers still. */
#define LARGEST 1e15

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

double planche_pdf_take_number(const char **at)
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
    if (!(value <= LARGEST))
        value = isnan(value) ? 0 : LARGEST; /* 0e500 is no number */
    return sign * value;
}

static bool is_tag(const struct planche_tag *tag, const char *text, const char *name)
{
    return planche_markup_equals(text, tag->name, name);
}

/* The value of a tag's attribute, its prefix left out; false: it has none. */
static bool find_value(const struct planche_tag *tag, const char *text, const char *name,
                       struct planche_span *value)
{
    struct planche_attribute attribute;
    for (size_t at = tag->name.end; planche_markup_attribute(text, tag, &at, &attribute);)
        if (planche_markup_is(text, attribute.name, name)) {
            *value = attribute.value;
            return true;
        }
    return false;
}

/* Takes words off the beginning of a value, if it begins with them. */
static bool skip(struct planche_span *value, const char *text, const char *words)
{
    bool begins = planche_markup_begins(text, *value, words);
    value->at += begins ? strlen(words) : 0;
    return begins;
}

static double number_of(const struct planche_tag *tag, const char *text, const char *name)
{
    struct planche_span value;
    const char *at = find_value(tag, text, name, &value) ? text + value.at : NULL;
    return at ? planche_pdf_take_number(&at) : 0;
}

/* An identifier; "" when it is too long. */
static void copy_id(char id[PLANCHE_PDF_SVG_ID], const char *text, struct planche_span value)
{
    size_t length = value.end - value.at;
    if (length >= PLANCHE_PDF_SVG_ID)
        length = 0;
    memcpy(id, text + value.at, length);
    id[length] = 0;
}

static void take_id(char id[PLANCHE_PDF_SVG_ID], const struct planche_tag *tag, const char *text)
{
    struct planche_span value;
    id[0] = 0;
    if (find_value(tag, text, "id", &value))
        copy_id(id, text, value);
}

/* Bytes of an image's data that are in the tag. */
#define HEAD_BYTES BASE64_DECODE_LENGTH(PLANCHE_TAG_READER_BYTES)

static size_t decode_head(uint8_t head[HEAD_BYTES], const char *text, struct planche_span data)
{
    struct base64_decode_ctx decoder;
    size_t size = HEAD_BYTES;
    base64_decode_init(&decoder);
    return base64_decode_update(&decoder, &size, head, data.end - data.at, text + data.at) ? size
                                                                                           : 0;
}

/* A JPEG's EXIF, if that comes early, may say that it lies on its side. In a PDF that means
 * nothing, outside of it, it does. */
static bool is_turned(const char *text, struct planche_span data)
{
    uint8_t head[HEAD_BYTES];
    size_t size = decode_head(head, text, data), at = 2;
    while (at + 10 < size && head[at] == 0xff && (head[at + 1] & 0xf0) == 0xe0) {
        if (head[at + 1] == 0xe1 && memcmp(head + at + 4, "Exif\0", 6) == 0)
            return planche_exif_take_orientation(head + at + 10, size - at - 10) != 1;
        at += 2 + ((size_t)head[at + 2] << 8 | head[at + 3]);
    }
    return false;
}

/* What comes before an image's data. */
static const char words[] = "<image ", marker[] = "base64,";
enum { FOUND = sizeof words - 1, BEGUN = FOUND + sizeof marker - 1 };

/* Decodes up to the end of the value. */
static size_t decode(struct planche_drawn_data *data, const char *base64, size_t size, uint8_t *out)
{
    const char *end = memchr(base64, '"', size);
    size_t length = end ? (size_t)(end - base64) : size, made = BASE64_DECODE_LENGTH(length);
    data->broken = !base64_decode_update(&data->decoder, &made, out, length, base64);
    data->ended = end && !data->broken;
    return data->broken ? 0 : made;
}

size_t planche_drawn_data_feed(struct planche_drawn_data *data, const char *svg, size_t size,
                               uint8_t *out)
{
    size_t i = 0;
    for (; i < size && data->state < BEGUN; i++) {
        char c = svg[i];
        if (data->state < FOUND) {
            data->state = c == words[data->state] ? data->state + 1 : c == words[0];
            if (data->state == FOUND && data->images++ != data->index)
                data->state = 0;
        } else {
            data->state = c == marker[data->state - FOUND] ? data->state + 1 : FOUND;
        }
        if (data->state == BEGUN)
            base64_decode_init(&data->decoder);
    }
    if (i == size || data->ended || data->broken)
        return 0;
    return decode(data, svg + i, size - i, out);
}

static void define_image(struct planche_pdf_svg *drawing, const struct planche_tag *tag)
{
    const char *text = drawing->reader.text;
    struct planche_span data;
    if (drawing->count++ >= PLANCHE_PDF_SVG_IMAGES)
        return;
    struct planche_drawn_image *image = &drawing->images[drawing->count - 1];
    take_id(image->id, tag, text);
    image->width = number_of(tag, text, "width");
    image->height = number_of(tag, text, "height");
    if (!find_value(tag, text, "href", &data))
        return;
    image->jpeg = skip(&data, text, "data:image/jpeg;base64,") && !is_turned(text, data);
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
        m[i] = planche_pdf_take_number(&matrix);
    bool fills = m[1] == 0 && m[2] == 0 && m[0] > 0 && m[3] > 0 && is_near(m[4], 0, width) &&
                 is_near(m[5], 0, height) && is_near(m[4] + m[0] * image->width, width, width) &&
                 is_near(m[5] + m[3] * image->height, height, height);
    /* It hides what was painted before. */
    drawing->alone = fills && image->jpeg ? index : SIZE_MAX;
    drawing->place = (struct planche_cells_place){
        m[4] / width, m[5] / height, m[0] * image->width / width, m[3] * image->height / height};
}

/* Whether a use says what it shows and where, and nothing else: a mask, an opacity, a clip, a
 * filter or a way of blending would be further attributes. */
static bool is_plain_use(const struct planche_tag *tag, const char *text)
{
    struct planche_attribute attribute;
    for (size_t at = tag->name.end; planche_markup_attribute(text, tag, &at, &attribute);)
        if (!planche_markup_is(text, attribute.name, "href") &&
            !planche_markup_equals(text, attribute.name, "transform"))
            return false;
    return true;
}

static void paint_use(struct planche_pdf_svg *drawing, const struct planche_tag *tag)
{
    char id[PLANCHE_PDF_SVG_ID] = "";
    const char *text = drawing->reader.text;
    struct planche_span transform, reference;
    bool moved = find_value(tag, text, "transform", &transform);
    bool known = !moved || skip(&transform, text, "matrix(");
    if (find_value(tag, text, "href", &reference) && skip(&reference, text, "#"))
        copy_id(id, text, reference);
    size_t kept = drawing->count < PLANCHE_PDF_SVG_IMAGES ? drawing->count : PLANCHE_PDF_SVG_IMAGES;
    for (size_t i = 0; known && id[0] && i < kept; i++)
        if (strcmp(drawing->images[i].id, id) == 0) {
            paint_image(drawing, i, moved ? text + transform.at : NULL);
            if (!is_plain_use(tag, text))
                drawing->alone = SIZE_MAX;
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
        double x = planche_pdf_take_number(&path), y = planche_pdf_take_number(&path);
        bool right = x > drawing->width / 2, low = y > drawing->height / 2;
        if (!is_near(x, right ? drawing->width : 0, drawing->width) ||
            !is_near(y, low ? drawing->height : 0, drawing->height))
            return false;
        corners |= 1u << (right + 2 * low);
    }
    return path && corners == 15 && path[strspn(path, " ")] == 'Z';
}

/* Cairo clips to the page where an image reaches beyond its edge by as little as a rounding. */
static void define_clip(struct planche_pdf_svg *drawing, const struct planche_tag *tag)
{
    const char *text = drawing->reader.text;
    struct planche_span path;
    bool is_clip = is_tag(tag, text, "clipPath");
    if (is_clip && !tag->closing) {
        take_id(drawing->clips[drawing->whole_clips], tag, text);
        drawing->clip_paths = 0;
        drawing->clip_whole = true;
    } else if (!is_clip) {
        drawing->clip_paths++;
        drawing->clip_whole = drawing->clip_whole && is_tag(tag, text, "path") && !tag->closing &&
                              find_value(tag, text, "d", &path) && is_page(drawing, text + path.at);
    } else if (drawing->clip_whole && drawing->clip_paths == 1 &&
               drawing->whole_clips < PLANCHE_PDF_SVG_CLIPS) {
        drawing->whole_clips++;
    }
    drawing->clipping = !(is_clip && tag->closing);
}

/* A group that changes nothing: cairo's page and text, and clips that cut nothing off. */
static bool is_plain_group(const struct planche_pdf_svg *drawing, const struct planche_tag *tag)
{
    const char *text = drawing->reader.text;
    char id[PLANCHE_PDF_SVG_ID];
    struct planche_attribute first;
    size_t at = tag->name.end;
    if (!is_tag(tag, text, "g") || !planche_markup_attribute(text, tag, &at, &first))
        return false;
    if (planche_markup_equals(text, first.name, "fill") ||
        (planche_markup_equals(text, first.name, "id") && skip(&first.value, text, "surface")) ||
        (planche_markup_equals(text, first.name, "style") && skip(&first.value, text, "fill:")))
        return true;
    if (!planche_markup_equals(text, first.name, "clip-path") || !skip(&first.value, text, "url(#"))
        return false;
    copy_id(id, text, first.value);
    id[strcspn(id, ")")] = 0;
    for (size_t i = 0; id[0] && i < drawing->whole_clips; i++)
        if (strcmp(drawing->clips[i], id) == 0)
            return true;
    return false;
}

static void take_tag(struct planche_pdf_svg *drawing, const struct planche_tag *tag)
{
    const char *text = drawing->reader.text;
    bool opens = !tag->closing;
    if (is_tag(tag, text, "svg") && opens) {
        drawing->width = number_of(tag, text, "width");
        drawing->height = number_of(tag, text, "height");
    } else if (is_tag(tag, text, "defs")) {
        drawing->defining = opens && !tag->empty;
    } else if (is_tag(tag, text, "image") && opens) {
        define_image(drawing, tag);
        /* Newer versions of cairo may paint it where it is. */
        drawing->strange = drawing->strange || !drawing->defining;
    } else if ((is_tag(tag, text, "clipPath") && opens) ||
               (drawing->clipping && drawing->defining)) {
        define_clip(drawing, tag);
    } else if (drawing->defining || tag->closing || text[tag->name.at] == '?' ||
               is_plain_group(drawing, tag)) {
        return;
    } else if (is_tag(tag, text, "use")) {
        paint_use(drawing, tag);
    } else if (is_tag(tag, text, "path") || is_tag(tag, text, "rect")) {
        drawing->others = true;
        drawing->alone = SIZE_MAX;
    } else {
        drawing->strange = true;
    }
}

void planche_pdf_svg_feed(struct planche_pdf_svg *drawing, const char *svg, size_t size)
{
    struct planche_tag tag;
    for (size_t at = 0; planche_tag_reader_next(&drawing->reader, svg, size, &at, &tag);)
        take_tag(drawing, &tag);
}

bool planche_pdf_svg_is_alone(const struct planche_pdf_svg *drawing)
{
    return drawing->alone == 0 && drawing->count == 1 && !drawing->strange;
}
