/* SPDX-License-Identifier: MIT */
/* ComicInfo.xml: what changes, and that nothing else does. */
#include "book/comicinfo.h"
#include "support/testing.h"

#include <string.h>

/* Three images: the first and the last are new. */
static const struct planche_comicinfo_image three[] = {
    {.number = 0, .outputs = 1, .changed = true, .bytes = 5000000000, .width = 20, .height = 30},
    {.number = 1, .outputs = 1},
    {.number = 2, .outputs = 1, .changed = true, .bytes = 7, .width = 8, .height = 9},
};

static void expect_edit(const char *before, const struct planche_comicinfo_image *images,
                        size_t count, const char *after)
{
    struct planche_text_buffer out = {0};
    assert_null(planche_comicinfo_edit(before, strlen(before), images, count, &out));
    assert_false(out.failed);
    assert_int_equal(out.size, strlen(after));
    assert_memory_equal(out.data, after, out.size);
    planche_text_buffer_free(&out);
}

static void expect_wrong(const char *text, size_t size, const char *wrong)
{
    struct planche_text_buffer out = {0};
    assert_string_equal(planche_comicinfo_edit(text, size, three, 3, &out), wrong);
    planche_text_buffer_free(&out);
}

static void test_sizes(void **state)
{
    (void)state;
    expect_edit(
        "<?xml version=\"1.0\"?>\r\n<!-- <Page Image='0' ImageSize='1'/> -->\r\n"
        "<ComicInfo xmlns:x=\"y\"><Title>a &lt; b</Title><Pages>\r\n"
        "\t<Page ImageHeight='3'  ImageSize = \"1\" Image=\"0\" Type=\"a>b\" ImageWidth=2 />"
        "<Page Image=\"1\" ImageSize=\"1\"/>\n"
        "<Page Image=\"2\" ImageSize=\"\"></Page>"
        "<Page Image=\"3\" ImageSize=\"1\"/><Page Image=\"-1\" ImageSize=\"1\"/>"
        "<Page Image=\"99999999999\" ImageSize=\"1\"/><Page ImageSize=\"1\"/>\n"
        "</Pages></ComicInfo>\n ",
        three, 3,
        "<?xml version=\"1.0\"?>\r\n<!-- <Page Image='0' ImageSize='1'/> -->\r\n"
        "<ComicInfo xmlns:x=\"y\"><Title>a &lt; b</Title><Pages>\r\n"
        "\t<Page ImageHeight='30'  ImageSize = \"5000000000\" Image=\"0\" Type=\"a>b\" "
        "ImageWidth=20 />"
        "<Page Image=\"1\" ImageSize=\"1\"/>\n"
        "<Page Image=\"2\" ImageSize=\"7\"></Page>"
        "<Page Image=\"3\" ImageSize=\"1\"/><Page Image=\"-1\" ImageSize=\"1\"/>"
        "<Page Image=\"99999999999\" ImageSize=\"1\"/><Page ImageSize=\"1\"/>\n"
        "</Pages></ComicInfo>\n ");
}

/* The second image is left out, the third was cut in two. */
static void test_numbers(void **state)
{
    static const struct planche_comicinfo_image images[] = {
        {.number = 0, .outputs = 1},
        {.number = 1, .outputs = 0},
        {.number = 1, .outputs = 2, .changed = true, .bytes = 7, .width = 8, .height = 9},
        {.number = 3, .outputs = 1},
    };
    (void)state;
    expect_edit("<ComicInfo><PageCount>4</PageCount><Pages>\n  <Page Image=\"0\"/>\n"
                "  <Page Image=\"1\"><Page2/></Page>\n  <Page Image=\"2\" ImageWidth=\"1\"/>\n"
                "  <Page Image=\"3\"/>\n</Pages></ComicInfo>",
                images, 4,
                "<ComicInfo><PageCount>4</PageCount><Pages>\n  <Page Image=\"0\"/>\n"
                "  <Page Image=\"1\" ImageWidth=\"8\"/>\n"
                "  <Page Image=\"3\"/>\n</Pages></ComicInfo>");
    expect_edit("<ComicInfo><PageCount>3</PageCount><Page Image='1'/></ComicInfo>", images, 3,
                "<ComicInfo><PageCount>3</PageCount></ComicInfo>");
    expect_edit("<ComicInfo><PageCount>2</PageCount></ComicInfo>", images, 2,
                "<ComicInfo><PageCount>1</PageCount></ComicInfo>");
    expect_edit("<ComicInfo><PageCount>5</PageCount></ComicInfo>", images, 2,
                "<ComicInfo><PageCount>5</PageCount></ComicInfo>");
}

static void test_wrong(void **state)
{
    static const char open[] = "<ComicInfo><Page Image=\"0\"", other[] = "<html></html>";
    (void)state;
    expect_wrong("\xff\xfe<\0", 4, "is in UTF-16");
    expect_wrong(open, sizeof open - 1, "has a tag without an end");
    expect_wrong("<ComicInfo><!-- ", 16, "has a tag without an end");
    expect_wrong(other, sizeof other - 1, "has no <ComicInfo>");
    expect_wrong("", 0, "has no <ComicInfo>");
    expect_wrong("<", 1, "has a tag without an end");
}

/* Nothing that a text can be cut down to makes it read beyond its end. */
static void test_cut(void **state)
{
    static const char text[] = "<?x?><ComicInfo a=b c = 'd' e><Page Image=\"0\" ImageSize=\"1\"/></"
                               "ComicInfo><PageCount>3</PageCount><!-- -->";
    (void)state;
    for (size_t size = 0; size < sizeof text; size++) {
        struct planche_text_buffer out = {0};
        char *copy = test_malloc(size ? size : 1);
        memcpy(copy, text, size);
        planche_comicinfo_edit(copy, size, three, 3, &out);
        planche_text_buffer_free(&out);
        test_free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
