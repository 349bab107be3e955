/* SPDX-License-Identifier: MIT */
/* References in EPUBs: which are found, and that nothing else changes. */
#include "book/epub.h"
#include "support/testing.h"

#include <string.h>

static const struct planche_renamed *find(void *user, const char *name)
{
    static const struct planche_renamed renamed[] = {
        {"OEBPS/images/p 1.jpg", "OEBPS/images/p 1.webp", "image/webp"},
        {"OEBPS/images/p&2.jpg", "OEBPS/images/p&2.jpg.webp", "image/webp"},
        {"OEBPS/cover", "OEBPS/cover.webp", "image/webp"},
        {"OEBPS/images/\xc3\xa9.png", "OEBPS/images/\xc3\xa9.webp", "image/webp"},
    };
    (void)user;
    for (size_t i = 0; i < sizeof renamed / sizeof *renamed; i++)
        if (strcmp(name, renamed[i].from) == 0)
            return &renamed[i];
    return NULL;
}

static void expect(const char *name, const char *before, const char *after)
{
    struct planche_text_buffer out = {0};
    assert_true(planche_epub_edit(name, before, strlen(before), find, NULL, &out));
    planche_text_buffer_put(&out, "", 1);
    assert_string_equal(out.data, after);
    planche_text_buffer_free(&out);
}

static void test_package(void **state)
{
    (void)state;
    expect("OEBPS/content.opf",
           "<package><manifest>\n"
           " <item id='a' media-type='image/jpeg' href='images/p%201.jpg'/>\n"
           " <item href=\"./images/p&amp;2.jpg#x\" media-type=\"image/jpeg\" />\n"
           " <item href=\"cover\" media-type=\"image/jpeg\"/>\n"
           " <item href=\"images/other.jpg\" media-type=\"image/jpeg\"/>\n"
           " <item href=\"text/p 1.jpg\" media-type=\"image/jpeg\"/>\n"
           " <!-- <item href='images/p%201.jpg'/> -->\n"
           "</manifest></package>",
           "<package><manifest>\n"
           " <item id='a' media-type='image/webp' href='images/p%201.webp'/>\n"
           " <item href=\"./images/p&amp;2.jpg.webp#x\" media-type=\"image/webp\" />\n"
           " <item href=\"cover.webp\" media-type=\"image/webp\"/>\n"
           " <item href=\"images/other.jpg\" media-type=\"image/jpeg\"/>\n"
           " <item href=\"text/p 1.jpg\" media-type=\"image/jpeg\"/>\n"
           " <!-- <item href='images/p%201.jpg'/> -->\n"
           "</manifest></package>");
}

static void test_page(void **state)
{
    (void)state;
    expect("OEBPS/text/1.xhtml",
           "<html><style>a{background:url( '../images/p%201.jpg' )}</style>"
           "<body style=\"background: URL(&quot;../images/%C3%A9.png&quot;)\">images/p%201.jpg"
           "<img src='../images/p 1.jpg' alt='../images/p 1.jpg'>"
           "<svg><image xlink:href=\"../../OEBPS/images/\xc3\xa9.png\" width=\"1\"/></svg>"
           "<a href='#../images/p 1.jpg'></a><a href='../../../OEBPS/images/p 1.jpg'/>"
           "<a href='http://x/images/p 1.jpg'/><img src=../cover></body></html>",
           "<html><style>a{background:url( '../images/p%201.webp' )}</style>"
           "<body style=\"background: URL(&quot;../images/%C3%A9.webp&quot;)\">images/p%201.jpg"
           "<img src='../images/p 1.webp' alt='../images/p 1.jpg'>"
           "<svg><image xlink:href=\"../../OEBPS/images/\xc3\xa9.webp\" width=\"1\"/></svg>"
           "<a href='#../images/p 1.jpg'></a><a href='../../../OEBPS/images/p 1.jpg'/>"
           "<a href='http://x/images/p 1.jpg'/><img src=../cover.webp></body></html>");
}

/* Every candidate of a srcset, with and without a density; the type follows the first. */
static void test_srcset(void **state)
{
    (void)state;
    expect(
        "OEBPS/1.xhtml",
        "<picture><source type='image/jpeg' srcset='images/p%201.jpg'/>"
        "<source srcset=\" ,cover,images/p%201.jpg 2x ,\n./images/p%201.jpg\t3x,images/x.jpg 4x,"
        "images/p&amp;2.jpg, cover\"/><img src='cover' srcset='' />"
        "<img SRCSET='cover 1x,cover 2x'/></picture>",
        "<picture><source type='image/webp' srcset='images/p%201.webp'/>"
        "<source srcset=\" ,cover,images/p%201.jpg 2x ,\n./images/p%201.webp\t3x,images/x.jpg 4x,"
        "images/p&amp;2.jpg.webp, cover.webp\"/><img src='cover.webp' srcset='' />"
        "<img SRCSET='cover.webp 1x,cover.webp 2x'/></picture>");
}

static void test_style(void **state)
{
    (void)state;
    expect("OEBPS/css/s.css", "a{b:url(../images/p%201.jpg)} c{d:url(\"../images/x.jpg\")} url(",
           "a{b:url(../images/p%201.webp)} c{d:url(\"../images/x.jpg\")} url(");
}

/* The end of a name that is written otherwise than in the archive is found, too. */
static void test_encoded(void **state)
{
    (void)state;
    expect("OEBPS/a.xhtml", "<img src='images/p%201%2Ejpg'/>", "<img src='images/p%201.webp'/>");
}

static void test_broken(void **state)
{
    static const char text[] =
        "<html><style>url(a)</style><img src='images/p 1.jpg' srcset='cover 1x, ,cover,'style=url(";
    (void)state;
    for (size_t size = 0; size < sizeof text; size++) {
        struct planche_text_buffer out = {0};
        char *copy = test_malloc(size ? size : 1);
        memcpy(copy, text, size);
        planche_epub_edit("OEBPS/a.html", copy, size, find, NULL, &out);
        planche_epub_edit("OEBPS/a.css", copy, size, find, NULL, &out);
        planche_text_buffer_free(&out);
        test_free(copy);
    }
    struct planche_text_buffer out = {0};
    assert_false(planche_epub_edit("a.html", "<img ", 5, find, NULL, &out));
    planche_text_buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_package), cmocka_unit_test(test_page),
        cmocka_unit_test(test_style),   cmocka_unit_test(test_encoded),
        cmocka_unit_test(test_broken),  cmocka_unit_test(test_srcset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
