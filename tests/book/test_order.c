/* SPDX-License-Identifier: MIT */
/* EPUBs that become CBZs or folders: reading order, lost texts, ComicInfo.xml. */
#include "book_test.h"

#include "book/comicinfo.h"
#include "book/package.h"
#include "book/shown.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct book in, out;
static struct told told;
static char lines[8192]; /* warnings */

static void take_line(void *user, enum planche_log_level level, const char *message)
{
    (void)user;
    if (level == PLANCHE_LOG_WARNING)
        strcat(strcat(lines, message), "\n");
}

static struct planche_engine *start(void)
{
    lines[0] = 0;
    return test_engine((struct planche_engine_options){.log = take_line, .jobs = 0}, 2);
}

static void tidy(struct planche_engine **engine)
{
    static const char *const made[] = {"in.epub", "out.cbz", "out"};
    planche_engine_destroy(engine);
    for (size_t i = 0; i < sizeof made / sizeof *made; i++)
        remove_all(made[i]);
    book_free(&in);
    book_free(&out);
    assert_int_equal(test_count_files(), 0);
}

static const char package[] =
    "<?xml version=\"1.0\"?><package xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><metadata>"
    "<dc:title id='t'> A &amp; B&nbsp;&#233;</dc:title><dc:language>ja</dc:language>"
    "<dc:creator id='c1'>Writer</dc:creator><dc:creator id='c2'>Artist</dc:creator>"
    "<dc:creator opf:role='aut'>Second</dc:creator><dc:contributor "
    "opf:role='trl'>T</dc:contributor>"
    "<dc:contributor>Nobody</dc:contributor><dc:publisher>P</dc:publisher>"
    "<dc:description><![CDATA[<p>Text & more</p>]]></dc:description>"
    "<dc:date>2014-05-01T00:00:00Z</dc:date>"
    "<meta refines='#c2' property='role' scheme='marc:relators'>art</meta>"
    "<meta property='belongs-to-collection' id='s'>Series</meta>"
    "<meta refines='#s' property='group-position'>3</meta>"
    "<meta property='rendition:layout'>pre-paginated</meta></metadata><manifest>"
    "<item id='p1' href='t/p1.xhtml' media-type='application/xhtml+xml'/>"
    "<item id='p2' href='t/p%202.xhtml' media-type='application/xhtml+xml'/>"
    "<item id='p3' href='t/p3.xhtml' media-type='application/xhtml+xml'/>"
    "<item id='p4' href='t/p4.xhtml' media-type='application/xhtml+xml'/>"
    "<item id='toc' href='nav.xhtml' properties='nav' media-type='application/xhtml+xml'/>"
    "<item id='i1' href='i/zz.png' media-type='image/png' properties='cover-image'/>"
    "<item id='i2' href='i/aa.png' media-type='image/png'/>"
    "<item id='i5' href='i/bb.png' media-type='image/png'/>"
    "</manifest><spine page-progression-direction='rtl'><itemref idref='toc' linear='no'/>"
    "<itemref idref='p2' properties='page-spread-right'/><itemref idref='p1'/>"
    "<itemref idref='p3' properties='rendition:page-spread-center'/><itemref idref='missing'/>"
    "<itemref idref='p4'/><itemref idref='i5'/><itemref idref='p1'/></spine></package>";

#define BODY(text) "<html><head><title>title</title></head><body>" text "</body></html>"

static void make_epub(void)
{
    book_add_text(&in, "mimetype", "application/epub+zip");
    book_add_text(&in, "META-INF/container.xml",
                  "<container><rootfiles><rootfile full-path='O/x.opf'/></rootfiles></container>");
    book_add_text(&in, "O/x.opf", package);
    book_add_text(&in, "O/nav.xhtml", BODY("<nav><ol><li>Contents</li></ol></nav>"));
    book_add_text(&in, "O/t/p1.xhtml", BODY("<div> &#160;<img src='../i/zz.png' alt='x'/></div>"));
    book_add_text(&in, "O/t/p 2.xhtml",
                  BODY("<svg><image xlink:href='../i/aa.png'/><title>x</title></svg>"));
    book_add_text(
        &in, "O/t/p3.xhtml",
        BODY("<p>Two &lt;words&gt;</p><img src='../i/mm.png'/><img src='../i/rule.png'/>"));
    book_add_text(&in, "O/t/p4.xhtml", BODY("<p>Only\n text</p>"));
    book_add_text(&in, "O/s.css", "p { color: red }");
    book_add_page(&in, "O/i/aa.png", 1, 200, 210, PLANCHE_FORMAT_PNG);
    book_add_page(&in, "O/i/bb.png", 2, 220, 210, PLANCHE_FORMAT_PNG);
    book_add_page(&in, "O/i/mm.png", 3, 200, 210, PLANCHE_FORMAT_PNG);
    book_add_page(&in, "O/i/rule.png", 4, 30, 2, PLANCHE_FORMAT_PNG);
    book_add_page(&in, "O/i/zz.png", 5, 200, 210, PLANCHE_FORMAT_PNG);
    book_add_page(&in, "O/i/nowhere.png", 6, 200, 210, PLANCHE_FORMAT_PNG);
    book_write(&in, test_path("in.epub"), PLANCHE_CONTAINER_EPUB);
}

/* The cover first, then what the spine shows; no text, no style, no ornament. */
static void test_book(void **state)
{
    static const char *const expected[] = {
        "<Title>A &amp; B&amp;nbsp;&#233;</Title>",
        "<Series>Series</Series>",
        "<Number>3</Number>",
        "<Summary>&lt;p&gt;Text &amp; more&lt;/p&gt;</Summary>",
        "<Year>2014</Year>\n  <Month>05</Month>\n  <Day>01</Day>",
        "<Writer>Writer, Second</Writer>",
        "<Penciller>Artist</Penciller>",
        "<Translator>T</Translator>",
        "<Publisher>P</Publisher>",
        "<PageCount>5</PageCount>",
        "<LanguageISO>ja</LanguageISO>",
        "<Manga>YesAndRightToLeft</Manga>",
        "ImageWidth=\"400\" ImageHeight=\"420\" Type=\"FrontCover\" />",
        "<Page Image=\"1\" ImageSize=\"",
        "ImageWidth=\"440\" ImageHeight=\"420\" DoublePage=\"true\" />",
    };
    struct planche_engine *engine = start();
    struct planche_book_options options = book_options(&told);
    (void)state;
    make_epub();
    book_make(engine, "in.epub", "out.cbz", options, &told);
    book_read(&out, test_path("out.cbz"));
    assert_string_equal(book_names(&out),
                        "0001.png,0002.png,0003.png,0005.png,0006.png,ComicInfo.xml");
    assert_string_equal(told.pages[9], "E O/i/aa.png>0002.png");
    assert_string_equal(told.pages[10], "E O/i/bb.png>0005.png");
    assert_string_equal(told.pages[11], "E O/i/mm.png>0003.png");
    assert_string_equal(told.pages[12], "C O/i/rule.png>-");
    assert_string_equal(told.pages[13], "E O/i/zz.png>0001.png");
    assert_string_equal(told.pages[14], "E O/i/nowhere.png>0006.png");
    assert_string_equal(told.pages[2], "C O/x.opf>-");
    const struct item *info = book_find(&out, "ComicInfo.xml");
    char *text = test_calloc(info->size + 1, 1);
    memcpy(text, info->data, info->size);
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        if (!strstr(text, expected[i]))
            fail_msg("%s is not in %s", expected[i], text);
    assert_null(strstr(text, "Nobody"));
    /* The half of a spread is no double page; the one in the centre is. */
    const char *half = strstr(text, "Image=\"1\""), *centre = strstr(text, "Image=\"2\"");
    assert_true(strstr(half, "DoublePage") > centre);
    assert_true(strstr(centre, "DoublePage") < strstr(text, "Image=\"3\""));
    test_free(text);
    assert_non_null(
        strstr(lines, "O/t/p3.xhtml: has text beside its image (\"Two &lt;words&gt;\");"));
    assert_non_null(
        strstr(lines, "O/t/p4.xhtml: is a page of text (\"Only text\"); only the EPUB"));
    assert_non_null(strstr(lines, "1 images that no page of the EPUB shows come last"));
    assert_null(strstr(lines, "p1.xhtml"));
    assert_null(strstr(lines, "nav.xhtml"));
    tidy(&engine);
}

/* Into a folder, twice: the second time everything is there. */
static void test_into_folder(void **state)
{
    struct planche_engine *engine = start();
    struct planche_book_options options = book_options(&told);
    (void)state;
    make_epub();
    options.container = PLANCHE_CONTAINER_FOLDER;
    options.existing = PLANCHE_EXISTING_UPDATE;
    book_make(engine, "in.epub", "out", options, &told);
    (void)book_options(&told);
    book_make(engine, "in.epub", "out", options, &told);
    book_read(&out, test_path("out"));
    assert_string_equal(book_names(&out), "0001.png,0002.png,0003.png,0005.png,0006.png,"
                                          "ComicInfo.xml");
    assert_int_equal(told.result.outcomes[PLANCHE_BOOK_UP_TO_DATE], 5);
    tidy(&engine);
}

/* What it says, stays; what it does not say, is added. */
static void test_comicinfo(void **state)
{
    struct planche_engine *engine = start();
    (void)state;
    book_add_text(&in, "O/ComicInfo.xml",
                  "<ComicInfo><Title>Mine</Title><Manga>No</Manga></ComicInfo>");
    make_epub();
    book_make(engine, "in.epub", "out.cbz", book_options(&told), &told);
    book_read(&out, test_path("out.cbz"));
    const struct item *info = book_find(&out, "ComicInfo.xml");
    static const char begin[] =
        "<ComicInfo><Title>Mine</Title><Manga>No</Manga>  <Series>Series</Series>\n";
    assert_true(info->size > sizeof begin);
    assert_memory_equal(info->data, begin, sizeof begin - 1);
    tidy(&engine);
}

/* Without a package, pages are in the order of their names. */
static void test_no_package(void **state)
{
    struct planche_engine *engine = start();
    (void)state;
    book_add_text(&in, "mimetype", "application/epub+zip");
    book_add_page(&in, "p10.png", 1, 20, 20, PLANCHE_FORMAT_PNG);
    book_add_page(&in, "p2.png", 2, 200, 70, PLANCHE_FORMAT_PNG);
    book_write(&in, test_path("in.epub"), PLANCHE_CONTAINER_EPUB);
    book_make(engine, "in.epub", "out.cbz", book_options(&told), &told);
    assert_string_equal(told.pages[2], "E p2.png>0001.png");
    assert_non_null(
        strstr(lines, "has no reading order; its pages are in the order of their names"));
    tidy(&engine);
}

struct images {
    char text[256];
};

static bool note_image(void *user, const char *path)
{
    struct images *images = user;
    strcat(strcat(images->text, path), ",");
    return strcmp(path, "stop") != 0;
}

static void expect_shown(const char *text, const char *sample, const char *images, bool drawing)
{
    struct planche_shown shown;
    struct images found = {""};
    planche_shown_read(&shown, "a/b.xhtml", text, strlen(text), note_image, &found);
    assert_string_equal(shown.sample, sample);
    assert_string_equal(found.text, images);
    assert_int_equal(shown.drawing, drawing);
}

static void test_shown(void **state)
{
    (void)state;
    expect_shown("", "", "", false);
    expect_shown("<html><head><title>t</title><style>a{b:url('../x.png')}</style></head></html>",
                 "", "x.png,", false);
    expect_shown("<p style='background: url(1.png)'>a<!-- no --> b <i>c</i></p>", "a b c",
                 "a/1.png,", false);
    expect_shown("<body>&nbsp;&#xa0;\n\xe3\x80\x80<!-- text --><?pi text?><br/></body>", "", "",
                 false);
    expect_shown("<p><![CDATA[text]]></p><script>no < b</script>", "text]]>", "", false);
    expect_shown("<svg><path d=''/><text>x</text></svg>", "x", "", true);
    expect_shown("<object data='o.svg'/><embed src='../../no'/><input src='i'/><img alt='a'/>", "",
                 "a/o.svg,a/i,", false);
    expect_shown("<img src='../stop'/><img src='x'/>", "", "stop,", false);
    expect_shown("0123456789012345678901234567890123456789012345678901234567890123456789",
                 "012345678901234567890123456789012345678901234567890123456789012", "", false);
}

static void expect_filled(const char *before, const char *after)
{
    static const struct planche_comicinfo_field fields[] = {{"A", "1"}, {"B", NULL}, {"C", "x"}};
    struct planche_text_buffer text = {0};
    const char *wrong = planche_comicinfo_fill(before, strlen(before), fields, 3, &text);
    planche_text_buffer_put(&text, "", 1);
    assert_string_equal(wrong ? wrong : text.data, after);
    planche_text_buffer_free(&text);
}

static void test_fill(void **state)
{
    (void)state;
    expect_filled("<ComicInfo><C>y</C></ComicInfo>\n",
                  "<ComicInfo><C>y</C>  <A>1</A>\n</ComicInfo>\n");
    expect_filled("<?xml?><ComicInfo z='1'/>",
                  "<?xml?><ComicInfo z='1'>\n  <A>1</A>\n  <C>x</C>\n</ComicInfo>");
    expect_filled("<Other/>", "has no <ComicInfo>");
    expect_filled("<ComicInfo></ComicInfo><x", "has a tag without an end");
}

static void test_package(void **state)
{
    (void)state;
    struct planche_package read = {0};
    struct planche_error error;
    char path[PLANCHE_ENTRY_NAME_BYTES + 1];
    static const char old[] =
        "<package><metadata><meta name='cover' content='c'/><meta content='S' "
        "name='calibre:series'/>"
        "<meta name='calibre:series_index' content='2.0'/>"
        "<meta name='primary-writing-mode' content='horizontal-rl'/></metadata>"
        "<manifest><item href='c.jpg' id='c'/></manifest><spine><itemref idref='c'/></spine>";
    assert_int_equal(planche_package_read(&read, "x.opf", old, strlen(old), &error), PLANCHE_OK);
    assert_true(planche_package_find(&read, "c")->cover);
    assert_null(planche_package_find(&read, "d"));
    assert_string_equal(read.facts[PLANCHE_FACT_SERIES], "S");
    assert_string_equal(read.facts[PLANCHE_FACT_NUMBER], "2.0");
    assert_true(read.right_to_left);
    planche_package_free(&read);
    assert_int_equal(planche_package_read(&read, "x.opf", "<package>", 9, &error),
                     PLANCHE_ERROR_DATA);
    planche_package_free(&read);
    assert_false(planche_package_locate("<rootfile/>", 11, path));
    assert_true(planche_package_locate("<c:rootfile full-path='a/b.opf'>", 32, path));
    assert_string_equal(path, "a/b.opf");
    for (size_t size = 0; size < sizeof package; size++) {
        char *copy = test_malloc(size ? size : 1);
        memcpy(copy, package, size);
        (void)planche_package_read(&read, "O/x.opf", copy, size, &error);
        planche_package_free(&read);
        test_free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_book),      cmocka_unit_test(test_into_folder),
        cmocka_unit_test(test_comicinfo), cmocka_unit_test(test_no_package),
        cmocka_unit_test(test_shown),     cmocka_unit_test(test_fill),
        cmocka_unit_test(test_package),
    };
    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
