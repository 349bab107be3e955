/* SPDX-License-Identifier: MIT */
/* Marks in XMP: new packets, others' packets, packets that other programs have rewritten. */
#include "images.h"

#include "codec/metadata.h"
#include "codec/provenance.h"

#include <stdio.h>
#include <string.h>

#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER  "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"

static struct planche_provenance make_mark(const char *source, const char *model)
{
    struct planche_provenance mark = PLANCHE_PROVENANCE_INIT;
    snprintf(mark.source, sizeof mark.source, "%s", source);
    snprintf(mark.model, sizeof mark.model, "%s", model);
    snprintf(mark.version, sizeof mark.version, "1.2.3");
    return mark;
}

static struct planche_blob add(const char *packet, size_t size,
                               const struct planche_provenance *mark)
{
    const struct planche_blob xmp = {(uint8_t *)packet, size};
    struct planche_blob out;
    assert_int_equal(planche_provenance_add(&out, &xmp, mark, NULL, NULL), PLANCHE_OK);
    return out;
}

static void expect(const struct planche_blob *xmp, const char *source, const char *model,
                   const char *version)
{
    struct planche_provenance found;
    planche_provenance_find(&found, xmp->data, xmp->size);
    assert_string_equal(found.source, source);
    assert_string_equal(found.model, model);
    assert_string_equal(found.version, version);
}

static void test_new_packet(void **state)
{
    struct planche_provenance mark = make_mark(DIGEST, "up2x-conservative 2x");
    (void)state;
    struct planche_blob xmp = add("", 0, &mark);
    expect(&xmp, DIGEST, "up2x-conservative 2x", "1.2.3");
    assert_int_equal(strlen((const char *)xmp.data), xmp.size);
    assert_non_null(strstr((const char *)xmp.data, "</rdf:RDF></x:xmpmeta>"));
    planche_blob_free(&xmp);
}

static size_t count(const char *text, const char *word)
{
    size_t found = 0;
    for (; (text = strstr(text, word)) != NULL; text++)
        found++;
    return found;
}

/* What was there stays, and a second mark takes the first one's place. */
static void test_merge(void **state)
{
    static const char packet[] =
        "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><R:RDF xmlns:R=\"http://rdf\">"
        "<R:Description R:about=\"\" xmlns:dc=\"d\"><dc:title>a</dc:title></R:Description>"
        "</R:RDF ></x:xmpmeta>   ";
    struct planche_provenance first = make_mark(DIGEST, "a<b>&'\"\xc3\xa9\n"),
                              second = make_mark(OTHER, "up3x-denoise3x-of-some-length 3x");
    (void)state;
    struct planche_blob once = add(packet, sizeof packet - 1, &first);
    expect(&once, DIGEST, "a_b____\u00e9 ", "1.2.3");
    assert_non_null(strstr((const char *)once.data, "<dc:title>a</dc:title></R:Description>"
                                                    "<R:Description R:about=\"\" xmlns:planche="));
    assert_non_null(strstr((const char *)once.data, "/></R:RDF ></x:xmpmeta>   "));
    struct planche_blob twice = add((const char *)once.data, once.size, &second);
    expect(&twice, OTHER, "up3x-denoise3x-of-some-length 3x", "1.2.3");
    assert_int_equal(count((const char *)twice.data, "planche:Source"), 1);
    assert_int_equal(count((const char *)twice.data, "Description "), 2);
    planche_blob_free(&once);
    planche_blob_free(&twice);
}

/* Other prefixes, single quotes, elements instead of attributes, a part that was dropped. */
static void test_rewritten(void **state)
{
    static const char packet[] = "<r:RDF><r:Description xmlns:my = 'urn:planche:1' my:Model='m 2x'>"
                                 "<my:Source>" DIGEST "</my:Source></r:Description></r:RDF>";
    struct planche_provenance mark = make_mark(OTHER, "n 4x");
    const struct planche_blob xmp = {(uint8_t *)packet, sizeof packet - 1};
    (void)state;
    expect(&xmp, DIGEST, "m 2x", "");
    struct planche_blob again = add(packet, sizeof packet - 1, &mark);
    assert_non_null(strstr((const char *)again.data, "<my:Source>" OTHER "</my:Source>"));
    assert_non_null(strstr((const char *)again.data, "my:Model='n 4x'"));
    assert_non_null(strstr((const char *)again.data, " my:Version=\"1.2.3\"/></r:RDF>"));
    expect(&again, OTHER, "n 4x", "1.2.3");
    planche_blob_free(&again);
}

/* A namespace that is declared and not used does not hide the mark. */
static void test_unused_prefix(void **state)
{
    static const char packet[] = "<r:RDF xmlns:p=\"urn:planche:1\"></r:RDF>";
    struct planche_provenance mark = make_mark(DIGEST, "m 2x");
    (void)state;
    struct planche_blob xmp = add(packet, sizeof packet - 1, &mark);
    expect(&xmp, DIGEST, "m 2x", "1.2.3");
    planche_blob_free(&xmp);
}

/* What stands without quotes is no value: another would run into the text behind it. */
static void test_without_quotes(void **state)
{
    static const char packet[] = "<r:RDF planche:Version=4 a=\"<b>\" planche:Model=m></r:RDF>";
    struct planche_provenance mark = make_mark(DIGEST, "");
    (void)state;
    struct planche_blob xmp = add(packet, sizeof packet - 1, &mark);
    expect(&xmp, DIGEST, "", "1.2.3");
    assert_memory_equal(xmp.data, packet, sizeof packet - 1 - strlen("</r:RDF>"));
    planche_blob_free(&xmp);
}

static void test_no_mark(void **state)
{
    static const char *const packets[] = {
        "",
        "urn:planche:1",
        "=\"urn:planche:1\"",
        "xmlns:=\"urn:planche:1\" :Source=\"" DIGEST "\"",
        "xmlns:p=\"urn:planche:1\"",
        "xmlns:p=\"urn:planche:1\" p:Source",
        "xmlns:p=\"urn:planche:1\" p:Source=",
        "xmlns:p=\"urn:planche:1\" p:Source=\"" DIGEST,
        "xmlns:p=\"urn:planche:1\" p:Source=\"not a digest\" p:Model=\"m\"",
        "xmlns:p=\"urn:planche:1\" q:Source=\"" DIGEST "\"",
        "xmlns:p=\"urn:planche:2\" p:Source=\"" DIGEST "\"",
        "xmlns:p=\"urn:planche:1\"><!-- <p:Source>" DIGEST "</p:Source> --",
    };
    (void)state;
    for (size_t i = 0; i < sizeof packets / sizeof *packets; i++) {
        char tag[400];
        snprintf(tag, sizeof tag, "<a %s>", packets[i]);
        const struct planche_blob text = {(uint8_t *)packets[i], strlen(packets[i])},
                                  xmp = {(uint8_t *)tag, strlen(tag)};
        expect(&text, "", "", "");
        expect(&xmp, "", "", "");
    }
}

/* Packets without a place for a mark are left alone. */
static void test_no_place(void **state)
{
    static const char *const packets[] = {"<x:xmpmeta/>", "<rdf:RDF/>", "</:RDF",    "</rdf:RDF",
                                          "rdf:RDF>",     ":RDF>",      "<\0/\0r\0d"};
    struct planche_provenance mark = make_mark(DIGEST, "m 2x");
    (void)state;
    for (size_t i = 0; i < sizeof packets / sizeof *packets; i++) {
        struct planche_blob out = add(packets[i], strlen(packets[i]), &mark);
        assert_int_equal(out.size, 0);
    }
}

/* Cut anywhere, and with any byte changed: no harm is done, which AddressSanitizer sees best. */
static void test_damage(void **state)
{
    struct planche_provenance mark = make_mark(DIGEST, "m 2x"), found;
    struct planche_blob xmp = add("", 0, &mark);
    (void)state;
    for (size_t i = 0; i < xmp.size; i++) {
        uint8_t *cut = malloc(i + 1);
        memcpy(cut, xmp.data, i);
        planche_provenance_find(&found, cut, i);
        struct planche_blob out = {NULL, 0};
        if (i > 0)
            out = add((const char *)cut, i, &mark);
        planche_blob_free(&out);
        free(cut);
        uint8_t was = xmp.data[i];
        for (unsigned value = 0; value < 256; value += 13) {
            xmp.data[i] = (uint8_t)value;
            out = add((const char *)xmp.data, xmp.size, &mark);
            planche_blob_free(&out);
        }
        xmp.data[i] = was;
    }
    planche_blob_free(&xmp);
}

/* Declarations by the hundred thousand: a walk through the packet for each would take hours. */
static void test_many_prefixes(void **state)
{
    static const char declaration[] = "xmlns:p=\"urn:planche:1\" ",
                      mark[] = " p:Source='" DIGEST "' >";
    const size_t length = sizeof declaration - 1, size = (size_t)16 << 20;
    struct planche_provenance found;
    char *packet = malloc(size);
    (void)state;
    for (size_t i = 0; i < size; i++)
        packet[i] = declaration[i % length];
    planche_provenance_find(&found, packet, size);
    assert_string_equal(found.source, "");
    memcpy(packet, "<a ", 3);
    memcpy(packet + (size / length - 4) * length, mark, sizeof mark);
    planche_provenance_find(&found, packet, size);
    assert_string_equal(found.source, DIGEST);
    free(packet);
}

/* In a file of every format: written with the page, found without decoding it. */
static void test_files(void **state)
{
    struct picture picture = picture_smooth(20, 10, 3);
    struct planche_provenance mark = make_mark(DIGEST, "m 2x"), found;
    struct planche_metadata metadata = {.xmp = add("", 0, &mark)};
    (void)state;
    for (int format = PLANCHE_FORMAT_PNG; format <= PLANCHE_FORMAT_JXL; format++)
        for (int marked = 0; marked < 2; marked++) {
            struct bytes file = {NULL, 0, 0};
            struct planche_error error;
            assert_int_equal(write_picture(&picture, (enum planche_format)format,
                                           marked ? &metadata : NULL, NULL, &file, &error),
                             PLANCHE_OK);
            const struct planche_source source = {
                .name = "a", .data = file.data, .size = file.size};
            assert_int_equal(planche_source_provenance(&found, &source, NULL, &error), PLANCHE_OK);
            assert_string_equal(found.source, marked ? DIGEST : "");
            const struct planche_source cut = {.name = "a", .data = file.data, .size = 4};
            assert_int_not_equal(planche_source_provenance(&found, &cut, NULL, &error), PLANCHE_OK);
            bytes_free(&file);
        }
    planche_blob_free(&metadata.xmp);
    picture_free(&picture);
}

/* More XMP than any program writes is refused, not searched. */
static void test_large_packet(void **state)
{
    static const enum planche_format formats[] = {PLANCHE_FORMAT_WEBP, PLANCHE_FORMAT_AVIF,
                                                  PLANCHE_FORMAT_JXL};
    struct picture picture = picture_smooth(20, 10, 3);
    struct planche_metadata metadata = {.xmp.size = ((size_t)16 << 20) + 1};
    (void)state;
    metadata.xmp.data = calloc(1, metadata.xmp.size);
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        struct bytes file = {NULL, 0, 0};
        struct planche_provenance found;
        struct planche_error error;
        assert_int_equal(write_picture(&picture, formats[i], &metadata, NULL, &file, &error),
                         PLANCHE_OK);
        const struct planche_source source = {.name = "a", .data = file.data, .size = file.size};
        assert_int_equal(planche_source_provenance(&found, &source, NULL, &error),
                         PLANCHE_ERROR_LIMIT);
        assert_string_equal(error.message, "a: the image has more than 16 MiB of metadata");
        bytes_free(&file);
    }
    free(metadata.xmp.data);
    picture_free(&picture);
}

/* A picture that has to be turned is not held for its mark: 3 MB do not fit into the budget. */
static void test_header_only(void **state)
{
    static uint8_t turned[] = "II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    struct planche_metadata metadata = {.exif = {turned, sizeof turned - 1}};
    struct picture picture = picture_smooth(1000, 1001, 3);
    struct planche_budget budget;
    struct bytes file = {NULL, 0, 0};
    struct planche_error error;
    struct planche_provenance found;
    (void)state;
    planche_budget_init(&budget, (uint64_t)2 << 20);
    assert_int_equal(write_picture(&picture, PLANCHE_FORMAT_PNG, &metadata, NULL, &file, &error),
                     PLANCHE_OK);
    const struct planche_source source = {.name = "a", .data = file.data, .size = file.size};
    assert_int_equal(planche_source_provenance(&found, &source, &budget, &error), PLANCHE_OK);
    assert_int_equal(found.width, 1001);
    assert_int_equal(found.height, 1000);
    bytes_free(&file);
    picture_free(&picture);
}

/* FIPS 180-2's example. */
static void test_digest(void **state)
{
    const struct planche_source source = {.name = "a", .data = "abc", .size = 3};
    struct planche_provenance mark = PLANCHE_PROVENANCE_INIT;
    (void)state;
    assert_int_equal(planche_provenance_digest(&mark, &source, NULL, NULL), PLANCHE_OK);
    assert_string_equal(mark.source,
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_new_packet),     cmocka_unit_test(test_merge),
        cmocka_unit_test(test_rewritten),      cmocka_unit_test(test_unused_prefix),
        cmocka_unit_test(test_without_quotes), cmocka_unit_test(test_no_mark),
        cmocka_unit_test(test_no_place),       cmocka_unit_test(test_damage),
        cmocka_unit_test(test_many_prefixes),  cmocka_unit_test(test_files),
        cmocka_unit_test(test_digest),         cmocka_unit_test(test_large_packet),
        cmocka_unit_test(test_header_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
