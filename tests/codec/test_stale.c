/* SPDX-License-Identifier: MIT */
/* Metadata that speak of what is gone: gain maps, videos, depth maps, thumbnails. */
#include "images.h"

#include "codec/format.h"
#include "codec/metadata.h"
#include "codec/stale_xmp.h"
#include "image/exif.h"

#include <stdio.h>
#include <string.h>

#define RDF     "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF xmlns:rdf=\"urn:rdf\">"
#define RDF_END "</rdf:RDF></x:xmpmeta>"
#define HDRGM   " xmlns:hdrgm=\"http://ns.adobe.com/hdr-gain-map/1.0/\""
#define GCAMERA " xmlns:GCamera='http://ns.google.com/photos/1.0/camera/'"
#define ITEMS                                                                                      \
    " xmlns:Container=\"http://ns.google.com/photos/1.0/container/\""                              \
    " xmlns:Item=\"http://ns.google.com/photos/1.0/container/item/\""
#define XAP " xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\""

/* The packet before and after: all that stays, stays byte for byte. */
static const struct {
    const char *before, *after;
    unsigned lost;
} packets[] = {
    /* Attributes, with their declaration; others between them. */
    {RDF "<rdf:Description a:b=\"1\"" HDRGM
         "\n hdrgm:Version = \"1.0\"  dc:x='&lt;'\thdrgm:Gamma='2'/>"
         "<?keep?><!-- hdrgm:Version -->" RDF_END,
     RDF "<rdf:Description a:b=\"1\"  dc:x='&lt;'/><?keep?><!-- hdrgm:Version -->" RDF_END,
     PLANCHE_LOST_GAIN_MAP},
    /* Elements with all that is in them. */
    {RDF "<rdf:Description" HDRGM
         "><dc:title>t</dc:title><hdrgm:GainMapMax><rdf:Seq><rdf:li>1</rdf:li>"
         "<rdf:li/></rdf:Seq></hdrgm:GainMapMax> <hdrgm:Version/></rdf:Description>" RDF_END,
     RDF "<rdf:Description><dc:title>t</dc:title> </rdf:Description>" RDF_END,
     PLANCHE_LOST_GAIN_MAP},
    /* Some of a namespace, whose declaration stays. */
    {RDF "<rdf:Description" GCAMERA " GCamera:MicroVideo=\"1\" GCamera:MicroVideoOffset=\"99\""
         " GCamera:SpecialTypeID=\"b\"/>" RDF_END,
     RDF "<rdf:Description" GCAMERA " GCamera:SpecialTypeID=\"b\"/>" RDF_END, PLANCHE_LOST_VIDEO},
    /* Items say what they are. */
    {RDF "<rdf:Description" ITEMS
         "><Container:Directory><rdf:Seq><rdf:li rdf:parseType=\"Resource\">"
         "<Container:Item Item:Semantic=\"Primary\"/></rdf:li><rdf:li><Item:Semantic>MotionPhoto"
         "</Item:Semantic></rdf:li></rdf:Seq></Container:Directory></rdf:Description>" RDF_END,
     RDF "<rdf:Description></rdf:Description>" RDF_END, PLANCHE_LOST_VIDEO},
    {RDF
     "<rdf:Description" ITEMS "><Container:Directory><Container:Item Item:Semantic='Original'/>"
     "<Container:Item Item:Semantic='DepthMap'/></Container:Directory></rdf:Description>" RDF_END,
     RDF "<rdf:Description></rdf:Description>" RDF_END, PLANCHE_LOST_PICTURES | PLANCHE_LOST_DEPTH},
    /* Another prefix than the usual one. */
    {RDF "<rdf:Description xmlns:d=\"http://ns.google.com/photos/1.0/depthmap/\" d:Near='1' "
         "e:d='2'/>" RDF_END,
     RDF "<rdf:Description e:d='2'/>" RDF_END, PLANCHE_LOST_DEPTH},
    /* Thumbnails are of the old picture, and nobody misses them. */
    {RDF "<rdf:Description" XAP " xmp:Rating=\"5\"><xmp:Thumbnails><rdf:Alt>AAAA</rdf:Alt>"
         "</xmp:Thumbnails></rdf:Description>" RDF_END,
     RDF "<rdf:Description" XAP " xmp:Rating=\"5\"></rdf:Description>" RDF_END, 0},
    {RDF "<rdf:Description xmlns:n=\"http://ns.adobe.com/xmp/note/\" "
         "n:HasExtendedXMP=\"ABC\"/>" RDF_END,
     RDF "<rdf:Description xmlns:n=\"http://ns.adobe.com/xmp/note/\"/>" RDF_END, PLANCHE_LOST_XMP},
    /* What only looks like it. */
    {RDF "<rdf:Description xmlns:hdrgm=\"urn:other\" hdrgm:Version=\"1.0\"/>" RDF_END, NULL, 0},
    {RDF "<rdf:Description" HDRGM
         "/><rdf:Description xmlns:hdrgm=\"urn:other\" hdrgm:A='1'/>" RDF_END,
     NULL, 0},
    {RDF "<rdf:Description" XAP " xmp:Rating=\"5\" GCamera:MotionPhoto=\"1\"/>" RDF_END, NULL, 0},
    /* Attributes without a value, or with an empty one. */
    {RDF "<rdf:Description" HDRGM " hdrgm:a hdrgm:b=\"\" hdrgm:c \"x\" hdrgm:d= y />" RDF_END,
     RDF "<rdf:Description \"x\" />" RDF_END, PLANCHE_LOST_GAIN_MAP},
    /* Nothing of XML, and pieces of it. */
    {"", NULL, 0},
    {"hdrgm:Version", NULL, 0},
    {"<a" HDRGM, NULL, 0},
};

static void test_packets(void **state)
{
    struct planche_error error;
    (void)state;
    for (size_t i = 0; i < sizeof packets / sizeof *packets; i++) {
        const char *before = packets[i].before;
        const char *after = packets[i].after ? packets[i].after : before;
        struct planche_blob xmp = {NULL, 0};
        unsigned lost = 0;
        assert_int_equal(planche_blob_set(&xmp, before, strlen(before), NULL, "page", &error),
                         PLANCHE_OK);
        assert_int_equal(planche_stale_xmp_remove(&xmp, &lost, NULL, "page", &error), PLANCHE_OK);
        assert_int_equal(xmp.size, strlen(after));
        if (xmp.size)
            assert_string_equal((const char *)xmp.data, after);
        assert_int_equal(lost, packets[i].lost);
        planche_blob_free(&xmp);
    }
}

/* An element that does not end stays, as does what is behind it. */
static void test_broken_packet(void **state)
{
    static const char text[] = RDF "<rdf:Description" HDRGM "><hdrgm:Version>1<a></b>";
    struct planche_blob xmp = {NULL, 0};
    struct planche_error error;
    unsigned lost = 0;
    (void)state;
    assert_int_equal(planche_blob_set(&xmp, text, sizeof text - 1, NULL, "page", &error),
                     PLANCHE_OK);
    assert_int_equal(planche_stale_xmp_remove(&xmp, &lost, NULL, "page", &error), PLANCHE_OK);
    assert_non_null(strstr((const char *)xmp.data, "<hdrgm:Version>1<a></b>"));
    planche_blob_free(&xmp);
}

static void put(struct bytes *bytes, bool big, unsigned size, uint32_t value)
{
    for (unsigned i = 0; i < size; i++) {
        uint8_t byte = (uint8_t)(value >> 8 * (big ? size - 1 - i : i));
        bytes_append(bytes, &byte, 1);
    }
}

/* EXIF with a second directory and its thumbnail, and what lies behind that. */
static struct bytes make_thumbnail(bool big, const char *behind)
{
    struct bytes exif = make_exif(1, big);
    size_t link = 8 + 2 + 4 * 12;
    struct bytes number = {NULL, 0, 0};
    put(&number, big, 4, (uint32_t)exif.size);
    memcpy(exif.data + link, number.data, 4);
    uint32_t at = (uint32_t)exif.size + 2 + 2 * 12 + 4;
    put(&exif, big, 2, 2);
    for (unsigned i = 0; i < 2; i++) {
        put(&exif, big, 2, 0x201 + i);
        put(&exif, big, 2, 4);
        put(&exif, big, 4, 1);
        put(&exif, big, 4, i == 0 ? at : 8);
    }
    put(&exif, big, 4, 0);
    bytes_append(&exif, "\xff\xd8thumb\xd9", 8);
    bytes_append(&exif, behind, strlen(behind));
    bytes_free(&number);
    return exif;
}

static void test_thumbnail(void **state)
{
    (void)state;
    for (int big = 0; big < 2; big++) {
        struct bytes plain = make_exif(1, big), exif = make_thumbnail(big, "");
        size_t size = exif.size;
        planche_exif_drop_thumbnail(exif.data, &size);
        assert_int_equal(size, exif.size - 8);
        assert_memory_equal(exif.data, plain.data, plain.size);
        bytes_free(&exif);
        exif = make_thumbnail(big, "maker's note");
        size = exif.size;
        planche_exif_drop_thumbnail(exif.data, &size);
        assert_int_equal(size, exif.size);
        assert_memory_equal(exif.data, plain.data, plain.size);
        assert_null(memmem(exif.data, size, "thumb", 5));
        assert_memory_equal(exif.data + size - 12, "maker's note", 12);
        bytes_free(&exif);
        /* Without one, nothing changes. */
        size = plain.size;
        planche_exif_drop_thumbnail(plain.data, &size);
        assert_int_equal(size, plain.size);
        bytes_free(&plain);
    }
}

/* Any number in a structure may lie. */
static void test_lying_thumbnail(void **state)
{
    struct bytes exif = make_thumbnail(true, "x");
    (void)state;
    for (size_t i = 0; i < exif.size; i++)
        for (int value = 0; value < 256; value += 51) {
            uint8_t *copy = malloc(exif.size);
            size_t size = exif.size;
            memcpy(copy, exif.data, size);
            copy[i] = (uint8_t)value;
            planche_exif_drop_thumbnail(copy, &size);
            assert_true(size <= exif.size && size >= 8);
            planche_exif_count_pictures(copy, size);
            free(copy);
        }
    bytes_free(&exif);
}

static void insert(struct bytes *file, size_t at, const void *data, size_t size)
{
    struct bytes longer = {NULL, 0, 0};
    bytes_append(&longer, file->data, at);
    bytes_append(&longer, data, size);
    bytes_append(&longer, file->data + at, file->size - at);
    bytes_free(file);
    *file = longer;
}

static void insert_marker(struct bytes *file, int code, const struct bytes *content)
{
    uint8_t head[4] = {0xff, (uint8_t)code, (uint8_t)((content->size + 2) >> 8),
                       (uint8_t)(content->size + 2)};
    insert(file, 2, content->data, content->size);
    insert(file, 2, head, 4);
}

/* Reads a file that must be one page with a warning that has a word; NULL: without. */
static struct read_result read_with_warning(struct bytes *file, const char *word)
{
    struct read_result result;
    assert_int_equal(read_bytes(file, &result), PLANCHE_OK);
    assert_int_equal(result.warnings, word != NULL);
    if (word)
        assert_non_null(strstr(result.warning, word));
    bytes_free(file);
    return result;
}

/* An index of pictures (MPF) with one more, of a type. */
static struct bytes make_index(uint32_t type)
{
    struct bytes index = {NULL, 0, 0};
    bytes_append(&index, "MPF\0MM\0*", 8);
    put(&index, true, 4, 8);
    put(&index, true, 2, 1);
    put(&index, true, 2, 0xb002);
    put(&index, true, 2, 7);
    put(&index, true, 4, 32);
    put(&index, true, 4, 26);
    put(&index, true, 4, 0);
    for (unsigned i = 0; i < 2; i++) {
        put(&index, true, 4, i == 0 ? 0x030000 : type);
        put(&index, true, 4, 1000);
        put(&index, true, 4, 0);
        put(&index, true, 4, 0);
    }
    return index;
}

static struct bytes make_page(const char *xmp)
{
    struct picture picture = picture_smooth(16, 12, 3);
    struct bytes packet = {(uint8_t *)xmp, xmp ? strlen(xmp) : 0, 0};
    struct bytes file =
        make_jpeg(&(struct jpeg_spec){.picture = &picture, .xmp = xmp ? &packet : NULL});
    picture_free(&picture);
    return file;
}

static void test_jpeg(void **state)
{
    static const char hdr[] = RDF "<rdf:Description" HDRGM " hdrgm:Version=\"1.0\"/>" RDF_END;
    static const char plain[] = RDF "<rdf:Description/>" RDF_END;
    struct bytes further = make_index(0x020002), preview = make_index(0x010001),
                 unknown = make_index(0), iso = {NULL, 0, 0}, extension = {NULL, 0, 0};
    (void)state;
    bytes_append(&iso, "urn:iso:std:iso:ts:21496:-1\0\0\0\0", 32);
    bytes_append(&extension, "http://ns.adobe.com/xmp/extension/\0ABC", 38);
    const struct {
        const struct bytes *marker;
        int code;
        const char *xmp, *word;
    } cases[] = {
        {NULL, 0, plain, NULL},
        {NULL, 0, hdr, "the gain map (the result is SDR)"},
        {&unknown, 0xe2, hdr, "the gain map (the result is SDR)"},
        {&iso, 0xe2, plain, "the gain map (the result is SDR)"},
        {&further, 0xe2, plain, "further pictures"},
        {&further, 0xe2, NULL, "further pictures"},
        {&preview, 0xe2, plain, NULL},
        {&extension, 0xe1, plain, "XMP of more than one segment"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bytes file = make_page(cases[i].xmp);
        if (cases[i].marker)
            insert_marker(&file, cases[i].code, cases[i].marker);
        struct read_result result = read_with_warning(&file, cases[i].word);
        assert_int_equal(result.xmp.size, cases[i].xmp ? strlen(plain) : 0);
        if (cases[i].xmp)
            assert_memory_equal(result.xmp.data, plain, strlen(plain));
        read_result_free(&result);
    }
    bytes_free(&further);
    bytes_free(&preview);
    bytes_free(&unknown);
    bytes_free(&iso);
    bytes_free(&extension);
}

static void replace(struct bytes *file, const char *old, const char *new)
{
    char *found = memmem(file->data, file->size, old, strlen(old));
    assert_non_null(found);
    memcpy(found, new, strlen(new));
}

/* Gain maps and depth maps of AVIF and JPEG XL are boxes. */
static void test_boxes(void **state)
{
    static const uint8_t gain_map[12] = {0, 0, 0, 12, 'j', 'h', 'g', 'm'};
    struct picture plain = picture_smooth(16, 12, 3), clear = picture_smooth(16, 12, 4);
    struct bytes exif = make_exif(1, true), file;
    struct read_result result;
    (void)state;
    file = make_avif(&(struct avif_spec){.picture = &plain, .exif = &exif});
    replace(&file, "Exif", "tmap");
    result = read_with_warning(&file, "the gain map (the result is SDR)");
    read_result_free(&result);
    file = make_avif(&(struct avif_spec){.picture = &clear});
    replace(&file, "auxiliary:alpha", "auxiliary:depth");
    result = read_with_warning(&file, "the depth map");
    read_result_free(&result);
    file = make_jxl(&(struct jxl_spec){.picture = &plain, .container = true});
    bytes_append(&file, gain_map, sizeof gain_map);
    result = read_with_warning(&file, "the gain map (the result is SDR)");
    read_result_free(&result);
    bytes_free(&exif);
    picture_free(&plain);
    picture_free(&clear);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_packets),   cmocka_unit_test(test_broken_packet),
        cmocka_unit_test(test_thumbnail), cmocka_unit_test(test_lying_thumbnail),
        cmocka_unit_test(test_jpeg),      cmocka_unit_test(test_boxes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
